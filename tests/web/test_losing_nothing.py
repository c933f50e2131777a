"""What people typed, and what others did, stays: whatever happens in between."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from playwright.async_api import Route, expect

from tests.people import Json, Person
from tests.web.conftest import Visit
from tests.web.test_calendar import planned, week
from tests.web.visitors import at, monday

pytestmark = pytest.mark.xdist_group("page losing_nothing")


async def read(person: Person, event: Json) -> Json:
    return (await person.get(f"/api/v1/events/{event['id']}")).json()


async def daily(person: Person) -> Json:
    """A series of five days of this week."""
    start, end = at(monday(), "10:00"), at(monday(), "11:00")
    return await person.creates("Daily", start, end, time_zone="Europe/Berlin", recurrence_pattern="FREQ=DAILY;COUNT=5")


def wednesday() -> str:
    return f"{(monday() + timedelta(days=2)).isoformat()}T10:00:00"


async def test_the_delete_key_deletes_the_date_that_has_the_focus(visit: Visit, alice: Person):
    event = await daily(alice)
    visitor = await visit(alice, week())
    date = wednesday()
    await visitor.page.locator(f'[data-occurrence^="{date[:10]}"]').focus()
    await visitor.page.keyboard.press("Delete")
    await visitor.button("Only this one", exact=False).click()
    await visitor.sees("was taken out")
    assert list((await read(alice, event))["overrides"]) == [date]


async def test_a_date_that_is_taken_out_while_somebody_types_is_not_taken_for_the_series(visit: Visit, alice: Person):
    event = await daily(alice)
    visitor = await visit(alice, week())
    date = wednesday()
    await visitor.page.locator(f'[data-occurrence^="{date[:10]}"]').click()
    await visitor.field("Description").fill("Only for Wednesday")
    path = f"/api/v1/events/{event['id']}"
    assert (await alice.delete(path, params={"scope": "this", "occurrence": date})).status_code == 204
    await visitor.sees("This date is not part of the series any more")
    await expect(visitor.field("Description")).to_have_value("Only for Wednesday")
    await visitor.button("Save").click()
    assert (await read(alice, event))["description"] is None


async def test_who_loses_access_while_typing_can_still_copy_what_was_typed(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice)
    await alice.shares(event, ben, "editor")
    visitor = await visit(ben, week())
    await visitor.event("Planning").click()
    await visitor.field("Description").fill("A long thought")
    await alice.delete(f"/api/v1/events/{event['id']}/permissions/{ben.id}")
    await visitor.sees("You do not see this event any more")
    await expect(visitor.field("Description")).to_have_value("A long thought")


async def test_both_change_the_same_line_and_choose(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice, description="One line")
    await alice.shares(event, ben, "editor")
    visitor = await visit(alice, week())
    await visitor.event("Planning").click()
    await visitor.field("Description").fill("Alice's line")
    await ben.changes(event, description="Ben's line")
    await visitor.sees("changed the description too")
    await visitor.button("Save").click()
    await visitor.sees("Ben's line")
    await visitor.page.locator(".clashes").get_by_label("Yours").check()
    await visitor.button("Save").click()
    await visitor.sees("was changed")
    assert (await read(alice, event))["description"] == "Alice's line"


async def test_undo_takes_back_what_one_did_and_nothing_of_what_others_did(visit: Visit, alice: Person, ben: Person):
    event = await planned(alice)
    await alice.shares(event, ben, "editor")
    visitor = await visit(alice, week())
    await visitor.event("Planning").click()
    await visitor.field("Title").fill("Renamed")
    await visitor.button("Save").click()
    await visitor.sees("was changed")
    await ben.changes(event, location="Hall")
    await visitor.button("Undo").click()
    await visitor.sees("Undone")
    now = await read(alice, event)
    assert (now["title"], now["location"]) == ("Planning", "Hall")


async def test_who_signs_out_leaves_nothing_to_the_next_one(visit: Visit, alice: Person, ben: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Secret")
    await visitor.button("Account").click()
    await visitor.button("Sign out").click()
    await expect(visitor.button("Sign in")).to_be_visible()
    await visitor.signs_in(ben, week())
    await expect(visitor.panel).to_have_count(0)
    assert "Secret" not in await visitor.page.evaluate("JSON.stringify(localStorage)")


async def test_a_new_event_that_is_typed_survives_a_reload_and_another_click(visit: Visit, alice: Person):
    await planned(alice)
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Half typed")
    await visitor.page.reload()
    await expect(visitor.field("Title")).to_have_value("Half typed")
    await visitor.event("Planning").click()
    await expect(visitor.field("Title")).to_have_value("Planning")
    await visitor.button("New event").click()
    await expect(visitor.field("Title")).to_have_value("Half typed")


async def test_saving_in_one_tab_keeps_what_is_typed_in_another(visit: Visit, alice: Person):
    event = await planned(alice)
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.field("Description").fill("Typed in the first")
    other = await visitor.page.context.new_page()
    await other.goto(f"{visitor.url}/event/{event['id']}")
    await other.locator(".panel").get_by_label("Location", exact=True).fill("Hall")
    await other.get_by_role("button", name="Save", exact=True).click()
    await expect(other.get_by_text("was changed").first).to_be_visible()
    await visitor.page.reload()
    await expect(visitor.field("Description")).to_have_value("Typed in the first")


async def test_the_past_is_only_looked_at(visit: Visit, alice: Person):
    event = await planned(alice)
    await alice.changes(event, title="Renamed")
    visitor = await visit(alice, week())
    await visitor.button("Time machine").click()
    await visitor.sees("The calendar as it was on")
    await visitor.event("Planning").or_(visitor.event("Renamed")).first.click()
    await visitor.sees("This is how it was on")
    await expect(visitor.button("Save")).to_have_count(0)
    await visitor.page.locator("body").press("Delete")
    await visitor.sees("Go back to now to change it")
    await visitor.button("Dismiss").click()
    await visitor.button("New event").click()
    await visitor.sees("Go back to now to change it")
    await expect(visitor.field("Title")).not_to_be_editable()
    await visitor.page.get_by_label("Quick line").fill("Lunch tomorrow 12:30")
    await visitor.page.get_by_label("Quick line").press("Enter")
    await expect(visitor.page.get_by_label("Quick line")).to_have_value("Lunch tomorrow 12:30")
    assert (await read(alice, event))["version"] == 2


async def test_the_second_time_of_the_night_when_clocks_go_back_stays_the_second(visit: Visit, alice: Person):
    event = await alice.creates(
        "Night", "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00", time_zone="Europe/Berlin"
    )
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.field("Ends at").fill("03:30")
    await visitor.button("Save").click()
    await visitor.sees("was changed")
    now = await read(alice, event)
    assert (now["start_time"], now["end_time"]) == ("2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00")


async def test_a_date_that_is_taken_away_while_it_is_typed_breaks_nothing(visit: Visit, alice: Person):
    event = await planned(alice)
    visitor = await visit(alice, f"/event/{event['id']}")
    await visitor.field("Starts on").fill("")
    await visitor.field("Description").fill("Typed without a date")
    await visitor.button("Save").click()  # the browser itself says what is missing
    await visitor.field("Starts on").fill(str(monday()))
    await visitor.button("Save").click()
    await visitor.sees("was changed")
    assert (await read(alice, event))["description"] == "Typed without a date"


async def test_back_closes_the_panel(visit: Visit, alice: Person):
    await planned(alice)
    visitor = await visit(alice, week())
    await visitor.event("Planning").click()
    await expect(visitor.panel).to_be_visible()
    await visitor.page.go_back()
    await expect(visitor.panel).to_have_count(0)


async def test_the_focus_goes_back_to_the_event_when_the_panel_is_closed(visit: Visit, alice: Person):
    event = await planned(alice)
    visitor = await visit(alice, week())
    await expect(visitor.event("Planning")).to_be_visible()
    await visitor.page.keyboard.press("Tab")
    await expect(visitor.button("Skip to the events")).to_be_focused()
    await visitor.page.keyboard.press("Enter")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.panel).to_be_visible()
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.panel).to_have_count(0)
    await expect(visitor.page.locator(f'[data-event="{event["id"]}"]')).to_be_focused()


async def test_two_new_events_do_not_take_each_others_place(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Party")
    await visitor.page.keyboard.press("Escape")
    await visitor.page.get_by_label("Quick line").fill("Lunch tomorrow 12:30")
    await visitor.page.keyboard.press("Enter")
    await visitor.field("Location").fill("Kitchen")
    await visitor.button("Create").click()
    await visitor.sees("“Lunch” was created")
    await visitor.button("New event").click()  # the focus may be back in the quick line, where c is a letter
    await expect(visitor.field("Title")).to_have_value("Party")


async def test_what_is_begun_while_another_event_is_saved_stays_open(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    answered = asyncio.Event()

    async def wait(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await visitor.page.route(re.compile(r"/api/v1/events\?.*from="), wait)
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("First")
    await visitor.button("Create").click()
    await visitor.page.keyboard.press("c")
    await expect(visitor.field("Title")).to_have_value("")
    await visitor.field("Title").fill("Second")
    answered.set()
    await visitor.sees("“First” was created")
    await expect(visitor.field("Title")).to_have_value("Second")


async def test_a_quick_line_that_is_put_aside_comes_back_with_its_time(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.get_by_label("Quick line").fill("Lunch with Ben 24 December 12:30-13:30 at Luigi's")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.field("Title")).to_have_value("Lunch with Ben")
    await visitor.page.keyboard.press("Escape")
    await visitor.sees("What you typed is kept for the next one")
    await visitor.button("New event").click()  # the focus may be back in the quick line, where c is a letter
    await expect(visitor.field("Title")).to_have_value("Lunch with Ben")
    await expect(visitor.field("Location")).to_have_value("Luigi's")
    await expect(visitor.field("Starts on")).to_have_value(re.compile("-12-24$"))
    await expect(visitor.field("Ends at")).to_have_value("13:30")


async def test_a_quick_line_that_is_discarded_leaves_an_empty_form(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.get_by_label("Quick line").fill("Lunch 24 December 12:30")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.field("Title")).to_be_focused()
    await visitor.page.keyboard.press("Escape")
    await visitor.button("New event").click()
    await visitor.button("Discard it").click()
    await expect(visitor.field("Title")).to_have_value("")
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.panel).to_have_count(0)
    await visitor.button("New event").click()
    await expect(visitor.field("Title")).to_have_value("")


async def test_a_quick_line_that_is_half_typed_survives_a_reload(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.get_by_label("Quick line").fill("Lunch with")
    await visitor.page.reload()
    await expect(visitor.page.get_by_label("Quick line")).to_have_value("Lunch with")
    await visitor.page.get_by_label("Quick line").press("Enter")
    await expect(visitor.field("Title")).to_have_value("Lunch with")
    await visitor.page.reload()
    await expect(visitor.field("Title")).to_have_value("Lunch with")
    await expect(visitor.page.get_by_label("Quick line")).to_have_value("")
