"""Each view in both themes: no serious fault for people who cannot see well, and a picture to look at in artifacts/."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import ViewportSize, expect

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.test_calendar import planned, week
from tests.web.visitors import NARROW, WIDE, Visitor, at, monday

pytestmark = pytest.mark.xdist_group("page looks")

ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "page"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
#: The rules of those that look at colours: the others find in the dark what they find in the light.
RULES_OF_COLOURS = ("color-contrast", "link-in-text-block")
THEMES: dict[Literal["light", "dark"], tuple[str, ...]] = {"light": RULES, "dark": RULES_OF_COLOURS}
#: Two frames later, nothing has the colours of the other theme any more.
_PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
Steps = Callable[[Visitor], Awaitable[Any]]


async def _opens(visitor: Visitor) -> None:
    await visitor.event("Launch").first.click()
    await expect(visitor.field("Title")).to_be_visible()


async def _history(visitor: Visitor) -> None:
    await _opens(visitor)
    await visitor.button("History").click()
    await visitor.sees("Who set what last")


async def _share(visitor: Visitor) -> None:
    await _opens(visitor)
    await visitor.button("Share").click()
    await visitor.sees("Can do everything")


async def _new(visitor: Visitor) -> None:
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Another")
    await visitor.field("Repeat").select_option("custom")
    await visitor.field("Starts on").fill((monday() + timedelta(days=1)).isoformat())
    await visitor.field("Starts at").fill("10:30")
    await visitor.field("Starts at").blur()
    await visitor.sees("You are busy then")


async def _search(visitor: Visitor) -> None:
    await visitor.page.keyboard.press("/")
    await visitor.page.get_by_label("Search events").fill("l")
    await expect(visitor.page.locator(".results button").first).to_be_visible()


async def _bell(visitor: Visitor) -> None:
    await visitor.button("Notifications", exact=False).click()


def _menu(name: str, text: str) -> Steps:
    async def open_it(visitor: Visitor) -> None:
        await visitor.button("Account").click()
        await visitor.button(name).click()
        await visitor.sees(text)

    return open_it


async def _nothing(visitor: Visitor) -> None:
    await expect(visitor.event("Launch").first).to_be_visible()


VIEWS: dict[str, tuple[str, Steps]] = {
    **{view: (view, _nothing) for view in ("month", "week", "day", "agenda")},
    "event": ("week", _opens),
    "history": ("week", _history),
    "share": ("week", _share),
    "new": ("week", _new),
    "search": ("week", _search),
    "bell": ("week", _bell),
    "settings": ("week", _menu("Settings", "Weeks begin on")),
    "insights": ("week", _menu("Insights", "Busiest hours")),
    "trash": ("week", _menu("Trash", "30 days")),
    "shortcuts": ("week", _menu("Keyboard shortcuts", "Undo the last action")),
}


@pytest.fixture
async def busy_week(alice: Person, ben: Person) -> None:
    """A week with something of each kind."""
    launch = await planned(alice, "Launch", day=0, location="Hall", description="Agenda\n\nDemo\n\nQuestions")
    await alice.shares(launch, ben, "editor")
    await ben.changes(launch, description="Agenda\n\nDemo by Ben\n\nQuestions")
    await planned(alice, "Planning", day=1)
    await planned(alice, "Maybe", day=2, status="tentative")
    days = {"start": str(monday() + timedelta(days=1)), "end": str(monday() + timedelta(days=3))}
    await ben.shares(await ben.creates("Ben is away", **days, all_day=True), alice, "viewer")
    tuesday = monday() + timedelta(days=1)
    review = await ben.creates("Review", at(tuesday, "14:00"), at(tuesday, "15:30"), time_zone="Europe/Berlin")
    await ben.shares(review, alice, "editor")
    await alice.creates(
        "Stand-up",
        at(monday(), "09:15"),
        at(monday(), "09:30"),
        time_zone="Europe/Berlin",
        recurrence_pattern="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    )


async def faults(visitor: Visitor, rules: tuple[str, ...]) -> list[str]:
    """What axe, which has been put into the page, finds by some rules."""
    options = {"runOnly": rules, "resultTypes": ["violations"], "selectors": False, "preload": False}
    found = await visitor.page.evaluate("(options) => axe.run(options).then((found) => found.violations)", options)
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


async def faults_in_both_themes(visitor: Visitor, name: str) -> list[str]:
    """What is wrong with what a visitor has before them; leaves a picture of it in each theme."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    await visitor.page.evaluate(Axe().axe_script)
    found: list[str] = []
    for theme, rules in THEMES.items():
        await visitor.page.emulate_media(color_scheme=theme)
        await expect(visitor.page.locator("html")).to_have_attribute("data-color-scheme", theme)
        await visitor.page.evaluate(_PAINTED)
        await visitor.page.screenshot(path=ARTIFACTS / f"{name}-{theme}.png")
        found += [f"{theme}: {fault}" for fault in await faults(visitor, rules)]
    return found


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.usefixtures("busy_week")
async def test_each_view_can_be_used_by_everybody(visit: Visit, alice: Person, name: str, size: ViewportSize):
    path, steps = VIEWS[name]
    visitor = await visit(alice, week(path), viewport=size)
    await steps(visitor)
    assert await faults_in_both_themes(visitor, f"{name}-{size['width']}") == []


async def test_the_smallest_phone_has_room_for_the_month(visit: Visit, alice: Person):
    visitor = await visit(alice, "/month/2026-09-01", viewport={"width": 360, "height": 740})
    await expect(visitor.page.locator(".top .title")).to_have_text("Sept 2026")
    assert (
        await visitor.page.evaluate(
            "() => (({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.top .title'))"
        )
        == 0
    )
    assert await visitor.page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_the_welcome_can_be_used_by_everybody(visit: Visit, size: ViewportSize):
    visitor = await visit(viewport=size)
    await expect(visitor.button("Sign in")).to_be_visible()
    assert await faults_in_both_themes(visitor, f"welcome-{size['width']}") == []


@pytest.mark.usefixtures("busy_week")
async def test_the_keyboard_alone_reaches_events(visit: Visit, alice: Person):
    visitor = await visit(alice, week())
    await expect(visitor.event("Launch")).to_be_visible()
    for _ in range(150):
        await visitor.page.keyboard.press("Tab")
        if await visitor.page.evaluate("document.activeElement.matches('[data-event]')"):
            break
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.field("Title")).to_be_visible()
