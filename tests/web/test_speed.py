"""How long people wait. Limits are those of two cores; where many tests run at once, a wait says nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.people import Person
from tests.web.conftest import Visit
from tests.web.visitors import at, monday

pytestmark = pytest.mark.xdist_group("page speed")

_UNTIL_PAINTED = """async () => {
    const began = performance.now();
    document.querySelector("[data-event]").click();
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - began;
}"""


async def test_the_first_view_is_there_within_a_second_of_a_warm_server(visit: Visit, alice: Person):
    visitor = await visit(alice)
    waits = []
    for _ in range(3):
        await visitor.page.reload(wait_until="commit")
        await visitor.page.wait_for_selector(".calendar .day-head, .calendar .no-events, .calendar .agenda-head")
        waits.append(await visitor.page.evaluate("performance.now()"))
    assert min(waits) < 1000


async def test_opening_an_event_among_two_thousand_is_quick(visit: Visit, alice: Person):
    start = monday() - timedelta(days=28)
    series = [
        {
            "title": f"Series {number}",
            "start_time": at(start, f"{number % 24:02}:00"),
            "end_time": at(start, f"{number % 24:02}:30"),
            "recurrence_pattern": {"frequency": "daily"},
        }
        for number in range(48)
    ]
    made = await alice.post("/api/v1/events/batch?on_conflict=allow", {"events": series})
    assert made.status_code == 201
    visitor = await visit(alice, f"/month/{monday().isoformat()}")
    await expect(visitor.event("Series").first).to_be_visible()
    await expect(visitor.page.locator(".spinner")).to_have_count(0)
    waits = []
    for _ in range(5):
        waits.append(await visitor.page.evaluate(_UNTIL_PAINTED))
        await expect(visitor.field("Title")).to_be_visible()
        await visitor.button("Close").click()
    assert min(waits) < 50
