"""Headers that keep browsers from doing with an answer what it is not for."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Scope

Header = tuple[bytes, bytes]

#: Nothing here is a page, but for the docs, which say their own policy.
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
#: For two years: what browsers want of those whom they remember. Only over TLS (RFC 6797, 7.2).
_OVER_TLS = (b"strict-transport-security", b"max-age=63072000")


def safety_headers(scope: Scope, said: Iterable[Header] = ()) -> list[Header]:
    """The headers for an answer that says others already."""
    found = [*_ALWAYS]
    if not any(name == b"content-security-policy" for name, _ in said):
        found.append(_POLICY)
    if scope.get("scheme") == "https":
        found.append(_OVER_TLS)
    return found
