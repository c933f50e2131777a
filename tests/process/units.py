"""Units of work on a database that have few connections and little patience, and users to write with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from convene.storage import accounts
from convene.storage.engine import make_database
from convene.storage.unit_of_work import UnitOfWork, Units

POOL = 2
TIMEOUT = 0.6
SECONDS = 10.0


@asynccontextmanager
async def units_on(database_url: str, *, patience: float = TIMEOUT) -> AsyncIterator[Units]:
    """Units of work with few connections and little patience."""
    database = make_database(database_url, pool_size=POOL, timeout=patience)
    await database.open()
    try:
        yield Units(database)
    finally:
        await asyncio.wait_for(database.close(), SECONDS)


def new_name() -> str:
    return f"user-{uuid4().hex[:12]}"


async def add_user(work: UnitOfWork, name: str) -> int:
    return await accounts.insert_user(
        work,
        {
            **dict.fromkeys(("username", "username_folded"), name),
            **dict.fromkeys(("email", "email_folded"), f"{new_name()}@example.com"),
            "display_name": None,
            "hashed_password": "",
            "is_active": True,
            "time_zone": "UTC",
            "created_at": work.now,
            "updated_at": work.now,
        },
    )


async def write_user(units: Units, name: str) -> int:
    async with units.writing() as work:
        return await add_user(work, name)


async def exists(units: Units, name: str) -> bool:
    async with units.reading() as work:
        return await accounts.find_login(work, name) is not None


async def works(units: Units) -> bool:
    """More than there are connections can read and write at once."""
    names = [new_name() for _ in range(3 * POOL)]
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(write_user(units, name) for name in names))
        return all(await asyncio.gather(*(exists(units, name) for name in names)))
