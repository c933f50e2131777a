"""Whoever waits for the database in vain is told so in time; what keeps one waiting leaves no damage."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import AsyncExitStack, closing

import pytest
from sqlalchemy import func, literal, select

from convene import clock
from convene.domain.errors import Unavailable
from convene.storage import events
from convene.storage.drafts import Draft
from convene.storage.engine import parse_url
from convene.storage.postgresql import PostgresDatabase
from convene.storage.statements import Statement
from convene.storage.unit_of_work import Units
from tests.databases import fresh_database
from tests.process.outside import holding_agenda, outside
from tests.process.units import POOL, SECONDS, TIMEOUT, add_user, exists, new_name, units_on, works, write_user

WRITERS = 20
HOLDS, BEGINNINGS = 10, 1_000
_CUT_OFF = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def test_writers_wait_no_longer_than_the_timeout_however_many_wait(units: Units, database_url: str):
    """Those who queue up behind the first do not begin to wait only when it gives up."""
    user_id = await write_user(units, new_name())

    async def write() -> None:
        async with units.writing() as work:
            await events.lock_agenda(work, user_id)

    async with holding_agenda(database_url, user_id):
        started = time.monotonic()
        outcomes = await asyncio.gather(*(write() for _ in range(WRITERS)), return_exceptions=True)
        waited = time.monotonic() - started
    reasons = [error.reason for error in outcomes if isinstance(error, Unavailable)]
    assert len(reasons) == WRITERS
    assert set(reasons) <= {"database_locked", "database_busy"}
    assert TIMEOUT / 2 < waited < WRITERS * TIMEOUT / 3
    assert await works(units)


def _hold_now_and_then(path: str, done: threading.Event) -> None:
    """Hold the write lock of a file for a moment whenever it can be had, as other processes do."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as file:
        held = 0
        while held < HOLDS and not done.is_set():
            try:
                file.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                continue  # it is taken: ask again at once, or the moment in which it is not goes by
            time.sleep(TIMEOUT / 30)
            file.execute("ROLLBACK")
            held += 1
    done.set()


async def test_whoever_begins_again_waits_for_the_lock_like_anybody():
    done = threading.Event()
    with fresh_database("sqlite") as url:
        async with units_on(url, patience=SECONDS) as units:
            other = asyncio.create_task(asyncio.to_thread(_hold_now_and_then, str(parse_url(url).database), done))
            try:
                while not done.is_set():
                    async with units.writing() as work:
                        for _ in range(BEGINNINGS):
                            await work.begin_again()
            finally:
                done.set()
                await other


async def test_a_lock_that_is_let_go_in_time_is_waited_for(units: Units, database_url: str):
    user_id = await write_user(units, new_name())
    async with units.writing() as work:
        await events.lock_agenda(work, user_id)

    async def write() -> None:
        async with units.writing() as work:
            await events.lock_agenda(work, user_id)

    async with holding_agenda(database_url, user_id):
        waiting = asyncio.create_task(write())
        await asyncio.sleep(TIMEOUT / 4)
        assert not waiting.done()
    await asyncio.wait_for(waiting, SECONDS)


def slow_draft(seconds: float, owner_id: int = 1) -> Draft:
    """What takes its time to be written, as far as one can tell."""
    sleeping = Statement(select(literal("slow"), func.pg_sleep(seconds)))
    return Draft(sleeping, owner_id, "slow", b"{}", clock.now(), clock.now(), 2)


async def write_alone(units: Units, draft: Draft) -> None:
    async with units.writing() as work:
        assert work.alone is not None
        await work.alone(draft)


async def test_those_who_wait_for_a_statement_of_the_same_owner_wait_no_longer_either(postgres_units: Units):
    started = time.monotonic()
    waiting = [asyncio.create_task(write_alone(postgres_units, slow_draft(SECONDS))) for _ in range(3 * POOL)]
    reasons = [
        error.reason
        for error in await asyncio.gather(*waiting, return_exceptions=True)
        if isinstance(error, Unavailable)
    ]
    assert reasons == ["database_busy"] * 3 * POOL
    assert time.monotonic() - started < SECONDS / 2
    assert await works(postgres_units)


