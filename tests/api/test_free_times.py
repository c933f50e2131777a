"""What is told about a double booking: to whom, before it is tried, and the free times that are offered instead."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.api.booking import EVENTS, at, book, clash
from tests.api.steps import calendar, invalid, path_of, refusal, titles
from tests.people import Person

# -- who learns what -----------------------------------------------------------------------------------------


async def test_an_editor_who_moves_an_event_learns_no_secrets_of_its_owner(alice: Person, ben: Person):
    seen = await book(alice, "01 09:00", "01 10:00", "Shared")
    await book(alice, "01 10:00", "01 11:00", "Secret")
    event = await book(alice, "02 09:00", "02 10:00", "Moved")
    await alice.shares(event, ben, "editor")
    await alice.shares(seen, ben, "viewer")
    refused = await ben.put(path_of(event), at("01 09:30", "01 10:30", title="Moved"))
    problem = refusal(refused, 409, "schedule-conflict")
    assert [(one["event_id"], one["title"], one["start_time"][11:16]) for one in problem["conflicts"]] == [
        (seen["id"], "Shared", "09:00"),
        (None, None, "10:00"),
    ]
    assert "Secret" not in refused.text


# -- checking ------------------------------------------------------------------------------------------------


async def test_checking_says_what_creating_would_and_writes_nothing(alice: Person):
    await book(alice, "01 09:00", "01 10:00")
    wanted = at("01 09:30", "01 10:30")
    checked = (await alice.post(f"{EVENTS}/check", wanted)).json()
    problem = await clash(alice, wanted)
    told = ("conflicts", "more", "nearest_free", "checked_until")
    assert {name: checked[name] for name in told} == {name: problem[name] for name in told}
    assert checked["free"] is False
    free = (await alice.post(f"{EVENTS}/check", at("01 11:00", "01 12:00"))).json()
    assert (free["free"], free["conflicts"], free["nearest_free"]) == (True, [], [])
    assert titles(await calendar(alice, "2045-01-01", "2045-12-31")) == ["Taken"]


async def test_what_cannot_be_created_cannot_be_checked(alice: Person):
    assert invalid(await alice.post(f"{EVENTS}/check", at("01 11:00", "01 10:00"))) == ["/end_time"]


# -- free times ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end"),
    [("01 09:00", "01 10:00"), ("01 08:30", "01 12:30"), ("01 09:07", "01 09:52"), ("02 00:00", "03 00:00")],
)
async def test_the_free_times_that_are_offered_are_free(alice: Person, start: str, end: str):
    for hours in (("07:30", "08:00"), ("09:00", "10:00"), ("10:20", "12:00")):
        await book(alice, *(f"01 {hour}" for hour in hours))
    await book(alice, "02 09:00", "02 10:00")
    await book(alice, "01 23:00", "02 01:00", recurrence_pattern={"frequency": "daily"})
    wanted = at(start, end)
    offered = (await clash(alice, wanted))["nearest_free"]
    assert len(offered) == 3
    length = datetime.fromisoformat(wanted["end_time"]) - datetime.fromisoformat(wanted["start_time"])
    distances = []
    for slot in offered:
        begins, ends = (datetime.fromisoformat(slot[name]) for name in ("start_time", "end_time"))
        assert ends - begins == length
        distances.append(abs(begins - datetime.fromisoformat(wanted["start_time"])))
        assert (await alice.post(f"{EVENTS}/check", {**wanted, **slot})).json()["free"] is True
    assert distances == sorted(distances)
    assert (await alice.post(EVENTS, {**wanted, **offered[0]})).status_code == 201


async def test_no_free_time_is_offered_where_there_is_none(alice: Person):
    await alice.creates("Sabbatical", "2045-01-01T00:00:00Z", "2046-01-01T00:00:00Z")
    assert (await clash(alice, at("01 09:00", "01 10:00")))["nearest_free"] == []


async def test_an_editor_is_offered_times_that_are_free_for_the_owner(alice: Person, ben: Person):
    await book(alice, "01 09:00", "01 10:00", "Secret")
    event = await book(alice, "02 09:00", "02 10:00", "Moved")
    await alice.shares(event, ben)
    refused = await ben.put(path_of(event), at("01 09:30", "01 10:30", title="Moved"))
    [nearest, *_] = refusal(refused, 409, "schedule-conflict")["nearest_free"]
    assert (await ben.put(path_of(event), nearest)).status_code == 200
