"""A content as occurrences in time, and the changes of a series that are about its occurrences.

How names, zones and gaps make occurrences is said in `schedule_times`; here are the fields of the content, the series
as a whole, and its overrides. All windows and spans are half-open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import islice, takewhile

from convene.domain.content import (
    SERIES_DURATION_MAX,
    UNSET,
    EventContent,
    Override,
    Schedule,
    blocks,
)
from convene.domain.errors import Invalid
from convene.domain.expansion import BEGINNING_OF_TIME, END_OF_TIME, starts, starts_backwards
from convene.domain.recurrence import RecurrenceRule
from convene.domain.schedule_times import MARGIN, is_occurrence, is_shadow, own_time, times
from convene.domain.zones import FAR_FUTURE, instant, zone

#: How many starts tell whether two series repeat alike: four days of every hour, two years of every week.
_STARTS_COMPARED = 100


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One taking place of an event.

    Attributes:
        recurrence_id: the naive wall time that names it; of a single event, its start.
        starts_at, ends_at: instants in UTC, half-open.
        own: what it has of its own, None for nothing.
        blocks: whether it takes up its owner's time.
    """

    recurrence_id: datetime
    starts_at: datetime
    ends_at: datetime
    own: Override | None
    blocks: bool


def occurrences(content: EventContent, after: datetime, before: datetime, *, limit: int) -> list[Occurrence]:
    """Find all occurrences that overlap a window, ordered by start, then by name.

    An occurrence is in when it starts before `before` and ends after `after`, which are instants.

    Raises:
        TooMuch: there are more than `limit`; never a silent cut.
    """
    plain = blocks(content.status, content.free_busy_status)
    found = [
        Occurrence(name, starts_at, ends_at, own, plain if own is None else _blocks(content, own))
        for name, starts_at, ends_at, own in times(content.schedule, content.overrides, after, before, limit=limit)
    ]
    found.sort(key=lambda one: (one.starts_at, one.recurrence_id))
    return found


def _blocks(content: EventContent, own: Override) -> bool:
    status = content.status if own.status is UNSET else own.status
    return blocks(status, content.free_busy_status if own.free_busy_status is UNSET else own.free_busy_status)


# -- the series as a whole -----------------------------------------------------------------------------------


def bounds(content: EventContent) -> tuple[datetime, datetime]:
    """Bound all occurrences by two instants in UTC, half-open.

    The first is the exact start of the earliest occurrence. For a series the second is padded by 26 hours, so that
    new rules of its zone cannot carry an occurrence out of it, and is `FAR_FUTURE` when the series has no end.
    """
    schedule, rule = content.schedule, content.schedule.rule
    if rule is None:
        return schedule.starts_at, schedule.ends_at
    own = [own_time(schedule, own) for own in _taking_place(content)]
    spans = [*own, *_earliest(content, rule), *_last(content, rule)]
    if not spans:
        return schedule.starts_at, schedule.ends_at
    endless = rule.count is None and rule.until is None
    ends_at = FAR_FUTURE if endless else max(ends_at for _, ends_at in spans)
    starts_at = min(starts_at for starts_at, _ in spans)
    return starts_at, FAR_FUTURE if FAR_FUTURE - ends_at < MARGIN else ends_at + MARGIN


def has_occurrences(content: EventContent) -> bool:
    """Whether anything is left of a series after its exclusions; a single event always takes place."""
    rule = content.schedule.rule
    return rule is None or any(_taking_place(content)) or any(_earliest(content, rule))


def _taking_place(content: EventContent) -> Iterator[Override]:
    return (own for own in content.overrides if not own.excluded and is_occurrence(content.schedule, own.occurrence))


def _earliest(content: EventContent, rule: RecurrenceRule) -> list[tuple[datetime, datetime]]:
    """The times of the first unchanged occurrences: all within a day, because gaps can turn their order round."""
    schedule = content.schedule
    names = _unchanged(content, rule, starts(rule, schedule.start, after=schedule.start, before=END_OF_TIME))
    first = next(names, None)
    if first is None:
        return []
    near = [first, *takewhile(lambda name: name - first < MARGIN, names)]
    tz = zone(schedule.zone)
    return [(starts_at, schedule.end_of(starts_at)) for starts_at in (instant(name, tz) for name in near)]


