"""Which part of a series a change or a deletion means has to be said."""

from __future__ import annotations

import pytest

from tests.people import Person


@pytest.mark.parametrize("scope", [{}, {"scope": "all"}])
async def test_naming_an_occurrence_without_saying_which_part_is_meant_changes_nothing(
    alice: Person, scope: dict[str, str]
):
    event = await alice.creates("Stand-up", recurrence_pattern="FREQ=DAILY;COUNT=5")
    path, params = f"/api/v1/events/{event['id']}", {"occurrence": "2027-03-02T09:00:00", **scope}
    for refused in (
        await alice.put(path, {"title": "All of them"}, params=params),
        await alice.delete(path, params=params),
    ):
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "?scope"
    assert (await alice.get(path)).json() == event
