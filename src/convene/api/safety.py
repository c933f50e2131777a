"""Headers that keep browsers from doing with an answer what it is not for."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Scope

Header = tuple[bytes, bytes]

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_POLICY = b"content-security-policy"
#: Nothing here is a page, but for the docs, which say their own policy.
_NO_PAGE = (*_ALWAYS, (_POLICY, b"default-src 'none'; frame-ancestors 'none'"))
#: For two years: what browsers want of those whom they remember. Only over TLS (RFC 6797, 7.2).
_OVER_TLS = (b"strict-transport-security", b"max-age=63072000")


def safety_headers(scope: Scope, said: Iterable[Header] = ()) -> tuple[Header, ...]:
    """The headers for an answer that says others already."""
    found = _ALWAYS if _POLICY in dict(said) else _NO_PAGE
    return (*found, _OVER_TLS) if scope.get("scheme") == "https" else found
