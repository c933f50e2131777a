"""Changing and deleting one occurrence of a series (scope=this): the others stay as they are."""

from __future__ import annotations

import pytest

from tests.api.steps import (
    calendar,
    change_part,
    delete_part,
    invalid,
    occurrences,
    path_of,
    read,
    refusal,
    starts,
    titles,
    try_part,
)
from tests.people import Json, Person

SECOND, THIRD = "2027-03-02T09:00:00", "2027-03-03T09:00:00"
MARCH = ("2027-03-01", "2027-03-31")


async def standup(person: Person, count: int | None = 4, **fields: Json) -> Json:
    """Create a daily series from the first of March 2027 on, at nine."""
    pattern = {"frequency": "daily"} if count is None else {"frequency": "daily", "count": count}
    return await person.creates("Stand-up", recurrence_pattern=pattern, **fields)


# -- changing ------------------------------------------------------------------------------------------------


async def test_one_occurrence_gets_another_title(alice: Person):
    series = await standup(alice)
    changed = await change_part(alice, series, "this", SECOND, title="Retrospective", location="Room 4")
    assert (changed["id"], changed["title"], changed["version"]) == (series["id"], "Stand-up", 2)
    assert changed["overrides"] == {SECOND: {"title": "Retrospective", "location": "Room 4"}}
    found = await occurrences(alice, series, *MARCH)
    assert titles(found) == ["Stand-up", "Retrospective", "Stand-up", "Stand-up"]
    assert [one["location"] for one in found] == [None, "Room 4", None, None]


async def test_one_occurrence_moves_and_is_found_where_it_went(alice: Person):
    series = await standup(alice)
    away = {"start_time": "2027-05-20T14:00:00Z", "end_time": "2027-05-20T16:00:00Z"}
    await change_part(alice, series, "this", SECOND, **away)
    [moved] = await calendar(alice, "2027-05-20", "2027-05-20")
    assert moved.items() >= {**away, "occurrence": SECOND, "series_start": series["start_time"]}.items()
    assert len(await calendar(alice, *MARCH)) == 3
    assert await calendar(alice, "2027-03-02", "2027-03-02") == []


async def test_an_occurrence_that_moved_before_its_series_is_found_there(alice: Person):
    series = await standup(alice)
    early = {"start_time": "2027-01-05T09:00:00Z", "end_time": "2027-01-05T10:00:00Z"}
    await change_part(alice, series, "this", SECOND, **early)
    assert starts(await calendar(alice, "2027-01-01", "2027-01-31")) == [early["start_time"]]


async def test_an_occurrence_keeps_its_name_when_it_moves_again(alice: Person):
    series = await standup(alice)
    for hour in (11, 12):
        times = {"start_time": f"2027-03-02T{hour}:00:00Z", "end_time": f"2027-03-02T{hour}:30:00Z"}
        await change_part(alice, series, "this", SECOND, **times)
    [_, moved, _, _] = await occurrences(alice, series, *MARCH)
    assert (moved["occurrence"], moved["start_time"]) == (SECOND, "2027-03-02T12:00:00Z")


async def test_the_end_of_one_occurrence_moves_alone(alice: Person):
    series = await standup(alice)
    await change_part(alice, series, "this", SECOND, end_time="2027-03-02T12:00:00Z")
    ends = [one["end_time"] for one in await occurrences(alice, series, *MARCH)]
    assert [end[11:13] for end in ends] == ["10", "12", "10", "10"]


async def test_a_cancelled_occurrence_is_shown_and_takes_no_time(alice: Person):
    series = await alice.creates(
        "Stand-up",
        "2045-03-01T09:00:00Z",
        "2045-03-01T10:00:00Z",
        recurrence_pattern={"frequency": "daily", "count": 2},
    )
    await change_part(alice, series, "this", "2045-03-02T09:00:00", status="cancelled")
    found = await occurrences(alice, series, "2045-03-01", "2045-03-31")
    assert [one["status"] for one in found] == ["confirmed", "cancelled"]
    await alice.creates("Instead", "2045-03-02T09:00:00Z", "2045-03-02T10:00:00Z")


