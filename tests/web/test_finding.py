"""Search, settings, insights, and what is said when the server is away."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import Route, expect

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.test_calendar import planned, week
from tests.web.visitors import at, monday

pytestmark = pytest.mark.xdist_group("page finding")


async def test_search_finds_and_opens(visit: Visit, alice: Person):
    await planned(alice, "Strategy", description="About the lighthouse")
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("/")
    await visitor.page.get_by_label("Search events").fill("lightho")
    await visitor.page.locator(".results button").click()
    await expect(visitor.field("Title")).to_have_value("Strategy")


async def test_search_says_that_there_is_nothing(visit: Visit, alice: Person):
    visitor = await visit(alice)
    await visitor.page.keyboard.press("/")
    await visitor.page.get_by_label("Search events").fill("nowhere to be found")
    await visitor.sees("Nothing has “nowhere to be found” in it")


async def test_another_zone_moves_the_clock_but_not_the_event(visit: Visit, alice: Person):
    event = await planned(alice)
    visitor = await visit(alice, week())
    await expect(visitor.event("Planning")).to_contain_text("10:00")
    await visitor.button("Account").click()
    await visitor.button("Settings").click()
    await visitor.page.get_by_label("Your time zone").select_option("Asia/Kolkata")
    await visitor.sees("Saved")
    await visitor.page.keyboard.press("Escape")
    expected = "14:30" if event["start_time"].endswith("+01:00") else "13:30"  # type: ignore[attr-defined]
    await expect(visitor.event("Planning")).to_contain_text(expected)


async def test_weeks_begin_on_the_day_that_was_chosen(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.button("Account").click()
    await visitor.button("Settings").click()
    await visitor.page.get_by_label("Weeks begin on").select_option("Sunday")
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.page.locator(".day-head").first).to_contain_text("Sun")
    await visitor.page.reload()
    await expect(visitor.page.locator(".day-head").first).to_contain_text("Sun")


async def test_the_theme_is_switched_and_kept(visit: Visit, alice: Person):
    visitor = await visit(alice, color_scheme="light")
    root = visitor.page.locator("html")
    await expect(root).to_have_attribute("data-color-scheme", "light")
    await visitor.button("Account").click()
    await visitor.button("Dark theme").click()
    await visitor.page.reload()
    await expect(root).to_have_attribute("data-color-scheme", "dark")


async def test_a_device_is_signed_out_from_afar(visit: Visit, alice: Person):
    here, there = await visit(alice), await visit(alice)
    await here.button("Account").click()
    await here.button("Settings").click()
    others = here.page.get_by_role("button", name="Sign out", exact=True)
    await expect(others).to_have_count(2)
    for left in (1, 0):
        await others.first.click()
        await expect(others).to_have_count(left)
    await there.sees("Your session has ended")


async def test_insights_count_the_hours(visit: Visit, alice: Person, ben: Person):
    await alice.shares(await planned(alice), ben, "editor")
    visitor = await visit(alice, week())
    await visitor.button("Account").click()
    await visitor.button("Insights").click()
    await visitor.sees("Hours by week")
    await expect(visitor.page.locator(".weeks li", has_text="1 h")).to_have_count(1)
    await expect(visitor.page.locator(".weeks").get_by_text("1", exact=True)).to_be_visible()
    await expect(visitor.page.locator(".bars").filter(has_text=ben.username)).to_contain_text("1 event")


async def test_a_server_that_is_away_is_said_and_what_is_typed_is_kept(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Typed offline")
    await visitor.page.context.set_offline(True)
    await visitor.button("Create").click()
    await visitor.sees("The server cannot be reached")
    await expect(visitor.field("Title")).to_have_value("Typed offline")
    await visitor.page.context.set_offline(False)
    await visitor.button("Create").click()
    await visitor.sees("“Typed offline” was created")
    await expect(visitor.page.locator(".banner")).to_have_count(0)


async def test_which_dates_are_meant_is_asked_without_their_number_while_offline(visit: Visit, alice: Person):
    rule = {"frequency": "daily", "count": 3}
    await alice.creates("Daily", at(monday(), "10:00"), at(monday(), "11:00"), recurrence_pattern=rule)
    visitor = await visit(alice, week())
    await visitor.event("Daily").nth(1).click()
    await visitor.field("Location").fill("Kitchen")
    await visitor.page.context.set_offline(True)
    await visitor.button("Save").click()
    await expect(visitor.button("This and all following", exact=False)).to_have_text(re.compile("From this date on"))
    await expect(visitor.button("All of them", exact=False)).to_have_text(re.compile("Those before this date, too"))


async def test_a_server_that_fails_is_said_with_a_way_on(visit: Visit, alice: Person):
    await planned(alice)

    async def fail(route: Route) -> None:
        await route.fulfill(status=500, content_type="application/problem+json", body='{"title": "Internal"}')

    visitor = await visit()
    await visitor.hears_nothing()  # or the page may find its way on by itself
    await visitor.comes_as(alice, week())
    lists = re.compile(r"/api/v1/events\?")
    await visitor.page.route(lists, fail)
    await visitor.button("Next").click()
    await visitor.sees("The server has a problem")
    await visitor.page.unroute(lists)
    await visitor.button("Try again").click()
    await expect(visitor.page.locator(".banner")).to_have_count(0)
    await visitor.button("Previous").click()
    await expect(visitor.event("Planning")).to_be_visible()


async def test_on_a_phone_everything_is_within_reach(visit: Visit, alice: Person):
    await planned(alice, day=2)
    visitor = await visit(alice, week("agenda"), viewport={"width": 360, "height": 740}, has_touch=True)
    await visitor.event("Planning").click()
    await visitor.field("Location").fill("Room 4")
    await visitor.button("Save").click()
    await visitor.sees("was changed")
    await visitor.button("Menu").click()
    await visitor.button((monday() + timedelta(days=1)).strftime("%A %-d %B")).click()
    for view in ("Month", "Week", "Day", "Agenda"):
        await visitor.button(view).click()
        wide = await visitor.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, view
