"""Taking turns in a process: for those who would otherwise only get into each other's way at the database."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack, nullcontext
from types import TracebackType

from convene.domain.errors import Unavailable

#: What is done while somebody waits: entered before, left when it is their turn, or when they give up.
Meanwhile = Callable[[], AbstractAsyncContextManager[None]]


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


class Turns:
    """One after the other for each key; nobody waits for longer than their patience lasts.

    A lock, its place among weak references and the timer that bounds waiting were a thirtieth of creating an event.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        #: By key, while it is somebody's turn: the one place, once somebody waits for it.
        self._places: dict[int, Places | None] = {}

    def of(self, key: int, meanwhile: Meanwhile = nullcontext) -> AbstractAsyncContextManager[None]:
        """Wait until it is one's turn, which ends with the block.

        Raises:
            Unavailable: on entering, it took too long.
        """
        return _Turn(self, key, meanwhile)

    async def take(self, key: int, meanwhile: Meanwhile = nullcontext) -> None:
        """Begin a turn.

        Raises:
            Unavailable: it took too long.
        """
        if key not in self._places:
            self._places[key] = None
            return
        with ExitStack() as otherwise:
            async with meanwhile():
                await self._wait(key)
                otherwise.callback(self.pass_on, key)  # if what was done meanwhile cannot end
            otherwise.pop_all()

    async def _wait(self, key: int) -> None:
        place = self._places[key] = self._places[key] or Places(0)
        try:
            async with asyncio.timeout(self._patience):
                await place.wait()
        except TimeoutError as error:
            raise Unavailable("database_locked") from error
        finally:
            # It came in the moment of giving up; if the last turn ended in that moment, it may be another's by now.
            if place.free and self._places.get(key) is place:
                del self._places[key]

    def pass_on(self, key: int) -> None:
        """End a turn."""
        place = self._places[key]
        if place is not None:
            place.leave()
        if place is None or place.free:
            del self._places[key]


class _Turn:
    """A turn while a block runs."""

    __slots__ = ("_key", "_meanwhile", "_turns")

    def __init__(self, turns: Turns, key: int, meanwhile: Meanwhile) -> None:
        self._turns = turns
        self._key = key
        self._meanwhile = meanwhile

    async def __aenter__(self) -> None:
        await self._turns.take(self._key, self._meanwhile)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._turns.pass_on(self._key)
