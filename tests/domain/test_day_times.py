"""Times of the day: what cannot meet on a clock does not meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import _zoneinfo  # type: ignore[attr-defined] # ZoneInfo in Python, which shows its tables

from hypothesis import given
from hypothesis import strategies as st

from convene.domain.content import EventContent, Override, Schedule
from convene.domain.day_times import may_meet, times_of, times_of_series
from convene.domain.patterns import pattern_from_json
from convene.domain.series import occurrences
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.domain.series_strategies import contents

LIMIT = 10_000


@given(contents(), contents(), st.integers(-20, 20), st.integers(1, 60))
def test_what_never_meets_on_a_clock_never_meets(one: EventContent, two: EventContent, begins: int, days: int):
    after = one.schedule.starts_at + timedelta(days=begins)
    before = after + timedelta(days=days)
    wanted = occurrences(one, after, before, limit=LIMIT)
    taken = occurrences(two, after, before, limit=LIMIT)
    times = times_of((each.starts_at, each.ends_at) for each in wanted if each.starts_at < each.ends_at)
    if not may_meet(times, times_of_series(two, after, before)):
        assert not [
            (a, b)
            for a in wanted
            for b in taken
            if a.starts_at < a.ends_at and a.starts_at < b.ends_at and b.starts_at < a.ends_at
        ]


def daily(start: str, minutes: int, zone: str = "Europe/Berlin") -> EventContent:
    rule = pattern_from_json({"frequency": "daily"})
    schedule = Schedule(start=datetime.fromisoformat(start), duration=timedelta(minutes=minutes), zone=zone, rule=rule)
    return EventContent(title="Daily", schedule=schedule)


def meet(one: EventContent, two: EventContent) -> bool:
    after, before = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 5, 1, tzinfo=UTC)
    wanted = [(each.starts_at, each.ends_at) for each in occurrences(one, after, before, limit=LIMIT)]
    return may_meet(times_of(wanted), times_of_series(two, after, before))


def test_the_clock_tells_series_apart_when_they_are_more_than_a_change_of_clocks_apart():
    morning = daily("2027-01-01T09:00", 60)
    assert not meet(morning, daily("2027-01-01T12:00", 60))
    assert not meet(morning, daily("2027-01-01T23:30", 60))
    assert meet(morning, daily("2027-01-01T09:30", 15))
    assert meet(morning, daily("2027-01-01T08:30", 60, "UTC"))
    assert not meet(morning, daily("2027-01-01T09:00", 60, "UTC"))
    assert meet(daily("2027-01-01T00:30", 60, "UTC"), daily("2027-01-01T23:30", 120, "UTC"))
    assert not meet(daily("2027-01-01T01:30", 60, "UTC"), daily("2027-01-01T23:30", 120, "UTC"))


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MARCH, APRIL = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC)


def test_up_to_48_stretches_of_the_day_are_compared_and_more_are_taken_for_all_of_it():
    stretches = [(MARCH + number * DAY + number * timedelta(minutes=7), HOUR) for number in range(49)]
    found = [times_of((start, start + lasts) for start, lasts in stretches[:number]) for number in (48, 49)]
    assert (len(found[0] or ()), found[1]) == (48, None)


def test_what_lasts_a_day_may_meet_anything():
    assert times_of([(MARCH, MARCH + DAY)]) is None
    assert times_of([(MARCH, MARCH + DAY - HOUR)]) == frozenset({(timedelta(0), DAY - HOUR)})
    assert may_meet(None, times_of([(MARCH, MARCH + HOUR)]))
    assert may_meet(times_of([(MARCH, MARCH + HOUR)]), None)
    assert not may_meet(times_of([(MARCH, MARCH + HOUR)]), times_of([(MARCH + HOUR, MARCH + 2 * HOUR)]))


def test_what_is_not_at_one_time_of_the_day_may_take_place_at_any():
    series = daily("2027-01-01T09:00", 60, "UTC")
    nine = frozenset({(timedelta(hours=9), HOUR)})
    moved = Override(occurrence=series.schedule.start, start=series.schedule.start + HOUR)
    longer = Override(occurrence=series.schedule.start, duration=2 * HOUR)
    renamed = Override(occurrence=series.schedule.start, title="Special")
    all_day = replace(series.schedule, start=datetime.fromisoformat("2027-01-01T00:00"), duration=DAY, all_day=True)
    assert times_of_series(series, MARCH, APRIL) == nine
    assert times_of_series(replace(series, overrides=(renamed,)), MARCH, APRIL) == nine
    for changed in (
        replace(series, overrides=(moved,)),
        replace(series, overrides=(longer,)),
        replace(series, schedule=replace(series.schedule, rule=None)),
        replace(series, schedule=replace(series.schedule, duration=DAY)),
        replace(series, schedule=all_day),
    ):
        assert times_of_series(changed, MARCH, APRIL) is None


def test_what_began_before_the_clocks_changed_has_its_time_of_then():
    late = daily("2027-01-01T22:00", 600)
    after = datetime(2027, 3, 28, 2, tzinfo=UTC)
    assert times_of_series(late, after, after + HOUR) == frozenset({(21 * HOUR, 10 * HOUR), (20 * HOUR, 10 * HOUR)})


def test_no_zone_changes_its_offset_twice_within_a_day():
    for name in files("tzdata").joinpath("zones").read_text(encoding="ascii").split():
        with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
            tables = _zoneinfo.ZoneInfo.from_file(file, key=name)
        changes = [
            at
            for at, before, after in zip(tables._trans_utc[1:], tables._ttinfos, tables._ttinfos[1:], strict=False)
            if before.utcoff != after.utcoff
        ]
        assert all(later - earlier > 24 * 3600 for earlier, later in pairwise(changes)), name
