"""The laws of merging, and what they mean for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given

from convene.domain.atoms import AtomValue, atoms_of, names_in_order
from convene.domain.content import (
    EventContent,
    Override,
    Schedule,
)
from convene.domain.merge import AtomConflict, Conflicted, Merged, apply, diff, merge
from convene.domain.recurrence import Frequency, RecurrenceRule
from convene.domain.schedule_times import is_occurrence
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.domain.strategies import bases_with_two_edits, contents

Three = tuple[EventContent, EventContent, EventContent]

MONDAY = datetime(2025, 3, 10, 9)  # noqa: DTZ001 - wall time
WEEKLY = Schedule(
    start=MONDAY,
    duration=timedelta(hours=1),
    zone="Europe/Berlin",
    rule=RecurrenceRule(frequency=Frequency.WEEKLY),
)
SERIES = EventContent(title="Stand-up", schedule=WEEKLY)
AT_TEN = replace(WEEKLY, start=MONDAY.replace(hour=10))


def merged(base: EventContent, ours: EventContent, theirs: EventContent) -> EventContent:
    result = merge(base, ours, theirs)
    assert isinstance(result, Merged)
    return result.content


def conflicts(base: EventContent, ours: EventContent, theirs: EventContent) -> dict[str, AtomConflict]:
    result = merge(base, ours, theirs)
    assert isinstance(result, Conflicted)
    return {conflict.atom: conflict for conflict in result.conflicts}


# -- laws ----------------------------------------------------------------------------------------------------


@given(contents(), contents())
def test_applying_a_diff_gives_the_other_content(a: EventContent, b: EventContent):
    assert apply(a, diff(a, b)) == b
    assert (diff(a, b) == ()) == (a == b)


@given(bases_with_two_edits())
def test_who_changed_nothing_does_not_matter(three: Three):
    base, one, _ = three
    assert merge(base, base, one) == merge(base, one, base) == merge(base, one, one) == Merged(one)


@given(bases_with_two_edits())
def test_swapping_the_sides_changes_nothing_but_their_names(three: Three):
    base, ours, theirs = three
    result, swapped = merge(base, ours, theirs), merge(base, theirs, ours)
    if isinstance(result, Merged):
        assert swapped == result
    else:
        assert isinstance(swapped, Conflicted)
        assert swapped.conflicts == tuple(
            AtomConflict(one.atom, one.base, one.theirs, one.ours) for one in result.conflicts
        )


@given(bases_with_two_edits())
def test_no_change_is_lost(three: Three):
    base, ours, theirs = three
    result = merge(base, ours, theirs)
    in_conflict = {one.atom: one for one in result.conflicts} if isinstance(result, Conflicted) else {}
    content = result.merged if isinstance(result, Conflicted) else result.content
    b, o, t, r = (atoms_of(one) for one in (base, ours, theirs, content))
    for atom in names_in_order(b, o, t, r):
        values = b.get(atom), o.get(atom), t.get(atom)
        if atom in in_conflict:
            assert in_conflict[atom] == AtomConflict(atom, *values)
        else:
            assert has_both_changes(atom, r.get(atom), *values)


def has_both_changes(atom: str, result: AtomValue, base: AtomValue, ours: AtomValue, theirs: AtomValue) -> bool:
    if ours in (base, theirs):
        return result == theirs
    if theirs == base:
        return result == ours
    if atom == "tags":
        assert isinstance(base, tuple)
        assert isinstance(ours, tuple)
        assert isinstance(theirs, tuple)
        assert isinstance(result, tuple)
        added, removed = set(ours + theirs) - set(base), set(base) - (set(ours) & set(theirs))
        return added <= set(result) and not removed & set(result) and set(result) <= set(ours + theirs)
    return atom == "description"  # the laws of lines are tested in test_text_merge


@given(bases_with_two_edits())
def test_what_clashes_is_left_as_they_have_it(three: Three):
    base, ours, theirs = three
    result = merge(base, ours, theirs)
    if isinstance(result, Conflicted):
        values, there = atoms_of(result.merged), atoms_of(theirs)
        for conflict in result.conflicts:
            own = conflict.theirs
            if isinstance(own, Override) and not is_occurrence(result.merged.schedule, own.occurrence):
                assert conflict.atom not in values
            elif values.get(conflict.atom) != there.get(conflict.atom):
                assert isinstance(own, Override)  # its times were written for another zone
                assert result.merged.schedule != theirs.schedule


@given(bases_with_two_edits())
def test_no_override_is_left_without_its_occurrence(three: Three):
    result = merge(*three)
    content = result.merged if isinstance(result, Conflicted) else result.content
    assert content.schedule.rule or not content.overrides
    assert all(is_occurrence(content.schedule, own.occurrence) for own in content.overrides)


@given(bases_with_two_edits())
def test_only_what_both_changed_can_clash_unless_one_moved_the_series(three: Three):
    base, ours, theirs = three
    result = merge(base, ours, theirs)
    if isinstance(result, Conflicted) and base.schedule in (ours.schedule, theirs.schedule):
        for one in result.conflicts:
            if base.schedule == ours.schedule == theirs.schedule or not one.atom.startswith("overrides/"):
                assert len({one.base, one.ours, one.theirs}) == 3


@given(bases_with_two_edits())
def test_merging_the_same_edit_again_never_does_it_twice(three: Three):
    base, ours, theirs = three
    result = merge(base, ours, theirs)
    if isinstance(result, Merged):
        again = merge(base, ours, result.content)
        assert again == result or description_clashes(again)


def description_clashes(result: Merged | Conflicted) -> bool:
    # Two edits side by side look like one edit of both lines afterwards, and clash with either of them.
    return isinstance(result, Conflicted) and {one.atom for one in result.conflicts} == {"description"}
