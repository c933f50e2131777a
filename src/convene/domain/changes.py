"""What a person asks for, put onto a content: creating, changing fields, changing one occurrence.

A change names only the fields that were sent. Times come as clients send them (with an offset: that instant; without:
wall time in the event's zone; dates for all-day events) and leave as a `Schedule`. Sending back what was read changes
nothing, even where wall time and instant say different things (a start in a gap). Pure: no clock, no storage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from convene.domain.content import OVERRIDABLE, UNSET, EventContent, FreeBusy, Override, Schedule, Status, Unset
from convene.domain.errors import Fault, Invalid
from convene.domain.expansion import check_rule, moved
from convene.domain.json_types import Json
from convene.domain.moments import Moment, When, moment_at, read_moment, schedule_between
from convene.domain.patterns import pattern_to_json, read_pattern
from convene.domain.recurrence import RecurrenceRule
from convene.domain.schedule_times import MARGIN, is_occurrence
from convene.domain.series import rescheduled, with_override
from convene.domain.zones import away, instant, zone


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """The fields that were sent; UNSET ones stay as they are. Named as clients name them."""

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

    @property
    def touches_schedule(self) -> bool:
        """Whether any part of the schedule was sent."""
        return any(getattr(self, name) is not UNSET for name in _SCHEDULE_FIELDS)


_SCHEDULE_FIELDS = ("start_time", "end_time", "time_zone", "all_day", "is_recurring", "recurrence_pattern")


# -- creating ------------------------------------------------------------------------------------------------


def new_content(change: EventChange, *, default_zone: str) -> EventContent:
    """Build the first content of an event.

    Args:
        default_zone: where wall times are meant when the change names no zone.

    Raises:
        Invalid: a required field is missing or the fields make no sense together.
    """
    title, start, end = change.title, change.start_time, change.end_time
    if title is UNSET or start is UNSET or end is UNSET:
        needed = {"title": title, "start_time": start, "end_time": end}
        raise Invalid(*(Fault(f"/{name}", "is required") for name, value in needed.items() if value is UNSET))
    all_day = change.all_day if change.all_day is not UNSET else not isinstance(start, datetime)
    name = change.time_zone if change.time_zone is not UNSET else default_zone
    begins = read_moment(start, name, all_day=all_day, pointer="/start_time")
    ends = read_moment(end, name, all_day=all_day, pointer="/end_time", is_end=True)
    schedule = schedule_between(begins, ends, name, all_day=all_day)
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
        description=_or(change.description, None),
        location=_or(change.location, None),
        status=change.status if change.status is not UNSET else Status.CONFIRMED,
        free_busy_status=free_busy,
        tags=_sorted_tags(change.tags) if change.tags is not UNSET else (),
        schedule=replace(schedule, rule=rule) if rule else schedule,
    )


# -- changing ------------------------------------------------------------------------------------------------


def changed(base: EventContent, change: EventChange) -> EventContent:
    """Put the fields of a change onto a content; for a series, onto all of it.

    Raises:
        Invalid: the result would make no sense.
    """
    content = replace(
        base,
        title=change.title if change.title is not UNSET else base.title,
        description=_or(change.description, base.description),
        location=_or(change.location, base.location),
        status=change.status if change.status is not UNSET else base.status,
        free_busy_status=(change.free_busy_status if change.free_busy_status is not UNSET else base.free_busy_status),
        tags=_sorted_tags(change.tags) if change.tags is not UNSET else base.tags,
    )
    if not change.touches_schedule:
        return content
    schedule = _changed_schedule(base.schedule, change)
    return content if schedule == base.schedule else rescheduled(content, schedule)


def _changed_schedule(base: Schedule, change: EventChange) -> Schedule:
    all_day = _changed_all_day(base, change)
    name = change.time_zone if change.time_zone is not UNSET else base.zone
    same_shape = all_day == base.all_day and name == base.zone
    begins = moment_at(base.starts_at, name, all_day=all_day)
    if change.start_time is not UNSET:
        begins = read_moment(change.start_time, name, all_day=all_day, pointer="/start_time")
    elif same_shape or (all_day and base.all_day):
        begins = Moment(base.start, base.fold)
    if same_shape and begins.instant(name) == base.starts_at:
        begins = Moment(base.start, base.fold)  # what was read was sent back: a wall time in a gap stays itself
    if change.end_time is not UNSET:
        ends = read_moment(change.end_time, name, all_day=all_day, pointer="/end_time", is_end=True)
    elif all_day and base.all_day:
        ends = Moment(base.start + base.duration)
    else:
        ends = moment_at(base.ends_at, name, all_day=all_day, is_end=True)
    plain = schedule_between(begins, ends, name, all_day=all_day)
    rule = _changed_rule(base, change, plain)
    return replace(plain, rule=rule) if rule else plain


def _changed_all_day(base: Schedule, change: EventChange) -> bool:
    if change.all_day is not UNSET:
        return change.all_day
    if change.start_time is not UNSET:
        return not isinstance(change.start_time, datetime)
    return base.all_day


def _changed_rule(base: Schedule, change: EventChange, plain: Schedule) -> RecurrenceRule | None:
    if change.is_recurring is False:
        return None
    was = pattern_to_json(base.rule) if base.rule else None
    sent = change.recurrence_pattern
    if sent is not UNSET and sent != was:
        rule = _sent_rule(change, plain)
        if rule is None and change.is_recurring is True:
            raise Invalid.at("/recurrence_pattern", "is required when is_recurring is true")
        return rule
    if base.rule is None:
        if change.is_recurring is True:
            raise Invalid.at("/recurrence_pattern", "is required when is_recurring is true")
        return None
    rule = moved(base.rule, base.start, plain.start)
    check_rule(rule, plain.start)
    return rule


def _sent_rule(change: EventChange, plain: Schedule) -> RecurrenceRule | None:
    if change.recurrence_pattern is UNSET or change.recurrence_pattern is None:
        return None
    rule = read_pattern(change.recurrence_pattern, start=plain.start, zone=plain.zone, all_day=plain.all_day)
    if rule is not None:
        check_rule(rule, plain.start)
    return rule


# -- one occurrence ------------------------------------------------------------------------------------------


def changed_occurrence(base: EventContent, occurrence: datetime, change: EventChange) -> EventContent:
    """Put the fields of a change onto one occurrence of a series.

    Only what differs from the series is kept as its own, so that a client may send back all that it read.

    Args:
        occurrence: the wall time that names the occurrence.

    Raises:
        Invalid: it is no occurrence, or a field can only be changed for the whole series.
    """
    _refuse_series_fields(base, change)
    own = base.override_at(occurrence) or Override(occurrence=occurrence)
    own = replace(own, excluded=False)
    own_fields = {name: getattr(change, name) for name in OVERRIDABLE if getattr(change, name) is not UNSET}
    same = {name: UNSET for name, sent in own_fields.items() if sent == getattr(base, name)}
    own = replace(own, **{**own_fields, **same})
    if change.start_time is not UNSET or change.end_time is not UNSET:
        own = _own_time(base.schedule, own, change)
    return with_override(base, own)


def _own_time(series: Schedule, own: Override, change: EventChange) -> Override:
    start = own.start if own.start is not UNSET else own.occurrence
    duration = own.duration if own.duration is not UNSET else series.duration
    now = replace(series, start=start, duration=duration, rule=None, fold=0)
    then = _changed_schedule(now, replace(change, is_recurring=UNSET, recurrence_pattern=UNSET))
    if then.fold:
        raise Invalid.at("/start_time", "an occurrence cannot begin in the second pass of a repeated hour")
    return replace(
        own,
        start=UNSET if then.start == own.occurrence else then.start,
        duration=UNSET if then.duration == series.duration else then.duration,
    )


def _refuse_series_fields(base: EventContent, change: EventChange) -> None:
    series = base.schedule
    pattern = pattern_to_json(series.rule) if series.rule else None
    same = {
        "time_zone": change.time_zone in (UNSET, series.zone),
        "all_day": change.all_day in (UNSET, series.all_day),
        "recurrence_pattern": change.recurrence_pattern is UNSET or change.recurrence_pattern == pattern,
        "is_recurring": change.is_recurring in (UNSET, True),
        "tags": change.tags is UNSET or _sorted_tags(change.tags) == base.tags,
    }
    faults = [Fault(f"/{name}", "can only be changed for the whole series") for name, ok in same.items() if not ok]
    if faults:
        raise Invalid(*faults)


def occurrence_name(schedule: Schedule, sent: When) -> datetime:
    """Read which occurrence a client means: the wall time that names it, or the instant at which it starts.

    Raises:
        Invalid: the kind of time does not fit, or nothing of the series can start at this instant (`?occurrence`).
    """
    pointer = "?occurrence"
    wall = read_moment(sent, schedule.zone, all_day=schedule.all_day, pointer=pointer).wall
    if schedule.all_day or not isinstance(sent, datetime) or sent.tzinfo is None:
        return wall
    names = [name for name in (wall, _skipped(sent, schedule.zone)) if instant(name, zone(schedule.zone)) == sent]
    if not names:
        raise Invalid.at(pointer, "lies in the second pass of a repeated hour, where no occurrence starts")
    return next((name for name in names if is_occurrence(schedule, name)), names[0])


def _skipped(moment: datetime, name: str) -> datetime:
    """Say what clocks would show at an instant if they had not been changed the day before."""
    offset = away(moment, -MARGIN).astimezone(zone(name)).utcoffset() or timedelta(0)
    return moment.astimezone(UTC).replace(tzinfo=None) + offset


def _or(sent: str | Unset | None, base: str | None) -> str | None:
    return base if sent is UNSET else sent


def _sorted_tags(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(tags)))
