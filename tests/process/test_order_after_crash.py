"""PostgreSQL crashes, and gives ids of transactions anew that nobody had written down: who follows misses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from convene.storage import schema
from tests.people import Person
from tests.process.callers import ServedApi, calling
from tests.process.ears import listening
from tests.process.private_postgres import PrivatePostgres, private_postgres
from tests.process.servers import Server, serving
from tests.synced_copy import Copy

#: As it is where people use it: what is committed is written down at once.
SETTINGS = {"synchronous_commit": "on"}


@pytest.fixture
async def postgres() -> AsyncIterator[PrivatePostgres]:
    with private_postgres() as postgres:
        await asyncio.to_thread(postgres.shut_down)
        await asyncio.to_thread(postgres.start_again, **SETTINGS)
        await asyncio.to_thread(schema.migrate, f"{postgres.dsn}/postgres")
        yield postgres


@pytest.fixture
def server(postgres: PrivatePostgres) -> Iterator[Server]:
    with serving(f"{postgres.dsn}/postgres") as server:
        yield server


@pytest.fixture
async def api(server: Server) -> AsyncIterator[ServedApi]:
    async with calling(server.url) as api:
        yield api


async def asked(postgres: PrivatePostgres, *statements: str) -> int:
    """Run statements; gives the id of the next transaction."""
    connection = await asyncpg.connect(f"{postgres.dsn}/postgres")
    try:
        for statement in statements:
            await connection.execute(statement)
        return int(await connection.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))
    finally:
        await connection.close()


async def begin_in_vain(postgres: PrivatePostgres) -> int:
    """Use up ids of transactions, of which nothing is written down; gives the next one."""
    postgres.keep_its_log_in_memory()
    return await asked(postgres, *["BEGIN; SELECT pg_current_xact_id(); ROLLBACK"] * 100)


async def crash(postgres: PrivatePostgres, newest: int) -> None:
    """Crash; ids of transactions that somebody has seen are given once more."""
    await asyncio.to_thread(postgres.crash, at_once=True)
    await asyncio.to_thread(postgres.start_again)
    assert await asked(postgres) < newest


async def shares(alice: Person, ben: Person, title: str) -> None:
    await alice.shares(await alice.creates(title), ben)


async def test_a_copy_goes_on_where_it_was(postgres: PrivatePostgres, api: ServedApi):
    alice, ben = await api.person("alice"), await api.person("ben")
    await shares(alice, ben, "Before")
    copies = Copy(alice), Copy(ben)
    newest = await begin_in_vain(postgres)
    for copy in copies:
        await copy.catch_up()
    await crash(postgres, newest)
    for title in ("After", "Later"):
        await shares(alice, ben, title)
        for copy in copies:
            await copy.catch_up()
    for copy in copies:
        assert {event["title"] for event in copy.events.values()} == {"Before", "After", "Later"}


async def test_a_cursor_of_notifications_goes_on_where_it_was(postgres: PrivatePostgres, api: ServedApi):
    alice, ben = await api.person("alice"), await api.person("ben")
    newest = await begin_in_vain(postgres)
    cursor = (await ben.get("/api/v1/notifications")).headers["X-Cursor"]
    await crash(postgres, newest)
    await shares(alice, ben, "After")
    told = await ben.get("/api/v1/notifications", after=cursor)
    assert [one["title"] for one in told.json()] == ["After"]


async def test_who_listens_hears_what_comes_after(postgres: PrivatePostgres, server: Server, api: ServedApi):
    alice, ben = await api.person("alice"), await api.person("ben")
    newest = await begin_in_vain(postgres)
    async with listening(server, ben) as one, listening(server, ben) as other:
        await crash(postgres, newest)
        event = await alice.creates("After")
        await alice.shares(event, ben)
        assert (await one.next("changed"))["event_id"] == event["id"]
        assert (await other.next("notification"))["notification"]["title"] == "After"
