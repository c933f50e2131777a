"""Time zones: what a time means when it is sent, what offset it comes back with, and the nights when clocks change."""

from __future__ import annotations

import re

import pytest

from tests.api.steps import calendar, change_part, invalid, move_to_zone, occurrences, path_of, read, starts
from tests.people import Json, Person

DAILY = {"frequency": "daily", "count": 3}
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?(Z|[+-]\d\d:\d\d)")


# -- what goes in and what comes out -------------------------------------------------------------------------


async def test_a_time_with_an_offset_is_that_instant(alice: Person):
    event = await alice.creates(
        start="2027-06-01T09:00:00+05:45", end="2027-05-31T22:15:00-06:00", time_zone="Europe/Berlin"
    )
    assert (event["start_time"], event["end_time"]) == ("2027-06-01T05:15:00+02:00", "2027-06-01T06:15:00+02:00")


async def test_a_time_without_an_offset_is_what_clocks_show_in_the_zone_of_the_event(alice: Person):
    event = await alice.creates(start="2027-06-01T09:00", end="2027-06-01 10:00:00", time_zone="America/New_York")
    assert (event["start_time"], event["end_time"]) == ("2027-06-01T09:00:00-04:00", "2027-06-01T10:00:00-04:00")


async def test_without_a_zone_events_are_in_the_zone_of_the_one_who_creates_them(alice: Person, ben: Person):
    await move_to_zone(alice, "Asia/Tokyo")
    event = await alice.creates(start="2027-06-01T09:00:00", end="2027-06-01T10:00:00")
    assert (event["time_zone"], event["start_time"]) == ("Asia/Tokyo", "2027-06-01T09:00:00+09:00")
    utc = await ben.creates(start="2027-06-01T09:00:00", end="2027-06-01T10:00:00")
    assert (utc["time_zone"], utc["start_time"]) == ("UTC", "2027-06-01T09:00:00Z")


async def test_moving_house_moves_no_events(alice: Person):
    event = await alice.creates(start="2027-06-01T09:00:00", end="2027-06-01T10:00:00")
    await move_to_zone(alice, "Asia/Tokyo")
    assert await read(alice, event) == event


async def test_everybody_reads_times_in_the_zone_of_the_event(alice: Person, ben: Person):
    await move_to_zone(ben, "Asia/Tokyo")
    event = await alice.creates(time_zone="America/New_York")
    await alice.shares(event, ben)
    assert (await read(ben, event))["start_time"] == event["start_time"] == "2027-03-01T04:00:00-05:00"


async def test_a_time_that_is_changed_without_an_offset_is_meant_in_the_zone_of_the_event(alice: Person):
    await move_to_zone(alice, "Asia/Tokyo")
    event = await alice.creates(time_zone="Europe/Berlin")
    moved = await alice.changes(event, start_time="2027-06-01T09:00:00", end_time="2027-06-01T10:00:00")
    assert moved["start_time"] == "2027-06-01T09:00:00+02:00"
    moved = await alice.changes(
        event, start_time="2027-06-01T09:00:00", end_time="2027-06-01T10:00:00", time_zone="Europe/London"
    )
    assert moved["start_time"] == "2027-06-01T09:00:00+01:00"


async def test_changing_the_zone_alone_keeps_the_instant(alice: Person):
    event = await alice.creates(time_zone="Europe/Berlin")
    moved = await alice.changes(event, time_zone="America/New_York")
    assert (event["start_time"], moved["start_time"]) == ("2027-03-01T10:00:00+01:00", "2027-03-01T04:00:00-05:00")
    log = (await alice.get(f"{path_of(event)}/changelog", field="time_zone")).json()
    assert [(one["old_value"], one["new_value"]) for one in log] == [("Europe/Berlin", "America/New_York")]


async def test_changing_the_zone_of_a_series_keeps_the_instant_of_its_first_occurrence(alice: Person):
    # The Monday after, at one in the morning in Berlin, is Sunday evening in New York.
    series = await alice.creates(
        start="2027-03-01T01:00:00",
        end="2027-03-01T02:00:00",
        time_zone="Europe/Berlin",
        recurrence_pattern={"frequency": "weekly", "byDay": ["mo"], "count": 4},
    )
    moved = await alice.changes(series, time_zone="America/New_York")
    assert moved["recurrence_pattern"]["byDay"] == [{"day": "su"}]
    assert starts(await occurrences(alice, series, "2027-02-01", "2027-04-30")) == [
        "2027-02-28T19:00:00-05:00",
        "2027-03-07T19:00:00-05:00",
        "2027-03-14T19:00:00-04:00",
        "2027-03-21T19:00:00-04:00",
    ]


