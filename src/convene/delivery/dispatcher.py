"""The dispatcher: what people were told goes out to their webhooks.

Whenever something has been written, and every few seconds, it looks at the tables: what has been told that a webhook
should hear, and which webhooks something is due for. Those it claims, as many at once as it may have in hand, and
serves each in a task of its own, so that one that hangs holds nobody else up. Any number of processes do the same.
When it stops, it finishes what it has in hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from random import SystemRandom

import structlog

from convene.delivery.bus import RING, Bus
from convene.delivery.outbound import Outbound
from convene.domain.errors import ConveneError
from convene.domain.webhooks import Outcome, signatures, timestamp
from convene.operations import deliveries
from convene.storage.claims import Claimed
from convene.storage.unit_of_work import Units

POLL_SECONDS = 3.0
IN_HAND_MAX = 64
#: A burst of writes is looked at together; looking costs three small statements.
_BREATH = 0.1
#: A lease outlives the attempt that it is for by so much.
_MARGIN_SECONDS = 5.0

_log = structlog.get_logger("convene.dispatcher")


class Dispatcher:
    """Serves webhooks for as long as it runs."""

    def __init__(self, units: Units, bus: Bus, outbound: Outbound) -> None:
        self._units = units
        self._bus = bus
        self._outbound = outbound
        self._lease = timedelta(seconds=outbound.timeout + _MARGIN_SECONDS)
        self._rung = asyncio.Event()
        self._in_hand: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._chance = SystemRandom().random

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the block runs; then finish what is in hand."""
        self._bus.hear(self._hear)
        following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            self._stopping = True
            self._rung.set()
            await self._finish(following)

    async def _finish(self, following: asyncio.Task[None]) -> None:
        """Wait until nothing is in hand; no attempt takes longer than a lease."""
        await asyncio.wait({following, *self._in_hand}, timeout=self._lease.total_seconds())
        left = {one for one in (following, *self._in_hand) if not one.done()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    def _hear(self, message: bytes) -> None:
        if message == RING:
            self._rung.set()

    async def _follow(self) -> None:
        while not self._stopping:
            with suppress(TimeoutError):
                # Not wait_for: in Python 3.11 it loses a cancellation that comes together with the ring.
                async with asyncio.timeout(POLL_SECONDS):
                    await self._rung.wait()
            self._rung.clear()
            try:
                await self._look()
                await asyncio.sleep(_BREATH)
            except ConveneError as error:
                _log.warning("deliveries wait for the database", error=repr(error))
                await asyncio.sleep(1)
            except Exception:  # noqa: BLE001 - an outer edge: whatever this was, what is due later must still go out
                _log.exception("deliveries failed")
                await asyncio.sleep(1)

    async def _look(self) -> None:
        if self._stopping:
            return
        while await deliveries.tell_webhooks(self._units):
            pass
        free = IN_HAND_MAX - len(self._in_hand)
        if free > 0:
            for claimed in await deliveries.claim_webhooks(self._units, self._lease, free):
                task = asyncio.create_task(self._serve(claimed))
                self._in_hand.add(task)
                task.add_done_callback(self._put_down)

    def _put_down(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        self._rung.set()  # there is room for another one

    async def _serve(self, claimed: Claimed | None) -> None:
        """Deliver to one webhook, message after message, until there is none, or one does not arrive."""
        try:
            while claimed is not None:
                outcome = await self._attempt(claimed)
                claimed = await deliveries.settle(
                    self._units,
                    claimed,
                    outcome,
                    chance=self._chance(),
                    lease=None if self._stopping else self._lease,
                )
        except ConveneError as error:
            _log.warning("a delivery could not be settled; it will be tried again", error=repr(error))
        except Exception:  # noqa: BLE001 - an outer edge: one webhook's fault must not end the others' service
            _log.exception("a delivery failed")

    async def _attempt(self, claimed: Claimed) -> Outcome:
        webhook, delivery, now = claimed.webhook, claimed.delivery, claimed.at
        body = (delivery.payload or "").encode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": delivery.message_id,
            "webhook-timestamp": str(timestamp(now)),
            "webhook-signature": signatures(webhook.secrets(now), delivery.message_id, now, body),
        }
        return await self._outbound.post(webhook.url, headers, body)