async def test_an_occurrence_is_reset_by_sending_what_the_series_has(alice: Person):
    series = await standup(alice, description="Agenda")
    own = {"title": "Retrospective", "description": None, "status": "tentative", "end_time": "2027-03-02T12:00:00Z"}
    await change_part(alice, series, "this", SECOND, **own)
    half = await change_part(alice, series, "this", SECOND, title="Stand-up", end_time="2027-03-02T10:00:00Z")
    assert half["overrides"] == {SECOND: {"description": None, "status": "tentative"}}
    whole = await change_part(alice, series, "this", SECOND, description="Agenda", status="confirmed")
    assert whole["overrides"] == {}
    kinds = [(one["field_name"], one["new_value"]) for one in (await alice.get(f"{path_of(series)}/changelog")).json()]
    assert kinds[0] == (f"overrides/{SECOND}", None)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"time_zone": "Europe/Berlin", "start_time": "2027-03-26T02:30:00", "end_time": "2027-03-26T03:00:00"},
        {"start_time": "2027-03-26", "end_time": "2027-03-28", "time_zone": "Europe/Berlin"},
        {"tags": ["work"], "description": "Agenda", "location": "Room 4", "status": "tentative"},
    ],
    ids=["plain", "over a change of clocks", "all-day", "with everything"],
)
async def test_an_occurrence_read_from_a_list_can_be_sent_back(alice: Person, fields: Json):
    series = await standup(alice, **fields)
    for one in await calendar(alice, *MARCH):
        same = await change_part(alice, series, "this", one["occurrence"], **one)
        assert (same["version"], same["overrides"]) == (1, {})
    [first, second, *_] = await calendar(alice, *MARCH)
    renamed = await change_part(alice, series, "this", second["occurrence"], **{**second, "title": "Retrospective"})
    assert list(renamed["overrides"].values()) == [{"title": "Retrospective"}]
    [same_first, changed, *_] = await calendar(alice, *MARCH)
    assert same_first == {**first, "version": 2, "updated_at": renamed["updated_at"]}
    again = await change_part(alice, series, "this", changed["occurrence"], **changed)
    assert again["version"] == 2


async def test_an_editor_changes_an_occurrence_and_a_viewer_does_not(alice: Person, ben: Person, carla: Person):
    series = await standup(alice)
    await alice.shares(series, ben, "editor")
    await alice.shares(series, carla, "viewer")
    await change_part(ben, series, "this", SECOND, title="Retrospective")
    refusal(await try_part(carla, series, "this", SECOND, {"title": "Mine"}), 403, "role-too-low")
    assert titles(await calendar(carla, "2027-03-02", "2027-03-02")) == ["Retrospective"]


async def test_each_changed_occurrence_is_a_field_of_its_own_in_the_history(alice: Person):
    series = await standup(alice)
    await change_part(alice, series, "this", SECOND, title="Retrospective")
    await change_part(alice, series, "this", THIRD, title="Planning")
    log = (await alice.get(f"{path_of(series)}/changelog", field=f"overrides/{SECOND}")).json()
    assert [(one["version_number"], one["old_value"], one["new_value"]) for one in log] == [
        (2, None, {"title": "Retrospective"})
    ]
    back = await alice.post(f"{path_of(series)}/rollback/1", {"fields": [f"overrides/{SECOND}"]})
    assert list(back.json()["overrides"]) == [THIRD]


# -- what cannot be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "occurrence",
    ["2027-03-02T10:00:00", "2027-02-28T09:00:00", "2027-03-05T09:00:00", "2027-03-02T09:00:00+01:00", "2027-03-02"],
    ids=["between", "before", "after", "another instant", "a date"],
)
@pytest.mark.parametrize("scope", ["this", "following"])
async def test_what_is_no_occurrence_cannot_be_changed_or_deleted(alice: Person, scope: str, occurrence: str):
    series = await standup(alice)
    assert invalid(await try_part(alice, series, scope, occurrence, {"title": "x"})) == ["?occurrence"]
    params = {"scope": scope, "occurrence": occurrence}
    assert invalid(await alice.delete(path_of(series), params=params)) == ["?occurrence"]
    assert await read(alice, series) == series


@pytest.mark.parametrize("scope", ["this", "following"])
async def test_a_single_event_has_no_parts(alice: Person, scope: str):
    event = await alice.creates()
    params = {"scope": scope, "occurrence": "2027-03-01T09:00:00"}
    changing = await alice.put(path_of(event), {"title": "x"}, params=params)
    deleting = await alice.delete(path_of(event), params=params)
    assert invalid(changing) == invalid(deleting) == ["?scope"]
    assert await read(alice, event) == event


@pytest.mark.parametrize("scope", ["this", "following"])
async def test_a_part_needs_to_be_named(alice: Person, scope: str):
    series = await standup(alice)
    assert invalid(await alice.put(path_of(series), {"title": "x"}, params={"scope": scope})) == ["?occurrence"]
    assert invalid(await alice.delete(path_of(series), params={"scope": scope})) == ["?occurrence"]


async def test_an_unknown_scope_is_refused(alice: Person):
    series = await standup(alice)
    assert invalid(await try_part(alice, series, "some", SECOND, {"title": "x"})) == ["?scope"]


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({"tags": ["own"]}, ["/tags"]),
        ({"time_zone": "Europe/Berlin"}, ["/time_zone"]),
        ({"all_day": True}, ["/all_day"]),
        ({"recurrence_pattern": {"frequency": "weekly"}}, ["/recurrence_pattern"]),
        ({"recurrence_pattern": None, "is_recurring": False}, ["/is_recurring", "/recurrence_pattern"]),
        ({"end_time": "2027-03-02T08:00:00Z"}, ["/end_time"]),
        ({"end_time": "2029-03-02T08:00:00Z"}, ["/end_time"]),
        ({"title": None}, ["/title"]),
    ],
)
async def test_what_belongs_to_the_whole_series_cannot_be_changed_for_one_occurrence(
    alice: Person, fields: Json, places: list[str]
):
    series = await standup(alice)
    assert sorted(invalid(await try_part(alice, series, "this", SECOND, fields))) == places
    assert await read(alice, series) == series


