"""What comparing may cost: it skips where nothing is, and what is too much is refused, never booked unseen."""

from __future__ import annotations

import asyncio
from datetime import datetime

from convene.storage import tables
from tests.api.booking import EVENTS, at, book, book_all_the_same
from tests.api.steps import path_of, refusal
from tests.effort import effort
from tests.people import Json, Person
from tests.process.outside import outside

BATCH = f"{EVENTS}/batch"
UNTIL = "X-Conflicts-Checked-Until"
EVERY_HOUR = {"frequency": "daily", "by_hour": list(range(24))}


def minute(year: int, title: str = "far") -> Json:
    """An event of a minute in some year."""
    return {"title": title, "start_time": f"{year}-03-01T09:00:00Z", "end_time": f"{year}-03-01T09:01:00Z"}


def hourly(minute_of_hour: int) -> Json:
    """An endless series of minutes, one in every hour."""
    start, end = f"01 00:{minute_of_hour:02}", f"01 00:{minute_of_hour + 1:02}"
    return at(start, end, recurrence_pattern=EVERY_HOUR)


def on(event: Json, *days: str) -> Json:
    """A series in every hour, but on some days of the week alone: the clock does not tell it from others."""
    return {**event, "recurrence_pattern": {**EVERY_HOUR, "frequency": "weekly", "by_day": list(days)}}


async def allowed(person: Person, batch: list[Json]) -> None:
    response = await person.post(BATCH, batch, params={"on_conflict": "allow"})
    assert response.status_code == 201, response.text


async def test_a_batch_costs_what_is_in_it_however_far_apart(alice: Person):
    with effort() as measured:
        response = await alice.post(BATCH, [minute(2030 + 8 * number) for number in range(300)])
    assert response.status_code == 201
    assert measured.cpu_seconds < 5


async def test_a_batch_far_apart_still_finds_every_clash(alice: Person):
    taken = (await alice.post(EVENTS, minute(4000, "Taken"))).json()
    batch = [minute(4000), minute(2030), minute(9000)]
    [found] = refusal(await alice.post(BATCH, batch), 409, "schedule-conflict")["conflicts"]
    assert (found["index"], found["event_id"]) == (0, taken["id"])
    late_first = [minute(9000), minute(2030), minute(9000, "again")]
    [found] = refusal(await alice.post(BATCH, late_first), 409, "schedule-conflict")["conflicts"]
    assert (found["index"], found["other_index"], found["title"]) == (0, 2, "again")


async def test_a_batch_that_is_too_much_to_compare_is_refused_unless_allowed(alice: Person):
    batch = [hourly(number) for number in range(59)]
    problem = refusal(await alice.post(BATCH, batch), 422, "too-much")
    assert "on_conflict=allow" in problem["detail"]
    assert (await alice.get(EVENTS)).json() == []
    await allowed(alice, batch)


async def test_a_booking_in_a_calendar_too_full_to_compare_is_refused_unless_allowed(alice: Person):
    await allowed(alice, [on(hourly(number), "mo", "tu", "we", "th", "fr", "sa") for number in range(58)])
    sundays = on(at("05 00:00", "05 01:00"), "su")
    problem = refusal(await alice.post(EVENTS, sundays), 422, "too-much")
    assert "on_conflict=allow" in problem["detail"]
    assert UNTIL not in (await alice.post(EVENTS, sundays, params={"on_conflict": "allow"})).headers


async def test_others_have_their_turn_while_a_dense_series_is_compared(alice: Person):
    """Both have 7,500 occurrences in two years: after each 400 or so, the loop is free."""
    await allowed(alice, [on(hourly(0), "mo", "we", "fr")])
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    others = asyncio.create_task(take_turns())
    assert (await alice.post(EVENTS, on(at("02 00:00", "02 00:01"), "tu", "th", "sa"))).status_code == 201
    others.cancel()
    assert turns > 2 * 7_500 / 500