async def test_an_unknown_zone_is_refused(alice: Person):
    event = await alice.creates()
    assert invalid(await alice.put(path_of(event), {"time_zone": "Europe/Nowhere"})) == ["/time_zone"]
    assert invalid(await alice.put(path_of(event), {"time_zone": "europe/berlin"})) == ["/time_zone"]


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Europe/Amsterdam", "1880-01-01T12:00:00"),
        ("America/New_York", "1850-07-04T09:00:00"),
        ("Asia/Manila", "1840-12-10T09:00:00"),
        ("Africa/Monrovia", "1970-01-01T09:00:00"),
        ("Pacific/Apia", "0001-01-05T09:00:00"),
    ],
)
async def test_times_from_before_there_were_zones_are_written_so_that_everybody_can_read_them(
    alice: Person, zone: str, start: str
):
    """Local mean time has offsets with seconds, which RFC 3339 cannot write."""
    end = start.replace("T09:00", "T11:00").replace("T12:00", "T13:00")
    event = await alice.creates(start=start, end=end, time_zone=zone, recurrence_pattern=DAILY)
    found = await occurrences(alice, event, start, f"{start[:8]}30")
    shown = [event["start_time"], event["end_time"], *starts(found)]
    assert all(RFC_3339.fullmatch(time) for time in shown), shown
    again = await alice.creates(
        start=event["start_time"], end=event["end_time"], time_zone=zone, free_busy_status="free"
    )
    assert again["start_time"] == event["start_time"]


# -- the nights when clocks change ---------------------------------------------------------------------------


async def test_a_series_keeps_its_wall_time_when_clocks_change(alice: Person):
    series = await alice.creates(
        start="2027-03-22T09:00:00",
        end="2027-03-22T10:00:00",
        time_zone="Europe/Berlin",
        recurrence_pattern={"frequency": "weekly", "count": 2},
    )
    found = await occurrences(alice, series, "2027-03-01", "2027-04-30")
    assert starts(found) == ["2027-03-22T09:00:00+01:00", "2027-03-29T09:00:00+02:00"]
    assert [one["end_time"] for one in found] == ["2027-03-22T10:00:00+01:00", "2027-03-29T10:00:00+02:00"]


async def test_a_time_that_is_skipped_is_an_hour_later_that_night_only(alice: Person):
    series = await alice.creates(
        start="2027-03-27T02:30:00",
        end="2027-03-27T03:00:00",
        time_zone="Europe/Berlin",
        recurrence_pattern=DAILY,
    )
    found = await occurrences(alice, series, "2027-03-01", "2027-04-30")
    assert [(one["start_time"], one["end_time"], one["occurrence"]) for one in found] == [
        ("2027-03-27T02:30:00+01:00", "2027-03-27T03:00:00+01:00", "2027-03-27T02:30:00"),
        ("2027-03-28T03:30:00+02:00", "2027-03-28T04:00:00+02:00", "2027-03-28T02:30:00"),
        ("2027-03-29T02:30:00+02:00", "2027-03-29T03:00:00+02:00", "2027-03-29T02:30:00"),
    ]


async def test_a_single_event_at_a_time_that_is_skipped_takes_place_an_hour_later(alice: Person):
    event = await alice.creates(start="2027-03-28T02:30:00", end="2027-03-28T03:45:00", time_zone="Europe/Berlin")
    assert (event["start_time"], event["end_time"]) == ("2027-03-28T03:30:00+02:00", "2027-03-28T03:45:00+02:00")


async def test_a_time_that_comes_twice_means_the_first(alice: Person):
    night = {"time_zone": "America/New_York"}
    first = await alice.creates(start="2027-11-07T01:30:00", end="2027-11-07T01:45:00", **night)
    second = await alice.creates(start="2027-11-07T01:30:00-05:00", end="2027-11-07T01:45:00-05:00", **night)
    assert first["start_time"] == "2027-11-07T01:30:00-04:00"
    assert second["start_time"] == "2027-11-07T01:30:00-05:00"


