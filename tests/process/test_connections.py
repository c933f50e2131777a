"""What becomes of connections and transactions when work is cancelled or fails, and in the end."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import asyncpg
import psutil
import pytest
from sqlalchemy import bindparam, select

from convene.domain.errors import NotFound, Unavailable
from convene.storage import accounts, lists, past
from convene.storage.engine import parse_url
from convene.storage.errors import Duplicate
from convene.storage.lists import EventFilter
from convene.storage.sqlite import SqliteDatabase
from convene.storage.statements import Statement
from convene.storage.tables import users
from convene.storage.unit_of_work import Units
from tests.process.outside import outside
from tests.process.servers import rounds
from tests.process.units import POOL, SECONDS, add_user, exists, new_name, units_on, works, write_user

_BY_ID = Statement(select(users.c.username).where(users.c.id == bindparam("user_id")))


# -- cancelled -----------------------------------------------------------------------------------------------


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel, as a server that stops does; and once more, as the end of the event loop does."""
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=SECONDS)
    assert task.done()


async def test_readers_that_are_cancelled_give_their_connections_back(units: Units):
    async def read() -> None:
        async with units.reading() as work:
            await work.ping()
            await asyncio.sleep(SECONDS)

    for _ in range(3 * POOL):
        task = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        await cancelled(task)
    assert await works(units)


async def test_a_writer_that_is_cancelled_has_written_nothing(units: Units):
    name = new_name()

    async def write() -> None:
        async with units.writing() as work:
            await add_user(work, name)
            await asyncio.sleep(SECONDS)

    for _ in range(3 * POOL):
        task = asyncio.create_task(write())
        await asyncio.sleep(0.02)
        await cancelled(task)
    assert not await exists(units, name)
    assert await works(units)


async def test_a_writer_that_is_cancelled_at_any_moment_writes_all_or_nothing(units: Units):
    """Also in the middle of its commit, which on SQLite runs in a thread."""

    async def write(name: str) -> None:
        async with units.writing() as work:
            user_id = await add_user(work, name)
            await work.one(_BY_ID, {"user_id": user_id})

    for steps in range(rounds(60, 600)):
        name = new_name()
        task = asyncio.create_task(write(name))
        for _ in range(steps):
            await asyncio.sleep(0)
        await cancelled(task)
        assert task.cancelled() or task.exception() is None
        if not task.cancelled():
            assert await exists(units, name)
    assert await works(units)


@pytest.mark.parametrize(
    "chosen",
    [EventFilter(q="x"), EventFilter(updated_since=datetime(2027, 1, 1, tzinfo=UTC)), EventFilter(role="owner")],
)
async def test_others_are_served_while_all_events_of_somebody_are_looked_through(units: Units, chosen: EventFilter):
    served = asyncio.Event()

    async def serve() -> None:
        served.set()

    async with units.reading() as work:
        serving = asyncio.create_task(serve())
        await lists.list_events(work, 1, chosen, most=1)
        assert served.is_set()
    await serving


async def test_others_are_served_while_a_calendar_of_the_past_is_looked_through(units: Units):
    served = asyncio.Event()

    async def serve() -> None:
        served.set()

    moment = datetime(2027, 1, 1, tzinfo=UTC)
    async with units.reading() as work:
        serving = asyncio.create_task(serve())
        await past.changed_since(work, 1, EventFilter(), moment, trashed_since=moment, most=1)
        assert served.is_set()
    await serving


async def test_whoever_is_cancelled_while_looking_through_all_events_gives_the_connection_back(units: Units):
    async def search() -> None:
        async with units.reading() as work:
            for _ in range(100):
                await lists.list_events(work, 1, EventFilter(q="x"), most=1)

    for turn in range(3 * POOL):
        task = asyncio.create_task(search())
        for _ in range(turn):
            await asyncio.sleep(0)
        await cancelled(task)
        assert task.cancelled()
    assert await works(units)


