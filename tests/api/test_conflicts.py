"""Double bookings: what clashes with what, what is told about it, and the free times that are offered instead."""

from __future__ import annotations

import pytest

from tests.api.booking import EVENTS, at, book, book_all_the_same, clash
from tests.api.steps import change_part, delete_part, invalid, path_of, read, refusal, starts, titles
from tests.people import Json, Person

DAILY = {"frequency": "daily", "count": 3}


# -- what overlaps what --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end"),
    [("01 09:00", "01 10:00"), ("01 09:15", "01 09:30"), ("01 08:00", "01 11:00"), ("01 08:00", "01 09:01"),
     ("01 09:59", "01 11:00"), ("01 09:00", "01 09:01"), ("01 09:59", "01 10:00")],
    ids=["the same", "inside", "around", "into the beginning", "out of the end", "the first minute", "the last minute"],
)  # fmt: skip
async def test_overlapping_times_clash(alice: Person, start: str, end: str):
    taken = await book(alice, "01 09:00", "01 10:00")
    problem = await clash(alice, at(start, end))
    assert problem["conflicts"] == [
        {"event_id": taken["id"], "title": "Taken", "start_time": taken["start_time"], "end_time": taken["end_time"]}
    ]
    assert problem["more"] is False


async def test_touching_ends_do_not_clash(alice: Person):
    await book(alice, "01 09:00", "01 10:00")
    await book(alice, "01 08:00", "01 09:00", "Before")
    await book(alice, "01 10:00", "01 11:00", "After")


@pytest.mark.parametrize("fields", [{"free_busy_status": "free"}, {"status": "cancelled"}], ids=["free", "cancelled"])
async def test_what_takes_no_time_clashes_with_nothing(alice: Person, fields: Json):
    await book(alice, "01 09:00", "01 10:00", **fields)
    await book(alice, "01 09:00", "01 10:00")
    await book(alice, "01 09:00", "01 10:00", "Later", **fields)


async def test_a_tentative_event_takes_time(alice: Person):
    await book(alice, "01 09:00", "01 10:00", status="tentative")
    await clash(alice, at("01 09:00", "01 10:00"))


async def test_everybody_has_time_of_their_own(alice: Person, ben: Person):
    event = await book(alice, "01 09:00", "01 10:00")
    await alice.shares(event, ben)
    await book(ben, "01 09:00", "01 10:00", "Ben's")


async def test_a_deleted_event_makes_room(alice: Person):
    event = await book(alice, "01 09:00", "01 10:00")
    await alice.delete(path_of(event))
    await book(alice, "01 09:00", "01 10:00", "Instead")


async def test_a_single_event_clashes_with_an_occurrence(alice: Person):
    series = await book(alice, "01 09:00", "01 10:00", recurrence_pattern=DAILY)
    [conflict] = (await clash(alice, at("03 09:30", "03 10:30")))["conflicts"]
    assert (conflict["event_id"], conflict["start_time"]) == (series["id"], "2045-03-03T09:00:00Z")
    await book(alice, "04 09:00", "04 10:00", "After the series")


async def test_a_series_clashes_with_a_single_event(alice: Person):
    single = await book(alice, "03 09:30", "03 10:30")
    [conflict] = (await clash(alice, at("01 09:00", "01 10:00", recurrence_pattern=DAILY)))["conflicts"]
    assert conflict["event_id"] == single["id"]
    await book(alice, "01 09:00", "01 10:00", recurrence_pattern={"frequency": "daily", "count": 2})


async def test_a_series_clashes_with_a_series(alice: Person):
    await book(alice, "01 09:00", "01 10:00", recurrence_pattern={"frequency": "weekly"})
    problem = await clash(alice, at("02 09:30", "02 10:30", recurrence_pattern={"frequency": "daily", "interval": 2}))
    assert starts(problem["conflicts"])[0] == "2045-03-08T09:00:00Z"
    await book(alice, "02 09:30", "02 10:30", recurrence_pattern={"frequency": "weekly"})


async def test_series_in_different_zones_clash_where_their_clocks_do(alice: Person):
    """Nine in New York and three in Berlin are the same but for the weeks between two changes of clocks."""
    await alice.creates("New York", "2045-01-02T09:00:00", "2045-01-02T10:00:00", time_zone="America/New_York",
                        recurrence_pattern={"frequency": "weekly", "count": 20})  # fmt: skip
    berlin = {
        "title": "Berlin",
        "time_zone": "Europe/Berlin",
        "recurrence_pattern": {"frequency": "weekly", "count": 20},
    }
    hour_before = {**berlin, "start_time": "2045-01-02T14:00:00", "end_time": "2045-01-02T15:00:00"}
    problem = refusal(await alice.post(EVENTS, hour_before), 409, "schedule-conflict")
    assert starts(problem["conflicts"]) == ["2045-03-13T13:00:00Z", "2045-03-20T13:00:00Z"]