def _last(content: EventContent, rule: RecurrenceRule) -> list[tuple[datetime, datetime]]:
    """The time of the last unchanged occurrence; another one may end later by what a gap adds, within MARGIN."""
    if rule.count is None and rule.until is None:
        return []
    schedule = content.schedule
    backwards = starts_backwards(rule, schedule.start, before=END_OF_TIME)
    name = next(_unchanged(content, rule, backwards), None)
    if name is None:
        return []
    starts_at = instant(name, zone(schedule.zone))
    return [(starts_at, schedule.end_of(starts_at))]


def _unchanged(content: EventContent, rule: RecurrenceRule, names: Iterator[datetime]) -> Iterator[datetime]:
    changed = {own.occurrence for own in content.overrides}
    return (name for name in names if name not in changed and not is_shadow(content.schedule, rule, name))


# -- changing single occurrences -----------------------------------------------------------------------------


def with_override(content: EventContent, own: Override) -> EventContent:
    """Give an occurrence what it has of its own, instead of what it had; nothing at all makes it a regular one again.

    Raises:
        Invalid: it is no occurrence (`?occurrence`), or its own time cannot be.
    """
    if content.schedule.rule is None or not is_occurrence(content.schedule, own.occurrence):
        raise Invalid.at("?occurrence", "is not an occurrence of this series")
    if own.excluded:
        own = Override(occurrence=own.occurrence, excluded=True)
    elif own.start == own.occurrence:
        own = replace(own, start=UNSET)
    _checkown_time(content.schedule, own)
    others = [other for other in content.overrides if other.occurrence != own.occurrence]
    return replace(content, overrides=_ordered([*others, own]))


def _checkown_time(schedule: Schedule, own: Override) -> None:
    start = own.occurrence if own.start is UNSET else own.start
    lasts = schedule.duration if own.duration is UNSET else own.duration
    if lasts > SERIES_DURATION_MAX:
        raise Invalid.at("/end_time", f"an occurrence lasts at most {SERIES_DURATION_MAX.days} days")
    if schedule.all_day and (start.time() != time.min or lasts % timedelta(days=1)):
        raise Invalid.at("/start_time", "an occurrence of an all-day series takes whole days")
    Schedule(start=start, duration=lasts, zone=schedule.zone, all_day=schedule.all_day)


def _ordered(overrides: Iterable[Override]) -> tuple[Override, ...]:
    """Sort overrides, leaving out those that say nothing."""
    telling = (own for own in overrides if own != Override(occurrence=own.occurrence))
    return tuple(sorted(telling, key=lambda own: own.occurrence))


def excluding(content: EventContent, recurrence_id: datetime) -> EventContent:
    """Take one occurrence out of a series.

    Raises:
        Invalid: it is no occurrence, or is out already (`?occurrence`).
    """
    own = content.override_at(recurrence_id)
    if own is not None and own.excluded:
        raise Invalid.at("?occurrence", "has already been taken out of this series")
    return with_override(content, Override(occurrence=recurrence_id, excluded=True))


# -- changing the series -------------------------------------------------------------------------------------


def split(content: EventContent, occurrence: datetime) -> tuple[EventContent, EventContent]:
    """Cut a series in two before an occurrence; the halves together have exactly the occurrences of the whole.

    The first half ends with its last start as `until`, or with its part of `count`; the second keeps the end of the
    whole. Each takes along the overrides of its occurrences, wherever these were moved to.

    Raises:
        Invalid: it is no occurrence, or is the first one: then there is nothing to cut (`?occurrence`).
    """
    schedule, rule = content.schedule, content.schedule.rule
    if rule is None or not is_occurrence(schedule, occurrence):
        raise Invalid.at("?occurrence", "is not an occurrence of this series")
    if occurrence == schedule.start:
        raise Invalid.at("?occurrence", "is the first of this series; change or delete the whole series")
    first_rule, second_rule = _halves(rule, schedule.start, occurrence)
    first = replace(schedule, rule=first_rule)
    # A time in a gap whose twin is on the other side of the cut would come to life there.
    shadows = {
        name
        for name in starts(first_rule, schedule.start, after=_day_before(occurrence), before=occurrence)
        if is_occurrence(first, name) and not is_occurrence(schedule, name)
    }
    earlier = [own for own in content.overrides if own.occurrence < occurrence and own.occurrence not in shadows]
    excluded = [Override(occurrence=name, excluded=True) for name in shadows]
    later = tuple(own for own in content.overrides if own.occurrence >= occurrence)
    return (
        replace(content, schedule=first, overrides=_ordered([*earlier, *excluded])),
        replace(content, schedule=replace(schedule, start=occurrence, rule=second_rule), overrides=later),
    )