async def test_the_second_pass_of_an_hour_survives_changes(alice: Person):
    event = await alice.creates(
        start="2027-11-07T01:30:00-05:00", end="2027-11-07T01:45:00-05:00", time_zone="America/New_York"
    )
    await alice.changes(event, title="Night shift")
    longer = await alice.changes(event, end_time="2027-11-07T02:30:00-05:00")
    assert longer["start_time"] == "2027-11-07T01:30:00-05:00"
    away = await alice.changes(event, time_zone="Europe/London")
    back = await alice.changes(away, time_zone="America/New_York")
    assert back["start_time"] == "2027-11-07T01:30:00-05:00"
    restored = await alice.post(f"{path_of(event)}/rollback/1")
    assert restored.json()["start_time"] == "2027-11-07T01:30:00-05:00"


async def test_a_series_takes_place_once_in_a_night_with_an_hour_twice(alice: Person):
    series = await alice.creates(
        start="2027-11-06T01:30:00",
        end="2027-11-06T02:00:00",
        time_zone="America/New_York",
        recurrence_pattern=DAILY,
    )
    assert starts(await occurrences(alice, series, "2027-11-01", "2027-11-30")) == [
        "2027-11-06T01:30:00-04:00",
        "2027-11-07T01:30:00-04:00",
        "2027-11-08T01:30:00-05:00",
    ]


async def test_an_occurrence_at_a_skipped_time_is_sent_back_unchanged_and_changed(alice: Person):
    series = await alice.creates(
        start="2027-03-27T02:30:00",
        end="2027-03-27T03:00:00",
        time_zone="Europe/Berlin",
        recurrence_pattern=DAILY,
    )
    [_, skipped, _] = await occurrences(alice, series, "2027-03-01", "2027-04-30")
    same = await change_part(alice, series, "this", skipped["occurrence"], **skipped)
    assert (same["version"], same["overrides"]) == (1, {})
    named_by_its_start = await change_part(alice, series, "this", skipped["start_time"], title="Woken up")
    assert named_by_its_start["overrides"] == {"2027-03-28T02:30:00": {"title": "Woken up"}}
    later = {"start_time": "2027-03-28T05:00:00+02:00", "end_time": "2027-03-28T05:30:00+02:00"}
    moved = await change_part(alice, series, "this", skipped["occurrence"], **later)
    assert moved["overrides"]["2027-03-28T02:30:00"]["start"] == "2027-03-28T05:00:00"
    back = await change_part(alice, series, "this", skipped["occurrence"], **{**skipped, "version": moved["version"]})
    assert back["overrides"] == {}


async def test_the_second_pass_of_an_hour_is_not_the_occurrence_in_the_first(alice: Person):
    series = await alice.creates(
        start="2027-11-06T01:30:00", end="2027-11-06T02:00:00", time_zone="America/New_York", recurrence_pattern=DAILY
    )
    params = {"scope": "this", "occurrence": "2027-11-07T01:30:00-05:00"}
    refused = await alice.put(path_of(series), {"title": "Second pass"}, params=params)
    assert invalid(refused) == ["?occurrence"]


# -- a single event that starts or ends while clocks change --------------------------------------------------

GAP, OVERLAP = "2027-03-28", "2027-10-31"
#: What is sent for start and end in Berlin, and what comes back: at 2:00 of the first night clocks go to 3:00, at 3:00
#: of the second back to 2:00.
NIGHTS = {
    "starts in a gap": (f"{GAP}T02:30", f"{GAP}T04:00", f"{GAP}T03:30:00+02:00", f"{GAP}T04:00:00+02:00"),
    "ends in a gap": (f"{GAP}T01:45", f"{GAP}T02:15", f"{GAP}T01:45:00+01:00", f"{GAP}T03:15:00+02:00"),
    "lies in a gap": (f"{GAP}T02:10", f"{GAP}T02:50", f"{GAP}T03:10:00+02:00", f"{GAP}T03:50:00+02:00"),
    "spans a gap": (f"{GAP}T01:30", f"{GAP}T03:30", f"{GAP}T01:30:00+01:00", f"{GAP}T03:30:00+02:00"),
    "starts in an overlap": (f"{OVERLAP}T02:30", f"{OVERLAP}T04:00", f"{OVERLAP}T02:30:00+02:00",
                             f"{OVERLAP}T04:00:00+01:00"),
    "ends in an overlap": (f"{OVERLAP}T01:30", f"{OVERLAP}T02:30", f"{OVERLAP}T01:30:00+02:00",
                           f"{OVERLAP}T02:30:00+02:00"),
    "lies in an overlap": (f"{OVERLAP}T02:10", f"{OVERLAP}T02:50", f"{OVERLAP}T02:10:00+02:00",
                           f"{OVERLAP}T02:50:00+02:00"),
    "lies in the second pass": (f"{OVERLAP}T02:10:00+01:00", f"{OVERLAP}T02:50:00+01:00", f"{OVERLAP}T02:10:00+01:00",
                                f"{OVERLAP}T02:50:00+01:00"),
    "takes a whole hour between the passes": (f"{OVERLAP}T02:30:00+02:00", f"{OVERLAP}T02:30:00+01:00",
                                              f"{OVERLAP}T02:30:00+02:00", f"{OVERLAP}T02:30:00+01:00"),
}  # fmt: skip
each_night = pytest.mark.parametrize(("start", "end", "starts_at", "ends_at"), NIGHTS.values(), ids=NIGHTS)


