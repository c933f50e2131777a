"""How events repeat: the ways in which clients say it, the one way in which it is kept, and the occurrences of it."""

from __future__ import annotations

import pytest

from tests.api.steps import invalid, occurrences, path_of, read, starts
from tests.people import Json, Person

#: A Monday.
START = {"title": "Stand-up", "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T09:15:00Z"}

WEEKLY = {"frequency": "weekly"}
ON_MONDAYS = {"frequency": "weekly", "byDay": [{"day": "mo"}]}
DAILY_FIVE_TIMES = {"frequency": "daily", "count": 5}
UNTIL_APRIL = {"frequency": "weekly", "until": "2027-04-01T23:59:59"}


def days(entries: list[Json]) -> list[str]:
    """On which days the entries of a list start."""
    return [start[:10] for start in starts(entries)]


# -- what is sent and what is kept ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"frequency": "weekly"}, WEEKLY),
        ({"frequency": "weekly", "interval": 1}, WEEKLY),
        ({"frequency": "WEEKLY", "interval": "1"}, WEEKLY),
        ({"FREQ": "WEEKLY"}, WEEKLY),
        ({"type": "weekly"}, WEEKLY),
        ({"repeat": "weekly"}, WEEKLY),
        ("weekly", WEEKLY),
        ("WEEKLY", WEEKLY),
        ("FREQ=WEEKLY", WEEKLY),
        ("RRULE:FREQ=WEEKLY;INTERVAL=1", WEEKLY),
        ("freq=weekly;", WEEKLY),
        ({"rrule": "FREQ=WEEKLY"}, WEEKLY),
        (["RRULE:FREQ=WEEKLY"], WEEKLY),
        ({"@type": "RecurrenceRule", "frequency": "weekly", "rscale": "gregorian", "skip": "omit"}, WEEKLY),
        ({"frequency": "weekly", "count": None, "until": None, "byDay": []}, WEEKLY),
        ({"freq": "DAILY", "count": 5}, DAILY_FIVE_TIMES),
        ({"frequency": "daily", "occurrences": 5}, DAILY_FIVE_TIMES),
        ({"frequency": "day", "count": 5.0}, DAILY_FIVE_TIMES),
        ("FREQ=DAILY;COUNT=5", DAILY_FIVE_TIMES),
        ({"frequency": "weekly", "interval": 1, "end_date": "2027-04-01"}, UNTIL_APRIL),
        ({"freq": "weekly", "until": "2027-04-01T23:59:59Z"}, UNTIL_APRIL),
        ("FREQ=WEEKLY;UNTIL=20270401T235959Z", UNTIL_APRIL),
        ("FREQ=WEEKLY;UNTIL=20270401", UNTIL_APRIL),
        ({"frequency": "weekly", "byDay": [{"day": "mo"}]}, ON_MONDAYS),
        ({"frequency": "weekly", "byDay": ["MO"]}, ON_MONDAYS),
        ({"frequency": "weekly", "by_day": "monday"}, ON_MONDAYS),
        ({"frequency": "weekly", "days_of_week": [0, 0]}, ON_MONDAYS),
        ("FREQ=WEEKLY;BYDAY=MO", ON_MONDAYS),
        ("FREQ=MONTHLY;BYDAY=1MO", {"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": 1}]}),
        ({"frequency": "monthly", "byMonthDay": 1}, {"frequency": "monthly", "byMonthDay": [1]}),
        ({"frequency": "yearly", "byMonth": ["March"]}, {"frequency": "yearly", "byMonth": ["3"]}),
    ],
)
async def test_a_pattern_is_read_as_clients_write_it_and_kept_in_one_form(alice: Person, sent: Json, kept: Json):
    event = (await alice.post("/api/v1/events", {**START, "recurrence_pattern": sent})).json()
    assert (event["is_recurring"], event["recurrence_pattern"]) == (True, kept)
    assert await read(alice, event) == event