async def test_an_occurrence_that_moved_takes_the_time_where_it_went_and_no_other(alice: Person):
    series = await book(alice, "01 09:00", "01 10:00", "Series", recurrence_pattern=DAILY)
    away = at("20 14:00", "20 15:00", title="Moved")
    await change_part(alice, series, "this", "2045-03-02T09:00:00", **away)
    await book(alice, "02 09:00", "02 10:00", "Instead")
    problem = await clash(alice, at("20 14:30", "20 14:45"))
    assert starts(problem["conflicts"]) == [away["start_time"]]


async def test_a_deleted_occurrence_makes_room(alice: Person):
    series = await book(alice, "01 09:00", "01 10:00", recurrence_pattern=DAILY)
    await delete_part(alice, series, "this", "2045-03-02T09:00:00")
    await book(alice, "02 09:00", "02 10:00", "Instead")
    back = await alice.post(f"{path_of(series)}/rollback/1")
    assert titles(refusal(back, 409, "schedule-conflict")["conflicts"]) == ["Instead"]


async def test_occurrences_of_one_series_do_not_clash_with_each_other(alice: Person):
    long = await book(alice, "01 09:00", "03 09:00", recurrence_pattern=DAILY)
    assert (await alice.changes(long, end_time="2045-03-04T09:00:00Z"))["version"] == 2


async def test_every_clash_is_named_up_to_a_limit(alice: Person):
    await book(alice, "01 09:00", "01 10:00", recurrence_pattern={"frequency": "daily", "count": 51})
    problem = await clash(alice, at("01 09:00", "01 10:00", recurrence_pattern={"frequency": "daily", "count": 51}))
    assert (len(problem["conflicts"]), problem["more"]) == (50, True)


async def test_an_endless_series_says_until_when_it_was_compared(alice: Person):
    await alice.creates("In ten years", "2055-03-01T09:00:00Z", "2055-03-01T10:00:00Z")
    answer = (await alice.post(f"{EVENTS}/check", at("01 09:00", "01 10:00", recurrence_pattern="daily"))).json()
    assert answer["free"] is True
    assert "2047" <= answer["checked_until"] < "2048"
    await book(alice, "01 09:00", "01 10:00", recurrence_pattern="daily")
    late = {"title": "x", "start_time": "2065-03-01T09:30:00Z", "end_time": "2065-03-01T09:45:00Z"}
    assert titles((await clash(alice, late))["conflicts"]) == ["Taken"]


# -- what changes and what does not --------------------------------------------------------------------------


async def test_moving_an_event_into_taken_time_is_refused(alice: Person):
    await book(alice, "01 09:00", "01 10:00")
    event = await book(alice, "01 10:00", "01 11:00", "Mine")
    refused = await alice.put(path_of(event), {"start_time": "2045-03-01T09:30:00Z"})
    assert titles(refusal(refused, 409, "schedule-conflict")["conflicts"]) == ["Taken"]
    assert await read(alice, event) == event
    moved = await alice.changes(event, start_time="2045-03-01T10:30:00Z", end_time="2045-03-01T11:30:00Z")
    assert moved["version"] == 2


@pytest.mark.parametrize("now", [{"free_busy_status": "free"}, {"status": "cancelled"}])
async def test_an_event_that_comes_to_take_time_has_to_find_it_free(alice: Person, now: Json):
    event = await book(alice, "01 09:00", "01 10:00", "Mine", **now)
    await book(alice, "01 09:00", "01 10:00")
    busy = {"free_busy_status": "busy", "status": "confirmed"}
    refusal(await alice.put(path_of(event), busy), 409, "schedule-conflict")
    assert (await alice.put(path_of(event), busy, params={"on_conflict": "allow"})).status_code == 200


async def test_an_occurrence_has_to_find_its_new_time_free(alice: Person):
    await book(alice, "20 14:00", "20 15:00")
    series = await book(alice, "01 09:00", "01 10:00", "Series", recurrence_pattern=DAILY)
    params = {"scope": "this", "occurrence": "2045-03-02T09:00:00"}
    refused = await alice.put(path_of(series), at("20 14:00", "20 15:00"), params=params)
    assert titles(refusal(refused, 409, "schedule-conflict")["conflicts"]) == ["Taken"]


