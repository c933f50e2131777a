"""Tables that have grown: PostgreSQL goes on by plans from when they were small, until it looks at them again."""

from __future__ import annotations

import asyncio

from convene.delivery.housekeeping import LOOK_SECONDS
from tests.people import running_api
from tests.process.outside import Outside, outside
from tests.process.worlds import create_days

EVENTS = 600


async def known_events(connection: Outside) -> float:
    """How many events PostgreSQL thinks that there are; -1 when it has never looked."""
    [(number,)] = await connection.rows("SELECT reltuples FROM pg_class WHERE relname = 'events'")
    return float(number)


async def looked_at(connection: Outside) -> bool:
    """Whether somebody looks at the events while there is time."""
    for _ in range(150):
        if await known_events(connection) == EVENTS:
            return True
        await asyncio.sleep(0.1)
    return False


async def test_a_table_is_looked_at_soon_after_it_has_grown_much(new_postgres: str):
    async with running_api(new_postgres) as api, outside(new_postgres) as connection:
        # What autovacuum does once a minute would pass for Convene's, or hide that it leaves alone what it should.
        await connection.rows("ALTER TABLE events SET (autovacuum_enabled = false)")
        await create_days(await api.person("alice"), EVENTS)
        assert await looked_at(connection)
        await create_days(await api.person("ben"), EVENTS)
        await asyncio.sleep(2 * LOOK_SECONDS)
        assert await known_events(connection) == EVENTS  # twice as many make no other plans
