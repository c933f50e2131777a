"""Times of the day: what cannot meet on a clock does not meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import _zoneinfo  # type: ignore[attr-defined] # ZoneInfo in Python, which shows its tables

from hypothesis import given
from hypothesis import strategies as st

from convene.domain.content import EventContent, Schedule
from convene.domain.day_times import may_meet, times_of, times_of_series
from convene.domain.patterns import pattern_from_json
from convene.domain.series import occurrences
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