async def test_the_later_half_of_a_series_has_to_find_its_new_time_free(alice: Person):
    await book(alice, "03 14:00", "03 15:00")
    series = await book(alice, "01 09:00", "01 10:00", "Series", recurrence_pattern=DAILY)
    params = {"scope": "following", "occurrence": "2045-03-02T09:00:00"}
    refused = await alice.put(path_of(series), at("02 14:30", "02 15:30"), params=params)
    assert titles(refusal(refused, 409, "schedule-conflict")["conflicts"]) == ["Taken"]
    assert await read(alice, series) == series
    into_itself = await alice.put(path_of(series), at("01 09:30", "01 10:30"), params=params)
    assert titles(refusal(into_itself, 409, "schedule-conflict")["conflicts"]) == ["Series"]
    allowed = await alice.put(path_of(series), at("02 14:30", "02 15:30"), params={**params, "on_conflict": "allow"})
    assert allowed.status_code == 200


@pytest.mark.parametrize("scope", ["this", "following", "all"])
async def test_changing_only_the_title_of_what_overlaps_is_not_refused(alice: Person, scope: str):
    await book(alice, "02 09:00", "02 10:00")
    both = await book_all_the_same(alice, "01 09:00", "01 10:00", recurrence_pattern=DAILY)
    params = {} if scope == "all" else {"scope": scope, "occurrence": "2045-03-02T09:00:00"}
    renamed = await alice.put(path_of(both), {"title": "Renamed", "description": "x"}, params=params)
    assert renamed.status_code == 200, renamed.text


async def test_an_event_that_overlaps_may_take_less_time(alice: Person):
    """Only time that is new has to be free."""
    await book(alice, "01 09:00", "03 10:00")
    series = await book_all_the_same(alice, "01 09:00", "01 10:00", recurrence_pattern=DAILY)
    await change_part(alice, series, "this", "2045-03-02T09:00:00", status="cancelled")
    await change_part(alice, series, "this", "2045-03-03T09:00:00", start_time="2045-03-03T09:30:00Z")
    await delete_part(alice, series, "this", "2045-03-03T09:00:00")
    await alice.changes(series, end_time="2045-03-01T09:30:00Z")
    longer = await alice.put(path_of(series), {"end_time": "2045-03-01T09:45:00Z"})
    refusal(longer, 409, "schedule-conflict")
    await alice.changes(series, recurrence_pattern=None)


async def test_taken_time_can_be_booked_all_the_same(alice: Person):
    await book(alice, "01 09:00", "01 10:00")
    wanted = at("01 09:00", "01 10:00")
    assert (await alice.post(EVENTS, wanted, params={"on_conflict": "allow"})).status_code == 201
    assert len((await clash(alice, wanted))["conflicts"]) == 2
    assert invalid(await alice.post(EVENTS, wanted, params={"on_conflict": "maybe"})) == ["?on_conflict"]


@pytest.mark.parametrize("scope", ["this", "following", "all"])
async def test_only_the_owner_can_book_taken_time_all_the_same(alice: Person, ben: Person, scope: str):
    await book(alice, "03 14:00", "03 15:00")
    series = await book(alice, "01 09:00", "01 10:00", "Series", recurrence_pattern=DAILY)
    await alice.shares(series, ben)
    part = {} if scope == "all" else {"scope": scope, "occurrence": "2045-03-03T09:00:00"}
    day = "01" if scope == "all" else "03"
    wanted, params = at(f"{day} 14:00", f"{day} 15:00"), {**part, "on_conflict": "allow"}
    refusal(await ben.put(path_of(series), wanted, params=params), 409, "schedule-conflict")
    assert await read(alice, series) == series
    assert (await alice.put(path_of(series), wanted, params=params)).status_code == 200


async def test_only_the_owner_can_go_back_to_taken_time(alice: Person, ben: Person):
    event = await book(alice, "01 09:00", "01 10:00", "Mine")
    await alice.shares(event, ben)
    await alice.changes(event, **at("02 09:00", "02 10:00"))
    await book(alice, "01 09:00", "01 10:00")
    back, params = f"{path_of(event)}/rollback/1", {"on_conflict": "allow"}
    refusal(await ben.post(back, params=params), 409, "schedule-conflict")
    assert (await alice.post(back, params=params)).status_code == 200


async def test_an_event_is_handed_over_into_free_time_only(alice: Person, ben: Person):
    event = await book(alice, "01 09:00", "01 10:00", "Alice's")
    await alice.shares(event, ben)
    await book(ben, "01 09:30", "01 10:30", "Ben's")
    refused = await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})
    assert refusal(refused, 409, "schedule-conflict")["conflicts"] == []
    pushed = await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id}, params={"on_conflict": "allow"})
    assert invalid(pushed) == ["?on_conflict"]
