"""Views, the address bar, and making and moving events by hand."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.visitors import Visitor, at, monday

pytestmark = pytest.mark.xdist_group("page calendar")


def week(path: str = "week") -> str:
    return f"/{path}/{monday().isoformat()}"


async def planned(person: Person, title: str = "Planning", day: int = 1, **fields: object) -> dict[str, object]:
    """An event from ten to eleven on a day of this week."""
    when = monday() + timedelta(days=day)
    event: dict[str, object] = await person.creates(
        title, at(when, "10:00"), at(when, "11:00"), time_zone="Europe/Berlin", **fields
    )
    return event


async def times(person: Person, event: dict[str, object]) -> tuple[str, str]:
    read = (await person.get(f"/api/v1/events/{event['id']}")).json()
    return read["start_time"], read["end_time"]


async def test_the_address_bar_keeps_view_and_date(visit: Visit, alice: Person):
    await planned(alice)
    visitor = await visit(alice, week())
    await expect(visitor.event("Planning")).to_be_visible()
    await visitor.button("Month").click()
    await expect(visitor.page).to_have_url(re.compile(rf"/month/{monday()}$"))
    await visitor.button("Next").click()
    await expect(visitor.event("Planning")).to_have_count(0)
    await visitor.page.go_back()
    await expect(visitor.event("Planning")).to_be_visible()
    await visitor.page.reload()
    await expect(visitor.event("Planning")).to_be_visible()


async def test_the_title_of_a_day_says_the_year(visit: Visit, alice: Person):
    visitor = await visit(alice, "/day/2031-03-05")
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Wednesday, 5 March 2031")
    await visitor.page.set_viewport_size({"width": 390, "height": 844})
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Wed, 5 Mar 2031")


async def test_the_agenda_says_where(visit: Visit, alice: Person):
    await planned(alice, location="Lighthouse")
    visitor = await visit(alice, week("agenda"))
    await expect(visitor.event("Planning")).to_contain_text("Lighthouse")


async def test_the_agenda_says_which_part_of_a_day_an_event_takes(visit: Visit, alice: Person):
    night, morning = monday() + timedelta(days=1), monday() + timedelta(days=2)
    await alice.creates("Night shift", at(night, "22:00"), at(morning, "06:00"), time_zone="Europe/Berlin")
    visitor = await visit(alice, week("agenda"))
    lines = visitor.page.locator(".agenda-line")
    await expect(lines).to_have_text(["from 22:00Night shift", "until 06:00Night shift"])
    await lines.last.focus()
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.field("Title")).to_have_value("Night shift")


async def test_an_empty_agenda_says_what_to_do(visit: Visit, alice: Person):
    visitor = await visit(alice, week("agenda"))
    await visitor.sees("Nothing in these four weeks. Press c to plan something.")


@pytest.mark.parametrize("until", ["10:30", "11:00"])
async def test_an_entry_of_a_week_says_title_and_time_before_its_place(visit: Visit, alice: Person, until: str):
    day = monday() + timedelta(days=1)
    place = "The restaurant behind the old lighthouse, upstairs"
    await alice.creates("Standup", at(day, "10:00"), at(day, until), location=place)
    visitor = await visit(alice, week())
    entry = visitor.event("Standup")
    for part, text in ((".name", "Standup"), (".time", "10:00")):
        said = entry.locator(part)
        await expect(said).to_have_text(text)
        assert await said.evaluate("(one) => one.scrollWidth <= one.clientWidth + 1")
        whole, own = await entry.bounding_box(), await said.bounding_box()
        assert whole
        assert own
        assert own["x"] + own["width"] <= whole["x"] + whole["width"]
        assert own["y"] + own["height"] <= whole["y"] + whole["height"]


async def test_a_place_for_which_there_is_no_room_is_not_seen(visit: Visit, alice: Person):
    await planned(alice, "Planning of the launch and of all that follows", location="Luigi's restaurant")
    visitor = await visit(alice, week())
    whole = await visitor.event("Planning").bounding_box()
    place = await visitor.event("Planning").locator(".place").bounding_box()
    assert whole
    assert place
    assert place["x"] >= whole["x"] + whole["width"]


async def test_an_address_of_an_event_opens_it(visit: Visit, alice: Person):
    event = await planned(alice, "Linked")
    visitor = await visit(alice, f"/event/{event['id']}")
    await expect(visitor.field("Title")).to_have_value("Linked")


async def test_letters_move_through_time_and_views(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("j")
    await expect(visitor.page).to_have_url(re.compile(str(monday() + timedelta(days=7))))
    await visitor.page.keyboard.press("k")
    await visitor.page.keyboard.press("m")
    await expect(visitor.page).to_have_url(re.compile(rf"/month/{monday()}"))
    await visitor.page.keyboard.press("a")
    await expect(visitor.page).to_have_url(re.compile("/agenda/"))
    await visitor.page.keyboard.press("?")
    await visitor.sees("Keyboard shortcuts")


async def test_dragging_over_time_makes_an_event(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    day = monday() + timedelta(days=2)
    await visitor.drags(await visitor.place(day, "09:00"), await visitor.place(day, "10:00"))
    await expect(visitor.field("Title")).to_be_focused()
    await visitor.page.keyboard.type("Drawn")
    await expect(visitor.field("Starts at")).to_have_value("09:00")
    await visitor.page.keyboard.press("Enter")
    await visitor.sees("“Drawn” was created")
    await expect(visitor.event("Drawn")).to_be_visible()
    made = (await alice.get("/api/v1/events")).json()[0]
    assert made["start_time"] == at(day, "09:00")


async def test_the_shadow_of_a_new_event_is_shown_wherever_its_time_is(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    shadow = visitor.page.locator(".calendar .is-draft").first
    await expect(shadow).to_be_in_viewport()
    await visitor.field("Starts at").fill("23:00")
    await expect(shadow).to_contain_text("23:00")
    await expect(shadow).to_be_in_viewport()
    await visitor.field("Starts at").fill("02:00")
    await expect(shadow).to_contain_text("02:00")
    await expect(shadow).to_be_in_viewport()


async def test_a_double_click_makes_an_event_of_an_hour(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    day = monday() + timedelta(days=3)
    await visitor.page.mouse.dblclick(*await visitor.place(day, "13:00"))
    await expect(visitor.field("Starts at")).to_have_value("13:00")
    await expect(visitor.field("Ends at")).to_have_value("14:00")


async def test_a_quick_line_fills_the_panel(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.get_by_label("Quick line").fill("Lunch with Ben 24 December 12:30-13:30 at Luigi's")
    understood = visitor.page.locator(".understood")
    await expect(understood).to_have_attribute("aria-live", "polite")
    await expect(understood).to_contain_text(re.compile("Lunch with Ben.*24 Dec, 12:30.13:30.*At Luigi's"))
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.field("Title")).to_have_value("Lunch with Ben")
    await expect(visitor.field("Location")).to_have_value("Luigi's")
    await expect(visitor.field("Ends at")).to_have_value("13:30")


async def moved_by_hand(visitor: Visitor, title: str, to: str) -> None:
    box = await visitor.event(title).bounding_box()
    assert box
    day = monday() + timedelta(days=1)
    x, y = await visitor.place(day, to)
    await visitor.drags((box["x"] + 40, box["y"] + 6), (x, y))


async def test_dragging_an_event_moves_it_and_ctrl_z_moves_it_back(visit: Visit, alice: Person):
    event = await planned(alice)
    before = await times(alice, event)
    visitor = await visit(alice, week())
    await moved_by_hand(visitor, "Planning", "14:00")
    await visitor.sees("“Planning” was moved")
    day = monday() + timedelta(days=1)
    assert await times(alice, event) == (at(day, "14:00"), at(day, "15:00"))
    await visitor.page.keyboard.press("Control+z")
    await visitor.sees("Undone")
    assert await times(alice, event) == before


async def test_the_lower_edge_makes_an_event_longer(visit: Visit, alice: Person):
    event = await planned(alice)
    visitor = await visit(alice, week())
    await visitor.event("Planning").hover()
    box = await visitor.event("Planning").bounding_box()
    assert box
    x, y = await visitor.place(monday() + timedelta(days=1), "12:00")
    await visitor.drags((box["x"] + 40, box["y"] + box["height"] - 2), (x, y))
    await visitor.sees("“Planning” was moved")
    start, end = await times(alice, event)
    assert start == at(monday() + timedelta(days=1), "10:00")
    assert end > at(monday() + timedelta(days=1), "11:30")


async def test_a_viewer_cannot_drag(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice)
    await alice.shares(event, ben, "viewer")
    before = await times(alice, event)
    visitor = await visit(ben, week())
    await moved_by_hand(visitor, "Planning", "14:00")
    assert await times(alice, event) == before
    await visitor.event("Planning").click()
    await visitor.sees("You can see this event, but not change it")


async def test_what_is_dragged_onto_taken_time_asks_first(visit: Visit, alice: Person):
    event = await planned(alice)
    day = monday() + timedelta(days=1)
    await alice.creates("Dentist", at(day, "14:00"), at(day, "15:00"))
    before = await times(alice, event)
    visitor = await visit(alice, week())
    await moved_by_hand(visitor, "Planning", "14:00")
    await visitor.sees("That time is taken")
    await visitor.button("Put it back").click()
    assert await times(alice, event) == before
    await moved_by_hand(visitor, "Planning", "14:00")
    await visitor.button("Save anyway").click()
    await visitor.sees("“Planning” was moved")
    assert await times(alice, event) == (at(day, "14:00"), at(day, "15:00"))


async def test_what_is_dragged_onto_taken_time_is_put_into_free_time_by_one_click(visit: Visit, alice: Person):
    event = await planned(alice)
    day = monday() + timedelta(days=1)
    await alice.creates("Dentist", at(day, "14:00"), at(day, "15:00"))
    visitor = await visit(alice, week())
    await moved_by_hand(visitor, "Planning", "14:00")
    await visitor.sees("That time is taken")
    await visitor.page.get_by_role("dialog").get_by_role("button", name="15:00").first.click()
    await visitor.sees("“Planning” was moved")
    assert await times(alice, event) == (at(day, "15:00"), at(day, "16:00"))


async def test_the_legend_hides_what_is_not_wanted(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice)
    await alice.shares(event, ben, "editor")
    visitor = await visit(ben, week())
    await expect(visitor.event("Planning")).to_be_visible()
    await visitor.page.get_by_label("Shared, you may edit").uncheck()
    await expect(visitor.event("Planning")).to_have_count(0)


async def test_names_of_events_follow_zone_and_language(visit: Visit, alice: Person):
    event = await planned(alice)
    visitor = await visit(alice, week())
    shown = visitor.page.locator(f'.calendar [data-event="{event["id"]}"]')
    await expect(shown).to_have_attribute("aria-label", re.compile("10:00"))
    await visitor.button("Account").click()
    await visitor.button("Settings").click()
    await visitor.page.get_by_label("Your time zone").select_option("UTC")
    await expect(shown).to_have_attribute("aria-label", re.compile("0[89]:00"))
    await expect(shown).to_have_attribute("title", re.compile("0[89]:00"))
    await visitor.page.get_by_label("Dates in").select_option("de-DE")
    await expect(shown).to_have_attribute("aria-label", re.compile("Di"))
