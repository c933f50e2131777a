"""Pruning: what nobody can have back goes, with all that belongs to it, and whoever follows changes is told so."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Table

from convene.delivery import housekeeping
from convene.operations import upkeep
from convene.operations.upkeep import Pruned
from convene.storage.delivery_tables import deliveries
from convene.storage.tables import idempotency_keys, metadata, sessions
from convene.storage.unit_of_work import Units
from tests.api.signing_in import sign_in
from tests.api.steps import path_of, read, refusal
from tests.api.test_trash import later
from tests.people import Api, Json, Person
from tests.process.outside import outside
from tests.synced_copy import Copy

CHANGES = "/api/v1/changes"
NOTIFICATIONS = "/api/v1/notifications"
MANY = 1_200


@pytest.fixture
def database_url(own_database: str) -> str:
    """The test's own: pruning is for all that a database holds."""
    return own_database


@pytest.fixture
def api(own_api: Api) -> Api:
    return own_api


async def pruned(api: Api, days: int) -> Pruned:
    """What is thrown away after some days."""
    with later(api, timedelta(days=days)):
        return await upkeep.prune(api.app.services.units)


async def rows_of(database_url: str, event: Json) -> dict[str, int]:
    """In which tables something of an event is kept, and how many rows."""
    found: dict[str, int] = {}
    async with outside(database_url) as connection:
        for table in metadata.sorted_tables:
            name = "id" if table.name == "events" else "event_id"
            if name in table.columns:
                [[count]] = await connection.rows(f"SELECT count(*) FROM {table.name} WHERE {name} = {event['id']}")
                found |= {table.name: count} if count else {}
    return found


async def logged(person: Person, webhook: Json) -> None:
    """Wait until something is on its way to a webhook."""
    for _ in range(500):
        if (await person.get(f"/api/v1/webhooks/{webhook['id']}/deliveries")).json():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nothing is on its way")


async def everything_happens_to(alice: Person, ben: Person) -> Json:
    """An event that has left something in every table, in alice's trash."""
    event = await alice.creates("Old")
    webhook = await ben.adds_webhook("https://hooks.invalid/x")
    await alice.shares(event, ben, "editor")
    await logged(ben, webhook)
    await alice.changes(event, title="Older")
    refusal(await ben.put(path_of(event), {"title": "Other", "base_version": 1}), 409, "edit-conflict")
    assert (await ben.put(f"{path_of(event)}/mute", {})).status_code == 204
    assert (await alice.delete(path_of(event))).status_code == 204
    return event


async def test_what_has_lain_in_the_trash_for_too_long_is_gone_with_all_that_belongs_to_it(
    api: Api, database_url: str, alice: Person, ben: Person
):
    kept = await alice.creates("Kept")
    event = await everything_happens_to(alice, ben)
    assert len(await rows_of(database_url, event)) >= 7
    assert (await pruned(api, 29)).events == 0
    assert (await pruned(api, 32)).events == 1
    assert await rows_of(database_url, event) == {}
    assert (await alice.get(path_of(kept))).json() == kept
    assert (await alice.get("/api/v1/events/trash")).json() == []


async def test_the_half_of_a_series_outlives_the_other(api: Api, alice: Person):
    series = await alice.creates("Daily", recurrence_pattern="FREQ=DAILY;COUNT=10")
    params = {"scope": "following", "occurrence": "2027-03-04T09:00:00"}
    later_half = (await alice.put(path_of(series), {"title": "Later"}, params=params)).json()
    assert later_half["split_from"] == series["id"]
    await alice.delete(path_of(series))
    assert (await pruned(api, 40)).events == 1
    assert (await alice.get(path_of(later_half))).json() == {**later_half, "split_from": None}


async def split(person: Person, series: Json, day: int) -> Json:
    """Split a series in March 2027, and give its later half."""
    params = {"scope": "following", "occurrence": f"2027-03-{day:02}T09:00:00"}
    return (await person.put(path_of(series), {"title": f"From the {day}th on"}, params=params)).json()


