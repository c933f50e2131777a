"""Going back: a new version with the content, or some fields, of an older one."""

from __future__ import annotations

import pytest

from tests.api.steps import invalid, path_of, read, refusal, titles
from tests.people import Json, Person


@pytest.fixture
async def event(alice: Person) -> Json:
    """An event in three versions."""
    event = await alice.creates("Planning", "2045-03-01T09:00:00Z", "2045-03-01T10:00:00Z", description="one")
    await alice.changes(event, title="Moved", start_time="2045-03-02T09:00:00Z", end_time="2045-03-02T10:00:00Z")
    return await alice.changes(event, location="Room 4", description="two")


async def test_rolling_back_makes_a_new_version_with_the_old_content(alice: Person, event: Json):
    answer = await alice.post(f"{path_of(event)}/rollback/1")
    back, first = answer.json(), await read(alice, event, version=1)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"4"')
    assert back == {**first, "version": 4, "updated_at": back["updated_at"]}
    newest = (await alice.get(f"{path_of(event)}/history/4")).json()
    assert (newest["kind"], newest["base_version"]) == ("rolled back", 1)
    assert (await alice.get(f"{path_of(event)}/diff/1/4")).json()["comparison"]["changes"] == []


async def test_a_rollback_can_be_rolled_back(alice: Person, event: Json):
    await alice.post(f"{path_of(event)}/rollback/1")
    again = (await alice.post(f"{path_of(event)}/rollback/3")).json()
    assert again == {**event, "version": 5, "updated_at": again["updated_at"]}


async def test_rolling_back_to_what_is_makes_no_version(alice: Person, event: Json):
    assert (await alice.post(f"{path_of(event)}/rollback/3")).json() == event


async def test_only_some_fields_are_rolled_back(alice: Person, event: Json):
    back = (await alice.post(f"{path_of(event)}/rollback/1", {"fields": ["title", "description"]})).json()
    assert (back["title"], back["description"], back["location"]) == ("Planning", "one", "Room 4")
    assert back["start_time"] == event["start_time"]
    log = (await alice.get(f"{path_of(event)}/changelog")).json()
    assert {one["field_name"] for one in log if one["version_number"] == 4} == {"title", "description"}


@pytest.mark.parametrize("field", ["start_time", "end_time", "schedule"])
async def test_the_times_of_an_event_are_rolled_back_together(alice: Person, event: Json, field: str):
    back = (await alice.post(f"{path_of(event)}/rollback/1", {"fields": [field]})).json()
    assert (back["start_time"], back["end_time"]) == ("2045-03-01T09:00:00Z", "2045-03-01T10:00:00Z")
    assert back["title"] == "Moved"


async def test_an_unknown_field_cannot_be_rolled_back(alice: Person, event: Json):
    path = f"{path_of(event)}/rollback/1"
    assert invalid(await alice.post(path, {"fields": ["title", "colour", "owner_id"]})) == ["/fields/1", "/fields/2"]
    assert invalid(await alice.post(path, {"fields": []})) == ["/fields"]
    assert invalid(await alice.post(path, {"field": "title"})) == ["/field"]
    assert await read(alice, event) == event


async def test_a_version_that_never_was_cannot_be_rolled_back_to(alice: Person, event: Json):
    refusal(await alice.post(f"{path_of(event)}/rollback/4"), 404, "not-found")
    assert (await alice.post(f"{path_of(event)}/rollback/0")).status_code == 422
    assert await read(alice, event) == event


async def test_rolling_back_into_taken_time_is_refused(alice: Person, event: Json):
    await alice.creates("Taken", "2045-03-01T09:30:00Z", "2045-03-01T10:30:00Z")
    path = f"{path_of(event)}/rollback/1"
    assert titles(refusal(await alice.post(path), 409, "schedule-conflict")["conflicts"]) == ["Taken"]
    refusal(await alice.post(path, {"fields": ["start_time"]}), 409, "schedule-conflict")
    assert (await alice.post(path, {"fields": ["title"]})).status_code == 200
    assert (await alice.post(path, params={"on_conflict": "allow"})).status_code == 200


async def test_editors_roll_back_and_viewers_do_not(alice: Person, ben: Person, carla: Person, event: Json):
    await alice.shares(event, ben, "editor")
    await alice.shares(event, carla, "viewer")
    refusal(await carla.post(f"{path_of(event)}/rollback/1"), 403, "role-too-low")
    back = await ben.post(f"{path_of(event)}/rollback/1")
    assert (back.status_code, back.json()["updated_by"]) == (200, ben.id)


async def test_rolling_back_changes_nobodys_role(alice: Person, ben: Person, event: Json):
    await alice.shares(event, ben)
    await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})
    back = (await alice.post(f"{path_of(event)}/rollback/1")).json()
    assert (back["owner_id"], back["role"]) == (ben.id, "editor")


async def test_a_series_is_rolled_back_with_its_pattern_and_its_occurrences(alice: Person):
    series = await alice.creates(recurrence_pattern={"frequency": "daily", "count": 4})
    params = {"scope": "this", "occurrence": "2027-03-02T09:00:00"}
    await alice.put(path_of(series), {"title": "Own"}, params=params)
    await alice.changes(series, is_recurring=False)
    pattern = (await alice.post(f"{path_of(series)}/rollback/2", {"fields": ["recurrence_pattern"]})).json()
    assert (pattern["recurrence_pattern"], pattern["overrides"]) == (series["recurrence_pattern"], {})
    whole = (await alice.post(f"{path_of(series)}/rollback/2")).json()
    assert whole["overrides"] == {"2027-03-02T09:00:00": {"title": "Own"}}
