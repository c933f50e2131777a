"""People who do at random what people do with a calendar, each through several processes, and write all of it down."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.api.steps import pages
from tests.people import Person
from tests.process.callers import calling

from proof.recording import Final, Recorder, Version

EVENTS = "/api/v1/events"
#: So few that most bookings meet another.
_SLOTS = 40
_FIRST = datetime(2027, 3, 1, 6, tzinfo=UTC)
#: How many events at once there are about for each.
_EVENTS_EACH = 12


@dataclass(slots=True)
class World:
    """What everybody knows: who there is, and which events there are, each with its owner and the versions seen.

    `shared` has (event, user) of roles that were given and not taken since, more or less; it only makes most attempts
    such as may succeed.
    """

    people: list[list[Person]]
    recorder: Recorder
    owners: dict[int, int] = field(default_factory=dict)
    versions: dict[int, set[int]] = field(default_factory=dict)
    trash: set[int] = field(default_factory=set)
    shared: set[tuple[int, int]] = field(default_factory=set)
    tokens: count[int] = field(default_factory=count)

    def learn(self, body: Any) -> None:
        """Remember an event that an answer showed."""
        if body:
            self.owners.setdefault(body["id"], body["owner_id"])
            self.versions.setdefault(body["id"], set()).add(body["version"])


class Someone:
    """One user, who acts again and again, one thing after the other; several at once may be the same user."""

    def __init__(self, world: World, doors: Sequence[Person], seed: str) -> None:
        self._world = world
        self._doors = doors
        self._chance = random.Random(seed)

    async def act(self) -> None:
        """Do one thing."""
        ways: dict[Callable[[], Awaitable[None]], int] = {
            self._book: 4,
            self._edit: 8,
            self._roll_back: 2,
            self._share: 3,
            self._revoke: 2,
            self._delete: 1,
            self._restore: 1,
            self._get: 4,
            self._list: 1,
            self._history: 1,
        }
        await self._chance.choices(list(ways), list(ways.values()))[0]()

    async def _ask(self, method: str, path: str, call: dict[str, Any], **sent: Any) -> Any:
        return await self._world.recorder.ask(self._chance.choice(self._doors), method, path, call, **sent)

    @property
    def _me(self) -> int:
        return self._doors[0].id

    def _any(self, *, mine: bool) -> int | None:
        """An event of one's own, or any; mostly one that one may see."""
        anything = not mine and self._chance.random() < 0.2
        known = [
            event
            for event, owner in self._world.owners.items()
            if anything or (event not in self._world.trash and (owner == self._me or (not mine and self._sees(event))))
        ]
        return self._chance.choice(known) if known else None

    def _sees(self, event: int) -> bool:
        return (event, self._me) in self._world.shared

    def _times(self) -> dict[str, str]:
        start = _FIRST + timedelta(minutes=30 * self._chance.randrange(_SLOTS))
        end = start + timedelta(minutes=30 * self._chance.choice((1, 1, 2, 3)))
        return {"start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end_time": f"{end:%Y-%m-%dT%H:%M:%SZ}"}

    def _token(self) -> str:
        return f"{self._me}-{next(self._world.tokens)}"

    async def _book(self) -> None:
        if sum(owner == self._me for owner in self._world.owners.values()) >= _EVENTS_EACH:
            await self._edit()
            return
        token = self._token()
        sent = {"title": token, **self._times()}
        self._world.learn(await self._ask("POST", EVENTS, {"op": "create", "token": token, "sent": sent}, json=sent))

    async def _edit(self) -> None:
        if (event := self._any(mine=False)) is None:
            return
        token = self._token()
        sent = self._chance.choice(
            (
                {"title": token},
                {"location": token},
                {"title": token, **self._times()},
                {"location": token} | self._times(),
            )
        )
        call = {"op": "edit", "event": event, "token": token, "sent": sent}
        body: dict[str, Any] = {**sent, "change_description": token}
        if self._chance.random() < 0.7:
            known = sorted(self._world.versions[event])
            call["base"] = body["base_version"] = self._chance.choice(known[-4:])
        self._world.learn(await self._ask("PUT", f"{EVENTS}/{event}", call, json=body))

    async def _roll_back(self) -> None:
        if (event := self._any(mine=False)) is None:
            return
        base = self._chance.choice(sorted(self._world.versions[event]))
        call = {"op": "roll back", "event": event, "base": base}
        self._world.learn(await self._ask("POST", f"{EVENTS}/{event}/rollback/{base}", call))

    def _another(self) -> int:
        return self._chance.choice([doors[0].id for doors in self._world.people if doors[0].id != self._me])

    async def _share(self) -> None:
        if (event := self._any(mine=True)) is None:
            return
        whom, role = self._another(), self._chance.choice(("editor", "editor", "viewer"))
        call = {"op": "share", "event": event, "whom": whom}
        self._world.shared.add((event, whom))
        await self._ask("POST", f"{EVENTS}/{event}/share", call, json={"user_id": whom, "role": role})

    async def _revoke(self) -> None:
        if (event := self._any(mine=True)) is None:
            return
        guests = [user for shared, user in self._world.shared if shared == event]
        whom = self._chance.choice(guests) if guests else self._another()
        call = {"op": "revoke", "event": event, "whom": whom}
        await self._ask("DELETE", f"{EVENTS}/{event}/permissions/{whom}", call)
        self._world.shared.discard((event, whom))

    async def _delete(self) -> None:
        if (event := self._any(mine=True)) is not None:
            self._world.trash.add(event)
            await self._ask("DELETE", f"{EVENTS}/{event}", {"op": "delete", "event": event})

    async def _restore(self) -> None:
        mine = [event for event in self._world.trash if self._world.owners[event] == self._me]
        if mine:
            event = self._chance.choice(mine)
            call = {"op": "restore", "event": event}
            body = await self._ask("POST", f"{EVENTS}/{event}/restore", call)
            if body is not None:
                self._world.trash.discard(event)
            self._world.learn(body)

    async def _get(self) -> None:
        if (event := self._any(mine=False)) is not None:
            body = await self._ask("GET", f"{EVENTS}/{event}", {"op": "get", "event": event})
            self._world.learn(body)

    async def _list(self) -> None:
        await self._ask("GET", EVENTS, {"op": "list"}, params={"limit": 200})

    async def _history(self) -> None:
        if (event := self._any(mine=False)) is not None:
            await self._ask("GET", f"{EVENTS}/{event}/history", {"op": "history", "event": event})


