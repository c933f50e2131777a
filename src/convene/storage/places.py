"""Places for so many at once in a process: who would otherwise only get into each other's way at the database."""

from __future__ import annotations

import asyncio
from collections import deque


class Places:
    """So many at once; whoever finds no place free waits in line.

    Whoever finds one waits for nothing, and pays for nothing.
    """

    __slots__ = ("_waiting", "free")

    def __init__(self, free: int) -> None:
        #: How many are free: zero while somebody waits.
        self.free = free
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_at_once(self) -> bool:
        """Take a place, if there is a free one."""
        if not self.free:
            return False
        self.free -= 1
        return True

    async def wait(self) -> None:
        """Take a place as soon as it is one's turn."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # it came in the moment of giving up
            raise

    def leave(self) -> None:
        """Leave a place to whoever is next."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
