"""The trash: what is deleted lies there for thirty days, for its owner alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from convene import clock
from convene.storage.unit_of_work import Units
from tests.api.steps import calendar, pages, path_of, read, refusal, titles
from tests.people import Api, Json, Person

EVENTS = "/api/v1/events"
TRASH = "/api/v1/events/trash"


def later(api: Api, by: timedelta) -> AbstractContextManager[None]:
    """Let the server's clock show a later time."""
    return showing(api, lambda: clock.now() + by)


@contextmanager
def showing(api: Api, now: Callable[[], datetime]) -> Iterator[None]:
    """Let the server's clock show another time."""
    services = api.app.services
    units = Units(services.units.database, now)
    api.app.services = replace(services, units=units)
    try:
        yield
    finally:
        api.app.services = services


async def trashed(person: Person, title: str = "Old", **fields: Json) -> Json:
    """Create an event and delete it."""
    event = await person.creates(title, **fields)
    assert (await person.delete(path_of(event))).status_code == 204
    return event


async def test_a_deleted_event_is_gone_from_everywhere_but_the_trash(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    await alice.delete(path_of(event))
    for person in (alice, ben):
        assert await pages(person, EVENTS) == await calendar(person, "2027-03-01", "2027-03-31") == []
        for what in ("", "/history", "/permissions", "/occurrences?from=2027-03-01", "/blame"):
            assert (await person.request("GET", path_of(event) + what)).status_code == 404, what
        assert (await person.put(path_of(event), {"title": "x"})).status_code == 404
        assert (await person.delete(path_of(event))).status_code == 404


async def test_the_trash_is_the_owners_alone(alice: Person, ben: Person, stranger: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    await alice.delete(path_of(event))
    [found] = await pages(alice, TRASH)
    assert found == {**event, "version": 2, "updated_at": found["updated_at"]}
    assert await pages(ben, TRASH) == await pages(stranger, TRASH) == []
    for person in (ben, stranger):
        refusal(await person.post(f"{path_of(event)}/restore"), 404, "not-found")


async def test_what_was_deleted_last_comes_first(alice: Person):
    for title in ("first", "second", "third"):
        await trashed(alice, title)
    assert titles(await pages(alice, TRASH)) == ["third", "second", "first"]
    assert titles(await pages(alice, TRASH, limit=1)) == ["third", "second", "first"]


async def test_a_restored_event_is_as_it_was(alice: Person, ben: Person):
    event = await alice.creates("Planning", recurrence_pattern={"frequency": "daily", "count": 3}, tags=["a"])
    await alice.shares(event, ben, "viewer")
    await alice.delete(path_of(event))
    answer = await alice.post(f"{path_of(event)}/restore")
    restored = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, '"3"')
    assert restored == {**event, "version": 3, "updated_at": restored["updated_at"]}
    assert await pages(alice, TRASH) == []
    assert await read(ben, event) == {**restored, "role": "viewer"}
    assert len(await calendar(ben, "2027-03-01", "2027-03-31")) == 3


async def test_an_event_is_restored_once(alice: Person):
    event = await trashed(alice)
    assert (await alice.post(f"{path_of(event)}/restore")).status_code == 200
    refusal(await alice.post(f"{path_of(event)}/restore"), 404, "not-found")


async def test_an_event_is_deleted_and_restored_again_and_again(alice: Person):
    event = await alice.creates()
    for _ in range(3):
        await alice.delete(path_of(event))
        await alice.post(f"{path_of(event)}/restore")
    kinds = [one["kind"] for one in await pages(alice, f"{path_of(event)}/history")]
    assert kinds == ["restored", "deleted"] * 3 + ["created"]


async def test_restoring_into_taken_time_is_refused(alice: Person):
    event = await alice.creates("Mine", "2045-03-01T09:00:00Z", "2045-03-01T10:00:00Z")
    await alice.delete(path_of(event))
    await alice.creates("Taken", "2045-03-01T09:00:00Z", "2045-03-01T10:00:00Z")
    refused = await alice.post(f"{path_of(event)}/restore")
    assert titles(refusal(refused, 409, "schedule-conflict")["conflicts"]) == ["Taken"]
    assert titles(await pages(alice, TRASH)) == ["Mine"]
    allowed = await alice.post(f"{path_of(event)}/restore", params={"on_conflict": "allow"})
    assert allowed.status_code == 200


async def test_only_the_owner_deletes(alice: Person, ben: Person, carla: Person):
    event = await alice.creates()
    await alice.shares(event, ben, "editor")
    await alice.shares(event, carla, "viewer")
    for person in (ben, carla):
        refusal(await person.delete(path_of(event)), 403, "role-too-low")
    assert await read(alice, event) == event


async def test_a_deletion_can_be_tied_to_a_version(alice: Person):
    event = await alice.creates()
    await alice.changes(event, title="Other")
    refused = await alice.delete(path_of(event), headers={"If-Match": '"1"'})
    assert refusal(refused, 412, "precondition-failed")["current_version"] == 2
    assert (await alice.delete(path_of(event), headers={"If-Match": '"2"'})).status_code == 204


async def test_the_trash_is_kept_for_thirty_days(api: Api, alice: Person):
    event = await trashed(alice)
    with later(api, timedelta(days=29, hours=23)):
        assert titles(await pages(alice, TRASH)) == ["Old"]
    with later(api, timedelta(days=30, minutes=1)):
        assert await pages(alice, TRASH) == []
        refusal(await alice.post(f"{path_of(event)}/restore"), 404, "not-found")
    with later(api, timedelta(days=29, hours=23)):
        assert (await alice.post(f"{path_of(event)}/restore")).status_code == 200


async def test_what_lies_in_the_trash_comes_back_as_long_as_it_is_listed(api: Api, alice: Person):
    event = await trashed(alice)
    [listed] = await pages(alice, TRASH)
    over = datetime.fromisoformat(listed["updated_at"]) + timedelta(days=30)
    with showing(api, lambda: over):
        assert await pages(alice, TRASH) == []
        refused = await alice.post(f"{path_of(event)}/restore")
        assert refusal(refused, 404, "not-found")["kind"] == "event"
    with showing(api, lambda: over - timedelta(microseconds=1)):
        assert titles(await pages(alice, TRASH)) == ["Old"]
        assert (await alice.post(f"{path_of(event)}/restore")).status_code == 200
    refused = await alice.post(f"{path_of(event)}/restore")
    assert refusal(refused, 404, "not-found")["kind"] == "event"


@pytest.mark.parametrize("role", ["editor", "viewer"])
async def test_a_role_that_was_given_before_lasts_through_the_trash(alice: Person, ben: Person, role: str):
    event = await alice.creates()
    await alice.shares(event, ben, role)
    await alice.delete(path_of(event))
    await alice.post(f"{path_of(event)}/restore")
    assert (await read(ben, event))["role"] == role
