"""The hub: everybody who listens live to this process, and what they are told.

One task follows the tables: whenever the bus rings, or every few seconds, it reads what has been written since it last
looked, for all listeners together, and puts it into their queues. A listener that does not keep up loses its
connection, not anybody else's time; when it comes back it says what it saw last.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

import structlog

from convene.delivery.bus import Bus
from convene.domain.errors import ConveneError, TooOften
from convene.ending import end
from convene.operations import identity, notifications, sync
from convene.operations.identity import SignedIn
from convene.operations.notifications import Told
from convene.storage.notifications import NotificationPlace
from convene.storage.unit_of_work import Units
from convene.storage.wires import RING

QUEUE_MAX = 256
POLL_SECONDS = 3.0
SESSION_SECONDS = 2.0
#: Sockets and streams of one user at one process: each takes a file descriptor that others need.
LISTENERS_MAX = 50
FULL_SECONDS = 30
_BATCH = 1_000
_PAGE = 200
_BREATH = 0.01
#: So much may come for one listener before it has had a chance to pass anything on.
_AT_ONCE = QUEUE_MAX // 2

_log = structlog.get_logger("convene.hub")


class Ended(Enum):
    """Why a listener's connection ends."""

    SESSION = "the session has ended"
    TOO_SLOW = "the listener does not keep up"
    STOPPING = "the server is stopping"


@dataclass(frozen=True, slots=True)
class EventMoved:
    """An event that the listener sees has changed, or is seen no more: time to ask for changes."""

    event_id: int


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """Who looks at an event now; one object for all who are shown it."""

    event_id: int
    people: tuple[tuple[int, str, bool], ...]


News = Told | EventMoved | Presence | Ended


@dataclass(eq=False, slots=True)
class Listener:
    """Somebody who listens: a bounded row of waiting news, and how far they have been told.

    Not asyncio's queue: thousands listen, and it weighs four kilobytes empty and costs as much as sending the news.
    """

    me: SignedIn
    expires_at: float
    place: NotificationPlace
    waiting: list[News] = field(default_factory=list)
    wake: Callable[[], None] | None = None
    """Called when there is something, for each of several."""
    ended: Ended | None = None

    def put(self, news: News) -> None:
        """Hand news over; too many that wait end the connection, and what waits then is not told."""
        if self.ended:
            return
        if isinstance(news, Ended):
            self.ended = news
        elif len(self.waiting) >= QUEUE_MAX:
            self.ended = news = Ended.TOO_SLOW
            self.waiting.clear()
        self.waiting.append(news)
        if self.wake is not None:
            self.wake()

    def take(self) -> News | None:
        """Take the oldest of what waits; None if the listener has been told it already."""
        news = self.waiting.pop(0)
        if isinstance(news, Told):
            place = (news.row.position, news.row.id)
            if place <= self.place:
                return None
            self.place = place
        return news


def _whose(one: tuple[int, News]) -> int:
    return one[0]


