"""What a person asks for, put onto a content: creating, and changing fields of a whole event or a whole series.

A change names only the fields that were sent. Sending back what was read changes nothing, even where wall time and
instant say different things (a start in a gap). Changing one occurrence is in `occurrence_changes`. Pure: no clock,
no storage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from convene.domain.content import UNSET, EventContent, FreeBusy, Schedule, Status, Unset
from convene.domain.errors import Fault, Invalid
from convene.domain.expansion import check_rule, moved
from convene.domain.json_types import Json
from convene.domain.moments import Moment, When, moment_at, read_moment, schedule_between
from convene.domain.patterns import pattern_to_json, read_pattern
from convene.domain.recurrence import RecurrenceRule
from convene.domain.series import rescheduled
from convene.domain.zones import away


class EventChange(NamedTuple):
    """The fields that were sent; UNSET ones stay as they are. Named as clients name them.

    Attributes:
        overrides: as they were read; see `patches`.
        is_patch: of what is an object, only the members that are to be others were sent; see `patches`.
    """

    title: str | Unset = UNSET
    description: str | Unset | None = UNSET
    location: str | Unset | None = UNSET
    status: Status | Unset = UNSET
    free_busy_status: FreeBusy | Unset = UNSET
    tags: tuple[str, ...] | Unset = UNSET
    start_time: When | Unset = UNSET
    end_time: When | Unset = UNSET
    time_zone: str | Unset = UNSET
    all_day: bool | Unset = UNSET
    is_recurring: bool | Unset = UNSET
    recurrence_pattern: Json | Unset = UNSET
    overrides: Json | Unset = UNSET
    is_patch: bool = False

    @property
    def touches_schedule(self) -> bool:
        """Whether any part of the schedule was sent."""
        return any(getattr(self, name) is not UNSET for name in _SCHEDULE_FIELDS)


_SCHEDULE_FIELDS = ("start_time", "end_time", "time_zone", "all_day", "is_recurring", "recurrence_pattern")
_PLAIN_FIELDS = ("title", "description", "location", "status", "free_busy_status")


# -- creating ------------------------------------------------------------------------------------------------


def new_content(change: EventChange, *, default_zone: str) -> EventContent:
    """Build the first content of an event.

    Args:
        default_zone: where wall times are meant when the change names no zone.

    Raises:
        Invalid: a required field is missing or the fields make no sense together.
    """
    title, start, end = change.title, change.start_time, change.end_time
    if change.overrides is not UNSET and change.overrides:
        raise Invalid.at("/overrides", "cannot be set for a new event; change its occurrences with ?scope=this")
    if title is UNSET or start is UNSET or end is UNSET:
        needed = {"title": title, "start_time": start, "end_time": end}
        raise Invalid(*(Fault(f"/{name}", "is required") for name, value in needed.items() if value is UNSET))
    all_day = change.all_day if change.all_day is not UNSET else not isinstance(start, datetime)
    zone_name = change.time_zone if change.time_zone is not UNSET else default_zone
    begins = read_moment(start, zone_name, all_day=all_day, pointer="/start_time")
    ends = read_moment(end, zone_name, all_day=all_day, pointer="/end_time", is_end=True)
    schedule = schedule_between(begins, ends, zone_name, all_day=all_day)
    rule = _sent_rule(change, schedule)
    if rule is None and change.is_recurring is True:
        raise Invalid.at("/recurrence_pattern", "is required when is_recurring is true")
    if rule is not None and change.is_recurring is False:
        raise Invalid.at("/is_recurring", "is false although recurrence_pattern says how the event repeats")
    free_busy = change.free_busy_status
    if free_busy is UNSET:
        free_busy = FreeBusy.FREE if all_day else FreeBusy.BUSY
    return EventContent(
        title=title,
        description=None if change.description is UNSET else change.description,
        location=None if change.location is UNSET else change.location,
        status=change.status if change.status is not UNSET else Status.CONFIRMED,
        free_busy_status=free_busy,
        tags=sorted_tags(change.tags) if change.tags is not UNSET else (),
        schedule=replace(schedule, rule=rule) if rule else schedule,
    )


# -- changing ------------------------------------------------------------------------------------------------


def changed(base: EventContent, change: EventChange, seen: EventContent | None = None) -> EventContent:
    """Put the fields of a change onto a content; for a series, onto all of it.

    Args:
        base: what is changed.
        change: the fields that were sent.
        seen: what the author had before them, if that was not `base` itself but one occurrence of it. What they sent
            as they saw it asks for nothing, and where they moved the occurrence, the series moves by as much.

    Raises:
        Invalid: the result would make no sense.
    """
    seen = seen or base
    sent = {name: getattr(change, name) for name in _PLAIN_FIELDS}
    if change.tags is not UNSET:
        sent["tags"] = sorted_tags(change.tags)
    new = {name: value for name, value in sent.items() if value is not UNSET and value != getattr(seen, name)}
    content = replace(base, **new)
    if not change.touches_schedule:
        return content
    schedule = _changed_schedule(base.schedule, change, seen.schedule)
    return content if schedule == base.schedule else rescheduled(content, schedule)


def _changed_schedule(base: Schedule, change: EventChange, seen: Schedule) -> Schedule:
    before = replace(seen, rule=None)
    plain = changed_times(before, change)
    if plain == before:
        plain = replace(base, rule=None)
    elif seen != base:
        plain = _moved_alike(base, before, plain)
    rule = _changed_rule(base, change, plain, seen)
    return replace(plain, rule=rule) if rule else plain


def _moved_alike(base: Schedule, before: Schedule, after: Schedule) -> Schedule:
    """Move a series as one of its occurrences was moved; by whole days into an all-day one."""
    origin, seen = base.start, before.start
    if after.all_day:
        origin, seen = (wall.replace(hour=0, minute=0, second=0, microsecond=0) for wall in (origin, seen))
    by = after.start - seen
    start = away(origin.replace(tzinfo=UTC), by).replace(tzinfo=None)
    if start - origin != by:
        raise Invalid.at("/start_time", "would move the series out of the years 1 to 9999")
    lasts = base.duration if after.duration == before.duration else after.duration
    return replace(after, start=start, fold=after.fold if start == after.start else 0, duration=lasts)


def changed_times(base: Schedule, change: EventChange) -> Schedule:
    """Put the times of a change onto a schedule that does not repeat.

    Raises:
        Invalid: the result would make no sense.
    """
    all_day = _changed_all_day(base, change)
    zone_name = change.time_zone if change.time_zone is not UNSET else base.zone
    same_shape = all_day == base.all_day and zone_name == base.zone
    begins = moment_at(base.starts_at, zone_name, all_day=all_day)
    if change.start_time is not UNSET:
        begins = read_moment(change.start_time, zone_name, all_day=all_day, pointer="/start_time")
    elif same_shape or (all_day and base.all_day):
        begins = Moment(base.start, base.fold)
    if same_shape and begins.instant(zone_name) == base.starts_at:
        begins = Moment(base.start, base.fold)  # what was read was sent back: a wall time in a gap stays itself
    if change.end_time is not UNSET:
        ends = read_moment(change.end_time, zone_name, all_day=all_day, pointer="/end_time", is_end=True)
    elif all_day and base.all_day:
        ends = Moment(base.start + base.duration)
    else:
        ends = moment_at(base.ends_at, zone_name, all_day=all_day, is_end=True)
    return schedule_between(begins, ends, zone_name, all_day=all_day)


def _changed_all_day(base: Schedule, change: EventChange) -> bool:
    if change.all_day is not UNSET:
        return change.all_day
    if change.start_time is not UNSET:
        return not isinstance(change.start_time, datetime)
    return base.all_day


def _changed_rule(base: Schedule, change: EventChange, plain: Schedule, seen: Schedule) -> RecurrenceRule | None:
    """Say how the event repeats after a change; an `is_recurring` that was already so asks for nothing."""
    wanted = change.is_recurring if change.is_recurring is not (base.rule is not None) else UNSET
    was = pattern_to_json(seen.rule) if seen.rule else None
    rule = base.rule
    if change.recurrence_pattern not in (UNSET, was):
        rule = _sent_rule(change, plain)
        if rule is not None and wanted is False:
            raise Invalid.at("/is_recurring", "is false although recurrence_pattern says how the event repeats")
    elif rule is not None:
        rule = None if wanted is False else moved(rule, base.start, plain.start)
        if rule is not None:
            check_rule(rule, plain.start)
    if rule is None and wanted is True:
        raise Invalid.at("/recurrence_pattern", "is required when is_recurring is true")
    return rule


def _sent_rule(change: EventChange, plain: Schedule) -> RecurrenceRule | None:
    if change.recurrence_pattern is UNSET or change.recurrence_pattern is None:
        return None
    rule = read_pattern(change.recurrence_pattern, start=plain.start, zone=plain.zone, all_day=plain.all_day)
    if rule is not None:
        check_rule(rule, plain.start)
    return rule


def sorted_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Put tags into the form in which a content has them."""
    return tuple(sorted(set(tags)))
