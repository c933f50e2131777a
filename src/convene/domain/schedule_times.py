"""When a schedule and its overrides take place inside a window of instants: names, starts and ends.

An occurrence is named for ever by the wall time at which the rule has it start (RFC 5545 RECURRENCE-ID). A wall time
that the zone skips takes the offset before the gap, one that comes twice means the first (RFC 5545, 3.3.5 and
3.8.5.3). When a time in a gap then falls on the same instant as another occurrence (02:30 and 03:30 of a rule with
both, or the whole day that Samoa left out), there is one occurrence: the one whose wall time clocks show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from convene.domain.content import UNSET, Override, Schedule
from convene.domain.errors import TooMuch
from convene.domain.expansion import BEGINNING_OF_TIME, END_OF_TIME, starts
from convene.domain.recurrence import RecurrenceRule
from convene.domain.zones import EARLIEST, FAR_FUTURE, instant, wall_time, zone

#: More than any zone is ever away from UTC, in either direction.
MARGIN = timedelta(hours=26)

_TICK = timedelta(microseconds=1)

#: Name, start and end of an occurrence, and what it has of its own.
Time = tuple[datetime, datetime, datetime, Override | None]


def times(
    schedule: Schedule, overrides: tuple[Override, ...], after: datetime, before: datetime, *, limit: int
) -> list[Time]:
    """Find when a schedule with its overrides takes place inside a window, in no order.

    What `occurrences` is made of, for callers that have no whole content at hand; arguments and errors as there.
    """
    window = min(max(after, EARLIEST), FAR_FUTURE), min(max(before, EARLIEST), FAR_FUTURE)
    if schedule.rule is None:
        found = [(schedule.start, schedule.starts_at, schedule.ends_at, None)]
        return _limited([one for one in found if _overlaps(one[1], one[2], window)], limit)
    own_by_name = {own.occurrence: own for own in overrides}
    regular = _regular_times(schedule, schedule.rule, window, limit, spare=len(own_by_name))
    names = {name for name, _ in regular.values()}
    unchanged: list[Time] = [
        (name, starts_at, ends_at, None) for starts_at, (name, ends_at) in regular.items() if name not in own_by_name
    ]
    return _limited([*unchanged, *_changed_times(schedule, own_by_name.values(), window, names)], limit)


def _overlaps(starts_at: datetime, ends_at: datetime, window: tuple[datetime, datetime]) -> bool:
    return starts_at < window[1] and ends_at > window[0]


def _limited(found: list[Time], limit: int) -> list[Time]:
    if len(found) > limit:
        raise TooMuch("occurrences", limit)
    return found


def _changed_times(
    schedule: Schedule, overrides: Iterable[Override], window: tuple[datetime, datetime], names: set[datetime]
) -> Iterator[Time]:
    """Find the changed occurrences in a window; `names` are those that the rule has there anyway.

    An override of a name that the rule does not give takes place nowhere.
    """
    for own in overrides:
        if not own.excluded:
            starts_at, ends_at = own_time(schedule, own)
            given = own.occurrence in names
            if _overlaps(starts_at, ends_at, window) and (given or is_occurrence(schedule, own.occurrence)):
                yield own.occurrence, starts_at, ends_at, own


def _regular_times(
    schedule: Schedule, rule: RecurrenceRule, window: tuple[datetime, datetime], limit: int, *, spare: int
) -> dict[datetime, tuple[datetime, datetime]]:
    """Find name and end by start of what the rule alone has in a window.

    Of two names for one instant the later stays: the other is a time in a gap. As many as `spare` may be excluded or
    moved away later, so the limit is that much higher here, where a search without end is cut short.
    """
    after, before = window
    low, high = after.astimezone(UTC).replace(tzinfo=None), before.astimezone(UTC).replace(tzinfo=None)
    reach = schedule.duration + MARGIN
    low = low - reach if low - BEGINNING_OF_TIME > reach else BEGINNING_OF_TIME
    found: dict[datetime, tuple[datetime, datetime]] = {}
    tz = zone(schedule.zone)
    for name in starts(rule, schedule.start, after=low, before=min(high, END_OF_TIME) + MARGIN):
        starts_at = instant(name, tz)
        ends_at = schedule.end_of(starts_at)
        if _overlaps(starts_at, ends_at, window):
            found[starts_at] = name, ends_at
            if len(found) > limit + spare:
                raise TooMuch("occurrences", limit)
    return found


def own_time(schedule: Schedule, own: Override) -> tuple[datetime, datetime]:
    """Say when a changed occurrence starts and ends."""
    starts_at = instant(own.occurrence if own.start is UNSET else own.start, zone(schedule.zone))
    return starts_at, schedule.end_of(starts_at, None if own.duration is UNSET else own.duration)


def is_occurrence(schedule: Schedule, recurrence_id: datetime) -> bool:
    """Whether a naive wall time names an occurrence, be it changed or excluded; of a single event, its start."""
    if schedule.rule is None:
        return recurrence_id == schedule.start
    return _is_start(schedule, schedule.rule, recurrence_id) and not is_shadow(schedule, schedule.rule, recurrence_id)


def _is_start(schedule: Schedule, rule: RecurrenceRule, wall: datetime) -> bool:
    if wall >= END_OF_TIME:
        return False
    return any(starts(rule, schedule.start, after=wall, before=wall + _TICK))


def is_shadow(schedule: Schedule, rule: RecurrenceRule, wall: datetime) -> bool:
    """Whether a start lies in a gap and comes to the same instant as another start, which clocks show."""
    tz = zone(schedule.zone)
    shows = wall_time(instant(wall, tz), tz)[0]
    return shows != wall and _is_start(schedule, rule, shows)
