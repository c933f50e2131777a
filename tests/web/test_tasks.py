"""How long the page is deaf: whatever a person does among two thousand events, no task takes 50 ms of the processor.

The limit here is lower, for processors that are slower, and for one that is twice as slow in some minutes as in others:
what takes 36 ms where the piece of work takes 30 takes 50 where that takes 42. What takes longest, a calendar that
gets another width, was measured at 26 to 29 ms: the rest is for chance.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.test_speed import drawn, two_thousand_events
from tests.web.visitors import Visitor, monday

pytestmark = pytest.mark.xdist_group("page speed")

LIMIT_MS = 36
#: The processor is counted, not the clock; but one that others use as well does less in its time. How much less, a
#: piece of work says that takes so long where nothing else runs.
_WORK_MS = 30
_WORK = """() => {
    const place = document.body.appendChild(document.createElement("div"));
    for (let index = 0; index < 1500; index++) {
        const part = place.appendChild(document.createElement("p"));
        part.style.width = `${100 + index % 50}px`;
        part.textContent = `Some words of which the number is ${index}`;
    }
    const height = place.offsetHeight;
    place.remove();
    return height;
}"""
_TRIES = 5

Act = Callable[[Visitor], Awaitable[None]]


async def begins_an_event(visitor: Visitor) -> None:
    await visitor.page.keyboard.press("c")
    await visitor.page.wait_for_function("""() => document.querySelector(".calendar .is-draft")
        && document.querySelector(".panel [aria-label='Time zone']").length > 100""")


async def leaves_it(visitor: Visitor) -> None:
    await visitor.page.keyboard.press("Escape")
    await visitor.page.wait_for_function("() => !document.querySelector('.calendar .is-draft, .panel')")


def presses(key: str) -> Act:
    async def press(visitor: Visitor) -> None:
        before = visitor.page.url
        await visitor.page.keyboard.press(key)
        await visitor.page.wait_for_function("(before) => location.href !== before", arg=before)

    return press


async def _works(visitor: Visitor) -> None:
    await visitor.page.evaluate(_WORK)


async def _longest_task(browser: Browser, visitor: Visitor, act: Act) -> float:
    """How many milliseconds of the processor the longest task took that followed from an action."""
    await browser.start_tracing(page=visitor.page, categories=["toplevel", "disabled-by-default-devtools.timeline"])
    await act(visitor)
    await drawn(visitor)
    events: list[dict[str, Any]] = json.loads(await browser.stop_tracing())["traceEvents"]
    main = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    tasks = [one["tdur"] for one in events if (one["pid"], one["tid"]) in main and "tdur" in one]
    return float(max(tasks)) / 1000


#: What is done in a view, one after the other; in the end as in the beginning.
DOINGS: dict[str, Act] = {
    "c": begins_an_event,
    "Escape": leaves_it,
    "j": presses("j"),
    "k": presses("k"),
    "another view": presses("a"),
    "back": presses("w"),
}


@pytest.mark.parametrize("view", ["week", "month", "day", "agenda"])
async def test_nothing_that_is_done_among_two_thousand_events_takes_long(
    visit: Visit, browser: Browser, alice: Person, view: str
):
    await two_thousand_events(alice)
    visitor = await visit(alice, f"/{view}/{monday().isoformat()}")
    await drawn(visitor)
    doings = DOINGS | {"another view": presses("m" if view == "agenda" else "a"), "back": presses(view[0])}
    least = dict.fromkeys(doings, math.inf)
    for _ in range(_TRIES):
        busy = max(await _longest_task(browser, visitor, _works) / _WORK_MS, 1)
        for name, act in doings.items():
            least[name] = min(least[name], await _longest_task(browser, visitor, act) / busy)
        if max(least.values()) < LIMIT_MS:
            break
    assert {name: took for name, took in least.items() if took >= LIMIT_MS} == {}
