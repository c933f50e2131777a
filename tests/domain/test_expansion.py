"""Rules run as RFC 5545 says, inside any window, with work that is bounded before it begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convene.domain.errors import Invalid
from convene.domain.expansion import (
    BEGINNING_OF_TIME,
    END_OF_TIME,
    UNITS_COUNTED,
    check_rule,
    last_counted,
    moved,
    starts,
    starts_backwards,
    units_examined,
)
from convene.domain.patterns import read_pattern
from convene.domain.recurrence import Frequency, NDay, RecurrenceRule
from convene.domain.rule_plan import Slots
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.domain.dateutil_oracle import (
    as_dateutil_has_it,
    counts_weeks_wrongly,
    mixes_days,
    oracle,
    wrong_week_days,
)
from tests.domain.recurrence_reference import reference
from tests.domain.recurrence_strategies import rules, series

HORIZON = timedelta(days=1_500)
wall = datetime.fromisoformat
LATEST_WALL = wall("9999-12-31T23:59:59.999999")

EXAMPLES = json.loads((Path(__file__).parents[1] / "data" / "rrule_rfc5545.json").read_text())["examples"]
SUB_DAILY = {
    "Every 3 hours from 9:00 AM to 5:00 PM on a specific day",
    "Every 15 minutes for 6 occurrences",
    "Every hour and a half for 4 occurrences",
    "Every 20 minutes 9:00-16:40 every day (MINUTELY form)",
}


def rule_of(text: str, start: str = "2025-01-01", zone: str = "UTC") -> RecurrenceRule:
    rule = read_pattern(text, start=wall(start), zone=zone, all_day=False)
    assert rule is not None
    return rule


def everything(rule: RecurrenceRule, start: datetime) -> Iterator[datetime]:
    return starts(rule, start, after=BEGINNING_OF_TIME, before=LATEST_WALL)


def first(text: str, start: str, number: int = 5) -> list[str]:
    found = everything(rule_of(text, start), wall(start))
    return [f"{one:%Y-%m-%d %H:%M}".removesuffix(" 09:00") for one in islice(found, number)]


# -- RFC 5545's own examples ---------------------------------------------------------------------------------


@pytest.mark.parametrize("given_example", EXAMPLES, ids=lambda given_example: given_example["name"])
def test_every_example_of_the_rfc_comes_out_as_printed(given_example):
    start, zone = wall(given_example["dtstart"]), given_example["tzid"]
    if given_example["name"] in SUB_DAILY:
        with pytest.raises(Invalid, match="not possible; a daily one can repeat within the day by byHour"):
            read_pattern(given_example["rrule"], start=start, zone=zone, all_day=False)
        return
    expected = [wall(one) for one in given_example["expected"]]
    found = everything(rule_of(given_example["rrule"], given_example["dtstart"], zone), start)
    assert list(islice(found, len(expected))) == expected
    assert not given_example["complete"] or next(found, None) is None


def test_exactly_four_of_the_42_examples_are_refused_because_they_repeat_within_the_day():
    assert len(EXAMPLES) == 42
    assert {one["name"] for one in EXAMPLES} >= SUB_DAILY
    assert len(SUB_DAILY) == 4


# -- equal to the oracles ------------------------------------------------------------------------------------


@given(series())
def test_starts_are_what_the_rfc_says_to_the_letter(one):
    rule, start = one
    horizon = start + HORIZON
    assert list(starts(rule, start, after=start, before=horizon)) == reference(rule, start, horizon)


WEEK = "BYDAY=MO,TU,WE,TH,FR,SA,SU"


@pytest.mark.parametrize("first_day", ["MO", "TU", "TH", "SA", "SU"])
@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTHDAY=-31",
        "FREQ=YEARLY;BYMONTHDAY=-1;BYMONTH=2,4",
        "FREQ=MONTHLY;BYDAY=5MO,-5TU",
        "FREQ=MONTHLY;BYMONTHDAY=29,30",
        "FREQ=MONTHLY;BYDAY=MO,FR;BYHOUR=9,12;BYSETPOS=3,-1",
        "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9,12;BYSETPOS=2",
        "FREQ=WEEKLY;BYDAY=MO,SU;BYHOUR=9,12;BYSETPOS=-4",
        "FREQ=YEARLY;BYDAY=53TH,-53FR,1SA,-1MO",
        "FREQ=YEARLY;BYYEARDAY=1,60,366,-366,-1",
        f"FREQ=YEARLY;BYWEEKNO=53;{WEEK}",
        f"FREQ=YEARLY;BYWEEKNO=-53;{WEEK}",
        f"FREQ=YEARLY;BYWEEKNO=52;{WEEK}",
        f"FREQ=YEARLY;BYWEEKNO=-52;{WEEK}",
        f"FREQ=YEARLY;BYWEEKNO=1;{WEEK}",
        f"FREQ=YEARLY;BYWEEKNO=-1;{WEEK}",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO,WE;BYMONTH=1,12",
    ],
)
def test_at_the_ends_of_weeks_months_and_years_starts_are_what_the_rfc_says(text, first_day):
    """Over 14 years with three leap years and three years of 53 weeks, in which years begin on every weekday."""
    rule, start = rule_of(f"{text};WKST={first_day}"), wall("2014-01-01T09:00")
    horizon = wall("2028-02-01")
    assert list(starts(rule, start, after=start, before=horizon)) == reference(rule, start, horizon)


@given(series())
def test_starts_are_what_dateutil_says_unless_it_is_known_to_err(one):
    rule, start = one
    years = range(start.year, (start + HORIZON).year + 1)
    if (mixes_days(rule) and rule.by_set_position) or counts_weeks_wrongly(rule, years):
        return  # in these two cases nothing can be learned from it; the test above has them too
    found = list(islice(starts(rule, start, after=start, before=start + HORIZON), 40))
    # As many as there are: where nothing more comes, dateutil searches for ever.
    assert list(islice(oracle(rule, start), len(found))) == found


def dateutil_and_ours(text: str, start: str, number: int) -> tuple[list[str], list[str]]:
    theirs = islice(as_dateutil_has_it(rule_of(text), wall(start)), number)
    ours = islice(everything(rule_of(text), wall(start)), number)
    return [f"{one:%a %Y-%m-%d}" for one in theirs], [f"{one:%a %Y-%m-%d}" for one in ours]


def test_dateutil_errs_on_the_week_numbers_of_early_january():
    """1 and 2 January 2022 lie in week 52 of 2021, which has no week 53 (see `counts_weeks_wrongly`)."""
    assert wall("2022-01-01").isocalendar().week == 52
    theirs, ours = dateutil_and_ours("FREQ=YEARLY;BYWEEKNO=53;BYDAY=SA", "2021-06-01", 1)
    assert ours == ["Sat 2027-01-02"]
    assert theirs == ["Sat 2022-01-01"]


def test_dateutil_errs_on_negative_week_numbers_of_late_december():
    """31 December 2024 lies in week 1 of 2025, the 52nd from its end; dateutil knows of -1 only."""
    theirs, ours = dateutil_and_ours("FREQ=YEARLY;BYWEEKNO=-52;BYDAY=TU", "2024-06-01", 1)
    assert ours == ["Tue 2024-12-31"]
    assert theirs == ["Tue 2026-01-06"]


@given(st.integers(-53, 53).filter(bool), st.integers(0, 6), st.integers(1901, 2199))
def test_dateutil_errs_on_no_other_week_numbers(number, first_day_of_week, year):
    rule = RecurrenceRule(frequency=Frequency.YEARLY, by_week_no=(number,), first_day_of_week=first_day_of_week)
    days = wrong_week_days(rule, year)
    assert {(day.month, day.day) for day in days} <= {(1, 1), (1, 2), (1, 3), (12, 29), (12, 30), (12, 31)}
    assert not days or abs(number) in (1, 52, 53)


def test_dateutil_takes_every_day_of_a_week_where_the_rfc_takes_that_of_the_start():
    theirs, ours = dateutil_and_ours("FREQ=YEARLY;BYWEEKNO=20", "1997-05-14", 2)
    assert ours == ["Wed 1997-05-14", "Wed 1998-05-13"]
    assert theirs == ["Wed 1997-05-14", "Thu 1997-05-15"]


def test_dateutil_takes_plain_and_numbered_weekdays_for_conditions_where_the_rfc_has_alternatives():
    theirs, ours = dateutil_and_ours("FREQ=MONTHLY;BYDAY=MO,1MO,2TU", "2025-01-01", 3)
    assert ours == ["Mon 2025-01-06", "Mon 2025-01-13", "Tue 2025-01-14"]
    assert theirs == ["Mon 2025-01-06", "Mon 2025-02-03", "Mon 2025-03-03"]


def test_dateutil_counts_positions_of_the_first_week_from_the_start_where_the_rfc_counts_in_the_week():
    theirs, ours = dateutil_and_ours("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1", "2025-01-08", 2)
    assert ours == ["Mon 2025-01-13", "Mon 2025-01-20"]
    assert theirs == ["Wed 2025-01-08", "Mon 2025-01-13"]


def test_dateutil_falls_over_a_weekday_that_no_month_has():
    with pytest.raises(IndexError):
        dateutil_and_ours("FREQ=YEARLY;BYMONTH=5;BYDAY=38MO", "1996-01-01", 1)
    assert first("FREQ=YEARLY;BYMONTH=5;BYDAY=1MO,38MO", "1996-01-01T09:00", 2) == [
        "1996-05-06",
        "1997-05-05",
    ]


# -- laws ----------------------------------------------------------------------------------------------------


@given(series(), st.data())
def test_windows_cut_the_series_without_loss_or_gain(one, data):
    rule, start = one
    places = st.timedeltas(timedelta(-50), HORIZON)
    after, middle, before = sorted(start + data.draw(places) for _ in range(3))
    whole = list(starts(rule, start, after=after, before=before))
    parts = [
        starts(rule, start, after=after, before=middle),
        starts(rule, start, after=middle, before=before),
    ]
    assert whole == [moment for part in parts for moment in part]
    assert whole == sorted(set(whole))
    assert all(max(after, start) <= moment < before for moment in whole)


@given(series())
def test_backwards_is_the_same_turned_round(one):
    rule, start = one
    horizon = start + HORIZON
    forwards = list(starts(rule, start, after=start, before=horizon))
    assert list(starts_backwards(rule, start, before=horizon)) == forwards[::-1]


@given(series().filter(lambda one: one[0].count is not None))
def test_the_last_start_is_the_last_of_all(one):
    rule, start = one
    last = last_counted(rule, start)
    if last is not None:
        found = list(starts(rule, start, after=start, before=END_OF_TIME))
        assert last == found[-1]
        assert len(found) == rule.count


@given(series())
def test_a_series_whose_start_matches_passes_and_begins_with_it(one):
    rule, start = one
    found = next(starts(rule, start, after=start, before=start + timedelta(days=36_525)), None)
    if found is None:
        with pytest.raises(Invalid):
            check_rule(rule, start)
        return
    if rule.count is None or last_counted(rule, found) is not None:
        check_rule(rule, found)
    assert next(starts(rule, found, after=found, before=END_OF_TIME)) == found


# -- what may surprise ---------------------------------------------------------------------------------------


def test_months_that_lack_the_day_are_skipped():
    assert first("FREQ=MONTHLY", "2025-01-31T09:00") == [
        "2025-01-31",
        "2025-03-31",
        "2025-05-31",
        "2025-07-31",
        "2025-08-31",
    ]
    assert first("FREQ=YEARLY", "2096-02-29T09:00", 2) == ["2096-02-29", "2104-02-29"]


def test_days_and_weeks_are_counted_from_the_end_too():
    assert first("FREQ=MONTHLY;BYMONTHDAY=-1", "2024-01-31T09:00", 3) == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
    ]
    assert first("FREQ=YEARLY;BYYEARDAY=-366,-1", "2023-12-31T09:00", 3) == [
        "2023-12-31",
        "2024-01-01",
        "2024-12-31",
    ]
    assert first("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=FR", "2026-01-02T09:00", 2) == ["2027-01-01", "2027-12-31"]


def test_a_week_across_new_year_belongs_to_the_year_that_has_four_of_its_days():
    """Monday of week 1 of 2020 is 30 December 2019; with weeks from Sunday, 29 December."""
    assert first("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "2019-01-01T09:00", 3) == [
        "2019-12-30",
        "2021-01-04",
        "2022-01-03",
    ]
    assert first("FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU;WKST=SU", "2019-01-01T09:00", 2) == [
        "2019-12-29",
        "2021-01-03",
    ]


def test_a_yearly_day_of_the_month_is_every_month():
    """The table of RFC 5545, 3.3.10 (Expand), not RFC 8984, 4.3.3.1, which would take the month of the start."""
    assert first("FREQ=YEARLY;BYMONTHDAY=15", "2025-01-15T09:00", 3) == [
        "2025-01-15",
        "2025-02-15",
        "2025-03-15",
    ]


def test_fractions_of_a_second_are_kept():
    start = wall("2025-01-06T09:00:00.250")
    rule = rule_of("FREQ=DAILY;COUNT=2")
    assert list(everything(rule, start)) == [start, start + timedelta(days=1)]
    assert last_counted(rule, start) == start + timedelta(days=1)


def test_positions_that_cannot_be_choose_nothing():
    assert first("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=-366", "2025-01-06T09:00") == []
    assert first("FREQ=DAILY;BYHOUR=9;BYSETPOS=2", "2025-01-06T09:00") == []
    assert first("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-366", "2024-01-01T09:00", 2) == [
        "2024-01-01",
        "2028-01-01",
    ]


def test_the_starts_of_a_unit_are_a_sequence():
    slots = Slots((1, 3), (time(9), time(12)))
    assert list(slots) == [slots[0], slots[1], slots[2], slots[3]] == [*reversed([*reversed(slots)])]
    assert slots[1:3] == [(1, time(12)), (3, time(9))]
    assert len(slots) == 4


# -- bounded, whatever comes ---------------------------------------------------------------------------------


NEVER = [
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31",
    "FREQ=YEARLY;BYWEEKNO=30;BYMONTH=1",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO,TU;BYSETPOS=-3",
    "FREQ=DAILY;BYHOUR=9,10;BYSETPOS=3",
    "FREQ=YEARLY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29",
]


@pytest.mark.parametrize("text", NEVER)
def test_rules_that_never_match_are_refused(text):
    start = wall("2025-01-06T09:00")
    with pytest.raises(Invalid) as caught:
        check_rule(rule_of(text), start)
    assert caught.value.faults[0].detail == "never occurs within 100 years after start_time"


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("FREQ=DAILY", 1),
        ("FREQ=DAILY;COUNT=5000", 1),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", 1),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", 5),
        ("FREQ=WEEKLY;INTERVAL=1000", 0),
        ("FREQ=MONTHLY;BYDAY=-1FR", 1),
        ("FREQ=YEARLY;BYYEARDAY=-1", 1),
        ("FREQ=DAILY;UNTIL=20240101", 0),
    ],
)
def test_a_month_costs_the_same_however_old_the_series_is(text, units):
    window = {"after": wall("2025-07-01"), "before": wall("2025-08-01")}
    for begun in ("2010-01-04T09:00", "1583-01-03T09:00" if "COUNT" not in text else "2020-01-06T09:00"):
        assert len(units_examined(rule_of(text, begun), wall(begun), **window)) <= units


@given(rules(), st.sampled_from((1, 7, 1_000)), st.datetimes(wall("0001-01-04"), wall("9999-12-26")))
def test_the_work_is_bounded_at_both_ends_of_time(rule, interval, start):
    rule = replace(rule, interval=interval)
    whole = units_examined(rule, start, after=BEGINNING_OF_TIME, before=LATEST_WALL)
    assert len(whole) <= 10_000 * 53
    before = start + min(timedelta(days=400), LATEST_WALL - start)
    assert len(units_examined(rule, start, after=BEGINNING_OF_TIME, before=before)) <= 59
    assert all(start <= one < before for one in starts(rule, start, after=BEGINNING_OF_TIME, before=before))


def test_a_hundred_years_end_a_moment_before_the_day_comes_again():
    rule, start = rule_of("FREQ=YEARLY;INTERVAL=100;BYMONTH=1;BYMONTHDAY=1;BYDAY=FR"), wall("2000-01-01T09:00")
    assert next(everything(rule, start)) == wall("2100-01-01T09:00")
    with pytest.raises(Invalid, match="never occurs within 100 years"):
        check_rule(rule, start)


def test_a_window_without_length_holds_nothing_even_at_the_beginning_of_time():
    for moment in (BEGINNING_OF_TIME, wall("2025-01-01"), END_OF_TIME):
        assert list(starts(rule_of("FREQ=DAILY"), moment, after=moment, before=moment)) == []


def test_nothing_starts_after_the_end_of_time():
    assert first("FREQ=DAILY", "9999-12-24T09:00") == ["9999-12-24", "9999-12-25", "9999-12-26"]
    assert first("FREQ=WEEKLY;WKST=SU", "9999-12-20T09:00") == ["9999-12-20"]
    assert first("FREQ=MONTHLY;BYMONTHDAY=-1", "9999-11-30T09:00") == ["9999-11-30"]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("FREQ=YEARLY;INTERVAL=1000;COUNT=5000", "2025-01-06T09:00"),
        ("FREQ=WEEKLY;INTERVAL=1000;COUNT=5000", "2025-01-06T09:00"),
        ("FREQ=DAILY;INTERVAL=1000;COUNT=5000", "2025-01-06T09:00"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;COUNT=5000", "2024-02-29T09:00"),
        ("FREQ=WEEKLY;BYMONTH=1;BYDAY=MO;BYSETPOS=1;COUNT=5000", "2025-01-06T09:00"),
        ("FREQ=DAILY;COUNT=5", "9999-12-24T09:00"),
    ],
)
def test_counts_that_lead_too_far_are_refused(text, start):
    with pytest.raises(Invalid) as caught:
        check_rule(rule_of(text, start), wall(start))
    [fault] = caught.value.faults
    assert fault.pointer == "/recurrence_pattern/count"
    assert fault.detail == "leads too far ahead to be counted out; say until when instead"


def test_the_longest_counts_that_make_sense_are_counted_out():
    assert last_counted(rule_of("FREQ=DAILY;COUNT=5000"), wall("2025-01-06T09:00")) == wall("2038-09-14T09:00")
    assert last_counted(rule_of("FREQ=WEEKLY;COUNT=5000"), wall("2025-01-06T09:00")) == wall("2120-10-28T09:00")
    assert last_counted(rule_of("FREQ=MONTHLY;COUNT=5000"), wall("2025-01-06T09:00")) == wall("2441-08-06T09:00")
    assert last_counted(rule_of("FREQ=YEARLY;COUNT=5000"), wall("2025-01-06T09:00")) == wall("7024-01-06T09:00")
    assert last_counted(rule_of("FREQ=WEEKLY;COUNT=2"), wall("9999-12-19T09:00")) == wall("9999-12-26T09:00")
    assert UNITS_COUNTED > 5_000


def test_the_first_occurrence_is_named_when_the_start_is_not_it():
    with pytest.raises(Invalid) as caught:
        check_rule(rule_of("FREQ=WEEKLY;BYDAY=MO,WE"), wall("2025-01-07T09:00"))
    [fault] = caught.value.faults
    assert fault.pointer == "/start_time"
    assert fault.detail == "must be the first occurrence; the first one that matches is 2025-01-08T09:00:00"


def test_a_rule_that_ends_before_it_begins_is_refused():
    with pytest.raises(Invalid) as caught:
        check_rule(rule_of("FREQ=DAILY;UNTIL=20250103"), wall("2025-01-07T09:00"))
    [fault] = caught.value.faults
    assert fault.pointer == "/recurrence_pattern/until"
    assert fault.detail == "lies before the start of the series"
    check_rule(rule_of("FREQ=DAILY;UNTIL=20250107T090000Z"), wall("2025-01-07T09:00"))


# -- moving a series -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,WE", "2025-01-06T09:00", "2025-01-07T10:00", "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("FREQ=WEEKLY;BYDAY=SU", "2025-01-05T09:00", "2025-01-06T09:00", "FREQ=WEEKLY;BYDAY=MO"),
        ("FREQ=WEEKLY;BYDAY=MO", "2025-01-06T23:00", "2025-01-07T01:00", "FREQ=WEEKLY;BYDAY=TU"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "2025-01-06T09:00", "2025-01-09T09:00",
         "FREQ=WEEKLY;INTERVAL=2;WKST=TH;BYDAY=MO,TH"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "2025-01-06T09:00", "2025-01-05T09:00",
         "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TH,SU"),
        ("FREQ=WEEKLY;BYDAY=MO,WE", "2025-01-06T09:00", "2025-01-13T09:00", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("FREQ=MONTHLY;BYMONTHDAY=6", "2025-01-06T09:00", "2025-01-20T09:00", "FREQ=MONTHLY;BYMONTHDAY=20"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2025-01-31T09:00", "2025-01-30T09:00", "FREQ=MONTHLY;BYMONTHDAY=-2"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2025-01-31T09:00", "2025-02-03T09:00", "FREQ=MONTHLY;BYMONTHDAY=3"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2025-01-31T09:00", "2025-01-16T09:00", "FREQ=MONTHLY;BYMONTHDAY=-16"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2025-01-31T09:00", "2025-01-15T09:00", "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("FREQ=MONTHLY;BYDAY=1MO", "2025-01-06T09:00", "2025-01-14T09:00", "FREQ=MONTHLY;BYDAY=2TU"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2025-01-31T09:00", "2025-01-30T09:00", "FREQ=MONTHLY;BYDAY=-1TH"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2025-01-31T09:00", "2025-01-25T09:00", "FREQ=MONTHLY;BYDAY=-1SA"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2025-01-31T09:00", "2025-01-24T09:00", "FREQ=MONTHLY;BYDAY=-2FR"),
        ("FREQ=MONTHLY;BYDAY=1WE", "2025-01-01T09:00", "2025-01-02T09:00", "FREQ=MONTHLY;BYDAY=1TH"),
        ("FREQ=MONTHLY;BYMONTHDAY=6,20", "2025-01-06T09:00", "2025-01-07T09:00", "FREQ=MONTHLY;BYMONTHDAY=6,20"),
        ("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=6", "2025-01-06T09:00", "2025-02-07T09:00",
         "FREQ=YEARLY;BYMONTHDAY=7;BYMONTH=2"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2025-11-27T09:00", "2025-11-28T09:00",
         "FREQ=YEARLY;BYDAY=4FR;BYMONTH=11"),
        ("FREQ=YEARLY;BYDAY=20MO", "2025-05-19T09:00", "2025-05-20T09:00", "FREQ=YEARLY;BYDAY=20TU"),
        ("FREQ=YEARLY;BYYEARDAY=-1", "2025-12-31T09:00", "2024-12-30T09:00", "FREQ=YEARLY;BYYEARDAY=-2"),
        ("FREQ=YEARLY;BYYEARDAY=-366", "2024-01-01T09:00", "2024-12-01T09:00", "FREQ=YEARLY;BYYEARDAY=-31"),
        ("FREQ=YEARLY;BYYEARDAY=100", "2025-04-10T09:00", "2025-04-11T09:00", "FREQ=YEARLY;BYYEARDAY=101"),
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "2025-01-06T09:00", "2025-01-06T10:30", "FREQ=DAILY;BYHOUR=10;BYMINUTE=30"),
        ("FREQ=DAILY;BYHOUR=9,12", "2025-01-06T09:00", "2025-01-06T10:00", "FREQ=DAILY;BYHOUR=9,12"),
        ("FREQ=DAILY;COUNT=3", "2025-01-06T09:00", "2025-02-07T10:00", "FREQ=DAILY;COUNT=3"),
        ("FREQ=MONTHLY;BYMONTHDAY=-31", "2025-01-01T09:00", "2025-01-01T10:00", "FREQ=MONTHLY;BYMONTHDAY=-31"),
    ],
)  # fmt: skip
def test_a_rule_turns_with_its_start(text, old, new, expected):
    assert moved(rule_of(text), wall(old), wall(new)) == rule_of(expected)


@given(rules(ends=False), st.data())
def test_a_plain_weekly_series_that_is_dragged_keeps_its_shape(rule, data):
    rule = replace(
        RecurrenceRule(frequency=Frequency.WEEKLY),
        interval=rule.interval,
        first_day_of_week=rule.first_day_of_week,
        by_day=tuple(NDay(day) for day in sorted({day.weekday for day in rule.by_day})),
    )
    anchor = wall("2025-01-01T09:00")
    start = next(everything(rule, anchor))
    by = timedelta(days=data.draw(st.integers(-30, 30)))
    turned = moved(rule, start, start + by)
    check_rule(turned, start + by)
    before = [one + by for one in islice(everything(rule, start), 12)]
    assert list(islice(everything(turned, start + by), 12)) == before
