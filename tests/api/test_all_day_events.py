"""All-day events: dates without times, an exclusive end, and days as long as their zone makes them."""

from __future__ import annotations

import pytest

from tests.api.steps import calendar, invalid, move_to_zone, occurrences, path_of, refusal, starts, titles
from tests.people import Json, Person


async def test_dates_make_an_all_day_event_which_takes_no_time(alice: Person):
    event = await alice.creates("Holiday", "2027-05-01", "2027-05-02")
    assert (event["all_day"], event["free_busy_status"]) == (True, "free")
    assert (event["start_time"], event["end_time"]) == ("2027-05-01", "2027-05-02")


async def test_an_all_day_event_is_busy_if_it_is_said_so(alice: Person):
    await alice.creates("Workshop", "2027-05-03", "2027-05-05", free_busy_status="busy")
    meeting = {"title": "Call", "start_time": "2027-05-04T23:30:00Z", "end_time": "2027-05-05T00:30:00Z"}
    refused = refusal(await alice.post("/api/v1/events", meeting), 409, "schedule-conflict")
    assert titles(refused["conflicts"]) == ["Workshop"]
    after = {**meeting, "start_time": "2027-05-05T00:00:00Z"}
    assert (await alice.post("/api/v1/events", after)).status_code == 201


async def test_the_end_of_an_all_day_event_is_not_part_of_it(alice: Person):
    refused = await alice.post("/api/v1/events", {"title": "x", "start_time": "2027-05-01", "end_time": "2027-05-01"})
    assert invalid(refused) == ["/end_time"]
    event = await alice.creates("Trip", "2027-05-01", "2027-05-04")
    for day, there in (("2027-04-30", 0), ("2027-05-01", 1), ("2027-05-03", 1), ("2027-05-04", 0)):
        assert len(await calendar(alice, day, day)) == there, day
    assert [entry["id"] for entry in await calendar(alice, "2027-05-02", "2027-05-02")] == [event["id"]]


async def test_midnights_may_be_sent_for_dates(alice: Person):
    event = await alice.creates("Trip", "2027-05-01T00:00:00Z", "2027-05-03T00:00:00+02:00", all_day=True)
    assert (event["start_time"], event["end_time"]) == ("2027-05-01", "2027-05-03")
    until_evening = await alice.creates("Fair", "2027-05-01T00:00:00", "2027-05-02T23:59:59", all_day=True)
    assert until_evening["end_time"] == "2027-05-03"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"start_time": "2027-05-01", "end_time": "2027-05-02", "all_day": False}, "/start_time"),
        ({"start_time": "2027-05-01T09:00:00", "end_time": "2027-05-02", "all_day": True}, "/start_time"),
        ({"start_time": "2027-05-01T09:00:00", "end_time": "2027-05-02"}, "/end_time"),
    ],
)
async def test_dates_and_times_do_not_mix(alice: Person, fields: Json, place: str):
    assert invalid(await alice.post("/api/v1/events", {"title": "x", **fields})) == [place]


async def test_a_meeting_becomes_an_all_day_event_and_a_meeting_again(alice: Person):
    event = await alice.creates(start="2027-05-01T22:00:00Z", end="2027-05-02T02:00:00Z")
    days = await alice.changes(event, all_day=True)
    assert (days["start_time"], days["end_time"]) == ("2027-05-01", "2027-05-03")
    again = await alice.changes(event, start_time="2027-05-01T22:00:00Z", end_time="2027-05-02T02:00:00Z")
    assert (again["all_day"], again["start_time"]) == (False, "2027-05-01T22:00:00Z")


async def test_days_are_those_of_the_zone_of_the_event(alice: Person):
    await alice.creates("Golden Week", "2027-05-03", "2027-05-04", time_zone="Asia/Tokyo")
    assert await calendar(alice, "2027-05-02T14:59:00Z", "2027-05-02T15:00:00Z") == []
    assert len(await calendar(alice, "2027-05-02T15:00:00Z", "2027-05-02T15:01:00Z")) == 1
    assert len(await calendar(alice, "2027-05-03T14:59:00Z", "2027-05-03T15:00:00Z")) == 1
    assert await calendar(alice, "2027-05-03T15:00:00Z", "2027-05-03T15:01:00Z") == []


