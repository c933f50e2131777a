"""Series as occurrences in time: found in windows, bounded, changed singly, split and moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from convene.domain.content import UNSET, EventContent, FreeBusy, Override, Schedule, Status
from convene.domain.content_json import from_json, to_json
from convene.domain.errors import Invalid, TooMuch
from convene.domain.expansion import BEGINNING_OF_TIME, moved, starts
from convene.domain.patterns import read_pattern
from convene.domain.schedule_times import is_occurrence
from convene.domain.series import (
    Occurrence,
    bounds,
    excluding,
    has_occurrences,
    occurrences,
    rescheduled,
    split,
    with_override,
)
from convene.domain.zones import EARLIEST, FAR_FUTURE, LATEST
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.domain.series_strategies import contents, schedules, windows

LIMIT = 20_000
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
wall = datetime.fromisoformat


def event(
    pattern: str | None,
    start: str,
    zone: str = "Europe/Berlin",
    lasts: timedelta = HOUR,
    *,
    all_day: bool = False,
    overrides: tuple[Override, ...] = (),
) -> EventContent:
    rule = read_pattern(pattern, start=wall(start), zone=zone, all_day=all_day)
    schedule = Schedule(start=wall(start), duration=lasts, zone=zone, all_day=all_day, rule=rule)
    return EventContent(title="Stand-up", schedule=schedule, overrides=overrides)


def between(content: EventContent, after: str, before: str) -> list[Occurrence]:
    """All in a window of UTC."""
    return occurrences(content, wall(after).replace(tzinfo=UTC), wall(before).replace(tzinfo=UTC), limit=LIMIT)


def seen(content: EventContent, after: str, before: str) -> list[str]:
    """Starts in UTC."""
    return [f"{one.starts_at:%m-%d %H:%M}" for one in between(content, after, before)]


def overlapping(found: list[Occurrence], after: datetime, before: datetime) -> list[Occurrence]:
    return [one for one in found if one.starts_at < before and one.ends_at > after]


def in_order(found: Iterable[Occurrence]) -> list[Occurrence]:
    return sorted(found, key=lambda one: (one.starts_at, one.recurrence_id))


def slowly(content: EventContent, before: datetime) -> list[Occurrence]:
    """All occurrences that can start before an instant, one by one, with dateutil to resolve times in gaps."""
    schedule = content.schedule
    assert schedule.rule is not None
    zone = ZoneInfo(schedule.zone)

    def instant(name: datetime) -> datetime:
        return tz.resolve_imaginary(name.replace(tzinfo=zone)).astimezone(UTC)

    def end(starts_at: datetime, lasts: timedelta) -> datetime:
        if not schedule.all_day:
            return starts_at + lasts
        return instant(datetime.combine(starts_at.astimezone(zone).date(), wall("2000-01-01").time()) + lasts)

    horizon = before.replace(tzinfo=None) + timedelta(days=60)
    names = {
        instant(name): name for name in starts(schedule.rule, schedule.start, after=BEGINNING_OF_TIME, before=horizon)
    }
    found = []
    for starts_at, name in names.items():
        own = content.override_at(name)
        if own is None:
            begins, lasts = starts_at, schedule.duration
            status, free_busy = content.status, content.free_busy_status
        elif own.excluded:
            continue
        else:
            begins = starts_at if own.start is UNSET else instant(own.start)
            lasts = schedule.duration if own.duration is UNSET else own.duration
            status = content.status if own.status is UNSET else own.status
            free_busy = content.free_busy_status if own.free_busy_status is UNSET else own.free_busy_status
        takes_time = free_busy is FreeBusy.BUSY and status is not Status.CANCELLED
        found.append(Occurrence(name, begins, end(begins, lasts), own, takes_time))
    return in_order(found)


# -- laws ----------------------------------------------------------------------------------------------------


@given(contents(), st.data())
def test_a_window_has_exactly_what_overlaps_it(content, data):
    after, before = data.draw(windows(content))
    expected = overlapping(slowly(content, before), after, before)
    assert occurrences(content, after, before, limit=LIMIT) == expected


@given(contents(), st.data())
def test_a_window_that_is_cut_loses_and_gains_nothing(content, data):
    after, middle, before = data.draw(windows(content, 3))
    halves = ((after, middle), (middle, before))
    joined = {one for half in halves for one in occurrences(content, *half, limit=LIMIT)}
    assert in_order(joined) == occurrences(content, after, before, limit=LIMIT)


@given(contents(), st.data())
def test_more_than_the_limit_is_an_error_and_never_a_cut(content, data):
    after, before = data.draw(windows(content))
    found = occurrences(content, after, before, limit=LIMIT)
    assert occurrences(content, after, before, limit=len(found)) == found
    if found:
        with pytest.raises(TooMuch):
            occurrences(content, after, before, limit=len(found) - 1)


def test_an_endless_series_in_an_endless_window_is_too_much_at_once():
    endless = excluding(event("FREQ=DAILY", "2025-01-06T09:00", "UTC"), wall("2025-01-07T09:00"))
    with pytest.raises(TooMuch) as caught:
        occurrences(endless, EARLIEST, LATEST, limit=100)
    assert caught.value.limit == 100


@given(contents())
def test_bounds_hold_all_occurrences_and_begin_with_the_first(content):
    starts_at, ends_at = bounds(content)
    rule = content.schedule.rule
    assert rule is not None
    endless = rule.count is None and rule.until is None
    before = starts_at + timedelta(days=60) if endless else LATEST
    found = occurrences(content, EARLIEST, before, limit=LIMIT)
    assert has_occurrences(content) == bool(found)
    if found:
        assert starts_at == found[0].starts_at
        assert endless or max(one.ends_at for one in found) <= ends_at
        assert endless == (ends_at == FAR_FUTURE)


@given(contents())
def test_names_are_those_of_the_occurrences(content):
    plain = replace(content, overrides=())
    last = content.schedule.start + timedelta(days=10)
    named = {one.recurrence_id for one in slowly(plain, content.schedule.starts_at + timedelta(days=30))}
    rule = content.schedule.rule
    assert rule is not None
    for name in starts(rule, content.schedule.start, after=BEGINNING_OF_TIME, before=last):
        assert is_occurrence(content.schedule, name) == (name in named)
        assert not is_occurrence(content.schedule, name + timedelta(seconds=1))


@given(contents(), st.data())
def test_the_halves_of_a_split_series_are_the_whole(content, data):
    found = occurrences(replace(content, overrides=()), EARLIEST, content.schedule.starts_at + 20 * DAY, limit=LIMIT)
    names = [one.recurrence_id for one in found if one.recurrence_id != content.schedule.start]
    if not names:
        return
    earlier, later = split(content, data.draw(st.sampled_from(names)))
    after, before = data.draw(windows(content))
    halves = [
        *occurrences(earlier, after, before, limit=LIMIT),
        *occurrences(later, after, before, limit=LIMIT),
    ]
    whole = occurrences(content, after, before, limit=LIMIT)
    assert in_order(halves) == whole
    assert earlier.schedule.rule is not None
    assert earlier.schedule.rule.count or earlier.schedule.rule.until
    assert from_json(to_json(earlier)) == earlier
    assert from_json(to_json(later)) == later


@given(contents(), st.data())
def test_overrides_of_a_rescheduled_series_are_at_occurrences_of_it(content, data):
    schedule = data.draw(schedules())
    changed = rescheduled(content, schedule)
    assert changed.schedule == schedule
    assert all(is_occurrence(schedule, own.occurrence) for own in changed.overrides)
    names = [own.occurrence for own in changed.overrides]
    assert names == sorted(set(names))
    assert rescheduled(content, content.schedule) == content


@given(contents(), st.integers(-3, 3).filter(bool))
def test_overrides_move_along_with_a_series_that_is_moved_by_days(content, days):
    old = content.schedule
    assert old.rule is not None
    start = old.start + days * DAY
    rule = moved(replace(old.rule, until=None), old.start, start)
    there = rescheduled(content, replace(old, start=start, rule=rule, zone="UTC"))
    expected = [name + days * DAY for name in (own.occurrence for own in content.overrides)]
    if old.rule.frequency.value in ("daily", "weekly"):
        assert [own.occurrence for own in there.overrides] == expected


# -- gaps and overlaps ---------------------------------------------------------------------------------------


def test_a_time_in_a_gap_takes_the_offset_before_it_and_one_that_comes_twice_means_the_first():
    """RFC 5545, 3.8.5.3, which sends recurrence instances to 3.3.5."""
    night = event("FREQ=DAILY", "2025-03-29T02:30")
    assert seen(night, "2025-03-29", "2025-04-01") == ["03-29 01:30", "03-30 01:30", "03-31 00:30"]
    night = event("FREQ=DAILY", "2025-10-25T02:30")
    assert seen(night, "2025-10-25", "2025-10-28") == ["10-25 00:30", "10-26 00:30", "10-27 01:30"]


def test_two_times_that_a_gap_makes_one_are_one_occurrence_under_the_time_that_clocks_show():
    twice = event("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30", "2025-03-29T02:30")
    names = [f"{one.recurrence_id:%d %H:%M}" for one in between(twice, "2025-03-29", "2025-03-31")]
    assert names == ["29 02:30", "29 03:30", "30 03:30"]
    assert not is_occurrence(twice.schedule, wall("2025-03-30T02:30"))


def test_the_day_that_samoa_left_out_is_no_occurrence_of_a_daily_series():
    days = event("FREQ=DAILY", "2011-12-29T00:00", "Pacific/Apia", DAY, all_day=True)
    assert [f"{one.recurrence_id:%d}" for one in between(days, "2011-12-29T10:00", "2012-01-01T10:00")] == [
        "29",
        "31",
        "01",
    ]


def test_an_all_day_event_on_a_day_that_does_not_exist_takes_place_on_the_day_that_clocks_show():
    [friday] = between(
        event("FREQ=WEEKLY;COUNT=1", "2011-12-30T00:00", "Pacific/Apia", DAY, all_day=True),
        "2011-12-01",
        "2012-02-01",
    )
    assert (friday.starts_at, friday.ends_at) == (wall("2011-12-30T10:00Z"), wall("2011-12-31T10:00Z"))
    single = event(None, "2011-12-30T00:00", "Pacific/Apia", DAY, all_day=True)
    assert (single.schedule.starts_at, single.schedule.ends_at) == (friday.starts_at, friday.ends_at)


def test_the_length_of_an_occurrence_is_exact_and_that_of_a_whole_day_is_from_midnight_to_midnight():
    """RFC 5545, 3.8.5.3: exact duration for times; a day of 23 hours is still a day."""
    [night] = between(event("FREQ=DAILY;COUNT=1", "2025-03-30T00:00", lasts=4 * HOUR), "2025-03-29", "2025-03-31")
    assert night.ends_at - night.starts_at == 4 * HOUR
    [day] = between(
        event("FREQ=DAILY;COUNT=1", "2025-03-30T00:00", lasts=DAY, all_day=True), "2025-03-29", "2025-03-31"
    )
    assert day.ends_at - day.starts_at == 23 * HOUR


# -- windows -------------------------------------------------------------------------------------------------


def test_a_single_event_is_an_occurrence_of_itself():
    single = event(None, "2025-01-06T09:00")
    [one] = between(single, "2025-01-06T08:59", "2025-01-06T09:00") or between(single, "2025-01-06", "2025-01-07")
    assert one.recurrence_id == wall("2025-01-06T09:00")
    assert bounds(single) == (one.starts_at, one.ends_at)
    assert between(single, "2025-01-06T07:00", "2025-01-06T08:00") == []
    assert between(single, "2025-01-06T09:00", "2025-01-06T10:00") == []
    with pytest.raises(TooMuch):
        occurrences(single, one.starts_at, one.ends_at, limit=0)


def test_a_single_event_in_the_second_pass_of_an_hour_is_there():
    single = EventContent(
        title="Late",
        schedule=Schedule(start=wall("2025-10-26T02:30"), duration=HOUR, zone="Europe/Berlin", fold=1),
    )
    assert seen(single, "2025-10-26", "2025-10-27") == ["10-26 01:30"]


def test_an_occurrence_that_began_long_before_the_window_is_found():
    long = event("FREQ=YEARLY", "2020-01-01T09:00", lasts=timedelta(days=360))
    assert seen(long, "2024-12-20", "2024-12-21") == ["01-01 08:00"]


def test_occurrences_are_found_where_they_were_moved_to():
    name = wall("2025-01-07T09:00")
    weekly = event(
        "FREQ=DAILY",
        "2025-01-06T09:00",
        "UTC",
        overrides=(Override(occurrence=name, start=wall("2025-02-01T15:00")),),
    )
    assert seen(weekly, "2025-01-07", "2025-01-08") == []
    assert seen(weekly, "2025-02-01", "2025-02-02") == ["02-01 09:00", "02-01 15:00"]
    assert [one.recurrence_id for one in between(weekly, "2025-02-01T12:00", "2025-02-02")] == [name]


def test_a_changed_occurrence_blocks_as_it_says_itself():
    name = wall("2025-01-07T09:00")
    daily = event(
        "FREQ=DAILY;COUNT=2",
        "2025-01-06T09:00",
        "UTC",
        overrides=(Override(occurrence=name, status=Status.CANCELLED),),
    )
    assert [one.blocks for one in between(daily, "2025-01-01", "2025-02-01")] == [True, False]


def test_instants_without_a_zone_are_refused():
    with pytest.raises(TypeError):
        occurrences(event("FREQ=DAILY", "2025-01-06T09:00"), wall("2025-01-06"), wall("2025-01-07"), limit=9)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
@pytest.mark.parametrize("all_day", [False, True])
def test_both_ends_of_time_can_be_looked_at(zone, all_day):
    lasts = timedelta(days=366)
    early = event("FREQ=DAILY;COUNT=3", "0001-01-06T00:00", zone, lasts, all_day=all_day)
    late = event("FREQ=DAILY", "9998-12-20T00:00", zone, lasts, all_day=all_day)
    everything = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert len(occurrences(early, *everything, limit=LIMIT)) == 3
    found = occurrences(late, *everything, limit=LIMIT)
    assert found[-1].recurrence_id == wall("9999-12-26")
    assert max(one.ends_at for one in found) <= FAR_FUTURE
    assert bounds(late)[1] == FAR_FUTURE
    finite = replace(
        late,
        schedule=replace(
            late.schedule,
            rule=read_pattern("FREQ=DAILY;COUNT=370", start=late.schedule.start, zone=zone, all_day=all_day),
        ),
    )
    assert bounds(finite)[1] == FAR_FUTURE


# -- single occurrences --------------------------------------------------------------------------------------


DAILY = event("FREQ=DAILY;COUNT=3", "2025-01-06T09:00", "UTC")
NAME = wall("2025-01-07T09:00")


def test_an_excluded_occurrence_does_not_take_place_and_can_be_brought_back():
    without = excluding(DAILY, NAME)
    assert seen(without, "2025-01-01", "2025-02-01") == ["01-06 09:00", "01-08 09:00"]
    assert with_override(without, Override(occurrence=NAME)) == DAILY


def test_a_series_may_be_left_without_occurrences():
    content = DAILY
    for day in (6, 7, 8):
        assert has_occurrences(content)
        content = excluding(content, NAME.replace(day=day))
    assert not has_occurrences(content)
    assert bounds(content) == (content.schedule.starts_at, content.schedule.ends_at)


def test_the_bounds_follow_exclusions_and_moved_occurrences():
    assert bounds(DAILY) == (wall("2025-01-06T09:00Z"), wall("2025-01-09T12:00Z"))
    shorter = excluding(excluding(DAILY, wall("2025-01-06T09:00")), wall("2025-01-08T09:00"))
    assert bounds(shorter) == (wall("2025-01-07T09:00Z"), wall("2025-01-08T12:00Z"))
    early = with_override(DAILY, Override(occurrence=NAME, start=wall("2025-01-01T09:00")))
    assert bounds(early) == (wall("2025-01-01T09:00Z"), wall("2025-01-09T12:00Z"))
    late = with_override(DAILY, Override(occurrence=NAME, duration=30 * DAY))
    assert bounds(late) == (wall("2025-01-06T09:00Z"), wall("2025-02-07T11:00Z"))


def test_an_occurrence_that_is_put_where_it_is_anyway_has_no_start_of_its_own():
    assert with_override(DAILY, Override(occurrence=NAME, start=NAME)) == DAILY


@pytest.mark.parametrize(
    ("own", "pointer"),
    [
        (Override(occurrence=wall("2025-01-07T09:01"), title="Own"), "?occurrence"),
        (Override(occurrence=wall("2025-01-09T09:00"), excluded=True), "?occurrence"),
        (Override(occurrence=wall("9999-12-31T23:59"), excluded=True), "?occurrence"),
        (Override(occurrence=wall("0001-01-01"), excluded=True), "?occurrence"),
        (Override(occurrence=NAME, start=wall("9999-12-31")), "/start_time"),
        (Override(occurrence=NAME, duration=timedelta(0)), "/end_time"),
        (Override(occurrence=NAME, duration=timedelta(days=367)), "/end_time"),
        (Override(occurrence=NAME, start=wall("9999-12-27"), duration=timedelta(days=9)), "/end_time"),
    ],
)
def test_an_override_that_cannot_be_is_refused(own, pointer):
    with pytest.raises(Invalid) as caught:
        with_override(DAILY, own)
    assert caught.value.faults[0].pointer == pointer


def test_an_occurrence_of_an_all_day_series_takes_whole_days():
    days = event("FREQ=DAILY;COUNT=3", "2025-01-06T00:00", lasts=DAY, all_day=True)
    for own in ({"start": wall("2025-01-07T09:00")}, {"duration": HOUR}):
        with pytest.raises(Invalid):
            with_override(days, Override(occurrence=wall("2025-01-07T00:00"), **own))


def test_single_events_have_nothing_to_exclude_to_override_or_to_split():
    single = event(None, "2025-01-06T09:00")
    start = single.schedule.start
    assert is_occurrence(single.schedule, start)
    assert has_occurrences(single)
    for change in (
        lambda: excluding(single, start),
        lambda: with_override(single, Override(occurrence=start, title="Own")),
        lambda: split(single, start),
    ):
        with pytest.raises(Invalid) as caught:
            change()
        assert caught.value.faults[0].pointer == "?occurrence"


def test_an_occurrence_cannot_be_excluded_twice():
    with pytest.raises(Invalid):
        excluding(excluding(DAILY, NAME), NAME)


# -- splitting and moving ------------------------------------------------------------------------------------


def test_a_counted_series_is_split_by_its_count_and_an_endless_one_by_its_last_start():
    earlier, later = split(DAILY, NAME)
    assert [half.schedule.rule and half.schedule.rule.count for half in (earlier, later)] == [1, 2]
    endless = event("FREQ=WEEKLY", "2025-01-06T09:00")
    earlier, later = split(endless, wall("2025-01-20T09:00"))
    assert earlier.schedule.rule is not None
    assert earlier.schedule.rule.until == wall("2025-01-13T09:00")
    assert later.schedule.rule == endless.schedule.rule


@pytest.mark.parametrize("name", ["2025-01-06T09:00", "2025-01-07T10:00", "2026-01-01T09:00"])
def test_a_series_is_split_at_an_occurrence_that_is_not_the_first(name):
    with pytest.raises(Invalid) as caught:
        split(DAILY, wall(name))
    assert caught.value.faults[0].pointer == "?occurrence"


def test_a_time_in_a_gap_does_not_come_to_life_when_its_twin_is_cut_off():
    twice = event("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30", "2025-03-29T02:30")
    earlier, later = split(twice, wall("2025-03-30T03:30"))
    assert seen(earlier, "2025-03-28", "2025-04-01") == ["03-29 01:30", "03-29 02:30"]
    assert seen(later, "2025-03-28", "2025-03-31") == ["03-30 01:30"]


def test_an_override_keeps_its_name_when_the_start_moves_but_its_occurrence_stays():
    daily = event("FREQ=DAILY;BYHOUR=9,12", "2025-01-06T09:00", "UTC")
    content = with_override(daily, Override(occurrence=wall("2025-01-08T12:00"), title="Own"))
    then = replace(content.schedule, start=wall("2025-01-06T12:00"))
    assert [own.occurrence for own in rescheduled(content, then).overrides] == [wall("2025-01-08T12:00")]


@pytest.mark.parametrize(
    ("before", "after", "start", "names"),
    [
        ("FREQ=DAILY;BYHOUR=9,12", "FREQ=DAILY;BYHOUR=9,12", "2025-01-06T12:00", ["2025-01-08T09:00"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=9", "2025-01-08T09:00", ["2025-01-13T09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=6,20", "FREQ=MONTHLY;BYMONTHDAY=6,20", "2025-01-20T09:00", ["2025-02-06T09:00"]),
    ],
    ids=["of two hours", "of two weekdays", "of two days of the month"],
)
def test_overrides_stay_with_their_days_when_a_series_only_begins_later(
    before: str, after: str, start: str, names: list[str]
):
    """Nine o'clock is no twelve o'clock because the series begins at twelve now, although both are in the pattern."""
    content = event(before, "2025-01-06T09:00", "UTC")
    for name in names:
        content = with_override(content, Override(occurrence=wall(name), title="Own"))
    rule = read_pattern(after, start=wall(start), zone="UTC", all_day=False)
    then = rescheduled(content, replace(content.schedule, start=wall(start), rule=rule))
    assert [own.occurrence for own in then.overrides] == [wall(name) for name in names]


def test_overrides_move_along_when_all_days_of_a_series_do():
    content = event("FREQ=WEEKLY;BYDAY=MO,WE", "2025-01-06T09:00", "UTC")
    content = with_override(content, Override(occurrence=wall("2025-01-08T09:00"), title="Own"))
    start = wall("2025-01-08T09:00")
    rule = read_pattern("FREQ=WEEKLY;BYDAY=WE,FR;COUNT=9", start=start, zone="UTC", all_day=False)
    then = rescheduled(content, replace(content.schedule, start=start, rule=rule))
    assert [own.occurrence for own in then.overrides] == [wall("2025-01-10T09:00")]


def test_overrides_go_when_their_occurrences_do():
    content = with_override(DAILY, Override(occurrence=NAME, title="Own"))
    weekly = replace(DAILY.schedule, rule=read_pattern("weekly", start=NAME, zone="UTC", all_day=False))
    assert rescheduled(content, weekly).overrides == ()
    assert rescheduled(content, replace(DAILY.schedule, rule=None)).overrides == ()


def test_a_series_that_becomes_all_day_loses_the_times_of_its_overrides_but_not_the_rest():
    own = Override(occurrence=NAME, title="Own", start=wall("2025-01-07T15:00"))
    content = with_override(with_override(DAILY, own), Override(occurrence=wall("2025-01-08T09:00"), duration=2 * HOUR))
    days = replace(DAILY.schedule, start=wall("2025-01-06T00:00"), duration=DAY, all_day=True)
    assert rescheduled(content, days).overrides == (Override(occurrence=wall("2025-01-07T00:00"), title="Own"),)


def test_far_moves_do_not_leave_the_calendar():
    content = with_override(DAILY, Override(occurrence=NAME, title="Own"))
    for start in ("0001-01-05T09:00", "9999-12-24T09:00"):
        there = rescheduled(content, replace(DAILY.schedule, start=wall(start)))
        assert len(there.overrides) == 1
        assert rescheduled(there, DAILY.schedule) == content
