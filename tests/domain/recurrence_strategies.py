"""Hypothesis strategies for rules and the times at which series begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from convene.domain.recurrence import Frequency, NDay, RecurrenceRule

wall = datetime.fromisoformat

#: Ends of months and years, leap days, and the days around them, beside any day at all.
STARTS = st.one_of(
    st.datetimes(wall("1970-01-01"), wall("2100-12-31")),
    st.builds(
        lambda year, day, hour: wall(f"{year}-01-01") + timedelta(days=day, hours=hour),
        st.integers(1996, 2032),
        st.sampled_from((0, 1, 2, 27, 28, 29, 30, 57, 58, 59, 60, 300, 361, 362, 363, 364, 365)),
        st.integers(0, 23),
    ),
).map(lambda start: start.replace(microsecond=0))


def _signed(high: int) -> st.SearchStrategy[int]:
    return st.integers(1, high) | st.integers(-high, -1)


def _some(numbers: st.SearchStrategy[int], size: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(numbers, max_size=size, unique=True).map(lambda chosen: tuple(sorted(chosen)))


def _days(nth: st.SearchStrategy[int | None]) -> st.SearchStrategy[tuple[NDay, ...]]:
    days = st.lists(st.builds(NDay, st.integers(0, 6), nth), max_size=4, unique=True)
    return days.map(lambda chosen: tuple(sorted(chosen, key=lambda day: day.order)))


_WEEK_NUMBERS = _signed(53) | st.sampled_from((1, 52, 53, -1, -52, -53))


@st.composite
def rules(draw: st.DrawFn, *, ends: bool = True) -> RecurrenceRule:
    """Any rule that can be, most of them with few parts, so that they match something."""
    frequency = draw(st.sampled_from(Frequency))
    parts = draw(
        st.sets(st.sampled_from(("day", "month_day", "month", "year_day", "week", "time", "position")), max_size=3)
    )
    yearly, monthly = frequency is Frequency.YEARLY, frequency is Frequency.MONTHLY
    by_week_no = draw(_some(_WEEK_NUMBERS)) if yearly and "week" in parts else ()
    nth = (
        st.none() | _signed(53 if yearly and draw(st.booleans()) else 5)
        if monthly or (yearly and not by_week_no)
        else st.none()
    )
    by_day = draw(_days(nth)) if "day" in parts else ()
    by_month_day = draw(_some(_signed(31))) if "month_day" in parts and frequency is not Frequency.WEEKLY else ()
    by_month = draw(_some(st.integers(1, 12))) if "month" in parts else ()
    by_year_day = draw(_some(_signed(366))) if yearly and "year_day" in parts else ()
    by_hour = draw(_some(st.integers(0, 23))) if "time" in parts else ()
    by_minute = draw(_some(st.integers(0, 59), 2)) if "time" in parts else ()
    chooses = by_day or by_month_day or by_month or by_year_day or by_week_no or by_hour or by_minute
    return RecurrenceRule(
        frequency=frequency,
        interval=draw(st.sampled_from((1, 1, 1, 2, 3, 5))),
        first_day_of_week=draw(st.sampled_from((0, 0, 6, 1, 2, 3, 4, 5))),
        by_day=by_day,
        by_month_day=by_month_day,
        by_month=by_month,
        by_year_day=by_year_day,
        by_week_no=by_week_no,
        by_hour=by_hour,
        by_minute=by_minute,
        by_set_position=draw(_some(_signed(3) | _signed(366), 2)) if chooses and "position" in parts else (),
        count=draw(st.none() | st.integers(1, 12)) if ends else None,
    )


@st.composite
def series(draw: st.DrawFn) -> tuple[RecurrenceRule, datetime]:
    """A rule and a start, which the rule need not match; some rules have an until."""
    rule, start = draw(rules()), draw(STARTS)
    if rule.count is None and draw(st.booleans()):
        until = start + draw(st.integers(0, 86_400_000).map(lambda seconds: timedelta(seconds=seconds)))
        rule = replace(rule, until=until)
    return rule, start
