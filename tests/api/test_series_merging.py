"""Two people edit one series at once: different occurrences merge, the same occurrence and the same schedule do not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.api.steps import calendar, change_part, delete_part, path_of, read, refusal, starts, titles, try_part
from tests.people import Json, Person

SECOND, THIRD, FOURTH = "2027-03-02T09:00:00", "2027-03-03T09:00:00", "2027-03-04T09:00:00"
MARCH = ("2027-03-01", "2027-03-31")
AT_TEN = {"start_time": "2027-03-01T10:00:00Z", "end_time": "2027-03-01T11:00:00Z"}

Edit = Callable[[Person, Json], Awaitable[Json]]


@pytest.fixture
async def series(alice: Person, ben: Person) -> Json:
    """A series on the first four days of March 2027, at nine, that Alice shares with Ben."""
    event = await alice.creates("Stand-up", recurrence_pattern={"frequency": "daily", "count": 4})
    await alice.shares(event, ben)
    return event


async def test_edits_of_different_occurrences_merge(alice: Person, ben: Person, series: Json):
    await change_part(ben, series, "this", SECOND, title="Ben's", base_version=1)
    merged = await change_part(alice, series, "this", THIRD, title="Alice's", base_version=1)
    assert merged["overrides"] == {SECOND: {"title": "Ben's"}, THIRD: {"title": "Alice's"}}
    assert titles(await calendar(ben, *MARCH)) == ["Stand-up", "Ben's", "Alice's", "Stand-up"]


async def test_an_edit_of_an_occurrence_and_one_of_the_series_merge(alice: Person, ben: Person, series: Json):
    await change_part(ben, series, "this", SECOND, title="Ben's", base_version=1)
    merged = await alice.changes(series, location="Room 4", tags=["daily"], base_version=1)
    assert (merged["overrides"], merged["location"], merged["version"]) == ({SECOND: {"title": "Ben's"}}, "Room 4", 3)


async def test_edits_of_the_same_occurrence_are_refused_with_both_sides(alice: Person, ben: Person, series: Json):
    await change_part(ben, series, "this", SECOND, title="Ben's")
    refused = await try_part(alice, series, "this", SECOND, {"title": "Alice's", "base_version": 1})
    assert refusal(refused, 409, "edit-conflict")["conflicts"] == [
        {
            "field": f"overrides/{SECOND}",
            "base": None,
            "ours": {"title": "Alice's"},
            "theirs": {"title": "Ben's"},
        }
    ]
    [shelved] = (await alice.get(f"{path_of(series)}/shelved")).json()
    assert shelved["data"]["overrides"] == {SECOND: {"title": "Alice's"}}


async def test_the_same_edit_of_the_same_occurrence_is_made_once(alice: Person, ben: Person, series: Json):
    await change_part(ben, series, "this", SECOND, title="Retro")
    same = await change_part(alice, series, "this", SECOND, title="Retro", base_version=1)
    assert same["version"] == 2


async def test_changing_an_occurrence_that_was_deleted_meanwhile_is_refused(alice: Person, ben: Person, series: Json):
    await delete_part(alice, series, "this", SECOND)
    refused = await try_part(ben, series, "this", SECOND, {"title": "Ben's", "base_version": 1})
    [conflict] = refusal(refused, 409, "edit-conflict")["conflicts"]
    assert (conflict["ours"], conflict["theirs"]) == ({"title": "Ben's"}, {"excluded": True})


async def test_an_occurrence_that_was_changed_moves_along_with_a_series_that_was_moved(
    alice: Person, ben: Person, series: Json
):
    await change_part(ben, series, "this", SECOND, title="Ben's")
    moved = await alice.changes(series, **AT_TEN, base_version=1)
    assert moved["overrides"] == {"2027-03-02T10:00:00": {"title": "Ben's"}}
    await change_part(ben, series, "this", THIRD, location="Room 3", base_version=2)
    found = await calendar(alice, *MARCH)
    assert [(one["start_time"][11:13], one["title"], one["location"]) for one in found] == [
        ("10", "Stand-up", None),
        ("10", "Ben's", None),
        ("10", "Stand-up", "Room 3"),
        ("10", "Stand-up", None),
    ]


SHORTER = {"recurrence_pattern": {"frequency": "daily", "count": 2}}
A_DAY_LATER = {"start_time": "2027-03-02T09:00:00Z", "end_time": "2027-03-02T10:00:00Z"}
WHOLE_DAYS = {"start_time": "2027-03-01", "end_time": "2027-03-02"}


@pytest.mark.parametrize("schedule", [SHORTER, A_DAY_LATER, WHOLE_DAYS], ids=["shorter", "a day later", "whole days"])
async def test_changing_an_occurrence_that_a_new_schedule_may_not_have_is_refused(
    alice: Person, ben: Person, series: Json, schedule: Json
):
    """A day later, the third is the second of before, and nobody can tell which of the two was meant."""
    await alice.changes(series, **schedule)
    own = {"start_time": "2027-03-03T17:00:00Z", "end_time": "2027-03-03T18:00:00Z", "base_version": 1}
    refused = await try_part(ben, series, "this", THIRD, own)
    fields = [one["field"] for one in refusal(refused, 409, "edit-conflict")["conflicts"]]
    assert fields == ["schedule", f"overrides/{THIRD}"]
    [shelved] = (await ben.get(f"{path_of(series)}/shelved")).json()
    assert list(shelved["data"]["overrides"]) == [THIRD]
    assert (await read(ben, series))["version"] == 2


async def test_a_new_schedule_that_leaves_out_an_occurrence_that_was_changed_is_refused(
    alice: Person, ben: Person, series: Json
):
    await change_part(ben, series, "this", THIRD, title="Ben's")
    refused = await alice.put(path_of(series), {**SHORTER, "base_version": 1})
    assert "schedule" in [one["field"] for one in refusal(refused, 409, "edit-conflict")["conflicts"]]
    assert (await read(ben, series))["overrides"] == {THIRD: {"title": "Ben's"}}


async def test_two_new_schedules_are_refused(alice: Person, ben: Person, series: Json):
    await ben.changes(series, recurrence_pattern={"frequency": "weekly", "count": 4})
    refused = await alice.put(path_of(series), {**AT_TEN, "base_version": 1})
    [conflict] = refusal(refused, 409, "edit-conflict")["conflicts"]
    assert conflict["field"] == "schedule"
    assert (conflict["ours"]["start_time"], conflict["theirs"]["recurrence_pattern"]["frequency"]) == (
        AT_TEN["start_time"],
        "weekly",
    )


# -- splitting -----------------------------------------------------------------------------------------------


async def test_splitting_takes_along_what_others_changed_meanwhile(alice: Person, ben: Person, series: Json):
    await ben.changes(series, title="Daily")
    await change_part(ben, series, "this", SECOND, location="Room 2")
    await change_part(ben, series, "this", FOURTH, location="Room 4")
    later = await change_part(alice, series, "following", THIRD, description="Shorter", base_version=1)
    earlier = await read(alice, series)
    assert (earlier["title"], earlier["description"], list(earlier["overrides"])) == ("Daily", None, [SECOND])
    assert (later["title"], later["description"], list(later["overrides"])) == ("Daily", "Shorter", [FOURTH])
    assert [start[8:10] for start in starts(await calendar(alice, *MARCH))] == ["01", "02", "03", "04"]


async def test_splitting_clashes_with_the_same_field_of_another(alice: Person, ben: Person, series: Json):
    await ben.changes(series, title="Ben's")
    refused = await try_part(alice, series, "following", THIRD, {"title": "Alice's", "base_version": 1})
    [conflict] = refusal(refused, 409, "edit-conflict")["conflicts"]
    assert (conflict["field"], conflict["ours"], conflict["theirs"]) == ("title", "Alice's", "Ben's")
    assert [one["id"] for one in (await alice.get("/api/v1/events")).json()] == [series["id"]]


async def test_splitting_for_a_change_that_somebody_has_made_to_the_whole_splits_nothing(
    alice: Person, ben: Person, series: Json
):
    renamed = await ben.changes(series, title="Daily")
    same = await change_part(alice, series, "following", THIRD, title="Daily", base_version=1)
    assert same == {**renamed, "role": "owner"}


async def move(ben: Person, series: Json) -> Json:
    return await ben.changes(series, **AT_TEN)


async def split(ben: Person, series: Json) -> Json:
    return await change_part(ben, series, "following", SECOND, title="Ben's")


async def end(ben: Person, series: Json) -> Json:
    return await ben.changes(series, recurrence_pattern=None)


@pytest.mark.parametrize("edit", [move, split, end])
async def test_splitting_a_series_whose_schedule_changed_meanwhile_is_refused_and_kept(
    alice: Person, ben: Person, series: Json, edit: Edit
):
    await edit(ben, series)
    before = (await alice.get("/api/v1/events")).json()
    refused = await try_part(alice, series, "following", THIRD, {"title": "Alice's", "base_version": 1})
    assert "schedule" in [one["field"] for one in refusal(refused, 409, "edit-conflict")["conflicts"]]
    [shelved] = (await alice.get(f"{path_of(series)}/shelved")).json()
    assert (shelved["data"]["title"], shelved["data"]["start_time"]) == ("Alice's", "2027-03-03T09:00:00Z")
    assert (await alice.get("/api/v1/events")).json() == before


async def test_a_split_can_be_tied_to_a_version(alice: Person, ben: Person, series: Json):
    await ben.changes(series, location="Room 4")
    params = {"scope": "following", "occurrence": THIRD}
    refused = await alice.put(path_of(series), {"title": "x"}, params=params, headers={"If-Match": '"1"'})
    assert refusal(refused, 412, "precondition-failed")["current_version"] == 2
    accepted = await alice.put(path_of(series), {"title": "x"}, params=params, headers={"If-Match": '"2"'})
    assert accepted.status_code == 200
