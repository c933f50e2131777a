"""One's own calendars: what they are called and which colour they have."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.steps import invalid, refusal
from tests.people import Json, Person

CALENDARS = "/api/v1/calendars"


async def own(person: Person) -> Json:
    """A person's one calendar."""
    [calendar] = (await person.get(CALENDARS)).json()
    return calendar


async def change(person: Person, calendar: Json, **fields: Any) -> Json:
    answer = await person.patch(f"{CALENDARS}/{calendar['id']}", fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_everybody_has_a_calendar_from_the_start_and_new_events_go_there(alice: Person):
    calendar = await own(alice)
    assert (calendar["name"], calendar["color"]) == ("Calendar", None)
    assert (await alice.creates())["calendar_id"] == calendar["id"]


async def test_a_calendar_can_be_called_otherwise_and_coloured(alice: Person):
    calendar = await own(alice)
    changed = await change(alice, calendar, name="Work", color="#3366FF")
    assert changed == {"id": calendar["id"], "name": "Work", "color": "#3366ff"}
    assert await own(alice) == changed


async def test_only_what_is_sent_changes(alice: Person):
    calendar = await change(alice, await own(alice), name="Work", color="#3366ff")
    assert await change(alice, calendar) == calendar
    assert (await change(alice, calendar, name="Home"))["color"] == "#3366ff"
    assert await change(alice, calendar, color=None) == {**calendar, "name": "Home", "color": None}


async def test_a_calendar_can_be_sent_back_as_it_was_read(alice: Person):
    calendar = await own(alice)
    assert await change(alice, calendar, **calendar) == calendar


async def test_two_changes_at_once_are_both_kept(alice: Person):
    calendar = await own(alice)
    await asyncio.gather(change(alice, calendar, name="Work"), change(alice, calendar, color="#3366ff"))
    assert await own(alice) == {"id": calendar["id"], "name": "Work", "color": "#3366ff"}


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"name": ""}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"color": "red"}, "/color"),
        ({"color": "#12345"}, "/color"),
        ({"color": "#123456\n"}, "/color"),
        ({"color": "#12345g"}, "/color"),
        ({"colour": "#123456"}, "/colour"),
    ],
)
async def test_what_makes_no_sense_is_refused(alice: Person, fields: Json, where: str):
    calendar = await own(alice)
    assert invalid(await alice.patch(f"{CALENDARS}/{calendar['id']}", fields)) == [where]
    assert await own(alice) == calendar


async def test_the_calendars_of_others_cannot_be_seen_or_changed(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    theirs, none = event["calendar_id"], 2**53
    assert theirs not in [calendar["id"] for calendar in (await ben.get(CALENDARS)).json()]
    for calendar_id in (theirs, none):
        for fields in ({}, {"name": "Mine"}):
            refused = await ben.patch(f"{CALENDARS}/{calendar_id}", fields)
            assert refusal(refused, 404, "not-found")["kind"] == "calendar"
    assert (await own(alice))["name"] == "Calendar"
