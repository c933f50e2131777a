"""The past of an event: versions, what changed in them, who set what, and the event as it was."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.api.steps import invalid, pages, path_of, read, refusal
from tests.people import Json, Person


async def history(person: Person, event: Json) -> list[Json]:
    """All versions of an event, newest first."""
    return await pages(person, f"{path_of(event)}/history")


async def changelog(person: Person, event: Json, **params: str | int) -> list[Json]:
    """What was changed in an event, newest first."""
    return await pages(person, f"{path_of(event)}/changelog", **params)


def moment_before(time: str) -> str:
    """The instant right before another."""
    return (datetime.fromisoformat(time) - timedelta(microseconds=1)).isoformat()


@pytest.fixture
async def event(alice: Person, ben: Person) -> Json:
    """An event in four versions: created by Alice, changed by Ben, changed by Alice, handed to Ben and back."""
    event = await alice.creates("Planning", description="one")
    await alice.shares(event, ben)
    await ben.changes(event, title="Planning, moved", location="Room 4", change_description="room is booked")
    await alice.changes(event, description="one\ntwo", tags=["a"])
    return event


# -- versions ------------------------------------------------------------------------------------------------


async def test_every_change_is_a_version_with_its_author_and_its_time(alice: Person, ben: Person, event: Json):
    versions = await history(alice, event)
    assert [(one["version_number"], one["kind"], one["created_by"], one["author"]) for one in versions] == [
        (3, "updated", alice.id, alice.username),
        (2, "updated", ben.id, ben.username),
        (1, "created", alice.id, alice.username),
    ]
    assert [one["change_description"] for one in versions] == [None, "room is booked", None]
    times = [one["created_at"] for one in versions]
    assert times == sorted(times, reverse=True)
    assert all(one["id"] == one["version_number"] and one["event_id"] == event["id"] for one in versions)


async def test_history_and_blame_say_what_people_call_themselves(alice: Person, ben: Person, event: Json):
    await ben.patch("/api/v1/auth/me", {"display_name": "Ben Okri"})
    versions = await history(alice, event)
    assert [(one["author"], one["author_display_name"]) for one in versions[:2]] == [
        (alice.username, None),
        (ben.username, "Ben Okri"),
    ]
    blamed = (await alice.get(f"{path_of(event)}/blame")).json()["fields"]
    assert (blamed["title"]["author_display_name"], blamed["tags"]["author_display_name"]) == ("Ben Okri", None)


async def test_a_version_has_what_the_event_was(alice: Person, event: Json):
    [newest, second, first] = await history(alice, event)
    now = await read(alice, event)
    assert {name: now[name] for name in newest["data"]} == newest["data"]
    assert {name: event[name] for name in first["data"]} == first["data"]
    assert (second["data"]["title"], second["data"]["description"]) == ("Planning, moved", "one")
    assert (await alice.get(f"{path_of(event)}/history/2")).json() == second


async def test_the_kinds_of_versions_tell_what_happened(alice: Person, ben: Person):
    event = await alice.creates()
    path = path_of(event)
    await alice.shares(event, ben)
    await ben.changes(event, title="Ben's")
    await alice.changes(event, location="Room 4", base_version=1)
    await alice.post(f"{path}/rollback/1")
    await alice.delete(path)
    await alice.post(f"{path}/restore")
    await alice.post(f"{path}/transfer", {"user_id": ben.id})
    versions = await history(alice, event)
    assert [(one["kind"], one["base_version"]) for one in reversed(versions)] == [
        ("created", None),
        ("updated", None),
        ("merged", 1),
        ("rolled back", 1),
        ("deleted", None),
        ("restored", None),
        ("transferred", None),
    ]
    assert [one["version_number"] for one in versions] == [7, 6, 5, 4, 3, 2, 1]


async def test_viewers_read_the_whole_history(alice: Person, carla: Person, event: Json):
    await alice.shares(event, carla, "viewer")
    assert await history(carla, event) == await history(alice, event)
    assert await changelog(carla, event) == await changelog(alice, event)


@pytest.mark.parametrize("what", ["history", "history/1", "changelog", "diff", "diff/1/2", "blame", "shelved"])
async def test_strangers_learn_nothing_of_the_past(stranger: Person, event: Json, what: str):
    assert (await stranger.get(f"{path_of(event)}/{what}")).status_code == 404


async def test_the_history_comes_in_pages(alice: Person, event: Json):
    whole = await history(alice, event)
    for limit in (1, 2):
        assert await pages(alice, f"{path_of(event)}/history", limit=limit) == whole


async def test_a_version_that_never_was_cannot_be_read(alice: Person, event: Json):
    path = path_of(event)
    for what in ("history/4", "diff/1/4", "diff/9/1"):
        assert refusal(await alice.get(f"{path}/{what}"), 404, "not-found")["kind"] == "version"
    refusal(await alice.get(path, version=4), 404, "not-found")
    refusal(await alice.get(f"{path}/diff", to=4), 404, "not-found")
    assert invalid(await alice.get(f"{path}/diff", **{"from": 0})) == ["?from"]
    assert (await alice.get(f"{path}/history/0")).status_code == 422
    assert (await alice.get(f"{path}/history/{2**70}")).status_code == 422


# -- the change log ------------------------------------------------------------------------------------------


async def test_the_change_log_has_every_field_with_its_value_before_and_after(alice: Person, ben: Person, event: Json):
    log = await changelog(alice, event)
    assert {(one["version_number"], one["field_name"]): (one["old_value"], one["new_value"]) for one in log} == {
        (2, "title"): ("Planning", "Planning, moved"),
        (2, "location"): (None, "Room 4"),
        (3, "description"): ("one", "one\ntwo"),
        (3, "tags"): ([], ["a"]),
    }
    assert [one["version_number"] for one in log] == [3, 3, 2, 2]
    assert {one["created_by"] for one in log if one["version_id"] == 2} == {ben.id}


async def test_the_change_log_can_be_filtered(alice: Person, ben: Person, event: Json):
    await alice.changes(event, title="Again")
    assert [one["new_value"] for one in await changelog(alice, event, field="title")] == ["Again", "Planning, moved"]
    assert {one["field_name"] for one in await changelog(alice, event, user_id=ben.id)} == {"title", "location"}
    both = await changelog(alice, event, field="title", user_id=alice.id)
    assert [one["version_number"] for one in both] == [4]
    assert await changelog(alice, event, field="no such field") == []


async def test_the_change_log_comes_in_pages(alice: Person, event: Json):
    whole = await changelog(alice, event)
    assert await changelog(alice, event, limit=1) == whole
    assert await changelog(alice, event, limit=3) == whole
    titles = await changelog(alice, event, field="title")
    assert await changelog(alice, event, field="title", limit=1) == titles


async def test_a_moved_event_is_logged_in_the_fields_that_clients_know(alice: Person):
    event = await alice.creates(time_zone="Europe/Berlin")
    await alice.changes(event, start_time="2027-03-01T09:00:00+01:00", recurrence_pattern="daily")
    log = await changelog(alice, event)
    assert {one["field_name"]: one["new_value"] for one in log} == {
        "start_time": "2027-03-01T09:00:00+01:00",
        "recurrence_pattern": {"frequency": "daily"},
    }


# -- differences and blame -----------------------------------------------------------------------------------


async def compare(person: Person, event: Json, versions: str = "", /, **params: int) -> Json:
    """What differs between two versions, by field."""
    answer = (await person.get(f"{path_of(event)}/diff{versions}", **params)).json()
    assert answer["event_id"] == event["id"]
    return answer["comparison"]


async def test_any_two_versions_can_be_compared(alice: Person, event: Json):
    comparison = await compare(alice, event, "/1/3")
    assert (comparison["version_1"], comparison["version_2"]) == (1, 3)
    assert {
        one["field"]: (one["old_value"], one["new_value"], one["change_type"]) for one in comparison["changes"]
    } == {
        "title": ("Planning", "Planning, moved", "modified"),
        "location": (None, "Room 4", "added"),
        "description": ("one", "one\ntwo", "modified"),
        "tags": ([], ["a"], "added"),
    }
    [text] = [one["text_diff"] for one in comparison["changes"] if one["field"] == "description"]
    assert "+two" in text.splitlines()


async def test_comparing_backwards_turns_every_change_round(alice: Person, event: Json):
    forwards = {one["field"]: one for one in (await compare(alice, event, "/1/3"))["changes"]}
    backwards = {one["field"]: one for one in (await compare(alice, event, "/3/1"))["changes"]}
    assert forwards.keys() == backwards.keys()
    for field, change in forwards.items():
        assert (change["old_value"], change["new_value"]) == (
            backwards[field]["new_value"],
            backwards[field]["old_value"],
        )
    assert backwards["location"]["change_type"] == "removed"


async def test_a_version_does_not_differ_from_itself(alice: Person, event: Json):
    assert (await compare(alice, event, "/2/2"))["changes"] == []


async def test_without_numbers_the_last_two_versions_are_compared(alice: Person, event: Json):
    assert await compare(alice, event) == await compare(alice, event, "/2/3")
    assert await compare(alice, event, **{"from": 1}) == await compare(alice, event, "/1/3")
    assert await compare(alice, event, to=2) == await compare(alice, event, "/1/2")
    assert await compare(alice, event, **{"from": 3, "to": 1}) == await compare(alice, event, "/3/1")


async def test_a_new_event_has_nothing_to_compare(alice: Person):
    event = await alice.creates()
    assert await compare(alice, event) == {"version_1": 1, "version_2": 1, "changes": []}


async def test_each_field_says_who_set_it_last(alice: Person, ben: Person, event: Json):
    blamed = (await alice.get(f"{path_of(event)}/blame")).json()["fields"]
    assert {field: (one["version_number"], one["created_by"]) for field, one in blamed.items()}.items() >= {
        "title": (2, ben.id),
        "location": (2, ben.id),
        "description": (3, alice.id),
        "start_time": (1, alice.id),
        "tags": (3, alice.id),
    }.items()
    assert blamed["title"]["author"] == ben.username


async def test_a_field_that_was_rolled_back_is_blamed_on_the_rollback(alice: Person, ben: Person, event: Json):
    await ben.post(f"{path_of(event)}/rollback/1", {"fields": ["title"]})
    blamed = (await alice.get(f"{path_of(event)}/blame")).json()["fields"]
    assert (blamed["title"]["version_number"], blamed["title"]["kind"]) == (4, "rolled back")
    assert blamed["location"]["version_number"] == 2


# -- the event as it was -------------------------------------------------------------------------------------


async def test_an_event_can_be_read_as_it_was_in_a_version(alice: Person, event: Json):
    for number in (1, 2, 3):
        past = await alice.get(path_of(event), version=number)
        version = (await alice.get(f"{path_of(event)}/history/{number}")).json()
        assert (past.json()["version"], past.headers["etag"]) == (number, f'"{number}"')
        assert {name: past.json()[name] for name in version["data"]} == version["data"]
        assert (past.json()["updated_at"], past.json()["updated_by"]) == (version["created_at"], version["created_by"])
    assert await read(alice, event, version=1) == event


async def test_an_event_can_be_read_as_it_was_at_an_instant(alice: Person, event: Json):
    versions = list(reversed(await history(alice, event)))
    for older, newer in pairwise(versions):
        assert (await read(alice, event, as_of=older["created_at"]))["version"] == older["version_number"]
        between = moment_before(newer["created_at"])
        assert (await read(alice, event, as_of=between))["version"] == older["version_number"]
    assert (await read(alice, event, as_of="2999-01-01T00:00:00Z"))["version"] == 3


async def test_before_it_was_created_an_event_was_not_there(alice: Person, event: Json):
    refusal(await alice.get(path_of(event), as_of=moment_before(event["created_at"])), 404, "not-found")
    refusal(await alice.get(path_of(event), as_of="0001-01-04T00:00:00Z"), 404, "not-found")
    assert invalid(await alice.get(path_of(event), as_of="0001-01-01T00:00:00+14:00")) == ["?as_of"]
    assert invalid(await alice.get(path_of(event), as_of="2027-03-01T09:00:00")) == ["?as_of"]


async def test_while_it_was_in_the_trash_an_event_was_not_there(alice: Person, event: Json):
    await alice.delete(path_of(event))
    await alice.post(f"{path_of(event)}/restore")
    [restored, deleted, newest, *_] = await history(alice, event)
    assert deleted["data"] == newest["data"] == restored["data"]
    refusal(await alice.get(path_of(event), as_of=deleted["created_at"]), 404, "not-found")
    refusal(await alice.get(path_of(event), as_of=moment_before(restored["created_at"])), 404, "not-found")
    assert (await read(alice, event, as_of=moment_before(deleted["created_at"])))["version"] == 3
    assert (await read(alice, event, as_of=restored["created_at"]))["version"] == 5


async def test_an_old_version_of_a_series_is_read_with_its_overrides(alice: Person):
    series = await alice.creates(recurrence_pattern={"frequency": "daily", "count": 3})
    params = {"scope": "this", "occurrence": "2027-03-02T09:00:00"}
    await alice.put(path_of(series), {"title": "Own"}, params=params)
    await alice.changes(series, recurrence_pattern=None)
    past = await read(alice, series, version=2)
    assert (past["is_recurring"], past["overrides"]) == (True, {"2027-03-02T09:00:00": {"title": "Own"}})
