"""Taking turns in a process: for those who would otherwise only get into each other's way at the database."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from weakref import WeakValueDictionary

from convene.domain.errors import Unavailable


class Turns:
    """One after the other for each key; nobody waits for longer than they would for a lock of the database."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        #: Those that somebody holds or waits for.
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: int) -> AbstractAsyncContextManager[None]:
        """Wait until it is one's turn, which ends with the block.

        Raises:
            Unavailable: on entering, it took too long.
        """
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return _Turn(lock, self._patience)


class _Turn:
    """A turn while a block runs."""

    __slots__ = ("_lock", "_patience")

    def __init__(self, lock: asyncio.Lock, patience: float) -> None:
        self._lock = lock
        self._patience = patience

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._lock.acquire()
        except TimeoutError as error:
            raise Unavailable("database_locked") from error

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._lock.release()
