"""Mail: who gets what, in which words, how it is tried again and given up. The mail server is real."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from convene import clock
from convene.operations import accounts
from tests.api.mail.mailing import PLACE, Office, mailing, wants_mail
from tests.api.steps import path_of
from tests.databases import fresh_database
from tests.people import Person, running_api
from tests.receiver import receiving


@pytest.fixture(autouse=True)
def patient(office: Office) -> Iterator[None]:
    """A mail server that takes everything, whatever a test before has told it."""
    yield
    office.box.of_recipient = lambda _: "250 OK"
    office.box.of_mail = lambda _: "250 OK"
    office.box.seconds = 0


async def nothing_more() -> None:
    """Wait for as long as mail takes that must not come."""
    await asyncio.sleep(0.5)


async def test_whoever_is_invited_gets_a_mail_that_says_to_what(office: Office, alice: Person, ben: Person):
    event = await alice.creates("Planning & more", "2027-03-01T09:00:00Z", "2027-03-01T10:30:00Z", location="Room <1>")
    await ben.patch("/api/v1/auth/me", {"time_zone": "Europe/Berlin"})
    await alice.shares(event, ben, "viewer")
    [mail] = await office.sent(ben, 1)
    heading = f"{alice.username} shared “Planning & more” with you as viewer"
    assert (mail.subject, mail.sender) == (heading, "calendar@example.com")
    lines = mail.text.splitlines()
    assert lines[0] == heading
    assert "* when: Monday, 1 March 2027, 10:00-11:30 (Europe/Berlin)" in lines
    assert "* where: Room <1>" in lines
    assert f"Open Convene: {PLACE}/event/{event['id']}" in lines
    assert f"No more mail about events that are shared with you: {mail.unsubscribe}" in lines
    assert "where: Room &lt;1&gt;" in mail.part("html")
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.unsubscribe.startswith(f"{PLACE}/unsubscribe?token={ben.id}.shared.")
    assert office.got(alice) == []


async def test_without_being_asked_one_gets_mail_of_access_but_not_of_changes(
    office: Office, alice: Person, ben: Person
):
    event = await alice.creates("Planning")
    await alice.shares(event, ben, "viewer")
    await alice.shares(event, ben, "editor")
    await alice.changes(event, title="Party")
    await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})
    await ben.delete(f"{path_of(event)}/permissions/{alice.id}")
    await office.sent(ben, 3)
    [removed] = await office.sent(alice, 1)
    async with office.dispatching_later(timedelta(seconds=70)):
        await nothing_more()
    assert sorted(office.got(ben)) == [
        f"{alice.username} handed “Party” over",
        f"{alice.username} made you editor of “Planning”",
        f"{alice.username} shared “Planning” with you as viewer",
    ]
    assert removed.subject == f"{ben.username} took “Party” away from you"
    assert "when:" not in removed.text


async def test_a_burst_of_edits_is_one_mail_with_all_differences(office: Office, alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await wants_mail(ben, changed=True, shared=False)
    await alice.shares(event, ben)
    for title in ("one", "two", "three"):
        await alice.changes(event, title=title, location=f"Room {title}")
    await nothing_more()
    assert office.got(ben) == []  # others may still be folded in
    async with office.dispatching_later(timedelta(seconds=70)):
        [mail] = await office.sent(ben, 1)
        await nothing_more()
    assert office.got(ben) == [f"{alice.username} changed “three”"]
    assert "* title from “Planning” to “three”" in mail.text
    assert "* location set to “Room three”" in mail.text


async def test_an_edit_that_is_folded_into_a_mail_that_waits_is_not_mailed_again(
    office: Office, alice: Person, ben: Person
):
    event = await alice.creates("Planning")
    await wants_mail(ben, changed=True, shared=False)
    await alice.shares(event, ben)
    for title in ("one", "two"):
        await alice.changes(event, title=title)
        await nothing_more()  # the mail is there, and waits
    for seconds in (70, 140):
        async with office.dispatching_later(timedelta(seconds=seconds)):
            await office.sent(ben, 1)
            await nothing_more()
    assert office.got(ben) == [f"{alice.username} changed “two”"]


async def test_an_edit_after_the_mail_has_gone_is_told_in_another_one(office: Office, alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await wants_mail(ben, changed=True, shared=False)
    await alice.shares(event, ben)
    await alice.changes(event, location="Hall")
    async with office.dispatching_later(timedelta(seconds=70)):
        await office.sent(ben, 1)
        await alice.changes(event, location="Garden")
    async with office.dispatching_later(timedelta(seconds=140)):
        [_, second] = await office.sent(ben, 2)
    assert "“Garden”" in second.text


async def test_a_reminder_says_when_the_event_begins(office: Office, alice: Person):
    begins = clock.now().replace(microsecond=0) + timedelta(minutes=10, seconds=2)
    times = {"start": begins.isoformat(), "end": (begins + timedelta(hours=1)).isoformat()}
    event = await alice.creates("Planning", **times, location="Hall")
    await alice.put(f"{path_of(event)}/reminders", {"minutes": [10]})
    [mail] = await office.sent(alice, 1)
    assert mail.subject == f"“Planning” begins on {begins:%A}, {begins.day} {begins:%B %Y, %H:%M} (UTC)"
    assert "* where: Hall" in mail.text


async def test_what_people_write_is_nothing_but_text_in_a_mail(office: Office, alice: Person, ben: Person):
    title = "</p><script>alert('1')</script>\u2028Bcc: stranger@example.com \u202eesrever “é” " + "x" * 150
    await alice.shares(await alice.creates(title, location='"><img src=x>'), ben)
    [mail] = await office.sent(ben, 1)
    assert mail.message["Bcc"] is None
    assert [str(one) for one in mail.message.get_all("To", [])] == [ben.account["email"]]
    assert "</script> Bcc: stranger@example.com esrever “é” xxx" in mail.subject
    html = mail.part("html")
    assert not any(tag in html for tag in ("<script", "<img", "\u202e"))
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;" in html


async def test_mail_comes_by_preference(office: Office, alice: Person, ben: Person):
    preferences = (await ben.get("/api/v1/notifications/preferences")).json()
    assert preferences["sends_mail"]
    read = preferences["kinds"]
    mailed = {kind for kind, channels in read.items() if channels["email"]}
    access = {"shared", "role_changed", "access_removed", "handed_over"}
    assert mailed == {*access, "reminder", "webhook_disabled"}
    assert all(channels["live"] for channels in read.values())
    await wants_mail(ben, shared=False, deleted=True)
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await alice.delete(path_of(event))
    await office.sent(ben, 1)
    assert office.got(ben) == [f"{alice.username} deleted “Planning”"]


async def test_of_an_event_that_is_muted_there_is_no_mail(office: Office, alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben, "viewer")
    await office.sent(ben, 1)
    await ben.put(f"{path_of(event)}/mute", {})
    await alice.shares(event, ben, "editor")
    await nothing_more()
    assert len(office.got(ben)) == 1


async def test_whoever_mutes_an_event_gets_no_mail_that_waits(office: Office, alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await wants_mail(ben, changed=True, shared=False)
    await alice.shares(event, ben)
    await alice.changes(event, location="Hall")
    await nothing_more()
    await ben.put(f"{path_of(event)}/mute", {})
    await alice.changes(event, location="Garden")
    async with office.dispatching_later(timedelta(seconds=70)):
        await nothing_more()
    assert office.got(ben) == []


# -- trying again, and giving up -----------------------------------------------------------------------------


async def test_what_is_refused_for_now_is_tried_again_later_under_the_same_id(
    office: Office, alice: Person, ben: Person
):
    office.box.of_mail = lambda _: "451 greylisted"
    await alice.shares(await alice.creates("Planning"), ben)
    refused = await office.box.is_offered_to(ben.account["email"])
    office.box.of_mail = lambda _: "250 OK"
    async with office.dispatching_later(timedelta(seconds=10)):
        [mail] = await office.sent(ben, 1)
    assert mail.message["Message-ID"] == refused.message["Message-ID"]


async def test_what_has_lain_since_mail_was_switched_off_is_not_sent_when_it_is_switched_on_again(
    office: Office, alice: Person, ben: Person
):
    office.box.of_mail = lambda _: "451 greylisted"
    await alice.shares(await alice.creates("Planning"), ben)
    await office.box.is_offered_to(ben.account["email"])
    async with office.dispatching_later(timedelta(days=3)):
        await nothing_more()
    office.box.of_mail = lambda _: "250 OK"
    async with office.dispatching_later(timedelta(days=4)):
        await nothing_more()
    assert office.got(ben) == []


async def test_what_is_refused_for_good_is_given_up(office: Office, alice: Person, ben: Person):
    office.box.of_recipient = lambda _: "550 nobody here"
    await alice.shares(await alice.creates("Planning"), ben)
    await office.box.is_tried(ben.account["email"], 1)
    office.box.of_recipient = lambda _: "250 OK"
    async with office.dispatching_later(timedelta(hours=1)):
        await nothing_more()
    assert office.got(ben) == []


async def test_after_a_day_of_attempts_a_mail_is_given_up(office: Office, alice: Person, ben: Person):
    office.box.of_recipient = lambda _: "450 later"
    after = timedelta()
    await alice.shares(await alice.creates("Planning"), ben)
    await office.box.is_tried(ben.account["email"], 1)
    await asyncio.sleep(0.1)  # until it has been written down
    for attempts in range(1, 15):
        after += timedelta(seconds=6 * 2 ** (attempts - 1))
        async with office.dispatching_later(after):
            await office.box.is_tried(ben.account["email"], attempts + 1)
    office.box.of_recipient = lambda _: "250 OK"
    async with office.dispatching_later(after * 3):
        await nothing_more()
    assert office.got(ben) == []


async def test_whoever_loses_access_meanwhile_gets_nothing_of_the_event(office: Office, alice: Person, ben: Person):
    await wants_mail(ben, access_removed=False)
    office.box.of_recipient = lambda _: "450 later"
    event = await alice.creates("Secret")
    await alice.shares(event, ben)
    await office.box.is_tried(ben.account["email"], 1)
    await alice.delete(f"{path_of(event)}/permissions/{ben.id}")
    office.box.of_recipient = lambda _: "250 OK"
    async with office.dispatching_later(timedelta(seconds=10)):
        await nothing_more()
    assert office.got(ben) == []


async def test_whoever_is_switched_off_meanwhile_gets_nothing(office: Office, alice: Person, ben: Person):
    office.box.of_recipient = lambda _: "450 later"
    await alice.shares(await alice.creates("Planning"), ben)
    await office.box.is_tried(ben.account["email"], 1)
    units = office.api.app.services.units
    await accounts.deactivate(units, ben.username)
    office.box.of_recipient = lambda _: "250 OK"
    await alice.shares(await alice.creates("Party"), await office.api.person("dora"))
    async with office.dispatching_later(timedelta(seconds=10)):
        await nothing_more()
    assert office.got(ben) == []


async def test_a_mail_server_that_hangs_holds_up_neither_webhooks_nor_requests(
    office: Office, alice: Person, ben: Person
):
    office.box.of_recipient = lambda _: None
    for number in range(20):
        await alice.shares(await alice.creates(f"Event {number}"), ben)
    await office.box.is_tried(ben.account["email"], 16)
    async with receiving() as receiver:
        webhook = await ben.adds_webhook(receiver.url)
        await ben.post(f"/api/v1/webhooks/{webhook['id']}/test")
        await receiver.hears(1, seconds=8)
    assert (await ben.get("/api/v1/notifications")).status_code == 200
    assert office.got(ben) == []
    office.box.of_recipient = lambda _: "250 OK"
    office.box.released.set()
    await office.sent(ben, 20)


async def test_of_many_dispatchers_one_sends_each_mail(office: Office, alice: Person, ben: Person):
    titles = [f"Event {number}" for number in range(12)]
    async with asyncio.TaskGroup() as others, asyncio.timeout(30):
        done = asyncio.Event()
        for _ in range(4):
            others.create_task(_dispatch_until(office, done))
        for title in titles:
            await alice.shares(await alice.creates(title), ben)
        await office.sent(ben, 12)
        await nothing_more()
        done.set()
    assert Counter(office.got(ben)) == Counter(
        f"{alice.username} shared “{title}” with you as editor" for title in titles
    )


async def _dispatch_until(office: Office, done: asyncio.Event) -> None:
    async with office.dispatching_later(timedelta(seconds=1)):
        await done.wait()


async def test_a_dispatcher_that_is_stopped_finishes_what_it_has_in_hand(office: Office, alice: Person, ben: Person):
    """Whenever that is: while it looks for something to do, too."""
    pauses = [0.006 * number for number in range(8)]
    office.box.seconds = 0.05
    for pause in pauses:
        office.box.of_recipient = lambda _: "450 later"
        before = office.box.tried[ben.account["email"]]
        await alice.shares(await alice.creates(f"After {pause}"), ben)
        await office.box.is_tried(ben.account["email"], before + 1)
        await asyncio.sleep(0.1)  # until it has been written down
        office.box.of_recipient = lambda _: "250 OK"
        async with office.dispatching_later(timedelta(seconds=10)):
            await asyncio.sleep(pause)
    async with office.dispatching_later(timedelta(minutes=5)):
        await office.sent(ben, len(pauses))
        await nothing_more()
    assert len(office.got(ben)) == len(pauses)


async def test_mail_begins_when_it_is_switched_on():
    with fresh_database("sqlite") as url:
        async with running_api(url) as silent:
            alice, ben = await silent.person("alice"), await silent.person("ben")
            await alice.shares(await alice.creates("Before"), ben)
        async with mailing(url) as office:
            alice, ben = (
                Person(office.api, office.api.client(one.tokens["access_token"]), one.account) for one in (alice, ben)
            )
            await nothing_more()
            await alice.shares(await alice.creates("After"), ben)
            await office.sent(ben, 1)
            assert office.got(ben) == [f"{alice.username} shared “After” with you as editor"]


async def test_metrics_tell_what_has_gone_and_what_waits(office: Office, alice: Person, ben: Person):
    await alice.shares(await alice.creates("Planning"), ben)
    await office.sent(ben, 1)
    async with asyncio.timeout(15):
        while True:
            said = (await alice.client.get("/metrics")).text
            counted = 'convene_deliveries_total{channel="email",result="delivered"}' in said
            if counted and 'convene_deliveries_waiting{channel="email"}' in said:
                break
            await asyncio.sleep(0.1)
    assert 'convene_deliveries_oldest_seconds{channel="email"}' in said
