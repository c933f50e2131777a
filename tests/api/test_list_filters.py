"""Filters of lists, and searching in every script."""

from __future__ import annotations

import pytest

from tests.api.steps import calendar, pages, path_of, titles
from tests.people import Json, Person

EVENTS = "/api/v1/events"


async def day(person: Person, number: int, title: str = "", **fields: Json) -> Json:
    """Create an event on a day of March 2027."""
    start, end = f"2027-03-{number:02}T09:00:00Z", f"2027-03-{number:02}T10:00:00Z"
    return await person.creates(title or f"day {number}", start, end, **fields)


# -- filters -------------------------------------------------------------------------------------------------


async def test_the_list_can_be_filtered_by_role_and_owner(alice: Person, ben: Person, carla: Person):
    seen, edited, own = await day(alice, 1, "seen"), await day(carla, 2, "edited"), await day(ben, 3, "own")
    await alice.shares(seen, ben, "viewer")
    await carla.shares(edited, ben, "editor")
    assert titles(await pages(ben, EVENTS, role="viewer")) == ["seen"]
    assert titles(await pages(ben, EVENTS, role="editor")) == ["edited"]
    assert titles(await pages(ben, EVENTS, role="owner")) == ["own"]
    assert titles(await pages(ben, EVENTS, owner_id=alice.id)) == ["seen"]
    assert titles(await pages(ben, EVENTS, calendar_id=own["calendar_id"])) == ["own"]
    assert titles(await calendar(ben, "2027-03-01", "2027-03-31", owner_id=carla.id, role="editor")) == ["edited"]
    assert await pages(ben, EVENTS, owner_id=carla.id, role="viewer") == []


async def test_the_list_can_be_filtered_by_whether_an_event_repeats(alice: Person):
    await day(alice, 1, "series", recurrence_pattern={"frequency": "daily", "count": 2})
    await day(alice, 3, "single")
    assert titles(await pages(alice, EVENTS, is_recurring="true")) == ["series"]
    assert titles(await pages(alice, EVENTS, is_recurring="false")) == ["single"]
    assert titles(await calendar(alice, "2027-03-01", "2027-03-31", is_recurring="true")) == ["series", "series"]


async def test_the_list_can_be_filtered_by_the_time_of_the_last_change(alice: Person):
    await day(alice, 1, "old")
    newer = await day(alice, 2, "new")
    assert titles(await pages(alice, EVENTS, updated_since=newer["updated_at"])) == ["new"]
    assert titles(await pages(alice, EVENTS, updated_since="2020-01-01T00:00:00+02:00")) == ["old", "new"]
    changed = await alice.changes((await pages(alice, EVENTS))[0], location="Room 4")
    assert titles(await pages(alice, EVENTS, updated_since=changed["updated_at"])) == ["old"]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("ÄPFEL", ["Äpfel kaufen"]),
        ("äpfel", ["Äpfel kaufen"]),
        ("STRASSE", ["Straße sperren"]),
        ("straße", ["Straße sperren"]),
        ("σισυφοσ", ["ΣΙΣΥΦΟΣ"]),
        ("ΣΙΣΥΦΟΣ", ["ΣΙΣΥΦΟΣ"]),
        ("ПЛАН", ["план"]),
        ("cafe\u0301", ["Caf\u00e9"]),
        ("100%", ["100% sure"]),
        ("%", ["100% sure"]),
        ("a_b", ["a_b"]),
        ("_", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("room 4", ["in a room"]),
        ("AGENDA", ["described"]),
        ("nothing like it", []),
    ],
)
async def test_the_list_can_be_searched_in_every_script_and_every_character_means_itself(
    alice: Person, q: str, found: list[str]
):
    names = ["Äpfel kaufen", "Straße sperren", "ΣΙΣΥΦΟΣ", "план", "Caf\u00e9", "100% sure", "a_b", "back\\slash"]
    batch: list[Json] = [{"title": name, "start_time": "2027-03-01", "end_time": "2027-03-02"} for name in names]
    batch.append({**batch[0], "title": "in a room", "location": "Big Room 4"})
    batch.append({**batch[0], "title": "described", "description": "the\nagenda\nfor Monday"})
    assert (await alice.post(f"{EVENTS}/batch", batch)).status_code == 201
    assert titles(await pages(alice, EVENTS, q=q)) == found
    assert titles(await calendar(alice, "2027-03-01", "2027-03-01", q=q)) == found


async def test_a_search_finds_a_series_by_the_name_of_one_occurrence(alice: Person):
    series = await day(alice, 1, "Stand-up", recurrence_pattern={"frequency": "daily", "count": 3})
    params = {"scope": "this", "occurrence": "2027-03-02T09:00:00"}
    await alice.put(path_of(series), {"title": "Größe der Bühne"}, params=params)
    assert [one["id"] for one in await pages(alice, EVENTS, q="BÜHNE")] == [series["id"]]
