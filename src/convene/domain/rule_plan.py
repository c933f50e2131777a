"""Running a rule over units of time: what RFC 5545, 3.3.10 says, for one unit at a time.

A unit is a week, a month or a year; a plan says which units can matter and what one of them gives. Weeks are numbered
from the first day of the rule's own week, months and years from the year 0. Knows neither windows nor ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import overload

from convene.domain.calendar_days import DayParts, month_days, year_day_set, year_days
from convene.domain.recurrence import Frequency, RecurrenceRule

#: A start inside a unit: its day as a proleptic ordinal, and its time.
Slot = tuple[int, time]


@dataclass(frozen=True, slots=True)
class Slots(Sequence[Slot]):
    """All times on each of some days, ascending; made as they are asked for: a year of a dense rule has 8,784."""

    days: Sequence[int]
    times: tuple[time, ...]

    def __len__(self) -> int:
        return len(self.days) * len(self.times)

    @overload
    def __getitem__(self, place: int) -> Slot: ...
    @overload
    def __getitem__(self, place: slice) -> list[Slot]: ...
    def __getitem__(self, place: int | slice) -> Slot | list[Slot]:
        if isinstance(place, slice):
            return list(self)[place]
        day, at = divmod(place, len(self.times))
        return self.days[day], self.times[at]

    def __iter__(self) -> Iterator[Slot]:
        return ((day, at) for day in self.days for at in self.times)

    def __reversed__(self) -> Iterator[Slot]:
        return ((day, at) for day in reversed(self.days) for at in reversed(self.times))


@dataclass(frozen=True, slots=True)
class Plan:
    """A rule with what its start implies filled in, ready to be run.

    Attributes:
        unit, step: what is examined at once, and every how many of them. Never days: daily rules are examined by
            years, because almost all their days may fail (29 February), and because it is faster.
        first: the index of the unit that holds the start.
        days: the parts that choose days; of weeks only `by_month` is looked at.
        week: the offsets of the chosen days in a week; weeks only.
        every, anchor: keep only each `every`-th day counted from the day `anchor`; daily rules only.
        times: the times of a day, ascending; none when positions ask for more than there can be.
        positions: what to choose of a unit's slots (bySetPosition), empty for all.
    """

    unit: Frequency
    step: int
    first: int
    days: DayParts
    week: tuple[int, ...]
    every: int
    anchor: int
    times: tuple[time, ...]
    positions: tuple[int, ...]

    @property
    def is_uniform(self) -> bool:
        """Whether every unit has the same slots, so that they can be counted without looking."""
        return self.unit is Frequency.WEEKLY and not self.days.by_month

    def index(self, day: date) -> int:
        """Number the unit that holds a day."""
        match self.unit:
            case Frequency.WEEKLY:
                return (day.toordinal() - 1 - self.days.first_day_of_week) // 7
            case Frequency.MONTHLY:
                return day.year * 12 + day.month - 1
            case _:
                return day.year

    def units(self, low: date, high: date) -> range:
        """Say which units can hold starts from the day `low` to the day `high`, both included."""
        if not self.times:
            return range(0)
        begin = max(self.index(low), self.first)
        return range(begin + (self.first - begin) % self.step, self.index(high) + 1, self.step)

    def slots(self, index: int, low: int, high: int) -> Sequence[Slot]:
        """List the starts of one unit on the days `low` to `high`, both included, ascending."""
        base, offsets = self._days(index)
        if not self.positions:
            days = offsets[bisect_left(offsets, low - base) : bisect_right(offsets, high - base)]
            return Slots([base + offset for offset in days], self.times)
        # Positions count in the whole unit, also among what lies before the start (RFC 8984, 4.3.3.1, steps 4, 5).
        per_day = len(self.times)
        chosen = [divmod(place, per_day) for place in _choose(self.positions, len(offsets) * per_day)]
        return [(base + offsets[day], self.times[at]) for day, at in chosen if low <= base + offsets[day] <= high]

    def _days(self, index: int) -> tuple[int, Sequence[int]]:
        """Choose the days of a unit: its first day, and their ascending offsets from it."""
        match self.unit:
            case Frequency.WEEKLY:
                base = index * 7 + 1 + self.days.first_day_of_week
                months = self.days.by_month
                return base, [
                    offset for offset in self.week if _month(base + offset) in months
                ] if months else self.week
            case Frequency.MONTHLY:
                year, month = divmod(index, 12)
                if self.days.by_month and month + 1 not in self.days.by_month:
                    return 0, ()
                return date(year, month + 1, 1).toordinal(), month_days(year, month + 1, self.days)
            case _:
                base = date(index, 1, 1).toordinal()
                if self.every == 1:
                    return base, year_days(index, self.days)
                chosen = year_day_set(index, self.days)
                return base, [day for day in range((self.anchor - base) % self.every, 366, self.every) if day in chosen]


def _choose(positions: tuple[int, ...], count: int) -> list[int]:
    """Turn positions (1 the first, -1 the last) into ascending indices below `count`, without those not there."""
    places = {position - 1 if position > 0 else count + position for position in positions}
    return sorted(place for place in places if 0 <= place < count)


def _month(ordinal: int) -> int:
    # The weeks at the two ends of time reach beyond them.
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal())).month


@lru_cache(maxsize=4_096)
def plan_for(rule: RecurrenceRule, start: datetime) -> Plan:
    """Prepare a rule to be run from a naive wall time."""
    days, times, positions = _implied_days(rule, start), _times(rule, start), rule.by_set_position
    week = tuple(sorted((weekday - rule.first_day_of_week) % 7 for weekday, _ in days.by_day))
    unit, step, every = rule.frequency, rule.interval, 1
    if unit is Frequency.DAILY:
        unit, step, every = Frequency.YEARLY, 1, rule.interval
        if positions:
            times, positions = tuple(times[place] for place in _choose(positions, len(times))), ()
    elif unit is Frequency.WEEKLY and positions and not _choose(positions, len(week) * len(times)):
        times = ()
    plan = Plan(unit, step, 0, days, week, every, start.toordinal(), times, positions)
    return replace(plan, first=plan.index(start))


def _times(rule: RecurrenceRule, start: datetime) -> tuple[time, ...]:
    return tuple(
        time(hour, minute, second, start.microsecond)
        for hour in rule.by_hour or (start.hour,)
        for minute in rule.by_minute or (start.minute,)
        for second in rule.by_second or (start.second,)
    )


def _implied_days(rule: RecurrenceRule, start: datetime) -> DayParts:
    """Fill in what a rule leaves to its start: "retrieved from DTSTART" (3.3.10), spelled out in RFC 8984, 4.3.3.1.

    In one case the two differ: byMonthDay alone in a yearly rule means every month here, as the table of 3.3.10 has
    it (Expand); RFC 8984 would take the month of the start.
    """
    by_day = tuple((day.weekday, day.nth or 0) for day in rule.by_day)
    by_month, by_month_day = rule.by_month, rule.by_month_day
    match rule.frequency:
        case Frequency.WEEKLY:
            by_day = by_day or ((start.weekday(), 0),)
        case Frequency.MONTHLY if not (by_day or by_month_day):
            by_month_day = (start.day,)
        case Frequency.YEARLY if not (by_day or by_month_day or rule.by_year_day):
            if rule.by_week_no:
                by_day = ((start.weekday(), 0),)
            else:
                by_month, by_month_day = by_month or (start.month,), (start.day,)
        case _:
            pass
    return DayParts(by_day, by_month_day, by_month, rule.by_year_day, rule.by_week_no, rule.first_day_of_week)