# -- deleting ------------------------------------------------------------------------------------------------


async def test_a_deleted_occurrence_is_gone_and_the_others_stay(alice: Person):
    series = await standup(alice)
    await delete_part(alice, series, "this", SECOND)
    assert [start[8:10] for start in starts(await calendar(alice, *MARCH))] == ["01", "03", "04"]
    after = await read(alice, series)
    assert (after["version"], after["overrides"]) == (2, {SECOND: {"excluded": True}})
    assert (await alice.get(f"{path_of(series)}/history/2")).json()["kind"] == "updated"


async def test_an_occurrence_is_deleted_once(alice: Person):
    series = await standup(alice)
    await delete_part(alice, series, "this", SECOND)
    params = {"scope": "this", "occurrence": SECOND}
    assert invalid(await alice.delete(path_of(series), params=params)) == ["?occurrence"]


async def test_a_moved_occurrence_is_deleted_by_its_name(alice: Person):
    series = await standup(alice)
    away = {"start_time": "2027-05-20T14:00:00Z", "end_time": "2027-05-20T16:00:00Z"}
    await change_part(alice, series, "this", SECOND, **away)
    await delete_part(alice, series, "this", SECOND)
    assert len(await calendar(alice, "2027-01-01", "2027-12-31")) == 3


async def test_deleting_the_last_occurrence_puts_the_series_into_the_trash(alice: Person):
    series = await standup(alice, 2)
    await delete_part(alice, series, "this", SECOND)
    await delete_part(alice, series, "this", "2027-03-01T09:00:00")
    assert (await alice.get(path_of(series))).status_code == 404
    [trashed] = (await alice.get("/api/v1/events/trash")).json()
    assert trashed["id"] == series["id"]
    restored = (await alice.post(f"{path_of(series)}/restore")).json()
    assert starts(await occurrences(alice, restored, *MARCH)) == [series["start_time"]]


async def test_only_the_owner_deletes_occurrences(alice: Person, ben: Person):
    series = await standup(alice)
    await alice.shares(series, ben, "editor")
    params = {"scope": "this", "occurrence": SECOND}
    refusal(await ben.delete(path_of(series), params=params), 403, "role-too-low")
    assert len(await calendar(ben, *MARCH)) == 4


async def test_a_deletion_can_be_tied_to_a_version(alice: Person):
    series = await standup(alice)
    await alice.changes(series, location="Room 4")
    params = {"scope": "this", "occurrence": SECOND}
    refused = await alice.delete(path_of(series), params=params, headers={"If-Match": '"1"'})
    refusal(refused, 412, "precondition-failed")
    assert len(await calendar(alice, *MARCH)) == 4
    deleted = await alice.delete(path_of(series), params=params, headers={"If-Match": '"2"'})
    assert deleted.status_code == 204


async def test_a_deleted_occurrence_comes_back_when_its_deletion_is_rolled_back(alice: Person):
    series = await standup(alice)
    await delete_part(alice, series, "this", SECOND)
    await alice.changes(series, title="Daily")
    back = await alice.post(f"{path_of(series)}/rollback/1", {"fields": ["overrides"]})
    assert (back.json()["title"], back.json()["overrides"]) == ("Daily", {})
    assert len(await calendar(alice, *MARCH)) == 4


@pytest.mark.parametrize("fields", [{"title": "Mine"}, {}, {"base_version": 2}, {"title": "Mine", "base_version": 2}])
async def test_changing_a_deleted_occurrence_does_not_bring_it_back(alice: Person, ben: Person, fields: Json):
    series = await standup(alice)
    await alice.shares(series, ben, "editor")
    await delete_part(alice, series, "this", SECOND)
    problem = refusal(await try_part(ben, series, "this", SECOND, fields), 409, "not-possible")
    assert problem["reason"] == "occurrence_deleted"
    assert (await read(alice, series))["overrides"] == {SECOND: {"excluded": True}}


async def test_an_occurrence_in_an_endless_series_is_changed_and_deleted(alice: Person):
    series = await standup(alice, None)
    await change_part(alice, series, "this", "2127-03-02T09:00:00", title="Centenary")
    await delete_part(alice, series, "this", "2127-03-03T09:00:00")
    assert titles(await calendar(alice, "2127-03-01", "2127-03-04")) == ["Stand-up", "Centenary", "Stand-up"]
