"""The mail about each day: asking for it, what is in it, and that it comes once. The mail server is real."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from convene.operations import accounts
from tests.api.mail.mailing import Office
from tests.api.steps import change_part, delete_part, invalid, path_of
from tests.people import Json, Person

DIGEST = "/api/v1/notifications/digest"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def wants(person: Person, hour: int = 7, time_zone: str = "Europe/Berlin") -> None:
    """Let somebody ask for a mail about each day."""
    response = await person.put(DIGEST, {"hour": hour, "time_zone": time_zone})
    assert response.status_code == 200, response.text


async def plans(person: Person, title: str, start: str, end: str, **fields: Json) -> Json:
    """Create an event far ahead, in wall time of Berlin unless something else is said."""
    more = {"time_zone": "Europe/Berlin", "free_busy_status": "free", **fields}
    return await person.creates(title, start, end, **more)


async def from_day_to_day(office: Office, start: str, days: int) -> None:
    """Let time pass, an hour at a time, with a dispatcher at each."""
    moment = utc(start)
    for _ in range(days * 24):
        await office.dispatches_at(moment)
        moment += timedelta(hours=1)


async def at(office: Office, moment: str) -> None:
    """Let a dispatcher do what is due at a time."""
    await office.dispatches_at(utc(moment))


async def test_nobody_has_digests_who_has_not_asked_for_them(alice: Person):
    await alice.patch("/api/v1/auth/me", {"time_zone": "America/New_York"})
    off = {"enabled": False, "hour": 7, "time_zone": "America/New_York"}
    assert (await alice.get(DIGEST)).json() == off
    assert (await alice.put(DIGEST, {})).json() == off | {"enabled": True}
    said = {"hour": 18, "time_zone": "Asia/Tokyo"}
    assert (await alice.put(DIGEST, said)).json() == (await alice.get(DIGEST)).json() == {"enabled": True, **said}
    assert (await alice.delete(DIGEST)).status_code == 204
    assert (await alice.get(DIGEST)).json() == off


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"hour": 24}, "/hour"),
        ({"hour": -1}, "/hour"),
        ({"hour": "7"}, "/hour"),
        ({"hour": 7.5}, "/hour"),
        ({"time_zone": "Europe/Nowhere"}, "/time_zone"),
        ({"time_zone": ""}, "/time_zone"),
        ({"minute": 5}, "/minute"),
    ],
)
async def test_a_digest_that_makes_no_sense_is_refused(alice: Person, body: dict[str, Any], pointer: str):
    assert invalid(await alice.put(DIGEST, body)) == [pointer]


async def test_the_day_s_events_come_in_their_order_with_series_and_what_others_share(
    office: Office, alice: Person, ben: Person
):
    await wants(alice)
    await plans(alice, "Late", "2090-03-01T17:00:00", "2090-03-01T18:00:00", location="Hall")
    await plans(alice, "Other day", "2090-03-02T09:00:00", "2090-03-02T10:00:00")
    await plans(alice, "Off", "2090-03-01T12:00:00", "2090-03-01T13:00:00", status="cancelled")
    series = await plans(
        alice, "Daily", "2090-02-20T09:00:00", "2090-02-20T09:15:00", recurrence_pattern="FREQ=DAILY;COUNT=20"
    )
    await change_part(alice, series, "this", "2090-03-01T09:00:00", title="Daily, special")
    await plans(alice, "Trip", "2090-02-27T10:00:00", "2090-03-01T11:30:00")
    await plans(alice, "Holiday", "2090-03-01", "2090-03-02", all_day=True, time_zone="Pacific/Auckland")
    await alice.delete(path_of(await plans(alice, "Gone", "2090-03-01T14:00:00", "2090-03-01T15:00:00")))
    theirs = await plans(ben, "Review", "2090-03-01T13:00:00", "2090-03-01T14:00:00")
    await ben.shares(theirs, alice, "viewer")
    await office.sent(alice, 1)  # the invitation
    await at(office, "2090-02-28T12:00:00")
    await at(office, "2090-03-01T06:00:00")
    mail = (await office.sent(alice, 2))[-1]
    assert mail.subject == "Wednesday, 1 March 2090: 5 events"
    assert [line.removeprefix("* ") for line in mail.text.splitlines() if line.startswith("* ")] == [
        "all day Holiday",
        "until 11:30 Trip",
        "09:00-09:15 Daily, special",
        "13:00-14:00 Review",
        "17:00-18:00 Late (Hall)",
    ]
    assert "No more mail about the day's events: http://convene.test/unsubscribe?token=" in mail.text


async def test_a_day_with_more_than_can_be_looked_through_says_so(office: Office, alice: Person):
    await wants(alice)
    one = {"time_zone": "Europe/Berlin", "free_busy_status": "free", "start_time": "2090-03-01T09:00:00"}
    many = [{**one, "title": f"Talk {number}", "end_time": "2090-03-01T10:00:00"} for number in range(501)]
    assert (await alice.post("/api/v1/events/batch", {"events": many})).status_code == 201
    await at(office, "2090-02-28T12:00:00")
    await at(office, "2090-03-01T06:00:00")
    mail = (await office.sent(alice, 1))[-1]
    assert mail.subject == "Wednesday, 1 March 2090: 500 events or more"
    assert mail.text.splitlines()[2:4] == ["* only 500 events were looked at", "* 09:00-10:00 Talk 0"]


async def test_nothing_is_sent_on_an_empty_day(office: Office, alice: Person):
    await wants(alice)
    series = await plans(
        alice, "Daily", "2090-04-01T09:00:00", "2090-04-01T09:15:00", recurrence_pattern="FREQ=DAILY;COUNT=3"
    )
    await delete_part(alice, series, "this", "2090-04-02T09:00:00")
    for day in ("03-31", "04-01", "04-02", "04-03", "04-04"):
        await at(office, f"2090-{day}T05:00:00")
    assert office.got(alice) == ["Saturday, 1 April 2090: one event", "Monday, 3 April 2090: one event"]


async def test_over_a_change_of_clocks_digests_come_once_a_day_in_each_zone(office: Office, alice: Person, ben: Person):
    """On 26 March 2090 Berlin's clocks go forward at one in the night, UTC; New York's went on the 12th."""
    for person, tz in ((alice, "Europe/Berlin"), (ben, "America/New_York")):
        await wants(person, 2, tz)
        await person.creates(
            "Daily", "2090-03-20T23:30:00", "2090-03-20T23:45:00", time_zone=tz, recurrence_pattern="FREQ=DAILY"
        )
    await from_day_to_day(office, "2090-03-25T00:30:00", 3)
    expected = ["Saturday, 25 March 2090: one event", "Sunday, 26 March 2090: one event"]
    assert office.got(alice) == [*expected, "Monday, 27 March 2090: one event"]
    assert office.got(ben) == [*expected, "Monday, 27 March 2090: one event"]
    assert all("23:30-23:45 Daily" in mail.text for mail in office.box.to(alice.account["email"]))


async def test_of_many_dispatchers_one_sends_the_digest(office: Office, alice: Person):
    await wants(alice)
    await plans(alice, "Planning", "2090-05-01T09:00:00", "2090-05-01T10:00:00")
    await at(office, "2090-04-30T12:00:00")
    await asyncio.gather(*(at(office, "2090-05-01T05:00:00") for _ in range(6)))
    assert office.got(alice) == ["Monday, 1 May 2090: one event"]


async def test_a_digest_that_is_late_comes_while_its_day_lasts_and_not_after(office: Office, alice: Person):
    await plans(alice, "Planning", "2090-06-01T09:00:00", "2090-06-05T10:00:00")
    await wants(alice)
    await at(office, "2090-06-01T20:00:00")
    assert office.got(alice) == []  # what was due long ago is over
    await at(office, "2090-06-02T20:00:00")
    assert office.got(alice) == ["Friday, 2 June 2090: one event"]


async def test_a_digest_that_could_not_be_handed_in_while_its_day_lasted_is_not_sent_after(
    office: Office, alice: Person
):
    await plans(alice, "Planning", "2090-08-01T09:00:00", "2090-08-05T10:00:00")
    await wants(alice)
    await at(office, "2090-08-01T20:00:00")
    office.box.of_mail = lambda _: "451 later"
    await at(office, "2090-08-02T20:00:00")
    office.box.of_mail = lambda _: "250 OK"
    await at(office, "2090-08-03T08:00:00")
    assert office.got(alice) == ["Thursday, 3 August 2090: one event"]


async def test_whoever_wants_none_any_more_or_is_switched_off_gets_none(office: Office, alice: Person, ben: Person):
    for person in (alice, ben):
        await wants(person)
        await plans(person, "Planning", "2090-07-01T09:00:00", "2090-07-01T10:00:00")
    await accounts.deactivate(office.api.app.services.units, ben.username)
    await at(office, "2090-06-30T12:00:00")
    await alice.delete(DIGEST)
    await at(office, "2090-07-01T05:00:00")
    assert (office.got(alice), office.got(ben)) == ([], [])
