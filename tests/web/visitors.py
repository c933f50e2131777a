"""People who use the page: each in a browser of their own, on whose screen nothing may go wrong unnoticed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, ViewportSize, expect

from tests.people import PASSWORD, Person

ZONE = "Europe/Berlin"
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 390, "height": 844}
#: A condition is waited for as long as this: on a busy machine, a page that is slow is not one that is wrong.
PATIENCE_MS = 20_000
#: What the browser itself writes when a request is refused; that the page copes with it is what tests are about.
_EXPECTED = "Failed to load resource"


expect.set_options(timeout=PATIENCE_MS)


class Visitor:
    """A person at the page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.faults: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and _EXPECTED not in message.text and "WebSocket connection" not in message.text:
            self.faults.append(message.text)

    async def hears_nothing(self) -> None:
        """Leave the live channel open and silent, so that the page reads only when it is asked to."""
        await self.page.route_web_socket("**/api/v1/ws/**", lambda _: None)

    async def opens(self, path: str = "/") -> None:
        """Go to an address of the page."""
        await self.page.goto(f"{self.url}{path}")

    async def comes_as(self, person: Person, path: str = "/") -> None:
        """Come to an address, signed in: with the cookie that the form would have left."""
        body = {"username": person.username, "password": PASSWORD}
        sign_in = f"{self.url}/api/v1/auth/login"
        answer = await self.page.request.post(sign_in, data=body, headers={"X-Convene-Page": "1"})
        assert answer.ok
        await self.opens(path)
        await expect(self.page.locator(".shell")).to_be_visible()

    async def signs_in(self, person: Person, path: str = "/") -> None:
        """Sign in by the form."""
        await self.opens(path)
        await self.page.get_by_label("Username or e-mail").fill(person.username)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.button("Sign in").click()
        await expect(self.page.locator(".shell")).to_be_visible()

    def button(self, name: str, *, exact: bool = True) -> Locator:
        """A button that can be seen."""
        return self.page.get_by_role("button", name=name, exact=exact).locator("visible=true").first

    def field(self, label: str) -> Locator:
        """A field of the side panel."""
        return self.page.locator(".panel").get_by_label(label, exact=True)

    def event(self, title: str) -> Locator:
        """An event in the calendar."""
        return self.page.locator(".calendar [data-event]").filter(has_text=title).locator("visible=true")

    @property
    def panel(self) -> Locator:
        """The side panel."""
        return self.page.locator(".panel")

    @property
    def toast(self) -> Locator:
        """What the page has just said."""
        return self.page.locator(".toast")

    async def sees(self, text: str) -> None:
        """Require that something can be read."""
        await expect(self.page.get_by_text(text).locator("visible=true").first).to_be_visible()

    async def place(self, day: date, time: str) -> tuple[float, float]:
        """Where a time of a day is on the screen, in the views of hours."""
        lane = await self.page.locator(f'.calendar [data-date="{day.isoformat()}"]').last.bounding_box()
        hour, minute = map(int, time.split(":"))
        row = self.page.locator(f'.calendar [data-time="{hour:02}:{minute // 30 * 30:02}:00"]').last
        await row.scroll_into_view_if_needed()
        slot = await row.bounding_box()
        lane = await self.page.locator(f'.calendar [data-date="{day.isoformat()}"]').last.bounding_box()
        assert lane
        assert slot
        return lane["x"] + lane["width"] / 2, slot["y"] + slot["height"] * (minute % 30) / 30 + 4

    async def drags(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag with the mouse, as a hand does: not in one leap."""
        mouse = self.page.mouse
        await mouse.move(*start)
        await mouse.down()
        await mouse.move(start[0] + 2, start[1] + 8, steps=3)
        await mouse.move(*end, steps=8)
        await mouse.up()


@asynccontextmanager
async def visiting(browser: Browser, url: str, **context: Any) -> AsyncIterator[Visitor]:
    """Somebody who comes to the page, and in whose browser nothing went wrong in the end."""
    # Without motion there is nothing to wait for until a button stands still.
    settings = {"viewport": WIDE, "locale": "en-GB", "timezone_id": ZONE, "reduced_motion": "reduce"} | context
    own = await browser.new_context(**settings)
    visitor = Visitor(await own.new_page(), url)
    try:
        yield visitor
    finally:
        await own.close()
    assert visitor.faults == []


def monday() -> date:
    """The Monday of this week, where the visitors are."""
    today = datetime.now(ZoneInfo(ZONE)).date()  # noqa: TID251 - the browser's clock is the real one
    return today - timedelta(days=today.weekday())


def at(day: date, time: str) -> str:
    """An instant in the visitors' zone, as the API takes it."""
    return datetime.fromisoformat(f"{day.isoformat()}T{time}").replace(tzinfo=ZoneInfo(ZONE)).isoformat()
