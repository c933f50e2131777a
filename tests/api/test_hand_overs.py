"""When somebody leaves, an operator gives what was theirs to somebody else, event by event, and hears what stays."""

from __future__ import annotations

import pytest

from convene.domain.errors import NotFound, NotPossibleNow
from convene.operations import accounts
from convene.operations.hand_overs import HandedOver, hand_all_over
from tests.api.steps import path_of
from tests.people import Json, Person
from tests.synced_copy import Copy

NINE = ("2027-05-03T09:00:00Z", "2027-05-03T10:00:00Z")
LATER = ("2027-05-03T09:30:00Z", "2027-05-03T10:30:00Z")


async def hand_over(giver: Person, taker: Person, *, into_taken_time: bool = False) -> list[HandedOver]:
    """Let the operator hand all over."""
    units = giver.api.app.services.units
    handing = hand_all_over(units, giver.username, taker.username, into_taken_time=into_taken_time)
    return [event async for event in handing]


async def owner_of(reader: Person, event: Json) -> int:
    return int((await reader.get(path_of(event))).json()["owner_id"])


async def test_all_that_somebody_owns_goes_to_somebody_else(alice: Person, ben: Person, carla: Person):
    events = [await alice.creates(f"Meeting {number}") for number in range(3)]
    series = await alice.creates("Weekly", recurrence_pattern={"frequency": "weekly", "count": 5})
    await alice.shares(events[0], carla, "viewer")
    handed = await hand_over(alice, ben)
    assert handed == [HandedOver(one["id"], one["title"]) for one in (*events, series)]
    assert {await owner_of(ben, one) for one in (*events, series)} == {ben.id}
    assert (await alice.get(path_of(events[0]))).json()["role"] == "editor"
    assert (await carla.get(path_of(events[0]))).json()["role"] == "viewer"


async def test_more_than_a_page_of_events_is_handed_over(alice: Person, ben: Person):
    batch = [{"title": f"Day {n}", "start_time": f"2027-05-03T{n // 6:02}:{n % 6}0:00Z"} for n in range(120)]
    events = [{**one, "end_time": one["start_time"].replace("0:00Z", "5:00Z")} for one in batch]
    assert (await alice.post("/api/v1/events/batch", {"events": events})).status_code == 201
    assert len(await hand_over(alice, ben)) == 120
    assert len({(one["owner_id"]) for one in (await ben.get("/api/v1/events", limit=200)).json()}) == 1


async def test_the_history_says_who_gave_and_that_it_was_the_operator(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await hand_over(alice, ben)
    newest, first = (await ben.get(path_of(event) + "/history")).json()
    assert (newest["kind"], newest["created_by"]) == ("transferred", alice.id)
    assert newest["change_description"] == f"handed over to {ben.username} by the operator"
    assert (first["kind"], first["version_number"]) == ("created", 1)


async def test_the_new_owner_hears_of_each_event_once(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await hand_over(alice, ben)
    heard = [(one["kind"], one["event_id"]) for one in (await ben.get("/api/v1/notifications")).json()]
    assert heard == [("handed_over", event["id"])]


async def test_what_overlaps_stays_and_is_told_unless_it_is_wanted(alice: Person, ben: Person):
    meeting, free = await alice.creates("Meeting", *NINE), await alice.creates("Free")
    await ben.creates("Dentist", *LATER)
    handed = await hand_over(alice, ben)
    assert handed == [
        HandedOver(meeting["id"], "Meeting", refused="the time is taken"),
        HandedOver(free["id"], "Free"),
    ]
    assert (await alice.get(path_of(meeting))).json() == meeting
    assert (await ben.get(path_of(meeting))).status_code == 404, "what was begun is undone"
    assert await hand_over(alice, ben, into_taken_time=True) == [HandedOver(meeting["id"], "Meeting", taken=True)]
    assert await owner_of(ben, meeting) == ben.id


async def test_the_events_of_somebody_who_is_switched_off_are_handed_over(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await accounts.deactivate(alice.api.app.services.units, alice.username)
    assert [one.event_id for one in await hand_over(alice, ben)] == [event["id"]]


async def test_what_lies_in_the_trash_and_what_is_shared_stays(alice: Person, ben: Person, carla: Person):
    trashed = await alice.creates("Thrown away")
    await alice.delete(path_of(trashed))
    shared = await carla.creates("Of Carla")
    await carla.shares(shared, alice, "editor")
    assert await hand_over(alice, ben) == []
    assert [one["id"] for one in (await alice.get("/api/v1/events/trash")).json()] == [trashed["id"]]


async def test_a_half_of_a_series_goes_with_the_other(alice: Person, ben: Person):
    series = await alice.creates("Weekly", *NINE, recurrence_pattern={"frequency": "weekly", "count": 6})
    later = {"scope": "following", "occurrence": "2027-05-17T09:00:00Z"}
    assert (await alice.put(path_of(series), {"title": "Weekly, later"}, params=later)).status_code == 200
    assert len(await hand_over(alice, ben)) == 2
    assert {one["owner_id"] for one in (await ben.get("/api/v1/events")).json()} == {ben.id}


async def test_who_follows_changes_hears_that_a_half_has_its_other_half(alice: Person, ben: Person):
    """Also when they ask in between."""
    series = await alice.creates("Weekly", *NINE, recurrence_pattern={"frequency": "weekly", "count": 6})
    later = {"scope": "following", "occurrence": "2027-05-17T09:00:00Z"}
    await alice.put(path_of(series), {"title": "Weekly, later"}, params=later)
    followed = Copy(ben)
    await followed.catch_up()
    units = alice.api.app.services.units
    handing = hand_all_over(units, alice.username, ben.username, into_taken_time=False)
    await anext(handing)
    await followed.catch_up()
    assert len([one async for one in handing]) == 1
    await followed.catch_up()
    anew = Copy(ben)
    await anew.catch_up()
    assert followed.events == anew.events
    assert {one["title"] for one in anew.events.values()} == {"Weekly", "Weekly, later"}


async def test_who_lost_an_event_before_can_be_given_it(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    assert (await ben.delete(f"{path_of(event)}/permissions/{ben.id}")).status_code == 204
    assert await hand_over(alice, ben) == [HandedOver(event["id"], "Planning")]
    assert await owner_of(ben, event) == ben.id


async def test_nothing_goes_to_nobody(alice: Person, ben: Person):
    await alice.creates()
    with pytest.raises(NotPossibleNow, match="the same person"):
        await hand_over(alice, alice)
    await accounts.deactivate(ben.api.app.services.units, ben.username)
    with pytest.raises(NotPossibleNow, match="switched off"):
        await hand_over(alice, ben)
    with pytest.raises(NotFound):
        [
            _
            async for _ in hand_all_over(
                alice.api.app.services.units, alice.username, "nobody-here", into_taken_time=True
            )
        ]
