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

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from convene.domain.atoms import AtomConflict, AtomValue, override_atom, pick
from convene.domain.content import OVERRIDES_MAX, OVERRIDES_TEXT_MAX, UNSET, EventContent, Override, Schedule
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

    What rescheduling did to them belongs to the schedule. A change beyond that is settled if its occurrence is the
    same in both schedules, and otherwise in conflict; what is settled fits theirs.
    """
    base, ours, theirs = three
    b, o, t = map(_overrides, three)
    b_ours, b_theirs = _overrides(_under(ours.schedule, base)), _overrides(_under(theirs.schedule, base))
    # Once a start has moved, one name may stand for two occurrences of the base: equal names prove nothing then.
    named_alike = base.schedule.start == ours.schedule.start == theirs.schedule.start
    results: Results = {}
    for atom in b_ours | b_theirs | o | t:
        our, their = o.get(atom), t.get(atom)
        by_us, by_them = our != b_ours.get(atom), their != b_theirs.get(atom)
        before, value, elsewhere = (b_ours, our, their) if by_us else (b_theirs, their, our)
        if not (by_us or by_them) or (named_alike and our == their):
            results[atom] = their
        elif (
            named_alike
            and by_us != by_them
            and before.get(atom) == elsewhere
            and _is_shared(value or elsewhere, ours.schedule, theirs.schedule)
        ):
            results[atom] = value
        else:
            results[atom] = AtomConflict(atom, b.get(atom), our, their)
    return _all_that_differ(results, three) if _too_many(results) else results


def _overrides(content: EventContent) -> dict[str, Override]:
    return {override_atom(own.occurrence): own for own in content.overrides}


def _under(schedule: Schedule, content: EventContent) -> EventContent:
    return content if content.schedule == schedule else rescheduled(content, schedule)


def _too_many(results: Results) -> bool:
    count = sum(value is not None for value in results.values())
    return count > OVERRIDES_MAX or sum(map(_text_length, results.values())) > OVERRIDES_TEXT_MAX


def _text_length(value: AtomValue | AtomConflict) -> int:
    if isinstance(value, AtomConflict):
        # Either side may be taken, and which of them is ours must not matter.
        return max(_text_length(value.ours), _text_length(value.theirs))
    return value.text_length if isinstance(value, Override) else 0


def _all_that_differ(results: Results, three: Three) -> Results:
    """Make conflicts of all overrides that differ: to single some out would depend on which side is which."""
    b, o, t = map(_overrides, three)
    return {
        atom: value if o.get(atom) == t.get(atom) else AtomConflict(atom, b.get(atom), o.get(atom), t.get(atom))
        for atom, value in results.items()
    }


def _loses_changes(base: EventContent, side: EventContent, schedule: Schedule) -> bool:
    """Whether what a side did to overrides would go, or come to mean something else, under another schedule."""
    if side.schedule == schedule:
        return False
    before, after = ({own.occurrence: own for own in content.overrides} for content in (base, side))
    if len(before | after) > OVERRIDES_MAX:
        return True
    renamed = _renaming(base, before | after, schedule)
    if any(_renaming(base, some, schedule).items() - renamed.items() for some in (before, after)):
        # Who gets a name depends on who else wants it: the same name would stand for two occurrences.
        return True
    moved = {own.occurrence for own in rescheduled(side, schedule).overrides}
    return any(
        _is_in_doubt(name, renamed.get(name), schedule)
        or (name in after and renamed.get(name) not in moved)
        or (name in after and not _same_clock(after[name], side.schedule, schedule))
        for name in before | after
        if before.get(name) != after.get(name)
    )


def _renaming(content: EventContent, names: Iterable[datetime], schedule: Schedule) -> dict[datetime, datetime]:
    """Say which names become which under a new schedule; those that would go are left out."""
    labelled = tuple(Override(occurrence=name, title=name.isoformat()) for name in sorted(names))
    moved = rescheduled(replace(content, overrides=labelled), schedule).overrides
    return {datetime.fromisoformat(own.title): own.occurrence for own in moved if own.title is not UNSET}


def _is_in_doubt(old: datetime, new: datetime | None, schedule: Schedule) -> bool:
    """Whether a schedule takes the name from an occurrence although it still has one of that name.

    A weekly series that begins a week later does: the holiday that somebody has just taken out meant the day, and
    not the third meeting.
    """
    return old != new and schedule.rule is not None and is_occurrence(schedule, old)


def _is_shared(own: Override | None, a: Schedule, b: Schedule) -> bool:
    """Whether an override names an occurrence in both schedules, and its own times mean the same in both."""
    if own is None or not _same_clock(own, a, b):
        return False
    return all(schedule.rule is not None and is_occurrence(schedule, own.occurrence) for schedule in (a, b))


def _same_clock(own: Override, a: Schedule, b: Schedule) -> bool:
    """Whether the times that an override sets for itself, if any, mean the same under two schedules."""
    if own.start is not UNSET and a.zone != b.zone:
        return False
    return a.all_day == b.all_day or (own.start is UNSET and own.duration is UNSET)
