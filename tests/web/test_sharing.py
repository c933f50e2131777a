"""Who sees an event, and who decides that."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.test_calendar import planned

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


async def test_an_event_is_handed_over(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice)
    await alice.shares(event, ben, "editor")
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.button("Share").click()
    await visitor.page.get_by_label("Hand the event over to").select_option(ben.username)
    await visitor.button(f"Make {ben.username} the owner").click()
    await visitor.sees(f"You cannot undo this: only {ben.username} can give it back.")
    await visitor.button(f"Make {ben.username} the owner").click()
    await visitor.sees(f"The event is {ben.username}")
    await expect(visitor.page.get_by_label(f"Role of {ben.username}")).to_have_count(0)
    assert await roles(alice, event) == {alice.username: "editor", ben.username: "owner"}


async def test_who_does_not_want_an_event_leaves_it(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice)
    await alice.shares(event, ben, "viewer")
    visitor = await visit(ben, f"/event/{event['id']}")
    await visitor.button("Share").click()
    await visitor.button("Leave this event").click()
    await visitor.sees("You cannot undo this: only its owner can let you in again.")
    await visitor.button("Leave this event").click()
    await visitor.sees("You left")
    await expect(visitor.event("Planning")).to_have_count(0)
