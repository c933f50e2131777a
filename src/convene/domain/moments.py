"""Times as clients write them, read as wall times of a zone.

With an offset a time is that instant; without one it is wall time in the event's zone; all-day events have dates.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from convene.domain.content import Schedule
from convene.domain.errors import Invalid
from convene.domain.zones import as_if_utc, check_range, in_utc, instant, wall_time, zone

When = datetime | date


class Moment(NamedTuple):
    """A wall time of a zone and which pass of it, as a person meant it.

    Attributes:
        at: the instant in UTC, if it was that what they said.
    """

    wall: datetime
    fold: Literal[0, 1] = 0
    at: datetime | None = None

    def instant(self, name: str) -> datetime:
        """The instant that it is in its zone, in UTC."""
        return self.at or instant(self.wall, zone(name), self.fold)


def read_moment(sent: When, name: str, *, all_day: bool, pointer: str, is_end: bool = False) -> Moment:
    """Read what a client sent for the start or the end of an event in a zone.

    Raises:
        Invalid: the kind of time does not fit, or it lies out of range (`pointer`).
    """
    tz = zone(name)
    if not isinstance(sent, datetime):
        if not all_day:
            raise Invalid.at(pointer, "must be a date and a time unless the event is all-day")
        return Moment(_checked(datetime(sent.year, sent.month, sent.day), pointer))  # noqa: DTZ001 - wall time
    if all_day:
        return _as_day(_checked(sent.replace(tzinfo=None), pointer), pointer, is_end=is_end)
    if sent.tzinfo is None:
        return Moment(_checked(sent, pointer))
    at = in_utc(sent, pointer)
    wall, fold = wall_time(at, tz)
    return Moment(wall, 1 if fold else 0, at)


def _as_day(wall: datetime, pointer: str, *, is_end: bool) -> Moment:
    """Read a date and time sent for an all-day event: the day as it is written there, whatever the offset."""
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    if wall == midnight:
        return Moment(midnight)
    if not is_end:
        raise Invalid.at(pointer, "an all-day event starts on a date; leave the time out")
    return Moment(midnight + timedelta(days=1))


def _checked(wall: datetime, pointer: str) -> datetime:
    check_range(as_if_utc(wall), pointer)
    return wall


def moment_at(at: datetime, name: str, *, all_day: bool, is_end: bool = False) -> Moment:
    """What clocks in a zone show at an instant; for an all-day event the midnight before it, or after if it ends."""
    wall, fold = wall_time(at, zone(name))
    if not all_day:
        return Moment(wall, 1 if fold else 0)
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    return Moment(midnight + timedelta(days=1) if is_end and wall != midnight else midnight)


def schedule_between(begins: Moment, ends: Moment, name: str, *, all_day: bool) -> Schedule:
    """Make the schedule of a single event from its start and its end, both in one zone."""
    duration = ends.wall - begins.wall if all_day else ends.instant(name) - begins.instant(name)
    return Schedule(start=begins.wall, fold=begins.fold, duration=duration, zone=name, all_day=all_day)
