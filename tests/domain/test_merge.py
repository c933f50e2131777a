"""The laws of merging, and what they mean for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given

from convene.domain.atoms import FIXED_ATOMS, AtomValue, atoms_of, content_of, override_atom
from convene.domain.content import (
    DESCRIPTION_MAX,
    OVERRIDES_MAX,
    OVERRIDES_TEXT_MAX,
    TAGS_MAX,
    EventContent,
    Override,
    Schedule,
    Status,
)
from convene.domain.merge import AtomChange, AtomConflict, Conflicted, Merged, apply, diff, merge
from convene.domain.recurrence import Frequency, NDay, RecurrenceRule
from convene.domain.schedule_times import is_occurrence
from convene.domain.series import rescheduled
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
def test_no_change_of_a_fixed_atom_is_lost(three: Three):
    base, ours, theirs = three
    content, in_conflict = outcome(*three)
    b, o, t, r = (atoms_of(one) for one in (base, ours, theirs, content))
    for atom in FIXED_ATOMS:
        if atom in in_conflict:
            assert in_conflict[atom] == AtomConflict(atom, b[atom], o[atom], t[atom])
        else:
            assert has_both_changes(atom, r[atom], b[atom], o[atom], t[atom])


def outcome(base: EventContent, ours: EventContent, theirs: EventContent):
    result = merge(base, ours, theirs)
    if isinstance(result, Merged):
        return result.content, {}
    return result.merged, {one.atom: one for one in result.conflicts}


def has_both_changes(atom: str, result: AtomValue, base: AtomValue, ours: AtomValue, theirs: AtomValue):
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
def test_no_change_of_an_occurrence_is_lost(three: Three):
    base, ours, theirs = three
    content, in_conflict = outcome(*three)
    named = {value for one in in_conflict.values() for value in (one.ours, one.theirs)}
    for side in (ours, theirs):
        before = set(under(side.schedule, base).overrides)
        for own in set(side.overrides) - before:
            alone = under(content.schedule, replace(side, overrides=(own,)))
            assert own in named or set(alone.overrides) & ({*content.overrides} | named)
        occurrences = {own.occurrence for own in side.overrides}
        for own in before:
            if own.occurrence not in occurrences:
                alone = under(content.schedule, replace(side, overrides=(own,)))
                gone = not set(alone.overrides) & {*content.overrides}
                assert gone or override_atom(own.occurrence) in in_conflict


def under(schedule: Schedule, content: EventContent) -> EventContent:
    return content if content.schedule == schedule else rescheduled(content, schedule)


@given(bases_with_two_edits())
def test_what_clashes_is_left_as_they_have_it(three: Three):
    result = merge(*three)
    if isinstance(result, Conflicted):
        assert diff(result.merged, apply(result.merged, theirs_of(result))) == ()


def theirs_of(result: Conflicted) -> list[AtomChange]:
    return [AtomChange(one.atom, None, one.theirs) for one in result.conflicts]


@given(bases_with_two_edits())
def test_no_override_is_left_without_its_occurrence(three: Three):
    result = merge(*three)
    content = result.merged if isinstance(result, Conflicted) else result.content
    assert content.schedule.rule or not content.overrides
    assert all(is_occurrence(content.schedule, own.occurrence) for own in content.overrides)


@given(bases_with_two_edits())
def test_only_what_both_changed_can_clash_unless_one_moved_the_series(three: Three):
    base, ours, theirs = three
    _, in_conflict = outcome(*three)
    for one in in_conflict.values():
        if base.schedule == ours.schedule == theirs.schedule or one.atom in set(FIXED_ATOMS) - {"schedule"}:
            assert len({one.base, one.ours, one.theirs}) == 3


@given(bases_with_two_edits())
def test_merging_the_same_edit_again_changes_nothing(three: Three):
    # Texts have this law only where no line occurs twice; test_text_merge has it.
    base, ours, theirs = (replace(content, description=None) for content in three)
    result = merge(base, ours, theirs)
    if isinstance(result, Merged):
        assert merge(base, ours, result.content) == result


# -- what it means for people --------------------------------------------------------------------------------


def test_two_people_who_change_different_fields_both_get_their_way():
    both = merged(SERIES, replace(SERIES, title="Daily"), replace(SERIES, location="Room 1"))
    assert both == replace(SERIES, title="Daily", location="Room 1")


def test_two_titles_are_a_conflict_and_theirs_stands_until_it_is_decided():
    result = merge(SERIES, replace(SERIES, title="Ours", location="Room 1"), replace(SERIES, title="Theirs"))
    assert result == Conflicted(
        conflicts=(AtomConflict("title", "Stand-up", "Ours", "Theirs"),),
        merged=replace(SERIES, title="Theirs", location="Room 1"),
    )


def test_the_start_of_one_and_the_rule_of_another_do_not_mix():
    fortnightly = replace(WEEKLY, rule=RecurrenceRule(frequency=Frequency.WEEKLY, interval=2))
    clash = conflicts(SERIES, replace(SERIES, schedule=AT_TEN), replace(SERIES, schedule=fortnightly))
    assert clash == {"schedule": AtomConflict("schedule", WEEKLY, AT_TEN, fortnightly)}


def test_tags_merge_one_by_one():
    base = replace(SERIES, tags=("a", "b"))
    both = merged(base, replace(base, tags=("a", "b", "c")), replace(base, tags=("b", "d")))
    assert both.tags == ("b", "c", "d")


def test_descriptions_merge_line_by_line():
    base = replace(SERIES, description="Agenda\n- budget\n- any other business")
    ours = replace(base, description="Agenda for March\n- budget\n- any other business")
    theirs = replace(base, description="Agenda\n- budget\n- hiring\n- any other business")
    assert merged(base, ours, theirs).description == "Agenda for March\n- budget\n- hiring\n- any other business"


@pytest.mark.parametrize(("ours", "theirs"), [(None, "new"), ("", "new"), (None, ""), ("one", "another")])
def test_a_description_that_one_side_took_away_does_not_come_back_by_itself(ours: str | None, theirs: str):
    base = replace(SERIES, description="old")
    assert set(conflicts(base, replace(base, description=ours), replace(base, description=theirs))) == {"description"}


def test_two_first_descriptions_are_a_conflict():
    assert set(conflicts(SERIES, replace(SERIES, description="a"), replace(SERIES, description="b"))) == {"description"}


def test_nothing_grows_beyond_its_limit_by_merging():
    half = "x" * (DESCRIPTION_MAX // 2)
    base = replace(SERIES, description="middle", tags=tuple(f"tag {number:02}" for number in range(TAGS_MAX - 1)))
    ours = replace(base, description=half + "\nmiddle", tags=(*base.tags, "x"))
    theirs = replace(base, description="middle\n" + half, tags=(*base.tags, "y"))
    assert set(conflicts(base, ours, theirs)) == {"description", "tags"}


def test_what_fits_its_limit_to_the_last_is_merged():
    base = replace(SERIES, description="middle", tags=tuple(f"tag {number:02}" for number in range(TAGS_MAX - 2)))
    ours = replace(base, description="x" * 100 + "\nmiddle", tags=(*base.tags, "x"))
    theirs = replace(base, description="middle\n" + "y" * (DESCRIPTION_MAX - 108), tags=(*base.tags, "y"))
    both = merged(base, ours, theirs)
    assert (len(both.description or ""), len(both.tags)) == (DESCRIPTION_MAX, TAGS_MAX)


def test_too_many_overrides_together_are_conflicts_one_by_one():
    daily = replace(SERIES, schedule=replace(WEEKLY, rule=RecurrenceRule(frequency=Frequency.DAILY)))
    dates = [MONDAY + timedelta(days=day) for day in range(OVERRIDES_MAX + 1)]
    ours, theirs = excluding(daily, *dates[:600]), excluding(daily, *dates[600:])
    result = merge(daily, ours, theirs)
    assert isinstance(result, Conflicted)
    assert len(result.conflicts) == OVERRIDES_MAX + 1
    assert result.merged == theirs


def test_as_many_overrides_as_there_can_be_are_merged():
    daily = replace(SERIES, schedule=replace(WEEKLY, rule=RecurrenceRule(frequency=Frequency.DAILY)))
    dates = [MONDAY + timedelta(days=day) for day in range(OVERRIDES_MAX)]
    both = merged(daily, excluding(daily, *dates[:600]), excluding(daily, *dates[600:]))
    assert both == excluding(daily, *dates)


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_overrides_have_as_much_text_as_they_can_and_none_where_one_is_taken_away(more: int, fits: bool):
    daily = replace(SERIES, schedule=replace(WEEKLY, rule=RecurrenceRule(frequency=Frequency.DAILY)))
    dates = [MONDAY + timedelta(days=day) for day in range(33)]
    base = ours = theirs = excluding(daily, dates[0])
    texts = ["x" * (OVERRIDES_TEXT_MAX // 32)] * 31 + ["x" * (OVERRIDES_TEXT_MAX // 32 + more)]
    for date, text in zip(dates[1:17], texts[:16], strict=True):
        ours = changing(ours, date, description=text)
    for date, text in zip(dates[17:], texts[16:], strict=True):
        theirs = changing(theirs, date, description=text)
    ours = replace(ours, overrides=ours.overrides[1:])
    assert isinstance(merge(base, ours, theirs), Merged if fits else Conflicted)


def test_an_atom_that_holds_what_it_cannot_is_a_fault():
    for atom in FIXED_ATOMS:
        with pytest.raises(TypeError):
            content_of({**atoms_of(SERIES), atom: Override(occurrence=MONDAY)})


# -- occurrences and the schedule ----------------------------------------------------------------------------

NEXT_MONDAY = MONDAY + timedelta(days=7)


def excluding(content: EventContent, *occurrences: datetime) -> EventContent:
    own = tuple(Override(occurrence=one, excluded=True) for one in occurrences)
    return replace(content, overrides=(*content.overrides, *own))


def changing(content: EventContent, occurrence: datetime, **fields) -> EventContent:
    return replace(content, overrides=(*content.overrides, Override(occurrence=occurrence, **fields)))


def test_two_people_change_two_occurrences():
    both = merged(SERIES, excluding(SERIES, MONDAY), changing(SERIES, NEXT_MONDAY, title="Retro"))
    assert both == changing(excluding(SERIES, MONDAY), NEXT_MONDAY, title="Retro")


def test_excluding_an_occurrence_that_another_changes_is_a_conflict():
    clash = conflicts(SERIES, excluding(SERIES, MONDAY), changing(SERIES, MONDAY, title="Retro"))
    assert set(clash) == {"overrides/2025-03-10T09:00:00"}


def test_an_occurrence_that_one_excludes_moves_along_with_the_series_that_another_moves():
    both = merged(SERIES, rescheduled(SERIES, AT_TEN), excluding(SERIES, NEXT_MONDAY))
    assert both == excluding(replace(SERIES, schedule=AT_TEN), NEXT_MONDAY.replace(hour=10))


def test_an_occurrence_that_one_brings_back_stays_back_when_another_moves_the_series():
    base = excluding(SERIES, NEXT_MONDAY)
    assert merged(base, rescheduled(base, AT_TEN), SERIES) == replace(SERIES, schedule=AT_TEN)


def test_two_changes_of_one_occurrence_clash_under_its_new_name_when_one_moved_the_series():
    base = changing(SERIES, MONDAY, title="Kick-off")
    ours = replace(rescheduled(base, AT_TEN), overrides=())
    theirs = changing(SERIES, MONDAY, title="Launch")
    assert set(conflicts(base, ours, theirs)) == {"overrides/2025-03-10T10:00:00"}


def test_an_occurrence_that_the_new_schedule_lacks_puts_both_into_conflict():
    ends = replace(WEEKLY, rule=RecurrenceRule(frequency=Frequency.WEEKLY, count=1))
    ours, theirs = replace(SERIES, schedule=ends), changing(SERIES, NEXT_MONDAY, title="Retro")
    result = merge(SERIES, ours, theirs)
    assert result == Conflicted(
        conflicts=(
            AtomConflict("schedule", WEEKLY, ends, WEEKLY),
            AtomConflict("overrides/2025-03-17T09:00:00", None, None, theirs.overrides[0]),
        ),
        merged=theirs,
    )
    swapped = merge(SERIES, theirs, ours)
    assert isinstance(swapped, Conflicted)
    assert swapped.merged == ours


def test_an_untouched_override_goes_with_the_schedule_that_had_its_occurrence():
    base = changing(SERIES, NEXT_MONDAY, title="Retro")
    single = rescheduled(base, replace(WEEKLY, rule=None))
    assert merged(base, single, replace(base, location="Room 1")) == replace(single, location="Room 1")


def test_a_day_off_is_not_carried_to_another_day_when_the_series_begins_later():
    later, holiday = replace(WEEKLY, start=NEXT_MONDAY), NEXT_MONDAY + timedelta(days=7)
    clash = conflicts(SERIES, replace(SERIES, schedule=later), excluding(SERIES, holiday))
    assert set(clash) == {"schedule", override_atom(holiday)}


def test_a_time_of_its_own_does_not_change_its_meaning_when_the_zone_changes():
    ours = replace(SERIES, schedule=replace(WEEKLY, zone="America/New_York"))
    theirs = changing(SERIES, NEXT_MONDAY, start=NEXT_MONDAY.replace(hour=15))
    assert set(conflicts(SERIES, ours, theirs)) == {"schedule", override_atom(NEXT_MONDAY)}
    assert merged(SERIES, ours, changing(SERIES, NEXT_MONDAY, title="Retro")).schedule.zone == "America/New_York"


@pytest.mark.parametrize("fields", [{"start": NEXT_MONDAY.replace(hour=15)}, {"duration": timedelta(minutes=5)}])
def test_a_time_of_its_own_goes_along_when_the_series_moves_on_the_same_clock(fields):
    theirs = changing(SERIES, NEXT_MONDAY, **fields)
    both = merged(SERIES, rescheduled(SERIES, AT_TEN), theirs)
    assert both == changing(replace(SERIES, schedule=AT_TEN), NEXT_MONDAY.replace(hour=10), **fields)


@pytest.mark.parametrize("title", [{}, {"title": "Retro"}])
@pytest.mark.parametrize("fields", [{"start": NEXT_MONDAY.replace(hour=15)}, {"duration": timedelta(minutes=5)}])
def test_a_time_of_its_own_and_a_series_that_is_all_day_from_now_on_are_a_conflict(fields, title):
    all_day = replace(WEEKLY, start=MONDAY.replace(hour=0), duration=timedelta(days=1), all_day=True)
    clash = conflicts(SERIES, rescheduled(SERIES, all_day), changing(SERIES, NEXT_MONDAY, **fields, **title))
    assert "schedule" in clash
    plain = merged(SERIES, rescheduled(SERIES, all_day), changing(SERIES, NEXT_MONDAY, title="Retro"))
    assert plain == changing(replace(SERIES, schedule=all_day), NEXT_MONDAY.replace(hour=0), title="Retro")


@pytest.mark.parametrize(("count", "settled"), [(OVERRIDES_MAX // 2, True), (OVERRIDES_MAX // 2 + 1, False)])
def test_more_changed_occurrences_than_can_be_compared_leave_a_new_schedule_undecided(count: int, settled: bool):
    daily = replace(SERIES, schedule=replace(WEEKLY, rule=RecurrenceRule(frequency=Frequency.DAILY)))
    dates = [MONDAY + timedelta(days=day) for day in range(2 * count)]
    base, ours = excluding(daily, *dates[:count]), excluding(daily, *dates[count:])
    theirs = rescheduled(base, replace(base.schedule, start=AT_TEN.start))
    result = merge(base, ours, theirs)
    assert isinstance(result, Merged) == settled
    assert settled or "schedule" in conflicts(base, ours, theirs)


def test_a_name_that_would_pass_from_one_occurrence_to_another_leaves_the_schedule_undecided():
    """On Tuesdays the day off of the first Monday becomes that of the first Tuesday, which somebody means as it is."""
    daily = replace(SERIES, schedule=replace(WEEKLY, rule=RecurrenceRule(frequency=Frequency.DAILY)))
    tuesday = MONDAY + timedelta(days=1)
    base, theirs = excluding(daily, MONDAY), excluding(daily, tuesday)
    assert "schedule" in conflicts(base, rescheduled(base, replace(WEEKLY, start=tuesday)), theirs)


def test_while_the_schedule_is_undecided_only_occurrences_of_both_schedules_are_settled():
    longer = replace(WEEKLY, duration=timedelta(hours=2))
    ours = excluding(replace(SERIES, schedule=longer), NEXT_MONDAY)
    shorter = replace(WEEKLY, duration=timedelta(minutes=30))
    result = merge(SERIES, ours, replace(SERIES, schedule=shorter))
    assert isinstance(result, Conflicted)
    assert result.merged == excluding(replace(SERIES, schedule=shorter), NEXT_MONDAY)
    result = merge(SERIES, ours, replace(SERIES, schedule=AT_TEN))
    assert isinstance(result, Conflicted)
    assert [one.atom for one in result.conflicts] == ["schedule", override_atom(NEXT_MONDAY)]
    assert result.merged == replace(SERIES, schedule=AT_TEN)


def test_an_occurrence_that_one_brings_back_is_not_forgotten_while_the_schedule_is_undecided():
    base = excluding(SERIES, NEXT_MONDAY)
    longer = replace(SERIES, schedule=replace(WEEKLY, duration=timedelta(hours=2)))
    result = merge(base, longer, rescheduled(base, AT_TEN))
    assert isinstance(result, Conflicted)
    assert [one.atom for one in result.conflicts] == ["schedule", override_atom(NEXT_MONDAY)]


def test_moving_a_series_does_not_list_its_overrides_as_conflicts():
    base = excluding(SERIES, MONDAY, NEXT_MONDAY)
    at_eleven = replace(WEEKLY, start=MONDAY.replace(hour=11))
    result = merge(base, rescheduled(base, AT_TEN), rescheduled(base, at_eleven))
    assert isinstance(result, Conflicted)
    assert [one.atom for one in result.conflicts] == ["schedule"]
    assert result.merged == rescheduled(base, at_eleven)


def test_a_monthly_rule_of_weekdays_is_understood_too():
    rule = RecurrenceRule(frequency=Frequency.MONTHLY, by_day=(NDay(0, 2),))
    base = replace(SERIES, schedule=replace(WEEKLY, rule=rule))
    moved = rescheduled(base, replace(base.schedule, start=MONDAY.replace(hour=10)))
    april = datetime(2025, 4, 14, 9)  # noqa: DTZ001 - wall time
    assert merged(base, moved, excluding(base, april)) == excluding(moved, april.replace(hour=10))


def test_cancelling_and_moving_go_together():
    ours, theirs = replace(SERIES, status=Status.CANCELLED), rescheduled(SERIES, AT_TEN)
    assert merged(SERIES, ours, theirs) == replace(theirs, status=Status.CANCELLED)


def test_two_occurrences_that_would_get_one_name_leave_the_schedule_undecided():
    daily = replace(SERIES, schedule=replace(WEEKLY, rule=RecurrenceRule(frequency=Frequency.DAILY)))
    tuesday = MONDAY + timedelta(days=1)
    base = excluding(daily, tuesday)
    weekly_on_tuesdays = rescheduled(base, replace(WEEKLY, start=tuesday))
    clash = conflicts(base, weekly_on_tuesdays, replace(daily, overrides=excluding(daily, MONDAY, tuesday).overrides))
    assert set(clash) == {"schedule", override_atom(MONDAY)}


def test_equal_changes_of_two_occurrences_that_share_a_name_are_not_taken_for_one():
    base = excluding(SERIES, NEXT_MONDAY)
    ours = rescheduled(SERIES, replace(WEEKLY, duration=timedelta(hours=2)))
    theirs = rescheduled(base, replace(WEEKLY, start=NEXT_MONDAY))
    assert set(conflicts(base, ours, theirs)) == {"schedule", override_atom(NEXT_MONDAY)}
