"""Windows with one end: the list goes on by cursor, however far away the next event is, and never ends silently."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from convene.api.paging import decode_cursor, encode_cursor
from tests.api.steps import calendar, next_page, pages, path_of, starts, titles
from tests.people import Json, Person

EVENTS = "/api/v1/events"


async def in_year(person: Person, year: int, **fields: Json) -> Json:
    """Create an event on the first of March of a year."""
    return await person.creates(f"{year}", f"{year}-03-01T09:00:00Z", f"{year}-03-01T10:00:00Z", **fields)


async def onward(person: Person, start: str, path: str = EVENTS, **params: str | int) -> list[Json]:
    """Read all that comes from a time on."""
    return await pages(person, path, **{"from": start, **params})


async def first_pages(person: Person, path: str, count: int, start: str, limit: int) -> list[Json]:
    """Read the first so many pages of a list that goes on after them."""
    response = await person.get(path, **{"from": start}, limit=limit)
    entries: list[Json] = response.json()
    for _ in range(count - 1):
        address = next_page(response)
        assert address is not None, "the list ended"
        response = await person.request("GET", address)
        assert response.status_code == 200, response.text
        entries += response.json()
    assert next_page(response) is not None, "the list ended"
    return entries


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_a_window_without_an_end_has_all_that_comes(alice: Person, limit: int):
    for year in (2041, 2026, 2027, 2300, 9998, 2025):
        await in_year(alice, year)
    found = await onward(alice, "2026-01-01", limit=limit)
    assert titles(found) == ["2026", "2027", "2041", "2300", "9998"]


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_a_window_without_a_start_has_all_that_was(alice: Person, limit: int):
    for year in (2027, 1931, 2010, 1300, 2031):
        await in_year(alice, year)
    assert titles(await pages(alice, EVENTS, to="2027-12-31", limit=limit)) == ["1300", "1931", "2010", "2027"]
    assert await pages(alice, EVENTS, to="1299-12-31", limit=limit) == []


async def test_an_open_window_of_somebody_without_events_is_empty(alice: Person):
    for window in ({"from": "2026-03-01"}, {"to": "2027-02-28"}, {"from": "9999-06-01"}, {"to": "0001-02-01"}):
        response = await alice.get(EVENTS, **window)
        assert (response.json(), next_page(response)) == ([], None)


@pytest.mark.parametrize("limit", [1, 3, 200])
async def test_an_open_window_has_what_a_closed_one_has(alice: Person, limit: int):
    await alice.creates("Sabbatical", "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z")
    await in_year(alice, 2027, free_busy_status="free")
    times = {"start": "2026-12-01T09:00:00Z", "end": "2026-12-03T09:00:00Z", "free_busy_status": "free"}
    await alice.creates("Overlapping itself", **times, recurrence_pattern={"frequency": "daily", "count": 30})
    await alice.creates("Monthly", **times, recurrence_pattern={"frequency": "monthly", "count": 9})
    closed = await calendar(alice, "2026-12-10", "2027-12-31")
    assert len(closed) == 2 + 23 + 8
    assert await onward(alice, "2026-12-10", limit=limit) == closed
    assert (await pages(alice, EVENTS, to="2027-12-31", limit=limit))[-8:] == closed[-8:]


async def test_a_series_without_an_end_goes_on_page_by_page(alice: Person):
    series = await in_year(alice, 2027, recurrence_pattern="daily")
    days = [(date(2028, 1, 1) + timedelta(days=n)).isoformat() for n in range(600)]
    for path in (EVENTS, f"{path_of(series)}/occurrences"):
        found = await first_pages(alice, path, 3, "2028-01-01", 200)
        assert [start[:10] for start in starts(found)] == days


async def test_a_series_that_seldom_occurs_is_found_although_pages_before_it_are_empty(alice: Person):
    series = await in_year(alice, 2027, recurrence_pattern={"frequency": "yearly", "interval": 40, "count": 4})
    for path in (EVENTS, f"{path_of(series)}/occurrences"):
        for limit in (1, 50):
            found = await onward(alice, "2027-04-01", path, limit=limit)
            assert [start[:4] for start in starts(found)] == ["2067", "2107", "2147"]
    assert [start[:4] for start in starts(await pages(alice, EVENTS, to="2110-01-01"))] == ["2027", "2067", "2107"]


async def test_an_open_window_reads_calendars_of_which_a_year_would_be_too_much(alice: Person):
    times = {"start": "2027-01-01T00:00:00Z", "end": "2027-01-01T00:10:00Z", "free_busy_status": "free"}
    for title in ("first", "second"):
        await alice.creates(title, **times, recurrence_pattern={"frequency": "daily", "byHour": list(range(24))})
    closed = await alice.get(EVENTS, **{"from": "2027-01-01", "to": "2027-12-31"})
    assert closed.status_code == 422
    found = await first_pages(alice, EVENTS, 2, "2027-01-01", 200)
    assert titles(found) == ["first", "second"] * 200


async def test_an_open_window_goes_on_where_a_calendar_becomes_too_full_for_a_long_look(alice: Person):
    times = {"start": "2027-03-01T00:00:00Z", "end": "2027-03-01T00:10:00Z", "free_busy_status": "free"}
    crowd = [{"title": f"{n:02}", "start_time": times["start"], "end_time": times["end"]} for n in range(60)]
    daily = {"free_busy_status": "free", "recurrence_pattern": {"frequency": "daily", "count": 300}}
    assert (await alice.post(f"{EVENTS}/batch", [{**one, **daily} for one in crowd])).status_code == 201
    found = await first_pages(alice, EVENTS, 3, "2026-12-01", 60)
    assert titles(found)[:60] == [one["title"] for one in crowd]


async def test_filters_hold_in_open_windows(alice: Person):
    await in_year(alice, 2027)
    await in_year(alice, 2041, recurrence_pattern={"frequency": "yearly", "count": 2})
    found = await onward(alice, "2026-01-01", q="2041")
    assert [start[:4] for start in starts(found)] == ["2041", "2042"]
    assert titles(await onward(alice, "2026-01-01", is_recurring="false")) == ["2027"]


async def test_a_cursor_that_was_made_up_leads_past_the_end_of_a_window_and_not_into_a_fault(alice: Person):
    await in_year(alice, 2027, recurrence_pattern="daily")
    first = next_page(await alice.get(EVENTS, to="2027-03-09", limit=1))
    assert first is not None
    cursor = decode_cursor(parse_qs(urlsplit(first).query)["cursor"][0], str, str, int, str, name="?cursor")
    made_up = encode_cursor([cursor[0], "2031-01-01T00:00:00+00:00", 7, None])
    response = await alice.get(EVENTS, to="2027-03-09", limit=1, cursor=made_up)
    assert (response.json(), next_page(response)) == ([], None)
