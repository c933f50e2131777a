"""Where time goes: spread over weeks and hours it is neither more nor less, and lies where the clocks say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convene.domain.hours import Span, clipped, spread
from convene.domain.zones import zone
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def instants() -> st.SearchStrategy[datetime]:
    return st.integers(0, 60 * 24 * 120).map(lambda minutes: FIRST + minutes * MINUTE)


def spans() -> st.SearchStrategy[Span]:
    return st.tuples(instants(), st.integers(1, 60 * 24 * 40)).map(lambda one: (one[0], one[0] + one[1] * MINUTE))


def minute_by_minute(found: list[Span], window: Span, name: str) -> tuple[dict[date, int], dict[tuple[int, int], int]]:
    """The definition: every busy minute falls into the hour and the week that the clocks show then."""
    weeks: dict[date, int] = {}
    heat: dict[tuple[int, int], int] = {}
    for start, end in (clipped(one, window) for one in found):
        moment = start
        while moment < end:
            local = moment.astimezone(zone(name))
            monday = local.date() - timedelta(days=local.weekday())
            weeks[monday] = weeks.get(monday, 0) + 1
            hour = (local.weekday(), local.hour)
            heat[hour] = heat.get(hour, 0) + 1
            moment += MINUTE
    return weeks, heat


@given(st.lists(spans(), max_size=3), instants(), st.integers(1, 60 * 24 * 30), st.sampled_from(ZONES))
def test_every_minute_is_counted_where_the_clocks_show_it(found: list[Span], start: datetime, minutes: int, name: str):
    window = (start, start + minutes * MINUTE)
    weeks, heat = minute_by_minute(found, window, name)
    result = spread(found, window, zone(name))
    assert {monday: taken / MINUTE for monday, taken in result.weeks if taken} == weeks
    counted = {(day, hour): taken / MINUTE for day, row in enumerate(result.heat) for hour, taken in enumerate(row)}
    assert {place: taken for place, taken in counted.items() if taken} == heat


@given(st.lists(spans(), max_size=5), st.sampled_from(ZONES))
def test_weeks_and_hours_have_the_same_time(found: list[Span], name: str):
    window = (FIRST, FIRST + timedelta(days=160))
    result = spread(found, window, zone(name))
    inside = sum((end - start for start, end in (clipped(one, window) for one in found)), timedelta(0))
    assert sum((taken for _, taken in result.weeks), timedelta(0)) == inside
    assert sum((taken for row in result.heat for taken in row), timedelta(0)) == inside


def test_all_weeks_of_a_window_are_there_in_order():
    result = spread([], (datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)), zone("UTC"))
    assert [monday for monday, _ in result.weeks] == [date(2026, 11, 16), date(2026, 11, 23), date(2026, 11, 30)]


@pytest.mark.parametrize("name", ZONES)
def test_the_first_and_the_last_days_can_be_counted(name: str):
    for year, month, day in ((1, 1, 4), (9999, 12, 27)):
        start = datetime(year, month, day, tzinfo=UTC)
        result = spread([(start, start + HOUR)], (start, start + 24 * HOUR), zone(name))
        assert sum((taken for _, taken in result.weeks), timedelta(0)) == HOUR
