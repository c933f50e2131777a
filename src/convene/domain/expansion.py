"""From a rule to the wall times at which it starts: RFC 5545, 3.3.10, bounded from outside.

No library can be bounded: dateutil steps from the first occurrence on, and never comes back from a rule that never
matches. Here time is cut into units (weeks, months or years) that are examined one by one; a window says at once which
of them can matter, so the work is known before it begins (`units_examined`) and does not grow with the age of a series.
Knows no zones: all times are naive wall times. What gaps and overlaps do to them is said in `schedule_times`.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice

from convene.domain.errors import Invalid
from convene.domain.recurrence import POINTER, Frequency, NDay, RecurrenceRule
from convene.domain.rule_plan import plan_for

#: No wall time is earlier.
BEGINNING_OF_TIME = datetime(1, 1, 1)  # noqa: DTZ001 - wall time
#: Nothing starts here or later: days before the last one there is, so that every zone can show it.
END_OF_TIME = datetime(9999, 12, 27)  # noqa: DTZ001 - wall time
#: A rule must occur within this time of its start: 100 years.
FIRST_WITHIN = timedelta(days=36_525)
#: How far a count is followed before it is given up: 190 years of weeks, 800 of months, all years there are.
UNITS_COUNTED = 10_000

_TICK = timedelta(microseconds=1)


def _window(
    rule: RecurrenceRule, start: datetime, after: datetime, before: datetime
) -> tuple[datetime, datetime] | None:
    """Narrow a half-open window to the first and the last wall time that a series can have in it, both included."""
    low = max(after, start)
    if before <= low:
        return None
    high = min(before, END_OF_TIME) - _TICK
    end = last_counted(rule, start) if rule.count else rule.until
    if end is not None:
        high = min(high, end)
    return (low, high) if low <= high else None


def units_examined(rule: RecurrenceRule, start: datetime, *, after: datetime, before: datetime) -> range:
    """Say what `starts` looks at in a window: its length bounds the work; a unit has at most 366 days of 24 times."""
    window = _window(rule, start, after, before)
    return plan_for(rule, start).units(*window) if window else range(0)


def starts(rule: RecurrenceRule, start: datetime, *, after: datetime, before: datetime) -> Iterator[datetime]:
    """Find when a series starts inside a window: ascending, each once, `after` <= t < `before`.

    All are naive wall times, also those that a zone skips. Nothing lies before `start`, and `start` itself is there
    only if the rule matches it, which `check_rule` makes sure of.
    """
    window = _window(rule, start, after, before)
    if window is None:
        return
    low, high = window
    plan, first, last = plan_for(rule, start), low.toordinal(), high.toordinal()
    for index in plan.units(low, high):
        for day, at in plan.slots(index, first, last):
            moment = datetime.combine(date.fromordinal(day), at)
            if low <= moment <= high:
                yield moment


def starts_backwards(rule: RecurrenceRule, start: datetime, *, before: datetime) -> Iterator[datetime]:
    """Find all starts before a wall time, the latest first; otherwise as `starts`."""
    window = _window(rule, start, start, before)
    if window is None:
        return
    low, high = window
    plan, first, last = plan_for(rule, start), low.toordinal(), high.toordinal()
    for index in reversed(plan.units(low, high)):
        for day, at in reversed(plan.slots(index, first, last)):
            moment = datetime.combine(date.fromordinal(day), at)
            if low <= moment <= high:
                yield moment


@lru_cache(maxsize=8_192)
def last_counted(rule: RecurrenceRule, start: datetime) -> datetime | None:
    """Find when a series with a count starts for the last time.

    None for a count that is not reached before the end of time or within `UNITS_COUNTED`: `check_rule` refuses those.
    """
    plan, count = plan_for(rule, start), rule.count
    assert count is not None  # noqa: S101 - narrows for mypy
    begin, end = (start.toordinal(), start.time()), END_OF_TIME.toordinal() - 1
    if plan.is_uniform:
        slots = plan.slots(plan.first, begin[0] - 7, begin[0] + 7)
        if not slots:
            return None
        units, place = divmod(count - 1 + bisect_left(slots, begin), len(slots))
        day, at = slots[place]
        day += units * plan.step * 7
        return datetime.combine(date.fromordinal(day), at) if day <= end else None
    for index in islice(plan.units(start, END_OF_TIME), UNITS_COUNTED):
        slots = plan.slots(index, begin[0], end)
        before = bisect_left(slots, begin)
        if count <= len(slots) - before:
            day, at = slots[before + count - 1]
            return datetime.combine(date.fromordinal(day), at)
        count -= len(slots) - before
    return None


def check_rule(rule: RecurrenceRule, start: datetime) -> None:
    """Make sure that a series begins with its start and, when counted, ends within time.

    Raises:
        Invalid: it does not occur within 100 years, its first occurrence is not `start` (RFC 5545 leaves the set
            undefined then; 3.8.5.3), or its count leads too far.
    """
    if rule.until is not None and rule.until < start:
        raise Invalid.at(f"{POINTER}/until", "lies before the start of the series")
    horizon = END_OF_TIME if END_OF_TIME - start < FIRST_WITHIN else start + FIRST_WITHIN
    first = next(starts(replace(rule, count=None), start, after=start, before=horizon), None)
    if first is None:
        raise Invalid.at(POINTER, "never occurs within 100 years after start_time")
    if first != start:
        raise Invalid.at(
            "/start_time", f"must be the first occurrence; the first one that matches is {first.isoformat()}"
        )
    if rule.count is not None and last_counted(rule, start) is None:
        raise Invalid.at(f"{POINTER}/count", "leads too far ahead to be counted out; say until when instead")


# -- moving a series to another start ------------------------------------------------------------------------


def moved(rule: RecurrenceRule, old_start: datetime, new_start: datetime) -> RecurrenceRule:
    """Turn a rule along with its start, as somebody means who drags a series to another day or hour.

    A weekly rule's days turn by as many days. In monthly and yearly rules a single day of the month or year, weekday
    (also the nth) or month turns if it is the old start's own; so does a single hour, minute or second of any rule.
    All else stays, `until` too; `check_rule` says whether the result fits the new start.
    """
    days = new_start.toordinal() - old_start.toordinal()
    if days and rule.frequency is Frequency.WEEKLY:
        rule = _turned_week(rule, days)
    elif days and rule.frequency is not Frequency.DAILY:
        rule = _turned_days(rule, old_start.date(), new_start.date())
    return replace(
        rule,
        by_hour=_turned(rule.by_hour, old_start.hour, new_start.hour),
        by_minute=_turned(rule.by_minute, old_start.minute, new_start.minute),
        by_second=_turned(rule.by_second, old_start.second, new_start.second),
    )


def _turned(numbers: tuple[int, ...], old: int, new: int) -> tuple[int, ...]:
    return (new,) if numbers == (old,) else numbers


def _turned_week(rule: RecurrenceRule, days: int) -> RecurrenceRule:
    turned = [NDay((day.weekday + days) % 7) for day in rule.by_day]
    rule = replace(rule, by_day=tuple(sorted(turned, key=lambda day: day.order)))
    if len(turned) < 2 or (rule.interval == 1 and not rule.by_set_position):
        return rule
    # Days that were in one week stay in one week: every other Monday and Friday, moved by a day or by four.
    return replace(rule, first_day_of_week=(rule.first_day_of_week + days) % 7)


def _turned_days(rule: RecurrenceRule, old: date, new: date) -> RecurrenceRule:
    by_year = rule.frequency is Frequency.YEARLY and not rule.by_month
    by_day = rule.by_day
    if len(by_day) == 1 and by_day[0].weekday == old.weekday():
        nth = by_day[0].nth
        if nth is None:
            by_day = (NDay(new.weekday()),)
        elif nth in _nths(old, by_year=by_year):
            by_day = (NDay(new.weekday(), _like(nth, *_nths(new, by_year=by_year))),)
    return replace(
        rule,
        by_day=by_day,
        by_month=_turned(rule.by_month, old.month, new.month),
        by_month_day=_turned_number(rule.by_month_day, _month_day(old), _month_day(new)),
        by_year_day=_turned_number(rule.by_year_day, _year_day(old), _year_day(new)),
    )


def _turned_number(numbers: tuple[int, ...], old: tuple[int, int], new: tuple[int, int]) -> tuple[int, ...]:
    return (_like(numbers[0], *new),) if len(numbers) == 1 and numbers[0] in old else numbers


def _like(number: int, ahead: int, behind: int) -> int:
    """Count from the end what was counted from the end, as long as the end is nearer than the beginning."""
    return behind if number < 0 and -behind <= ahead else ahead


def _month_day(day: date) -> tuple[int, int]:
    return day.day, day.day - monthrange(day.year, day.month)[1] - 1


def _year_day(day: date) -> tuple[int, int]:
    number = day.timetuple().tm_yday
    return number, number - date(day.year, 12, 31).timetuple().tm_yday - 1


def _nths(day: date, *, by_year: bool) -> tuple[int, int]:
    """Number a day among those of its weekday in its month or year, from the beginning and from the end."""
    ahead, behind = _year_day(day) if by_year else _month_day(day)
    return (ahead - 1) // 7 + 1, -((-behind - 1) // 7 + 1)
