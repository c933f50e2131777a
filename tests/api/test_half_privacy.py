"""The halves of a split series know each other, but nobody learns of one that they do not see."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.steps import path_of, read
from tests.people import Json, Person
from tests.synced_copy import Copy

Halves = tuple[Json, Json]


@pytest.fixture
async def halves(alice: Person) -> Halves:
    """Both halves of a series that was split."""
    series = await alice.creates(recurrence_pattern={"frequency": "daily", "count": 4})
    params = {"scope": "following", "occurrence": "2027-03-03T09:00:00"}
    later = (await alice.put(path_of(series), {"title": "Later"}, params=params)).json()
    return await read(alice, series), later


async def links(person: Person, event: Json) -> set[tuple[int | None, int | None]]:
    """What the other halves of an event are, for somebody who reads it in every way that there is."""
    one = await person.get(path_of(event))
    old = await person.get(path_of(event), version=1)
    listed = await person.get("/api/v1/events")
    window = await person.get("/api/v1/events", **{"from": "2027-03-01", "to": "2027-03-31"})
    copy = await follow(person)
    found = [one.json(), old.json(), *listed.json(), *window.json(), *copy.events.values()]
    for moment in (event["created_at"], event["updated_at"]):
        found.append((await person.get(path_of(event), as_of=moment)).json())
        found += (await person.get("/api/v1/events", as_of=moment)).json()
    return {(each["split_from"], each["continued_by"]) for each in found if each["id"] == event["id"]}


async def test_who_sees_one_half_learns_nothing_of_the_other(alice: Person, ben: Person, halves: Halves):
    earlier, later = halves
    await alice.shares(later, ben, "editor")
    assert await links(ben, later) == {(None, None)}
    changed = (await ben.put(path_of(later), {"title": "Ben's"})).json()
    assert (changed["split_from"], changed["continued_by"]) == (None, None)
    rolled_back = (await ben.post(f"{path_of(later)}/rollback/1")).json()
    assert rolled_back["split_from"] is None
    assert await links(alice, later) == {(earlier["id"], None)}
    assert await links(alice, earlier) == {(None, later["id"])}


async def test_who_sees_both_halves_is_led_from_one_to_the_other(alice: Person, ben: Person, halves: Halves):
    earlier, later = halves
    await alice.shares(later, ben, "viewer")
    tag = (await ben.get(path_of(later))).headers["etag"]
    await alice.shares(earlier, ben, "viewer")
    assert await links(ben, later) == {(earlier["id"], None)}
    assert (await ben.get(path_of(later))).headers["etag"] != tag
    await alice.delete(f"{path_of(earlier)}/permissions/{ben.id}")
    assert await links(ben, later) == {(None, None)}


async def follow(person: Person) -> Copy:
    """A copy of all that somebody sees now."""
    copy = Copy(person)
    await copy.catch_up()
    return copy


async def sees_now(copy: Copy) -> bool:
    """Let a copy catch up, and say whether it is then as its events are read one by one."""
    await copy.catch_up()
    return copy.events == {event_id: await read(copy.person, event) for event_id, event in copy.events.items()}


async def test_whoever_syncs_hears_of_a_half_that_they_gain_or_lose(alice: Person, ben: Person, halves: Halves):
    earlier, later = halves
    for one, other in ((earlier, later), (later, earlier)):
        await alice.shares(one, ben, "viewer")
        copy = await follow(ben)
        await alice.shares(other, ben, "viewer")
        assert await sees_now(copy)
        await alice.delete(f"{path_of(other)}/permissions/{ben.id}")
        assert await sees_now(copy)
        assert list(copy.events) == [one["id"]]
        await alice.delete(f"{path_of(one)}/permissions/{ben.id}")


async def hands_over(owner: Person, event: Json, person: Person) -> None:
    """Make somebody the owner of an event, who had no part in it."""
    await owner.shares(event, person, "editor")
    answer = await owner.post(f"{path_of(event)}/transfer", {"user_id": person.id})
    assert answer.status_code == 200, answer.text


async def test_whoever_syncs_hears_of_a_half_that_belongs_to_somebody_else(
    alice: Person, ben: Person, carla: Person, halves: Halves
):
    earlier, later = halves
    await hands_over(alice, later, carla)
    for owner, one, others_owner, other in ((alice, earlier, carla, later), (carla, later, alice, earlier)):
        await owner.shares(one, ben, "viewer")
        copy = await follow(ben)
        await others_owner.shares(other, ben, "viewer")
        assert await sees_now(copy)
        assert len(copy.events) == 2
        await ben.delete(f"{path_of(other)}/permissions/{ben.id}")
        assert await sees_now(copy)
        assert list(copy.events) == [one["id"]]
        await owner.delete(f"{path_of(one)}/permissions/{ben.id}")


async def test_two_owners_who_share_the_halves_of_a_series_at_once_do_not_stand_in_each_others_way(
    alice: Person, ben: Person, carla: Person, halves: Halves
):
    earlier, later = halves
    await hands_over(alice, later, carla)
    for role in ("viewer", "editor") * 10:
        sent = {"user_id": ben.id, "role": role}
        answers = await asyncio.gather(
            alice.post(f"{path_of(earlier)}/share", sent), carla.post(f"{path_of(later)}/share", sent)
        )
        assert [answer.status_code for answer in answers] == [201, 201]


async def test_whoever_syncs_hears_that_another_half_has_come_between(alice: Person, ben: Person, halves: Halves):
    earlier, later = halves
    for one in halves:
        await alice.shares(one, ben, "viewer")
    copies = [await follow(alice), await follow(ben)]
    params = {"scope": "following", "occurrence": "2027-03-02T09:00:00"}
    between = (await alice.put(path_of(earlier), {"title": "Between"}, params=params)).json()
    for copy in copies:
        assert await sees_now(copy)
        assert copy.events[later["id"]]["split_from"] == between["id"]


async def test_who_hears_of_a_half_hears_nothing_of_others(alice: Person, ben: Person, carla: Person, halves: Halves):
    earlier, later = halves
    await alice.shares(earlier, carla, "viewer")
    copy = await follow(carla)
    heard = list(copy.heard)
    await alice.shares(later, ben, "viewer")
    await copy.catch_up()
    assert copy.heard == heard


async def test_a_half_that_is_split_by_who_does_not_see_the_other_stays_between_its_neighbours(
    alice: Person, ben: Person, halves: Halves
):
    earlier, later = halves
    await alice.shares(earlier, ben, "editor")
    params = {"scope": "following", "occurrence": "2027-03-02T09:00:00"}
    between = (await ben.put(path_of(earlier), {"title": "Between"}, params=params)).json()
    assert (between["split_from"], between["continued_by"]) == (earlier["id"], None)
    assert await links(alice, between) == {(earlier["id"], later["id"])}
    assert await links(alice, later) == {(between["id"], None)}
