"""Changing one occurrence of a series, and what an occurrence looks like to the one who changes it.

Times are read as in `moments`. Pure: no clock, no storage.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from convene.domain.changes import EventChange, changed_times, sorted_tags
from convene.domain.content import OVERRIDABLE, UNSET, EventContent, Override, Schedule
from convene.domain.errors import Fault, Invalid, NotPossibleNow
from convene.domain.moments import Moment, When, read_moment
from convene.domain.patterns import pattern_to_json
from convene.domain.schedule_times import MARGIN, is_occurrence
from convene.domain.series import with_override
from convene.domain.zones import away, zone


def occurrence_name(schedule: Schedule, sent: When, pointer: str) -> datetime:
    """Read which occurrence a client means: the wall time that names it, or the instant at which it starts.

    Raises:
        Invalid: the kind of time does not fit, or nothing of the series can start at this instant (`pointer`).
    """
    wall = read_moment(sent, schedule.zone, all_day=schedule.all_day, pointer=pointer).wall
    if schedule.all_day or not isinstance(sent, datetime) or sent.tzinfo is None:
        return wall
    names = [name for name in (wall, _skipped(sent, schedule.zone)) if Moment(name).instant(schedule.zone) == sent]
    if not names:
        raise Invalid.at(pointer, "lies in the second pass of a repeated hour, where no occurrence starts")
    return next((name for name in names if is_occurrence(schedule, name)), names[0])


def _skipped(moment: datetime, zone_name: str) -> datetime:
    """Say what clocks would show at an instant if they had not been changed the day before."""
    offset = away(moment, -MARGIN).astimezone(zone(zone_name)).utcoffset() or timedelta(0)
    return moment.astimezone(UTC).replace(tzinfo=None) + offset


def shown(series: EventContent, occurrence: datetime) -> EventContent:
    """Say what clients see of an occurrence: the content with the fields and times that it has of its own.

    Raises:
        Invalid: it is no occurrence (`/occurrence`).
    """
    if series.schedule.rule is None or not is_occurrence(series.schedule, occurrence):
        raise Invalid.at("/occurrence", "is not an occurrence of this series")
    own = series.override_at(occurrence) or Override(occurrence=occurrence)
    fields = {name: getattr(own, name) for name in OVERRIDABLE if getattr(own, name) is not UNSET}
    return replace(series, **fields, schedule=_schedule_of(series.schedule, own), overrides=())


def _schedule_of(series: Schedule, own: Override) -> Schedule:
    return replace(
        series,
        start=own.occurrence if own.start is UNSET else own.start,
        duration=series.duration if own.duration is UNSET else own.duration,
    )


def changed_occurrence(base: EventContent, occurrence: datetime, change: EventChange) -> EventContent:
    """Put the fields of a change onto one occurrence of a series.

    Only what differs from the series is kept as its own, so that a client may send back all that it read. It brings no
    occurrence back that was taken out of `base`: that is done by going back to a version that has it, on purpose.

    Args:
        base: the series.
        occurrence: the wall time that names the occurrence.
        change: the fields that were sent.

    Raises:
        Invalid: it is no occurrence, or a field can only be changed for the whole series.
        NotPossibleNow: it was taken out of the series.
    """
    _refuse_series_fields(base, change)
    own = base.override_at(occurrence) or Override(occurrence=occurrence)
    if own.excluded:
        detail = "was taken out of this series; to have it back, roll back `overrides` to a version that has it"
        raise NotPossibleNow("occurrence_deleted", f"the occurrence {occurrence.isoformat()} {detail}")
    own_fields = {name: getattr(change, name) for name in OVERRIDABLE if getattr(change, name) is not UNSET}
    same = {name: UNSET for name, sent in own_fields.items() if sent == getattr(base, name)}
    own = replace(own, **{**own_fields, **same})
    if change.start_time is not UNSET or change.end_time is not UNSET:
        own = _own_time(base.schedule, own, change)
    return with_override(base, own)


def _own_time(series: Schedule, own: Override, change: EventChange) -> Override:
    then = changed_times(replace(_schedule_of(series, own), rule=None), change)
    if then.fold:
        raise Invalid.at("/start_time", "an occurrence cannot begin in the second pass of a repeated hour")
    return replace(
        own,
        # Compared as instants: a time in a gap is shown, and sent back, as the one after it.
        start=UNSET if then.starts_at == Moment(own.occurrence).instant(series.zone) else then.start,
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
        "tags": change.tags is UNSET or sorted_tags(change.tags) == base.tags,
    }
    faults = [Fault(f"/{name}", "can only be changed for the whole series") for name, ok in same.items() if not ok]
    if faults:
        raise Invalid(*faults)
