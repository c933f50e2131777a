"""Who looks at an event now, or edits it: short-lived, never stored.

Each process tells the others over the bus whom it has on an event, whenever that changes and every few seconds; what it
does not repeat is forgotten. A bus that is down shows fewer people than there are, and nothing worse. Of a crowd some
are shown, first those who edit, and those who come and go together, because everybody there is told each time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_hex

import orjson

from convene.delivery.bus import MESSAGE_MAX, Bus
from convene.delivery.hub import Listener, Presence
from convene.ending import end
from convene.storage.wires import RING

REPEAT_SECONDS = 10.0
FORGET_SECONDS = 25.0
WATCHED_MAX = 50
#: So many people are shown on an event.
SHOWN_MAX = 50
#: Whoever comes or goes so soon after somebody else is shown together with others.
_BREATH = 0.1

Person = tuple[int, str, bool]


@dataclass(slots=True)
class _Elsewhere:
    people: tuple[Person, ...]
    heard_at: float


class Watch:
    """Who watches which events, here and on other processes."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._process = token_hex(4)
        self._here: dict[int, dict[Listener, bool]] = {}
        self._watched: dict[Listener, set[int]] = {}
        self._elsewhere: dict[int, dict[str, _Elsewhere]] = {}
        self._changed: set[int] = set()
        self._something_changed = asyncio.Event()
        bus.hear(self._hear)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell, repeat and forget while the block runs."""
        tasks = [asyncio.create_task(self._tell()), asyncio.create_task(self._repeat())]
        try:
            yield
        finally:
            await end(tasks)

    def watch(self, listener: Listener, event_id: int, *, editing: bool) -> bool:
        """Let a listener be seen on an event; False when it watches too many."""
        watched = self._watched.setdefault(listener, set())
        if event_id not in watched and len(watched) >= WATCHED_MAX:
            return False
        watched.add(event_id)
        self._here.setdefault(event_id, {})[listener] = editing
        self._say(event_id)
        return True

    def unwatch(self, listener: Listener, event_id: int) -> None:
        """Let a listener be seen on an event no more."""
        listeners = self._here.get(event_id, {})
        if listeners.pop(listener, None) is not None:
            self._watched[listener].discard(event_id)
            if not listeners:
                del self._here[event_id]
            self._say(event_id)

    def leave(self, listener: Listener) -> None:
        """Let a listener be seen nowhere any more: its connection has ended."""
        for event_id in tuple(self._watched.get(listener, ())):
            self.unwatch(listener, event_id)
        self._watched.pop(listener, None)

    def watches(self, listener: Listener, event_id: int) -> bool:
        """Whether a listener is seen on an event."""
        return listener in self._here.get(event_id, {})

    def _say(self, event_id: int) -> None:
        self._changed.add(event_id)
        self._something_changed.set()

    async def _tell(self) -> None:
        while True:
            await self._something_changed.wait()
            self._something_changed.clear()
            changed, self._changed = self._changed, set()
            for event_id in changed:
                self._send(event_id)
                self._show(event_id)
            await asyncio.sleep(_BREATH)

    def _send(self, event_id: int) -> None:
        """Tell the other processes who is here: as many as one message carries."""
        people = _shown(self._people_here(event_id))
        while len(message := self._message(event_id, people)) > MESSAGE_MAX:
            people = people[: len(people) // 2]
        self._bus.send(message)

    def _message(self, event_id: int, people: Sequence[Person]) -> bytes:
        return orjson.dumps({"presence": event_id, "process": self._process, "people": people})

    def _hear(self, message: bytes) -> None:
        if message == RING:
            return
        said = orjson.loads(message)
        if "presence" not in said or said["process"] == self._process:
            return
        event_id = said["presence"]
        there = self._elsewhere.setdefault(event_id, {})
        before = there.get(said["process"])
        people = tuple((int(one[0]), str(one[1]), bool(one[2])) for one in said["people"])
        there[said["process"]] = _Elsewhere(people, time.monotonic())
        if before is None or before.people != people:
            self._show(event_id)

    def _show(self, event_id: int) -> None:
        presence = Presence(event_id, self._people(event_id))
        for listener in self._here.get(event_id, {}):
            listener.put(presence)

    def _people_here(self, event_id: int) -> tuple[Person, ...]:
        found: dict[int, Person] = {}
        for listener, editing in self._here.get(event_id, {}).items():
            me = listener.me
            also = found.get(me.user_id)
            found[me.user_id] = (me.user_id, me.username, editing or (also is not None and also[2]))
        return tuple(found.values())

    def _people(self, event_id: int) -> tuple[Person, ...]:
        found = {person[0]: person for person in self._people_here(event_id)}
        for elsewhere in self._elsewhere.get(event_id, {}).values():
            for user_id, username, editing in elsewhere.people:
                found[user_id] = (user_id, username, editing or (user_id in found and found[user_id][2]))
        return tuple(sorted(_shown(found.values())))

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(REPEAT_SECONDS)
            long_ago = time.monotonic() - FORGET_SECONDS
            for event_id, there in list(self._elsewhere.items()):
                kept = {process: one for process, one in there.items() if one.heard_at > long_ago and one.people}
                if len(kept) != len(there):
                    self._elsewhere[event_id] = kept
                    self._show(event_id)
                if not kept:
                    del self._elsewhere[event_id]
            for event_id in self._here:
                self._say(event_id)


def _shown(people: Iterable[Person]) -> list[Person]:
    """Those who are shown of many: whoever edits, then whoever has been here longest."""
    return sorted(people, key=lambda person: not person[2])[:SHOWN_MAX]
