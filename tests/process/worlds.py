"""Users with few or many events, for tests that look at what a request costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.people import Api, Person

EVENTS = "/api/v1/events"
BATCH = 1_000
FIRST = datetime(2026, 1, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """Somebody with events, one every day: the first is shared and has been edited, the second is `alone`."""

    alice: Person
    event: Any
    alone: Any
    newcomer: Person
    events: int

    @property
    def path(self) -> str:
        return f"{EVENTS}/{self.event['id']}"


def hour(day: int, **fields: Any) -> dict[str, Any]:
    """An hour of busy time some days after the first."""
    start = FIRST + timedelta(days=day)
    times = {"start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}
    return {"title": f"Day {day}", **times, **fields}


async def create_days(person: Person, days: int) -> list[Any]:
    """Create an event on each of some days."""
    created = []
    for first in range(0, days, BATCH):
        batch = [hour(day) for day in range(first, min(first + BATCH, days))]
        answer = await person.post(f"{EVENTS}/batch", {"events": batch})
        assert answer.status_code == 201, answer.text
        created.extend(answer.json())
    return created


async def make_world(api: Api, *, events: int, collaborators: int, edits: int) -> World:
    alice = await api.person("alice")
    [event, alone, *_] = await create_days(alice, events)
    for _ in range(collaborators):
        await alice.shares(event, await api.person("guest"))
    for edit in range(edits):
        await alice.changes(event, title=f"Edit {edit}")
    return World(alice, event, alone, await api.person("newcomer"), events)
