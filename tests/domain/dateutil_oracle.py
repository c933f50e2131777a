"""dateutil as oracle: how a rule is put to it, and the five places where it does not say what the RFCs say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from heapq import merge
from itertools import groupby, islice
from typing import Literal

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, _iterinfo, rrule, weekday, weekdays

from convene.domain.recurrence import Frequency, RecurrenceRule
from tests.domain.recurrence_reference import in_week, week_of

_FREQUENCIES: dict[Frequency, Literal[0, 1, 2, 3]] = {
    Frequency.DAILY: DAILY,
    Frequency.WEEKLY: WEEKLY,
    Frequency.MONTHLY: MONTHLY,
    Frequency.YEARLY: YEARLY,
}


def as_dateutil_has_it(rule: RecurrenceRule, start: datetime) -> rrule:
    """The rule put to dateutil word for word."""
    return rrule(
        _FREQUENCIES[rule.frequency],
        dtstart=start,
        interval=rule.interval,
        wkst=rule.first_day_of_week,
        byweekday=[weekday(day.weekday, day.nth) if day.nth else weekdays[day.weekday] for day in rule.by_day] or None,
        bymonthday=rule.by_month_day or None,
        bymonth=rule.by_month or None,
        byyearday=rule.by_year_day or None,
        byweekno=rule.by_week_no or None,
        byhour=rule.by_hour or None,
        byminute=rule.by_minute or None,
        bysecond=rule.by_second or None,
        bysetpos=rule.by_set_position or None,
        count=rule.count,
        until=rule.until,
    )


def counts_weeks_wrongly(rule: RecurrenceRule, years: range) -> bool:
    """dateutil's week numbers of the first and last days of a year are wrong for these numbers, in these years.

    RFC 5545, 3.3.10: "Week number one of the calendar year is the first week that contains at least four (4) days in
    that calendar year." For the days before it dateutil takes the length of this year where it needs that of the
    last, and it knows of negative numbers only -1. The predicate asks dateutil itself, day by day.
    """
    return bool(rule.by_week_no) and any(wrong_week_days(rule, year) for year in years)


def wrong_week_days(rule: RecurrenceRule, year: int) -> list[date]:
    mask = _week_mask(rule, year)
    first = date(year, 1, 1).toordinal()
    days = [date.fromordinal(first + place) for place in range(date(year, 12, 31).toordinal() - first + 1)]
    return [day for place, day in enumerate(days) if bool(mask[place]) != in_week(rule, day)]


def _week_mask(rule: RecurrenceRule, year: int) -> list[int]:
    """dateutil's own mask of the days that are in the weeks of a rule."""
    weeks = replace(rule, by_set_position=(), by_day=())
    from_dateutil = as_dateutil_has_it(weeks, datetime(year, 1, 1))  # noqa: DTZ001 - wall time
    info = _iterinfo(from_dateutil)
    info.rebuild(year, 1)
    return list(info.wnomask or ())


def mixes_days(rule: RecurrenceRule) -> bool:
    """Plain and nth weekdays in one list: dateutil wants a day to be in both at once.

    RFC 5545, 3.3.10: "The BYDAY rule part specifies a COMMA-separated list of days of the week", each with or without
    its number: alternatives, as in every other list.
    """
    return len({day.nth is None for day in rule.by_day}) == 2


def in_month(rule: RecurrenceRule) -> bool:
    """Whether nth weekdays are counted in the month."""
    return rule.frequency is Frequency.MONTHLY or bool(rule.by_month)


def oracle(rule: RecurrenceRule, start: datetime) -> Iterator[datetime]:
    """What dateutil says, once it is told plainly what it would understand otherwise. Takes `mixes_days` apart.

    Three more differences are put right by telling dateutil more, or less:

    * A yearly rule with week numbers and no day: "Information, not contained in the rule, necessary to determine the
      various recurrence instance start time and dates are derived from the Start Time (DTSTART)" (3.3.10), so the
      weekday of the start counts (RFC 8984, 4.3.3.1: "add a byDay property with the sole value being the day of the
      week of the initial date-time"); dateutil takes all seven.
    * Positions in the first week: "BYSETPOS operates on a set of recurrence instances in one interval of the
      recurrence rule" (3.3.10), the week; dateutil's first week begins at the start, not at its first day.
    * The 38th Monday of a month: there is none, "such recurrence instances MUST be ignored" (3.3.10); dateutil looks
      for it past the end of its tables and falls over.
    """
    there = tuple(day for day in rule.by_day if not in_month(rule) or abs(day.nth or 0) <= 5)
    if rule.by_day and not there:
        return
    rule = replace(rule, by_day=there)
    end, told = replace(rule, count=None, until=None), start
    has_days = rule.by_day or rule.by_month_day or rule.by_year_day
    explicit = [weekdays[start.weekday()]]
    if rule.frequency is Frequency.WEEKLY and rule.by_set_position:
        told = datetime.combine(week_of(start.date(), rule.first_day_of_week), start.time())
        answers = iter(
            as_dateutil_has_it(end, told) if rule.by_day else as_dateutil_has_it(end, told).replace(byweekday=explicit)
        )
    elif rule.by_week_no and not has_days:
        answers = iter(as_dateutil_has_it(end, told).replace(byweekday=explicit))
    elif mixes_days(rule):
        plain = tuple(day for day in rule.by_day if day.nth is None)
        nth = tuple(day for day in rule.by_day if day.nth is not None)
        both = [iter(as_dateutil_has_it(replace(end, by_day=days), told)) for days in (plain, nth)]
        answers = (moment for moment, _ in groupby(merge(*both)))
    else:
        answers = iter(as_dateutil_has_it(end, told))
    within = (one for one in answers if one >= start)
    counted = islice(within, rule.count)
    for moment in counted:
        if rule.until is not None and moment > rule.until:
            return
        yield moment
