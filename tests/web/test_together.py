"""Two people at once, each in a browser."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.test_calendar import planned, week

pytestmark = pytest.mark.xdist_group("page together")


async def shared(alice: Person, ben: Person, description: str | None = None) -> str:
    """An event that both may change; gives its address."""
    event = await planned(alice, description=description)
    await alice.shares(event, ben, "editor")
    return f"/event/{event['id']}"


async def test_what_one_does_the_other_sees_without_reloading(visit: Visit, alice: Person, ben: Person):
    await shared(alice, ben)
    here, there = await visit(alice, week()), await visit(ben, week())
    await here.event("Planning").click()
    await here.field("Title").fill("Renamed")
    await here.button("Save").click()
    await expect(there.event("Renamed")).to_be_visible()


async def test_who_else_looks_and_edits_is_shown(visit: Visit, alice: Person, ben: Person):
    path = await shared(alice, ben)
    here, there = await visit(alice, path), await visit(ben, path)
    await here.sees(f"{ben.username} is looking at this")
    await there.field("Location").fill("Hall")
    await here.sees(f"{ben.username} is editing this")


async def test_different_fields_merge_and_a_line_says_so(visit: Visit, alice: Person, ben: Person):
    path = await shared(alice, ben)
    here, there = await visit(alice, path), await visit(ben, path)
    await here.field("Title").fill("Planning of 2.0")
    await there.field("Location").fill("Hall")
    await there.button("Save").click()
    await here.sees(f"{ben.username} changed the location while you typed")
    await expect(here.field("Location")).to_have_value("Hall")
    await here.button("Save").click()
    await here.sees("was changed")
    read = (await alice.get(f"/api/v1/events/{path.rpartition('/')[2]}")).json()
    assert (read["title"], read["location"]) == ("Planning of 2.0", "Hall")


@pytest.mark.parametrize(("side", "title"), [("Yours", "Mine"), ("Theirs", "Bens")])
async def test_the_same_field_is_chosen_by_hand(visit: Visit, alice: Person, ben: Person, side: str, title: str):
    path = await shared(alice, ben)
    here, there = await visit(alice, path), await visit(ben, path)
    await here.field("Title").fill("Mine")
    await there.field("Title").fill("Bens")
    await there.button("Save").click()
    await here.sees("Somebody else changed this too")
    await here.button("Save").click()
    await here.sees("Choose which side to keep")
    await here.panel.get_by_label(side).check()
    await here.button("Save").click()
    await expect(here.panel).to_have_count(0)
    read = (await alice.get(f"/api/v1/events/{path.rpartition('/')[2]}")).json()
    assert read["title"] == title


async def test_different_lines_of_a_description_merge(visit: Visit, alice: Person, ben: Person):
    path = await shared(alice, ben, description="Agenda\n\nDemo\n\nQuestions")
    here, there = await visit(alice, path), await visit(ben, path)
    await here.field("Description").fill("Agenda\n\nDemo\n\nQuestions of the press")
    await there.field("Description").fill("Agenda\n\nDemo by Ben\n\nQuestions")
    await there.button("Save").click()
    await here.sees("different lines are merged")
    await here.button("Save").click()
    await here.sees("was changed")
    read = (await alice.get(f"/api/v1/events/{path.rpartition('/')[2]}")).json()
    assert read["description"] == "Agenda\n\nDemo by Ben\n\nQuestions of the press"


async def test_two_tabs_of_one_person_follow_each_other(visit: Visit, alice: Person):
    await planned(alice)
    one, other = await visit(alice, week()), await visit(alice, week())
    await one.event("Planning").click()
    await one.button("Delete").click()
    await expect(other.event("Planning")).to_have_count(0)


async def test_the_bell_rings_and_leads_to_the_difference(visit: Visit, alice: Person, ben: Person):
    path = await shared(alice, ben)
    here = await visit(alice, week())
    await ben.put(f"/api/v1{path.replace('/event/', '/events/')}", {"location": "Hall"})
    await expect(here.page.get_by_role("button", name="Notifications, 1 unread")).to_be_visible()
    await here.button("Notifications, 1 unread").click()
    await here.page.locator(".news-item").first.click()
    await expect(here.page.locator("ins")).to_have_text("Hall")
    await expect(here.button("Notifications")).to_be_visible()


async def test_people_are_called_as_they_call_themselves(visit: Visit, alice: Person, ben: Person):
    await ben.patch("/api/v1/auth/me", {"display_name": "Ben Okri"})
    path = await shared(alice, ben)
    here, there = await visit(alice, path), await visit(ben, path)
    await here.sees("Ben Okri is looking at this")
    await there.field("Location").fill("Hall")
    await there.button("Save").click()
    await here.sees("Ben Okri changed the location")
    await here.button("History").click()
    await expect(here.page.locator(".version.newest strong")).to_have_text("Ben Okri")
    await expect(here.page.locator(".version.newest strong")).to_have_attribute("title", ben.username)
    await here.button("Notifications", exact=False).click()
    await expect(here.page.locator(".news-item").first).to_contain_text("Ben Okri changed “Planning”")
    await here.page.keyboard.press("Escape")
    await here.button("Share").click()
    await expect(here.page.get_by_label("Role of")).to_have_accessible_name(f"Role of Ben Okri ({ben.username})")
