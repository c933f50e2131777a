"""Taking turns in a process: for those who would otherwise only get into each other's way at the database."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import AbstractAsyncContextManager
from types import TracebackType

from convene.domain.errors import Unavailable


class Turns:
    """One after the other for each key; nobody waits for longer than they would for a lock of the database.

    Whoever finds nobody there waits for nothing, and pays for nothing: a lock, its place among weak references and
    the timer that bounds waiting were a thirtieth of creating an event.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        #: By key, while it is somebody's turn: who waits for the next one.
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}

    def of(self, key: int) -> AbstractAsyncContextManager[None]:
        """Wait until it is one's turn, which ends with the block.

        Raises:
            Unavailable: on entering, it took too long.
        """
        return _Turn(self, key)

    async def take(self, key: int) -> None:
        """Begin a turn.

        Raises:
            Unavailable: it took too long.
        """
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = deque()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except (asyncio.CancelledError, TimeoutError) as error:
            if turn.done() and not turn.cancelled():
                self.pass_on(key)  # it came in the moment of giving up
            if isinstance(error, TimeoutError):
                raise Unavailable("database_locked") from error
            raise

    def pass_on(self, key: int) -> None:
        """End a turn."""
        waiting = self._waiting[key]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[key]


class _Turn:
    """A turn while a block runs."""

    __slots__ = ("_key", "_turns")

    def __init__(self, turns: Turns, key: int) -> None:
        self._turns = turns
        self._key = key

    async def __aenter__(self) -> None:
        await self._turns.take(self._key)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._turns.pass_on(self._key)
