"""Creating without the lock: whoever looked at an agenda that somebody has changed since writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from sqlalchemy import func, select

from convene import clock
from convene.domain.content import EventContent, Schedule
from convene.operations.tokens import new_id
from convene.storage.alone import (
    Agenda,
    CreatedEvent,
    insert_event_if_free,
    insert_event_if_unchanged,
    ready_event,
)
from convene.storage.group_commit import Alone
from convene.storage.statements import Statement
from convene.storage.unit_of_work import DATED_WITHIN, UnitOfWork, Units
from convene.storage.writes import NewEvent
from tests.api.test_trash import showing
from tests.people import Api, Json, Person, running_api
from tests.process.outside import holding_agenda, outside

EVENTS = "/api/v1/events"
NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
HOUR = {"title": "Planning", "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z"}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LATER = {"start_time": "2027-03-01T12:00:00Z", "end_time": "2027-03-01T13:00:00Z"}


@pytest.fixture
async def here(new_postgres: str) -> AsyncIterator[Api]:
    async with running_api(new_postgres) as api:
        yield api


@pytest.fixture
def units(here: Api) -> Units:
    units: Units = here.app.services.units
    return units


def alone(person: Person, calendar_id: int = 0) -> NewEvent:
    """An event of nine o'clock, as the one who creates it has it."""
    schedule = Schedule(start=NINE.replace(tzinfo=None), duration=timedelta(hours=1), zone="UTC")
    content = EventContent(title="Alone", schedule=schedule)
    return NewEvent(content, f"{new_id()}@test", person.id, calendar_id, person.id)


def ways(work: UnitOfWork) -> Alone:
    """What writes by one statement."""
    assert work.alone is not None
    return work.alone


async def tried(units: Units, person: Person, now: datetime | None = None) -> CreatedEvent | Agenda:
    """What comes of creating it by one statement."""
    at_that_time = Units(units.database, lambda: now or clock.now())
    async with at_that_time.writing() as work:
        return await insert_event_if_free(ways(work), ready_event(work, alone(person), 0))


async def looked_at(units: Units, person: Person) -> Agenda:
    """What somebody sees of their agenda whose event is dated before all that is in it, and so not written at once."""
    found = await tried(units, person, now=LONG_AGO)
    assert isinstance(found, Agenda)
    return found


async def is_created(units: Units, person: Person, agenda: Agenda) -> bool:
    """Whether what was seen still is so, and the event was written."""
    async with units.writing() as work:
        ready = ready_event(work, alone(person, agenda.calendar_id), agenda.next_id)
        return await insert_event_if_unchanged(ways(work), ready, agenda.revision)


Change = Callable[[Person, Person, Json], Awaitable[httpx2.Response]]

