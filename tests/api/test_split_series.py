"""What a split means to those who saw the series whole: older edits reach all of it, or are refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.api.steps import (
    calendar,
    change_part,
    delete_part,
    occurrences,
    path_of,
    read,
    refusal,
    starts,
    titles,
    try_part,
)
from tests.people import Json, Person

FIRST, SECOND, THIRD, FOURTH = (f"2027-03-0{day}T09:00:00" for day in (1, 2, 3, 4))
MARCH = ("2027-03-01", "2027-03-31")
BUSY = ("2045-03-01T09:00:00Z", "2045-03-01T10:00:00Z")


@pytest.fixture
async def series(alice: Person, ben: Person) -> Json:
    """A series on the first four days of March 2027, at nine, that Alice shares with Ben."""
    event = await alice.creates("Stand-up", recurrence_pattern={"frequency": "daily", "count": 4})
    await alice.shares(event, ben)
    return event


async def days(person: Person, event: Json) -> list[str]:
    """On which days of March a series takes place."""
    return [start[8:10] for start in starts(await occurrences(person, event, *MARCH))]


async def try_whole(person: Person, event: Json, **fields: Json) -> Json:
    """Try to change a whole series in vain, and give the problem, after making sure that nothing was written."""
    before = await calendar(person, *MARCH)
    problem = refusal(await person.put(path_of(event), fields), 409, "not-possible")
    assert await calendar(person, *MARCH) == before
    return problem


# -- older edits of the whole series -------------------------------------------------------------------------


async def test_an_older_edit_of_the_whole_series_reaches_both_halves(alice: Person, ben: Person, series: Json):
    later = await change_part(ben, series, "following", THIRD, location="Room 4")
    changed = await alice.changes(series, title="Daily", base_version=1)
    assert (changed["id"], changed["title"], changed["version"]) == (series["id"], "Daily", 3)
    shown = await read(alice, later)
    assert (shown["title"], shown["location"], shown["version"]) == ("Daily", "Room 4", 2)
    assert titles(await calendar(alice, *MARCH)) == ["Daily"] * 4


async def test_an_older_edit_reaches_all_parts_of_a_series_that_was_split_more_than_once(
    alice: Person, ben: Person, series: Json
):
    last = await change_part(ben, series, "following", FOURTH, location="Room 4")
    middle = await change_part(ben, series, "following", SECOND, location="Room 2")
    very_last = await change_part(ben, middle, "following", THIRD, location="Room 3")
    await alice.changes(series, title="Daily", base_version=1)
    assert [one["location"] for one in await calendar(alice, *MARCH)] == [None, "Room 2", "Room 3", "Room 4"]
    assert titles(await calendar(alice, *MARCH)) == ["Daily"] * 4
    assert [(await read(alice, one))["version"] for one in (last, middle, very_last)] == [2, 3, 2]


async def test_an_edit_of_the_time_between_two_splits_reaches_what_was_in_the_series_then(
    alice: Person, ben: Person, series: Json
):
    await change_part(ben, series, "following", FOURTH, location="Room 4")
    await change_part(ben, series, "following", SECOND, location="Room 2")
    await alice.changes(series, title="Daily", base_version=2)
    assert titles(await calendar(alice, *MARCH)) == ["Daily", "Daily", "Daily", "Stand-up"]


async def test_an_older_edit_reaches_a_half_that_has_moved(alice: Person, ben: Person, series: Json):
    at_ten = {"start_time": "2027-03-03T10:00:00Z", "end_time": "2027-03-03T11:00:00Z"}
    await change_part(ben, series, "following", THIRD, **at_ten)
    await alice.changes(series, title="Daily", base_version=1)
    found = await calendar(alice, *MARCH)
    assert [(one["start_time"][8:13], one["title"]) for one in found] == [
        ("01T09", "Daily"),
        ("02T09", "Daily"),
        ("03T10", "Daily"),
        ("04T10", "Daily"),
    ]


async def test_an_older_edit_reaches_both_halves_of_a_series_that_moved_before_it_was_split(
    alice: Person, ben: Person, series: Json
):
    await ben.changes(series, start_time="2027-03-01T10:00:00Z", end_time="2027-03-01T11:00:00Z")
    await change_part(ben, series, "following", "2027-03-03T10:00:00", location="Room 4")
    await alice.changes(series, title="Daily", base_version=1)
    assert titles(await calendar(alice, *MARCH)) == ["Daily"] * 4


async def test_everybody_hears_of_an_older_edit_in_both_halves(alice: Person, ben: Person, series: Json):
    later = await change_part(ben, series, "following", THIRD, location="Room 4")
    await alice.changes(series, title="Daily", base_version=1, change_description="shorter")
    [merged, _] = (await alice.get(f"{path_of(later)}/history")).json()
    assert (merged["kind"], merged["created_by"], merged["change_description"]) == ("merged", alice.id, "shorter")
    log = (await alice.get(f"{path_of(later)}/changelog")).json()
    assert [(one["field_name"], one["old_value"], one["new_value"]) for one in log] == [("title", "Stand-up", "Daily")]
    heard = (await ben.get("/api/v1/notifications")).json()
    assert {one["event_id"] for one in heard if one["kind"] == "merged"} == {series["id"], later["id"]}


async def test_an_older_edit_that_clashes_with_the_later_half_changes_neither(alice: Person, ben: Person, series: Json):
    later = await change_part(ben, series, "following", THIRD, title="Ben's")
    before = await calendar(alice, *MARCH)
    refused = await alice.put(path_of(series), {"title": "Alice's", "base_version": 1})
    problem = refusal(refused, 409, "edit-conflict")
    assert problem["conflicts"] == [{"field": "title", "base": "Stand-up", "ours": "Alice's", "theirs": "Ben's"}]
    assert (problem["event_id"], problem["base_version"], problem["current_version"]) == (later["id"], 1, 1)
    assert await calendar(alice, *MARCH) == before
    [shelved] = (await alice.get(f"{path_of(series)}/shelved")).json()
    assert (shelved["data"]["title"], shelved["data"]["recurrence_pattern"]) == (
        "Alice's",
        series["recurrence_pattern"],
    )


@pytest.mark.parametrize("count", [2, 3])
async def test_an_older_edit_of_the_schedule_of_a_series_that_was_split_is_refused(
    alice: Person, ben: Person, series: Json, count: int
):
    """Also one that ends it where the other split it: the later half would go on unseen."""
    await change_part(ben, series, "following", THIRD, title="Ben's")
    before = await calendar(alice, *MARCH)
    shorter = {"recurrence_pattern": {"frequency": "daily", "count": count}, "base_version": 1}
    assert (await alice.put(path_of(series), shorter)).status_code == 409
    assert await calendar(alice, *MARCH) == before


async def test_an_edit_of_the_newest_version_of_a_half_is_of_that_half(alice: Person, ben: Person, series: Json):
    later = await change_part(ben, series, "following", THIRD, location="Room 4")
    await alice.changes(series, title="Early", base_version=2)
    await alice.changes(later, title="Late", base_version=1)
    assert titles(await calendar(alice, *MARCH)) == ["Early", "Early", "Late", "Late"]


async def test_an_older_edit_books_the_time_of_both_halves(alice: Person):
    series = await alice.creates(
        "Stand-up", *BUSY, free_busy_status="free", recurrence_pattern={"frequency": "daily", "count": 4}
    )
    await change_part(alice, series, "following", "2045-03-03T09:00:00", location="Room 4")
    taken = await alice.creates("Taken", "2045-03-04T09:30:00Z", "2045-03-04T10:30:00Z")
    sent = {"free_busy_status": "busy", "base_version": 1}
    problem = refusal(await alice.put(path_of(series), sent), 409, "schedule-conflict")
    assert [one["event_id"] for one in problem["conflicts"]] == [taken["id"]]
    assert (await read(alice, series))["version"] == 2
    accepted = await alice.put(path_of(series), sent, params={"on_conflict": "allow"})
    assert accepted.json()["free_busy_status"] == "busy"


# -- halves that are out of reach ----------------------------------------------------------------------------


async def test_an_older_edit_is_refused_when_the_later_half_lies_in_the_trash(alice: Person, ben: Person, series: Json):
    later = await change_part(ben, series, "following", THIRD, location="Room 4")
    await alice.delete(path_of(later))
    problem = await try_whole(ben, series, title="Daily", base_version=1)
    assert problem["reason"] == "series_split"
    assert f"event {later['id']}" in problem["detail"]


async def test_an_older_edit_is_refused_when_its_author_may_not_edit_the_later_half(
    alice: Person, ben: Person, series: Json
):
    later = await change_part(alice, series, "following", THIRD, location="Room 4")
    await alice.shares(later, ben, "viewer")
    assert (await try_whole(ben, series, title="Daily", base_version=1))["reason"] == "series_split"
    assert (await alice.delete(f"{path_of(later)}/permissions/{ben.id}")).status_code == 204
    problem = await try_whole(ben, series, title="Daily", base_version=1)
    assert problem["reason"] == "series_split"
    assert "and a later half cannot be changed along" in problem["detail"]


async def test_an_older_edit_is_refused_when_the_later_half_belongs_to_somebody_else(
    alice: Person, ben: Person, series: Json
):
    later = await change_part(alice, series, "following", THIRD, location="Room 4")
    assert (await alice.post(f"{path_of(later)}/transfer", {"user_id": ben.id})).status_code == 200
    assert (await try_whole(alice, series, title="Daily", base_version=1))["reason"] == "series_split"


async def test_an_older_edit_that_is_not_about_the_later_half_needs_no_right_to_it(
    alice: Person, ben: Person, series: Json
):
    later = await change_part(alice, series, "following", THIRD, location="Room 4")
    await alice.delete(path_of(later))
    changed = await change_part(ben, series, "this", SECOND, title="Retro", base_version=1)
    assert changed["overrides"] == {SECOND: {"title": "Retro"}}


# -- older edits of one occurrence ---------------------------------------------------------------------------


async def test_an_older_edit_of_an_occurrence_reaches_it_in_the_later_half(alice: Person, ben: Person, series: Json):
    later = await change_part(ben, series, "following", THIRD, location="Room 4")
    answer = await try_part(alice, series, "this", FOURTH, {"title": "Retro", "base_version": 1})
    assert answer.headers["content-location"] == path_of(later)
    assert (answer.json()["id"], answer.json()["overrides"]) == (later["id"], {FOURTH: {"title": "Retro"}})
    assert (await read(alice, series))["overrides"] == {}
    assert titles(await calendar(alice, *MARCH)) == ["Stand-up", "Stand-up", "Stand-up", "Retro"]


async def test_an_older_edit_of_an_occurrence_moves_along_with_the_later_half(alice: Person, ben: Person, series: Json):
    at_ten = {"start_time": "2027-03-03T10:00:00Z", "end_time": "2027-03-03T11:00:00Z"}
    await change_part(ben, series, "following", THIRD, **at_ten)
    changed = await change_part(alice, series, "this", FOURTH, title="Retro", base_version=1)
    assert changed["overrides"] == {"2027-03-04T10:00:00": {"title": "Retro"}}


async def test_an_older_edit_of_an_occurrence_in_a_deleted_half_is_refused(alice: Person, ben: Person, series: Json):
    later = await change_part(ben, series, "following", THIRD, location="Room 4")
    await alice.delete(path_of(later))
    refused = await try_part(alice, series, "this", FOURTH, {"title": "Retro", "base_version": 1})
    problem = refusal(refused, 409, "not-possible")
    assert (problem["reason"], f"event {later['id']}" in problem["detail"]) == ("series_split", True)
    assert (await read(alice, series))["overrides"] == {}


async def test_an_older_edit_of_an_occurrence_that_was_deleted_in_the_later_half_clashes(
    alice: Person, ben: Person, series: Json
):
    later = await change_part(ben, series, "following", THIRD, location="Room 4")
    await delete_part(alice, later, "this", FOURTH)
    refused = await try_part(ben, series, "this", FOURTH, {"title": "Retro", "base_version": 1})
    [conflict] = refusal(refused, 409, "edit-conflict")["conflicts"]
    assert (conflict["ours"], conflict["theirs"]) == ({"title": "Retro"}, {"excluded": True})


async def test_an_older_split_inside_the_later_half_is_refused(alice: Person, ben: Person, series: Json):
    await change_part(ben, series, "following", THIRD, location="Room 4")
    before = await calendar(alice, *MARCH)
    refused = await try_part(alice, series, "following", FOURTH, {"title": "Retro", "base_version": 1})
    refusal(refused, 409, "edit-conflict")
    assert await calendar(alice, *MARCH) == before


async def test_an_older_edit_of_a_series_in_very_many_parts_is_refused(alice: Person):
    whole = await alice.creates("Stand-up", recurrence_pattern={"frequency": "daily", "count": 103})
    part = whole
    for number in range(101):
        day = (date(2027, 3, 2) + timedelta(days=number)).isoformat()
        part = await change_part(alice, part, "following", f"{day}T09:00:00", location=f"Room {number}")
    refused = await alice.put(path_of(whole), {"title": "Daily", "base_version": 1})
    assert refusal(refused, 409, "not-possible")["reason"] == "series_split"
    back = await alice.post(f"{path_of(whole)}/rollback/1")
    assert refusal(back, 409, "not-possible")["reason"] == "series_split"
    await alice.changes(await read(alice, whole), title="Daily", base_version=2)
