"""This and all following occurrences (scope=following): the series is split, and the halves know each other."""

from __future__ import annotations

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


async def standup(person: Person, **fields: Json) -> Json:
    """Create a series on the first four days of March 2027, at nine."""
    return await person.creates("Stand-up", **{"recurrence_pattern": {"frequency": "daily", "count": 4}, **fields})


async def days(person: Person, event: Json) -> list[str]:
    """On which days of March a series takes place."""
    return [start[8:10] for start in starts(await occurrences(person, event, *MARCH))]


# -- the two halves ------------------------------------------------------------------------------------------


async def test_the_series_is_split(alice: Person):
    series = await standup(alice)
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    assert (later["title"], later["version"], later["start_time"]) == ("Daily", 1, "2027-03-03T09:00:00Z")
    assert later["id"] != series["id"]
    assert (await days(alice, series), await days(alice, later)) == (["01", "02"], ["03", "04"])
    assert titles(await calendar(alice, *MARCH)) == ["Stand-up", "Stand-up", "Daily", "Daily"]


async def test_the_answer_says_where_the_later_half_is(alice: Person):
    series = await standup(alice)
    answer = await try_part(alice, series, "following", THIRD, {"title": "Daily"})
    assert answer.headers["content-location"] == path_of(answer.json())
    assert answer.headers["etag"] == f'"1-{series["id"]}."'
    assert answer.json() == await read(alice, answer.json())


async def test_the_halves_know_each_other(alice: Person):
    series = await standup(alice)
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    earlier = await read(alice, series)
    assert (earlier["split_from"], earlier["continued_by"]) == (None, later["id"])
    assert (later["split_from"], later["continued_by"]) == (series["id"], None)


async def test_a_half_that_is_split_again_stays_between_its_neighbours(alice: Person):
    series = await standup(alice)
    last = await change_part(alice, series, "following", FOURTH, title="Last")
    middle = await change_part(alice, series, "following", SECOND, title="Middle")
    ids = [series["id"], middle["id"], last["id"]]
    chain = [await read(alice, {"id": one}) for one in ids]
    assert [one["continued_by"] for one in chain] == [middle["id"], last["id"], None]
    assert [one["split_from"] for one in chain] == [None, series["id"], middle["id"]]
    assert [await days(alice, one) for one in chain] == [["01"], ["02", "03"], ["04"]]


async def test_a_count_is_shared_out(alice: Person):
    series = await standup(alice, recurrence_pattern={"frequency": "daily", "count": 10})
    later = await change_part(alice, series, "following", FOURTH, title="Daily")
    assert (await read(alice, series))["recurrence_pattern"] == {"frequency": "daily", "count": 3}
    assert later["recurrence_pattern"] == {"frequency": "daily", "count": 7}


async def test_an_end_stays_with_the_later_half(alice: Person):
    series = await standup(alice, recurrence_pattern={"frequency": "daily", "until": "2027-03-05"})
    later = await change_part(alice, series, "following", FOURTH, title="Daily")
    assert later["recurrence_pattern"] == series["recurrence_pattern"]
    assert (await days(alice, series), await days(alice, later)) == (["01", "02", "03"], ["04", "05"])


async def test_an_endless_series_goes_on_without_end(alice: Person):
    series = await standup(alice, recurrence_pattern="daily")
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    assert later["recurrence_pattern"] == {"frequency": "daily"}
    assert await days(alice, series) == ["01", "02"]
    assert len(await occurrences(alice, later, "2127-01-01", "2127-01-31")) == 31


