"""PostgreSQL 14 or newer, through asyncpg's connections and a pool of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import partial

import asyncpg
import orjson

from convene.domain.errors import Unavailable
from convene.domain.zones import iso8601
from convene.storage.drafts import Draft, listed
from convene.storage.group_commit import GroupCommit
from convene.storage.pool import Pool, Raw
from convene.storage.postgresql_connection import DIALECT, PostgresConnection, PostgresWriter
from convene.storage.postgresql_errors import translated
from convene.storage.statements import PoolUse, Row, Statement
from convene.storage.types import utc

_SETTINGS = {
    "application_name": "convene",
    "jit": "off",  # compiling costs more than any of our queries
    "idle_in_transaction_session_timeout": "60s",
    "TimeZone": "UTC",
    "DateStyle": "ISO",
}


async def prepare(raw: Raw) -> None:
    """Let Python parse the instants and the JSON of a new connection.

    The instants of 50 events take 60 us then, and 240 with asyncpg's own decoder. That rows need nothing more is worth
    1 us for each of them.
    """
    await raw.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=lambda moment: iso8601(utc(moment)), decoder=datetime.fromisoformat
    )
    await raw.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=orjson.loads)


async def connect(dsn: str) -> Raw:
    """Make one plain connection, for work on the schema."""
    connection: Raw = await asyncpg.connect(dsn)
    return connection


class PostgresDatabase:
    """A PostgreSQL database behind a pool of connections."""

    dialect = DIALECT

    def __init__(self, dsn: str, pool_size: int, timeout: float) -> None:
        self.dsn = dsn
        self._pool_size = pool_size
        self._timeout = timeout
        # Waiting for a lock ends before waiting for an answer, so that whoever waits in vain hears that it was a lock.
        self._patience = timeout * 2 / 3
        self._pool: Pool | None = None
        self._company: GroupCommit | None = None

    async def open(self) -> None:
        """Make the pool, and try it.

        Raises:
            Unavailable: nothing answers there.
        """
        self._clock = asyncio.get_running_loop().time
        self._pool = Pool(self._connect, self._pool_size, self._timeout)
        self._company = GroupCommit(partial(_write, self._pool), self._timeout)
        (await self.lend()).give_back(None)

    def use(self) -> PoolUse:
        """How many connections are open, and how many of them are idle."""
        pool = self._pool
        return PoolUse(pool.size, pool.idle, self._pool_size) if pool else PoolUse(0, 0, 0)

    async def close(self) -> None:
        """Close every connection, after the work in hand; cut off what takes too long."""
        pool, self._pool = self._pool, None
        company, self._company = self._company, None
        if pool is not None and company is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timeout):
                    await company.finish()
            await pool.close()

    async def _connect(self) -> Raw:
        settings = {**_SETTINGS, "lock_timeout": f"{self._patience:.3f}s"}
        try:
            raw: Raw = await asyncpg.connect(self.dsn, command_timeout=self._timeout, server_settings=settings)
            await prepare(raw)
        except asyncpg.PostgresError as error:  # whatever the server has to say instead, it is not there for us
            raise Unavailable("database_down") from error
        return raw

    async def lend(self) -> PostgresConnection:
        """A connection for statements that write nothing; each sees what was committed when it began.

        There is no BEGIN: at READ COMMITTED it would change nothing and cost two round trips.

        Raises:
            Unavailable: there is none.
        """
        pool = self._pool
        if pool is None:
            raise Unavailable("database_closed")
        # At once by itself, for two calls less.
        return PostgresConnection(pool.lend_at_once() or await _lent(pool), pool)

    async def lend_to_writer(self) -> PostgresWriter:
        """What borrows a connection for its first statement, with which a transaction begins.

        Raises:
            Unavailable: the database has been closed.
        """
        if self._pool is None or self._company is None:
            raise Unavailable("database_closed")
        return PostgresWriter(self._pool, self._company, self._clock())


async def _lent(pool: Pool, since: float | None = None) -> Raw:
    with translated:
        return await pool.lend(since)


async def _write(pool: Pool, statement: Statement, drafts: Sequence[Draft], since: float) -> list[Row]:
    connection = PostgresConnection(pool.lend_at_once() or await _lent(pool, since), pool)
    with ExitStack() as lent:
        lent.push(lambda _kind, error, _at: connection.give_back(error))
        return await connection.all(statement, listed(drafts))
