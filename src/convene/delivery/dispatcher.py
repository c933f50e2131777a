"""The dispatcher: reminders are told when they are due, and what people were told goes out on every channel.

Whenever something has been written, and every few seconds, it looks at the tables: what has been told that should go
out, and what is due. That it claims, as much at once as a channel may have in hand, and serves each in a task of its
own, so that one that hangs holds nobody else up. Any number of processes do the same. When it stops, it finishes what
it has in hand.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import SystemRandom
from typing import Any

import structlog

from convene.delivery.bus import Bus
from convene.delivery.channels import Channel
from convene.domain.errors import ConveneError, Unavailable
from convene.operations import deliveries, reminders
from convene.storage.unit_of_work import Units
from convene.storage.wires import RING

POLL_SECONDS = 3.0
#: A burst of writes is looked at together; looking costs some small statements.
_BREATH = 0.25
_AFTER_FAULT = 1.0
_COUNT_SECONDS = 5.0
#: After so many, what has waited longest comes first again.
_IN_A_ROW = 10

_log = structlog.get_logger("convene.dispatcher")


class Backlog:
    """What is still to arrive, by channel, as far as it was counted: now and then, for whoever watches."""

    def __init__(self, units: Units, channels: Iterable[str]) -> None:
        self._units = units
        self._counted_at = -_COUNT_SECONDS
        #: How many wait.
        self.numbers: dict[str, float] = dict.fromkeys(channels, 0)
        #: For how many seconds the oldest has been waiting.
        self.ages: dict[str, float] = dict.fromkeys(channels, 0)

    async def count(self) -> None:
        """Count anew, unless that was done just now."""
        if time.monotonic() - self._counted_at < _COUNT_SECONDS:
            return
        found = await deliveries.backlog(self._units)
        self._counted_at = time.monotonic()
        for channel in self.numbers:
            self.numbers[channel], self.ages[channel] = found.get(channel, (0, 0.0))


class Dispatcher:
    """Serves some channels for as long as it runs."""

    def __init__(self, units: Units, bus: Bus, channels: Sequence[Channel[Any]]) -> None:
        self._units = units
        self._bus = bus
        self._channels = channels
        self._rung = asyncio.Event()
        self._in_hand: dict[str, set[asyncio.Task[None]]] = {channel.name: set() for channel in channels}
        #: How many attempts there were, by channel and by what they meant.
        self.results: Counter[tuple[str, ...]] = Counter()
        self._stopping = False
        self._patient_until = 0.0
        self._chance = SystemRandom().random
        self.waiting = Backlog(units, self._in_hand)
        self._duties: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
            ("backlog", self.waiting.count),
            ("changes", self._notice_changes),
            ("reminders", self._remind),
            *((channel.name, partial(self._send, channel)) for channel in channels),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the block runs; then finish what is in hand."""
        self._bus.hear(self._hear)
        self._rung.set()  # for what has been waiting while nobody was there
        following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            self.stop()
            await self._finish(following)

    def stop(self) -> None:
        """Take nothing more in hand."""
        if not self._stopping:
            self._stopping = True
            self._patient_until = time.monotonic() + max(one.lease for one in self._channels).total_seconds()
            self._rung.set()

    async def _finish(self, following: asyncio.Task[None]) -> None:
        """Wait until nothing is in hand; no attempt takes longer than a lease, counted from the stop."""
        # First for the last look: what that takes in hand is to be finished, too.
        await asyncio.wait({following}, timeout=self._patience())
        in_hand = set[asyncio.Task[None]]().union(*self._in_hand.values())
        if in_hand:
            await asyncio.wait(in_hand, timeout=self._patience())
        left = {one for one in (following, *in_hand) if not one.done()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    def _patience(self) -> float:
        return max(self._patient_until - time.monotonic(), 0)

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
            all_went_well = await self._look()
            await asyncio.sleep(_BREATH if all_went_well else _AFTER_FAULT)

    async def _look(self) -> bool:
        """Do all that may be due, each by itself: what is wrong with one holds up none of the others."""
        went_well = True
        for name, act in self._duties:
            if not self._stopping:
                went_well &= await self._do(name, act)
        return went_well

    async def _do(self, name: str, act: Callable[[], Awaitable[None]]) -> bool:
        """Do something that may be due; says whether it went well."""
        try:
            await act()
        except Unavailable as error:
            _log.warning("what is due waits for the database", duty=name, error=repr(error))
        except Exception:  # noqa: BLE001 - an outer edge: whatever this was, what is due later must still go out
            _log.exception("what is due was not done", duty=name)
        else:
            return True
        return False

    async def _remind(self) -> None:
        while await reminders.tell_due(self._units) and not self._stopping:
            pass

    async def _notice_changes(self) -> None:
        await reminders.notice_changes(self._units)

    async def _send(self, channel: Channel[Any]) -> None:
        try:
            await channel.fill()
        finally:  # what is there already goes out, also when no more can be made
            await self._take(channel)

    async def _take(self, channel: Channel[Any]) -> None:
        """Take in hand what is due on a channel, as far as there is room."""
        in_hand = self._in_hand[channel.name]
        free = 0 if self._stopping else channel.most - len(in_hand)
        for held in await channel.claim(free) if free > 0 else ():
            task = asyncio.create_task(self._serve(channel, held))
            in_hand.add(task)
            task.add_done_callback(in_hand.discard)
            task.add_done_callback(lambda _: self._rung.set())  # there is room for another one

    async def _serve(self, channel: Channel[Any], held: Any | None) -> None:  # noqa: ANN401 - what the channel claims
        """Deliver what is claimed, and what follows it, until there is nothing, or one does not arrive."""
        try:
            served = 0
            while held is not None:
                outcome = await channel.attempt(held)
                served += 1
                go_on = served < _IN_A_ROW and not self._stopping
                result, held = await channel.settle(held, outcome, self._chance(), go_on=go_on)
                self.results[channel.name, result.value] += 1
                if not outcome.arrived:
                    said = {"result": result.value, "error": outcome.error, "ms": outcome.duration_ms}
                    _log.info("not delivered", channel=channel.name, **said)
        except ConveneError as error:
            _log.warning("a delivery could not be settled; it will be tried again", error=repr(error))
        except Exception:  # noqa: BLE001 - an outer edge: one delivery's fault must not end the others' service
            _log.exception("a delivery failed", channel=channel.name)
