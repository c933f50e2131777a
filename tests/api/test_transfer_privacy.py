"""Handing an event over tells nobody when its new owner is busy, and takes none of the time that they have taken."""

from __future__ import annotations

import pytest

from tests.api.booking import book
from tests.api.steps import path_of, read, refusal
from tests.people import Json, Person


async def a_trap(alice: Person, ben: Person, **fields: Json) -> Json:
    """Alice's event over a month in which Ben is busy, shared with Ben."""
    event = await book(alice, "01 00:00", "31 00:00", "Trap", **fields)
    await alice.shares(event, ben, "viewer")
    await book(ben, "03 09:00", "03 10:00", "Dentist")
    await book(ben, "05 09:00", "05 10:00", "Interview")
    return event


async def test_a_refused_hand_over_says_only_that_the_time_is_taken(alice: Person, ben: Person):
    event = await a_trap(alice, ben)
    refused = await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})
    problem = refusal(refused, 409, "schedule-conflict")
    assert (problem["conflicts"], problem["more"], problem["nearest_free"]) == ([], False, [])
    for taken in ("2045-03-03", "2045-03-05", "Dentist", "Interview"):
        assert taken not in refused.text
    assert await read(alice, event) == event


async def test_an_event_that_takes_no_time_is_handed_over_all_the_same(alice: Person, ben: Person):
    event = await a_trap(alice, ben, free_busy_status="free")
    handed = await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})
    assert handed.json()["owner_id"] == ben.id


# -- what was handed over free -------------------------------------------------------------------------------


async def handed_over_free(alice: Person, ben: Person, **fields: Json) -> Json:
    """Ben's event over a month in which he is busy; it was Alice's, took no time, and nobody asked him."""
    event = await a_trap(alice, ben, free_busy_status="free", **fields)
    handed = await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})
    assert handed.status_code == 200, handed.text
    return await read(alice, event)


@pytest.mark.parametrize("params", [{}, {"on_conflict": "allow"}])
async def test_the_former_owner_cannot_make_it_take_what_the_new_owner_has_taken(
    alice: Person, ben: Person, params: dict[str, str]
):
    event = await handed_over_free(alice, ben)
    refused = await alice.put(path_of(event), {"free_busy_status": "busy"}, params=params)
    problem = refusal(refused, 409, "schedule-conflict")
    assert (problem["conflicts"], problem["more"], problem["nearest_free"]) == ([], False, [])
    for taken in ("2045-03-03", "2045-03-05", "Dentist", "Interview"):
        assert taken not in refused.text
    assert await read(alice, event) == event


async def test_the_new_owner_may_do_so(alice: Person, ben: Person):
    event = await handed_over_free(alice, ben)
    refused = await ben.put(path_of(event), {"free_busy_status": "busy"})
    assert len(refusal(refused, 409, "schedule-conflict")["conflicts"]) == 2
    allowed = await ben.put(path_of(event), {"free_busy_status": "busy"}, params={"on_conflict": "allow"})
    assert allowed.status_code == 200


async def test_the_former_owner_learns_when_they_are_busy_once_they_have_given_the_role(alice: Person, ben: Person):
    event = await handed_over_free(alice, ben)
    given = await ben.put(f"{path_of(event)}/permissions/{alice.id}", {"role": "editor"})
    assert given.status_code == 200
    refused = await alice.put(path_of(event), {"free_busy_status": "busy"})
    problem = refusal(refused, 409, "schedule-conflict")
    assert [one["title"] for one in problem["conflicts"]] == [None, None]


async def test_the_later_half_of_a_series_tells_the_former_owner_no_more_than_the_whole(alice: Person, ben: Person):
    event = await handed_over_free(alice, ben, recurrence_pattern="FREQ=MONTHLY;COUNT=3")
    params = {"scope": "following", "occurrence": "2045-04-01T00:00:00"}
    later = (await alice.put(path_of(event), {"title": "Later"}, params=params)).json()
    await book(ben, "09 09:00", "09 10:00", "Doctor")
    moved = {"start_time": "2045-03-09T00:00:00Z", "end_time": "2045-03-10T00:00:00Z", "free_busy_status": "busy"}
    refused = await alice.put(path_of(later), {**moved, "recurrence_pattern": None})
    problem = refusal(refused, 409, "schedule-conflict")
    assert (problem["conflicts"], problem["nearest_free"]) == ([], [])
