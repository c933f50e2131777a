"""Overlaps equal their plain definition, and the free times that are offered are the nearest there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convene.domain.conflicts import (
    CLASHES_MAX,
    STEP,
    Busy,
    Window,
    busy,
    clash,
    nearest_free,
    overlaps,
    overlaps_within,
)
from convene.domain.content import EventContent, FreeBusy, Override, Schedule, Status
from convene.domain.recurrence import Frequency, RecurrenceRule
from convene.domain.series import occurrences
from convene.domain.zones import EARLIEST, LATEST
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.effort import costs_less

MIDNIGHT = datetime(2025, 3, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALL = 10_000


def at(hour: int, minute: int = 0) -> datetime:
    return MIDNIGHT + timedelta(hours=hour, minutes=minute)


def taken(start: datetime, end: datetime, event_id: int | None = None, title: str = "") -> Busy:
    name = start.replace(tzinfo=None)
    return Busy(event_id=event_id, title=title, recurrence_id=name, starts_at=start, ends_at=end)


DAY = Window(at(0), at(24))

minutes = st.integers(0, 40).map(lambda number: MIDNIGHT + number * 10 * MINUTE)
lengths = st.integers(0, 12).map(lambda number: number * 10 * MINUTE)
stretches = st.builds(
    lambda start, length, event_id: taken(start, start + length, event_id), minutes, lengths, st.integers(1, 5)
)
agendas = st.lists(stretches, max_size=12)
windows = st.builds(
    lambda start, length, late: Window(start + late * 3 * MINUTE, start + 4 * length), minutes, lengths, st.booleans()
)


def overlap(a: Busy, b: Busy) -> bool:
    """Whether there is an instant in both."""
    return max(a.starts_at, b.starts_at) < min(a.ends_at, b.ends_at)


def by_hand(wanted: list[Busy], agenda: list[Busy]) -> list[tuple[Busy, Busy]]:
    return [(a, b) for a in wanted for b in agenda if overlap(a, b)]


def in_order(pairs: object) -> list[str]:
    assert isinstance(pairs, list | tuple)
    return sorted(map(str, pairs))


# -- laws ----------------------------------------------------------------------------------------------------


@given(agendas, agendas)
def test_overlaps_are_those_of_the_definition(wanted: list[Busy], agenda: list[Busy]):
    found = overlaps(wanted, agenda, limit=ALL)
    assert in_order(found.pairs) == in_order(by_hand(wanted, agenda))
    assert not found.more


@given(agendas, agendas)
def test_overlapping_is_mutual(wanted: list[Busy], agenda: list[Busy]):
    turned = [(a, b) for b, a in overlaps(agenda, wanted, limit=ALL).pairs]
    assert in_order(overlaps(wanted, agenda, limit=ALL).pairs) == in_order(turned)


@given(agendas, agendas, st.integers(0, 20))
def test_pairs_that_are_not_named_are_owned_up_to(wanted: list[Busy], agenda: list[Busy], limit: int):
    everything, found = overlaps(wanted, agenda, limit=ALL), overlaps(wanted, agenda, limit=limit)
    assert found.pairs == everything.pairs[:limit]
    assert found.more == (len(everything.pairs) > limit)


@given(agendas, agendas)
def test_overlaps_are_named_in_the_order_in_which_they_begin(wanted: list[Busy], agenda: list[Busy]):
    begin = [max(a.starts_at, b.starts_at) for a, b in overlaps(wanted, agenda, limit=ALL).pairs]
    assert begin == sorted(begin)


@given(st.lists(agendas, max_size=5))
def test_overlaps_within_a_batch_are_those_of_each_two_events(events: list[list[Busy]]):
    expected = [
        (i, a, j, b)
        for i, one in enumerate(events)
        for j, other in enumerate(events)
        if i < j
        for a, b in by_hand(one, other)
    ]
    everything = overlaps_within(events, limit=ALL)
    assert in_order(everything.pairs) == in_order(expected)
    for limit in {0, len(expected) // 2, len(expected)}:
        found = overlaps_within(events, limit=limit)
        assert (found.pairs, found.more) == (everything.pairs[:limit], limit < len(expected))


@given(agendas, agendas)
def test_a_clash_names_what_is_in_the_way_once_and_in_order(wanted: list[Busy], agenda: list[Busy]):
    found = clash(wanted, agenda, window=DAY, checked_until=at(24))
    in_the_way = [one for one in agenda if any(overlap(one, other) for other in wanted)]
    if not in_the_way:
        assert found is None
    else:
        assert found is not None
        assert list(found.conflicts) == sorted(in_the_way, key=lambda one: (one.starts_at, one.ends_at))
        for start, end in found.nearest_free:
            assert not by_hand([taken(start, end)], agenda)


@given(agendas, minutes, st.integers(1, 12), windows, st.integers(1, 4))
def test_free_times_are_the_nearest_there_are(
    agenda: list[Busy], wanted: datetime, length: int, window: Window, count: int
):
    duration = length * 10 * MINUTE
    real = [one for one in agenda if one.starts_at < one.ends_at]
    candidates = {wanted, *(one.ends_at for one in real), *(one.starts_at - duration for one in real)}
    candidates |= {MIDNIGHT + number * STEP for number in range(96)}
    free = [
        start
        for start in candidates
        if window.start <= start and start + duration <= window.end
        if not by_hand([taken(start, start + duration)], real)
    ]
    nearest = sorted(free, key=lambda start: (abs(start - wanted), start))[:count]
    found = nearest_free(wanted, duration, agenda, window=window, count=count)
    assert found == tuple((start, start + duration) for start in nearest)


# -- what it means for people --------------------------------------------------------------------------------


def test_what_ends_when_another_begins_does_not_overlap():
    one, beside = [taken(at(9), at(10))], [taken(at(10), at(11)), taken(at(8), at(9))]
    assert overlaps(one, beside, limit=ALL).pairs == ()
    assert clash(one, beside, window=DAY, checked_until=at(24)) is None


def test_what_lies_inside_another_overlaps():
    inner, outer = taken(at(10), at(11)), taken(at(9), at(12))
    assert overlaps([inner], [outer], limit=ALL).pairs == ((inner, outer),)
    assert overlaps([outer], [inner], limit=ALL).pairs == ((outer, inner),)


def test_what_has_no_length_is_in_nobodys_way():
    nothing, something = taken(at(11), at(11)), taken(at(9), at(12))
    for wanted, agenda in ((nothing, something), (something, nothing)):
        assert clash([wanted], [agenda], window=DAY, checked_until=at(24)) is None
        assert overlaps([wanted], [agenda], limit=ALL).pairs == ()
    assert nearest_free(at(10), timedelta(hours=1), [taken(at(10, 10), at(10, 10))], window=DAY)[0] == (at(10), at(11))


def test_time_that_is_free_cancelled_or_excluded_is_not_busy():
    schedule = Schedule(
        start=MIDNIGHT.replace(tzinfo=None),
        duration=timedelta(hours=1),
        zone="UTC",
        rule=RecurrenceRule(frequency=Frequency.DAILY, count=5),
    )
    first, second, third, fourth = (schedule.start + timedelta(days=day) for day in range(4))
    content = EventContent(
        title="Daily",
        schedule=schedule,
        overrides=(
            Override(occurrence=first, status=Status.CANCELLED),
            Override(occurrence=second, free_busy_status=FreeBusy.FREE),
            Override(occurrence=third, excluded=True),
            Override(occurrence=fourth, title="Special"),
        ),
    )
    found = occurrences(content, MIDNIGHT, MIDNIGHT + timedelta(days=9), limit=9)
    assert [(one.recurrence_id, one.title, one.visible) for one in busy(found, event_id=1, title="Daily")] == [
        (fourth, "Special", True),
        (fourth + timedelta(days=1), "Daily", True),
    ]


def test_the_nearest_free_times_are_before_and_after():
    agenda = [taken(at(9), at(10)), taken(at(10), at(11))]
    found = nearest_free(at(9, 50), timedelta(hours=1), agenda, window=DAY)
    assert found == ((at(11), at(12)), (at(11, 15), at(12, 15)), (at(11, 30), at(12, 30)))
    found = nearest_free(at(9, 10), timedelta(hours=1), agenda, window=DAY)
    assert found[0] == (at(8), at(9))


def test_a_time_that_is_free_is_offered_itself():
    assert nearest_free(at(9, 7), timedelta(hours=1), [], window=DAY)[0] == (at(9, 7), at(10, 7))


def test_gaps_that_just_fit_are_offered_one_beyond_the_other():
    agenda = [taken(at(hour), at(hour + 1)) for hour in (9, 11)] + [taken(at(13), at(23))]
    found = nearest_free(at(14), timedelta(hours=1), agenda, window=Window(at(8), at(24)))
    assert [start for start, _ in found] == [at(12), at(10), at(8)]


def test_a_gap_that_just_fits_is_offered():
    agenda = [taken(at(9), at(10, 5)), taken(at(10, 35), at(20))]
    found = nearest_free(at(10), timedelta(minutes=30), agenda, window=DAY)
    assert found[0] == (at(10, 5), at(10, 35))


def test_a_time_that_begins_with_the_search_is_offered_where_something_ends_then():
    agenda, window = [taken(at(8), at(8, 50))], Window(at(8, 50), at(24))
    assert nearest_free(at(8, 40), timedelta(hours=1), agenda, window=window)[0] == (at(8, 50), at(9, 50))


def test_nothing_is_offered_before_the_search_begins():
    found = nearest_free(at(9), timedelta(hours=1), [taken(at(9), at(10))], window=Window(at(8, 50), at(24)))
    assert found[0] == (at(10), at(11))


def test_a_time_that_ends_where_something_begins_is_offered():
    assert nearest_free(at(9), timedelta(hours=1), [taken(at(9, 40), at(11))], window=DAY)[0] == (at(8, 40), at(9, 40))
    until = Window(at(0), at(10, 50))
    found = nearest_free(at(10), timedelta(hours=1), [taken(at(10, 50), at(12))], window=until)
    assert found[0] == (at(9, 50), at(10, 50))
    assert nearest_free(at(10), timedelta(hours=1), [], window=until)[0] == (at(9, 45), at(10, 45))


def test_as_many_times_are_offered_as_are_wanted_where_all_of_them_come_later():
    found = nearest_free(at(8), timedelta(hours=1), [], window=Window(at(8, 50), at(24)))
    assert [start for start, _ in found] == [at(9), at(9, 15), at(9, 30)]


def test_a_full_agenda_has_nothing_to_offer():
    assert nearest_free(at(9), timedelta(hours=1), [taken(at(0), at(24))], window=DAY) == ()


def test_the_ends_of_time_can_be_searched():
    agenda = [taken(EARLIEST, LATEST - timedelta(hours=1))]
    found = nearest_free(EARLIEST, timedelta(days=3_660), agenda, window=Window(EARLIEST, LATEST))
    assert found == ()
    assert nearest_free(EARLIEST, timedelta(hours=1), agenda, window=Window(EARLIEST, LATEST))[0][1] == LATEST


def test_a_series_is_offered_a_time_that_leaves_its_other_occurrences_room():
    wanted = [taken(at(9), at(10)), taken(at(10), at(11))]
    found = clash(wanted, [taken(at(9), at(10), 7)], window=Window(at(9), at(24)), checked_until=at(24))
    assert found is not None
    assert found.nearest_free[0] == (at(11), at(12))


@pytest.mark.parametrize(("number", "more"), [(50, False), (51, True)])
def test_fifty_clashes_are_named_and_more_are_owned_up_to(number: int, more: bool):
    agenda = [taken(at(9), at(10), event_id) for event_id in range(number)]
    found = clash([taken(at(9), at(10))], agenda, window=DAY, checked_until=at(24))
    assert found is not None
    assert (len(found.conflicts), found.more) == (50, more)


def test_a_daily_series_of_long_events_is_not_compared_with_itself():
    days = [taken(at(24 * day), at(24 * day + 24 * 300)) for day in range(5_000)]
    calendars = [days, [taken(at(24 * 6_000), at(24 * 6_001))]]
    assert overlaps_within(calendars, limit=ALL).pairs == ()
    assert costs_less(lambda: overlaps_within(calendars, limit=ALL), 0.5)


def test_a_thousand_events_of_a_batch_are_compared_in_no_time():
    batch = [[taken(at(24 * day + index), at(24 * day + index + 1)) for day in range(50)] for index in range(1_000)]
    found = []
    assert costs_less(lambda: found.append(overlaps_within(batch, limit=CLASHES_MAX)), 2)
    assert found[0].more


def test_a_thousand_series_that_never_meet_are_compared_in_no_time():
    series = [[taken(at(24 * day, index), at(24 * day, index + 1)) for day in range(50)] for index in range(1_000)]
    found = []
    assert costs_less(lambda: found.append(overlaps_within(series, limit=CLASHES_MAX)), 2)
    assert found[0].pairs == ()
