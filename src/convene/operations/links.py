"""Links in mails: to an event, and the signed ones by which somebody unsubscribes without signing in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from hmac import compare_digest
from typing import NamedTuple

from convene.domain.errors import NotFound
from convene.domain.mails import ABOUT

_PURPOSE = b"convene: links to unsubscribe"
_SIGNATURE_BYTES = 16
_ID_DIGITS = 19


class Subscription(NamedTuple):
    """Mails that somebody gets: of a kind of notices, or digests."""

    user_id: int
    topic: str


class Links:
    """Makes links and reads them. A link is good for as long as the key is, because mails are kept for long."""

    def __init__(self, public_url: str, key: str) -> None:
        self._place = public_url
        self._key = hmac.digest(key.encode(), _PURPOSE, hashlib.sha256)

    def event(self, event_id: int | None) -> str:
        """A link to an event, or to the whole calendar."""
        return f"{self._place}/event/{event_id}" if event_id is not None else f"{self._place}/"

    def unsubscribe(self, one: Subscription) -> str:
        """A link that ends a subscription."""
        return f"{self._place}/unsubscribe?token={self.token(one)}"

    def token(self, one: Subscription) -> str:
        """Sign which subscription to end."""
        said = f"{one.user_id}.{one.topic}"
        return f"{said}.{self._signature(said)}"

    def read(self, token: str) -> Subscription:
        """Read which subscription to end.

        Raises:
            NotFound: it has not been signed here.
        """
        said, _, signature = token.rpartition(".")
        user_id, _, topic = said.partition(".")
        signed = compare_digest(self._signature(said).encode(), signature.encode("utf-8", "replace"))
        if not signed or topic not in ABOUT or not user_id.isdecimal() or len(user_id) > _ID_DIGITS:
            raise NotFound("link", "to unsubscribe")
        return Subscription(int(user_id), topic)

    def _signature(self, said: str) -> str:
        made = hmac.digest(self._key, said.encode("utf-8", "replace"), hashlib.sha256)[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
