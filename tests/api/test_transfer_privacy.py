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


@pytest.mark.parametrize("params", [{}, {"on_conflict": "allow"}])
async def test_a_refused_hand_over_says_only_that_the_time_is_taken(alice: Person, ben: Person, params: dict[str, str]):
    event = await a_trap(alice, ben)
    refused = await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id}, params=params)
    problem = refusal(refused, 409, "schedule-conflict")
    assert (problem["conflicts"], problem["more"], problem["nearest_free"]) == ([], False, [])
    for taken in ("2045-03-03", "2045-03-05", "Dentist", "Interview"):
        assert taken not in refused.text
    assert await read(alice, event) == event


async def test_an_event_that_takes_no_time_is_handed_over_all_the_same(alice: Person, ben: Person):
    event = await a_trap(alice, ben, free_busy_status="free")
    handed = await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})
    assert handed.json()["owner_id"] == ben.id
