"""Reindexing: the rules of a zone have changed, and events happen at other instants than was worked out before."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from convene.operations import reminders, upkeep
from tests.api.steps import path_of, read
from tests.api.test_reminders import are_due
from tests.people import Api, Json, Person
from tests.process.outside import outside

HOUR = timedelta(hours=1)
#: How SQLite keeps an instant, and PostgreSQL reads it.
STORED = "%Y-%m-%dT%H:%M:%S.%fZ"
MARCH = {"from": "2027-03-01T00:00:00Z", "to": "2027-04-01T00:00:00Z"}


@pytest.fixture
def database_url(own_database: str) -> str:
    """The test's own: all events of one are reindexed."""
    return own_database


@pytest.fixture
def api(own_api: Api) -> Api:
    return own_api


async def worked_out_an_hour_late(database_url: str, event: Json) -> None:
    """Store an event as if it had been worked out by rules that said an hour later."""
    async with outside(database_url) as connection:
        for table, key in (("events", "id"), ("permissions", "event_id")):
            names = (
                ("start_time", "end_time", "starts_at", "ends_at") if table == "events" else ("starts_at", "ends_at")
            )
            [found] = await connection.rows(f"SELECT {', '.join(names)} FROM {table} WHERE {key} = {event['id']}")
            late = [datetime.fromisoformat(str(one)) + HOUR for one in found]
            moved = ", ".join(f"{name} = '{one.strftime(STORED)}'" for name, one in zip(names, late, strict=True))
            await connection.rows(f"UPDATE {table} SET {moved} WHERE {key} = {event['id']} RETURNING {key}")


async def somebody_waits(database_url: str) -> None:
    """Wait until somebody waits for a lock of this database."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with outside(database_url) as connection:
        for _ in range(1_000):
            if await connection.rows(waiting):
                return
            await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def listed(person: Person) -> list[str]:
    return [event["start_time"] for event in (await person.get("/api/v1/events", **MARCH)).json()]


async def test_events_happen_at_the_instants_that_the_rules_of_now_say(api: Api, alice: Person, database_url: str):
    event = await alice.creates()
    begins = event["start_time"]
    await worked_out_an_hour_late(database_url, event)
    assert (await listed(alice)) == [(await read(alice, event))["start_time"]] != [begins]
    assert await upkeep.reindex(api.app.services.units) == 1
    assert (await listed(alice)) == [(await read(alice, event))["start_time"]] == [begins]
    assert await upkeep.reindex(api.app.services.units) == 0


async def test_reminders_are_looked_at_again(api: Api, alice: Person, database_url: str):
    event = await alice.creates()
    assert (await alice.put(f"{path_of(event)}/reminders", {"minutes": [30]})).status_code == 200
    due = f"due_at FROM reminders WHERE event_id = {event['id']}"
    async with outside(database_url) as connection:
        [[rightly]] = await connection.rows(f"SELECT {due}")
        late = datetime.fromisoformat(str(rightly)) + HOUR
        await connection.rows(
            f"UPDATE reminders SET due_at = '{late.strftime(STORED)}' WHERE event_id = {event['id']} RETURNING event_id"
        )
        await worked_out_an_hour_late(database_url, event)
        await upkeep.reindex(api.app.services.units)
        while await are_due(api.app.services.units):  # the server may have it in hand
            await reminders.tell_due(api.app.services.units)
        assert await connection.rows(f"SELECT {due}") == [(rightly,)]


@pytest.mark.parametrize("own_database", ["postgresql"], indirect=True)
async def test_who_edits_meanwhile_is_not_overwritten(api: Api, alice: Person, database_url: str):
    event = await alice.creates()
    await worked_out_an_hour_late(database_url, event)
    async with outside(database_url) as editor:
        await editor.rows("BEGIN")
        await editor.rows(f"SELECT id FROM events WHERE id = {event['id']} FOR UPDATE")
        reindexing = asyncio.create_task(upkeep.reindex(api.app.services.units))
        await somebody_waits(database_url)
        for table, key in (("events", "id"), ("permissions", "event_id")):
            ends = "ends_at = ends_at + interval '9 hours'"
            await editor.rows(f"UPDATE {table} SET {ends} WHERE {key} = {event['id']}")
        await editor.rows(f"UPDATE events SET version = 2, duration = duration * 10 WHERE id = {event['id']}")
        await editor.rows("COMMIT")
    assert await reindexing == 1
    async with outside(database_url) as connection:
        [head] = await connection.rows(f"SELECT starts_at, ends_at FROM events WHERE id = {event['id']}")
        [copy] = await connection.rows(f"SELECT starts_at, ends_at FROM permissions WHERE event_id = {event['id']}")
    assert head == copy
    assert head[1] - head[0] == 10 * HOUR
