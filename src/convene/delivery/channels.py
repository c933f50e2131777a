"""The ways out: what is due on each is claimed here, tried and settled, one after the other by the dispatcher."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

from convene.delivery.outbound import Outbound
from convene.delivery.smtp import Smtp
from convene.domain.deliveries import Outcome, Result
from convene.domain.webhooks import signatures, timestamp
from convene.operations import deliveries, digests, mails
from convene.operations.links import Links
from convene.operations.mails import Withheld
from convene.storage.claims import Claimed, ClaimedMail
from convene.storage.unit_of_work import Units

#: A lease outlives the attempt that it is for by so much.
MARGIN_SECONDS = 5.0
_WEBHOOKS_MAX = 64
_MAILS_MAX = 16

Held = TypeVar("Held")


class Channel(Protocol[Held]):
    """A way out.

    Attributes:
        name: as in the rows of deliveries.
        most: how many attempts one process makes at once, so that whoever hangs here holds up no other channel.
        lease: for how long what is claimed is left to this process.
    """

    name: str
    most: int
    lease: timedelta

    async def fill(self) -> None:
        """Make deliveries of what has been told."""

    async def claim(self, most: int) -> Sequence[Held]:
        """Claim some of what is due."""

    async def attempt(self, held: Held) -> Outcome:
        """Try to deliver; whatever goes wrong is told, not raised."""

    async def settle(self, held: Held, outcome: Outcome, chance: float, *, go_on: bool) -> tuple[Result, Held | None]:
        """Write down what came of it; gives what it meant and, if one may go on, what else is claimed in its place."""


class Webhooks:
    """Signed messages over HTTP. What is claimed is a webhook: each hears one message at a time."""

    name = "webhook"
    most = _WEBHOOKS_MAX

    def __init__(self, units: Units, outbound: Outbound) -> None:
        self._units = units
        self._outbound = outbound
        self.lease = timedelta(seconds=outbound.timeout + MARGIN_SECONDS)

    async def fill(self) -> None:
        """Make deliveries of what people with webhooks were told."""
        while await deliveries.tell_webhooks(self._units):
            pass

    async def claim(self, most: int) -> Sequence[Claimed]:
        """Claim webhooks, each with its first message."""
        return await deliveries.claim_webhooks(self._units, self.lease, most)

    async def attempt(self, held: Claimed) -> Outcome:
        """Post a message, signed now."""
        webhook, delivery, now = held.webhook, held.delivery, held.at
        body = (delivery.payload or "").encode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": delivery.message_id,
            "webhook-timestamp": str(timestamp(now)),
            "webhook-signature": signatures(webhook.secrets(now), delivery.message_id, now, body),
        }
        return await self._outbound.post(webhook.url, headers, body)

    async def settle(
        self, held: Claimed, outcome: Outcome, chance: float, *, go_on: bool
    ) -> tuple[Result, Claimed | None]:
        """Write down what came of it, and go on with the next message to the same webhook."""
        lease = self.lease if go_on else None
        return await deliveries.settle(self._units, held, outcome, chance=chance, lease=lease)


class Mails:
    """Mails over SMTP. What is claimed is one mail; it is written in the moment in which it is sent."""

    name = "email"
    most = _MAILS_MAX

    def __init__(self, units: Units, smtp: Smtp, links: Links) -> None:
        self._units = units
        self._smtp = smtp
        self._links = links
        self.lease = timedelta(seconds=smtp.timeout + MARGIN_SECONDS)

    async def fill(self) -> None:
        """Make deliveries of what people were told and want by mail, and of the digests that are due."""
        while await mails.tell_by_mail(self._units):
            pass
        while await digests.send_due(self._units):
            pass

    async def claim(self, most: int) -> Sequence[ClaimedMail]:
        """Claim mails."""
        return await mails.claim(self._units, self.lease, most)

    async def attempt(self, held: ClaimedMail) -> Outcome:
        """Write a mail and hand it in."""
        letter = await mails.write(self._units, self._links, held.delivery)
        if isinstance(letter, Withheld):
            return Outcome(error=letter.why, withheld=True)
        return await self._smtp.send(letter)

    async def settle(
        self,
        held: ClaimedMail,
        outcome: Outcome,
        chance: float,
        *,
        go_on: bool,  # noqa: ARG002 - nothing follows a mail
    ) -> tuple[Result, None]:
        """Write down what came of it."""
        return await mails.settle(self._units, held, outcome, chance), None
