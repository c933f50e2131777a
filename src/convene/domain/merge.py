"""Three-way merging of contents, atom by atom (`atoms` says what an atom is).

A side has changed an atom when its value there is not the base's. What one side changed is taken; what both
changed alike is taken once; text merges by line and tags by element; anything else that both changed is a
conflict. Every change of either side is in the result or in a conflict, and nothing but the names `ours`
and `theirs` depends on which side is which.

An override names an occurrence by the start that the schedule gives it, so the two can clash although they
are two
atoms: see `_settle_override`. Knows nothing of versions, people or storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convene.domain.atoms import (
    OVERRIDE_PREFIX,
    AtomChange,
    AtomConflict,
    AtomValue,
    apply,
    atoms_of,
    content_of,
    diff,
    names_in_order,
)
from convene.domain.content import (
    DESCRIPTION_MAX,
    OVERRIDES_MAX,
    TAGS_MAX,
    UNSET,
    EventContent,
    Override,
    Schedule,
)
from convene.domain.schedule_times import is_occurrence
from convene.domain.text_merge import merge_lines

__all__ = ["AtomChange", "AtomConflict", "Conflicted", "Merged", "apply", "diff", "merge"]


@dataclass(frozen=True, slots=True)
class Merged:
    """Both edits went together."""

    content: EventContent


@dataclass(frozen=True, slots=True)
class Conflicted:
    """Both edits cannot stand as they are.

    Attributes:
        conflicts: what clashes, in the order of `atoms.names_in_order`.
        merged: every change that does not clash, with theirs where it does; an override in conflict that
            names no occurrence of the schedule here is left out, so that this is always a content that
            makes sense.
    """

    conflicts: tuple[AtomConflict, ...]
    merged: EventContent


def merge(base: EventContent, ours: EventContent, theirs: EventContent) -> Merged | Conflicted:
    """Merge two edits of `base`."""
    if ours in (base, theirs):
        return Merged(theirs)
    if theirs == base:
        return Merged(ours)
    b, o, t = atoms_of(base), atoms_of(ours), atoms_of(theirs)
    threes = [AtomConflict(name, b.get(name), o.get(name), t.get(name)) for name in names_in_order(b, o, t)]
    results = {three.atom: _settle_any(three, base, ours, theirs) for three in threes}
    if sum(atom.startswith(OVERRIDE_PREFIX) and value is not None for atom, value in results.items()) > OVERRIDES_MAX:
        # All that were added, on both sides: to single some out would depend on which side is which.
        results |= {three.atom: three for three in threes if _adds_override(three)}
    conflicts = tuple(result for result in results.values() if isinstance(result, AtomConflict))
    settled = {atom: value for atom, value in results.items() if not isinstance(value, AtomConflict)}
    return _conflicted(settled, conflicts, theirs.schedule) if conflicts else Merged(content_of(settled))


def _settle_any(
    three: AtomConflict, base: EventContent, ours: EventContent, theirs: EventContent
) -> AtomValue | AtomConflict:
    if three.atom.startswith(OVERRIDE_PREFIX):
        return _settle_override(three, base.schedule, ours.schedule, theirs.schedule)
    return _settle(three)


def _settle(three: AtomConflict) -> AtomValue | AtomConflict:
    """Merge one atom, or give back the three values as a conflict."""
    base, ours, theirs = three.base, three.ours, three.theirs
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    if isinstance(base, tuple) and isinstance(ours, tuple) and isinstance(theirs, tuple):
        tags = set(base) & set(ours) & set(theirs) | (set(ours) | set(theirs)) - set(base)
        return tuple(sorted(tags)) if len(tags) <= TAGS_MAX else three
    if three.atom == "description" and isinstance(base, str):
        # Where there was no text, or where one side took it away, there are no lines to merge.
        text = merge_lines(base, ours, theirs) if isinstance(ours, str) and isinstance(theirs, str) else None
        return text if text is not None and len(text) <= DESCRIPTION_MAX else three
    return three


def _settle_override(three: AtomConflict, base: Schedule, ours: Schedule, theirs: Schedule) -> AtomValue | AtomConflict:
    """Merge one override, minding what the other side did to the schedule.

    * One side gave the event a new schedule and dropped the override with it: dropped, if the other left it
    alone.
    * One side gave the event a new schedule and the other set this override: a conflict, unless its
      occurrence is still there and its time still means the same.
    * The schedule itself is a conflict: a change of an override is only settled if its occurrence is in both
      schedules; otherwise its fate hangs on which of them wins.

    What somebody did to schedule and overrides in one go is that person's own affair.
    """
    result = _settle(three)
    if isinstance(result, AtomConflict) or three.ours == three.theirs:
        return result
    author, other = (ours, theirs) if three.theirs == three.base else (theirs, ours)
    if other in (author, base) or (author == base and result is None):
        return result
    at_home = all(_has_occurrence(schedule, three) for schedule in {author, other} - {base})
    return result if at_home and _same_clock(result, author, other) else three


def _has_occurrence(schedule: Schedule, three: AtomConflict) -> bool:
    """Whether a schedule has the occurrence that an override is of."""
    own = next(value for value in (three.base, three.ours, three.theirs) if isinstance(value, Override))
    return schedule.rule is not None and is_occurrence(schedule, own.occurrence)


def _same_clock(value: AtomValue, a: Schedule, b: Schedule) -> bool:
    """Whether the times that an override sets for itself, if any, mean the same under two schedules."""
    if not isinstance(value, Override) or (value.start is UNSET and value.duration is UNSET):
        return True
    return (a.zone, a.all_day) == (b.zone, b.all_day)


def _adds_override(three: AtomConflict) -> bool:
    return three.atom.startswith(OVERRIDE_PREFIX) and three.base is None and three.ours != three.theirs


def _conflicted(settled: Mapping[str, AtomValue], conflicts: tuple[AtomConflict, ...], theirs: Schedule) -> Conflicted:
    atoms = {**settled, **{conflict.atom: conflict.theirs for conflict in conflicts}}
    schedule = atoms["schedule"]
    if isinstance(schedule, Schedule) and schedule != theirs:
        # Their overrides were written for their schedule; here they stand under ours.
        for conflict in conflicts:
            if isinstance(conflict.theirs, Override) and not (
                _has_occurrence(schedule, conflict) and _same_clock(conflict.theirs, theirs, schedule)
            ):
                atoms[conflict.atom] = None
    return Conflicted(conflicts, content_of(atoms))