async def test_a_day_in_a_list_is_a_day_in_the_zone_of_the_one_who_asks(alice: Person):
    await move_to_zone(alice, "America/Los_Angeles")
    event = await alice.creates("Birthday", "2027-05-03", "2027-05-04")
    assert event["time_zone"] == "America/Los_Angeles"
    assert starts(await calendar(alice, "2027-05-03", "2027-05-03")) == ["2027-05-03"]
    assert await calendar(alice, "2027-05-02", "2027-05-02") == []
    assert await calendar(alice, "2027-05-04", "2027-05-04") == []


@pytest.mark.parametrize(
    ("day", "next_day", "last_minute", "over"),
    [
        pytest.param("2027-03-28", "2027-03-29", "2027-03-28T21:59:00Z", "2027-03-28T22:00:00Z", id="of 23 hours"),
        pytest.param("2027-10-31", "2027-11-01", "2027-10-31T22:59:00Z", "2027-10-31T23:00:00Z", id="of 25 hours"),
    ],
)
async def test_a_day_is_as_long_as_the_clocks_make_it(
    alice: Person, day: str, next_day: str, last_minute: str, over: str
):
    busy = {"time_zone": "Europe/Berlin", "free_busy_status": "busy"}
    await alice.creates("Clocks change", day, next_day, **busy)
    short = {"title": "Late", "start_time": last_minute, "end_time": over}
    refusal(await alice.post("/api/v1/events", short), 409, "schedule-conflict")
    after = {**short, "start_time": over, "end_time": over.replace(":00:00Z", ":30:00Z")}
    assert (await alice.post("/api/v1/events", after)).status_code == 201


async def test_an_all_day_series_has_whole_days(alice: Person):
    week = await alice.creates(
        "On call",
        "2027-03-26",
        "2027-03-28",
        time_zone="Europe/Berlin",
        recurrence_pattern={"frequency": "weekly", "until": "2027-04-09"},
    )
    found = await occurrences(alice, week, "2027-03-01", "2027-04-30")
    assert [(one["start_time"], one["end_time"], one["occurrence"]) for one in found] == [
        ("2027-03-26", "2027-03-28", "2027-03-26"),
        ("2027-04-02", "2027-04-04", "2027-04-02"),
        ("2027-04-09", "2027-04-11", "2027-04-09"),
    ]
    assert {one["series_start"] for one in found} == {"2027-03-26"}


async def test_one_day_of_an_all_day_series_moves(alice: Person):
    series = await alice.creates(
        "Review", "2027-05-03", "2027-05-04", recurrence_pattern={"freq": "weekly", "count": 3}
    )
    [_, second, _] = await occurrences(alice, series, "2027-05-01", "2027-05-31")
    params = {"scope": "this", "occurrence": second["occurrence"]}
    moved = {**second, "start_time": "2027-05-11", "end_time": "2027-05-13"}
    assert (await alice.put(path_of(series), moved, params=params)).status_code == 200
    found = await occurrences(alice, series, "2027-05-01", "2027-05-31")
    assert [(one["start_time"], one["end_time"]) for one in found] == [
        ("2027-05-03", "2027-05-04"),
        ("2027-05-11", "2027-05-13"),
        ("2027-05-17", "2027-05-18"),
    ]


async def test_the_day_that_samoa_left_out_can_be_read(alice: Person):
    event = await alice.creates("Nothing", "2011-12-30", "2011-12-31", time_zone="Pacific/Apia")
    assert (event["start_time"], event["end_time"]) == ("2011-12-30", "2011-12-31")
    assert starts(await calendar(alice, "2011-12-28", "2012-01-02")) == ["2011-12-30"]
