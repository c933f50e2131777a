"""Which days of a month or a year the by-parts of a rule choose: the date half of RFC 5545, 3.3.10.

Expanding and limiting come to the same in the end, as RFC 8984, 4.3.3.1 says outright: a day belongs when every part
that is present names it. So each part gives a set of days and the sets are intersected; several entries of one part
are alternatives. Years that look alike (there are 14 kinds, more with week numbers) share one table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTH_BEGINS = (
    (0, *accumulate(_LENGTHS)),
    (0, *accumulate(length + (month == 1) for month, length in enumerate(_LENGTHS))),
)


class DayParts(NamedTuple):
    """The parts of a rule that choose days, as plain numbers, because they are keys of the tables below.

    `by_day` holds pairs of weekday (0 is Monday) and nth, 0 for every one. All are empty when absent.
    """

    by_day: tuple[tuple[int, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    first_day_of_week: int = 0


class _Year(NamedTuple):
    """A kind of year: leap or not, the weekday of 1 January, and the weeks of the years before and after."""

    leap: bool
    first: int
    weeks_before: int = 0
    weeks_after: int = 0


def month_days(year: int, month: int, parts: DayParts) -> tuple[int, ...]:
    """Choose days of one month: offsets from its first day, ascending; `by_month` is the caller's to look at."""
    begins = _MONTH_BEGINS[_is_leap(year)]
    first = date(year, month, 1).weekday()
    return _month_table(parts.by_day, parts.by_month_day, begins[month] - begins[month - 1], first)


def year_days(year: int, parts: DayParts) -> tuple[int, ...]:
    """Choose days of one calendar year: offsets from 1 January, ascending.

    Days belong to the calendar year they lie in, also when their week belongs to the year before or after (RFC
    8984, 4.3.3.1: candidates run from the first day of a year to the first day of the next).
    """
    return _year_table(_kind(year, parts), parts)


def year_day_set(year: int, parts: DayParts) -> frozenset[int]:
    """The same days as `year_days`, for looking up single ones."""
    return _year_set(_kind(year, parts), parts)


def _kind(year: int, parts: DayParts) -> _Year:
    kind = _Year(_is_leap(year), _new_year(year))
    if not parts.by_week_no:
        return kind
    before, after = (_weeks(near, parts.first_day_of_week) for near in (year - 1, year + 1))
    return kind._replace(weeks_before=before, weeks_after=after)


@lru_cache(maxsize=4_096)
def _month_table(
    by_day: tuple[tuple[int, int], ...], by_month_day: tuple[int, ...], length: int, first: int
) -> tuple[int, ...]:
    days = set(range(length))
    if by_month_day:
        days &= _from_either_end(by_month_day, 0, length)
    if by_day:
        days &= _weekdays(by_day, [(0, length)], first)
    return tuple(sorted(days))


@lru_cache(maxsize=1_024)
def _year_table(kind: _Year, parts: DayParts) -> tuple[int, ...]:
    begins = _MONTH_BEGINS[kind.leap]
    months = [(begins[month - 1], begins[month]) for month in parts.by_month or range(1, 13)]
    days = {day for low, high in months for day in range(low, high)}
    if parts.by_month_day:
        days &= {day for low, high in months for day in _from_either_end(parts.by_month_day, low, high)}
    if parts.by_year_day:
        days &= _from_either_end(parts.by_year_day, 0, begins[12])
    if parts.by_week_no:
        days &= set(_week_number_days(kind, parts))
    if parts.by_day:
        # Note 2 of 3.3.10: the nth weekday is that of the month when byMonth is there, else that of the year.
        days &= _weekdays(parts.by_day, months if parts.by_month else [(0, begins[12])], kind.first)
    return tuple(sorted(days))


@lru_cache(maxsize=1_024)
def _year_set(kind: _Year, parts: DayParts) -> frozenset[int]:
    return frozenset(_year_table(kind, parts))


def _from_either_end(numbers: Iterable[int], low: int, high: int) -> set[int]:
    """The first (1), second (2), last (-1)... of the days `low` to `high`, without those that it lacks."""
    days = (low + number - 1 if number > 0 else high + number for number in numbers)
    return {day for day in days if low <= day < high}


def _weekdays(by_day: Iterable[tuple[int, int]], spans: Iterable[tuple[int, int]], first: int) -> set[int]:
    """The weekdays of `by_day` in each span of days, the nth counted inside it; day 0 is the weekday `first`."""
    chosen: set[int] = set()
    for low, high in spans:
        for weekday, nth in by_day:
            days = range(low + (weekday - first - low) % 7, high, 7)
            if nth == 0:
                chosen.update(days)
            elif abs(nth) <= len(days):
                chosen.add(days[nth - 1 if nth > 0 else nth])
    return chosen


def _week_number_days(kind: _Year, parts: DayParts) -> Iterator[int]:
    """The days of this year whose ISO week, counted with the rule's own week start, has one of the numbers.

    1 to 3 January may lie in the last week of the year before, 29 to 31 December in week 1 of the year after.
    """
    numbers, length = parts.by_week_no, 365 + kind.leap
    begin = _first_week((kind.first - parts.first_day_of_week) % 7)
    end = length + _first_week((kind.first + length - parts.first_day_of_week) % 7)
    weeks = (end - begin) // 7
    for number in numbers:
        if abs(number) <= weeks:
            monday = begin + 7 * (number - 1 if number > 0 else weeks + number)
            yield from range(max(monday, 0), min(monday + 7, length))
    if -1 in numbers or kind.weeks_before in numbers:
        yield from range(begin)
    if 1 in numbers or -kind.weeks_after in numbers:
        yield from range(end, length)


def _first_week(new_year: int) -> int:
    """The offset of week 1, the first with four days of the year, when 1 January is day `new_year` of its week."""
    return -new_year if new_year <= 3 else 7 - new_year


def _weeks(year: int, week_start: int) -> int:
    """How many weeks (52 or 53) a year has."""
    new_year = (_new_year(year) - week_start) % 7
    return 53 if new_year == 3 or (new_year == 2 and _is_leap(year)) else 52


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _new_year(year: int) -> int:
    """The weekday of 1 January, also of the years 0 and 10000 that `date` does not have."""
    before = year - 1
    return (before * 365 + before // 4 - before // 100 + before // 400) % 7
