"""What a webhook is: where it may lead, and how its messages are signed.

Signatures are those of Standard Webhooks. Knows no sockets: names are resolved, and what is found checked by
`is_public`, in the moment of delivery, because an answer of the DNS is good for that moment only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from convene.domain.deliveries import Outcome
from convene.domain.errors import Invalid

URL_MAX = 2000
#: For how long a secret that was replaced signs too.
ROTATION = timedelta(hours=24)
#: An endpoint that has failed without interruption for so long is switched off.
PATIENCE = timedelta(days=3)
_SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_url(url: str, *, allow_private: bool) -> None:
    """Refuse addresses that no message can be sent to, or should not be.

    Raises:
        Invalid: not http or https, with a user, a fragment, or letters outside ASCII; or a private address.
    """
    if not url.isascii() or any(letter <= " " or letter == "\x7f" for letter in url):
        raise Invalid.at("/url", "must be ASCII without spaces; write other letters in their encoded form")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid.at("/url", "is no address") from error
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        raise Invalid.at("/url", "must be an address such as https://example.com/hook")
    if "@" in parts.netloc or parts.fragment or "\\" in url:
        raise Invalid.at("/url", "must have neither a user nor a fragment")
    if not _HOST.fullmatch(parts.netloc.removesuffix(f":{port}").removesuffix(":")):
        raise Invalid.at("/url", "has no host that can be")
    if not allow_private and (host == "localhost" or _is_private_literal(host)):
        raise Invalid.at("/url", "leads to a private address")


def _is_private_literal(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return False  # a name; where it leads is seen when something is sent there


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet at large: not private, local, shared, reserved or multicast.

    An IPv4 address that is written inside an IPv6 one counts as what it is.

    Raises:
        ValueError: it is no IP address.
    """
    found: Address = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.is_site_local:
            return False
        found = _within(found) or found
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def _within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that packets to an IPv6 one may end at."""
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def secret_text(key: bytes) -> str:
    """Write a secret as its owner sees it."""
    return _SECRET_PREFIX + base64.b64encode(key).decode()


def signatures(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> str:
    """Sign a message with each secret: the value of `webhook-signature`, for the `webhook-timestamp` of an instant."""
    signed = f"{message_id}.{timestamp(at)}.".encode() + body
    keys = (base64.b64decode(secret.removeprefix(_SECRET_PREFIX)) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}" for key in keys)


def timestamp(at: datetime) -> int:
    """An instant in whole seconds, as `webhook-timestamp` says it."""
    return int(at.timestamp())


def is_unwanted(outcome: Outcome) -> bool:
    """Whether an endpoint wants no messages any more (410)."""
    return outcome.status_code == 410
