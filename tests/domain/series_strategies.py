"""Hypothesis strategies for series with overrides, most of them around days on which clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from hypothesis import assume
from hypothesis import strategies as st

from convene.domain.content import UNSET, EventContent, FreeBusy, Override, Schedule, Status, Unset
from convene.domain.expansion import END_OF_TIME, starts
from convene.domain.recurrence import Frequency, NDay, RecurrenceRule
from convene.domain.schedule_times import is_occurrence

wall = datetime.fromisoformat

#: Zones, and days on which something is odd there: gaps and overlaps of an hour, of half an hour (Lord Howe), at
#: midnight (Sao Paulo), of a whole day (Samoa left one out, Kwajalein too), and a summer time by the moon (Casablanca).
ODD_DAYS = (
    ("UTC", "2024-02-29"),
    ("Europe/Berlin", "2025-03-30"),
    ("Europe/Berlin", "2025-10-26"),
    ("America/New_York", "2025-03-09"),
    ("America/New_York", "2025-11-02"),
    ("Australia/Lord_Howe", "2025-10-05"),
    ("Australia/Lord_Howe", "2025-04-06"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2018-02-18"),
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kwajalein", "1993-08-21"),
    ("Africa/Casablanca", "2025-02-23"),
    ("Asia/Kathmandu", "2025-01-01"),
)

_HOURS = st.sampled_from((0, 1, 2, 3, 9, 23))
_MINUTES = st.sampled_from((0, 15, 30))
_SPANS = st.sampled_from(
    (timedelta(minutes=30), timedelta(hours=1), timedelta(hours=3), timedelta(hours=25), timedelta(days=4))
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """A series that begins with its first occurrence, up to a fortnight before an odd day."""
    zone, day = draw(st.sampled_from(ODD_DAYS))
    all_day = draw(st.sampled_from((False, False, False, True)))
    anchor = wall(day) - timedelta(days=draw(st.integers(0, 14)))
    rule = _rule(draw)
    if all_day:
        rule = replace(rule, by_hour=(), by_minute=())
    else:
        anchor = anchor.replace(hour=draw(_HOURS), minute=draw(_MINUTES))
    start = next(starts(rule, anchor, after=anchor, before=END_OF_TIME), None)
    assume(start is not None)
    assert start is not None
    lasts = timedelta(days=draw(st.integers(1, 3))) if all_day else draw(_SPANS)
    return Schedule(start=start, duration=lasts, zone=zone, all_day=all_day, rule=rule)


def _rule(draw: st.DrawFn) -> RecurrenceRule:
    frequency = draw(st.sampled_from((Frequency.DAILY, Frequency.DAILY, *Frequency)))
    days = draw(st.sets(st.integers(0, 6), max_size=3)) if frequency is Frequency.WEEKLY else set()
    many = draw(st.booleans())
    rule = RecurrenceRule(
        frequency=frequency,
        interval=draw(st.integers(1, 2)),
        by_day=tuple(NDay(day) for day in sorted(days)),
        by_hour=tuple(sorted(draw(st.sets(_HOURS, max_size=3)))) if many else (),
        by_minute=tuple(sorted(draw(st.sets(_MINUTES, max_size=2)))) if many else (),
    )
    if draw(st.booleans()):
        return replace(rule, count=draw(st.integers(1, 20)))
    return rule


@st.composite
def contents(draw: st.DrawFn) -> EventContent:
    """A series with some of its first occurrences excluded, moved, lengthened, cancelled or renamed."""
    schedule = draw(schedules())
    assert schedule.rule is not None
    names = list(islice(starts(schedule.rule, schedule.start, after=schedule.start, before=END_OF_TIME), 25))
    if schedule.rule.count is None and draw(st.booleans()):
        schedule = replace(schedule, rule=replace(schedule.rule, until=draw(st.sampled_from(names))))
    chosen = draw(st.sets(st.sampled_from(names), max_size=5))
    overrides = [_override(draw, name, schedule) for name in sorted(chosen) if is_occurrence(schedule, name)]
    return EventContent(
        title="Stand-up",
        schedule=schedule,
        free_busy_status=draw(st.sampled_from(FreeBusy)),
        overrides=tuple(own for own in overrides if own != Override(occurrence=own.occurrence)),
    )


def _override(draw: st.DrawFn, name: datetime, schedule: Schedule) -> Override:
    if draw(st.booleans()):
        return Override(occurrence=name, excluded=True)
    unit = timedelta(days=1) if schedule.all_day else timedelta(minutes=30)
    by = draw(st.sampled_from((0, 0, -20, -2, -1, 1, 2, 5, 48, 1_000)))
    statuses: tuple[Status | Unset, ...] = (UNSET, Status.CANCELLED, Status.TENTATIVE)
    free_busy: tuple[FreeBusy | Unset, ...] = (UNSET, FreeBusy.BUSY, FreeBusy.FREE)
    lengths: tuple[timedelta | Unset, ...] = (UNSET, unit, 10 * unit)
    return Override(
        occurrence=name,
        title="Own" if draw(st.booleans()) else UNSET,
        status=draw(st.sampled_from(statuses)),
        free_busy_status=draw(st.sampled_from(free_busy)),
        start=name + by * unit if by else UNSET,
        duration=draw(st.sampled_from(lengths)),
    )


@st.composite
def windows(draw: st.DrawFn, content: EventContent, cuts: int = 2) -> list[datetime]:
    """Ascending instants around the beginning of a series, some of them exactly at a start."""
    near = st.timedeltas(timedelta(days=-20), timedelta(days=40))
    days = st.integers(-3, 20).map(lambda number: timedelta(days=number))
    return sorted(content.schedule.starts_at + draw(near | days) for _ in range(cuts))
