"""When a reminder is due, worked out from the event as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from convene.domain.content import EventContent, Override, Schedule, Status
from convene.domain.patterns import pattern_from_json
from convene.domain.reminders import LATE, MINUTES_MAX, Beginning, beginnings, next_look, remembered, untold
from convene.domain.series import with_override
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.effort import costs_less

NINE = datetime(2027, 3, 1, 9)  # noqa: DTZ001 - wall time
BEFORE = datetime(2027, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event(start: datetime = NINE, rule: Mapping[str, object] | None = None, **fields: object) -> EventContent:
    schedule = Schedule(start=start, duration=HOUR, zone="UTC", rule=pattern_from_json(rule) if rule else None)  # type: ignore[arg-type]
    return EventContent(title="Planning", schedule=schedule, **fields)  # type: ignore[arg-type]


def at(hour: int, minute: int = 0, *, day: int = 1) -> datetime:
    return datetime(2027, 3, day, hour, minute, tzinfo=UTC)


def due(
    content: EventContent, minutes: int, done: datetime, now: datetime, told: list[datetime] | None = None
) -> list[Beginning]:
    return untold(beginnings(content, minutes, now), minutes, done, told, now)


def test_a_reminder_is_due_so_many_minutes_before():
    assert next_look(event(), 30, BEFORE) == at(8, 30)
    assert due(event(), 30, BEFORE, at(8, 29)) == []
    assert due(event(), 30, BEFORE, at(8, 30)) == [Beginning(at(9), "Planning")]


def test_what_was_told_is_not_told_again():
    assert due(event(), 30, at(8, 30), at(8, 45)) == []
    assert next_look(event(), 30, at(8, 30)) is None


def test_whoever_was_away_tells_nothing_of_what_began_long_ago():
    assert due(event(), 0, BEFORE, at(9) + LATE) == []
    assert due(event(), 0, BEFORE, at(9) + LATE - timedelta(seconds=1)) == [Beginning(at(9), "Planning")]


def test_an_event_that_moves_is_told_at_its_new_time_also_when_it_was_told_before():
    later = event(NINE + 3 * HOUR)
    assert next_look(later, 30, at(8, 30)) == at(11, 30)
    assert next_look(event(NINE - HOUR), 30, BEFORE) == at(7, 30)


def test_an_event_that_moves_so_near_that_its_reminder_has_passed_is_told_at_once():
    assert due(event(), 60, BEFORE, at(8, 50)) == [Beginning(at(9), "Planning")]


def test_what_is_moved_into_the_lead_is_told_once_if_it_is_still_to_come():
    assert due(event(), 60, at(8, 30), at(8, 31), []) == [Beginning(at(9), "Planning")]
    assert due(event(), 60, at(8, 30), at(8, 31), [at(9)]) == []
    assert due(event(), 60, at(9, 1), at(9, 2), []) == []


def test_a_series_that_moves_tells_no_more_than_a_day_of_it():
    every_hour = event(rule={"frequency": "daily", "byHour": list(range(24))})
    told = due(every_hour, MINUTES_MAX, at(8), at(8), [])
    assert [one.at for one in told] == [at(9) + hours * HOUR for hours in range(24)]


def test_each_occurrence_of_a_series_is_told_with_what_it_has_of_its_own():
    daily = event(rule={"frequency": "daily", "count": 3})
    daily = with_override(daily, Override(occurrence=NINE + 24 * HOUR, title="Party", start=NINE + 26 * HOUR))
    assert due(daily, 10, at(8, 50), at(10, 50, day=2)) == [Beginning(at(11, day=2), "Party")]
    assert next_look(daily, 10, at(10, 50, day=2)) == at(8, 50, day=3)
    assert next_look(daily, 10, at(8, 50, day=3)) is None


def test_what_is_cancelled_is_not_told():
    assert next_look(event(status=Status.CANCELLED), 10, BEFORE) is None
    daily = event(rule={"frequency": "daily", "count": 2})
    daily = with_override(daily, Override(occurrence=NINE, status=Status.CANCELLED))
    assert next_look(daily, 10, BEFORE) == at(8, 50, day=2)


def test_a_series_that_pauses_for_years_is_looked_at_in_between():
    start = datetime(2024, 2, 29, 9)  # noqa: DTZ001 - wall time
    leap = event(start, {"frequency": "yearly", "byMonth": ["2"], "byMonthDay": [29]})
    assert next_look(leap, 10, datetime(2027, 1, 1, tzinfo=UTC)) == datetime(2028, 2, 29, 8, 50, tzinfo=UTC)


def test_a_cancelled_series_is_not_looked_at_any_more_but_for_what_takes_place_of_it():
    daily = event(rule={"frequency": "daily"}, status=Status.CANCELLED)
    assert next_look(daily, 10, BEFORE) is None
    party = Override(occurrence=NINE + 24 * HOUR, status=Status.CONFIRMED)
    assert next_look(with_override(daily, party), 10, BEFORE) == at(8, 50, day=2)


def test_whatever_a_series_looks_like_a_look_at_it_is_short():
    every_hour = {"frequency": "daily", "byHour": list(range(24))}
    gone = tuple(Override(occurrence=NINE + hours * HOUR, excluded=True) for hours in range(1_000))
    moved = tuple(replace(one, excluded=False, start=one.occurrence + HOUR) for one in gone)
    never_again = {"frequency": "yearly", "byMonth": ["2"], "byMonthDay": [29], "byDay": [{"day": "su"}]}
    leap = datetime(2004, 2, 29, 9)  # noqa: DTZ001 - wall time
    for short in (
        event(rule=every_hour),
        event(rule=every_hour, status=Status.CANCELLED),
        event(rule=every_hour, overrides=gone),
        event(rule=every_hour, overrides=moved),
        event(leap, never_again),
    ):
        content = replace(short, schedule=replace(short.schedule, duration=timedelta(days=40)))

        def look(content: EventContent = content) -> None:
            next_look(content, 10, at(8))
            remembered(beginnings(content, MINUTES_MAX, at(8)), (), at(8))

        # Ten times what the worst of them costs: a core that is shared takes three times as long for the same.
        assert costs_less(look, 0.2), content


def test_a_time_in_a_gap_is_told_once_and_in_order():
    rule = {"frequency": "daily", "byHour": [2, 3], "byMinute": [0, 45]}
    content = event(datetime(2027, 3, 27, 2), rule)  # noqa: DTZ001 - wall time
    content = replace(content, schedule=replace(content.schedule, zone="Europe/Berlin"))
    assert next_look(content, 0, at(0, day=28)) == at(1, day=28)
    told = due(content, 120, at(22, 59, day=27), at(0, day=28))
    assert [one.at for one in told] == [at(1, day=28), at(1, 45, day=28)]


@given(minutes=st.integers(0, 5_000), steps=st.lists(st.integers(1, 900), min_size=1, max_size=40))
def test_whoever_looks_now_and_then_tells_each_occurrence_once(minutes: int, steps: list[int]):
    daily = event(rule={"frequency": "daily", "count": 10})
    done, told = BEFORE, []
    now = at(9) - timedelta(minutes=minutes) - timedelta(minutes=1)
    for step in steps:
        now += timedelta(minutes=step)
        told += due(daily, minutes, done, now)
        done = now
    starts = [one.at for one in told]
    assert starts == sorted(set(starts))
    assert all(one - timedelta(minutes=minutes) <= now for one in starts)