class Follower:
    """A client that keeps a copy of what a user sees by asking for changes, through one process and then another."""

    def __init__(self, world: World, doors: Sequence[Person]) -> None:
        self._world = world
        self._doors = doors
        self._asked = 0
        self.cursor: str | None = None

    def move_to(self, doors: Sequence[Person]) -> None:
        """Ask other processes from now on."""
        self._doors = doors

    async def catch_up(self) -> None:
        """Ask until there is no more."""
        more = True
        while more:
            self._asked += 1
            door = self._doors[self._asked % len(self._doors)]
            params = {"since": self.cursor} if self.cursor else {}
            page = await self._world.recorder.ask(door, "GET", "/api/v1/changes", {"op": "changes"}, params=params)
            if page is None:
                return
            self.cursor, more = page["cursor"], page["more"]


async def gather(stack: AsyncExitStack, urls: Sequence[str], many: int) -> list[list[Person]]:
    """Register people; each has a door at every process."""
    apis = [await stack.enter_async_context(calling(url)) for url in urls]
    people = [await apis[0].person("person") for _ in range(many)]
    return [[person, *(api.known(person) for api in apis[1:])] for person in people]


def after(seconds: float) -> Callable[[], bool]:
    """Whether so many seconds are over."""
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() >= deadline


async def until(over: Callable[[], bool], act: Callable[[], Awaitable[None]], pause: float = 0.0) -> None:
    """Act again and again. Nobody is stopped in the middle of a call, whose outcome nobody would know then."""
    while not over():
        await act()
        await asyncio.sleep(pause)


async def read_final(world: World, followers: Sequence[Follower]) -> Final:
    """Take everything out of the trash, so that it can be read, let all catch up, and read all that there is."""
    by_id = {doors[0].id: doors[0] for doors in world.people}
    settled = {}
    for event in sorted(world.owners):
        owner, path = by_id[world.owners[event]], f"{EVENTS}/{event}/restore"
        call = {"op": "restore", "event": event}
        body = await world.recorder.ask(owner, "POST", path, call, params={"on_conflict": "allow"})
        if body is not None:
            settled[event] = body["version"] - 1
    for follower in followers:
        await follower.catch_up()
    chains = {event: await read_chain(by_id[owner], event) for event, owner in world.owners.items()}
    visible = {
        user: {event["id"]: event["version"] for event in await pages(person, EVENTS, limit=200)}
        for user, person in by_id.items()
    }
    return Final(owners=dict(world.owners), chains=chains, settled=settled, visible=visible)


async def read_chain(owner: Person, event: int) -> tuple[tuple[int, Version], ...]:
    """Read all versions of an event with their numbers, the oldest first; none if the event is not there."""
    path = f"{EVENTS}/{event}/history"
    if (await owner.get(path, limit=1)).status_code == 404:
        return ()
    rows = await pages(owner, path, limit=200)
    return tuple((row["version_number"], _version(row)) for row in reversed(rows))


def _version(row: Any) -> Version:
    return Version(
        kind=row["kind"],
        by=row["created_by"],
        at=row["created_at"],
        token=row["change_description"],
        base=row["base_version"],
        fields=row["data"],
    )
