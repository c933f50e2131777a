"""Asking what would clash, without writing: of a new event, and of a change to one that there is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.booking import EVENTS, at, book
from tests.api.steps import change_part, invalid, path_of, read, refusal, titles
from tests.people import Json, Person

DAILY = {"frequency": "daily", "count": 3}


async def check(person: Person, wish: Json, **params: Any) -> Json:
    """Ask what would clash, and make sure that nothing was written."""
    before = (await person.get(EVENTS)).json()
    response = await person.post(f"{EVENTS}/check", wish, params=params)
    assert response.status_code == 200, response.text
    assert (await person.get(EVENTS)).json() == before
    return response.json()


async def move(person: Person, event: Json, start: str, end: str, **fields: Json) -> Json:
    """Ask what would clash if an event were at another time."""
    times = {name: at(start, end)[name] for name in ("start_time", "end_time")}
    return await check(person, {"event_id": event["id"], **times, **fields})


async def test_a_check_names_what_is_in_the_way_and_free_times(alice: Person):
    taken = await book(alice, "01 09:00", "01 10:00")
    answer = await check(alice, at("01 09:30", "01 10:30"))
    assert (answer["free"], [one["event_id"] for one in answer["conflicts"]]) == (False, [taken["id"]])
    assert answer["nearest_free"][0]["start_time"] == "2045-03-01T10:00:00Z"
    assert (await check(alice, at("01 10:00", "01 11:00")))["free"]


async def test_an_event_is_not_in_its_own_way(alice: Person):
    event = await book(alice, "01 09:00", "01 10:00")
    other = await book(alice, "01 11:00", "01 12:00", "Other")
    assert (await move(alice, event, "01 09:30", "01 10:30"))["free"]
    answer = await move(alice, event, "01 10:30", "01 11:30")
    assert [one["event_id"] for one in answer["conflicts"]] == [other["id"]]
    assert answer["nearest_free"][0]["start_time"] == "2045-03-01T10:00:00Z"
    assert await read(alice, event) == event


async def test_what_is_not_sent_stays_as_it_is(alice: Person):
    await book(alice, "02 09:00", "02 10:00")
    event = await book(alice, "01 10:00", "01 11:00", time_zone="Europe/Berlin")
    await book(alice, "01 14:00", "01 15:00", "Later")
    berlin = {"start_time": "2045-03-01T15:00:00", "end_time": "2045-03-01T16:00:00"}
    assert titles((await check(alice, {"event_id": event["id"], **berlin}))["conflicts"]) == ["Later"]
    repeated = {"event_id": event["id"], "start_time": "2045-03-01T09:00:00Z", "recurrence_pattern": DAILY}
    assert titles((await check(alice, repeated))["conflicts"]) == ["Taken"]
    assert (await check(alice, {**repeated, "free_busy_status": "free"}))["free"]


async def test_an_event_that_was_read_can_be_sent_back_with_another_time(alice: Person):
    event = await book(alice, "01 09:00", "01 10:00")
    await book(alice, "01 11:00", "01 12:00", "Other")
    assert (await check(alice, {**event, "event_id": event["id"]}))["free"]
    later = {**event, "event_id": event["id"], "end_time": "2045-03-01T11:30:00Z"}
    assert titles((await check(alice, later))["conflicts"]) == ["Other"]


async def test_time_that_is_not_new_needs_no_room_in_a_check_either(alice: Person):
    event = await book(alice, "01 09:00", "01 11:00")
    response = await alice.post(EVENTS, at("01 10:00", "01 12:00"), params={"on_conflict": "allow"})
    assert response.status_code == 201
    assert (await move(alice, event, "01 09:30", "01 11:00"))["free"]
    assert not (await move(alice, event, "01 09:00", "01 11:30"))["free"]


async def test_one_occurrence_of_a_series_can_be_checked(alice: Person):
    series = await book(alice, "01 09:00", "01 10:00", recurrence_pattern=DAILY)
    await book(alice, "02 11:00", "02 12:00", "Other")
    times = {"start_time": "2045-03-02T11:30:00Z", "end_time": "2045-03-02T12:30:00Z"}
    one = {"scope": "this", "occurrence": "2045-03-02T09:00:00"}
    assert titles((await check(alice, {"event_id": series["id"], **times}, **one))["conflicts"]) == ["Other"]
    onto_another = {"start_time": "2045-03-02T08:30:00Z", "end_time": "2045-03-02T09:30:00Z"}
    assert (await check(alice, {"event_id": series["id"], **onto_another}, **one))["free"]
    await change_part(alice, series, "this", "2045-03-02T09:00:00", **onto_another)


async def test_a_series_seen_as_one_of_its_occurrences_moves_by_as_much(alice: Person):
    series = await book(alice, "01 09:00", "01 10:00", recurrence_pattern=DAILY)
    await book(alice, "03 11:00", "03 12:00", "Other")
    seen = {"occurrence": "2045-03-02T09:00:00", "start_time": "2045-03-02T11:00:00Z"}
    answer = await check(alice, {"event_id": series["id"], **seen, "end_time": "2045-03-02T12:00:00Z"})
    assert titles(answer["conflicts"]) == ["Other"]


async def test_what_a_check_promises_a_change_keeps(alice: Person):
    event = await book(alice, "01 09:00", "01 10:00")
    await book(alice, "01 11:00", "01 12:00", "Other")
    for start, end in (("01 10:00", "01 11:00"), ("01 10:00", "01 11:01"), ("01 08:00", "01 13:00")):
        free = (await move(alice, event, start, end))["free"]
        times = {name: at(start, end)[name] for name in ("start_time", "end_time")}
        assert (await alice.put(path_of(event), times)).status_code == (200 if free else 409)


# -- who may ask ---------------------------------------------------------------------------------------------


async def test_an_editor_asks_about_the_time_of_the_owner(alice: Person, ben: Person):
    event = await book(alice, "01 09:00", "01 10:00")
    other = await book(alice, "01 11:00", "01 12:00", "Private")
    await alice.shares(event, ben)
    await book(ben, "01 10:00", "01 11:00", "Ben's own")
    assert (await move(ben, event, "01 10:00", "01 11:00"))["free"]
    [conflict] = (await move(ben, event, "01 11:00", "01 12:00"))["conflicts"]
    assert (conflict["event_id"], conflict["title"], conflict["start_time"]) == (None, None, other["start_time"])


async def test_an_editor_whose_role_the_owner_has_not_given_learns_no_more_than_from_a_refusal(
    alice: Person, ben: Person
):
    event = await book(alice, "01 09:00", "01 10:00")
    await alice.shares(event, ben)
    await book(ben, "01 11:00", "01 12:00", "Dentist")
    assert (await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})).status_code == 200
    answer = await move(alice, event, "01 11:00", "01 12:00")
    assert (answer["free"], answer["conflicts"], answer["nearest_free"]) == (False, [], [])


async def test_a_viewer_cannot_ask_and_a_stranger_finds_nothing(alice: Person, ben: Person, stranger: Person):
    event = await book(alice, "01 09:00", "01 10:00")
    await alice.shares(event, ben, "viewer")
    wish = {"event_id": event["id"], "start_time": "2045-03-01T09:30:00Z"}
    refusal(await ben.post(f"{EVENTS}/check", wish), 403, "role-too-low")
    refusal(await stranger.post(f"{EVENTS}/check", wish), 404, "not-found")
    await alice.delete(path_of(event))
    refusal(await alice.post(f"{EVENTS}/check", wish), 404, "not-found")


# -- what makes no sense -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "params", "place"),
    [
        ({"event_id": "7"}, {}, "/event_id"),
        ({"event_id": 0}, {}, "/event_id"),
        ({"event_id": 2**70}, {}, "/event_id"),
        ({"end_time": "2045-03-01T08:00:00Z"}, {}, "/end_time"),
        ({"recurrence_pattern": {"frequency": "daily", "interval": 0}}, {}, "/recurrence_pattern/interval"),
        ({}, {"scope": "this"}, "?occurrence"),
        ({}, {"scope": "following", "occurrence": "2045-03-01"}, "?scope"),
        ({}, {"occurrence": "2045-03-01"}, "?scope"),
        ({}, {"scope": "this", "occurrence": "2045-03-01"}, "?scope"),
    ],
)
async def test_a_check_of_a_change_that_makes_no_sense_is_refused(alice: Person, wish: Json, params: Json, place: str):
    event = await book(alice, "01 09:00", "01 10:00")
    sent = {"event_id": event["id"], **wish}
    assert invalid(await alice.post(f"{EVENTS}/check", sent, params=params)) == [place]


async def test_a_new_event_has_to_be_whole_and_has_no_occurrences_to_name(alice: Person):
    assert invalid(await alice.post(f"{EVENTS}/check", {"title": "x"})) == ["/start_time", "/end_time"]
    params = {"scope": "this", "occurrence": "2045-03-01"}
    assert invalid(await alice.post(f"{EVENTS}/check", at("01 09:00", "01 10:00"), params=params)) == ["?scope"]
