"""The whole calendar as it was at a moment: what is seen now, with what it was then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api.steps import calendar, change_part, delete_part, invalid, pages, path_of, refusal, starts, titles
from tests.people import Json, Person

EVENTS = "/api/v1/events"
NOON = {"start_time": "2027-03-20T12:00:00Z", "end_time": "2027-03-20T13:00:00Z"}


async def now(person: Person, event: Json) -> str:
    """The moment of an event's newest version."""
    return str((await person.get(path_of(event))).json()["updated_at"])


async def march(person: Person, as_of: str, **params: str | int) -> list[Json]:
    """A person's March 2027 as it was."""
    return await calendar(person, "2027-03-01", "2027-03-31", **{"as_of": as_of, **params})


async def daily(person: Person, title: str = "Stand-up") -> Json:
    times = {"start": "2027-03-01T09:00:00Z", "end": "2027-03-01T09:15:00Z"}
    return await person.creates(title, **times, recurrence_pattern="FREQ=DAILY;COUNT=5", free_busy_status="free")


# -- what it shows -------------------------------------------------------------------------------------------


async def test_an_event_is_shown_with_what_it_was(alice: Person):
    event = await alice.creates("Planning", location="Room 4", tags=["a"])
    await alice.changes(event, title="Planning, moved", **NOON, location=None)
    [then] = await march(alice, event["created_at"])
    assert then == event


async def test_a_moment_at_which_nothing_was_different_shows_what_is_there(alice: Person):
    await daily(alice)
    event = await alice.creates()
    await alice.changes(event, title="Other")
    assert await march(alice, "2999-01-01T00:00:00Z") == await calendar(alice, "2027-03-01", "2027-03-31")
    assert await march(alice, await now(alice, event)) == await calendar(alice, "2027-03-01", "2027-03-31")


async def test_an_event_is_shown_where_it_was_not_where_it_is(alice: Person):
    event = await alice.creates()
    await alice.changes(event, start_time="2027-06-01T09:00:00Z", end_time="2027-06-01T10:00:00Z")
    assert titles(await march(alice, event["created_at"])) == ["Planning"]
    june = await calendar(alice, "2027-06-01", "2027-06-30", as_of=event["created_at"])
    assert (june, await march(alice, await now(alice, event))) == ([], [])


async def test_what_was_not_made_yet_is_left_out(alice: Person):
    first = await alice.creates("First")
    second = await alice.creates("Second")
    await alice.changes(first, title="First, changed")
    await alice.changes(second, title="Second, changed")
    assert titles(await march(alice, first["created_at"])) == ["First"]
    assert titles(await march(alice, second["created_at"])) == ["First", "Second"]
    assert await march(alice, "0001-01-04T00:00:00Z") == []


async def test_what_lay_in_the_trash_then_is_left_out(alice: Person):
    event = await alice.creates()
    await alice.delete(path_of(event))
    [deleted] = (await alice.get(f"{EVENTS}/trash")).json()
    await alice.post(f"{path_of(event)}/restore")
    assert await march(alice, deleted["updated_at"]) == []
    assert titles(await march(alice, event["created_at"])) == ["Planning"]


async def test_what_its_owner_has_thrown_away_is_there_again_for_the_owner_alone(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    await alice.delete(path_of(event))
    assert titles(await march(alice, event["created_at"])) == ["Planning"]
    assert await march(ben, event["created_at"]) == []
    assert await march(alice, "2999-01-01T00:00:00Z") == []


async def test_a_series_is_expanded_as_it_was(alice: Person):
    series = await daily(alice)
    eleven = {"start_time": "2027-03-02T11:00:00Z", "end_time": "2027-03-02T11:15:00Z"}
    await change_part(alice, series, "this", "2027-03-02T09:00:00", **eleven)
    moved = await now(alice, series)
    await delete_part(alice, series, "this", "2027-03-03T09:00:00")
    await alice.changes(series, recurrence_pattern=None)
    days = [f"2027-03-0{day}T09:00:00Z" for day in range(1, 6)]
    assert starts(await march(alice, series["created_at"])) == days
    assert starts(await march(alice, moved)) == [days[0], "2027-03-02T11:00:00Z", *days[2:]]
    [entry, *_] = await march(alice, moved)
    assert (entry["occurrence"], entry["series_start"], entry["is_recurring"]) == ("2027-03-01T09:00:00", days[0], True)
    assert starts(await march(alice, await now(alice, series))) == days[:1]


# -- whose and for whom --------------------------------------------------------------------------------------


async def test_it_is_shown_with_the_role_and_the_owner_of_now(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben, "viewer")
    await alice.changes(event, title="Changed")
    assert [(one["title"], one["role"]) for one in await march(ben, event["created_at"])] == [("Planning", "viewer")]
    await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})
    [mine] = await march(ben, event["created_at"])
    assert (mine["role"], mine["owner_id"], mine["title"]) == ("owner", ben.id, "Planning")