async def test_a_half_that_is_gone_does_not_hide_those_beyond_it(api: Api, alice: Person):
    """Otherwise a rollback would let the whole series take place beside them, and an older edit not reach them."""
    nearer_last = await alice.creates("Daily", recurrence_pattern="FREQ=DAILY;COUNT=10")
    far = await split(alice, nearer_last, 6)
    halves_of_halves = await alice.creates("Daily", recurrence_pattern="FREQ=DAILY;COUNT=10")
    second = await split(alice, halves_of_halves, 4)
    third = await split(alice, second, 6)
    fourth = await split(alice, third, 8)
    for half in (await split(alice, nearer_last, 4), second, third):
        await alice.delete(path_of(half))
    assert (await pruned(api, 40)).events == 3
    for series, beyond in ((nearer_last, far), (halves_of_halves, fourth)):
        back = await alice.post(f"{path_of(series)}/rollback/1")
        assert refusal(back, 409, "not-possible")["reason"] == "series_split"
        await alice.changes(series, location="Room 4", base_version=1)
        earlier, later_half = await read(alice, series), await read(alice, beyond)
        assert (earlier["continued_by"], later_half["split_from"]) == (beyond["id"], series["id"])
        assert (earlier["location"], later_half["location"]) == ("Room 4", "Room 4")


async def test_whoever_follows_changes_is_told_what_went_before_it_is_forgotten(api: Api, alice: Person, ben: Person):
    event = await alice.creates("Shared")
    await alice.shares(event, ben)
    slow, quick = Copy(ben), Copy(ben)
    await slow.catch_up()
    await quick.catch_up()
    await alice.delete(f"{path_of(event)}/permissions/{ben.id}")
    await quick.catch_up()
    assert (await pruned(api, 32)).permissions == 1
    await quick.catch_up()
    assert quick.events == {}
    refusal(await ben.get(CHANGES, since=str(slow.cursor)), 410, "cursor-gone")
    anew = Copy(ben)
    await anew.catch_up()
    assert anew.events == {}


async def test_who_has_access_again_keeps_it(api: Api, alice: Person, ben: Person):
    event = await alice.creates("Shared")
    await alice.shares(event, ben)
    await alice.delete(f"{path_of(event)}/permissions/{ben.id}")
    await alice.shares(event, ben)
    assert (await pruned(api, 32)).permissions == 0
    ben = await sign_in(ben)
    assert (await ben.get(path_of(event))).status_code == 200


async def test_read_notifications_go_earlier_than_unread_ones(api: Api, alice: Person, ben: Person):
    for title in ("Read", "Unread"):
        await alice.shares(await alice.creates(title), ben)
    unread, read = (await ben.get(NOTIFICATIONS)).json()
    await ben.post(f"{NOTIFICATIONS}/{read['id']}/read")
    assert (await pruned(api, 89)).notifications == 0
    assert (await pruned(api, 91)).notifications == 1
    assert [one["id"] for one in (await ben.get(NOTIFICATIONS)).json()] == [unread["id"]]
    assert (await pruned(api, 366)).notifications == 1


async def test_sessions_that_have_expired_are_forgotten(api: Api, alice: Person):
    await sign_in(alice)
    assert (await pruned(api, 7)).sessions == 0
    assert (await pruned(api, 9)).sessions == 2


async def test_the_log_of_a_webhook_goes_back_a_month(api: Api, alice: Person):
    webhook = await alice.adds_webhook("https://hooks.invalid/x")
    path = f"/api/v1/webhooks/{webhook['id']}"
    await alice.post(f"{path}/test")
    await alice.patch(path, {"active": False})  # which gives up what is due
    assert (await pruned(api, 29)).deliveries == 0
    assert (await pruned(api, 31)).deliveries == 1
    assert (await alice.get(f"{path}/deliveries")).json() == []


async def test_answers_kept_for_requests_that_are_sent_again_are_forgotten_after_a_day(api: Api, alice: Person):
    await alice.post("/api/v1/events/batch", [], headers={"Idempotency-Key": "none"})
    event = {"title": "Once", "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z"}
    await alice.post("/api/v1/events", event, headers={"Idempotency-Key": "one"})
    with later(api, timedelta(hours=23)):
        assert (await upkeep.prune(api.app.services.units)).answers == 0
    assert (await pruned(api, 2)).answers == 1


