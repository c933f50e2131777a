"""History, the way back, and the calendar as it was."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.test_calendar import planned, week
from tests.web.visitors import NARROW

pytestmark = pytest.mark.xdist_group("page past")


async def test_history_says_who_changed_what_and_marks_the_words(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice, description="Bring the old questions")
    await alice.shares(event, ben, "editor")
    await ben.changes(event, description="Bring the new questions")
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.button("History").click()
    await visitor.sees(f"{ben.username} changed description")
    await expect(visitor.panel.get_by_role("heading", name="Planning")).to_be_visible()
    await expect(visitor.page.locator("del")).to_have_text("old")
    await expect(visitor.page.locator("ins")).to_have_text("new")


async def test_one_field_is_brought_back_and_that_can_be_undone(visit: Visit, alice: Person):
    event = await planned(alice)
    await alice.changes(event, title="Renamed", location="Hall")
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.button("History").click()
    await visitor.button("Bring back title from before version 2").click()
    await visitor.sees("title brought back")
    read = (await alice.get(f"/api/v1/events/{event['id']}")).json()
    assert (read["title"], read["location"]) == ("Planning", "Hall")
    await visitor.button("Undo").click()
    await visitor.sees("Undone")
    assert (await alice.get(f"/api/v1/events/{event['id']}")).json()["title"] == "Renamed"


async def test_a_whole_version_is_restored(visit: Visit, alice: Person):
    event = await planned(alice)
    await alice.changes(event, title="Renamed", location="Hall")
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.button("History").click()
    await visitor.button("Restore version 1").click()
    await visitor.sees("version 1 brought back")
    read = (await alice.get(f"/api/v1/events/{event['id']}")).json()
    assert (read["title"], read["location"]) == ("Planning", None)


async def test_who_set_which_field_last_is_said(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice)
    await alice.shares(event, ben, "editor")
    await ben.changes(event, location="Hall")
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.button("History").click()
    await visitor.page.get_by_text("Who set what last").click()
    row = visitor.page.locator(".blame tr").filter(has_text="location")
    await expect(row).to_contain_text(ben.username)


async def test_what_was_done_to_a_series_is_said_in_words(visit: Visit, alice: Person):
    event = await alice.creates(
        "Yoga",
        "2027-03-02T09:00:00+01:00",
        "2027-03-02T10:00:00+01:00",
        time_zone="Europe/Berlin",
        recurrence_pattern={"frequency": "weekly"},
    )
    path = f"/api/v1/events/{event['id']}"
    date = {"scope": "this", "occurrence": "2027-03-09T09:00:00"}
    later = {"start_time": "2027-03-09T14:00:00+01:00", "end_time": "2027-03-09T15:00:00+01:00"}
    assert (await alice.put(path, later, params=date)).status_code == 200
    date["occurrence"] = "2027-03-23T09:00:00"
    assert (await alice.delete(path, params=date)).status_code == 204
    await alice.changes(event, recurrence_pattern={"frequency": "weekly", "interval": 2, "byDay": [{"day": "tu"}]})
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.button("History").click()
    await visitor.sees("The repetition changed from every week to every second week on Tuesday.")
    await visitor.button("Show what version 2 changed").click()
    await visitor.sees("Tue 9 March 2027 was moved to 14:00.")
    await visitor.button("Show what version 3 changed").click()
    await visitor.sees("Tue 23 March 2027 was taken out.")
    await expect(visitor.page.get_by_text(re.compile("overrides|recurrence_pattern|excluded"))).to_have_count(0)


async def test_the_time_machine_shows_the_calendar_as_it_was(visit: Visit, alice: Person):
    event = await planned(alice)
    await alice.changes(event, title="Renamed")
    visitor = await visit(alice, week())
    await expect(visitor.event("Renamed")).to_be_visible()
    await visitor.button("Time machine").click()
    await visitor.sees("The calendar as it was on")
    slider = visitor.page.get_by_label("Moment")
    await slider.focus()
    await slider.press("Home")
    await expect(visitor.event("Renamed")).to_have_count(0)
    await visitor.button("Back to now").click()
    await expect(visitor.event("Renamed")).to_be_visible()


async def test_the_calendar_follows_the_slider_while_it_is_dragged(visit: Visit, alice: Person):
    await planned(alice)
    visitor = await visit(alice, week())
    await visitor.button("Time machine").click()
    slider = await visitor.page.get_by_label("Moment").bounding_box()
    assert slider
    middle = slider["y"] + slider["height"] / 2
    await visitor.page.mouse.move(slider["x"] + slider["width"] - 8, middle)
    await visitor.page.mouse.down()
    await visitor.page.mouse.move(slider["x"] + 1, middle, steps=5)
    await expect(visitor.event("Planning")).to_have_count(0)
    await visitor.page.mouse.up()


async def test_the_time_machine_opened_again_stands_at_now(visit: Visit, alice: Person):
    await planned(alice)
    visitor = await visit(alice, week())
    await visitor.button("Time machine").click()
    await visitor.page.get_by_label("Moment").press("Home")
    await expect(visitor.event("Planning")).to_have_count(0)
    await visitor.button("Time machine").click()
    await visitor.button("Time machine").click()
    await expect(visitor.page.get_by_label("Moment")).to_have_value("1000")
    await expect(visitor.event("Planning")).to_be_visible()


async def test_a_moment_of_the_past_can_be_typed_on_a_phone(visit: Visit, alice: Person):
    await planned(alice)
    visitor = await visit(alice, week("day"), viewport=NARROW)
    await visitor.button("Account").click()
    await visitor.button("Time machine").click()
    field = visitor.page.get_by_label("Date and time")
    await field.fill("2020-01-01T12:00")
    await field.blur()
    await expect(visitor.page.get_by_label("Moment")).to_have_value("0")
    await visitor.button("Back to now").click()
    await expect(visitor.page.get_by_label("Moment")).to_have_count(0)
