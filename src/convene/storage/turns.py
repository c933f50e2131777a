"""Taking turns in a process: for those who would otherwise only get into each other's way at the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from convene.domain.errors import Unavailable


class Turns:
    """One after the other for each key; nobody waits for longer than they would for a lock of the database."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        #: Those that somebody holds or waits for.
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, key: int) -> AsyncIterator[None]:
        """Wait until it is one's turn, which ends with the block.

        Raises:
            Unavailable: it took too long.
        """
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        try:
            async with asyncio.timeout(self._patience):
                await lock.acquire()
        except TimeoutError as error:
            raise Unavailable("database_locked") from error
        try:
            yield
        finally:
            lock.release()
