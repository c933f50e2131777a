"""What anybody can read of a calendar, compared with the model: lists, people, history, change log and past."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tests.api.calendar_model import Calendar
from tests.api.content_model import DAY, Occurrence, instant, overlap, view, wall
from tests.api.event_model import Event
from tests.api.steps import pages
from tests.people import Json, Person

EVENTS = "/api/v1/events"
#: All that the state machine ever moves an event to.
FIRST, LAST = -30 * DAY, 60 * DAY

People = Mapping[str, Person]


async def check_lists(calendar: Calendar, people: People, who: str) -> None:
    """Who sees what, as events and as occurrences, and what lies in the trash."""
    person = people[who]
    seen = dict(calendar.seen_by(who))
    events = await pages(person, EVENTS, limit=7)
    assert sorted(one["id"] for one in events) == sorted(seen)
    for one in events:
        assert _some(one, view(seen[one["id"]].head)) == view(seen[one["id"]].head)
    await check_window(calendar, person, who, FIRST, LAST)
    hours = {one.start for event in seen.values() for one in event.head.occurrences()[:3]}
    for hour in sorted(hours)[:3]:
        await check_window(calendar, person, who, hour, hour + 1)
    trash = {one["id"] for one in await pages(person, f"{EVENTS}/trash")}
    assert trash == {key for key, event in calendar.events.items() if event.trashed and event.owner == who}


async def check_window(calendar: Calendar, person: Person, who: str, first: int, last: int) -> None:
    """What somebody sees between two hours, in the order of time."""
    window: dict[str, str | int] = {"from": instant(first), "to": instant(last), "limit": 7}
    found = await pages(person, EVENTS, **window)
    entries = [
        (one.start, event_id, one.name, one, event)
        for event_id, event in calendar.seen_by(who)
        for one in event.head.occurrences()
        if overlap((one.start, one.end), (first, last))
    ]
    expected = [_entry(event_id, event, one) for _, event_id, _, one, event in sorted(entries, key=lambda one: one[:3])]
    assert [_some(one, wanted) for one, wanted in zip(found, expected, strict=True)] == expected


def _entry(event_id: int, event: Event, one: Occurrence) -> Json:
    times = {"id": event_id, "start_time": instant(one.start), "end_time": instant(one.end), **one.shown}
    return times if event.head.schedule.times is None else {**times, "occurrence": wall(one.name)}


def _some(answer: Json, expected: Json) -> Json:
    return {name: answer.get(name) for name in expected}


async def check_people(calendar: Calendar, people: People, event_id: int) -> None:
    """Who is what to an event; to all others it does not exist."""
    event = calendar.events[event_id]
    for who, person in people.items():
        answer = await person.get(f"{EVENTS}/{event_id}")
        if event.trashed or event.role_of(who) is None:
            assert answer.status_code == 404
            for what in ("history", "permissions"):
                assert (await person.get(f"{EVENTS}/{event_id}/{what}")).status_code == 404
            continue
        assert answer.json()["role"] == event.role_of(who)
        roles = {one["user_id"]: one["role"] for one in await pages(person, f"{EVENTS}/{event_id}/permissions")}
        assert roles == {people[one].id: event.role_of(one) for one in people if event.role_of(one)}


async def check_history(calendar: Calendar, people: People, event_id: int) -> None:
    """Every version is there, without a gap, and the change log adds up from each to the next."""
    event = calendar.events[event_id]
    if event.trashed:
        return
    owner = people[event.owner]
    versions = list(reversed(await pages(owner, f"{EVENTS}/{event_id}/history", limit=9)))
    assert [one["version_number"] for one in versions] == list(range(1, event.newest + 1))
    for one, version in zip(versions, event.versions, strict=True):
        assert one["created_by"] == people[version.by].id
        assert one["base_version"] == version.base
        assert version.kind in (None, one["kind"])
        assert _some(one["data"], view(version.content)) == view(version.content)
    log = await pages(owner, f"{EVENTS}/{event_id}/changelog", limit=9)
    logged: dict[int, dict[str, Any]] = {}
    for change in reversed(log):
        fields = logged.setdefault(change["version_number"], {})
        assert change["field_name"] not in fields
        fields[change["field_name"]] = (change["old_value"], change["new_value"])
    for before, after in pairwise(versions):
        assert logged.pop(after["version_number"], {}) == _differences(before["data"], after["data"])
    assert logged == {}
    comparison = (await owner.get(f"{EVENTS}/{event_id}/diff/1/{event.newest}")).json()["comparison"]
    changes = {one["field"]: (one["old_value"], one["new_value"]) for one in comparison["changes"]}
    assert changes == _differences(versions[0]["data"], versions[-1]["data"])
    await _check_blame(owner, event_id, versions)


async def _check_blame(owner: Person, event_id: int, versions: list[Json]) -> None:
    blamed = (await owner.get(f"{EVENTS}/{event_id}/blame")).json()["fields"]
    expected = dict.fromkeys(_flat(versions[0]["data"]), 1)
    for before, after in pairwise(versions):
        expected |= dict.fromkeys(_differences(before["data"], after["data"]), after["version_number"])
    now = _flat(versions[-1]["data"])
    assert {field: one["version_number"] for field, one in blamed.items()} == {name: expected[name] for name in now}


def _flat(data: Json) -> Json:
    own = {f"overrides/{name}": value for name, value in data["overrides"].items()}
    return {**{name: value for name, value in data.items() if name != "overrides"}, **own}


def _differences(before: Json, after: Json) -> Json:
    old, new = _flat(before), _flat(after)
    return {name: (old.get(name), new.get(name)) for name in old | new if old.get(name) != new.get(name)}


async def check_past(calendar: Calendar, people: People, event_id: int) -> None:
    """An event can be read as it was in every version, and at every instant."""
    event = calendar.events[event_id]
    if event.trashed:
        return
    owner = people[event.owner]
    times = [one["created_at"] for one in await pages(owner, f"{EVENTS}/{event_id}/history")][::-1]
    for number, version in enumerate(event.versions, start=1):
        past = (await owner.get(f"{EVENTS}/{event_id}", version=number)).json()
        assert _some(past, view(version.content)) == view(version.content)
        then = await owner.get(f"{EVENTS}/{event_id}", as_of=times[number - 1])
        if version.kind == "deleted":
            assert then.status_code == 404
        else:
            assert then.json() == past
