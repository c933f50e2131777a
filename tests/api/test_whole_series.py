"""Changing and deleting a whole series (scope=all, or none said), also from one of its occurrences."""

from __future__ import annotations

import pytest

from tests.api.steps import calendar, change_part, delete_part, invalid, occurrences, path_of, read, starts, titles
from tests.people import Json, Person

SECOND, THIRD = "2027-03-02T09:00:00", "2027-03-03T09:00:00"
MARCH = ("2027-03-01", "2027-03-31")


async def standup(person: Person, **fields: Json) -> Json:
    """Create a series on the first four days of March 2027, at nine."""
    return await person.creates("Stand-up", **{"recurrence_pattern": {"frequency": "daily", "count": 4}, **fields})


async def test_all_occurrences_change_but_for_what_they_have_of_their_own(alice: Person):
    series = await standup(alice)
    await change_part(alice, series, "this", SECOND, title="Retrospective")
    await alice.changes(series, title="Daily", location="Room 4")
    found = await occurrences(alice, series, *MARCH)
    assert titles(found) == ["Daily", "Retrospective", "Daily", "Daily"]
    assert {one["location"] for one in found} == {"Room 4"}


async def test_changed_occurrences_move_along_with_the_series(alice: Person):
    series = await standup(alice)
    await change_part(alice, series, "this", SECOND, title="Retrospective")
    await delete_part(alice, series, "this", THIRD)
    times = {"start_time": "2027-03-11T14:00:00Z", "end_time": "2027-03-11T15:00:00Z"}
    moved = await alice.changes(series, **times)
    assert moved["overrides"] == {
        "2027-03-12T14:00:00": {"title": "Retrospective"},
        "2027-03-13T14:00:00": {"excluded": True},
    }
    found = await occurrences(alice, series, *MARCH)
    assert [(one["start_time"][8:13], one["title"]) for one in found] == [
        ("11T14", "Stand-up"),
        ("12T14", "Retrospective"),
        ("14T14", "Stand-up"),
    ]


async def test_a_time_that_was_chosen_for_one_occurrence_stays_when_the_series_moves(alice: Person):
    series = await standup(alice)
    own = {"start_time": "2027-03-02T17:00:00Z", "end_time": "2027-03-02T18:00:00Z"}
    await change_part(alice, series, "this", SECOND, **own)
    await alice.changes(series, start_time="2027-03-01T08:00:00Z", end_time="2027-03-01T09:00:00Z")
    found = starts(await occurrences(alice, series, *MARCH))
    assert [start[8:13] for start in found] == ["01T08", "02T17", "03T08", "04T08"]


async def test_an_occurrence_that_the_pattern_leaves_out_takes_its_changes_with_it(alice: Person):
    series = await standup(alice)
    await change_part(alice, series, "this", SECOND, title="Second")
    await change_part(alice, series, "this", THIRD, title="Third")
    shorter = await alice.changes(series, recurrence_pattern={"frequency": "daily", "count": 2})
    assert list(shorter["overrides"]) == [SECOND]
    single = await alice.changes(series, recurrence_pattern=None)
    assert single["overrides"] == {}
    back = (await alice.post(f"{path_of(series)}/rollback/3")).json()
    assert list(back["overrides"]) == [SECOND, THIRD]


async def test_a_series_cannot_be_left_without_occurrences(alice: Person):
    series = await standup(alice)
    await delete_part(alice, series, "this", "2027-03-01T09:00:00")
    refused = await alice.put(path_of(series), {"recurrence_pattern": {"frequency": "daily", "count": 1}})
    assert invalid(refused) == ["/recurrence_pattern"]


async def test_deleting_a_series_deletes_all_of_it(alice: Person):
    series = await standup(alice)
    assert (await alice.delete(path_of(series))).status_code == 204
    assert await calendar(alice, *MARCH) == []


# -- from one occurrence, as a list shows it -----------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [{}, {"start": "2027-03-01", "end": "2027-03-02"}, {"time_zone": "Europe/Berlin"}],
    ids=["plain", "all-day", "in another zone"],
)
async def test_an_occurrence_sent_back_unchanged_changes_no_series(alice: Person, fields: Json):
    series = await standup(alice, **fields)
    for one in await calendar(alice, *MARCH):
        assert await alice.changes(series, **one) == series


