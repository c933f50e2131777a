"""What lies more than two years back: single events are compared, and series are not, whatever is booked first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from convene import clock
from tests.api.booking import EVENTS
from tests.api.steps import refusal, titles
from tests.people import Json, Person

UNTIL = "X-Conflicts-Checked-Until"


def hour(start: datetime, title: str, pattern: Json = None) -> Json:
    """An hour from a time on, once or again and again."""
    end = start + timedelta(hours=1)
    times = {"start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end_time": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    return {"title": title, **times, "recurrence_pattern": pattern}


LONG_AGO = datetime(2015, 3, 2, 9, tzinfo=clock.now().tzinfo)
A_YEAR_AGO = clock.now().replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=365)
ENDED = {"frequency": "daily", "count": 30}
ENDLESS = {"frequency": "daily"}


async def book_both(person: Person, bookings: list[Json], *, at_once: bool) -> Json:
    """Try to book one after the other, or both in a batch, and give the last answer."""
    if at_once:
        return await person.post(f"{EVENTS}/batch", bookings)
    first, second = bookings
    assert (await person.post(EVENTS, first)).status_code == 201
    return await person.post(EVENTS, second)


either_order = pytest.mark.parametrize("order", [1, -1], ids=["as said", "the other way round"])
either_way = pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "in a batch"])


@either_order
@either_way
@pytest.mark.parametrize("pattern", [ENDED, ENDLESS], ids=["ended", "endless"])
async def test_what_a_series_took_more_than_two_years_ago_is_not_compared(
    alice: Person, pattern: Json, order: int, at_once: bool
):
    bookings = [hour(LONG_AGO, "Series", pattern), hour(LONG_AGO + timedelta(days=7), "Single")]
    assert (await book_both(alice, bookings[::order], at_once=at_once)).status_code == 201


@either_order
@either_way
async def test_two_series_of_more_than_two_years_ago_are_not_compared(alice: Person, order: int, at_once: bool):
    bookings = [hour(LONG_AGO, "Ended", ENDED), hour(LONG_AGO, "Endless", ENDLESS)]
    assert (await book_both(alice, bookings[::order], at_once=at_once)).status_code == 201


@either_order
@either_way
async def test_what_a_series_took_a_year_ago_is_compared(alice: Person, order: int, at_once: bool):
    bookings = [hour(LONG_AGO, "Series", ENDLESS), hour(A_YEAR_AGO, "Single")][::order]
    answer = await book_both(alice, bookings, at_once=at_once)
    assert len(refusal(answer, 409, "schedule-conflict")["conflicts"]) == 1


@either_way
async def test_single_events_are_compared_however_long_ago(alice: Person, at_once: bool):
    bookings = [hour(LONG_AGO, "Taken"), hour(LONG_AGO, "Wanted")]
    refusal(await book_both(alice, bookings, at_once=at_once), 409, "schedule-conflict")


async def test_the_free_times_of_long_ago_take_no_account_of_series_either(alice: Person):
    await alice.post(EVENTS, hour(LONG_AGO, "Series", ENDLESS))
    await alice.post(EVENTS, hour(LONG_AGO, "Taken"))
    problem = refusal(await alice.post(EVENTS, hour(LONG_AGO, "Wanted")), 409, "schedule-conflict")
    assert titles(problem["conflicts"]) == ["Taken"]


async def test_a_series_that_ended_more_than_two_years_ago_does_not_say_that_it_was_compared(alice: Person):
    created = await alice.post(EVENTS, hour(LONG_AGO, "Series", ENDED))
    assert (created.status_code, created.headers.get(UNTIL)) == (201, None)
    batch = await alice.post(f"{EVENTS}/batch", [hour(LONG_AGO, "Series", ENDED)])
    assert (batch.status_code, batch.headers.get(UNTIL)) == (201, None)
