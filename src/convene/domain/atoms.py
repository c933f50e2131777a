"""Atoms: the parts of an EventContent that are changed, compared and merged as one.

`title`, `location`, `status`, `free_busy_status`, `description`, `tags` and `schedule` are atoms, and so is
each override of an occurrence, under a name such as `overrides/2025-03-10T09:00:00`. Start, zone, duration,
all-day and recurrence are one atom, because the start of one author with the rule of another is nobody's
wish. Knows how a content is taken apart and put together again, and nothing of who changed what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from convene.domain.content import EventContent, FreeBusy, Override, Schedule, Status
from convene.domain.content_json import override_to_json
from convene.domain.json_types import Json, JsonObject
from convene.domain.patterns import pattern_to_json
from convene.domain.zones import rfc3339, zone

#: What an atom can hold. `Status` and `FreeBusy` are strings; None is no text, or no override.
AtomValue = str | tuple[str, ...] | Schedule | Override | None

#: The atoms that every event has, in the order in which people read them.
FIXED_ATOMS: Final = ("title", "description", "schedule", "location", "status", "free_busy_status", "tags")

OVERRIDE_PREFIX: Final = "overrides/"

_T = TypeVar("_T", str, Status, FreeBusy, Schedule)


@dataclass(frozen=True, slots=True)
class AtomChange:
    """One atom that differs between two contents; None stands for an override that is not there."""

    atom: str
    before: AtomValue
    after: AtomValue


@dataclass(frozen=True, slots=True)
class AtomConflict:
    """One atom that both sides changed, and how; None stands for an override that is not there.

    Where an override and the other side's new schedule cannot go together, both are conflicts, although only one side
    changed either. Ours and theirs can even be equal, where two schedules give one name to two occurrences.
    """

    atom: str
    base: AtomValue
    ours: AtomValue
    theirs: AtomValue


def override_atom(occurrence: datetime) -> str:
    """Name the atom of the override of one occurrence."""
    return OVERRIDE_PREFIX + occurrence.isoformat()


def atoms_of(content: EventContent) -> dict[str, AtomValue]:
    """Take a content apart."""
    return {
        "title": content.title,
        "description": content.description,
        "schedule": content.schedule,
        "location": content.location,
        "status": content.status,
        "free_busy_status": content.free_busy_status,
        "tags": content.tags,
        **{override_atom(own.occurrence): own for own in content.overrides},
    }


def content_of(atoms: Mapping[str, AtomValue]) -> EventContent:
    """Put a content together; overrides that are None are left out."""
    overrides = (value for value in atoms.values() if isinstance(value, Override))
    description, location, tags = atoms["description"], atoms["location"], atoms["tags"]
    if not isinstance(tags, tuple):
        raise TypeError(tags)
    return EventContent(
        title=_expect(atoms["title"], str),
        description=None if description is None else _expect(description, str),
        schedule=_expect(atoms["schedule"], Schedule),
        location=None if location is None else _expect(location, str),
        status=_expect(atoms["status"], Status),
        free_busy_status=_expect(atoms["free_busy_status"], FreeBusy),
        tags=tags,
        overrides=tuple(sorted(overrides, key=lambda own: own.occurrence)),
    )


def names_in_order(*parts: Iterable[str]) -> list[str]:
    """List the atoms that any of the contents has, each once: fixed ones first, then overrides by time."""
    overrides = {name for part in parts for name in part if name.startswith(OVERRIDE_PREFIX)}
    return [*FIXED_ATOMS, *sorted(overrides)]


def diff(a: EventContent, b: EventContent) -> tuple[AtomChange, ...]:
    """List what has to change in `a` to make it `b`; `apply` does that."""
    before, after = atoms_of(a), atoms_of(b)
    return tuple(
        AtomChange(name, before.get(name), after.get(name))
        for name in names_in_order(before, after)
        if before.get(name) != after.get(name)
    )


def pick(three: AtomConflict) -> AtomValue | AtomConflict:
    """Take what one side changed, or both alike; if they changed it differently, it stays a conflict."""
    if three.ours in (three.base, three.theirs):
        return three.theirs
    return three.ours if three.theirs == three.base else three


def apply(content: EventContent, changes: Iterable[AtomChange]) -> EventContent:
    """Set each atom to its value after the change, whatever the content has there now."""
    return content_of(atoms_of(content) | {change.atom: change.after for change in changes})


# -- as clients see them -------------------------------------------------------------------------------------


def conflict_json(conflict: AtomConflict) -> JsonObject:
    """Show a conflict to a client: the name of the atom and its three values."""
    return {
        "field": conflict.atom,
        "base": atom_json(conflict.base),
        "ours": atom_json(conflict.ours),
        "theirs": atom_json(conflict.theirs),
    }


def atom_json(value: AtomValue) -> Json:
    """Show the value of an atom to a client: a schedule as the fields that clients have for it."""
    if isinstance(value, Schedule):
        return schedule_fields(value)
    if isinstance(value, Override):
        return override_to_json(value)
    return list(value) if isinstance(value, tuple) else value


def schedule_fields(schedule: Schedule) -> JsonObject:
    """Write a schedule in the fields of clients: RFC 3339 instants, or dates with an exclusive end."""
    tz = zone(schedule.zone)
    if schedule.all_day:
        start = schedule.start.date().isoformat()
        end = (schedule.start + schedule.duration).date().isoformat()
    else:
        start, end = rfc3339(schedule.starts_at, tz), rfc3339(schedule.ends_at, tz)
    return {
        "start_time": start,
        "end_time": end,
        "time_zone": schedule.zone,
        "all_day": schedule.all_day,
        "recurrence_pattern": pattern_to_json(schedule.rule) if schedule.rule else None,
    }


def _expect(value: AtomValue, kind: type[_T]) -> _T:
    # An atom of the wrong kind is a fault of this package, not of anybody's input.
    if not isinstance(value, kind):
        raise TypeError(value)
    return value
