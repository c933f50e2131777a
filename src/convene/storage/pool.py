"""Connections to PostgreSQL: opened when they are needed, kept, and lent to one after the other.

asyncpg's own pool costs three times what a small query does (measured: 75 us of CPU for a loan, 22 for the query): it
makes a task for each return, a proxy for each loan and a timer for each wait. Here a loan of an idle connection is a
pop from a list, and only who has to wait pays for waiting.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import inf
from operator import itemgetter
from typing import TypeAlias

import asyncpg

Raw: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

#: What has been idle for longer is not trusted: something on the way may have forgotten it without a word.
KEPT_SECONDS = 300.0


class Pool:
    """At most so many connections; whoever waits for one is served in the order in which their waiting would end."""

    def __init__(self, connect: Callable[[], Awaitable[Raw]], most: int, timeout: float) -> None:
        self._connect = connect
        self._most = most
        self._timeout = timeout
        #: With the time since when; the one that was used last is lent first, so that the others may grow old.
        self._idle: list[tuple[Raw, float]] = []
        self._lent: set[Raw] = set()
        #: Those that are open, and those that somebody is opening.
        self._taken = 0
        #: Who is handed a connection, or None: the right to open one; with the time until which they wait, the first
        #: of whom is the first here.
        self._waiting: deque[tuple[asyncio.Future[Raw | None], float]] = deque()
        self._impatience: asyncio.TimerHandle | None = None
        self._looks_at = inf
        self._brought_back = asyncio.Event()
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time

    @property
    def size(self) -> int:
        """How many are open, or being opened."""
        return self._taken

    @property
    def lent(self) -> int:
        """How many are in use."""
        return len(self._lent)

    @property
    def idle(self) -> int:
        """How many nobody uses."""
        return len(self._idle)

    def lend_at_once(self) -> Raw | None:
        """Give a connection that nobody uses, if there is one."""
        while self._idle:
            raw, since = self._idle.pop()
            if not raw.is_closed() and self._clock() - since < KEPT_SECONDS:
                self._lent.add(raw)
                return raw
            raw.terminate()
            self._taken -= 1
        return None

    async def lend(self, since: float | None = None) -> Raw:
        """Give a connection, which has to be brought back.

        Args:
            since: when whoever asks brought one back to wait for something else, by the clock of the loop: their place
                is before those who have come since, or they would wait twice. A third of the timeout is always left.

        Raises:
            TimeoutError: there was none for too long.
            OSError, asyncpg.PostgresError: none can be opened.
            asyncpg.InterfaceError: the pool has been closed.
        """
        raw = self.lend_at_once()
        if raw is None:
            if self._is_closed:
                raise _closed()
            now = self._clock()
            deadline = now + self._timeout if since is None else max(since + self._timeout, now + self._timeout / 3)
            raw = await self._come_by(deadline)
            self._lent.add(raw)
        return raw

    def take_back(self, raw: Raw, *, sound: bool) -> None:
        """Take a connection back; one that is not sound, because nobody knows what it is doing, is closed."""
        self._lent.discard(raw)
        if not sound:
            raw.terminate()
        self._pass_on(None if raw.is_closed() else raw)
        self._brought_back.set()

    async def close(self) -> None:
        """Close every connection, after the work in hand; cut off what takes too long."""
        deadline = self._clock() + self._timeout
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while self._lent or self._waiting:
                    self._brought_back.clear()
                    await self._brought_back.wait()
        self._is_closed = True
        if self._impatience is not None:
            self._impatience.cancel()
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(_closed())
        for raw in self._lent:
            raw.terminate()
        idle, self._idle = self._idle, []
        for raw, _ in idle:
            await raw.close(timeout=max(deadline - self._clock(), 0.1))

    async def _come_by(self, deadline: float) -> Raw:
        """Open a connection, or wait until somebody brings one back."""
        raw = None
        if self._taken < self._most:
            self._taken += 1
        else:
            raw = await self._turn(deadline)
        if raw is not None and not raw.is_closed():
            return raw
        try:
            async with asyncio.timeout_at(deadline):
                raw = await self._connect()
        except BaseException:
            self._pass_on(None)
            raise
        if self._is_closed:  # since it began to connect
            raw.terminate()
            raise _closed()
        return raw

    async def _turn(self, deadline: float) -> Raw | None:
        turn: asyncio.Future[Raw | None] = self._loop.create_future()
        if not self._waiting or self._waiting[-1][1] <= deadline:
            self._waiting.append((turn, deadline))
        else:
            self._waiting.insert(bisect_right(self._waiting, deadline, key=itemgetter(1)), (turn, deadline))
        # One timer for all, who nearly always come in this order, not one for each: with 32 connections most wait.
        if deadline < self._looks_at:
            self._look_at(deadline)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on(turn.result())  # it came in the moment of being cancelled
            raise

    def _pass_on(self, raw: Raw | None) -> None:
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_result(raw)
                return
        if raw is None:
            self._taken -= 1
        elif self._is_closed:
            raw.terminate()
        else:
            self._idle.append((raw, self._clock()))

    def _look_at(self, when: float) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
        self._impatience = self._loop.call_at(when, self._give_up)
        self._looks_at = when

    def _give_up(self) -> None:
        """Tell those who have waited for too long, and look again when the next one will have."""
        self._looks_at = inf
        now = self._clock()
        while self._waiting:
            turn, deadline = self._waiting[0]
            if deadline > now and not turn.done():
                self._look_at(deadline)
                return
            self._waiting.popleft()
            if not turn.done():
                turn.set_exception(TimeoutError())


def _closed() -> asyncpg.InterfaceError:
    return asyncpg.InterfaceError("the pool is closed")
