"""Who sees an event, and who decides that."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.people import Json, Person
from tests.web.conftest import Visit
from tests.web.test_calendar import planned, week
from tests.web.visitors import PATIENCE_MS, Visitor

pytestmark = pytest.mark.xdist_group("page sharing")


async def roles(person: Person, event: dict[str, object]) -> dict[str, str]:
    rows = (await person.get(f"/api/v1/events/{event['id']}/permissions")).json()
    return {row["username"]: row["role"] for row in rows}


async def test_people_are_found_while_typing_and_given_roles(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice)
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.button("Share").click()
    await visitor.page.get_by_label("Add people").fill(ben.username[:2])
    await visitor.sees("Type 3 letters of the name, or more.")
    await visitor.page.get_by_label("Add people").fill(ben.username[:9])
    await visitor.page.get_by_role("button", name=ben.username).click()
    role = visitor.page.get_by_label(f"Role of {ben.username}")
    await expect(role).to_have_value("editor")
    await role.select_option("viewer")
    await visitor.sees(f"{ben.username} is viewer now")
    assert await roles(alice, event) == {alice.username: "owner", ben.username: "viewer"}
    await role.select_option("remove")
    await expect(role).to_have_count(0)
    assert await roles(alice, event) == {alice.username: "owner"}


async def hands_over(visit: Visit, alice: Person, ben: Person) -> tuple[Visitor, Json]:
    """Alice, who has just made Ben the owner of an event."""
    event = await planned(alice)
    await alice.shares(event, ben, "editor")
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.button("Share").click()
    await visitor.page.get_by_label("Hand the event over to").select_option(ben.username)
    await visitor.button(f"Make {ben.username} the owner").click()
    await visitor.sees(f"{ben.username} becomes the owner in a moment")
    return visitor, event


async def leaves(visit: Visit, alice: Person, ben: Person) -> tuple[Visitor, Json]:
    """Ben, who has just left an event of Alice."""
    event = await planned(alice)
    await alice.shares(event, ben, "viewer")
    visitor = await visit(ben, f"/event/{event['id']}")
    await visitor.button("Share").click()
    await visitor.button("Leave this event").click()
    await visitor.sees("You left")
    await expect(visitor.panel).to_have_count(0)
    await expect(visitor.event("Planning")).to_have_count(0)
    return visitor, event


async def test_an_event_is_handed_over_when_it_cannot_be_undone_any_more(visit: Visit, alice: Person, ben: Person):
    visitor, event = await hands_over(visit, alice, ben)
    assert await roles(alice, event) == {alice.username: "owner", ben.username: "editor"}
    await visitor.button("Dismiss").click()
    await expect(visitor.page.get_by_text("becomes the owner")).to_have_count(0)
    await expect(visitor.page.get_by_label(f"Role of {ben.username}")).to_have_count(0)
    assert await roles(alice, event) == {alice.username: "editor", ben.username: "owner"}


async def test_handing_over_is_undone(visit: Visit, alice: Person, ben: Person):
    visitor, event = await hands_over(visit, alice, ben)
    await visitor.button("Undo").click()
    await visitor.sees("Undone")
    await expect(visitor.page.get_by_label("Hand the event over to")).to_have_value("")
    await visitor.page.reload()
    await expect(visitor.field("Title")).to_be_visible()
    assert await roles(alice, event) == {alice.username: "owner", ben.username: "editor"}


async def test_who_closes_the_page_has_handed_over(visit: Visit, alice: Person, ben: Person):
    visitor, event = await hands_over(visit, alice, ben)
    await visitor.page.goto("about:blank")
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while (await roles(ben, event))[ben.username] != "owner":
            continue


async def test_who_does_not_want_an_event_leaves_it(visit: Visit, alice: Person, ben: Person):
    visitor, event = await leaves(visit, alice, ben)
    async with visitor.page.expect_response(re.compile(r"/api/v1/events\?.*from=")):
        await visitor.button("Dismiss").click()
    assert await roles(alice, event) == {alice.username: "owner"}
    await expect(visitor.event("Planning")).to_have_count(0)


async def test_leaving_is_undone(visit: Visit, alice: Person, ben: Person):
    visitor, event = await leaves(visit, alice, ben)
    await visitor.page.keyboard.press("Control+z")
    await visitor.sees("Undone")
    await expect(visitor.event("Planning")).to_be_visible()
    assert await roles(alice, event) == {alice.username: "owner", ben.username: "viewer"}


async def test_who_signs_out_has_left(visit: Visit, alice: Person, ben: Person):
    visitor, event = await leaves(visit, alice, ben)
    await visitor.button("Account").click()
    await visitor.button("Sign out").click()
    await expect(visitor.button("Sign in")).to_be_visible()
    assert await roles(alice, event) == {alice.username: "owner"}


async def test_what_cannot_be_done_any_more_is_said(visit: Visit, alice: Person, ben: Person):
    visitor, event = await hands_over(visit, alice, ben)
    await alice.delete(f"/api/v1/events/{event['id']}/permissions/{ben.id}")
    await visitor.button("Dismiss").click()
    await visitor.sees("This was not done")


async def test_another_role_is_said_of_an_event_that_is_shown(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice)
    await alice.shares(event, ben, "editor")
    visitor = await visit(ben, week())
    shown = visitor.page.locator(f'.calendar [data-event="{event["id"]}"]')
    await expect(shown).to_have_attribute("aria-label", re.compile("you are editor"))
    await alice.shares(event, ben, "viewer")
    await expect(shown).to_have_attribute("aria-label", re.compile("you are viewer"))