@pytest.mark.parametrize("nothing", [None, {"repeat": "none"}, {"frequency": "NONE"}, "none", "never", "", {}, []])
async def test_there_are_many_words_for_not_repeating(alice: Person, nothing: Json):
    event = (await alice.post("/api/v1/events", {**START, "recurrence_pattern": nothing})).json()
    assert (event["is_recurring"], event["recurrence_pattern"]) == (False, None)
    series = await alice.creates(recurrence_pattern=WEEKLY)
    single = await alice.changes(series, recurrence_pattern=nothing)
    assert (single["is_recurring"], single["recurrence_pattern"]) == (False, None)


async def test_the_old_name_of_a_pattern_is_read_too(alice: Person):
    event = (await alice.post("/api/v1/events", {**START, "is_recurring": True, "recurrence_type": "weekly"})).json()
    assert event["recurrence_pattern"] == WEEKLY


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        ("now and then", ""),
        (7, ""),
        ({"interval": 2}, ""),
        ({"frequency": "hourly"}, "/frequency"),
        ("FREQ=SECONDLY", ""),
        ({"frequency": "daily", "interval": 0}, "/interval"),
        ("FREQ=DAILY;INTERVAL=0", ""),
        ({"frequency": "daily", "interval": 1001}, "/interval"),
        ({"frequency": "daily", "interval": 2**70}, "/interval"),
        ({"frequency": "daily", "count": 0}, "/count"),
        ({"frequency": "daily", "count": 5001}, "/count"),
        ({"frequency": "daily", "count": 2, "until": "2027-04-01"}, "/until"),
        ({"frequency": "daily", "until": "2027-02-28"}, "/until"),
        ({"frequency": "daily", "until": "soon"}, "/until"),
        ({"frequency": "weekly", "byDay": ["xx"]}, "/byDay/0"),
        ({"frequency": "weekly", "byDay": ["1mo"]}, "/byDay"),
        ({"frequency": "daily", "byHour": list(range(24)), "byMinute": [0, 30]}, "/byHour"),
        ({"frequency": "daily", "colour": "red"}, "/colour"),
        ({"frequency": "daily", "freq": "weekly"}, "/freq"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", ""),
        ("FREQ=DAILY\nEXDATE:20270302T090000Z", ""),
    ],
)
async def test_a_pattern_that_cannot_be_is_refused_by_name(alice: Person, pattern: Json, place: str):
    expected = [f"/recurrence_pattern{place}"]
    assert invalid(await alice.post("/api/v1/events", {**START, "recurrence_pattern": pattern})) == expected
    event = await alice.creates()
    assert invalid(await alice.put(path_of(event), {"recurrence_pattern": pattern})) == expected
    assert await read(alice, event) == event


async def test_a_series_begins_with_its_first_occurrence(alice: Person):
    on_fridays = {**START, "recurrence_pattern": {"frequency": "weekly", "byDay": ["fr"]}}
    assert invalid(await alice.post("/api/v1/events", on_fridays)) == ["/start_time"]


# -- is_recurring follows from recurrence_pattern ------------------------------------------------------------


async def test_repeating_needs_a_pattern(alice: Person):
    assert invalid(await alice.post("/api/v1/events", {**START, "is_recurring": True})) == ["/recurrence_pattern"]
    event = await alice.creates()
    assert invalid(await alice.put(path_of(event), {"is_recurring": True})) == ["/recurrence_pattern"]


async def test_a_pattern_needs_an_event_that_repeats(alice: Person):
    contradiction = {**START, "is_recurring": False, "recurrence_pattern": WEEKLY}
    assert invalid(await alice.post("/api/v1/events", contradiction)) == ["/is_recurring"]
    none = {**START, "is_recurring": False, "recurrence_pattern": {"repeat": "none"}}
    assert (await alice.post("/api/v1/events", none)).status_code == 201


async def test_saying_that_a_series_does_not_repeat_ends_it(alice: Person):
    series = await alice.creates(recurrence_pattern=WEEKLY)
    assert (await alice.changes(series, is_recurring=True))["version"] == 1
    single = await alice.changes(series, is_recurring=False)
    assert (single["is_recurring"], single["recurrence_pattern"]) == (False, None)
    again = await alice.changes(single, is_recurring=True, recurrence_pattern=WEEKLY)
    assert again["recurrence_pattern"] == WEEKLY