class Hub:
    """Follows the tables for all who listen to this process."""

    def __init__(self, units: Units, bus: Bus) -> None:
        self._units = units
        self._bus = bus
        self._listeners: dict[int, set[Listener]] = {}
        self._rung = asyncio.Event()
        self.epoch = ""
        self._told: NotificationPlace = (0, 0)
        self._moved = 0
        self._checked = 0.0
        self._stopping = False

    @property
    def listeners(self) -> int:
        """How many connections listen to this process."""
        return sum(map(len, self._listeners.values()))

    @asynccontextmanager
    async def running(self, epoch: str) -> AsyncIterator[None]:
        """Follow the tables while the block runs; then tell all listeners that the server is stopping."""
        self._bus.hear(self._hear)
        self.epoch = epoch
        task = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            self.stop()
            await end([task])

    @asynccontextmanager
    async def listening(self, me: SignedIn, expires_at: float) -> AsyncIterator[Listener]:
        """Be told of everything from here on while the block runs; `expires_at` ends the token (seconds, epoch).

        Raises:
            TooOften: they listen to this process as often as one user may.
        """
        if is_first := not self._listeners:
            async with self._units.reading() as work:
                newest = await notifications.newest_place(work)
            if not self._listeners:  # nobody came meanwhile
                self._told, self._moved = newest, newest[0]
        if len(self._listeners.get(me.user_id, ())) >= LISTENERS_MAX:
            raise TooOften("listeners", FULL_SECONDS)
        listener = Listener(me, expires_at, self._told)
        self._listeners.setdefault(me.user_id, set()).add(listener)
        if is_first:
            self._rung.set()  # nobody has listened to the bell since the newest was read
        if self._stopping:
            listener.put(Ended.STOPPING)
        try:
            yield listener
        finally:
            mine = self._listeners[me.user_id]
            mine.discard(listener)
            if not mine:
                del self._listeners[me.user_id]

    async def missed(self, listener: Listener, after: NotificationPlace) -> AsyncIterator[Told]:
        """Read what was told from a place on until that where the hub's own news for this listener begin.

        The listener has been in the hub's list before this is read, and what came both ways is not taken twice:
        neither gap nor duplicate.
        """
        begins, listener.place = listener.place, after
        while True:
            async with self._units.reading() as work:
                settled = (await sync.clock_of(work)).settled
                page = await notifications.missed(work, listener.me.user_id, listener.place, _PAGE)
            for told in page:
                listener.place = (told.row.position, told.row.id)
                yield told
            if len(page) < _PAGE and settled > begins[0]:
                return
            if len(page) < _PAGE:
                await asyncio.sleep(_BREATH)

    def stop(self) -> None:
        """Tell all listeners that the server is stopping: their connections end, and they come back to another one."""
        self._stopping = True
        self._end(self._everybody(), Ended.STOPPING)

    def _hear(self, message: bytes) -> None:
        if message == RING and self._listeners:
            self._rung.set()

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):
                # Not wait_for: in Python 3.11 it loses a cancellation that comes together with the ring.
                async with asyncio.timeout(POLL_SECONDS):
                    await self._rung.wait()
            self._rung.clear()
            try:
                await self._read()
                await self._end_sessions()
                await asyncio.sleep(_BREATH)  # a burst of writes is read together
            except ConveneError as error:
                _log.warning("live channels wait for the database", error=repr(error))
                await asyncio.sleep(1)
            except Exception:  # noqa: BLE001 - an outer edge: whatever this was, nobody must listen in vain for ever
                _log.exception("live channels failed to read")
                await asyncio.sleep(1)

    async def _read(self) -> None:
        """Read what is new for all who listen, those included who come meanwhile: what is read goes by for them too."""
        moved, told = self._moved, self._told
        asked = set(self._listeners)  # the first who comes says where to begin
        if asked:
            self._moved, self._told = await self._read_for(asked, moved, told)
        while newcomers := self._listeners.keys() - asked:
            await self._read_for(newcomers, moved, told)  # what they hear twice is skipped, or does no harm
            asked |= newcomers

    async def _read_for(
        self, user_ids: Collection[int], moved: int, told: NotificationPlace
    ) -> tuple[int, NotificationPlace]:
        """Tell some users what is new since two places; gives how far they have been told."""
        async with self._units.reading() as work:
            pairs, moved = await sync.events_moved_since(work, moved, list(user_ids))
        news: list[tuple[int, News]] = [(user_id, EventMoved(event_id)) for user_id, event_id in pairs]
        while True:
            async with self._units.reading() as work:
                page = await notifications.told_since(work, told, _BATCH, list(user_ids))
            news += ((one.row.user_id, one) for one in page)
            news.sort(key=_whose)  # right after the first, a second frame to a socket is cheaper
            await self._tell(news)
            if page:
                told = (page[-1].row.position, page[-1].row.id)
            if len(page) < _BATCH:
                return moved, told
            news = []

    async def _tell(self, news: Iterable[tuple[int, News]]) -> None:
        """Hand news to those whose they are; after each few, those who have some may pass them on."""
        for number, (user_id, one) in enumerate(news, 1):
            for listener in self._listeners.get(user_id, ()):
                listener.put(one)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _end_sessions(self) -> None:
        """End the listeners whose session has ended, or whose token has expired, at most once a few seconds."""
        if time.monotonic() - self._checked < SESSION_SECONDS:
            return
        self._checked = time.monotonic()
        everybody = self._everybody()
        if not everybody:
            return
        async with self._units.reading() as work:
            alive = await identity.living_sessions(work, [listener.me.session_id for listener in everybody])
        now = time.time()
        over = (one for one in everybody if one.me.session_id not in alive or one.expires_at <= now)
        self._end(over, Ended.SESSION)

    def _everybody(self) -> list[Listener]:
        return [listener for mine in self._listeners.values() for listener in mine]

    def _end(self, listeners: Iterable[Listener], why: Ended) -> None:
        for listener in listeners:
            listener.put(why)
