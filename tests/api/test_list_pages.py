"""Pages of lists: whole at every size, and stable while the calendar changes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.steps import calendar, invalid, next_page, pages, path_of, titles
from tests.people import Json, Person

EVENTS = "/api/v1/events"


async def day(person: Person, number: int, title: str = "", **fields: Json) -> Json:
    """Create an event on a day of March 2027."""
    start, end = f"2027-03-{number:02}T09:00:00Z", f"2027-03-{number:02}T10:00:00Z"
    return await person.creates(title or f"day {number}", start, end, **fields)


# -- pages ---------------------------------------------------------------------------------------------------


async def test_a_page_names_the_next_one_and_the_last_page_none(alice: Person):
    for number in range(1, 5):
        await day(alice, number)
    first = await alice.get(EVENTS, limit=2, is_recurring="false")
    address = next_page(first)
    assert address is not None
    assert urlsplit(address).path == EVENTS
    assert parse_qs(urlsplit(address).query).items() >= {"limit": ["2"], "is_recurring": ["false"]}.items()
    second = await alice.request("GET", address)
    assert titles(first.json() + second.json()) == ["day 1", "day 2", "day 3", "day 4"]
    assert next_page(second) is None


@pytest.mark.parametrize("window", [{}, {"from": "2027-03-01", "to": "2027-03-31"}], ids=["events", "occurrences"])
async def test_pages_stay_stable_while_the_calendar_changes(alice: Person, window: Json):
    events = [await day(alice, number) for number in range(2, 22, 2)]
    seen: list[Json] = []
    address: str | None = None
    for turn in range(5):
        page = await (alice.request("GET", address) if address else alice.get(EVENTS, limit=2, **window))
        seen += page.json()
        await day(alice, turn * 4 + 3)  # between the two that were just read
        await alice.delete(path_of(events[turn * 2]))  # which was just read
        address = next_page(page)
    found = titles(seen)
    assert len(found) == len(set(found))
    assert [title for title in found if int(title[4:]) % 2 == 0] == titles(events)


async def test_pages_of_occurrences_are_whole_at_every_size(alice: Person):
    series = await day(alice, 1, recurrence_pattern={"frequency": "daily", "count": 7}, free_busy_status="free")
    await day(alice, 1, recurrence_pattern={"frequency": "daily", "count": 7}, free_busy_status="free")
    whole = await calendar(alice, "2027-03-01", "2027-03-31")
    assert len(whole) == 14
    for limit in (1, 3, 7, 14):
        assert await calendar(alice, "2027-03-01", "2027-03-31", limit=limit) == whole
        path = f"{path_of(series)}/occurrences"
        params = {"from": "2027-03-01", "to": "2027-03-31", "limit": limit}
        assert await pages(alice, path, **params) == [one for one in whole if one["id"] == series["id"]]


async def test_the_occurrences_of_one_event_need_a_window(alice: Person):
    event = await day(alice, 1)
    assert invalid(await alice.get(f"{path_of(event)}/occurrences")) == ["?from"]
    assert await pages(alice, f"{path_of(event)}/occurrences", **{"from": "2027-03-01"}) == [event]