async def test_what_was_read_does_not_stand_in_the_way_of_a_new_pattern(alice: Person):
    """A client sends back all that it read, with one field changed: is_recurring says what was, not what is wanted."""
    event = await alice.creates()
    series = await alice.changes(event, **{**event, "recurrence_pattern": WEEKLY})
    assert (series["is_recurring"], series["recurrence_pattern"]) == (True, WEEKLY)
    ended = await alice.changes(series, **{**series, "is_recurring": False})
    assert ended["recurrence_pattern"] is None
    series = await alice.changes(ended, **{**ended, "recurrence_pattern": WEEKLY})
    single = await alice.changes(series, **{**series, "recurrence_pattern": None})
    assert (single["is_recurring"], single["recurrence_pattern"]) == (False, None)


async def test_a_new_pattern_for_an_event_that_shall_not_repeat_is_a_contradiction(alice: Person):
    series = await alice.creates(recurrence_pattern=WEEKLY)
    refused = await alice.put(path_of(series), {"is_recurring": False, "recurrence_pattern": {"frequency": "daily"}})
    assert invalid(refused) == ["/is_recurring"]


# -- occurrences ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (DAILY_FIVE_TIMES, ["03-01", "03-02", "03-03", "03-04", "03-05"]),
        ({"frequency": "daily", "until": "2027-03-03"}, ["03-01", "03-02", "03-03"]),
        ({"frequency": "daily", "until": "2027-03-03T08:59:59Z"}, ["03-01", "03-02"]),
        ({"frequency": "weekly", "interval": 2, "count": 3}, ["03-01", "03-15", "03-29"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=4", ["03-01", "03-03", "03-05", "03-08"]),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1;COUNT=2", ["03-01", "04-05"]),
        ("FREQ=MONTHLY;COUNT=2", ["03-01", "04-01"]),
    ],
)
async def test_a_series_takes_place_as_its_pattern_says(alice: Person, pattern: Json, expected: list[str]):
    series = await alice.creates(recurrence_pattern=pattern)
    found = await occurrences(alice, series, "2027-01-01", "2027-12-31")
    assert days(found) == [f"2027-{day}" for day in expected]
    assert {one["id"] for one in found} == {series["id"]}
    assert {one["version"] for one in found} == {1}


async def test_a_monthly_series_leaves_out_months_that_are_too_short(alice: Person):
    series = await alice.creates(
        start="2027-01-31T09:00:00Z", end="2027-01-31T10:00:00Z", recurrence_pattern={"freq": "monthly", "count": 4}
    )
    found = days(await occurrences(alice, series, "2027-01-01", "2027-12-31"))
    assert found == ["2027-01-31", "2027-03-31", "2027-05-31", "2027-07-31"]


async def test_an_endless_series_can_be_read_far_from_its_beginning(alice: Person):
    series = await alice.creates(recurrence_pattern=WEEKLY)
    assert len(await occurrences(alice, series, "2926-01-01", "2926-12-31")) == 52
    assert await occurrences(alice, series, "2026-01-01", "2026-12-31") == []


async def test_a_single_event_is_its_only_occurrence(alice: Person):
    event = await alice.creates()
    assert await occurrences(alice, event, "2027-03-01", "2027-03-01") == [event]


async def test_a_longer_series_is_the_same_event_with_more_occurrences(alice: Person):
    series = await alice.creates(recurrence_pattern=DAILY_FIVE_TIMES)
    await alice.changes(series, recurrence_pattern={"frequency": "daily", "count": 6})
    assert len(await occurrences(alice, series, "2027-03-01", "2027-03-31")) == 6
    [change] = (await alice.get(f"{path_of(series)}/changelog")).json()
    assert (change["field_name"], change["old_value"]) == ("recurrence_pattern", DAILY_FIVE_TIMES)


async def test_occurrences_longer_than_their_distance_overlap(alice: Person):
    series = await alice.creates(
        "Night shift", "2027-03-01T20:00:00Z", "2027-03-03T06:00:00Z", recurrence_pattern=DAILY_FIVE_TIMES
    )
    found = await occurrences(alice, series, "2027-03-03T05:00:00Z", "2027-03-03T06:00:00Z")
    assert days(found) == ["2027-03-01", "2027-03-02"]
