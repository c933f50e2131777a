"""Lists of events: who sees what, in what order, and in which window."""

from __future__ import annotations

import pytest

from tests.api.steps import calendar, invalid, pages, path_of, read, titles
from tests.people import Json, Person

EVENTS = "/api/v1/events"


async def day(person: Person, number: int, title: str = "", **fields: Json) -> Json:
    """Create an event on a day of March 2027."""
    start, end = f"2027-03-{number:02}T09:00:00Z", f"2027-03-{number:02}T10:00:00Z"
    return await person.creates(title or f"day {number}", start, end, **fields)


# -- who sees what, in what order ----------------------------------------------------------------------------


async def test_a_list_has_what_one_owns_and_what_is_shared_with_one(alice: Person, ben: Person, stranger: Person):
    own, shared = await day(ben, 2), await day(alice, 1)
    await day(alice, 3)
    await alice.shares(shared, ben, "viewer")
    assert [(one["id"], one["role"]) for one in await pages(ben, EVENTS)] == [
        (shared["id"], "viewer"),
        (own["id"], "owner"),
    ]
    assert await pages(stranger, EVENTS) == []


async def test_an_entry_of_a_list_is_the_event_itself(alice: Person):
    event = await day(alice, 1, description="Agenda", tags=["a"])
    assert await pages(alice, EVENTS) == [event]
    assert await calendar(alice, "2027-03-01", "2027-03-01") == [event]


async def test_lists_are_in_the_order_of_time(alice: Person):
    for number in (5, 1, 9, 3):
        await day(alice, number)
    expected = ["day 1", "day 3", "day 5", "day 9"]
    assert titles(await pages(alice, EVENTS)) == expected
    assert titles(await calendar(alice, "2027-03-01", "2027-03-31")) == expected


async def test_what_begins_at_one_time_is_in_the_order_in_which_it_was_created(alice: Person):
    for title in ("first", "second", "third"):
        await alice.creates(title, time_zone="Asia/Tokyo" if title == "second" else "UTC")
    assert titles(await pages(alice, EVENTS, limit=1)) == ["first", "second", "third"]
    assert titles(await calendar(alice, "2027-03-01", "2027-03-01", limit=1)) == ["first", "second", "third"]


async def test_what_was_revoked_or_deleted_is_in_no_list(alice: Person, ben: Person):
    revoked, deleted = await day(alice, 1), await day(alice, 2)
    for event in (revoked, deleted):
        await alice.shares(event, ben)
    await alice.delete(f"{path_of(revoked)}/permissions/{ben.id}")
    await alice.delete(path_of(deleted))
    assert await pages(ben, EVENTS) == await calendar(ben, "2027-03-01", "2027-03-31") == []
    assert await pages(alice, EVENTS) == [await read(alice, revoked)]


# -- windows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "there"),
    [
        ("2027-03-01T08:00:00Z", "2027-03-01T09:00:00Z", False),
        ("2027-03-01T08:00:00Z", "2027-03-01T09:00:01Z", True),
        ("2027-03-01T09:15:00Z", "2027-03-01T09:30:00Z", True),
        ("2027-03-01T09:59:59Z", "2027-03-01T11:00:00Z", True),
        ("2027-03-01T10:00:00Z", "2027-03-01T11:00:00Z", False),
        ("2027-03-01T10:00:00+01:00", "2027-03-01T10:30:00+01:00", True),
        ("2027-03-01T09:30:00", "2027-03-01T09:45:00", True),
        ("2027-03-01", "2027-03-01", True),
        ("2027-02-28", "2027-02-28", False),
        ("2027-03-02", "2027-03-02", False),
    ],
)
async def test_a_window_has_what_overlaps_it(alice: Person, start: str, end: str, there: bool):
    single = await day(alice, 1)
    series = await day(alice, 1, recurrence_pattern={"frequency": "daily", "count": 1}, free_busy_status="free")
    assert [one["id"] for one in await calendar(alice, start, end)] == [single["id"], series["id"]] * there


async def test_a_window_may_be_called_by_dates_too(alice: Person):
    await day(alice, 1)
    await day(alice, 2)
    found = await pages(alice, EVENTS, start_date="2027-03-02", end_date="2027-03-03")
    assert titles(found) == ["day 2"]


