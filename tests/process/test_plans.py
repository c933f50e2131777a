"""Each main query finds its rows by its index: on real databases, with enough rows, after ANALYZE."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest

from convene.operations import upkeep
from convene.storage import tables
from tests.people import Api, running_api
from tests.process.outside import outside
from tests.process.recording import Asked, plan, recognise, recorded
from tests.process.worlds import EVENTS, World, create_days, hour, make_world

DAYS = 600
OTHERS = 4
COPIES = 8
LAST_MONTH = {"from": "2027-07-20", "to": "2027-08-20"}

BY_WINDOW = "ix_permissions_user_id_ends_at_starts_at"
BY_START = "ix_permissions_user_id_starts_at_event_id"
BY_POSITION = "ix_permissions_user_id_position_event_id"
#: By which key the other half of a split series is looked for, where there is one.
OTHER_HALF = {"pk_permissions", "pk_other_half"}
LARGE = {"events", "permissions", "event_versions", "event_change_log"}

Request = Callable[[World], Awaitable[httpx2.Response]]


@pytest.fixture(scope="module")
async def api(own_database: str) -> AsyncIterator[Api]:
    async with running_api(own_database) as api:
        yield api


@pytest.fixture(scope="module")
async def world(api: Api, own_database: str) -> World:
    """One user among others, each with two years of events."""
    world = await make_world(api, events=DAYS, collaborators=1, edits=100)
    for _ in range(OTHERS):
        await create_days(await api.person("other"), DAYS)
    columns = ", ".join(column.name for column in tables.events.columns if column.name not in {"id", "uid"})
    originals = f"FROM events WHERE id <= {(1 + OTHERS) * DAYS}"
    async with outside(own_database) as connection:
        for copy in range(COPIES):  # more than anybody in here sees, so that reading all events never pays
            await connection.rows(f"INSERT INTO events (uid, {columns}) SELECT uid || '-{copy}', {columns} {originals}")
        columns = ", ".join(column.name for column in tables.event_versions.columns if column.name != "event_id")
        others = f"WHERE events.id > {(1 + OTHERS) * DAYS} AND event_id = {world.event['id']} AND version_number <= 2"
        await connection.rows(
            f"INSERT INTO event_versions (event_id, {columns}) "
            f"SELECT events.id, {columns.replace('created_', 'event_versions.created_')} "
            f"FROM events, event_versions {others}"
        )
        newcomer, columns = world.newcomer.id, "starts_at, ends_at, created_at, updated_at"
        await connection.rows(
            f"INSERT INTO permissions (event_id, user_id, role, position, granted_by, {columns}) "
            f"SELECT id, {newcomer}, 'viewer', 0, owner_id, {columns} FROM events WHERE id > {(1 + OTHERS) * DAYS}"
        )
        await connection.rows("ANALYZE")
    return world


async def asked_by(api: Api, world: World, request: Request, *, writing: bool = False) -> list[Asked]:
    """The statements of a request that look for rows; those too that write what they found, if they are wanted."""
    await recognise(world.alice)
    async with recorded(api) as asked:
        answer = await request(world)
    assert answer.is_success or answer.status_code == 409
    looking = ("SELECT", "UPDATE", "INSERT") if writing else ("SELECT", "UPDATE")
    return [one for one in asked if one.sql.startswith(looking)]


async def test_a_window_is_one_scan_of_the_index_made_for_it(api: Api, world: World, own_database: str):
    [query] = await asked_by(api, world, lambda world: world.alice.get(EVENTS, **LAST_MONTH))
    found = await plan(own_database, query)
    assert found.scanned == frozenset()
    assert found.indexes - OTHER_HALF == {BY_WINDOW, "pk_events"}


async def test_a_list_reads_its_first_page_in_order_of_start(api: Api, world: World, own_database: str):
    [query] = await asked_by(api, world, lambda world: world.alice.get(EVENTS, limit=50))
    found = await plan(own_database, query)
    assert found.scanned == frozenset()
    assert found.indexes - OTHER_HALF == {BY_START, "pk_events"}


async def test_a_later_page_does_not_read_the_pages_before_it(api: Api, world: World, own_database: str):
    first = await world.alice.get(EVENTS, limit=50)
    [query] = await asked_by(api, world, lambda world: world.alice.request("GET", first.links["next"]["url"]))
    found = await plan(own_database, query)
    assert found.scanned == frozenset()
    assert found.indexes - OTHER_HALF == {BY_START, "pk_events"}
    assert "event_id" in found.entered[BY_START]


async def test_a_window_of_the_past_is_one_scan_of_permissions_and_one_of_versions(
    api: Api, world: World, own_database: str
):
    then = {**LAST_MONTH, "as_of": world.event["created_at"]}
    [unchanged, changed] = await asked_by(api, world, lambda world: world.alice.get(EVENTS, **then))
    found = await plan(own_database, unchanged)
    assert found.scanned == frozenset()
    assert found.indexes - OTHER_HALF == {BY_WINDOW, "pk_events"}
    found = await plan(own_database, changed)
    # The answer of the inner query; and of the heads, PostgreSQL may read all when many of them are the caller's.
    assert found.scanned <= {"changed", "events"}
    assert "pk_event_versions" in found.indexes
    assert found.indexes - {"pk_events", "pk_event_versions", "pk_earlier", *OTHER_HALF} <= {
        BY_WINDOW,
        BY_START,
        BY_POSITION,
    }


async def test_an_event_is_opened_by_its_keys(api: Api, world: World, own_database: str):
    [query] = await asked_by(api, world, lambda world: world.alice.get(world.path))
    found = await plan(own_database, query)
    assert found.scanned == frozenset()
    assert found.indexes | OTHER_HALF == {"pk_events", *OTHER_HALF}


async def test_what_is_busy_is_found_as_a_window_is(api: Api, world: World, own_database: str):
    [query] = await asked_by(api, world, lambda world: world.alice.post(f"{EVENTS}/check", hour(DAYS + 1)))
    found = await plan(own_database, query)
    assert found.scanned == frozenset()
    assert found.indexes == {BY_WINDOW, "pk_events"}


async def test_a_new_event_is_compared_as_a_window_is_found(api: Api, world: World, own_database: str):
    await recognise(world.alice)
    async with recorded(api) as asked:
        assert (await world.alice.post(EVENTS, {"title": "New", **hour(DAYS + 2)})).status_code == 201
    [query] = [one for one in asked if "events.may_block" in one.sql and "FROM permissions" in one.sql]
    found = await plan(own_database, query)
    assert found.scanned & LARGE == frozenset()
    assert found.indexes >= {BY_WINDOW, "pk_events"}


async def test_a_page_of_history_is_read_by_its_key(api: Api, world: World, own_database: str):
    [_, query] = await asked_by(api, world, lambda world: world.alice.get(f"{world.path}/history", limit=20))
    found = await plan(own_database, query)
    assert "event_versions" not in found.scanned
    assert "pk_event_versions" in found.indexes


async def test_whom_an_edit_is_told_is_found_however_much_there_was_to_tell_before(
    api: Api, world: World, own_database: str
):
    old = f"{world.newcomer.id}, {world.event['id']}, 'changed', 'Old', 1, 0, created_at, updated_at, updated_at"
    async with outside(own_database) as connection:
        await connection.rows(
            "INSERT INTO notifications "
            "(user_id, event_id, kind, title, edits, position, created_at, updated_at, read_at) "
            f"SELECT {old} FROM events"
        )
        await connection.rows("ANALYZE")
    edit = {"description": "Changed"}
    asked = await asked_by(api, world, lambda world: world.alice.put(world.path, edit), writing=True)
    telling = [one for one in asked if "notifications" in one.sql.partition(" SELECT ")[0].partition(" SET ")[0]]
    assert len(telling) == 2
    for query in telling:
        found = await plan(own_database, query)
        assert "notifications" not in found.scanned
        assert "ix_notifications_unread_of_event" in found.indexes
        assert "ix_notifications_event_id" not in found.indexes


LONG_AGO = "'2020-01-01 00:00:00.000000'"
#: What goes by its age: the index that knows it, and how there comes to be a row for each event, as old as is said.
AGEING = {
    "ix_sessions_expires_at": "sessions (id, user_id, refresh_id, created_at, last_used_at, expires_at) "
    "SELECT 'old' || id, owner_id, '', created_at, created_at, {age}",
    "ix_idempotency_keys_created_at": "idempotency_keys "
    "(key, user_id, fingerprint, status, headers, body, created_at) "
    "SELECT 'old' || id, owner_id, '', 200, '[]', '', {age}",
    "ix_deliveries_created_at": "deliveries (message_id, user_id, channel, kind, attempts, created_at) "
    "SELECT 'old' || id, owner_id, 'webhook', 'changed', 1, {age}",
}


@pytest.mark.parametrize("index", AGEING)
@pytest.mark.usefixtures("world")
async def test_what_goes_because_it_is_old_is_found_however_much_is_not(api: Api, own_database: str, index: str):
    table = AGEING[index].split()[0]
    async with outside(own_database) as connection:
        await connection.rows(f"INSERT INTO {AGEING[index].format(age='created_at')} FROM events WHERE id > 3")
        await connection.rows(f"INSERT INTO {AGEING[index].format(age=LONG_AGO)} FROM events WHERE id <= 3")
        await connection.rows("ANALYZE")
    async with recorded(api) as asked:
        await upkeep.prune(api.app.services.units)
    looking, deleting = (
        [one for one in asked if one.sql.startswith(verb) and f"FROM {table}" in one.sql]
        for verb in ("SELECT", "DELETE")
    )
    for query in looking:
        assert (await plan(own_database, query)).indexes == {index}
    [query] = deleting
    assert table not in (await plan(own_database, query)).scanned


@pytest.mark.parametrize(
    "request_",
    [
        lambda world: world.alice.get(f"{world.path}/changelog", limit=20),
        lambda world: world.alice.get(f"{world.path}/permissions"),
        lambda world: world.alice.get("/api/v1/insights", **LAST_MONTH),
        lambda world: world.alice.get("/api/v1/calendars"),
        lambda world: world.alice.get(f"{world.path}/diff/1/50"),
        lambda world: world.alice.post(EVENTS, hour(DAYS + 2)),
        lambda world: world.alice.post(EVENTS, hour(DAYS - 2)),
        lambda world: world.alice.put(world.path, {"title": "Changed"}),
        lambda world: world.alice.put(world.path, {"location": "Room 4", "base_version": 1}),
        lambda world: world.alice.put(world.path, {"start_time": "2026-01-01T08:00:00Z"}),
        lambda world: world.alice.post(f"{world.path}/share", {"user_id": world.newcomer.id, "role": "viewer"}),
    ],
)
async def test_no_request_reads_a_large_table_from_end_to_end(
    api: Api, world: World, own_database: str, request_: Request
):
    for query in await asked_by(api, world, request_):
        assert not LARGE & (await plan(own_database, query)).scanned, query.sql
