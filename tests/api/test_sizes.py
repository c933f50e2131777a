"""How big an event and a page may get: no event, and no answer, grows without end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.steps import change_part, pages, path_of, read, refusal, try_part
from tests.people import Json, Person

LONG = "x" * 20_000
PAGE = 1_048_576


def name(day: int) -> str:
    """The name of the occurrence on a day of a daily series, counted from 0."""
    return f"{datetime(2027, 3, 1, 9, tzinfo=UTC) + timedelta(days=day):%Y-%m-%dT%H:%M:%S}"


@pytest.fixture
async def series(alice: Person) -> Json:
    """A series whose occurrences have nearly as much text of their own as there may be: 6 times 20,000 of 131,072."""
    event = await alice.creates("Daily", recurrence_pattern={"frequency": "daily", "count": 50})
    for day in range(6):
        await change_part(alice, event, "this", name(day), description=LONG)
    return await read(alice, event)


# -- one event -----------------------------------------------------------------------------------------------


async def test_occurrences_have_only_so_much_text_of_their_own(alice: Person, series: Json):
    refused = await try_part(alice, series, "this", name(6), {"description": LONG})
    [fault] = refusal(refused, 422, "invalid")["errors"]
    assert fault == {"pointer": "", "detail": "its changed occurrences have at most 131072 characters of their own"}
    assert await read(alice, series) == series


async def test_text_that_just_fits_is_kept(alice: Person, series: Json):
    await change_part(alice, series, "this", name(6), description="x" * 11_072)
    assert (await try_part(alice, series, "this", name(7), {"title": "x"})).status_code == 422


async def test_two_edits_that_are_too_much_text_together_are_a_conflict(alice: Person, ben: Person, series: Json):
    await alice.shares(series, ben)
    text = "x" * 8_000
    await change_part(alice, series, "this", name(6), description=text)
    late = {"description": text, "version": series["version"]}
    problem = refusal(await try_part(ben, series, "this", name(7), late), 409, "edit-conflict")
    assert [one["field"] for one in problem["conflicts"]] == [f"overrides/{name(6)}", f"overrides/{name(7)}"]


# -- pages ---------------------------------------------------------------------------------------------------


async def test_a_page_of_history_ends_early_when_it_is_big(alice: Person, series: Json):
    for turn in range(12):
        await alice.changes(series, title=f"Daily {turn}")
    first = await alice.get(f"{path_of(series)}/history", limit=200)
    assert 1 <= len(first.json()) < 19
    assert len(first.content) <= PAGE
    everything = await pages(alice, f"{path_of(series)}/history", limit=200)
    assert [one["version_number"] for one in everything] == list(range(19, 0, -1))


async def test_a_page_of_events_ends_early_when_it_is_big(alice: Person):
    made = [(await alice.creates(f"Note {turn}", description=LONG))["id"] for turn in range(60)]
    first = await alice.get("/api/v1/events", limit=200)
    assert len(first.content) <= PAGE
    assert [one["id"] for one in await pages(alice, "/api/v1/events", limit=200)] == made


# -- blame ---------------------------------------------------------------------------------------------------


async def test_blame_follows_overrides_schedules_and_rollbacks(alice: Person, ben: Person):
    event = await alice.creates("Daily", recurrence_pattern={"frequency": "daily", "count": 50})
    await alice.shares(event, ben)
    await change_part(ben, event, "this", name(1), title="Own")  # 2
    await ben.changes(event, end_time="2027-03-01T10:30:00Z")  # 3
    await alice.changes(event, title="Changed")  # 4
    await alice.post(f"{path_of(event)}/rollback/1")  # 5
    await change_part(ben, event, "this", name(2), title="Another")  # 6
    blamed = (await alice.get(f"{path_of(event)}/blame")).json()["fields"]
    assert {field: one["version_number"] for field, one in blamed.items()} == {
        **dict.fromkeys(
            ["description", "start_time", "time_zone", "all_day", "recurrence_pattern", "location", "status"], 1
        ),
        "free_busy_status": 1,
        "tags": 1,
        "title": 5,
        "end_time": 5,
        f"overrides/{name(2)}": 6,
    }
    assert (blamed["title"]["kind"], blamed["title"]["author"]) == ("rolled back", alice.username)
