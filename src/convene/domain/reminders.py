"""Reminders: when somebody wants to hear that an event begins, worked out from its content as it is now.

A reminder is due so many minutes before each occurrence. `done_until` is how far it has been looked at, and `told` what
was within its lead then: that is not told again. Whatever else is within the lead now is told: its time has come, or
somebody has moved it there, and then its time has passed already.
Whatever a series looks like, a look at it is bounded: by what begins within the longest lead, by its overrides, and by
how far ahead it goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from operator import itemgetter

from convene.domain.content import UNSET, EventContent, Override, Schedule, Status
from convene.domain.expansion import BEGINNING_OF_TIME, END_OF_TIME, starts, units_examined
from convene.domain.recurrence import RecurrenceRule
from convene.domain.schedule_times import MARGIN, is_occurrence, is_shadow, own_time
from convene.domain.zones import away, instant, zone

MINUTES_MAX = 40_320
REMINDERS_MAX = 5
#: Who was away tells no more of what began longer ago.
LATE = timedelta(minutes=15)
_MOVED_MAX = 24
#: What was moved near besides is told after so long, as much again.
NEXT_PART = timedelta(hours=1)
#: More than begins within the longest lead; what comes later is told twice rather than not.
_TOLD_MAX = 1_000
#: So far ahead goes one look: five years, or a series on 29 February would be looked at in vain.
_AHEAD = timedelta(days=1_827)


@dataclass(frozen=True, slots=True, order=True)
class Beginning:
    """An occurrence that begins: when, and what it is called."""

    at: datetime
    title: str


def beginnings(content: EventContent, minutes: int, now: datetime) -> list[Beginning]:
    """What begins within the lead of a reminder, in order, with what has begun just now."""
    return sorted(_between(content, now - LATE, now + timedelta(minutes=minutes)))


def untold(
    found: Sequence[Beginning], minutes: int, done_until: datetime, told: Collection[datetime] | None, now: datetime
) -> list[Beginning]:
    """What a reminder has to tell now of what begins within its lead, in order.

    What has become due since `done_until`, although it may have begun since; and of what was moved so near that its
    time to be told has passed the first, if it is still to come: a series that moves tells a day, not a month.

    Args:
        told: what was told before it began; None where that was not remembered: all that was due then.
    """
    due_after = done_until + timedelta(minutes=minutes)
    due = [one for one in found if one.at > due_after and (told is None or one.at not in told)]
    if told is None:
        return due
    return sorted([*_moved(found, due_after, told, now)[:_MOVED_MAX], *due])


def postponed(
    found: Sequence[Beginning], minutes: int, done_until: datetime, told: Collection[datetime] | None, now: datetime
) -> list[Beginning]:
    """What was moved so near as well, and is left to the next look, after `NEXT_PART`; otherwise as `untold`."""
    return [] if told is None else _moved(found, done_until + timedelta(minutes=minutes), told, now)[_MOVED_MAX:]


def _moved(
    found: Sequence[Beginning], due_after: datetime, told: Collection[datetime], now: datetime
) -> list[Beginning]:
    return [one for one in found if now < one.at <= due_after and one.at not in told]


def remembered(found: Sequence[Beginning], told: Collection[datetime] | None, now: datetime) -> list[datetime]:
    """What not to tell again: all that begins within the lead, and what did before it was moved away."""
    still = {one for one in told or () if one > now - LATE}
    return sorted(still | {one.at for one in found})[:_TOLD_MAX]


def next_look(content: EventContent, minutes: int, done_until: datetime) -> datetime | None:
    """When a reminder has to be looked at next: when it is due, or so far ahead that looking further is for then.

    None when nothing is to come. A rule that has an occurrence every few years is looked at in between.
    """
    before = timedelta(minutes=minutes)
    after = done_until + before
    rule = content.schedule.rule
    if rule is None:
        starts_at = content.schedule.starts_at
        return starts_at - before if starts_at > after and content.status is not Status.CANCELLED else None
    until = away(after, _AHEAD)
    changed = (one.at for one in _changed(content, after, until))
    found = [*_first(_regular(content, rule, after, until)), *_first(changed)]
    if found:
        return min(found) - before
    return until - before if _goes_on(content, rule, until) else None


def _between(content: EventContent, after: datetime, until: datetime) -> Iterator[Beginning]:
    """What begins after an instant and until another one, in no order."""
    rule = content.schedule.rule
    if rule is None:
        starts_at = content.schedule.starts_at
        if after < starts_at <= until and content.status is not Status.CANCELLED:
            yield Beginning(starts_at, content.title)
        return
    for starts_at in _regular(content, rule, after, until):
        yield Beginning(starts_at, content.title)
    yield from _changed(content, after, until)


def _regular(content: EventContent, rule: RecurrenceRule, after: datetime, until: datetime) -> Iterator[datetime]:
    """The starts that a rule alone has; almost in order, because a gap can turn those of a day round."""
    if content.status is Status.CANCELLED:
        return
    schedule, tz = content.schedule, zone(content.schedule.zone)
    changed = {own.occurrence for own in content.overrides}
    for name in starts(rule, schedule.start, after=_wall(after, -MARGIN), before=_wall(until, MARGIN)):
        starts_at = instant(name, tz)
        if after < starts_at <= until and name not in changed and not is_shadow(schedule, rule, name):
            yield starts_at


def _first(found: Iterator[datetime]) -> list[datetime]:
    """The first of some starts that are almost in order: all within a day."""
    first = next(found, None)
    return [] if first is None else [first, *takewhile(lambda one: one - first < MARGIN, found)]


def _changed(content: EventContent, after: datetime, until: datetime) -> Iterator[Beginning]:
    """The occurrences that have something of their own; almost in order, as `_regular`."""
    schedule, low, high = content.schedule, _wall(after, -MARGIN), _wall(until, MARGIN)
    walls = ((own.occurrence if own.start is UNSET else own.start, own) for own in content.overrides)
    near = [(wall, own) for wall, own in walls if low <= wall <= high and not own.excluded]
    for _, own in sorted(near, key=itemgetter(0)):
        starts_at = own_time(schedule, own)[0]
        if after < starts_at <= until and not is_cancelled(content, own) and is_occurrence(schedule, own.occurrence):
            yield Beginning(starts_at, title_of(content, own))


def _goes_on(content: EventContent, rule: RecurrenceRule, after: datetime) -> bool:
    """Whether something may begin after an instant."""
    if any(own_time(content.schedule, own)[0] > after for own in content.overrides):
        return True
    return content.status is not Status.CANCELLED and _has_units(content.schedule, rule, after)


def _has_units(schedule: Schedule, rule: RecurrenceRule, after: datetime) -> bool:
    wall = _wall(after, -MARGIN)
    return len(units_examined(rule, schedule.start, after=wall, before=END_OF_TIME)) > 0


def _wall(moment: datetime, by: timedelta) -> datetime:
    """A wall time so far from what clocks in UTC show; no earlier and no later than there is."""
    wall = moment.replace(tzinfo=None)
    if by > END_OF_TIME - wall:
        return END_OF_TIME
    return BEGINNING_OF_TIME if -by > wall - BEGINNING_OF_TIME else wall + by


def title_of(content: EventContent, own: Override | None) -> str:
    """What an occurrence is called."""
    return content.title if own is None or own.title is UNSET else own.title


def is_cancelled(content: EventContent, own: Override | None) -> bool:
    """Whether an occurrence does not take place, although it stays visible."""
    status = content.status if own is None or own.status is UNSET else own.status
    return status is Status.CANCELLED
