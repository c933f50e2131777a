"""Digests: when the next mail about a day is due, and what is on that day, as the clocks of a zone show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from convene.domain.content import UNSET, EventContent
from convene.domain.reminders import is_cancelled, title_of
from convene.domain.schedule_times import MARGIN
from convene.domain.series import Occurrence, occurrences
from convene.domain.zones import instant, wall_time, zone

HOUR_DEFAULT = 7
_DAY = timedelta(days=1)
_LIMIT = 200


@dataclass(frozen=True, slots=True)
class DayEntry:
    """Something on a day: from when (None: from before) until when (None: until after), in wall time."""

    title: str
    location: str | None
    all_day: bool
    starts_at: datetime
    begins: time | None
    ends: time | None


def due_after(moment: datetime, hour: int, tz: ZoneInfo) -> datetime:
    """When the clocks of a zone show an hour next, after an instant.

    An hour that is skipped is due when the clocks have been moved; of one that comes twice, the first is meant.
    """
    day = wall_time(moment, tz)[0].date()
    while True:
        due = instant(datetime.combine(day, time(hour)), tz)
        if due > moment:
            return due
        day += _DAY


def day_at(moment: datetime, tz: ZoneInfo) -> date:
    """Which day it is somewhere."""
    return wall_time(moment, tz)[0].date()


def span_of(day: date, tz: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when a day lasts somewhere: 23 to 25 hours."""
    return instant(datetime.combine(day, time()), tz), instant(datetime.combine(day + _DAY, time()), tz)


def padded(span: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    """A span in which is all that is all day on the same date, in whatever zone."""
    return span[0] - MARGIN, span[1] + MARGIN


def entries_on(content: EventContent, day: date, tz: ZoneInfo) -> list[DayEntry]:
    """What of an event takes place on a day, cancelled ones left out; what is all day is so on its date everywhere.

    Raises:
        TooMuch: there are more than 200 occurrences.
    """
    span = span_of(day, tz)
    all_day = content.schedule.all_day
    found = occurrences(content, *(padded(span) if all_day else span), limit=_LIMIT)
    return [
        _entry(content, one, span, tz)
        for one in found
        if not is_cancelled(content, one.own) and (not all_day or _is_on(content, one, day))
    ]


def _is_on(content: EventContent, one: Occurrence, day: date) -> bool:
    own_zone = zone(content.schedule.zone)
    return day_at(one.starts_at, own_zone) <= day < day_at(one.ends_at, own_zone)


def _entry(content: EventContent, one: Occurrence, span: tuple[datetime, datetime], tz: ZoneInfo) -> DayEntry:
    own = one.own
    return DayEntry(
        title=title_of(content, one.own),
        location=content.location if own is None or own.location is UNSET else own.location,
        all_day=content.schedule.all_day or (one.starts_at <= span[0] and one.ends_at >= span[1]),
        starts_at=one.starts_at,
        begins=wall_time(one.starts_at, tz)[0].time() if one.starts_at >= span[0] else None,
        ends=wall_time(one.ends_at, tz)[0].time() if one.ends_at <= span[1] else None,
    )