async def test_a_window_has_long_events_that_began_before_it(alice: Person):
    await alice.creates("Sabbatical", "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z")
    assert titles(await calendar(alice, "2027-03-01", "2027-03-01")) == ["Sabbatical"]


async def test_a_window_that_is_too_long_is_refused(alice: Person):
    refused = await alice.get(EVENTS, **{"from": "2027-01-01T00:00:00Z", "to": "2028-02-06T00:00:00Z"})
    assert (refused.status_code, refused.json()["limit"]) == (422, 400)
    assert await calendar(alice, "2027-01-01T00:00:00Z", "2028-02-05T00:00:00Z") == []


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({"from": "2027-03-02", "to": "2027-03-01"}, "?to"),
        ({"from": "2027-03-01T09:00:00Z", "to": "2027-03-01T09:00:00Z"}, "?to"),
        ({"from": "tomorrow"}, "?from"),
        ({"to": "0000-00-00"}, "?to"),
        ({"from": "0001-01-01"}, "?from"),
        ({"end_date": "9999-12-31"}, "?to"),
        ({"q": "x" * 201}, "?q"),
        ({"q": "\x00"}, "?q"),
        ({"role": "boss"}, "?role"),
        ({"limit": 0}, "?limit"),
        ({"limit": 201}, "?limit"),
        ({"owner_id": 2**70}, "?owner_id"),
        ({"updated_since": "2027-03-01"}, "?updated_since"),
        ({"cursor": "AAAA"}, "?cursor"),
    ],
)
async def test_what_a_list_cannot_be_asked_is_refused_by_name(alice: Person, params: Json, place: str):
    assert invalid(await alice.get(EVENTS, **params)) == [place]


async def test_more_than_ten_thousand_occurrences_are_refused_and_never_cut(alice: Person):
    times = {"start": "2027-01-01T00:00:00Z", "end": "2027-01-01T00:10:00Z", "free_busy_status": "free"}
    hourly = {"frequency": "daily", "byHour": list(range(24))}
    first = await alice.creates("first", **times, recurrence_pattern={**hourly, "count": 5000})
    await alice.creates("second", **times, recurrence_pattern={**hourly, "count": 5000})
    window = {"from": "2027-01-01T00:00:00Z", "to": "2028-01-01T00:00:00Z"}
    whole = await alice.get(EVENTS, **window, limit=200)
    assert (whole.status_code, len(whole.json())) == (200, 200)
    await day(alice, 1, free_busy_status="free")
    refused = await alice.get(EVENTS, **window)
    assert (refused.status_code, refused.json()["limit"]) == (422, 10_000)
    assert (await alice.get(f"{path_of(first)}/occurrences", **window)).status_code == 200


# -- series in windows ---------------------------------------------------------------------------------------


async def test_a_window_has_the_occurrences_of_a_series(alice: Person):
    series = await day(alice, 1, "Stand-up", recurrence_pattern={"frequency": "weekly"})
    found = await calendar(alice, "2027-03-08", "2027-03-21")
    assert [
        (one["id"], one["start_time"], one["end_time"], one["occurrence"], one["series_start"]) for one in found
    ] == [
        (
            series["id"],
            f"2027-03-{n:02}T09:00:00Z",
            f"2027-03-{n:02}T10:00:00Z",
            f"2027-03-{n:02}T09:00:00",
            series["start_time"],
        )
        for n in (8, 15)
    ]


async def test_without_a_window_a_series_is_one_entry(alice: Person):
    series = await day(alice, 1, recurrence_pattern="daily")
    assert await pages(alice, EVENTS) == [series]


async def test_single_events_and_occurrences_are_sorted_into_each_other(alice: Person):
    await day(alice, 1, "series", recurrence_pattern={"frequency": "daily", "count": 3}, free_busy_status="free")
    await day(alice, 2, "single")
    found = await calendar(alice, "2027-03-01", "2027-03-31", limit=1)
    assert [(one["title"], one["start_time"][8:10]) for one in found] == [
        ("series", "01"),
        ("series", "02"),
        ("single", "02"),
        ("series", "03"),
    ]
