"""Connections are lent in turn, and none is lost, whoever gives up or goes away meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from convene.storage.pool import Pool, Raw

MOST = 2
TIMEOUT = 0.3


@pytest.fixture
async def pool(new_postgres: str) -> AsyncIterator[Pool]:
    async def connect() -> Raw:
        connection: Raw = await asyncpg.connect(new_postgres)
        return connection

    pool = Pool(connect, MOST, TIMEOUT)
    yield pool
    await pool.close()


async def lent(pool: Pool) -> list[Raw]:
    """All that there are."""
    return [await pool.lend() for _ in range(MOST)]


async def test_the_connection_that_was_used_last_is_lent_first(pool: Pool):
    one, two = await lent(pool)
    pool.take_back(two, sound=True)
    pool.take_back(one, sound=True)
    assert await pool.lend() is one
    pool.take_back(one, sound=True)
    assert (pool.size, pool.idle) == (2, 2)


async def test_who_waits_is_served_in_turn(pool: Pool):
    one, two = await lent(pool)
    waiting = [asyncio.create_task(pool.lend()) for _ in range(2)]
    await asyncio.sleep(0)
    pool.take_back(two, sound=True)
    pool.take_back(one, sound=True)
    assert await asyncio.gather(*waiting) == [two, one]
    for raw in (one, two):
        pool.take_back(raw, sound=True)


async def test_who_brought_one_back_to_wait_for_something_else_is_served_before_who_came_since(pool: Pool):
    one, two = await lent(pool)
    clock = asyncio.get_running_loop().time
    waiting = [asyncio.create_task(pool.lend())]
    await asyncio.sleep(0)
    since = clock()
    waiting.append(asyncio.create_task(pool.lend()))
    await asyncio.sleep(0)
    waiting.append(asyncio.create_task(pool.lend(since)))
    await asyncio.sleep(0)
    served: list[int] = []
    for raw in (one, two, one):
        pool.take_back(raw, sound=True)
        await asyncio.sleep(0)
        served += [number for number, task in enumerate(waiting) if task.done() and number not in served]
    assert served == [0, 2, 1]
    for raw in (one, two):
        pool.take_back(raw, sound=True)


@pytest.mark.parametrize(("ago", "left"), [(TIMEOUT / 2, TIMEOUT / 2), (10 * TIMEOUT, TIMEOUT / 3)])
async def test_who_brought_one_back_waits_no_longer_for_it_but_a_third_of_the_time(pool: Pool, ago: float, left: float):
    one, two = await lent(pool)
    clock = asyncio.get_running_loop().time
    began = clock()
    other = asyncio.create_task(pool.lend())
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await pool.lend(began - ago)
    assert left * 0.99 < clock() - began < TIMEOUT * 0.9
    assert not other.done()
    with pytest.raises(TimeoutError):
        await other
    for raw in (one, two):
        pool.take_back(raw, sound=True)


async def test_who_waits_for_too_long_is_told_and_takes_nothing_away(pool: Pool):
    one, two = await lent(pool)
    with pytest.raises(TimeoutError):
        await pool.lend()
    for raw in (one, two):
        pool.take_back(raw, sound=True)
    assert set(await lent(pool)) == {one, two}
    for raw in (one, two):
        pool.take_back(raw, sound=True)


async def test_each_of_many_who_wait_is_told_when_their_own_time_is_over(pool: Pool):
    one, two = await lent(pool)
    clock = asyncio.get_running_loop().time
    waited: list[float] = []

    async def wait() -> None:
        since = clock()
        with pytest.raises(TimeoutError):
            await pool.lend()
        waited.append(clock() - since)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(wait())
            await asyncio.sleep(TIMEOUT / 3)
    assert min(waited) >= TIMEOUT * 0.99
    assert max(waited) < 2 * TIMEOUT
    later = asyncio.create_task(pool.lend())
    await asyncio.sleep(TIMEOUT / 2)
    pool.take_back(one, sound=True)
    assert await later is one
    for raw in (one, two):
        pool.take_back(raw, sound=True)


async def test_a_connection_that_comes_in_the_moment_of_giving_up_is_not_lost(pool: Pool):
    one, two = await lent(pool)
    waiting = asyncio.create_task(pool.lend())
    await asyncio.sleep(0)
    pool.take_back(one, sound=True)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    pool.take_back(two, sound=True)
    assert pool.idle == MOST


async def test_an_unsound_connection_is_closed_and_whoever_waits_gets_another(pool: Pool):
    one, two = await lent(pool)
    waiting = asyncio.create_task(pool.lend())
    await asyncio.sleep(0)
    pool.take_back(one, sound=False)
    other = await waiting
    assert one.is_closed()
    assert await other.fetchval("SELECT 1") == 1
    for raw in (other, two):
        pool.take_back(raw, sound=True)
    assert pool.size == MOST


async def test_a_connection_that_was_cut_off_while_it_was_idle_is_not_lent(pool: Pool):
    one = await pool.lend()
    pool.take_back(one, sound=True)
    one.terminate()
    other = await pool.lend()
    assert await other.fetchval("SELECT 1") == 1
    pool.take_back(other, sound=True)
    assert pool.size == 1


async def test_a_server_that_is_away_takes_no_place_in_the_pool():
    async def connect() -> Raw:
        raise ConnectionRefusedError

    pool = Pool(connect, 1, TIMEOUT)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            await pool.lend()
    assert pool.size == 0


async def test_closing_waits_for_what_is_in_hand_and_cuts_off_what_takes_too_long(pool: Pool):
    one, two = await lent(pool)
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(0)
    pool.take_back(one, sound=True)
    await closing
    assert one.is_closed()
    assert two.is_closed()


async def test_nobody_gets_a_connection_of_a_closed_pool(pool: Pool):
    await lent(pool)
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(TIMEOUT / 2)
    waiting = asyncio.create_task(pool.lend())
    await closing
    for late in (waiting, pool.lend()):
        with pytest.raises(asyncpg.InterfaceError):
            await late


async def test_a_pool_that_was_closed_meanwhile_keeps_no_connection_open(new_postgres: str):
    connecting, may_connect = asyncio.Event(), asyncio.Event()
    opened: list[Raw] = []

    async def connect() -> Raw:
        connection: Raw = await asyncpg.connect(new_postgres)
        opened.append(connection)
        if len(opened) == MOST:
            connecting.set()
            await may_connect.wait()
        return connection

    pool = Pool(connect, MOST, TIMEOUT)
    one = await pool.lend()
    late = asyncio.create_task(pool.lend())
    await connecting.wait()
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(TIMEOUT / 2)
    pool.take_back(one, sound=True)
    await closing
    may_connect.set()
    with pytest.raises((asyncpg.InterfaceError, TimeoutError)):
        await late
    assert one.is_closed()
    assert pool.idle == 0


async def test_what_is_brought_back_to_a_closed_pool_is_closed(pool: Pool):
    [one, two] = await lent(pool)
    pool.take_back(two, sound=True)
    await pool.close()
    pool.take_back(one, sound=True)
    assert one.is_closed()
    assert pool.idle == 0
    with pytest.raises(asyncpg.InterfaceError):
        await pool.lend()
