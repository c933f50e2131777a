"""A content in the fields that clients see, and what was done to them: change by change, version by version.

Clients know no atoms: for the one atom `schedule` they have `start_time`, `end_time`, `time_zone`,
`all_day` and `recurrence_pattern`, and each override of an occurrence is a field
`overrides/2025-03-10T09:00:00` of its own. `is_recurring` says nothing that `recurrence_pattern` does not,
and is no field here. Knows nothing of people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from convene.domain.atoms import (
    FIXED_ATOMS,
    OVERRIDE_PREFIX,
    AtomValue,
    atom_json,
    atoms_of,
    content_of,
    override_atom,
    schedule_fields,
)
from convene.domain.content import EventContent, Schedule
from convene.domain.errors import Fault, Invalid
from convene.domain.json_types import Json, JsonObject
from convene.domain.schedule_times import is_occurrence
from convene.domain.series import rescheduled
from convene.domain.text_diff import unified

SCHEDULE_FIELDS: Final = ("start_time", "end_time", "time_zone", "all_day", "recurrence_pattern")

_SCHEDULE_NAMES: Final = (*SCHEDULE_FIELDS, "is_recurring", "schedule")

#: From this length on, a change of a text on one line is worth a diff, too.
_LONG_TEXT = 80


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that changed.

    Attributes:
        change_type: added when there was nothing before, removed when there is nothing after.
        text_diff: a unified diff, for texts that are long or have several lines.
    """

    field: str
    old_value: Json
    new_value: Json
    change_type: Literal["added", "removed", "modified"]
    text_diff: str | None


def atom_fields(atom: str) -> tuple[str, ...]:
    """Name the fields that clients have for an atom."""
    return SCHEDULE_FIELDS if atom == "schedule" else (atom,)


def field_view(content: EventContent) -> JsonObject:
    """Write a content in the fields of clients; overrides by occurrence, each with what it has of its own."""
    fields = _flat(content)
    view = {name: value for name, value in fields.items() if not name.startswith(OVERRIDE_PREFIX)}
    own = {name.removeprefix(OVERRIDE_PREFIX): value for name, value in fields.items() if name not in view}
    return {**view, "overrides": own}


def field_changes(a: EventContent, b: EventContent) -> tuple[FieldChange, ...]:
    """List the fields in which two contents differ; none if and only if they are equal."""
    return tuple(
        FieldChange(name, old, new, _change_type(old, new), _text_diff(old, new))
        for name, (old, new) in _changed(a, b).items()
    )


def blame(content: EventContent, logged: Mapping[str, int]) -> dict[str, int]:
    """Say for each field of the newest version which version set it.

    Args:
        logged: for each field that was ever changed the last version that did; the first one set all the others.
    """
    return {name: logged.get(name, 1) for name in _flat(content)}


def restore_fields(head: EventContent, old: EventContent, fields: Iterable[str]) -> EventContent:
    """Give the named fields or atoms of `head` the values that they had in `old`.

    Any field of the schedule brings back all of it, because an old start with a new rule was never
    anybody's wish; the overrides move along with it, as when somebody reschedules a series by hand.
    `overrides` means all of them.

    Raises:
        Invalid: there is no such field (`/fields/<place>`), or an override names no occurrence of the schedule.
    """
    names = list(fields)
    if any(name in _SCHEDULE_NAMES for name in names) and head.schedule != old.schedule:
        head = rescheduled(head, old.schedule)
    now, then = atoms_of(head), atoms_of(old)
    chosen: dict[str, str] = {}
    faults: list[Fault] = []
    for place, name in enumerate(names):
        atoms = _atoms_named(name, now, then)
        chosen |= dict.fromkeys(atoms, f"/fields/{place}")
        if not atoms and name != "overrides":
            faults.append(Fault(f"/fields/{place}", f"there is no field {name[:64]!r} in either version"))
    restored = content_of({**now, **{atom: then.get(atom) for atom in chosen}})
    for own in restored.overrides:
        atom = override_atom(own.occurrence)
        if atom in chosen and not _has_occurrence(restored.schedule, own.occurrence):
            faults.append(Fault(chosen[atom], f"{atom} is none any more; restore recurrence_pattern too"))
    if faults:
        raise Invalid(*faults)
    return restored


def _has_occurrence(schedule: Schedule, occurrence: datetime) -> bool:
    return schedule.rule is not None and is_occurrence(schedule, occurrence)


def _atoms_named(name: str, *contents: Mapping[str, AtomValue]) -> list[str]:
    if name in _SCHEDULE_NAMES:
        return ["schedule"]
    if name == "overrides":
        return [atom for atoms in contents for atom in atoms if atom.startswith(OVERRIDE_PREFIX)]
    return [name] if any(name in atoms for atoms in contents) else []


# -- fields and their values ---------------------------------------------------------------------------------


def _flat(content: EventContent) -> dict[str, Json]:
    """Write each field with its value, and each override as a field of its own."""
    fields: dict[str, Json] = {}
    for atom, value in atoms_of(content).items():
        if isinstance(value, Schedule):
            fields |= schedule_fields(value)
        else:
            fields[atom] = atom_json(value)
    return fields


def _changed(a: EventContent, b: EventContent) -> dict[str, tuple[Json, Json]]:
    old, new = _flat(a), _flat(b)
    changed = {
        name: (old.get(name), new.get(name))
        for name in _in_order(old, new)
        if old.get(name) != new.get(name) or (name in old) != (name in new)
    }
    if a.schedule != b.schedule and not changed.keys() & set(SCHEDULE_FIELDS):
        # Two wall times of one instant, in a gap: clients see the same, but the days after will differ.
        changed["start_time"] = (a.schedule.start.isoformat(), b.schedule.start.isoformat())
    return changed


def _in_order(old: Mapping[str, Json], new: Mapping[str, Json]) -> list[str]:
    fixed = [name for atom in FIXED_ATOMS for name in atom_fields(atom)]
    return [*fixed, *sorted((old.keys() | new.keys()) - set(fixed))]


def _change_type(old: Json, new: Json) -> Literal["added", "removed", "modified"]:
    if _is_empty(old) == _is_empty(new):
        return "modified"
    return "added" if _is_empty(old) else "removed"


def _is_empty(value: Json) -> bool:
    return value is None or value in ("", [], {})


def _text_diff(old: Json, new: Json) -> str | None:
    texts = [value for value in (old, new) if isinstance(value, str)]
    if not any("\n" in text or len(text) > _LONG_TEXT for text in texts):
        return None
    return unified(old if isinstance(old, str) else None, new if isinstance(new, str) else None)
