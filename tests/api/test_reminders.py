"""Reminders: told once, at the right time, to the one who asked, whatever happens to the event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from convene import clock
from convene.operations import reminders
from convene.storage import reminders as rows
from convene.storage.unit_of_work import Units
from tests.api.steps import change_part, invalid, path_of, refusal
from tests.api.test_trash import later
from tests.people import Api, Json, Person
from tests.synced_copy import until_settled

NINE = datetime(2090, 3, 1, 9, tzinfo=UTC)


@asynccontextmanager
async def at(api: Api, moment: datetime) -> AsyncIterator[Units]:
    """Another process, in which it is a certain time."""
    yield Units(api.app.services.units.database, lambda: moment)


async def look(api: Api, moment: datetime) -> None:
    """Let a process do at a certain time what a dispatcher does: also look again at what another one had in hand."""
    async with at(api, moment) as units:
        await until_settled(units)
        await reminders.notice_changes(units)
        while await are_due(units):
            await reminders.tell_due(units)


async def are_due(units: Units) -> bool:
    """Whether there are reminders to look at."""
    async with units.reading() as work:
        return await rows.any_due(work)


async def plans(person: Person, title: str, **fields: Json) -> Json:
    """Create an event that is still to come, whenever these tests are run."""
    times = {"start_time": "2090-03-01T09:00:00Z", "end_time": "2090-03-01T10:00:00Z"}
    return await person.creates(title, **{"free_busy_status": "free", **times, **fields})


async def remind(person: Person, event: Json, *minutes: int) -> None:
    response = await person.put(f"{path_of(event)}/reminders", {"minutes": list(minutes)})
    assert response.status_code == 200, response.text


async def told(person: Person) -> list[Json]:
    """The reminders that somebody was told, the first first."""
    listed = (await person.get("/api/v1/notifications", limit=200)).json()
    return [one for one in reversed(listed) if one["kind"] == "reminder"]


async def test_whoever_asks_is_reminded_once_and_nobody_else(api: Api, alice: Person, ben: Person):
    event = await plans(alice, "Planning")
    await alice.shares(event, ben, "viewer")
    await remind(ben, event, 15)
    await look(api, NINE - timedelta(minutes=16))
    assert await told(ben) == []
    for _ in range(3):
        await look(api, NINE - timedelta(minutes=15))
    [one] = await told(ben)
    assert (one["message"], one["event_id"], one["actor"]) == ("“Planning” begins in 15 minutes", event["id"], None)
    assert datetime.fromisoformat(one["begins_at"]) == NINE
    assert await told(alice) == []


async def test_many_processes_at_once_tell_each_reminder_once(api: Api, alice: Person):
    events = [await plans(alice, f"Event {number}") for number in range(8)]
    for event in events:
        await remind(alice, event, 5, 10)
    await asyncio.gather(*(look(api, NINE - timedelta(minutes=1)) for _ in range(8)))
    titles = [one["title"] for one in await told(alice)]
    assert sorted(titles) == sorted(2 * [event["title"] for event in events])


async def test_each_occurrence_of_a_series_is_told(api: Api, alice: Person):
    event = await plans(alice, "Daily", recurrence_pattern="FREQ=DAILY;COUNT=3")
    await change_part(alice, event, "this", "2090-03-02T09:00:00", title="Party")
    await remind(alice, event, 10)
    for day in range(4):
        await look(api, NINE + timedelta(days=day, minutes=-10))
    assert [one["title"] for one in await told(alice)] == ["Daily", "Party", "Daily"]


async def test_a_reminder_moves_with_its_event(api: Api, alice: Person):
    event = await plans(alice, "Planning")
    await remind(alice, event, 10)
    await alice.changes(event, start_time="2090-03-01T12:00:00Z", end_time="2090-03-01T13:00:00Z")
    await look(api, NINE - timedelta(minutes=10))
    assert await told(alice) == []
    await look(api, NINE + timedelta(hours=2, minutes=50))
    [one] = await told(alice)
    assert datetime.fromisoformat(one["begins_at"]) == NINE + timedelta(hours=3)
    await alice.changes(event, start_time="2090-03-02T12:00:00Z", end_time="2090-03-02T13:00:00Z")
    await look(api, NINE + timedelta(days=1, hours=2, minutes=50))
    assert len(await told(alice)) == 2


async def asks_at(api: Api, person: Person, event: Json, minutes: int, moment: datetime) -> None:
    """Ask for a reminder when it is a certain time."""
    with later(api, moment - clock.now()):
        await remind(person, event, minutes)


async def test_what_is_moved_into_the_lead_is_told_at_once_and_once(api: Api, alice: Person):
    event = await plans(alice, "Planning")
    now = NINE - timedelta(hours=3)
    await asks_at(api, alice, event, 60, now)
    await alice.changes(event, title="Party")
    await look(api, now)
    await alice.changes(event, start_time="2090-03-01T06:50:00Z", end_time="2090-03-01T07:50:00Z")
    for minutes in (1, 2):
        await look(api, now + timedelta(minutes=minutes))
        await alice.changes(event, location=f"Room {minutes}")
    assert [datetime.fromisoformat(one["begins_at"]) for one in await told(alice)] == [NINE - timedelta(minutes=130)]


async def test_a_process_whose_clock_is_behind_another_s_tells_what_is_moved_into_the_lead(api: Api, alice: Person):
    event = await plans(alice, "Planning")
    now = NINE - timedelta(hours=3)
    await asks_at(api, alice, event, 60, now)
    await alice.changes(event, start_time="2090-03-01T06:59:58Z", end_time="2090-03-01T07:59:58Z")
    for seconds in (-5, 5):
        await look(api, now + timedelta(seconds=seconds))
    assert len(await told(alice)) == 1


async def test_what_was_within_the_lead_when_it_was_asked_for_is_not_told(api: Api, alice: Person):
    event = await plans(alice, "Planning")
    await asks_at(api, alice, event, 60, NINE - timedelta(minutes=30))
    await alice.changes(event, title="Party")
    await look(api, NINE - timedelta(minutes=20))
    assert await told(alice) == []


async def test_what_is_moved_away_and_back_is_not_told_again(api: Api, alice: Person):
    event = await plans(alice, "Planning")
    await remind(alice, event, 60)
    for minutes, hour in ((50, 9), (40, 12), (30, 9), (20, 9)):
        await alice.changes(event, start_time=f"2090-03-01T{hour:02}:00:00Z", end_time=f"2090-03-01T{hour + 1}:00:00Z")
        await look(api, NINE - timedelta(minutes=minutes))
    assert len(await told(alice)) == 1


async def test_both_halves_of_a_series_that_is_split_are_told(api: Api, alice: Person):
    event = await plans(alice, "Daily", recurrence_pattern="FREQ=DAILY;COUNT=2")
    await remind(alice, event, 10)
    await change_part(alice, event, "following", "2090-03-02T09:00:00", title="Later")
    for day in range(2):
        await look(api, NINE + timedelta(days=day, minutes=-10))
    assert [one["title"] for one in await told(alice)] == ["Daily", "Later"]


async def test_an_event_in_the_trash_is_not_told_until_it_is_restored(api: Api, alice: Person):
    event = await plans(alice, "Planning")
    await remind(alice, event, 30, 10)
    await alice.delete(path_of(event))
    await look(api, NINE - timedelta(minutes=30))
    assert await told(alice) == []
    await alice.post(f"{path_of(event)}/restore")
    await look(api, NINE - timedelta(minutes=10))
    assert await told(alice)


async def test_whoever_loses_access_is_reminded_no_more(api: Api, alice: Person, ben: Person):
    event = await plans(alice, "Planning")
    await alice.shares(event, ben)
    await remind(ben, event, 10)
    await alice.delete(f"{path_of(event)}/permissions/{ben.id}")
    await look(api, NINE - timedelta(minutes=10))
    assert await told(ben) == []


async def test_whoever_lost_access_and_has_it_again_is_reminded_only_if_they_ask_anew(
    api: Api, alice: Person, ben: Person
):
    event = await plans(alice, "Planning")
    await alice.shares(event, ben)
    await remind(ben, event, 10)
    await alice.delete(f"{path_of(event)}/permissions/{ben.id}")
    await alice.shares(event, ben)
    assert (await ben.get(f"{path_of(event)}/reminders")).json() == {"minutes": []}
    await look(api, NINE - timedelta(minutes=10))
    assert await told(ben) == []


async def test_reminders_are_replaced_listed_and_taken_away(api: Api, alice: Person):
    event = await plans(alice, "Planning")
    path = f"{path_of(event)}/reminders"
    await remind(alice, event, 60, 10, 60)
    assert (await alice.get(path)).json() == {"minutes": [10, 60]}
    await look(api, NINE - timedelta(minutes=60))
    await remind(alice, event, 60)  # what stays is not told again
    await look(api, NINE - timedelta(minutes=5))
    assert len(await told(alice)) == 1
    assert (await alice.delete(path)).status_code == 204
    assert (await alice.get(path)).json() == {"minutes": []}


async def test_who_wants_no_reminders_at_all_gets_none_and_who_muted_the_event_still_does(api: Api, alice: Person):
    muted, event = await plans(alice, "Muted"), await plans(alice, "Planning")
    await alice.put(f"{path_of(muted)}/mute", {})
    await remind(alice, muted, 10)
    await look(api, NINE - timedelta(minutes=10))
    assert [one["title"] for one in await told(alice)] == ["Muted"]
    await alice.patch("/api/v1/notifications/preferences", {"kinds": {"reminder": {"live": False, "email": False}}})
    await remind(alice, event, 5)
    await look(api, NINE - timedelta(minutes=5))
    assert len(await told(alice)) == 1


async def test_of_a_series_that_is_moved_near_all_are_told_a_day_of_them_at_a_time(api: Api, alice: Person):
    times = {"start_time": "2090-06-01T09:00:00Z", "end_time": "2090-06-01T10:00:00Z"}
    event = await plans(alice, "Daily", **times, recurrence_pattern="FREQ=DAILY;COUNT=27")
    now = NINE - timedelta(minutes=30)
    await asks_at(api, alice, event, 40_320, now)
    await look(api, now)  # or the creation could be noticed after the change, and the reminder be looked at twice
    await alice.changes(event, start_time="2090-03-01T09:00:00Z", end_time="2090-03-01T10:00:00Z")
    numbers = []
    for minutes in (1, 2, 62, 63, 125):
        await look(api, now + timedelta(minutes=minutes))
        numbers.append(len({one["begins_at"] for one in await told(alice)}))
    assert numbers == [24, 24, 27, 27, 27]


async def test_a_dense_series_that_is_cancelled_holds_up_no_reminder_of_anybody(
    api: Api, alice: Person, stranger: Person
):
    every_hour = "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24)))
    dense = await plans(stranger, "Dense", end_time="2090-04-10T09:00:00Z", recurrence_pattern=every_hour)
    event = await plans(alice, "Planning")
    await remind(stranger, dense, 10)
    await remind(alice, event, 10)
    await look(api, NINE - timedelta(minutes=10))
    await stranger.changes(dense, status="cancelled")
    await look(api, NINE + timedelta(minutes=50))
    await alice.changes(event, start_time="2090-03-02T09:00:00Z", end_time="2090-03-02T10:00:00Z")
    await look(api, NINE + timedelta(days=1, minutes=-10))
    assert [one["title"] for one in await told(stranger)] == ["Dense"]
    assert [one["title"] for one in await told(alice)] == ["Planning", "Planning"]


async def test_reminders_of_another_are_nobodys_business(alice: Person, ben: Person, stranger: Person):
    event = await plans(alice, "Planning")
    await alice.shares(event, ben, "viewer")
    await remind(alice, event, 10)
    assert (await ben.get(f"{path_of(event)}/reminders")).json() == {"minutes": []}
    refusal(await stranger.put(f"{path_of(event)}/reminders", {"minutes": [5]}), 404, "not-found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"minutes": [1, 2, 3, 4, 5, 6]}, "/minutes"),
        ({"minutes": [-1]}, "/minutes/0"),
        ({"minutes": [40_321]}, "/minutes/0"),
        ({"minutes": [1.5]}, "/minutes/0"),
        ({}, "/minutes"),
    ],
)
async def test_reminders_that_make_no_sense_are_refused(alice: Person, body: dict[str, Any], pointer: str):
    event = await plans(alice, "Planning")
    assert invalid(await alice.put(f"{path_of(event)}/reminders", body)) == [pointer]
