"""The side panel: what is chosen, what is in the way, saving, deleting, and the way back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.test_calendar import planned, week
from tests.web.visitors import Visitor, at, monday

pytestmark = pytest.mark.xdist_group("page editing")


async def test_changing_a_field_keeps_the_others(visit: Visit, alice: Person):
    event = await planned(alice, description="Bring questions")
    visitor = await visit(alice, week())
    await visitor.event("Planning").click()
    await visitor.field("Location").fill("Room 4")
    await visitor.button("Save").click()
    await visitor.sees("“Planning” was changed")
    read = (await alice.get(f"/api/v1/events/{event['id']}")).json()
    assert (read["location"], read["description"], read["version"]) == ("Room 4", "Bring questions", 2)


async def test_taken_time_is_shown_while_it_is_chosen_with_free_time_one_click_away(visit: Visit, alice: Person):
    await planned(alice)
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Second")
    await visitor.field("Starts on").fill((monday() + timedelta(days=1)).isoformat())
    await visitor.field("Starts at").fill("10:30")
    await visitor.field("Starts at").blur()
    await visitor.sees("You are busy then")
    await visitor.panel.locator(".chip").first.click()
    await expect(visitor.page.get_by_text("You are busy then")).to_be_hidden()
    await visitor.button("Create").click()
    await visitor.sees("“Second” was created")


async def test_saving_over_taken_time_has_to_be_said(visit: Visit, alice: Person):
    await planned(alice)
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Second")
    await visitor.field("Starts on").fill((monday() + timedelta(days=1)).isoformat())
    await visitor.field("Starts at").fill("10:30")
    await visitor.button("Create").click()
    await visitor.sees("That time is taken")
    await visitor.button("Save anyway").click()
    await visitor.sees("“Second” was created")


async def test_what_is_deleted_can_be_undone_and_found_in_the_trash(visit: Visit, alice: Person):
    await planned(alice)
    visitor = await visit(alice, week())
    await visitor.event("Planning").click()
    await visitor.button("Delete").click()
    await expect(visitor.event("Planning")).to_have_count(0)
    await visitor.toast.get_by_role("button", name="Undo").click()
    await expect(visitor.event("Planning")).to_be_visible()
    await visitor.event("Planning").focus()
    await visitor.page.keyboard.press("Delete")
    await expect(visitor.event("Planning")).to_have_count(0)
    await visitor.button("Account").click()
    await visitor.button("Trash").click()
    await visitor.button("Restore Planning").click()
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.event("Planning")).to_be_visible()


async def with_the_third_stand_up_in_the_kitchen(visit: Visit, alice: Person) -> Visitor:
    """Somebody who has changed the third of five dates, and is asked which dates are meant."""
    await alice.creates(
        "Stand-up",
        at(monday(), "09:15"),
        at(monday(), "09:30"),
        time_zone="Europe/Berlin",
        recurrence_pattern={"frequency": "daily", "count": 5},
    )
    visitor = await visit(alice, week())
    await visitor.event("Stand-up").nth(2).click()
    await visitor.field("Location").fill("Kitchen")
    await visitor.button("Save").click()
    return visitor


async def test_undoing_a_change_of_all_following_makes_the_series_whole_again(visit: Visit, alice: Person):
    visitor = await with_the_third_stand_up_in_the_kitchen(visit, alice)
    await visitor.button("This and all following", exact=False).click()
    await visitor.sees("was changed")
    await visitor.button("Undo").click()
    await visitor.sees("Undone")
    await expect(visitor.page.locator('.calendar [aria-label*="Kitchen"]')).to_have_count(0)
    await expect(visitor.event("Stand-up")).to_have_count(5)
    [series] = (await alice.get("/api/v1/events")).json()
    assert series["recurrence_pattern"] == {"frequency": "daily", "count": 5}
    assert (await alice.get("/api/v1/events/trash")).json() == []


async def test_an_all_day_event_ends_on_the_day_that_is_shown(visit: Visit, alice: Person):
    visitor = await visit(alice, week("month"))
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Away")
    await visitor.field("All day").check()
    await visitor.field("Starts on").fill(monday().isoformat())
    await visitor.field("Ends on").fill((monday() + timedelta(days=4)).isoformat())
    await visitor.button("Create").click()
    await visitor.sees("“Away” was created")
    made = (await alice.get("/api/v1/events")).json()[0]
    assert (made["start_time"], made["end_time"]) == (str(monday()), str(monday() + timedelta(days=5)))


async def test_a_series_is_made_and_said_in_words(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Yoga")
    await visitor.field("Starts on").fill("2027-03-02")
    await visitor.field("Starts at").fill("18:00")
    await visitor.field("Repeat").select_option("custom")
    await visitor.field("Every").fill("2")
    await visitor.field("Every").blur()
    await visitor.field("Ends").select_option("until")
    await visitor.field("Last day").fill("2027-06-01")
    await visitor.field("Last day").blur()
    await visitor.sees("every second week on Tuesday until 1 June 2027")
    await visitor.button("Create").click()
    await visitor.sees("“Yoga” was created")
    made = (await alice.get("/api/v1/events")).json()[0]
    assert made["recurrence_pattern"] == {
        "frequency": "weekly",
        "interval": 2,
        "byDay": [{"day": "tu"}],
        "until": "2027-06-01T23:59:59",
    }


async def test_weeks_of_the_year_and_hours_of_the_day_are_chosen_under_more(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Stock-taking")
    await visitor.field("Starts on").fill("2027-03-02")
    await visitor.field("Starts at").fill("10:00")
    await visitor.field("Repeat").select_option("custom")
    await visitor.field("Unit").select_option("years")
    await visitor.panel.get_by_text("More", exact=True).click()
    await visitor.field("Weeks of the year").fill("20, 400")
    await expect(visitor.field("Weeks of the year")).to_have_attribute("aria-invalid", "true")
    await visitor.field("Weeks of the year").fill("20, -1")
    await visitor.field("Hours of the day").fill("9 17")
    await visitor.field("Hours of the day").blur()
    await visitor.sees("in week 20 and the last week at 9 o")
    await visitor.sees("The start moved to Tuesday 18 May")
    await expect(visitor.field("Starts at")).to_have_value("17:00")
    await visitor.button("Create").click()
    await visitor.sees("was created")
    made = (await alice.get("/api/v1/events")).json()[0]
    assert made["recurrence_pattern"] == {"frequency": "yearly", "byWeekNo": [-1, 20], "byHour": [9, 17]}


@pytest.mark.parametrize(
    ("answer", "places"), [("Only this one", 1), ("This and all following", 3), ("All of them", 5)]
)
async def test_a_change_of_a_series_asks_which_part(visit: Visit, alice: Person, answer: str, places: int):
    visitor = await with_the_third_stand_up_in_the_kitchen(visit, alice)
    await visitor.sees("3 dates in the coming 13 months")
    await visitor.button(answer, exact=False).click()
    await visitor.sees("was changed")
    await expect(visitor.page.locator('.calendar [aria-label*="Kitchen"]')).to_have_count(places)
    await visitor.button("Undo").click()
    await visitor.sees("Undone")
    await expect(visitor.page.locator('.calendar [aria-label*="Kitchen"]')).to_have_count(0)
    await expect(visitor.event("Stand-up")).to_have_count(5)


async def test_a_rule_of_several_days_and_months_is_made(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Sweep")
    await visitor.field("Starts on").fill("2027-03-01")
    await visitor.field("Repeat").select_option("custom")
    await visitor.field("Unit").select_option("monthly")
    await visitor.button("15th").click()
    await visitor.page.get_by_text("Only in some months").click()
    await visitor.button("March").click()
    await visitor.button("September").click()
    await visitor.sees("Repeats every month on the 1st and the 15th in March and September.")
    await visitor.button("Create").click()
    await visitor.sees("“Sweep” was created")
    made = (await alice.get("/api/v1/events")).json()[0]
    assert made["recurrence_pattern"] == {"frequency": "monthly", "byMonthDay": [1, 15], "byMonth": ["3", "9"]}


async def test_a_yearly_nth_weekday_and_a_set_position_are_made(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Mothers")
    await visitor.field("Starts on").fill("2027-05-09")
    await visitor.field("Repeat").select_option("custom")
    await visitor.field("Unit").select_option("yearly")
    await visitor.field("Which days").select_option("nth")
    await visitor.sees("Repeats every year on the 2nd Sunday in May.")
    await visitor.field("Which days").select_option("position")
    await visitor.sees("Repeats every year on the last weekday in May.")
    await visitor.sees("The start moved to Monday 31 May, the first day that matches.")
    await visitor.button("Create").click()
    await visitor.sees("“Mothers” was created")


async def weekly(person: Person) -> dict[str, object]:
    """A series on the Mondays from this week on."""
    event: dict[str, object] = await person.creates(
        "Stand-up",
        at(monday(), "09:15"),
        at(monday(), "09:30"),
        time_zone="Europe/Berlin",
        recurrence_pattern={"frequency": "weekly", "byDay": [{"day": "mo"}]},
    )
    return event


async def test_a_date_of_a_series_leads_to_its_repetition_which_can_be_stopped(visit: Visit, alice: Person):
    event = await weekly(alice)
    visitor = await visit(alice, week())
    await visitor.event("Stand-up").click()
    await visitor.button("Change the repetition").click()
    await visitor.field("Repeat").select_option("none")
    await visitor.button("Save").click()
    await visitor.sees("was changed")
    assert (await alice.get(f"/api/v1/events/{event['id']}")).json()["recurrence_pattern"] is None


async def test_the_start_moves_to_the_first_day_of_another_rule(visit: Visit, alice: Person):
    event = await weekly(alice)
    visitor = await visit(alice, week())
    await visitor.event("Stand-up").click()
    await visitor.button("Change the repetition").click()
    await visitor.button("Thursday").click()
    await visitor.button("Monday").click()
    thursday = monday() + timedelta(days=3)
    await visitor.sees(f"The start moved to {thursday:%A} {thursday.day} {thursday:%B}, the first day that matches.")
    await visitor.button("Save").click()
    await visitor.sees("was changed")
    read = (await alice.get(f"/api/v1/events/{event['id']}")).json()
    assert read["recurrence_pattern"]["byDay"] == [{"day": "th"}]
    assert read["start_time"].startswith(thursday.isoformat())


async def test_a_draft_survives_a_reload(visit: Visit, alice: Person):
    event = await planned(alice)
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.field("Description").fill("Not saved yet")
    await visitor.page.reload()
    await visitor.sees("is back")
    await expect(visitor.field("Description")).to_have_value("Not saved yet")
    await visitor.button("Discard it").click()
    await expect(visitor.field("Description")).to_have_value("")


@pytest.mark.parametrize(
    ("now", "shown", "times"),
    [
        ("14:20", "2027-03-02", "2027-03-02 15:00 2027-03-02 16:00"),
        ("22:20", "2027-03-02", "2027-03-02 23:00 2027-03-03 00:00"),
        ("23:20", "2027-03-02", "2027-03-03 00:00 2027-03-03 01:00"),
        ("23:20", "2027-03-04", "2027-03-04 09:00 2027-03-04 10:00"),
    ],
)
async def test_a_new_event_begins_at_the_next_full_hour_or_in_the_morning_of_another_day(
    visit: Visit, alice: Person, now: str, shown: str, times: str
):
    visitor = await visit(alice, f"/week/{shown}")
    await visitor.page.clock.set_fixed_time(datetime.fromisoformat(f"2027-03-02T{now}+01:00"))
    await visitor.page.keyboard.press("c")
    fields = [visitor.field(f"{edge} {part}") for edge in ("Starts", "Ends") for part in ("on", "at")]
    for field, value in zip(fields, times.split(), strict=True):
        await expect(field).to_have_value(value)
