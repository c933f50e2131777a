"""How many statements a request costs: fixed numbers, whatever the number of events, people and versions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest

from tests.people import Api, running_api
from tests.process.recording import recognise, recorded
from tests.process.worlds import EVENTS, World, hour, make_world

Request = Callable[[World], Awaitable[httpx2.Response]]

#: What is asked, and its statements on SQLite and on PostgreSQL. Both read without BEGIN; a write counts BEGIN and
#: COMMIT, on SQLite the counter of positions too. PostgreSQL creates a single event without its lock, if it can.
COSTS: dict[str, tuple[Request, int, int]] = {
    "get": (lambda world: world.alice.get(world.path), 1, 1),
    "list": (lambda world: world.alice.get(EVENTS, limit=200), 1, 1),
    "list a window": (
        lambda world: world.alice.get(EVENTS, limit=200, **{"from": "2026-01-01", "to": "2026-12-31"}),
        *(1, 1),
    ),
    "list a window of the past": (
        lambda world: world.alice.get(
            EVENTS, limit=200, **{"from": "2026-01-01", "to": "2026-12-31", "as_of": world.event["created_at"]}
        ),
        *(2, 2),
    ),
    "insights": (
        lambda world: world.alice.get("/api/v1/insights", **{"from": "2026-01-01", "to": "2026-12-31"}),
        *(3, 3),
    ),
    "check": (lambda world: world.alice.post(f"{EVENTS}/check", hour(1_000)), 1, 1),
    "create": (lambda world: world.alice.post(EVENTS, hour(1_000)), 8, 2),
    "create, refused": (lambda world: world.alice.post(EVENTS, hour(3)), 6, 6),
    "create a series": (
        lambda world: world.alice.post(EVENTS, hour(2_000, recurrence_pattern="FREQ=DAILY;COUNT=100")),
        *(8, 5),
    ),
    "change": (lambda world: world.alice.put(world.path, {"title": "Changed"}), 11, 10),
    "change what nobody else sees": (
        lambda world: world.alice.put(f"{EVENTS}/{world.alone['id']}", {"title": "Changed"}),
        *(9, 8),
    ),
    "merge": (lambda world: world.alice.put(world.path, {"location": "Room 4", "base_version": 1}), 13, 12),
    "move": (lambda world: world.alice.put(world.path, {"start_time": "2026-01-01T08:00:00Z"}), 12, 11),
    "share": (
        lambda world: world.alice.post(f"{world.path}/share", {"user_id": world.newcomer.id, "role": "viewer"}),
        *(12, 11),
    ),
    "permissions": (lambda world: world.alice.get(f"{world.path}/permissions"), 2, 2),
    "history": (lambda world: world.alice.get(f"{world.path}/history", limit=200), 2, 2),
    "changelog": (lambda world: world.alice.get(f"{world.path}/changelog", limit=200), 2, 2),
    "diff": (lambda world: world.alice.get(f"{world.path}/diff/1/2"), 3, 3),
    "roll back": (lambda world: world.alice.post(f"{world.path}/rollback/1", {"fields": ["title"]}), 11, 10),
    "delete": (lambda world: world.alice.delete(world.path), 9, 8),
    "trash": (lambda world: world.alice.get(f"{EVENTS}/trash"), 1, 1),
    "restore": (lambda world: world.alice.post(f"{world.path}/restore"), 10, 9),
}


@pytest.fixture(scope="module")
async def api(own_database: str) -> AsyncIterator[Api]:
    async with running_api(own_database) as api:
        yield api


@pytest.fixture(scope="module")
async def small_world(api: Api) -> World:
    return await make_world(api, events=10, collaborators=1, edits=2)


@pytest.fixture(scope="module")
async def large_world(api: Api) -> World:
    return await make_world(api, events=200, collaborators=15, edits=40)


async def costs(api: Api, world: World) -> dict[str, int]:
    """Make each request, in the order of the table, and count its statements."""
    found = {}
    for name, (request, _, _) in COSTS.items():
        await recognise(world.alice)
        async with recorded(api) as asked:
            answer = await request(world)
        assert answer.status_code < 400 or name == "create, refused", answer.text
        found[name] = len(asked)
    return found


async def test_a_request_costs_the_same_in_a_small_and_in_a_large_world(
    api: Api, own_database: str, small_world: World, large_world: World
):
    place = 1 if own_database.startswith("sqlite") else 2
    expected = {name: row[place] for name, row in COSTS.items()}
    assert await costs(api, small_world) == expected
    assert await costs(api, large_world) == expected


@pytest.mark.parametrize("rows", [10, 200])
async def test_a_list_costs_the_same_whatever_its_length(api: Api, large_world: World, rows: int):
    await recognise(large_world.alice)
    async with recorded(api) as asked:
        answer = await large_world.alice.get(EVENTS, limit=rows)
    assert len(answer.json()) == rows
    assert len([one for one in asked if one.sql.startswith("SELECT")]) == 1