async def copied(database_url: str, table: Table, **changed: str) -> None:
    """Copy the one row of a table many times; `changed` says in SQL what is another in each, by its number n."""
    names = [column.name for column in table.columns if column.name != "id" or "id" in changed]
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY})"
    values = ", ".join(changed.get(name, name) for name in names)
    into = f"INSERT INTO {table.name} ({', '.join(names)})"
    async with outside(database_url) as connection:
        await connection.rows(f"{into} {numbers} SELECT {values} FROM {table.name}, numbers")


async def test_whatever_goes_by_its_age_goes_in_stretches(api: Api, database_url: str, alice: Person):
    webhook = await alice.adds_webhook("https://hooks.invalid/x")
    path = f"/api/v1/webhooks/{webhook['id']}"
    await alice.post(f"{path}/test", headers={"Idempotency-Key": "one"})
    await alice.patch(path, {"active": False})
    await copied(database_url, sessions, id="'old' || n")
    await copied(database_url, idempotency_keys, key="'old' || n")
    await copied(database_url, deliveries, message_id="'old' || n")
    writes = 0

    def count_write() -> None:
        nonlocal writes
        writes += 1

    with later(api, timedelta(days=40)):
        units = api.app.services.units
        found = await upkeep.prune(Units(units.database, units._clock, count_write))
    assert (found.sessions, found.answers, found.deliveries) == (MANY + 1,) * 3
    assert writes >= 3 * MANY / 500
    assert await pruned(api, 40) == Pruned(0, 0, 0, 0, 0, 0)


async def test_pruning_again_throws_nothing_away(api: Api, alice: Person, ben: Person):
    await everything_happens_to(alice, ben)
    await pruned(api, 400)
    assert await pruned(api, 400) == Pruned(
        events=0, permissions=0, notifications=0, sessions=0, answers=0, deliveries=0
    )


async def test_a_server_prunes_by_itself(api: Api, database_url: str, alice: Person, ben: Person):
    event = await everything_happens_to(alice, ben)
    with later(api, timedelta(days=32)):
        units = api.app.services.units
    async with housekeeping.running(units, every=0.01):
        for _ in range(1_000):
            if not await rows_of(database_url, event):
                return
            await asyncio.sleep(0.01)
    raise AssertionError("the event is still there")


@pytest.mark.parametrize("own_database", ["postgresql"], indirect=True)
async def test_what_is_made_about_an_old_event_meanwhile_goes_with_it(api: Api, database_url: str, alice: Person):
    event = await alice.creates("Old")
    await alice.delete(path_of(event))
    async with outside(database_url) as dispatching:
        await dispatching.rows("BEGIN")
        await dispatching.rows(
            "INSERT INTO deliveries (message_id, user_id, channel, event_id, kind, attempts, created_at) "
            f"VALUES ('msg_late', {alice.id}, 'email', {event['id']}, 'deleted', 0, now())"
        )
        pruning = asyncio.create_task(pruned(api, 32))
        await asyncio.sleep(0.5)  # until it has come to the event
        await dispatching.rows("COMMIT")
    assert (await pruning).events == 1
    assert await rows_of(database_url, event) == {}


async def refusals(person: Person, cursor: str | None = None) -> int:
    """How often somebody who asks for changes again and again is told to begin anew."""
    refused = 0
    for _ in range(6):
        answer = await person.get(CHANGES, **({"since": cursor} if cursor else {}))
        refused += answer.status_code == 410
        cursor = answer.json()["cursor"] if answer.is_success else None
    return refused


async def test_a_new_cursor_is_good_where_the_newest_was_pruned(api: Api, alice: Person, ben: Person):
    event = await alice.creates("Only")
    assert (await alice.delete(path_of(event))).status_code == 204
    assert (await pruned(api, 40)).events == 1
    assert await refusals(await sign_in(ben)) == 0


async def test_who_is_refused_because_nobody_wrote_for_so_long_begins_anew_once(api: Api, alice: Person, ben: Person):
    event = await alice.creates("Shared")
    await alice.shares(event, ben)
    assert (await ben.delete(f"{path_of(event)}/permissions/{ben.id}")).status_code == 204
    copy = Copy(alice)
    await copy.catch_up()
    assert (await pruned(api, 32)).permissions == 1
    assert await refusals(await sign_in(alice), copy.cursor) <= 1
