"""How much mail strangers can cause: bounded by recipient, by who invites, and by event. The mail server is real."""

from __future__ import annotations

import asyncio

from convene.operations.mail_bounds import INVITATIONS_A_DAY, MAILS_AN_HOUR
from tests.api.mail.mailing import Office
from tests.api.steps import path_of
from tests.people import Person


async def nothing_more() -> None:
    """Wait for as long as mail takes that must not come."""
    await asyncio.sleep(1)


async def invites(alice: Person, ben: Person, times: int) -> None:
    for number in range(times):
        await alice.shares(await alice.creates(f"Event {number}", free_busy_status="free"), ben)


async def test_sharing_one_event_again_and_again_is_mailed_once(office: Office, alice: Person, ben: Person):
    event = await alice.creates("https://example.com/buy")
    for _ in range(10):
        await alice.shares(event, ben)
        await alice.delete(f"{path_of(event)}/permissions/{ben.id}")
    await alice.shares(event, ben)
    await office.sent(ben, 1)
    await nothing_more()
    shared = [subject for subject in office.got(ben) if "shared" in subject]
    assert len(shared) <= 1
    assert len(office.got(ben)) <= 2
    assert len((await ben.get("/api/v1/notifications", limit=100)).json()) >= 21  # the bell has all


async def test_nobody_gets_more_than_so_many_mails_an_hour(office: Office, alice: Person, ben: Person):
    await invites(alice, ben, MAILS_AN_HOUR + 5)
    await office.sent(ben, MAILS_AN_HOUR)
    await nothing_more()
    assert len(office.got(ben)) == MAILS_AN_HOUR
    assert 'channel="email",result="withheld"' in (await alice.client.get("/metrics")).text


async def test_one_user_invites_so_many_by_mail_in_a_day(office: Office, alice: Person):
    guests = [await office.api.person("guest") for _ in range(INVITATIONS_A_DAY // MAILS_AN_HOUR + 1)]
    for guest in guests[:-1]:
        await invites(alice, guest, MAILS_AN_HOUR)
    for guest in guests[:-1]:
        await office.sent(guest, MAILS_AN_HOUR)
    await invites(alice, guests[-1], 2)
    await nothing_more()
    assert office.got(guests[-1]) == []
