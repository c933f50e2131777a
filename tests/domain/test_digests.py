"""When digests are due, and what is on a day, in zones that move their clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convene.domain.digests import day_at, due_after, span_of
from convene.domain.zones import wall_time, zone
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles

BERLIN, NEW_YORK, APIA, LORD_HOWE = (
    zone(name) for name in ("Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe")
)
NOON = datetime(2027, 3, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tz", "hour", "after", "due"),
    [
        (BERLIN, 7, "2027-03-27T12:00", "2027-03-28T05:00"),  # the day on which summer time begins
        (BERLIN, 7, "2027-03-28T05:00", "2027-03-29T05:00"),
        (BERLIN, 2, "2027-03-27T12:00", "2027-03-28T01:00"),  # two o'clock is skipped: at three
        (BERLIN, 2, "2027-10-30T12:00", "2027-10-31T00:00"),  # two o'clock comes twice: the first
        (BERLIN, 2, "2027-10-31T00:00", "2027-11-01T01:00"),
        (NEW_YORK, 7, "2027-03-13T13:00", "2027-03-14T11:00"),
        (NEW_YORK, 0, "2027-11-06T12:00", "2027-11-07T04:00"),
        (APIA, 7, "2011-12-29T17:30", "2011-12-30T17:00"),  # the 30th of December 2011 was left out
    ],
)
def test_a_digest_is_due_when_clocks_show_its_hour_next(tz, hour: int, after: str, due: str):
    found = due_after(datetime.fromisoformat(after).replace(tzinfo=UTC), hour, tz)
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@given(
    start=st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    hour=st.integers(0, 23),
    tz=st.sampled_from([BERLIN, NEW_YORK, LORD_HOWE, zone("UTC")]),
)
def test_digests_are_due_once_on_each_day(start: datetime, hour: int, tz):
    dues = [start]
    for _ in range(10):
        dues.append(due_after(dues[-1], hour, tz))
    days = [day_at(due, tz) for due in dues[1:]]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
    assert all(wall_time(due, tz)[0].hour in {hour, hour + 1} for due in dues[1:])
    assert dues[1] - start <= timedelta(hours=25)


@pytest.mark.parametrize(("day", "hours"), [("2027-03-28", 23), ("2027-10-31", 25), ("2027-06-01", 24)])
def test_a_day_has_as_many_hours_as_its_clocks_give_it(day: str, hours: int):
    begins, ends = span_of(date.fromisoformat(day), BERLIN)
    assert ends - begins == timedelta(hours=hours)