def times(event: Json) -> tuple[str, str]:
    return event["start_time"], event["end_time"]


@each_night
async def test_an_event_created_while_clocks_change(alice: Person, start: str, end: str, starts_at: str, ends_at: str):
    event = await alice.creates(start=start, end=end, time_zone="Europe/Berlin")
    assert times(event) == times(await read(alice, event)) == (starts_at, ends_at)
    assert [times(one) for one in await calendar(alice, starts_at, ends_at)] == [(starts_at, ends_at)]


@each_night
async def test_an_event_moved_to_where_clocks_change(alice: Person, start: str, end: str, starts_at: str, ends_at: str):
    event = await alice.creates(start="2027-06-01T09:00", end="2027-06-01T10:00", time_zone="Europe/Berlin")
    moved = await alice.changes(event, start_time=start, end_time=end)
    assert times(moved) == times(await read(alice, event)) == (starts_at, ends_at)


@each_night
async def test_an_event_while_clocks_change_is_sent_back_as_it_was_read_and_renamed(
    alice: Person, start: str, end: str, starts_at: str, ends_at: str
):
    event = await alice.creates(start=start, end=end, time_zone="Europe/Berlin")
    assert (await alice.changes(event, **event))["version"] == 1
    renamed = await alice.changes(event, **{**event, "title": "Renamed"})
    assert (renamed["title"], times(renamed)) == ("Renamed", (starts_at, ends_at))
    changed = (await alice.get(f"{path_of(event)}/changelog", limit=1)).json()
    assert [one["field_name"] for one in changed] == ["title"]


async def test_one_edge_alone_is_changed_while_clocks_change(alice: Person):
    event = await alice.creates(start=f"{GAP}T02:30", end=f"{GAP}T05:00", time_zone="Europe/Berlin")
    shorter = await alice.changes(event, end_time=f"{GAP}T04:00")
    assert times(shorter) == (f"{GAP}T03:30:00+02:00", f"{GAP}T04:00:00+02:00")
    earlier = await alice.changes(event, start_time=f"{GAP}T01:30")
    assert times(earlier) == (f"{GAP}T01:30:00+01:00", f"{GAP}T04:00:00+02:00")


async def test_an_event_cannot_end_before_it_starts_because_its_start_is_skipped(alice: Person):
    sent = {"title": "Night", "start_time": f"{GAP}T02:30", "end_time": f"{GAP}T03:00", "time_zone": "Europe/Berlin"}
    assert invalid(await alice.post("/api/v1/events", sent)) == ["/end_time"]


async def test_an_end_without_an_offset_is_in_the_first_pass_although_the_start_is_in_the_second(alice: Person):
    sent = {"start_time": f"{OVERLAP}T02:10:00+01:00", "end_time": f"{OVERLAP}T02:50", "time_zone": "Europe/Berlin"}
    assert invalid(await alice.post("/api/v1/events", {"title": "Night", **sent})) == ["/end_time"]


async def test_a_gap_of_half_an_hour_is_passed_over_by_half_an_hour(alice: Person):
    event = await alice.creates(start="2027-10-03T02:10", end="2027-10-03T02:20", time_zone="Australia/Lord_Howe")
    assert times(event) == ("2027-10-03T02:40:00+11:00", "2027-10-03T02:50:00+11:00")


async def test_an_event_in_a_gap_moves_to_another_zone_as_an_instant(alice: Person):
    event = await alice.creates(start=f"{GAP}T02:30", end=f"{GAP}T04:00", time_zone="Europe/Berlin")
    moved = await alice.changes(event, time_zone="UTC")
    assert times(moved) == (f"{GAP}T01:30:00Z", f"{GAP}T02:00:00Z")
