"""What clients see of contents and their changes, field by field."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convene.domain.atoms import AtomConflict, atoms_of, conflict_json, diff
from convene.domain.content import EventContent, Override, Schedule
from convene.domain.errors import Fault, Invalid
from convene.domain.fields import SCHEDULE_FIELDS, atom_fields, blame, field_changes, field_view, restore_fields
from convene.domain.recurrence import Frequency, RecurrenceRule
from convene.domain.series import rescheduled
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.domain.strategies import bases_with_two_edits, contents, edited

MONDAY = datetime(2025, 3, 10, 9)  # noqa: DTZ001 - wall time
WEEKLY = Schedule(
    start=MONDAY,
    duration=timedelta(hours=1),
    zone="Europe/Berlin",
    rule=RecurrenceRule(frequency=Frequency.WEEKLY),
)
SERIES = EventContent(title="Stand-up", schedule=WEEKLY)
EXCLUDED = Override(occurrence=MONDAY + timedelta(days=7), excluded=True)
HOLIDAY = "overrides/2025-03-17T09:00:00"


@st.composite
def versions(draw: st.DrawFn) -> list[EventContent]:
    found = [draw(contents())]
    for _ in range(draw(st.integers(0, 3))):
        found.append(draw(edited(found[-1])))
    return found


# -- laws ----------------------------------------------------------------------------------------------------


@given(bases_with_two_edits())
def test_there_are_changes_exactly_where_contents_differ(three: tuple[EventContent, EventContent, EventContent]):
    base, one, _ = three
    changes = field_changes(base, one)
    assert (changes == ()) == (base == one)
    touched = {field for change in diff(base, one) for field in atom_fields(change.atom)}
    assert {change.field for change in changes} <= touched
    for atom in {change.atom for change in diff(base, one)}:
        assert {change.field for change in changes} & set(atom_fields(atom))


@given(bases_with_two_edits())
def test_changes_read_backwards_are_the_changes_back(three: tuple[EventContent, EventContent, EventContent]):
    base, one, _ = three
    opposite = {"added": "removed", "removed": "added", "modified": "modified"}
    back = {change.field: change for change in field_changes(one, base)}
    for change in field_changes(base, one):
        other = back.pop(change.field)
        assert (other.old_value, other.new_value) == (change.new_value, change.old_value)
        assert other.change_type == opposite[change.change_type]
    assert not back


@given(bases_with_two_edits())
def test_restoring_everything_gives_the_old_content(three: tuple[EventContent, EventContent, EventContent]):
    head, old, _ = three
    assert restore_fields(head, old, [*field_view(old)]) == old
    assert restore_fields(head, old, []) == head


@given(bases_with_two_edits(), st.sampled_from(("title", "description", "location", "status", "tags")))
def test_restoring_a_field_touches_no_other(three: tuple[EventContent, EventContent, EventContent], field: str):
    head, old, _ = three
    restored = restore_fields(head, old, [field])
    assert atoms_of(restored) == {**atoms_of(head), field: atoms_of(old)[field]}


@given(bases_with_two_edits(), st.sampled_from(SCHEDULE_FIELDS))
def test_restoring_a_part_of_the_schedule_restores_all_of_it(
    three: tuple[EventContent, EventContent, EventContent], field: str
):
    head, old, _ = three
    restored = restore_fields(head, old, [field])
    assert restored.schedule == old.schedule
    if head.schedule != old.schedule:
        assert restored == rescheduled(head, old.schedule)


@given(versions())
def test_blame_names_the_last_version_that_changed_a_field(many: list[EventContent]):
    logged = {
        change.field: after
        for after, (one, other) in enumerate(pairwise(many), 2)
        for change in field_changes(one, other)
    }
    blamed = blame(many[-1], logged)
    shown = field_view(many[-1])
    overrides = shown.pop("overrides")
    assert isinstance(overrides, dict)
    assert set(blamed) == {*shown, *(f"overrides/{occurrence}" for occurrence in overrides)}
    for field, number in blamed.items():
        setters = [
            after
            for after, (one, other) in enumerate(pairwise(many), 2)
            if any(change.field == field for change in field_changes(one, other))
        ]
        assert number == max(setters, default=1)


# -- what it means for people --------------------------------------------------------------------------------


def test_a_content_in_the_fields_of_clients():
    assert field_view(replace(SERIES, tags=("team",), overrides=(EXCLUDED,))) == {
        "title": "Stand-up",
        "description": None,
        "start_time": "2025-03-10T09:00:00+01:00",
        "end_time": "2025-03-10T10:00:00+01:00",
        "time_zone": "Europe/Berlin",
        "all_day": False,
        "recurrence_pattern": {"frequency": "weekly"},
        "location": None,
        "status": "confirmed",
        "free_busy_status": "busy",
        "tags": ["team"],
        "overrides": {"2025-03-17T09:00:00": {"excluded": True}},
    }


def test_an_all_day_event_has_dates_and_ends_before_its_end():
    day = Schedule(start=MONDAY.replace(hour=0), duration=timedelta(days=2), zone="UTC", all_day=True)
    view = field_view(EventContent(title="Trip", schedule=day))
    assert (view["start_time"], view["end_time"]) == ("2025-03-10", "2025-03-12")


def test_a_change_of_the_schedule_is_told_in_the_fields_of_clients():
    moved = replace(SERIES, schedule=replace(WEEKLY, start=MONDAY.replace(hour=10)))
    assert [(one.field, one.old_value, one.new_value) for one in field_changes(SERIES, moved)] == [
        ("start_time", "2025-03-10T09:00:00+01:00", "2025-03-10T10:00:00+01:00"),
        ("end_time", "2025-03-10T10:00:00+01:00", "2025-03-10T11:00:00+01:00"),
    ]


def test_a_change_that_only_shows_on_other_days_is_told_all_the_same():
    gap = replace(WEEKLY, start=datetime(2025, 3, 30, 2, 30))  # noqa: DTZ001 - wall time
    after = replace(gap, start=gap.start.replace(hour=3))
    changes = field_changes(replace(SERIES, schedule=gap), replace(SERIES, schedule=after))
    assert [(one.field, one.old_value, one.new_value) for one in changes] == [
        ("start_time", "2025-03-30T02:30:00", "2025-03-30T03:30:00")
    ]


@pytest.mark.parametrize(
    ("before", "after", "change_type"),
    [(None, "a", "added"), ("", "a", "added"), ("a", None, "removed"), ("a", "b", "modified"), (None, "", "modified")],
)
def test_what_appears_was_added_and_what_vanishes_was_removed(before: str | None, after: str | None, change_type: str):
    (change,) = field_changes(replace(SERIES, location=before), replace(SERIES, location=after))
    assert change.change_type == change_type


def test_each_changed_occurrence_is_a_field_of_its_own():
    (change,) = field_changes(SERIES, replace(SERIES, overrides=(EXCLUDED,)))
    assert (change.field, change.old_value, change.new_value) == (HOLIDAY, None, {"excluded": True})
    assert change.change_type == "added"


def test_long_texts_have_a_diff_and_short_ones_have_none():
    (change,) = field_changes(replace(SERIES, description="a\nb"), replace(SERIES, description="a\nc"))
    assert change.text_diff == "--- old_value\n+++ new_value\n@@ -1,2 +1,2 @@\n a\n-b\n+c"
    (change,) = field_changes(SERIES, replace(SERIES, title="x" * 81))
    assert change.text_diff is not None
    (change,) = field_changes(SERIES, replace(SERIES, title="x" * 80))
    assert change.text_diff is None


def test_a_conflict_of_schedules_is_shown_in_the_fields_of_clients():
    theirs = replace(WEEKLY, rule=None)
    shown = conflict_json(AtomConflict("schedule", WEEKLY, replace(WEEKLY, zone="UTC"), theirs))
    assert shown["field"] == "schedule"
    assert shown["ours"] == {
        "start_time": "2025-03-10T09:00:00Z",
        "end_time": "2025-03-10T10:00:00Z",
        "time_zone": "UTC",
        "all_day": False,
        "recurrence_pattern": {"frequency": "weekly"},
    }
    assert isinstance(shown["theirs"], dict)
    assert shown["theirs"]["recurrence_pattern"] is None


def test_a_conflict_over_an_occurrence_shows_what_each_side_made_of_it():
    own = Override(occurrence=EXCLUDED.occurrence, start=EXCLUDED.occurrence + timedelta(hours=2))
    assert conflict_json(AtomConflict(HOLIDAY, None, EXCLUDED, own)) == {
        "field": HOLIDAY,
        "base": None,
        "ours": {"excluded": True},
        "theirs": {"start": "2025-03-17T11:00:00"},
    }


def test_an_occurrence_can_be_restored_by_name():
    head = replace(SERIES, title="Daily", overrides=(EXCLUDED,))
    assert restore_fields(head, SERIES, [HOLIDAY]) == replace(SERIES, title="Daily")
    assert restore_fields(SERIES, head, ["overrides"]) == replace(SERIES, overrides=(EXCLUDED,))


def test_overrides_move_along_when_the_schedule_is_restored():
    head = rescheduled(replace(SERIES, overrides=(EXCLUDED,)), replace(WEEKLY, start=MONDAY.replace(hour=10)))
    assert restore_fields(head, SERIES, ["start_time"]) == replace(SERIES, overrides=(EXCLUDED,))
    assert restore_fields(head, SERIES, ["start_time", "overrides"]) == SERIES


def test_fields_that_do_not_exist_are_named_by_their_place():
    with pytest.raises(Invalid) as refused:
        restore_fields(SERIES, SERIES, ["title", "titel", "overrides/2025-01-01T00:00:00"])
    assert [fault.pointer for fault in refused.value.faults] == ["/fields/1", "/fields/2"]


def test_an_occurrence_that_is_none_any_more_cannot_be_restored():
    single = replace(SERIES, schedule=replace(WEEKLY, rule=None))
    with pytest.raises(Invalid) as refused:
        restore_fields(single, replace(SERIES, overrides=(EXCLUDED,)), ["overrides"])
    assert refused.value.faults == (Fault("/fields/0", f"{HOLIDAY} is none any more; restore recurrence_pattern too"),)