async def test_a_field_changed_in_one_occurrence_changes_the_series_and_leaves_its_start_alone(alice: Person):
    """Whoever edits what a list shows, and sends all of it back, does not mean to begin the series there."""
    series = await standup(alice)
    [_, _, third, _] = await calendar(alice, *MARCH)
    changed = await alice.changes(series, **{**third, "title": "Daily"})
    assert (changed["title"], changed["start_time"]) == ("Daily", series["start_time"])
    assert titles(await calendar(alice, *MARCH)) == ["Daily"] * 4


async def test_what_an_occurrence_has_of_its_own_does_not_become_that_of_all(alice: Person):
    series = await standup(alice)
    own = {"title": "Retro", "start_time": "2027-03-02T17:00:00Z", "end_time": "2027-03-02T19:00:00Z"}
    await change_part(alice, series, "this", SECOND, **own)
    [_, second, _, _] = await calendar(alice, *MARCH)
    changed = await alice.changes(series, **{**second, "location": "Room 4"})
    assert (changed["title"], changed["start_time"], changed["location"]) == (
        "Stand-up",
        series["start_time"],
        "Room 4",
    )
    later = await change_part(alice, series, "following", SECOND, **{**second, "version": 3, "location": "Room 5"})
    assert (later["title"], later["start_time"]) == ("Stand-up", "2027-03-02T09:00:00Z")
    assert later["overrides"][SECOND]["title"] == "Retro"


async def test_a_series_moves_by_as_much_as_the_occurrence_that_was_dragged(alice: Person):
    series = await standup(alice, time_zone="Europe/Berlin", start="2027-03-26T09:00:00", end="2027-03-26T10:00:00")
    found = await calendar(alice, *MARCH)
    dragged = {**found[2], "start_time": "2027-03-28T11:30:00+02:00", "end_time": "2027-03-28T13:00:00+02:00"}
    moved = await alice.changes(series, **dragged)
    assert (moved["start_time"], moved["end_time"]) == ("2027-03-26T11:30:00+01:00", "2027-03-26T13:00:00+01:00")
    assert [start[8:16] for start in starts(await occurrences(alice, series, *MARCH))] == [
        "26T11:30",
        "27T11:30",
        "28T11:30",
        "29T11:30",
    ]


async def test_a_weekly_series_turns_with_the_occurrence_that_was_dragged(alice: Person):
    series = await standup(alice, recurrence_pattern={"frequency": "weekly", "byDay": ["mo"], "count": 3})
    [_, second, _] = await calendar(alice, *MARCH)
    dragged = {**second, "start_time": "2027-03-09T09:00:00Z", "end_time": "2027-03-09T10:00:00Z"}
    moved = await alice.changes(series, **dragged)
    assert moved["recurrence_pattern"]["byDay"] == [{"day": "tu"}]
    assert [start[8:10] for start in starts(await occurrences(alice, series, *MARCH))] == ["02", "09", "16"]


async def test_an_occurrence_that_was_dragged_turns_the_series_into_whole_days(alice: Person):
    series = await standup(alice)
    own = {"start_time": "2027-03-02T17:00:00Z", "end_time": "2027-03-02T18:00:00Z"}
    await change_part(alice, series, "this", SECOND, **own)
    [_, second, _, _] = await calendar(alice, *MARCH)
    days = {**second, "all_day": True, "start_time": "2027-03-03", "end_time": "2027-03-04"}
    changed = await alice.changes(series, **days)
    assert (changed["start_time"], changed["end_time"]) == ("2027-03-02", "2027-03-03")
    assert starts(await occurrences(alice, series, *MARCH)) == ["2027-03-02", "2027-03-03", "2027-03-04", "2027-03-05"]


async def test_an_occurrence_that_never_was_cannot_be_sent_back(alice: Person):
    series = await standup(alice)
    assert invalid(await alice.put(path_of(series), {"title": "x", "occurrence": "2027-03-09T09:00:00"})) == [
        "/occurrence"
    ]
    assert await read(alice, series) == series


async def test_a_series_cannot_be_dragged_out_of_time(alice: Person):
    series = await alice.creates(
        "Long", "0001-01-05T09:00:00Z", "0001-01-05T10:00:00Z", recurrence_pattern="yearly", free_busy_status="free"
    )
    sent = {
        "occurrence": "2027-01-05T09:00:00",
        "start_time": "2026-01-05T09:00:00Z",
        "end_time": "2026-01-05T10:00:00Z",
    }
    assert invalid(await alice.put(path_of(series), sent)) == ["/start_time"]
