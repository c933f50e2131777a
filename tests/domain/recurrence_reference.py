"""RFC 8984, 4.3.3.1 to the letter, slow and simple: every day of every period, compared with every part of the rule.

The one departure is the table of RFC 5545, 3.3.10, where the two differ: byMonthDay alone in a yearly rule means every
month, and the nth weekday of a yearly rule with byMonth is counted in the month.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache

from convene.domain.recurrence import Frequency, NDay, RecurrenceRule

DAY = timedelta(days=1)
Parts = tuple[tuple[NDay, ...], tuple[int, ...], tuple[int, ...]]


def reference(rule: RecurrenceRule, start: datetime, before: datetime) -> list[datetime]:
    """All starts of the series before a wall time."""
    found: list[datetime] = []
    parts = implied(rule, start)
    for first, last in periods(rule, start.date()):
        if datetime.combine(first, time.min) >= before:
            break
        candidates = [
            datetime.combine(day, time(hour, minute, second))
            for day in days(first, last)
            if matches(rule, parts, day)
            for hour in rule.by_hour or (start.hour,)
            for minute in rule.by_minute or (start.minute,)
            for second in rule.by_second or (start.second,)
        ]
        if rule.by_set_position:
            ends = {i + 1: one for i, one in enumerate(candidates)}
            ends |= {i - len(candidates): one for i, one in enumerate(candidates)}
            candidates = sorted({ends[place] for place in rule.by_set_position if place in ends})
        found += [one for one in candidates if one >= start]
    if rule.until is not None:
        found = [one for one in found if one <= rule.until]
    return [one for one in found[: rule.count] if one < before]


def periods(rule: RecurrenceRule, start: date) -> Iterator[tuple[date, date]]:
    """First and last day of each period, from that of the start on."""
    number = 0
    while True:
        match rule.frequency:
            case Frequency.DAILY:
                first = last = start + number * DAY
            case Frequency.WEEKLY:
                first = week_of(start, rule.first_day_of_week) + number * 7 * DAY
                last = first + 6 * DAY
            case Frequency.MONTHLY:
                months = start.year * 12 + start.month - 1 + number
                first = date(months // 12, months % 12 + 1, 1)
                last = date((months + 1) // 12, (months + 1) % 12 + 1, 1) - DAY
            case _:
                first, last = date(start.year + number, 1, 1), date(start.year + number, 12, 31)
        yield first, last
        number += rule.interval


@cache
def days(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + number * DAY for number in range((last - first).days + 1))


def week_of(day: date, first_day_of_week: int) -> date:
    return day - ((day.weekday() - first_day_of_week) % 7) * DAY


def matches(rule: RecurrenceRule, parts: Parts, day: date) -> bool:
    """Whether a day matches all parts."""
    by_day, by_month, by_month_day = parts
    return (
        (not by_month or day.month in by_month)
        and (not rule.by_week_no or in_week(rule, day))
        and (not rule.by_year_day or bool(year_day(day) & set(rule.by_year_day)))
        and (not by_month_day or bool(month_day(day) & set(by_month_day)))
        and (not by_day or any(is_nday(rule, day, one) for one in by_day))
    )


def implied(rule: RecurrenceRule, start: datetime) -> Parts:
    """byDay, byMonth and byMonthDay, those included that the start implies."""
    by_day, by_month, by_month_day = rule.by_day, rule.by_month, rule.by_month_day
    if rule.frequency is Frequency.WEEKLY and not by_day:
        by_day = (NDay(start.weekday()),)
    if rule.frequency is Frequency.MONTHLY and not by_day and not by_month_day:
        by_month_day = (start.day,)
    if rule.frequency is Frequency.YEARLY and not rule.by_year_day and not by_day and not by_month_day:
        if rule.by_week_no:
            by_day = (NDay(start.weekday()),)
        else:
            by_month_day = (start.day,)
            by_month = by_month or (start.month,)
    return by_day, by_month, by_month_day


def in_week(rule: RecurrenceRule, day: date) -> bool:
    """A week belongs to the year that has its fourth day; 28 December is always in the last one."""

    year, number = year_week(day, rule.first_day_of_week)
    _, weeks = year_week(date(year, 12, 28), rule.first_day_of_week)
    return bool({number, number - weeks - 1} & set(rule.by_week_no))


@cache
def year_week(day: date, first_day_of_week: int) -> tuple[int, int]:
    fourth = week_of(day, first_day_of_week) + 3 * DAY
    return fourth.year, (fourth.timetuple().tm_yday - 1) // 7 + 1


@cache
def year_day(day: date) -> frozenset[int]:
    return frozenset((day.timetuple().tm_yday, -((date(day.year, 12, 31) - day).days + 1)))


@cache
def month_day(day: date) -> frozenset[int]:
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return frozenset((day.day, -(following - day).days))


def is_nday(rule: RecurrenceRule, day: date, one: NDay) -> bool:
    if day.weekday() != one.weekday:
        return False
    if one.nth is None:
        return True
    in_year = rule.frequency is Frequency.YEARLY and not rule.by_month
    ahead, behind = sorted(year_day(day) if in_year else month_day(day), reverse=True)
    return one.nth in {(ahead + 6) // 7, -((-behind + 6) // 7)}