async def test_a_slow_commit_is_waited_for_however_often_it_is_cancelled(sqlite_units: Units):
    """Whoever took the connection from the thread too early would have the next transaction committed half-way."""
    database, name = sqlite_units.database, new_name()
    assert isinstance(database, SqliteDatabase)
    database._threads.commit.submit(time.sleep, 0.2)  # the thread that commits is busy, as with a slow disk
    task = asyncio.create_task(write_user(sqlite_units, name))
    await asyncio.sleep(0.05)
    await cancelled(task)
    assert task.cancelled()
    assert await exists(sqlite_units, name)
    assert await works(sqlite_units)


async def test_those_who_wait_for_a_writer_that_is_cancelled_get_their_turn(units: Units):
    async def write() -> None:
        async with units.writing():
            await asyncio.sleep(SECONDS)

    task = asyncio.create_task(write())
    await asyncio.sleep(0.02)
    waiting = asyncio.create_task(works(units))
    await asyncio.sleep(0.02)
    await cancelled(task)
    assert await waiting


# -- failed --------------------------------------------------------------------------------------------------


async def test_an_error_rolls_back_and_gives_the_connection_back(units: Units):
    name = new_name()

    async def write_and_fail() -> None:
        async with units.writing() as work:
            await add_user(work, name)
            raise NotFound("event", 1)

    async def read_and_fail() -> None:
        async with units.reading():
            raise NotFound("event", 1)

    for _ in range(3 * POOL):
        for fail in (write_and_fail, read_and_fail):
            with pytest.raises(NotFound):
                await fail()
    assert not await exists(units, name)
    assert await works(units)


async def test_a_key_that_is_there_already_is_a_duplicate(units: Units):
    name = new_name()
    await write_user(units, name)
    for _ in range(3 * POOL):
        with pytest.raises(Duplicate, match="username_folded"):
            await write_user(units, name)
    assert await works(units)


async def test_what_a_failed_statement_has_undone_is_not_called_committed(new_postgres: str):
    async with units_on(new_postgres) as units:
        taken, other = new_name(), new_name()
        await write_user(units, taken)

        async def fail_and_go_on() -> None:
            async with units.writing() as work:
                await add_user(work, other)
                with suppress(Duplicate):
                    await add_user(work, taken)

        with pytest.raises(RuntimeError):
            await fail_and_go_on()
        assert not await exists(units, other)
        assert await works(units)


async def test_a_value_that_no_column_can_hold_is_not_called_an_outage(units: Units):
    with pytest.raises((OverflowError, asyncpg.DataError)):
        async with units.reading() as work:
            await work.one(_BY_ID, {"user_id": 2**70})
    assert await works(units)


# -- the end -------------------------------------------------------------------------------------------------


async def connections_to(database_url: str) -> int:
    """How many connections there are besides the one that counts them."""
    url = parse_url(database_url)
    if url.drivername == "sqlite":
        return sum(file.path == url.database for file in psutil.Process().open_files())
    async with outside(database_url) as connection:
        [(count,)] = await connection.rows("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(count) - 1


async def test_closing_waits_for_whoever_reads_and_leaves_no_connection(new_database: str):
    name, all_read = new_name(), asyncio.Barrier(POOL + 1)

    async def read(units: Units) -> bool:
        async with units.reading() as work:
            await work.ping()
            await all_read.wait()
            await asyncio.sleep(0.1)
            return await accounts.find_login(work, name) is not None

    async with units_on(new_database) as units:
        await write_user(units, name)
        reading = [asyncio.create_task(read(units)) for _ in range(POOL)]
        await asyncio.wait_for(all_read.wait(), SECONDS)
    assert all(await asyncio.gather(*reading))
    assert await connections_to(new_database) == 0


async def test_a_database_that_was_closed_says_so(database_url: str):
    async with units_on(database_url) as units:
        pass
    for unit in (units.reading, units.writing):
        with pytest.raises(Unavailable) as error:
            async with unit():
                pass
        assert error.value.reason == "database_closed"