def _halves(rule: RecurrenceRule, start: datetime, occurrence: datetime) -> tuple[RecurrenceRule, RecurrenceRule]:
    if rule.count is None:
        return replace(rule, until=next(starts_backwards(rule, start, before=occurrence))), rule
    before = sum(1 for _ in starts(rule, start, after=start, before=occurrence))
    return replace(rule, count=before), replace(rule, count=rule.count - before)


def _day_before(wall: datetime) -> datetime:
    return wall - MARGIN if wall - BEGINNING_OF_TIME > MARGIN else BEGINNING_OF_TIME


def reaches(schedule: Schedule, wall: datetime) -> bool:
    """Whether anything starts at a wall time or later."""
    if schedule.rule is None:
        return schedule.start >= wall
    return any(True for _ in starts(schedule.rule, schedule.start, after=wall, before=END_OF_TIME))


def rescheduled(content: EventContent, schedule: Schedule) -> EventContent:
    """Give a content another schedule, and its overrides the names of the occurrences that they now belong to.

    Where all of a series moves as its start does, its overrides move along, although some names may still be there:
    the third of five stand-ups is the third of them a day later, too. Where it only begins or repeats otherwise (on
    Mondays and Wednesdays as before, but from a Wednesday on), they stay with their days, and move along only where
    there is no such day. Where neither names an occurrence they go, as all do when the event no longer repeats. (Others
    drop all of them in either case, as Outlook does, after a warning that an API could not give.) A time that an
    occurrence has of its own was chosen by somebody and stays, unless the event turns into or from an all-day one.
    """
    if not content.overrides:
        return replace(content, schedule=schedule)
    by = schedule.start - content.schedule.start
    turned = schedule.all_day != content.schedule.all_day
    along = _moves_along(content.schedule, schedule)
    kept: dict[datetime, Override] = {}
    waiting: list[Override] = []
    for own in content.overrides if schedule.rule else ():
        name = _shifted(own.occurrence, by) if along else own.occurrence
        if name is not None and is_occurrence(schedule, name):
            kept[name] = own
        else:
            waiting.append(own)
    for own in waiting:
        name = own.occurrence if along else _shifted(own.occurrence, by)
        if name is not None and name not in kept and is_occurrence(schedule, name):
            kept[name] = own
    overrides = _ordered(_renamed(own, name, turned=turned) for name, own in kept.items())
    return replace(content, schedule=schedule, overrides=overrides)


@lru_cache(maxsize=256)
def _moves_along(old: Schedule, new: Schedule) -> bool:
    """Whether a schedule repeats as another one does, only earlier or later; when each of them ends does not matter."""
    by = new.start - old.start
    before, after = _first_starts(old), _first_starts(new)
    return not by or all(_shifted(a, by) == b for a, b in zip(before, after, strict=False))


def _first_starts(schedule: Schedule) -> Iterator[datetime]:
    if schedule.rule is None:
        return iter(())
    endless = replace(schedule.rule, count=None, until=None)
    return islice(starts(endless, schedule.start, after=schedule.start, before=END_OF_TIME), _STARTS_COMPARED)


def _renamed(own: Override, name: datetime, *, turned: bool) -> Override:
    if turned:
        own = replace(own, start=UNSET, duration=UNSET)
    return replace(own, occurrence=name, start=UNSET if own.start == name else own.start)


def _shifted(wall: datetime, by: timedelta) -> datetime | None:
    if by > END_OF_TIME - wall or -by > wall - BEGINNING_OF_TIME:
        return None
    return wall + by
