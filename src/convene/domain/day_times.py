"""At which times of the day something takes place, in UTC: what never meets on a clock never meets.

Cheaper by far than running a rule, and it errs on one side only: what may meet has to be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import product

from convene.domain.content import UNSET, EventContent
from convene.domain.zones import offsets

_DAY = timedelta(days=1)
#: With more stretches than this, running the rule costs no more.
_STRETCHES_MAX = 48

#: Stretches of the day: since midnight in UTC, and how long; what runs past midnight goes on in the morning.
#: None: any time of the day.
DayTimes = frozenset[tuple[timedelta, timedelta]] | None


def times_of(taken: Iterable[tuple[datetime, datetime]]) -> DayTimes:
    """Find the times of the day of stretches between instants."""
    found = {(_since_midnight(start), end - start) for start, end in taken}
    return _bounded(found)


def times_of_series(content: EventContent, after: datetime, before: datetime) -> DayTimes:
    """Find at which times of the day a series may take place between two instants."""
    schedule = content.schedule
    moved = any(own.start is not UNSET or own.duration is not UNSET for own in content.overrides)
    if schedule.rule is None or schedule.all_day or moved:
        return None
    rule, start = schedule.rule, schedule.start
    clock = product(rule.by_hour or (start.hour,), rule.by_minute or (start.minute,), rule.by_second or (start.second,))
    walls = [timedelta(hours=h, minutes=m, seconds=s, microseconds=start.microsecond) for h, m, s in clock]
    # Also those of the two days before: of a wall time in a gap, and of what began less than a day earlier.
    behind = offsets(schedule.zone, after, before)
    return _bounded({((wall - offset) % _DAY, schedule.duration) for wall in walls for offset in behind})


def may_meet(one: DayTimes, two: DayTimes) -> bool:
    """Whether there is a time of the day that both may take."""
    if one is None or two is None:
        return True
    return any(
        (start - other) % _DAY < other_lasts or (other - start) % _DAY < lasts
        for start, lasts in one
        for other, other_lasts in two
    )


def _since_midnight(moment: datetime) -> timedelta:
    at = moment.astimezone(UTC)
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)


def _bounded(found: set[tuple[timedelta, timedelta]]) -> DayTimes:
    return None if len(found) > _STRETCHES_MAX or any(lasts >= _DAY for _, lasts in found) else frozenset(found)