@pytest.mark.parametrize(
    "pattern",
    [
        {"frequency": "daily", "count": 4},
        {"frequency": "daily", "until": "2027-03-04"},
        {"frequency": "weekly", "byDay": ["mo", "tu", "we", "th"], "count": 4},
    ],
    ids=["counted", "until", "weekly"],
)
async def test_an_occurrence_sent_back_with_one_change_splits_and_changes_nothing_else(alice: Person, pattern: Json):
    """What was read carries the pattern of the whole series: it does not mean that the later half has all of it."""
    series = await standup(alice, recurrence_pattern=pattern)
    [_, _, third, _] = await calendar(alice, *MARCH)
    later = await change_part(alice, series, "following", THIRD, **{**third, "title": "Daily"})
    assert (await days(alice, series), await days(alice, later)) == (["01", "02"], ["03", "04"])
    assert titles(await calendar(alice, "2027-01-01", "2027-12-31")) == ["Stand-up", "Stand-up", "Daily", "Daily"]


async def test_changing_nothing_splits_nothing(alice: Person):
    series = await standup(alice)
    [_, _, third, _] = await calendar(alice, *MARCH)
    assert await change_part(alice, series, "following", THIRD, **third) == series
    assert await read(alice, series) == series


async def test_the_later_half_moves_and_repeats_otherwise(alice: Person):
    series = await standup(alice)
    weekly = {"frequency": "weekly", "count": 2}
    times = {"start_time": "2027-03-10T14:00:00Z", "end_time": "2027-03-10T15:00:00Z"}
    later = await change_part(alice, series, "following", THIRD, **times, recurrence_pattern=weekly)
    assert later["recurrence_pattern"] == weekly
    assert starts(await calendar(alice, *MARCH)) == [
        "2027-03-01T09:00:00Z",
        "2027-03-02T09:00:00Z",
        "2027-03-10T14:00:00Z",
        "2027-03-17T14:00:00Z",
    ]


async def test_the_later_half_may_stop_repeating(alice: Person):
    series = await standup(alice)
    later = await change_part(alice, series, "following", THIRD, recurrence_pattern=None)
    assert later["is_recurring"] is False
    assert await days(alice, series) == ["01", "02"]
    assert len(await calendar(alice, *MARCH)) == 3


async def test_changed_occurrences_stay_in_their_half(alice: Person):
    series = await standup(alice)
    await change_part(alice, series, "this", SECOND, title="Own second")
    moved = {"start_time": "2027-02-20T09:00:00Z", "end_time": "2027-02-20T10:00:00Z"}
    await change_part(alice, series, "this", FOURTH, **moved)
    later = await change_part(alice, series, "following", THIRD, location="Room 4")
    assert list((await read(alice, series))["overrides"]) == [SECOND]
    assert list(later["overrides"]) == [FOURTH]
    assert starts(await calendar(alice, "2027-02-01", "2027-02-28")) == [moved["start_time"]]


async def test_changed_occurrences_move_along_with_their_half(alice: Person):
    series = await standup(alice)
    await change_part(alice, series, "this", FOURTH, title="Own")
    times = {"start_time": "2027-03-13T11:00:00Z", "end_time": "2027-03-13T12:00:00Z"}
    later = await change_part(alice, series, "following", THIRD, **times)
    assert later["overrides"] == {"2027-03-14T11:00:00": {"title": "Own"}}


async def test_all_that_follow_the_first_are_the_whole_series(alice: Person):
    series = await standup(alice)
    changed = await change_part(alice, series, "following", FIRST, title="Daily")
    assert (changed["id"], changed["version"], changed["continued_by"]) == (series["id"], 2, None)
    assert titles(await calendar(alice, *MARCH)) == ["Daily"] * 4


async def test_no_half_is_left_without_an_occurrence(alice: Person):
    series = await standup(alice)
    await delete_part(alice, series, "this", FIRST)
    changed = await change_part(alice, series, "following", SECOND, title="Daily")
    assert (changed["id"], changed["version"]) == (series["id"], 3)
    assert titles(await calendar(alice, *MARCH)) == ["Daily"] * 3
    assert [one["id"] for one in (await alice.get("/api/v1/events")).json()] == [series["id"]]


# -- people and history --------------------------------------------------------------------------------------


