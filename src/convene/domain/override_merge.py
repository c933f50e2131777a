"""Merging what occurrences have of their own, when somebody may have moved the series under them.

An override is named by the start that the schedule gives its occurrence, so a new schedule renames, and sometimes
drops, all of them (`series.rescheduled`). Who edited one occurrence meanwhile knows nothing of that. So everybody is
first brought under the new schedule, base included, and then compared: an occurrence that one side changed moves
along with the series that the other side moved.

Where that cannot be (the new schedule has no such occurrence, or a time of its own would come to mean another one),
neither the schedule nor the override can be settled without the other: both are in conflict, so that whoever decides
sees both.
"""

from __future__ import annotations

from dataclasses import replace

from convene.domain.atoms import AtomConflict, AtomValue, override_atom, pick
from convene.domain.content import OVERRIDES_MAX, UNSET, EventContent, Override, Schedule
from convene.domain.schedule_times import is_occurrence
from convene.domain.series import rescheduled

#: For each atom its merged value, or the conflict.
Results = dict[str, AtomValue | AtomConflict]

#: Base, ours and theirs.
Three = tuple[EventContent, EventContent, EventContent]


def settle_under(schedule: Schedule, three: Three) -> Results | None:
    """Merge overrides under the schedule that the event will have.

    Args:
        schedule: the base's own, or a new one from one side, or from both alike.
        three: base, ours and theirs.

    Returns:
        None if a change of one side has no place under the schedule of the other.

    """
    base, ours, theirs = three
    if any(_loses_changes(base, side, schedule) for side in (ours, theirs)):
        return None
    b, o, t = (_overrides(_under(schedule, content)) for content in three)
    results = {atom: pick(AtomConflict(atom, b.get(atom), o.get(atom), t.get(atom))) for atom in b | o | t}
    if not _too_many(results):
        return results
    return _all_that_differ(results, three) if schedule == base.schedule else None


def settle_undecided(three: Three) -> Results:
    """Merge overrides while nobody knows which schedule will hold.

    What rescheduling did to them belongs to the schedule. A change beyond that is settled if its occurrence
    is the same in both schedules, and otherwise in conflict; what is settled fits theirs.
    """
    base, ours, theirs = three
    b, o, t = map(_overrides, three)
    b_ours, b_theirs = _overrides(_under(ours.schedule, base)), _overrides(_under(theirs.schedule, base))
    results: Results = {}
    for atom in b_ours | b_theirs | o | t:
        our, their = o.get(atom), t.get(atom)
        by_us, by_them = our != b_ours.get(atom), their != b_theirs.get(atom)
        before, value, elsewhere = (b_ours, our, their) if by_us else (b_theirs, their, our)
        if our == their or not (by_us or by_them):
            results[atom] = their
        elif by_us != by_them and before.get(atom) == elsewhere and _is_shared(value or elsewhere, ours, theirs):
            results[atom] = value
        else:
            results[atom] = AtomConflict(atom, b.get(atom), our, their)
    return _all_that_differ(results, three) if _too_many(results) else results


def _overrides(content: EventContent) -> dict[str, Override]:
    return {override_atom(own.occurrence): own for own in content.overrides}


def _under(schedule: Schedule, content: EventContent) -> EventContent:
    return content if content.schedule == schedule else rescheduled(content, schedule)


def _too_many(results: Results) -> bool:
    return sum(value is not None for value in results.values()) > OVERRIDES_MAX


def _all_that_differ(results: Results, three: Three) -> Results:
    """Make conflicts of all overrides that differ: to single some out would depend on which side is which."""
    b, o, t = map(_overrides, three)
    return {
        atom: value if o.get(atom) == t.get(atom) else AtomConflict(atom, b.get(atom), o.get(atom), t.get(atom))
        for atom, value in results.items()
    }


def _loses_changes(base: EventContent, side: EventContent, schedule: Schedule) -> bool:
    """Whether an override that a side changed would go, or mean another time, under another schedule."""
    if side.schedule == schedule:
        return False
    unchanged, moved = set(base.overrides), set(rescheduled(side, schedule).overrides)
    return any(
        not _same_clock(own, side.schedule, schedule) or _place(own, side, schedule) not in moved
        for own in side.overrides
        if own not in unchanged
    )


def _place(own: Override, side: EventContent, schedule: Schedule) -> Override | None:
    """Say what becomes of an override under a new schedule, if there is no doubt about it.

    There is when the schedule moves it although it still has an occurrence of the old name: a weekly series
    that begins a week later. The holiday that somebody has just taken out meant the day, and not the third
    meeting.
    """
    alone = rescheduled(replace(side, overrides=(own,)), schedule).overrides
    if not alone or (alone[0].occurrence != own.occurrence and is_occurrence(schedule, own.occurrence)):
        return None
    return alone[0]


def _is_shared(own: Override | None, ours: EventContent, theirs: EventContent) -> bool:
    """Whether an override names one occurrence in both schedules, and its own times mean the same in both."""
    if own is None or not _same_clock(own, ours.schedule, theirs.schedule):
        return False
    return all(
        side.schedule.rule is not None and is_occurrence(side.schedule, own.occurrence) for side in (ours, theirs)
    )


def _same_clock(own: Override, a: Schedule, b: Schedule) -> bool:
    """Whether the times that an override sets for itself, if any, mean the same under two schedules."""
    if own.start is not UNSET and a.zone != b.zone:
        return False
    return a.all_day == b.all_day or (own.start is UNSET and own.duration is UNSET)
