"""Patterns as clients send them: what is understood, what is refused and where, and how they are written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convene.domain.errors import Invalid
from convene.domain.expansion import END_OF_TIME
from convene.domain.json_types import Json
from convene.domain.pattern_words import FIELDS, RRULE_FIELDS
from convene.domain.patterns import pattern_from_json, pattern_to_json, read_pattern, to_rrule
from convene.domain.recurrence import Frequency, NDay, RecurrenceRule
from convene.domain.zones import EARLIEST
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.domain.recurrence_strategies import series
from tests.domain.series_strategies import ODD_DAYS, wall

ALONE = "must be the RRULE alone: a series begins at start_time, and occurrences are deleted singly"
MONDAY = wall("2025-01-06T09:00")


def read(pattern: Json, *, zone: str = "America/New_York", all_day: bool = False) -> RecurrenceRule | None:
    start = MONDAY.replace(hour=0) if all_day else MONDAY
    return read_pattern(pattern, start=start, zone=zone, all_day=all_day)


def canonical(pattern: Json, *, zone: str = "America/New_York", all_day: bool = False) -> Json:
    rule = read(pattern, zone=zone, all_day=all_day)
    if rule is None:
        return None
    assert pattern_from_json(pattern_to_json(rule)) == rule
    return pattern_to_json(rule)


def faults(pattern: Json, *, all_day: bool = False) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        read(pattern, all_day=all_day)
    return {fault.pointer.removeprefix("/recurrence_pattern"): fault.detail for fault in caught.value.faults}


def mondays(*days: str) -> list[Json]:
    return [{"day": day} for day in days]


# -- what is understood --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [
        None, "", " ", "none", "None", "NEVER", {}, [], "null",
        {"repeat": "none"}, {"frequency": "none"}, {"type": "none"}, {"frequency": "NONE", "interval": 1},
        {"frequency": None}, {"frequency": " "}, "-", {"recurrence_type": "none", "interval": 1, "end_date": None},
    ],
)  # fmt: skip
def test_that_an_event_does_not_repeat_can_be_said_in_many_ways(pattern):
    assert read(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("daily", {"frequency": "daily"}),
        ("Weekly", {"frequency": "weekly"}),
        (" MONTHLY ", {"frequency": "monthly"}),
        ("annually", {"frequency": "yearly"}),
        ({"repeat": "daily"}, {"frequency": "daily"}),
        ({"recurrence_type": "WEEKLY", "interval": 2}, {"frequency": "weekly", "interval": 2}),
        ({"freq": "DAILY", "count": 5}, {"frequency": "daily", "count": 5}),
        ({"frequency": "daily", "occurrences": "5"}, {"frequency": "daily", "count": 5}),
        ({"frequency": "daily", "end_after": 5.0}, {"frequency": "daily", "count": 5}),
        ({"type": "weekly", "days": ["monday"]}, {"frequency": "weekly", "byDay": mondays("mo")}),
        ({"type": "weekly", "days": "Tue, thursday"}, {"frequency": "weekly", "byDay": mondays("tu", "th")}),
        ({"frequency": "weekly", "days_of_week": [4, 0, 2, 0]},
         {"frequency": "weekly", "byDay": mondays("mo", "we", "fr")}),
        ({"frequency": "WEEKLY", "by_day": ["WE", "MO"]}, {"frequency": "weekly", "byDay": mondays("mo", "we")}),
        ({"frequency": "weekly", "weekdays": ["mon", "TUES"]}, {"frequency": "weekly", "byDay": mondays("mo", "tu")}),
        ({"frequency": "weekly", "byweekday": "SU"}, {"frequency": "weekly", "byDay": mondays("su")}),
        ({"frequency": "weekly", "days": []}, {"frequency": "weekly"}),
        ({"frequency": "monthly", "by_day": ["-1FR", "+1MO"]},
         {"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": 1}, {"day": "fr", "nthOfPeriod": -1}]}),
        ({"frequency": "monthly", "day_of_month": 15}, {"frequency": "monthly", "byMonthDay": [15]}),
        ({"frequency": "yearly", "byMonth": ["12", 1, "jan", "February"]},
         {"frequency": "yearly", "byMonth": ["1", "2", "12"]}),
        ({"@type": "RecurrenceRule", "frequency": "daily", "rscale": "gregorian", "skip": "omit"},
         {"frequency": "daily"}),
        ({"frequency": "daily", "interval": 1, "firstDayOfWeek": "mo"}, {"frequency": "daily"}),
        ({"frequency": "daily", "week_start": "sunday"}, {"frequency": "daily", "firstDayOfWeek": "su"}),
        ({"frequency": "daily", "count": None, "until": None, "byDay": None}, {"frequency": "daily"}),
        ({"frequency": "daily", "count": "", "until": "", "by day": ""}, {"frequency": "daily"}),
        ({"frequency": "weekly", "by day": "MO"}, {"frequency": "weekly", "byDay": mondays("mo")}),
        ({"rrule": "FREQ=DAILY;COUNT=3"}, {"frequency": "daily", "count": 3}),
        (["RRULE:FREQ=DAILY"], {"frequency": "daily"}),
        ("rrule:freq=weekly;byday=mo;wkst=su;",
         {"frequency": "weekly", "firstDayOfWeek": "su", "byDay": mondays("mo")}),
        ("FREQ=DAILY;BYSECOND=60,59", {"frequency": "daily", "bySecond": [59]}),
        ({"FREQ": "YEARLY", "BYYEARDAY": [-1, 1, 1]}, {"frequency": "yearly", "byYearDay": [-1, 1]}),
        ({"frequency": "daily", "byHour": [12, 9], "by_set_pos": -1},
         {"frequency": "daily", "byHour": [9, 12], "bySetPosition": [-1]}),
    ],
)  # fmt: skip
def test_dialects_become_canonical(pattern, expected):
    assert canonical(pattern) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    ("end", "until"),
    [
        ("2025-12-31", "2025-12-31T23:59:59"),
        ("20251231", "2025-12-31T23:59:59"),
        ("2025-12-31T18:00", "2025-12-31T18:00:00"),
        ("2025-12-31 18:00:00", "2025-12-31T18:00:00"),
        ("20251231T180000", "2025-12-31T18:00:00"),
        ("2025-12-31T00:00:00Z", "2025-12-30T19:00:00"),
        ("2025-12-31T00:00:00.000z", "2025-12-30T19:00:00"),
        ("2025-12-31T00:00:00+01:00", "2025-12-30T18:00:00"),
        ("20251231T000000-0500", "2025-12-31T00:00:00"),
        ("2025-12-31T23:59:60Z", "2025-12-31T18:59:59"),
        ("9999-12-31", "9999-12-26T23:59:59"),
        ("9999-12-31T23:59:59-12:00", "9999-12-26T23:59:59"),
        ("2025-03-09T02:30", "2025-03-09T03:30:00"),
    ],
)
def test_the_end_is_a_wall_time_of_the_event(end, until):
    for name in ("until", "end_date", "ends_on"):
        assert canonical({"frequency": "daily", name: end}) == {"frequency": "daily", "until": until}


@pytest.mark.parametrize("end", ["2025-12-31", "2025-12-31T00:00:00Z", "2025-12-31T23:59:59+14:00", "20251231"])
def test_the_end_of_an_all_day_series_is_the_date_as_written(end):
    expected = {"frequency": "daily", "until": "2025-12-31T00:00:00"}
    assert canonical({"frequency": "daily", "until": end}, all_day=True) == expected
    assert canonical(f"FREQ=DAILY;UNTIL={end}", all_day=True) == expected


def test_a_series_may_end_with_the_beginning_of_time():
    start = EARLIEST.replace(tzinfo=None)
    rule = read_pattern({"frequency": "daily", "until": start.isoformat()}, start=start, zone="UTC", all_day=False)
    assert rule is not None
    assert rule.until == start


def test_an_all_day_series_ends_at_midnight_even_where_clocks_skip_it():
    for end, until in (("2018-11-04", "2018-11-04T00:00:00"), ("9999-12-31T09:00Z", "9999-12-26T00:00:00")):
        start = wall("2018-01-01")
        rule = read_pattern({"frequency": "daily", "until": end}, start=start, zone="America/Sao_Paulo", all_day=True)
        assert rule is not None
        assert rule.until == wall(until)


# -- what is refused, and where ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "pointer", "reason"),
    [
        (5, "", "must be an object"),
        (True, "", "must be an object"),
        (False, "", "must be an object"),
        ([{}, {}], "", "must be an object"),
        ([[["daily"]]], "/0", "must be an object"),
        ("sometimes", "", "'sometimes' is neither"),
        ("hourly", "", "hourly events are not possible"),
        ({"frequency": "minutely"}, "/frequency", "minutely events are not possible"),
        ({"frequency": 7}, "/frequency", "must be daily, weekly, monthly or yearly"),
        ({"interval": 2}, "", "frequency is missing"),
        ({"frequency": "daily", "intervall": 2}, "/intervall", "'intervall' is not a part"),
        ({"frequency": "daily", "start_date": "2025-01-06"}, "/start_date", "begins at start_time"),
        ({"frequency": "daily", "freq": "weekly"}, "/freq", "says again what /recurrence_pattern/frequency says"),
        ({"frequency": "daily", "a/b~c": 1}, "/a~1b~0c", "is not a part"),
        ({"frequency": "daily", "interval": 0}, "/interval", "must be a whole number from 1 to 1000"),
        ({"frequency": "daily", "interval": 1_001}, "/interval", "from 1 to 1000"),
        ({"frequency": "daily", "interval": True}, "/interval", "must be a whole number"),
        ({"frequency": "daily", "interval": 1.5}, "/interval", "must be a whole number"),
        ({"frequency": "daily", "count": 5_001}, "/count", "from 1 to 5000"),
        ({"frequency": "daily", "count": 2**70}, "/count", "from 1 to 5000"),
        ({"frequency": "daily", "count": 1e308}, "/count", "from 1 to 5000"),
        ({"frequency": "daily", "count": float("nan")}, "/count", "from 1 to 5000"),
        ({"frequency": "daily", "count": float("inf")}, "/count", "from 1 to 5000"),
        ({"frequency": "daily", "count": "٣"}, "/count", "must be a whole number"),
        ({"frequency": "weekly", "days": ["monday", "mond"]}, "/days/1", "'mond' is not a weekday"),
        ({"frequency": "weekly", "days": [7]}, "/days/0", "must be a whole number from 0 to 6"),
        ({"frequency": "weekly", "days": [None]}, "/days/0", "must be a whole number from 0 to 6"),
        ({"frequency": "weekly", "byDay": [{"day": "xx"}]}, "/byDay/0/day", "'xx' is not a weekday"),
        ({"frequency": "weekly", "byDay": [{}]}, "/byDay/0/day", "is missing"),
        ({"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": 0}]}, "/byDay/0/nthOfPeriod",
         "must be a whole number from 1 to 53"),
        ({"frequency": "monthly", "byDay": [{"day": "mo", "n": 1}]}, "/byDay/0", "'n' is not known here"),
        ({"frequency": "weekly", "byDay": [{"day": "mo", "Day": 1, "DAY": 2, "n": 1}]}, "/byDay/0", "too many members"),
        ({"frequency": "weekly", "byDay": ["1MO"]}, "/byDay", "cannot say which weekday"),
        ({"frequency": "daily", "byDay": ["1MO"]}, "/byDay", "cannot say which weekday"),
        ({"frequency": "yearly", "byDay": ["1MO"], "byWeekNo": [1]}, "/byDay", "with byWeekNo"),
        ({"frequency": "monthly", "by_week_no": [1]}, "/by_week_no", "only yearly rules"),
        ({"frequency": "monthly", "byYearDay": [1]}, "/byYearDay", "only yearly rules"),
        ({"frequency": "weekly", "day_of_month": 1}, "/day_of_month", "a weekly rule has no days of the month"),
        ({"frequency": "monthly", "byMonthDay": [0]}, "/byMonthDay/0", "from 1 to 31 or from -31 to -1"),
        ({"frequency": "monthly", "byMonthDay": [1, 32]}, "/byMonthDay/1", "from 1 to 31 or from -31 to -1"),
        ({"frequency": "yearly", "byMonth": ["5L"]}, "/byMonth/0", "from 1 to 12"),
        ({"frequency": "yearly", "byYearDay": [-367]}, "/byYearDay/0", "from 1 to 366"),
        ({"frequency": "daily", "bySetPosition": [1]}, "/bySetPosition", "add one, such as byDay"),
        ({"frequency": "daily", "byHour": [24]}, "/byHour/0", "from 0 to 23"),
        ({"frequency": "daily", "byHour": list(range(24)), "byMinute": [0, 30]}, "/byHour",
         "would occur 48 times a day; at most 24"),
        ({"frequency": "daily", "byMinute": list(range(60))}, "/byMinute", "would occur 60 times a day"),
        ({"frequency": "daily", "count": 2, "until": "2025-12-31"}, "/until", "by count or by until"),
        ({"frequency": "daily", "count": 2, "end_date": "2025-12-31"}, "/end_date", "by count or by until"),
        ({"frequency": "daily", "until": "2025-01-05"}, "/until", "lies before the start"),
        ({"frequency": "daily", "until": "2025-02-30"}, "/until", "is not on the calendar"),
        ({"frequency": "daily", "until": "2025-02-03T25:00"}, "/until", "is not on the calendar"),
        ({"frequency": "daily", "until": "2025-02-03T23:59:61"}, "/until", "is not on the calendar"),
        ({"frequency": "daily", "until": "2025-02-03T09:00+99:00"}, "/until", "is not on the calendar"),
        ({"frequency": "daily", "until": "tomorrow"}, "/until", "must be a date or a time"),
        ({"frequency": "daily", "until": 1_735_689_600}, "/until", "must be a date or a time"),
        ({"frequency": "daily", "until": "0001-01-01"}, "/until", "before the beginning of time"),
        ({"frequency": "daily", "until": "0001-01-01T00:00:00+14:00"}, "/until", "between the years 1 and 9999"),
        ({"frequency": "daily", "rscale": "chinese"}, "/rscale", "is only understood as gregorian"),
        ({"frequency": "daily", "skip": "forward"}, "/skip", "is only understood as omit"),
        ({"@type": "NDay", "frequency": "daily"}, "/@type", "is only understood as recurrencerule"),
        ({"frequency": "daily", "byHour": list(range(101))}, "/byHour", "has more than 100 entries"),
        ({"rrule": "FREQ=HOURLY"}, "/rrule", "FREQ: hourly events are not possible"),
        ({"rrule": "FREQ=DAILY", "interval": 2}, "/rrule", "is not a part"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(pattern, pointer, reason):
    found = faults(pattern)
    assert list(found) == [pointer]
    assert reason in found[pointer]


@pytest.mark.parametrize(
    ("rrule", "reason"),
    [
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL: must be a whole number from 1 to 1000"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20251231", "UNTIL: a series ends by count or by until, not by both"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ is there twice"),
        ("FREQ=DAILY;BYDAY", "BYDAY has no value"),
        ("FREQ=DAILY;BYEASTER=1", "'BYEASTER=1' is not a part of an RRULE (RFC 5545, 3.3.10)"),
        ("FREQ=DAILY;;COUNT=2", "'' is not a part of an RRULE (RFC 5545, 3.3.10)"),
        ("FREQ=SECONDLY", "FREQ: secondly events are not possible; a daily one can repeat within the day by byHour"),
        ("RSCALE=CHINESE;FREQ=DAILY", "RSCALE is only understood as gregorian"),
        ("FREQ=WEEKLY;BYDAY=2MO",
         "BYDAY: a weekly rule cannot say which weekday of the period, such as the first Monday"),
        ("FREQ=WEEKLY;BYDAY=MO,XX", "BYDAY: 'XX' is not a weekday; write mo, tu, we, th, fr, sa, su or whole names"),
        ("COUNT=2", "does not say how often: frequency is missing"),
        ("DTSTART:20250106T090000\nRRULE:FREQ=DAILY", ALONE),
        ("DTSTART=20250106T090000;FREQ=DAILY", ALONE),
        ("EXDATE:20250106T090000", ALONE),
    ],
)  # fmt: skip
def test_what_is_wrong_in_an_rrule_is_named_by_its_part(rrule, reason):
    assert faults(rrule) == {"": reason}


@pytest.mark.parametrize(
    ("name", "low", "high", "signed"),
    [
        ("interval", 1, 1_000, False),
        ("count", 1, 5_000, False),
        ("byMonthDay", 1, 31, True),
        ("byMonth", 1, 12, False),
        ("byYearDay", 1, 366, True),
        ("byWeekNo", 1, 53, True),
        ("byHour", 0, 23, False),
        ("byMinute", 0, 59, False),
        ("bySecond", 0, 60, False),
        ("bySetPosition", 1, 366, True),
        ("nthOfPeriod", 1, 53, True),
    ],
)
def test_each_part_has_its_limits(name: str, low: int, high: int, signed: bool):
    def say(number: int) -> Json:
        if name == "nthOfPeriod":
            return {"frequency": "yearly", "byDay": [{"day": "mo", name: number}]}
        return {"frequency": "yearly", "byDay": "mo" if name == "bySetPosition" else None, name: number}

    for good in (low, high, *((-low, -high) if signed else ())):
        assert read(say(good)) is not None
    for wrong in (low - 1, high + 1, *((-high - 1,) if signed else (-low - 1,))):
        [reason] = faults(say(wrong)).values()
        assert f"from {low} to {high}" in reason
        assert (f"or from -{high} to -{low}" in reason) == signed


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (5, "must be an object, an RRULE such as FREQ=WEEKLY;BYDAY=MO, or null"),
        ({"frequency": 7}, "must be daily, weekly, monthly or yearly"),
        ({"frequency": "daily", "until": "2025-01-05"}, "lies before the start of the series"),
        ({"frequency": "daily", "until": "0001-01-01"}, "lies before the beginning of time"),
        ({"frequency": "daily", "until": "x"}, "must be a date or a time as in 2025-12-31 or 2025-12-31T18:00:00Z"),
        ({"frequency": "weekly", "byDay": [{}]}, "is missing"),
        ({"frequency": "weekly", "byDay": [{"a": 1, "b": 2, "c": 3, "d": 4}]},
         "has too many members; an entry has day and nthOfPeriod"),
        ({"frequency": "weekly", "byDay": [{"day": "mo", "@type": "Day"}]},
         "'@type' is not known here; an entry has day and nthOfPeriod"),
        ({"frequency": "daily", "bySetPosition": [1]},
         "chooses among what another by-part gives; add one, such as byDay"),
        ({"frequency": "yearly", "byDay": ["1MO"], "byWeekNo": [1]},
         "a rule with byWeekNo cannot say which weekday of the year"),
        ({"frequency": "monthly", "byWeekNo": [1]}, "only yearly rules have week numbers"),
        ({"frequency": "monthly", "byYearDay": [1]}, "only yearly rules have days of the year"),
        ({"frequency": "weekly", "byMonthDay": [1]}, "a weekly rule has no days of the month"),
        ({"frequency": "daily", "bySecond": list(range(25))}, "would occur 25 times a day; at most 24 are possible"),
        ({"frequency": "daily", "byMinute": [0, 1, 2, 3, 4], "bySecond": [0, 1, 2, 3, 4]},
         "would occur 25 times a day; at most 24 are possible"),
        ({"frequency": "daily", "x" * 40: 1}, f"'{'x' * 40}' is not a part of a recurrence pattern"),
        ({"frequency": "daily", "x" * 41: 1}, f"'{'x' * 40}'... is not a part of a recurrence pattern"),
        ("x" * 4_001, "has 4001 characters; at most 4000 are possible"),
        ({str(number): 1 for number in range(41)}, "has 41 members; at most 40 are possible"),
        ({"frequency": "daily", "byHour": "0," * 100 + "0"}, "has more than 100 entries"),
    ],
)  # fmt: skip
def test_reasons_are_said_in_whole(pattern: Json, reason: str):
    assert list(faults(pattern).values()) == [reason]


def test_places_are_short_and_can_be_written_down():
    assert list(faults({"frequency": "daily", "y" * 65: 1})) == ["/" + "y" * 64]
    assert list(faults({"frequency": "daily", "\ud800x": 1})) == ["/\\ud800x"]
    assert list(faults({"frequency": "daily", "byHour": "9,25"})) == ["/byHour"]
    assert list(faults({"frequency": "daily", "byHour": [9, 25]})) == ["/byHour/1"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("FREQ=DAILY" + " " * 3_990, {"frequency": "daily"}),
        ({"frequency": "daily", "byHour": [9] * 100}, {"frequency": "daily", "byHour": [9]}),
        ({"frequency": "daily", "byHour": "9," * 99 + "9"}, {"frequency": "daily", "byHour": [9]}),
        ({"frequency": "daily", "byHour": list(range(24))}, {"frequency": "daily", "byHour": list(range(24))}),
        ({"frequency": "daily", "byMinute": [0, 1, 2, 3], "bySecond": [0, 1, 2, 3, 4, 5]},
         {"frequency": "daily", "byMinute": [0, 1, 2, 3], "bySecond": [0, 1, 2, 3, 4, 5]}),
        ({"frequency": "monthly", "byDay": [{"@type": "NDay", "day": "mo", "nth": 2}]},
         {"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": 2}]}),
        ({"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": None}]},
         {"frequency": "monthly", "byDay": mondays("mo")}),
        ({"frequency": "monthly", "byDay": ["2MO", "1MO", "MO", "-1MO"]},
         {"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": -1}, {"day": "mo"},
                                            {"day": "mo", "nthOfPeriod": 1}, {"day": "mo", "nthOfPeriod": 2}]}),
        ({"frequency": "daily", "until": "2025-12-31T18:00:00.25"},
         {"frequency": "daily", "until": "2025-12-31T18:00:00.250000"}),
        ({"frequency": "daily", "until": "2025-12-31T18:00:00.123456789"},
         {"frequency": "daily", "until": "2025-12-31T18:00:00.123456"}),
        ({"frequency": "daily", "until": "2025-12-31T18:00:00+05:30"},
         {"frequency": "daily", "until": "2025-12-31T07:30:00"}),
        ({"frequency": "daily", "until": "2025-12-31T18:00:00-03:30"},
         {"frequency": "daily", "until": "2025-12-31T16:30:00"}),
        ({"frequency": "daily", "until": "2025-01-06T09:00"}, {"frequency": "daily", "until": "2025-01-06T09:00:00"}),
    ],
)  # fmt: skip
def test_what_is_just_possible_is_understood(pattern: Json, expected: Json):
    assert canonical(pattern) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        {"frequency": "daily"},
        {"frequency": "weekly", "byDay": "mo"},
        {"frequency": "monthly", "byDay": "1mo"},
        {"frequency": "monthly", "byMonth": "jan"},
        {"frequency": "daily", "until": "2025-12-31"},
    ],
)
def test_words_have_at_most_forty_characters_with_the_space_around_them(pattern: dict[str, str]):
    name = list(pattern)[-1]
    for length, understood in ((40, True), (41, False)):
        word: Json = pattern[name].ljust(length)
        padded: Json = {**pattern, name: [word] if name[:2] == "by" else word}
        if understood:
            assert canonical(padded) == canonical({**pattern})
        else:
            assert [pointer.split("/")[1] for pointer in faults(padded)] == [name]


@pytest.mark.parametrize(
    "part",
    [{"byDay": "mo"}, {"byMonthDay": 1}, {"byMonth": 1}, {"byYearDay": 1}, {"byWeekNo": 1}, {"byHour": 9},
     {"byMinute": 0}, {"bySecond": 0}],
)  # fmt: skip
def test_a_position_chooses_among_what_any_one_part_gives(part: dict[str, Json]):
    assert read({"frequency": "yearly", **part, "bySetPosition": 1}) is not None


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("interval", 0, "interval"),
        ("count", 0, "count"),
        ("by_month_day", (1, 32), "byMonthDay"),
        ("by_month", (13,), "byMonth"),
        ("by_year_day", (367,), "byYearDay"),
        ("by_week_no", (54,), "byWeekNo"),
        ("by_hour", (24,), "byHour"),
        ("by_minute", (60,), "byMinute"),
        ("by_second", (60,), "bySecond"),
        ("by_day", (NDay(0, 1), NDay(0, 54)), "byDay"),
    ],
)
def test_a_rule_that_makes_no_sense_cannot_be_built(field: str, value: object, name: str):
    with pytest.raises(Invalid) as caught:
        RecurrenceRule(frequency=Frequency.YEARLY, **{field: value})  # type: ignore[arg-type]
    assert [fault.pointer for fault in caught.value.faults] == [f"/recurrence_pattern/{name}"]


def test_a_position_that_makes_no_sense_cannot_be_built():
    with pytest.raises(Invalid) as caught:
        RecurrenceRule(frequency=Frequency.YEARLY, by_month=(1,), by_set_position=(367,))
    assert [fault.pointer for fault in caught.value.faults] == ["/recurrence_pattern/bySetPosition"]


@pytest.mark.parametrize(
    "stored",
    [
        {"interval": None},
        {"interval": 1.5},
        {"byMonth": 3},
        {"byMonth": "12"},
        {"byMonth": [None]},
        {"byDay": [3]},
        {"count": []},
    ],
)
def test_what_was_never_stored_so_is_a_fault(stored: dict[str, Json]):
    with pytest.raises(TypeError):
        pattern_from_json({"frequency": "daily", **stored})


def test_all_faults_are_named_at_once_but_not_thousands_of_them():
    found = faults({"frequency": "often", "interval": 0, "days": ["x", "mo", "y"]})
    assert list(found) == ["/frequency", "/interval", "/days/0", "/days/2"]
    assert len(faults({"frequency": "daily", "byHour": [99] * 100})) == 20
    assert len(faults({f"x{number}": 1 for number in range(40)})) == 20
    assert len(faults({"frequency": "daily", "byHour": [99] * 19})) == 19


def test_faults_of_parts_come_before_those_of_their_combination():
    assert list(faults({"frequency": "weekly", "byMonthDay": [1], "interval": 0})) == ["/interval"]


@pytest.mark.parametrize("part", [{"byHour": 9}, {"by_minute": 30}, {"bySecond": [0]}])
def test_an_all_day_series_has_no_times(part):
    [(pointer, reason)] = faults({"frequency": "daily", **part}, all_day=True).items()
    assert (pointer, reason) == (f"/{next(iter(part))}", "an all-day event has no times")


@pytest.mark.parametrize(
    "pattern",
    [
        "x" * 5_000_000,
        "FREQ=DAILY;BYHOUR=" + "9," * 2_000_000,
        {"frequency": "x" * 5_000_000},
        {"frequency": "daily", "until": "9" * 5_000_000},
        {"frequency": "daily", "count": "9" * 5_000_000},
        {"frequency": "weekly", "days": "mo," * 1_000_000},
        {"frequency": "weekly", "days": ["mo"] * 1_000_000},
        {"frequency": "weekly", "days": ["m" * 1_000_000]},
        {"x" * 5_000_000: 1},
        {str(number): number for number in range(10_000)},
    ],
)
def test_what_is_huge_is_refused_with_a_short_answer(pattern):
    assert all(len(pointer) + len(reason) < 300 for pointer, reason in faults(pattern).items())


# -- whatever comes ------------------------------------------------------------------------------------------

_ODD_VALUES: tuple[Json, ...] = (
    True, False, None, 0, -1, 2**70, -(2**70), 1e308, float("nan"), float("inf"), "", "0", "-0", "1e5", "\ud800",
    "\x00", "MO", "-54MO", "+00FR", "2025-12-31", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+23:59",
    "0000-00-00", "2025-12-31T00:00:00-00:00", "٢٠٢٥-١٢-٣١", "daily", "none", [], [[]], {}, [{}], {"day": []},
    {"day": "mo", "nthOfPeriod": {}},
)  # fmt: skip
_ODD = st.sampled_from(_ODD_VALUES)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _ODD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_NAMES = st.sampled_from((*FIELDS, *RRULE_FIELDS, "@type", "rscale", "skip", "byDay", "by_month", "rrule"))
_OBJECTS = st.dictionaries(_NAMES, _ODD | _JSON, max_size=4).map(lambda found: {"frequency": "yearly", **found})
_RRULE_VALUES = ("1", "-1", "MO", "1MO,", "YEARLY", "20251231T000000Z", "9" * 99, "")
_TEXTS = st.lists(
    st.builds("{}={}".format, st.sampled_from((*RRULE_FIELDS, "RSCALE", "X")), st.sampled_from(_RRULE_VALUES)),
    max_size=5,
).map(lambda parts: ";".join(["FREQ=MONTHLY", *parts]))  # fmt: skip


@given(_JSON | _OBJECTS | _TEXTS | st.text(), st.booleans(), st.sampled_from(ODD_DAYS))
def test_any_json_is_understood_or_refused_as_invalid(pattern, all_day, place):
    try:
        rule = read(pattern, zone=place[0], all_day=all_day)
    except Invalid as invalid:
        refused = invalid.faults
    else:
        again = rule and canonical(pattern_to_json(rule), zone=place[0], all_day=all_day)
        assert again == (rule and pattern_to_json(rule))
        return
    assert refused
    assert all(fault.pointer.startswith("/recurrence_pattern") for fault in refused)
    json.dumps([(fault.pointer, fault.detail) for fault in refused], ensure_ascii=False).encode()


# -- writing -------------------------------------------------------------------------------------------------


@given(series())
def test_canonical_json_is_read_back_and_is_json(one):
    rule, start = one
    data = pattern_to_json(rule)
    assert pattern_from_json(json.loads(json.dumps(data))) == rule
    assert read_pattern(data, start=start, zone="UTC", all_day=False) == rule
    assert read_pattern({"@type": "RecurrenceRule", **data}, start=start, zone="UTC", all_day=False) == rule


@given(series(), st.sampled_from(ODD_DAYS), st.booleans())
def test_an_rrule_is_read_back(one, place, all_day):
    rule, start = one
    zone = place[0]
    if rule.until is not None:
        written = rule.until.date().isoformat() if all_day else rule.until.isoformat()
        until = read_pattern(
            {"frequency": "daily", "until": written}, start=wall("1900-01-01"), zone=zone, all_day=all_day
        )
        assert until is not None
        rule = replace(rule, until=until.until)
    if all_day:
        rule = replace(rule, by_hour=(), by_minute=(), by_set_position=())
        start = start.replace(hour=0, minute=0, second=0)
    again = read_pattern(
        to_rrule(rule, zone=zone, all_day=all_day),
        start=start - timedelta(days=2),
        zone=zone,
        all_day=all_day,
    )
    assert again == rule


def test_an_rrule_ends_in_utc_or_with_a_date():
    assert to_rrule(read_or_fail("FREQ=DAILY;UNTIL=20251231T000000Z"), zone="America/New_York", all_day=False) == (
        "FREQ=DAILY;UNTIL=20251231T000000Z"
    )
    days = read_or_fail({"frequency": "daily", "until": "2025-12-31"}, all_day=True)
    assert to_rrule(days, zone="America/New_York", all_day=True) == "FREQ=DAILY;UNTIL=20251231"


def test_an_rrule_rounds_fractions_up_and_stays_within_time():
    rule = replace(read_or_fail("daily"), until=wall("2025-12-31T23:59:59.5"))
    assert to_rrule(rule, zone="UTC", all_day=False) == "FREQ=DAILY;UNTIL=20260101T000000Z"
    rule = replace(rule, until=END_OF_TIME + timedelta(days=4))
    assert to_rrule(rule, zone="Pacific/Niue", all_day=False) == "FREQ=DAILY;UNTIL=99991227T110000Z"


def read_or_fail(pattern: Json, *, all_day: bool = False) -> RecurrenceRule:
    rule = read(pattern, all_day=all_day)
    assert rule is not None
    return rule