async def test_both_halves_are_shared_with_the_same_people(alice: Person, ben: Person, carla: Person, stranger: Person):
    series = await standup(alice)
    await alice.shares(series, ben, "editor")
    await alice.shares(series, carla, "viewer")
    await alice.shares(series, stranger, "viewer")
    await alice.delete(f"{path_of(series)}/permissions/{stranger.id}")
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    people = [(one["user_id"], one["role"]) for one in (await alice.get(f"{path_of(later)}/permissions")).json()]
    assert people == [(alice.id, "owner"), (ben.id, "editor"), (carla.id, "viewer")]
    assert titles(await calendar(carla, *MARCH)) == ["Stand-up", "Stand-up", "Daily", "Daily"]
    assert (await stranger.get(path_of(later))).status_code == 404


async def test_an_editor_splits_a_series_that_stays_the_owners(alice: Person, ben: Person):
    series = await standup(alice)
    await alice.shares(series, ben, "editor")
    later = await change_part(ben, series, "following", THIRD, title="Daily")
    assert (later["owner_id"], later["role"], later["calendar_id"]) == (alice.id, "editor", series["calendar_id"])
    assert (await read(alice, later))["role"] == "owner"
    [created] = (await alice.get(f"{path_of(later)}/history")).json()
    assert (created["kind"], created["created_by"]) == ("created", ben.id)


async def test_a_viewer_cannot_split_a_series(alice: Person, carla: Person):
    series = await standup(alice)
    await alice.shares(series, carla, "viewer")
    refusal(await try_part(carla, series, "following", THIRD, {"title": "x"}), 403, "role-too-low")
    assert await read(alice, series) == series


async def test_both_halves_keep_a_history(alice: Person):
    series = await standup(alice)
    said = {"title": "Daily", "change_description": "from now on"}
    later = await change_part(alice, series, "following", THIRD, **said)
    [shortened, first] = (await alice.get(f"{path_of(series)}/history")).json()
    assert (shortened["kind"], shortened["change_description"]) == ("updated", "from now on")
    assert first["data"]["recurrence_pattern"] == {"frequency": "daily", "count": 4}
    log = (await alice.get(f"{path_of(series)}/changelog")).json()
    assert [(one["field_name"], one["new_value"]) for one in log] == [
        ("recurrence_pattern", {"frequency": "daily", "count": 2})
    ]
    [created] = (await alice.get(f"{path_of(later)}/history")).json()
    assert (created["version_number"], created["change_description"]) == (1, "from now on")
    assert created["data"]["title"] == "Daily"


# -- deleting ------------------------------------------------------------------------------------------------


async def test_a_series_ends_before_a_deleted_occurrence_and_all_that_follow(alice: Person):
    series = await standup(alice)
    await change_part(alice, series, "this", FOURTH, title="Own")
    await delete_part(alice, series, "following", THIRD)
    assert await days(alice, series) == ["01", "02"]
    after = await read(alice, series)
    assert (after["overrides"], after["continued_by"], after["version"]) == ({}, None, 3)


async def test_deleting_all_that_follow_the_first_deletes_the_series(alice: Person):
    series = await standup(alice)
    await delete_part(alice, series, "following", FIRST)
    [trashed] = (await alice.get("/api/v1/events/trash")).json()
    assert trashed["recurrence_pattern"] == series["recurrence_pattern"]
    assert await calendar(alice, *MARCH) == []


async def test_deleting_all_that_is_left_deletes_the_series(alice: Person):
    series = await standup(alice)
    await delete_part(alice, series, "this", FIRST)
    await delete_part(alice, series, "following", SECOND)
    assert [one["id"] for one in (await alice.get("/api/v1/events/trash")).json()] == [series["id"]]


async def test_only_the_owner_deletes_what_follows(alice: Person, ben: Person):
    series = await standup(alice)
    await alice.shares(series, ben, "editor")
    params = {"scope": "following", "occurrence": THIRD}
    refusal(await ben.delete(path_of(series), params=params), 403, "role-too-low")
    assert len(await calendar(ben, *MARCH)) == 4
