"""The halves of a split series know each other, but nobody learns of one that they do not see."""

from __future__ import annotations

import pytest

from tests.api.steps import path_of, read
from tests.people import Json, Person

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
    changes = await person.get("/api/v1/changes")
    found = [one.json(), old.json(), *listed.json(), *window.json(), *changes.json()["changed"]]
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
