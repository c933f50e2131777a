"""A second connection to a server's database, as another program would have one: it looks, locks, and breaks."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any, Protocol

import asyncpg

from convene.storage.engine import parse_url

Rows = list[tuple[Any, ...]]


class Outside(Protocol):
    """Runs SQL; begins and ends transactions when told to."""

    async def rows(self, sql: str) -> Rows: ...


class _OutsideSqlite:
    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def rows(self, sql: str) -> Rows:
        return self._raw.execute(sql).fetchall()


class _OutsidePostgres:
    def __init__(self, raw: asyncpg.Connection) -> None:
        self._raw = raw

    async def rows(self, sql: str) -> Rows:
        return [tuple(row) for row in await self._raw.fetch(sql)]


@asynccontextmanager
async def outside(database_url: str) -> AsyncIterator[Outside]:
    """A connection of our own, which ends with whatever it holds."""
    url = parse_url(database_url)
    if url.drivername == "sqlite":
        with closing(sqlite3.connect(str(url.database), isolation_level=None, timeout=10)) as file:
            yield _OutsideSqlite(file)
        return
    connection = await asyncpg.connect(database_url)
    try:
        yield _OutsidePostgres(connection)
    finally:
        await connection.close()


@asynccontextmanager
async def holding_agenda(database_url: str, user_id: int) -> AsyncIterator[None]:
    """Hold the lock on all that a user owns, as another process that writes does."""
    begin = "BEGIN IMMEDIATE" if database_url.startswith("sqlite") else "BEGIN"
    async with outside(database_url) as connection:
        await connection.rows(begin)
        await connection.rows(f"UPDATE agendas SET revision = revision + 1 WHERE user_id = {int(user_id)}")
        try:
            yield
        finally:
            await connection.rows("ROLLBACK")
