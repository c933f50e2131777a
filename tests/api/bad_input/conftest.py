"""Alice, whose calendar must be as it was and readable after every test, whatever was sent in her name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.people import Api, Json, Person


async def everything_of(person: Person, event: Json) -> list[Json]:
    """All that a person can read of their account and their event."""
    path = f"/api/v1/events/{event['id']}"
    lists = ("/api/v1/auth/me", "/api/v1/auth/sessions", "/api/v1/events", "/api/v1/events/trash", path)
    parts = ("history", "changelog", "permissions", "shelved", "blame")
    found = []
    for address in (*lists, *(f"{path}/{part}" for part in parts), "/api/v1/events?from=2027-01-01&to=2028-01-01"):
        response = await person.request("GET", address)
        assert response.status_code == 200, response.text
        found.append(response.json())
    return found


@pytest.fixture
async def alice(api: Api) -> AsyncIterator[Person]:
    alice = await api.person("alice")
    event = await alice.creates("Planning", recurrence_pattern="FREQ=DAILY;COUNT=3")
    await alice.delete(f"/api/v1/events/{(await alice.creates('Thrown away'))['id']}")
    before = await everything_of(alice, event)
    yield alice
    assert await everything_of(alice, event) == before


@pytest.fixture
async def event(alice: Person) -> Json:
    """Alice's only event that is not in the trash."""
    [event] = (await alice.get("/api/v1/events")).json()
    return event


@pytest.fixture
async def trashed(alice: Person) -> Json:
    """Alice's only event in the trash."""
    [event] = (await alice.get("/api/v1/events/trash")).json()
    return event
