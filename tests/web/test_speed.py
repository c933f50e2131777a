"""How long people wait. Limits are those of two cores; where many tests run at once, a wait says nothing."""

from __future__ import annotations

import pytest

from tests.people import Person
from tests.web.conftest import Visit

pytestmark = pytest.mark.xdist_group("page")


async def test_the_first_view_is_there_within_a_second_of_a_warm_server(visit: Visit, alice: Person):
    visitor = await visit(alice)
    waits = []
    for _ in range(3):
        await visitor.page.reload(wait_until="commit")
        await visitor.page.wait_for_selector(".calendar .day-head, .calendar .no-events, .calendar .agenda-head")
        waits.append(await visitor.page.evaluate("performance.now()"))
    assert min(waits) < 1000