async def test_one_long_statement_refuses_nobody_who_could_wait_for_a_connection_so_long(new_postgres: str):
    patience = 2.0
    async with units_on(new_postgres, patience=patience) as units:
        async with asyncio.TaskGroup() as group:
            group.create_task(write_alone(units, slow_draft(patience * 0.75)))  # longer than one waits for a lock
            await asyncio.sleep(0.05)
            for _ in range(3 * POOL):
                group.create_task(write_alone(units, slow_draft(0)))
        assert await works(units)


async def test_what_takes_long_for_one_owner_keeps_nobody_else_waiting(postgres_units: Units):
    slow = asyncio.create_task(write_alone(postgres_units, slow_draft(TIMEOUT / 2)))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    await write_alone(postgres_units, slow_draft(0, owner_id=2))
    assert time.monotonic() - started < TIMEOUT / 4
    await slow


async def test_what_is_being_written_when_the_database_is_closed_is_written(new_postgres: str):
    async with units_on(new_postgres, patience=SECONDS) as units:
        drafts = [slow_draft(0.1, owner_id=number % 5) for number in range(10)]
        writing = [asyncio.create_task(write_alone(units, draft)) for draft in drafts]
        await asyncio.sleep(0.05)
        await units.database.close()
        await asyncio.gather(*writing)


async def test_whoever_wrote_by_one_statement_may_go_on_with_a_transaction(postgres_units: Units):
    """Also when their connection has been another's meanwhile."""

    async def write(name: str) -> None:
        async with postgres_units.writing() as work:
            assert work.alone is not None
            await work.alone(slow_draft(0))
            await add_user(work, name)
            assert work.alone is None

    names = [new_name() for _ in range(3 * POOL)]
    await asyncio.gather(*(write(name) for name in names))
    assert all([await exists(postgres_units, name) for name in names])


async def test_a_connection_that_was_cut_off_under_an_error_is_brought_back(postgres_units: Units):
    async def fail() -> None:
        async with postgres_units.reading() as work:
            work._connection._raw.terminate()  # type: ignore[union-attr]
            raise ZeroDivisionError

    for _ in range(POOL + 1):
        with pytest.raises(ZeroDivisionError):
            await fail()
    assert await works(postgres_units)


async def test_whoever_wants_to_read_waits_no_longer_for_those_who_do(units: Units):
    most = units.database.use().most - (units.database.dialect.name == "sqlite")  # one of its connections writes
    async with AsyncExitStack() as reading:
        for _ in range(most):
            await reading.enter_async_context(units.reading())
        started = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            await reading.enter_async_context(units.reading())
        assert refused.value.reason == "database_busy"
        assert TIMEOUT / 2 < time.monotonic() - started < TIMEOUT * 2
    assert await works(units)


async def test_a_slow_answer_is_not_waited_for_longer_than_the_timeout(postgres_units: Units):
    async def ask() -> None:
        async with postgres_units.writing() as work:
            await work.one(Statement(select(func.pg_sleep(SECONDS))))

    started = time.monotonic()
    with pytest.raises(Unavailable) as error:
        await ask()
    assert error.value.reason == "database_busy"
    assert time.monotonic() - started < SECONDS / 2
    assert await works(postgres_units)


async def test_a_connection_that_is_cut_off_is_told_as_an_outage_and_replaced(postgres_units: Units):
    """As when the database server is shut down."""

    async def write(name: str) -> None:
        async with postgres_units.writing() as work:
            await add_user(work, name)
            assert isinstance(postgres_units.database, PostgresDatabase)
            async with outside(postgres_units.database.dsn) as connection:
                await connection.rows(_CUT_OFF)
            await work.ping()

    name = new_name()
    for _ in range(3 * POOL):
        with pytest.raises(Unavailable) as error:
            await write(name)
        assert error.value.reason == "database_down"
    await asyncio.sleep(0.1)  # until it is known that connections which lay idle were cut off too
    assert await works(postgres_units)
    assert not await exists(postgres_units, name)
