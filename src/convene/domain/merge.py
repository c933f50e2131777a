"""Three-way merging of contents, atom by atom (`atoms` says what an atom is).

A side has changed an atom when its value there is not the base's. What one side changed is taken; what both
changed alike is taken once; text merges by line (`text_merge`) and tags by element; overrides mind the
schedule (`override_merge`); anything else that both changed is a conflict. Every change of either side is
in the result or in a conflict, and nothing but the names `ours` and `theirs` depends on which side is
which. Knows nothing of versions, people or storage.
"""

from __future__ import annotations

from dataclasses import dataclass

from convene.domain.atoms import (
    FIXED_ATOMS,
    AtomChange,
    AtomConflict,
    AtomValue,
    apply,
    atoms_of,
    content_of,
    diff,
    pick,
)
from convene.domain.content import DESCRIPTION_MAX, TAGS_MAX, EventContent, Schedule
from convene.domain.override_merge import settle_undecided, settle_under
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
        merged: every change that does not clash, with theirs where it does; a content that makes sense.
    """

    conflicts: tuple[AtomConflict, ...]
    merged: EventContent


def merge(base: EventContent, ours: EventContent, theirs: EventContent) -> Merged | Conflicted:
    """Merge two edits of `base`."""
    if ours in (base, theirs):
        return Merged(theirs)
    if theirs == base:
        return Merged(ours)
    three = (base, ours, theirs)
    b, o, t = map(atoms_of, three)
    results = {atom: _settle(AtomConflict(atom, b[atom], o[atom], t[atom])) for atom in FIXED_ATOMS}
    schedule = results["schedule"]
    overrides = settle_under(schedule, three) if isinstance(schedule, Schedule) else None
    if overrides is None:
        results["schedule"] = AtomConflict("schedule", base.schedule, ours.schedule, theirs.schedule)
        overrides = settle_undecided(three)
    results |= sorted(overrides.items())
    conflicts = tuple(result for result in results.values() if isinstance(result, AtomConflict))
    content = content_of({atom: one.theirs if isinstance(one, AtomConflict) else one for atom, one in results.items()})
    return Conflicted(conflicts, content) if conflicts else Merged(content)


def _settle(three: AtomConflict) -> AtomValue | AtomConflict:
    """Merge one atom, or give back the three values as a conflict."""
    picked = pick(three)
    base, ours, theirs = three.base, three.ours, three.theirs
    if not isinstance(picked, AtomConflict):
        return picked
    if isinstance(base, tuple) and isinstance(ours, tuple) and isinstance(theirs, tuple):
        tags = set(base) & set(ours) & set(theirs) | (set(ours) | set(theirs)) - set(base)
        return tuple(sorted(tags)) if len(tags) <= TAGS_MAX else three
    if three.atom == "description" and isinstance(base, str):
        # Where there was no text, or where one side took it away, there are no lines to merge.
        text = merge_lines(base, ours, theirs) if isinstance(ours, str) and isinstance(theirs, str) else None
        return text if text is not None and len(text) <= DESCRIPTION_MAX else three
    return three
