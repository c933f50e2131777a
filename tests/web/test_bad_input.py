"""What people and calendars really contain."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from playwright.async_api import expect

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.test_calendar import planned, week
from tests.web.visitors import at, monday

pytestmark = pytest.mark.xdist_group("page bad_input")


async def test_a_title_of_script_is_a_title(visit: Visit, alice: Person):
    title = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    event = await planned(alice, title)
    visitor = await visit(alice, week())
    await visitor.event("<script>").click()
    await expect(visitor.field("Title")).to_have_value(title)
    await alice.changes(event, title=title + "!")
    await visitor.button("History").click()
    await visitor.sees("changed title")
    assert await visitor.page.title() == "Convene"


@pytest.mark.parametrize("view", ["month", "week", "day", "agenda"])
async def test_a_very_wide_title_breaks_nothing(visit: Visit, alice: Person, view: str):
    await planned(alice, "W" * 255, day=0)
    visitor = await visit(alice, week(view))
    await visitor.event("WWW").first.click()
    await expect(visitor.field("Title")).to_be_visible()
    assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= 1280


async def test_a_title_of_emoji_is_as_long_as_the_server_allows(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("🎉" * 258)
    await visitor.sees("The title is 3 characters too long; 255 fit.")
    await visitor.button("Create").click()
    await expect(visitor.panel.get_by_role("alert")).to_have_text("The title is 3 characters too long; 255 fit.")
    await visitor.field("Title").fill("🎉" * 255)
    await visitor.button("Create").click()
    await visitor.sees("was created")
    assert (await alice.get("/api/v1/events")).json()[0]["title"] == "🎉" * 255


async def test_an_event_of_forty_days_is_there_on_each(visit: Visit, alice: Person):
    start = monday() - timedelta(days=10)
    await alice.creates("Expedition", at(start, "08:00"), at(start + timedelta(days=40), "08:00"))
    visitor = await visit(alice, week("month"))
    await expect(visitor.event("Expedition").first).to_be_visible()
    await visitor.button("Week").click()
    await expect(visitor.event("Expedition")).to_have_count(7)
    await expect(visitor.event("Expedition").locator(".name").nth(3)).to_be_in_viewport()


async def test_sixty_events_on_a_day_and_twelve_at_once(visit: Visit, alice: Person):
    day = monday() + timedelta(days=1)
    many = [
        {
            "title": f"Meeting {number}",
            "start_time": at(day, f"{8 + number // 6:02}:{number % 6 * 10:02}"),
            "end_time": at(day, f"{10 + number // 6:02}:{number % 6 * 10:02}"),
        }
        for number in range(60)
    ]
    made = await alice.post("/api/v1/events/batch?on_conflict=allow", {"events": many})
    assert made.status_code == 201
    visitor = await visit(alice, week("month"))
    await visitor.page.get_by_text("more").first.click()
    listed = visitor.page.get_by_role("dialog")
    box = await listed.bounding_box()
    assert box
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 800
    last = listed.get_by_text("Meeting 59")
    await last.scroll_into_view_if_needed()
    await expect(last).to_be_in_viewport()
    assert await visitor.page.evaluate("document.documentElement.scrollHeight - innerHeight + scrollY") == 0
    await visitor.page.keyboard.press("Escape")
    await visitor.button("Week").click()
    await expect(visitor.event("Meeting 0").first).to_be_visible()


async def test_a_zone_with_half_an_hour(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Call Delhi")
    await visitor.field("Starts on").fill("2027-03-02")
    await visitor.field("Starts at").fill("09:30")
    await visitor.field("Time zone").select_option("Asia/Kolkata")
    await visitor.sees("05:00")
    await visitor.button("Create").click()
    await visitor.sees("was created")
    made = (await alice.get("/api/v1/events")).json()[0]
    assert made["start_time"] == "2027-03-02T09:30:00+05:30"


@pytest.mark.parametrize(("day", "shown"), [(date(2027, 3, 28), "03:00"), (date(2027, 10, 31), "02:00")])
async def test_the_nights_of_the_clock(visit: Visit, alice: Person, day: date, shown: str):
    # 01:00 UTC: the moment in which Berlin goes to summer time, and the second 02:00 in autumn.
    await alice.creates("Night watch", f"{day}T01:00:00Z", f"{day}T02:00:00Z")
    visitor = await visit(alice, f"/day/{day}")
    await expect(visitor.event("Night watch")).to_contain_text(shown)
    await visitor.event("Night watch").click()
    await expect(visitor.field("Title")).to_have_value("Night watch")
    await visitor.field("Location").fill("Tower")
    await visitor.button("Save").click()
    await visitor.sees("was changed")
    read = (await alice.get("/api/v1/events")).json()[0]
    assert read["location"] == "Tower"


async def test_an_end_before_the_start_is_explained(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Backwards")
    await visitor.field("Starts at").fill("10:00")
    await visitor.field("Ends at").fill("09:00")
    await visitor.button("Create").click()
    await visitor.sees("The end is not after the start")


async def test_an_event_that_is_not_there_is_explained(visit: Visit, alice: Person):
    visitor = await visit(alice, "/event/999999999")
    await visitor.sees("That is not there any more")
    await visitor.panel.get_by_role("button", name="Close").click()
    await expect(visitor.panel).to_have_count(0)


#: How many words of what events are called go on in another line.
_BROKEN_WORDS = """() => [...document.querySelectorAll(".calendar .name")].flatMap((name) => {
    const text = name.firstChild;
    return [...text.data.matchAll(/\\S+/g)].filter(({ 0: word, index }) => {
        const range = document.createRange();
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        return new Set([...range.getClientRects()].map((box) => box.top)).size > 1;
    }).map(([word]) => word);
})"""


async def two_at_once(person: Person) -> None:
    tuesday = monday() + timedelta(days=1)
    for title, start, end in [("Interdepartmental planning", "10:00", "12:00"), ("Launch", "10:30", "12:00")]:
        await person.creates(title, at(tuesday, start), at(tuesday, end), free_busy_status="free")


@pytest.mark.parametrize("width", [390, 1280])
async def test_no_word_is_broken(visit: Visit, alice: Person, width: int):
    await two_at_once(alice)
    visitor = await visit(alice, week(), viewport={"width": width, "height": 800})
    await expect(visitor.event("Launch")).to_be_visible()
    assert await visitor.page.evaluate(_BROKEN_WORDS) == []


async def test_no_event_covers_another(visit: Visit, alice: Person):
    await two_at_once(alice)
    visitor = await visit(alice, week())
    boxes = [await visitor.event(title).bounding_box() for title in ("Interdepartmental", "Launch")]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"] + 1