async def test_every_booking_says_until_when_it_was_compared(alice: Person):
    sent = at("01 09:00", "01 10:00", recurrence_pattern={"frequency": "weekly"})
    created = await alice.post(EVENTS, sent)
    assert datetime.fromisoformat(created.headers[UNTIL]) == datetime.fromisoformat("2047-03-02T09:00:00Z")
    event = created.json()
    moved = await alice.put(path_of(event), {"end_time": "2045-03-01T11:00:00Z"})
    assert moved.headers[UNTIL] == created.headers[UNTIL]
    assert UNTIL not in (await alice.put(path_of(event), {"title": "Renamed"})).headers
    await alice.delete(path_of(event))
    assert (await alice.post(f"{path_of(event)}/restore")).headers[UNTIL] == created.headers[UNTIL]
    assert UNTIL in (await alice.post(BATCH, [minute(2030)])).headers


async def test_going_back_and_handing_over_say_until_when_was_compared(alice: Person, ben: Person):
    event = await book(alice, "01 09:00", "01 10:00")
    await alice.changes(event, end_time="2045-03-01T09:30:00Z")
    assert UNTIL in (await alice.post(f"{path_of(event)}/rollback/1")).headers
    await alice.shares(event, ben)
    assert UNTIL in (await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})).headers


async def copy(database_url: str, event: Json, times: int) -> None:
    """Copy an event, its owner's permission and its version, as creating it again and again would.

    PostgreSQL looks at tables that grow within a minute; until then, it keeps plans for few, and a page costs 20 s.
    """
    chosen = {
        table.name: ", ".join(column.name for column in table.columns if column.name not in {"id", "uid", "event_id"})
        for table in (tables.events, tables.permissions, tables.event_versions)
    }
    numbers = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times})"
    async with outside(database_url) as connection:
        await connection.rows(
            f"INSERT INTO events (uid, {chosen['events']}) {numbers}"
            f" SELECT uid || '-' || i, {chosen['events']} FROM events CROSS JOIN n WHERE id = {event['id']}"
        )
        for table in ("permissions", "event_versions"):
            columns = chosen[table]
            await connection.rows(
                f"INSERT INTO {table} (event_id, {columns}) SELECT copy.id, {columns} FROM {table}"
                f" CROSS JOIN (SELECT id FROM events WHERE uid LIKE '{event['uid']}-%') copy"
                f" WHERE event_id = {event['id']}"
            )
        if database_url.startswith("postgresql"):
            await connection.rows("ANALYZE")


async def test_a_window_with_too_many_series_is_refused_even_when_none_occurs(alice: Person, database_url: str):
    yearly = await book(alice, "01 09:00", "01 10:00", recurrence_pattern={"frequency": "yearly"})
    await copy(database_url, yearly, 11_000)
    assert len((await alice.get(EVENTS, limit=200)).json()) == 200
    window = {"from": "2046-06-01T00:00:00Z", "to": "2046-07-01T00:00:00Z"}
    refusal(await alice.get(EVENTS, **window), 422, "too-much")
    await book_all_the_same(alice, "02 09:00", "02 10:00")


async def test_whoever_has_two_hundred_endless_series_can_still_book_a_series(alice: Person):
    times = [divmod(5 * number, 60) for number in range(200)]
    daily = {"recurrence_pattern": {"frequency": "daily"}}
    await allowed(
        alice, [at(f"01 {hour:02}:{minute:02}", f"01 {hour:02}:{minute + 4:02}", **daily) for hour, minute in times]
    )
    with effort() as measured:
        free = await alice.post(EVENTS, at("02 20:00", "02 21:00", **daily))
    assert free.status_code == 201, free.text
    assert measured.cpu_seconds < 1
    problem = refusal(await alice.post(EVENTS, at("02 08:07", "02 08:08", **daily)), 409, "schedule-conflict")
    assert problem["conflicts"][0]["start_time"] == "2045-03-02T08:05:00Z"
    assert (await alice.post(EVENTS, at("02 08:09", "02 08:10", **daily))).status_code == 201
