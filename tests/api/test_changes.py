"""Sync: what changed since a cursor, folded into a copy, is what the server has."""

from __future__ import annotations

from convene.api.paging import encode_cursor
from tests.people import Person
from tests.synced_copy import Copy


async def test_a_copy_follows_creating_changing_deleting_and_restoring(alice: Person):
    copy = Copy(alice)
    await copy.catch_up()
    assert copy.events == {}
    event = await alice.creates("Planning")
    await copy.catch_up()
    assert copy.events == {event["id"]: event}
    changed = await alice.changes(event, title="Changed")
    await copy.catch_up()
    assert copy.events == {event["id"]: changed}
    await alice.delete(f"/api/v1/events/{event['id']}")
    await copy.catch_up()
    assert copy.events == {}
    await alice.post(f"/api/v1/events/{event['id']}/restore")
    await copy.catch_up()
    assert copy.events[event["id"]]["version"] == 4


async def test_a_copy_follows_sharing_and_losing_access(alice: Person, ben: Person):
    copy = Copy(ben)
    await copy.catch_up()
    event = await alice.creates("Planning")
    await alice.shares(event, ben, "viewer")
    await copy.catch_up()
    assert copy.events[event["id"]]["role"] == "viewer"
    await alice.shares(event, ben, "editor")
    await copy.catch_up()
    assert copy.events[event["id"]]["role"] == "editor"
    await alice.delete(f"/api/v1/events/{event['id']}/permissions/{ben.id}")
    await copy.catch_up()
    assert copy.events == {}


async def test_a_cursor_of_somebody_else_or_made_up_is_refused(alice: Person, ben: Person):
    copy = Copy(ben)
    await copy.catch_up()
    assert (await alice.get("/api/v1/changes", since=copy.cursor)).status_code == 422
    assert (await alice.get("/api/v1/changes", since="bm9wZQ")).status_code == 422


async def test_a_cursor_of_another_database_is_gone(alice: Person):
    foreign = ["another-epoch", alice.id, 1, 1]

    response = await alice.get("/api/v1/changes", since=encode_cursor(foreign))
    assert response.status_code == 410
    assert response.json()["type"].endswith("/cursor-gone")