async def test_who_lost_an_event_does_not_see_what_it_was(alice: Person, ben: Person, stranger: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    await alice.changes(event, title="Changed")
    await alice.delete(f"{path_of(event)}/permissions/{ben.id}")
    for person in (ben, stranger):
        assert await march(person, event["created_at"]) == []


# -- filters, pages, refusals --------------------------------------------------------------------------------


async def two_events(alice: Person, ben: Person) -> str:
    """Alice's, which was about soup, and Ben's series; both are different now. Gives the moment."""
    soup = await alice.creates("Soup", tags=["kitchen"])
    series = await daily(ben)
    await ben.shares(series, alice, "viewer")
    moment = await now(ben, series)
    await alice.changes(soup, title="Salad", tags=[], recurrence_pattern="FREQ=DAILY;COUNT=2")
    await ben.changes(series, title="Soup", recurrence_pattern=None)
    return moment


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (lambda *_: {"q": "SOUP"}, {"Soup"}),
        (lambda *_: {"q": "kitchen"}, {"Soup"}),
        (lambda *_: {"q": "salad"}, set()),
        (lambda *_: {"is_recurring": "true"}, {"Stand-up"}),
        (lambda *_: {"is_recurring": "false"}, {"Soup"}),
        (lambda *_: {"role": "viewer"}, {"Stand-up"}),
        (lambda _alice, ben: {"owner_id": ben.id}, {"Stand-up"}),
        (lambda *_: {"updated_since": "2999-01-01T00:00:00Z"}, set()),
        (lambda *_: {"updated_since": "2020-01-01T00:00:00Z"}, {"Soup", "Stand-up"}),
    ],
)
async def test_what_is_looked_for_is_looked_for_in_what_was(
    alice: Person, ben: Person, chosen: Callable[[Person, Person], dict[str, str | int]], expected: set[str]
):
    moment = await two_events(alice, ben)
    assert set(titles(await march(alice, moment, **chosen(alice, ben)))) == expected


async def test_the_past_comes_in_pages(alice: Person, ben: Person):
    moment = await two_events(alice, ben)
    whole = await march(alice, moment)
    assert len(whole) == 6
    for limit in (1, 4):
        assert await march(alice, moment, limit=limit) == whole


async def test_without_a_window_there_are_all_events(alice: Person, ben: Person):
    moment = await two_events(alice, ben)
    assert titles(await pages(alice, EVENTS, as_of=moment)) == ["Soup", "Stand-up"]
    assert titles(await pages(alice, EVENTS, as_of=moment, limit=1)) == ["Soup", "Stand-up"]


@pytest.mark.parametrize("moment", ["2027-03-01T09:00:00", "2027-03-01", "yesterday", "0001-01-01T00:00:00+14:00"])
async def test_a_moment_that_is_none_is_refused(alice: Person, moment: str):
    assert invalid(await alice.get(EVENTS, as_of=moment)) == ["?as_of"]


async def test_each_version_of_a_calendar_is_found_at_its_moment(alice: Person):
    """The list and the single event tell of one past."""
    event = await alice.creates("Version 1")
    for number in range(2, 6):
        await alice.changes(event, title=f"Version {number}")
    for version in await pages(alice, f"{path_of(event)}/history"):
        [then] = await march(alice, version["created_at"])
        assert then == (await alice.get(path_of(event), as_of=version["created_at"])).json()
        assert then["title"] == f"Version {version['version_number']}"


async def test_a_window_that_is_too_long_is_refused_in_the_past_too(alice: Person):
    long = {"from": "2027-01-01", "to": "2029-01-01", "as_of": "2027-01-01T00:00:00Z"}
    refusal(await alice.get(EVENTS, **long), 422, "too-much")


@pytest.mark.parametrize(("said", "missing"), [("from", "?to"), ("to", "?from")])
async def test_the_past_of_a_window_needs_both_edges(alice: Person, said: str, missing: str):
    params = {said: "2027-03-01", "as_of": "2026-01-01T00:00:00Z"}
    assert invalid(await alice.get("/api/v1/events", **params)) == [missing]