CHANGES: dict[str, Change] = {
    "a booking": lambda alice, _ben, _event: alice.post(EVENTS, HOUR),
    "a batch": lambda alice, _ben, _event: alice.post(f"{EVENTS}/batch", [HOUR]),
    "an editor's move": lambda _alice, ben, event: ben.put(
        f"{EVENTS}/{event['id']}", {name: HOUR[name] for name in ("start_time", "end_time")}
    ),
    "a series": lambda alice, _ben, _event: alice.post(EVENTS, {**HOUR, "recurrence_pattern": "FREQ=DAILY;COUNT=3"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_nothing_is_written_after_somebody_else_took_the_time(
    units: Units, alice: Person, ben: Person, change: Change
):
    event = await alice.creates(start=LATER["start_time"], end=LATER["end_time"])
    await alice.shares(event, ben)
    agenda = await looked_at(units, alice)
    assert agenda.busy == []
    assert (await change(alice, ben, event)).is_success
    assert not await is_created(units, alice, agenda)
    assert "Alone" not in [one["title"] for one in (await alice.get(EVENTS)).json()]


async def test_nothing_is_written_after_an_event_at_that_time_was_handed_over(units: Units, alice: Person, ben: Person):
    event = await ben.creates(start=HOUR["start_time"], end=HOUR["end_time"])
    await ben.shares(event, alice)
    agenda = await looked_at(units, alice)
    assert (await ben.post(f"{EVENTS}/{event['id']}/transfer", {"user_id": alice.id})).is_success
    assert not await is_created(units, alice, agenda)


async def test_nothing_is_written_after_an_event_came_back_from_the_trash(units: Units, alice: Person):
    event = await alice.creates(start=HOUR["start_time"], end=HOUR["end_time"])
    assert (await alice.delete(f"{EVENTS}/{event['id']}")).is_success
    agenda = await looked_at(units, alice)
    assert (await alice.post(f"{EVENTS}/{event['id']}/restore")).is_success
    assert not await is_created(units, alice, agenda)


async def test_of_two_who_looked_at_once_one_writes(units: Units, alice: Person):
    one, two = await looked_at(units, alice), await looked_at(units, alice)
    assert await is_created(units, alice, one)
    assert not await is_created(units, alice, two)
    [event] = (await alice.get(EVENTS)).json()
    assert (event["title"], event["version"], event["role"]) == ("Alone", 1, "owner")
    [version] = (await alice.get(f"{EVENTS}/{event['id']}/history")).json()
    assert version["kind"] == "created"


async def test_what_is_free_is_written_at_once(units: Units, alice: Person):
    event = await alice.creates(start=LATER["start_time"], end=LATER["end_time"])
    created = await tried(units, alice)
    assert isinstance(created, CreatedEvent)
    assert (await alice.get(f"{EVENTS}/{created.id}")).json()["title"] == "Alone"
    assert created.calendar_id == event["calendar_id"]
    [version] = (await alice.get(f"{EVENTS}/{created.id}/history")).json()
    assert version["kind"] == "created"


async def test_what_is_taken_is_not_written_at_once(units: Units, alice: Person):
    await alice.creates(start=HOUR["start_time"], end=HOUR["end_time"])
    assert isinstance(await tried(units, alice), Agenda)
    assert len((await alice.get(EVENTS)).json()) == 1


async def test_nothing_is_written_at_once_that_would_be_dated_before_what_was_written_before_it(
    units: Units, alice: Person
):
    """Or the history would show two events at one time, if what was in the way was moved away meanwhile."""
    event = await alice.creates(start=HOUR["start_time"], end=HOUR["end_time"])
    assert (await alice.put(f"{EVENTS}/{event['id']}", LATER)).is_success
    assert isinstance(await tried(units, alice), Agenda)
    long_after = clock.now() + 2 * DATED_WITHIN
    assert isinstance(await tried(units, alice, now=long_after), CreatedEvent)


async def test_of_those_who_create_at_once_at_one_time_one_is_created(units: Units, alice: Person):
    await alice.creates(start=LATER["start_time"], end=LATER["end_time"])
    long_after = clock.now() + 2 * DATED_WITHIN
    for _ in range(20):
        found = await asyncio.gather(*(tried(units, alice, now=long_after) for _ in range(8)))
        [created] = [one for one in found if isinstance(one, CreatedEvent)]
        assert (await alice.delete(f"{EVENTS}/{created.id}")).is_success


async def test_what_the_agenda_holds_at_that_time_is_seen(units: Units, alice: Person):
    event = await alice.creates(start=HOUR["start_time"], end=HOUR["end_time"])
    assert [head.id for head in (await looked_at(units, alice)).busy] == [event["id"]]


async def test_whoever_was_overtaken_is_created_when_they_hold_the_lock(new_postgres: str, alice: Person):
    """Or the history would show two events at one time, if what was in the way was moved away meanwhile."""
    async with outside(new_postgres) as overtaking:
        await overtaking.rows("BEGIN")
        await overtaking.rows(f"UPDATE agendas SET revision = revision + 1 WHERE user_id = {alice.id}")
        creating = asyncio.create_task(alice.post(EVENTS, HOUR))
        await asyncio.sleep(0.3)  # until it has looked at the agenda, and waits for the lock
        let_go = clock.now()
        await overtaking.rows("COMMIT")
    event = (await creating).json()
    assert datetime.fromisoformat(event["created_at"]) >= let_go


SLOW = Statement(select(func.pg_sleep(0.1)))
DAYS = [
    {**HOUR, "start_time": f"2027-04-{day:02}T09:00Z", "end_time": f"2027-04-{day:02}T10:00Z"} for day in range(1, 29)
]


async def test_whoever_creates_many_at_once_keeps_no_connections_from_others(
    here: Api, new_postgres: str, alice: Person, ben: Person
):
    assert len(DAYS) > here.app.services.units.database.use().most
    async with holding_agenda(new_postgres, alice.id):
        creating = [asyncio.create_task(alice.post(EVENTS, day)) for day in DAYS]
        await asyncio.sleep(0.3)  # until one of them waits for the lock, and the others for their turns
        async with asyncio.timeout(2):
            assert (await ben.get(EVENTS)).json() == []
    assert {created.status_code for created in await asyncio.gather(*creating)} == {201}


async def test_whoever_creates_many_at_once_does_not_wait_for_those_who_come_later(new_postgres: str):
    """Each who has the turn finds others in line for a connection, who came after them."""
    busy = {"database_pool_size": 2, "database_timeout_seconds": 3.0}
    async with running_api(new_postgres, **busy) as api:
        alice = await api.person("alice")
        units = api.app.services.units
        done = asyncio.Event()

        async def keep_busy() -> None:
            while not done.is_set():
                async with units.reading() as work:
                    await work.one(SLOW)

        others = [asyncio.create_task(keep_busy()) for _ in range(12)]
        created = await asyncio.gather(*(alice.post(EVENTS, day) for day in DAYS[:12]))
        done.set()
        await asyncio.gather(*others)
        assert {one.status_code for one in created} == {201}


class _Unwritable(datetime):
    """An instant that no answer can be written with: for whatever may go wrong once an event is complete."""


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}], ids=["without a key", "under a key"])
async def test_what_cannot_be_answered_is_not_written(here: Api, alice: Person, headers: dict[str, str]):
    with showing(here, lambda: _Unwritable.now(UTC)):
        assert (await alice.post(EVENTS, HOUR, headers=headers)).status_code == 500
    assert (await alice.get(EVENTS)).json() == []
    assert (await alice.post(EVENTS, HOUR, headers=headers)).status_code == 201
