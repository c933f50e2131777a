"""Whoever changes an event takes its owner's turn first, and those of the owners of the halves beside it: each once."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from datetime import datetime

import httpx2

from tests.api.steps import change_part, path_of
from tests.people import Api, Json, Person
from tests.process.recording import Asked, recognise, recorded


def turn(asked: Asked) -> str:
    """What a statement has to do with turns: whose it takes, or that it gives all back; nothing for most."""
    if asked.sql.startswith("ROLLBACK"):
        return "gives all back"
    if re.match(r"SELECT \w+\.owner_id\s+FROM", asked.sql):
        return "asks who owns the halves beside"
    if not asked.sql.startswith("UPDATE agendas SET revision"):
        return ""
    if "permissions" in asked.sql:
        return "the event's owner"
    owner = asked.values or re.findall(r"WHERE agendas.user_id = (\d+)", asked.sql)
    return f"{[value for value in owner if not isinstance(value, datetime)][-1]}"


async def turns(api: Api, person: Person, request: Awaitable[httpx2.Response]) -> list[str]:
    """What somebody's request does about turns, in order."""
    await recognise(person)
    async with recorded(api) as asked:
        answer = await request
    assert answer.status_code == 200, answer.text
    return [said for said in map(turn, asked) if said]


async def test_a_change_of_an_event_in_one_piece_takes_its_owners_turn_and_asks_for_no_halves(
    api: Api, alice: Person, ben: Person
):
    event = await alice.creates()
    await alice.shares(event, ben)
    assert await turns(api, ben, ben.put(path_of(event), {"title": "Retro"})) == ["the event's owner"]


async def split(alice: Person) -> tuple[Json, Json]:
    series = await alice.creates(recurrence_pattern={"frequency": "daily", "count": 4})
    return series, await change_part(alice, series, "following", "2027-03-03T09:00:00", title="Later")


async def test_a_half_beside_ones_own_takes_no_other_turn(api: Api, alice: Person):
    for half in await split(alice):
        taken = await turns(api, alice, alice.put(path_of(half), {"location": "Room 4"}))
        assert taken == ["the event's owner", "asks who owns the halves beside"]


async def test_a_half_beside_that_of_another_takes_both_turns_in_ascending_order(api: Api, alice: Person, ben: Person):
    for owner, other in ((alice, ben), (ben, alice)):
        earlier, later = await split(owner)
        await owner.shares(later, other)
        assert (await owner.post(f"{path_of(later)}/transfer", {"user_id": other.id})).status_code == 200
        for person, half in ((owner, earlier), (other, later)):
            assert await turns(api, person, person.put(path_of(half), {"location": "Room 4"})) == [
                "the event's owner",
                "asks who owns the halves beside",
                "gives all back",
                *map(str, sorted((alice.id, ben.id))),
                "the event's owner",
                "asks who owns the halves beside",
            ]


async def test_handing_over_takes_both_turns_in_ascending_order_before_it_asks_for_a_calendar(
    api: Api, alice: Person, ben: Person
):
    for owner, other in ((alice, ben), (ben, alice)):
        event = await owner.creates()
        await owner.shares(event, other)
        taken = await turns(api, owner, owner.post(f"{path_of(event)}/transfer", {"user_id": other.id}))
        assert taken == [str(one) for one in (*sorted((alice.id, ben.id)), other.id)]
