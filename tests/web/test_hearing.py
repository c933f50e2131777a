"""When and where people hear of events: reminders in the panel, webhooks in the settings."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Response, expect

from tests.databases import fresh_database
from tests.people import Json, Person
from tests.process.callers import calling
from tests.process.servers import serving
from tests.receiver import receiving
from tests.web.conftest import Visit
from tests.web.test_calendar import planned, week
from tests.web.visitors import Visitor, visiting

pytestmark = pytest.mark.xdist_group("page hearing")


async def reminders(person: Person, event: Json) -> Json:
    return (await person.get(f"/api/v1/events/{event['id']}/reminders")).json()["minutes"]


def is_removal(answer: Response) -> bool:
    return answer.request.method == "DELETE"


async def settings(visitor: Visitor) -> None:
    await visitor.button("Account").click()
    await visitor.button("Settings").click()


async def test_reminders_are_set_and_taken_away_at_once(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice)
    await alice.shares(event, ben, "viewer")
    visitor = await visit(ben, week())
    await visitor.event("Planning").click()
    await visitor.field("Remind me").select_option("15 minutes before")
    await visitor.field("Remind me").select_option("1 day before")
    away = visitor.panel.get_by_role("button", name="Take the reminder away")
    await expect(away).to_have_text(["15 minutes before", "1 day before"])
    # All three say the same when they are kept: only the last request tells that the last one is.
    async with visitor.page.expect_response(lambda answer: answer.request.post_data == '{"minutes":[1440]}'):
        await away.first.click()
    await expect(away).to_have_text(["1 day before"])
    await visitor.sees("Your reminders were changed")
    assert await reminders(ben, event) == [1440]
    assert await reminders(alice, event) == []


async def test_a_new_event_keeps_the_reminder_that_was_chosen(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Dentist")
    await visitor.field("Remind me").select_option("when it begins")
    await visitor.button("Create").click()
    await visitor.sees("“Dentist” was created")
    await expect(visitor.panel).to_have_count(0)
    [event] = (await alice.get("/api/v1/events", q="Dentist")).json()
    assert await reminders(alice, event) == [0]


async def test_a_webhook_is_added_tried_and_removed(visit: Visit, alice: Person):
    async with receiving() as receiver:
        visitor = await visit(alice)
        await settings(visitor)
        await visitor.page.get_by_label("Address", exact=True).fill(receiver.url)
        await visitor.button("Add").click()
        secret = await visitor.page.locator(".secret code").inner_text()
        await visitor.button("Send a test").click()
        [message] = await receiver.hears(1)
        assert message.verified(secret)["type"] == "ping"
        await visitor.button("Hide the log").click()
        await visitor.button("What was sent").click()
        await expect(visitor.page.locator(".log li")).to_contain_text(["delivered"])
        await visitor.button("Remove").click()
        await expect(visitor.page.locator(".webhook")).to_have_count(0)
        async with visitor.page.expect_response(is_removal):
            await visitor.button("Dismiss").click()
        await expect(visitor.page.locator(".webhook")).to_have_count(0)
        assert (await alice.get("/api/v1/webhooks")).json() == []


async def test_removing_a_webhook_is_undone(visit: Visit, alice: Person):
    url = "https://example.com/hook"
    await alice.post("/api/v1/webhooks", {"url": url})
    visitor = await visit(alice)
    await settings(visitor)
    await visitor.button("Remove").click()
    await visitor.sees(f"{url} hears nothing any more")
    await expect(visitor.page.locator(".webhook")).to_have_count(0)
    await visitor.button("Undo").click()
    await visitor.sees("Undone")
    await expect(visitor.page.locator(".webhook")).to_contain_text(url)
    assert len((await alice.get("/api/v1/webhooks")).json()) == 1


async def test_a_new_secret_is_made_only_when_what_follows_was_read(visit: Visit, alice: Person):
    made = await alice.post("/api/v1/webhooks", {"url": "https://example.com/hook"})
    visitor = await visit(alice)
    await settings(visitor)
    question = visitor.page.get_by_role("dialog", name="Make a new secret?")
    shown = visitor.page.locator(".secret code")
    await visitor.button("New secret").click()
    await expect(question).to_contain_text("For 24 hours messages are signed with both")
    await expect(question).to_contain_text("cannot be undone")
    await visitor.page.keyboard.press("Escape")
    await expect(question).to_have_count(0)
    await expect(visitor.button("New secret")).to_be_focused()
    await expect(shown).to_have_count(0)
    await visitor.button("New secret").click()
    await visitor.button("Make a new secret").click()
    await expect(question).to_have_count(0)
    await expect(shown).to_have_text(re.compile("^whsec_"))
    assert await shown.inner_text() != made.json()["secret"]


async def test_a_removed_webhook_stays_away_where_the_settings_are_opened_again(visit: Visit, alice: Person):
    await alice.post("/api/v1/webhooks", {"url": "https://example.com/hook"})
    visitor = await visit(alice)
    await settings(visitor)
    await visitor.button("Remove").click()
    await visitor.button("Close").click()
    async with visitor.page.expect_response("**/api/v1/webhooks"):
        await settings(visitor)
    await expect(visitor.page.get_by_label("Address", exact=True)).to_be_visible()
    await expect(visitor.page.locator(".webhook")).to_have_count(0)
    async with visitor.page.expect_response(is_removal):
        await visitor.button("Dismiss").click()
    await expect(visitor.page.locator(".webhook")).to_have_count(0)


async def test_an_address_that_is_none_is_refused_in_words(visit: Visit, alice: Person):
    visitor = await visit(alice)
    await settings(visitor)
    await visitor.page.get_by_label("Address", exact=True).fill("ftp://example.com/hook")
    await visitor.button("Add").click()
    await expect(visitor.page.locator(".fault")).to_have_text(
        "URL must be an address such as https://example.com/hook."
    )


async def test_what_comes_by_mail_is_chosen_where_the_server_sends_any(browser: Browser):
    mail = {"SMTP_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "convene@example.com", "PUBLIC_URL": "http://127.0.0.1"}
    with fresh_database("sqlite") as url, serving(url, **mail) as server:
        async with calling(server.url) as api, visiting(browser, server.url) as visitor:
            alice = await api.person("alice")
            await visitor.signs_in(alice)
            await settings(visitor)
            await visitor.page.get_by_label("changed: by mail", exact=True).check()
            await visitor.page.get_by_label("A mail about each day, at").check()
            async with visitor.page.expect_response(lambda answer: answer.request.post_data == '{"hour":6}'):
                await visitor.page.get_by_label("Hour", exact=True).select_option("06:00")
            await expect(visitor.page.get_by_label("Hour", exact=True)).to_have_value("6")
            read = (await alice.get("/api/v1/notifications/preferences")).json()
            assert read["kinds"]["changed"] == {"live": True, "email": True}
            digest = (await alice.get("/api/v1/notifications/digest")).json()
            assert (digest["enabled"], digest["hour"]) == (True, 6)


async def test_nothing_is_said_of_mail_where_the_server_sends_none(visit: Visit, alice: Person):
    visitor = await visit(alice)
    await settings(visitor)
    await expect(visitor.page.get_by_label("changed: here", exact=True)).to_be_checked()
    await expect(visitor.page.get_by_label("changed: by mail", exact=True)).to_have_count(0)
