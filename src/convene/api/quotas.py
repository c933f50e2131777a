"""How often somebody may ask: fixed windows of the clock, counted in this process and shared with others.

A request is counted here and at once, for a microsecond. With Redis, what was counted is exchanged once a second: a
round trip for each request would cost as much as the request (measured: 345 us of CPU with the library `limits`,
against 400 for reading an event). Processes together may so let a little more through than a quota says: what one
second brings. Where that is too much, because somebody guesses passwords, they are counted exactly, and wait for Redis.

Nothing here knows requests; `rates` does.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

import structlog

from convene.domain.errors import TooOften
from convene.ending import end

EXCHANGE_SECONDS = 1.0
#: How long a request that is counted exactly waits for Redis; then it counts alone. Long enough for a process that is
#: busy with hashing passwords: what is only slow must not pass for lost, or guesses are counted by each process alone.
PATIENCE_SECONDS = 1.0
#: Counts of one quota in one window. When there are more, the oldest are forgotten: nobody is refused for it.
COUNTED_MAX = 100_000

_log = structlog.get_logger("convene.quotas")


class Quota(NamedTuple):
    """So many requests in so many seconds."""

    name: str
    most: int
    seconds: int


class Standing(NamedTuple):
    """Where somebody stands after being counted: what is left of the quota, and the seconds until it is whole again."""

    quota: Quota
    left: int
    seconds: int


class _QuotaWindow:
    """What was counted of one quota in the window that is now."""

    __slots__ = ("asking", "elsewhere", "here", "number", "quota", "sent", "touched", "waiting")

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        #: Held by the request that exchanges; those who wait for it meanwhile are exchanged together by the next.
        self.asking = asyncio.Lock()
        self.waiting: set[str] = set()
        self.begin(0)

    def begin(self, number: int) -> None:
        self.number = number
        self.here: dict[str, int] = {}
        #: How much of `here` the others know.
        self.sent: dict[str, int] = {}
        self.elsewhere: dict[str, int] = {}
        self.touched: set[str] = set()

    def count(self, who: str, number: int, amount: int) -> int:
        """Count, and return how many were counted here, this one included."""
        if number != self.number:
            self.begin(number)
        if who not in self.here and len(self.here) >= COUNTED_MAX:
            self.forget(next(iter(self.here)))
        self.here[who] = self.here.get(who, 0) + amount
        self.touched.add(who)
        return self.here[who]

    def forget(self, who: str) -> None:
        self.touched.discard(who)
        for counts in (self.here, self.sent, self.elsewhere):
            counts.pop(who, None)


class Sums(Protocol):
    """Where processes add up what each has counted."""

    async def add(self, deltas: Mapping[str, int], seconds: int) -> list[int]:
        """Add to numbers that are kept for so many seconds; gives the sums. Raises OSError: nobody answers."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


class Counts:
    """Counts who asked how often: with sums, together with other processes."""

    def __init__(self, sums: Sums | None = None) -> None:
        self._windows: dict[str, _QuotaWindow] = {}
        self._sums = sums
        self._prefix = ""
        #: Whether other processes are heard of; True too where nobody has to be.
        self.shared = True
        self.outages = 0
        #: How many requests were refused, by the name of the quota.
        self.refused: Counter[tuple[str, ...]] = Counter()

    @asynccontextmanager
    async def running(self, epoch: str) -> AsyncIterator[None]:
        """Exchange counts with the other processes on the same database while the block runs."""
        self._prefix = f"convene:quota:{epoch}"
        if self._sums is None:
            yield
            return
        task = asyncio.create_task(self._exchange_always())
        try:
            yield
        finally:
            await end([task])
            await self._sums.close()
            await asyncio.sleep(0)  # a connection that was given up closes in the next turn of the loop

    def count(self, quota: Quota, who: str, amount: int = 1) -> Standing:
        """Count a request of somebody here and at once; a negative amount takes it back.

        Raises:
            TooOften: they have used their quota up.
        """
        now = time.time()
        window = self._window(quota)
        here = window.count(who, int(now // quota.seconds), amount)
        return self._standing(window, who, here, amount, now)

    async def count_exactly(self, quota: Quota, who: str, amount: int = 1) -> Standing:
        """Count as `count` does, together with all other processes.

        Raises:
            TooOften: they have used their quota up.
        """
        now = time.time()
        window = self._window(quota)
        here = window.count(who, int(now // quota.seconds), amount)
        if self._sums is not None and self.shared:
            await self._exchange_exactly(window, who)
        return self._standing(window, who, here, amount, now)

    def _window(self, quota: Quota) -> _QuotaWindow:
        window = self._windows.get(quota.name)
        if window is None:
            window = self._windows[quota.name] = _QuotaWindow(quota)
        return window

    def _standing(self, window: _QuotaWindow, who: str, here: int, amount: int, now: float) -> Standing:
        quota = window.quota
        left = quota.most - here - window.elsewhere.get(who, 0)
        until = int(quota.seconds - now % quota.seconds) + 1
        if left < 0 and amount > 0:
            self.refused[(quota.name,)] += 1
            raise TooOften(quota.name, until)
        return Standing(quota, max(left, 0), until)

    async def _exchange_always(self) -> None:
        while True:
            await asyncio.sleep(EXCHANGE_SECONDS)
            for window in list(self._windows.values()):
                touched, window.touched = window.touched, set()
                await self._exchange(window, touched)
            if not self.shared:
                await self._exchange(_QuotaWindow(Quota("probe", 0, 1)), {"probe"})

    async def _exchange_exactly(self, window: _QuotaWindow, who: str) -> None:
        """Come back when the others know what was counted of somebody before; of many who wait, one asks for all."""
        window.waiting.add(who)
        async with window.asking:
            if who in window.waiting and self.shared:
                people, window.waiting = window.waiting, set()
                await self._exchange(window, people)

    async def _exchange(self, window: _QuotaWindow, people: set[str]) -> None:
        """Tell the others how often some people asked here, and learn how often they asked elsewhere."""
        number, sent = window.number, window.sent
        deltas = {who: window.here.get(who, 0) - sent.get(who, 0) for who in people}
        for who, delta in deltas.items():
            sent[who] = sent.get(who, 0) + delta  # before waiting: others may exchange the same meanwhile
        totals = None
        try:
            totals = await self._add(f"{self._prefix}:{window.quota.name}:{number}", deltas, window.quota.seconds)
        finally:
            if (
                totals is None
            ):  # nobody listened, or whoever asked was cancelled: told later, if it is still this window
                for who, delta in deltas.items():
                    sent[who] -= delta
                window.touched |= people
        if totals is not None and number == window.number:
            for who, total in totals.items():
                window.elsewhere[who] = max(0, total - sent.get(who, 0))

    async def _add(self, prefix: str, deltas: Mapping[str, int], seconds: int) -> dict[str, int] | None:
        if self._sums is None or not deltas:
            return {}
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                totals = await self._sums.add({f"{prefix}:{who}": deltas[who] for who in deltas}, seconds + 60)
        except OSError as error:  # a TimeoutError is one
            self._lost(error)
            return None
        if not self.shared:
            self.shared = True
            _log.info("quotas are shared between processes again")
        return dict(zip(deltas, totals, strict=True))

    def _lost(self, error: Exception) -> None:
        if self.shared:
            self.shared = False
            self.outages += 1
            _log.warning("Redis does not answer: each process counts its own requests alone", error=repr(error))
