"""Makes the pictures of the page in docs/pictures/, of the demo team in a real browser: `python -m web.pictures`."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect
from tests.databases import fresh_database
from tests.process.servers import ROOT, serving
from tests.web.browsers import browsing
from web.build import build

from convene.demo import PASSWORD, ZONE

PICTURES = ROOT / "docs" / "pictures"
WIDE = {"width": 1200, "height": 750}
NARROW = {"width": 390, "height": 750}
Steps = Callable[[Page], Awaitable[None]]


async def _week(page: Page) -> None:
    await expect(page.locator(".calendar [data-event]").first).to_be_visible()


async def _history(page: Page) -> None:
    for _ in range(2):  # the team launches the week after next
        await page.get_by_role("button", name="Next", exact=True).click()
    await page.locator(".calendar [data-event]").filter(has_text=re.compile("^Launch")).first.click()
    await page.get_by_role("button", name="History").click()
    await expect(page.locator("ins").first).to_be_visible()


VIEWS: dict[str, tuple[str, str, dict[str, int], Steps]] = {
    "week": ("/week", "light", WIDE, _week),
    "history": ("/week", "dark", WIDE, _history),
    "phone": ("/agenda", "light", NARROW, _week),
}


async def _take(url: str) -> None:
    async with browsing() as browser:
        for name, (path, theme, size, steps) in VIEWS.items():
            context = await browser.new_context(
                viewport=size,  # type: ignore[arg-type] # its own name for such a dictionary
                color_scheme=theme,  # type: ignore[arg-type] # one of two words
                locale="en-GB",
                timezone_id=ZONE,
                reduced_motion="reduce",
            )
            page = await context.new_page()
            await page.goto(f"{url}{path}")
            await page.get_by_label("Username or e-mail").fill("ana")
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_role("button", name="Sign in").click()
            await steps(page)
            await page.screenshot(path=PICTURES / f"{name}.png")
            await context.close()


def main() -> None:
    """Fill a database with the demo team, serve it, and take the pictures."""
    build()
    PICTURES.mkdir(parents=True, exist_ok=True)
    with fresh_database("sqlite") as url, serving(url, RATE_LIMIT_PER_MINUTE=0) as server:
        environment = {"DATABASE_URL": url, "PYTHONPATH": str(ROOT / "src"), "SECRET_KEY": "0" * 64}
        with tempfile.TemporaryDirectory(prefix="convene-pictures-") as folder:  # without an .env
            subprocess.run([sys.executable, "-m", "convene", "demo"], env=environment, cwd=folder, check=True)
        asyncio.run(_take(server.url))


if __name__ == "__main__":
    main()
