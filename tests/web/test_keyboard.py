"""Doing without a mouse: where the focus goes, and that it comes back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import ViewportSize, expect

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.test_calendar import planned, week
from tests.web.visitors import NARROW, WIDE, Visitor, monday

pytestmark = pytest.mark.xdist_group("page keyboard")


async def with_the_focus_on_planning(visit: Visit, person: Person, size: ViewportSize = WIDE) -> Visitor:
    await planned(person)
    visitor = await visit(person, week(), viewport=size)
    await visitor.event("Planning").focus()
    return visitor


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_an_event_that_is_opened_by_the_keyboard_gets_the_focus_and_gives_it_back(
    visit: Visit, alice: Person, size: ViewportSize
):
    visitor = await with_the_focus_on_planning(visit, alice, size)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.panel).to_be_focused()
    await visitor.page.keyboard.press("Tab")
    await expect(visitor.button("Details")).to_be_focused()
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.event("Planning")).to_be_focused()


async def test_e_begins_to_edit(visit: Visit, alice: Person):
    visitor = await with_the_focus_on_planning(visit, alice)
    await visitor.page.keyboard.press("e")
    await expect(visitor.field("Title")).to_be_focused()


async def test_an_event_that_is_opened_by_the_mouse_leaves_the_focus_in_the_calendar(visit: Visit, alice: Person):
    await planned(alice)
    visitor = await visit(alice, week())
    await visitor.event("Planning").click()
    await expect(visitor.field("Title")).to_be_visible()
    await visitor.page.keyboard.press("j")
    await expect(visitor.page).to_have_url(re.compile(str(monday() + timedelta(days=7))))


async def test_a_new_event_that_is_put_aside_gives_the_focus_back(visit: Visit, alice: Person):
    visitor = await with_the_focus_on_planning(visit, alice)
    await visitor.page.keyboard.press("c")
    await expect(visitor.field("Title")).to_be_focused()
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.event("Planning")).to_be_focused()


async def test_what_is_put_aside_unsaved_is_said_to_be_kept(visit: Visit, alice: Person):
    visitor = await with_the_focus_on_planning(visit, alice)
    await visitor.page.keyboard.press("e")
    await visitor.field("Location").fill("Kitchen")
    await visitor.page.keyboard.press("Escape")
    await visitor.sees("“Planning” is not saved. What you typed is kept for when you open it again.")
    await visitor.page.keyboard.press("c")
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.toast).to_have_count(1)


async def test_the_search_closes_by_one_escape(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("/")
    await visitor.page.get_by_label("Search events").fill("plan")
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.page.get_by_role("dialog")).to_have_count(0)


async def test_nothing_behind_the_panel_of_a_phone_is_reached(visit: Visit, alice: Person):
    visitor = await with_the_focus_on_planning(visit, alice, NARROW)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.panel).to_be_focused()
    for _ in range(30):
        await visitor.page.keyboard.press("Tab")
        assert await visitor.page.evaluate("document.activeElement.closest('.panel, body:focus') !== null")


#: Keys that follow each other faster than the page is painted.
_TYPING = """async (keys) => {
    const { port1, port2 } = new MessageChannel();
    for (const key of keys) {
        const at = document.activeElement;
        const goes = at.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
        if (goes && at.matches("textarea, input")) document.execCommand("insertText", false, key);
        await new Promise((done) => { port1.onmessage = done; port2.postMessage(null); });
    }
}"""


async def test_who_types_on_after_c_loses_no_letter(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.evaluate(_TYPING, "cLunch")
    await expect(visitor.field("Title")).to_have_value("Lunch")


async def test_who_types_on_after_a_slash_searches_for_all_of_it(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.evaluate(_TYPING, "/dam")
    await expect(visitor.page.get_by_label("Search events")).to_have_value("dam")
    await expect(visitor.page).to_have_url(re.compile("/week/"))


async def test_escape_closes_the_bell_alone_however_quickly_it_comes(visit: Visit, alice: Person):
    visitor = await with_the_focus_on_planning(visit, alice)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.field("Title")).to_be_visible()
    bell = visitor.button("Notifications", exact=False)
    await bell.evaluate("""async (bell) => {
        const { port1, port2 } = new MessageChannel();
        bell.click();
        await new Promise((done) => { port1.onmessage = done; port2.postMessage(null); });
        bell.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
    }""")
    await expect(bell).to_have_attribute("aria-expanded", "false")
    await expect(visitor.panel).to_be_visible()
