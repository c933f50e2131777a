"""PostgreSQL 14 or newer, through asyncpg's connections and a pool of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import orjson
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from convene.domain.errors import Unavailable
from convene.domain.zones import iso8601
from convene.storage.pool import Pool, Raw
from convene.storage.postgresql_errors import translated
from convene.storage.statements import PoolUse, Row, Statement, Values
from convene.storage.turns import Turns

DIALECT: Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]

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
    await raw.set_type_codec("timestamptz", schema="pg_catalog", encoder=_instant, decoder=datetime.fromisoformat)
    await raw.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=orjson.loads)


def _instant(moment: datetime) -> str:
    """Write an instant: in UTC, because local mean time has offsets with seconds."""
    return iso8601(moment if moment.tzinfo is UTC else moment.astimezone(UTC))


class PostgresConnection:
    """Runs statements on one connection, maybe a pool's; with `turns`, in a transaction that begins with the first."""

    __slots__ = ("_begins", "_pool", "_raw", "_turns")
    dialect_name = DIALECT.name

    def __init__(self, raw: Raw, turns: Turns | None = None, pool: Pool | None = None) -> None:
        self._raw = raw
        self._pool = pool
        self._turns = turns
        self._begins = turns is not None

    async def one(self, statement: Statement, values: Values) -> Row | None:
        """Run, and give the first row."""
        compiled = statement.compiled(DIALECT)
        with translated:
            if self._begins:
                await self._begin()
            row = await self._raw.fetchrow(compiled.sql, *compiled.bind(values))
        return None if row is None else compiled.decode(row)

    async def all(self, statement: Statement, values: Values) -> list[Row]:
        """Run, and give all rows."""
        with translated:
            if self._begins:
                await self._begin()
        return await self.alone(statement, values)

    async def alone(self, statement: Statement, values: Values) -> list[Row]:
        """Run outside of a transaction, if none has begun, and give all rows: what was written is committed then."""
        compiled = statement.compiled(DIALECT)
        bound = compiled.bind(values)
        if self._begins and self._pool is not None and self._pool.lent > 1:
            # Others are about to send as well. Each statement that writes wakes a process of PostgreSQL, which on a
            # small machine takes the place of this one in the middle of its work: sent one right after the other, they
            # take 0.92 to 0.95 of the CPU of a create.
            await asyncio.sleep(0)
        with translated:
            rows = await self._raw.fetch(compiled.sql, *bound)
        return [compiled.decode(row) for row in rows]

    def turn_of(self, key: int) -> AbstractAsyncContextManager[None] | None:
        """A turn of those in this process who write by one statement; None once a transaction has begun."""
        return self._turns.of(key, self._lent_on) if self._turns is not None and self._begins else None

    @asynccontextmanager
    async def _lent_on(self) -> AsyncIterator[None]:
        """Lend the connection to others while the block runs, and come by one again if it ends without an error.

        Somebody who creates many events at once, of which one waits for a lock, would keep all from everybody else.
        With 32 at once of one person, that is 0.89 of the CPU of a create, too.
        """
        pool, self._pool = self._pool, None
        if pool is None:
            yield
            return
        since = asyncio.get_running_loop().time()
        pool.take_back(self._raw, sound=True)
        del self._raw  # it is another's now; and without a pool, nothing will be given back
        yield
        with translated:
            self._raw = await pool.lend(since)
        self._pool = pool

    async def run(self, statement: Statement, values: Values) -> int:
        """Run, and count the rows touched."""
        compiled = statement.compiled(DIALECT)
        with translated:
            if self._begins:
                await self._begin()
            status = await self._raw.execute(compiled.sql, *compiled.bind(values))
        return int(status.rsplit(" ", 1)[-1])

    async def each(self, statement: Statement, rows: Sequence[Values]) -> list[Row]:
        """Run once for each row of values, pipelined, and give the first row that each returns."""
        if len(rows) == 1:
            row = await self.one(statement, rows[0])
            return [] if row is None else [row]
        compiled = statement.compiled(DIALECT)
        with translated:
            if self._begins:
                await self._begin()
            found = await self._raw.fetchmany(compiled.sql, [compiled.bind(values) for values in rows])
        return [compiled.decode(row) for row in found]

    async def many(self, statement: Statement, rows: Sequence[Values]) -> None:
        """Run once for each row of values, pipelined."""
        compiled = statement.compiled(DIALECT)
        with translated:
            if self._begins:
                await self._begin()
            await self._raw.executemany(compiled.sql, [compiled.bind(values) for values in rows])

    async def begin_again(self) -> None:
        """Roll back, which lets every lock go, and begin anew: one round trip."""
        if not self._begins:
            with translated:
                await self._raw.execute("ROLLBACK AND CHAIN")

    async def begin_snapshot(self) -> None:
        """Begin a transaction that writes nothing and sees one state of the database."""
        with translated:
            await self._raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    async def _begin(self) -> None:
        self._begins = False
        await self._raw.execute("BEGIN")

    async def commit(self) -> None:
        """Keep what was written.

        Raises:
            RuntimeError: a statement had failed, and somebody went on: PostgreSQL rolls back, and calls it no error.
        """
        if not self._begins:
            with translated:
                if await self._raw.execute("COMMIT") == "ROLLBACK":
                    raise RuntimeError("a statement had failed: nothing could be committed")

    async def roll_back(self) -> None:
        """Undo what was written; a connection that is gone has done so by itself."""
        if not self._begins and not self._raw.is_closed():
            with translated:
                await self._raw.execute("ROLLBACK")

    def give_back(self, error: BaseException | None) -> None:
        """Give back what was lent, and say what went wrong with it, if anything did."""
        if self._pool is None:
            return
        # Who was interrupted, or heard nothing in time, may have left a statement or a transaction that goes on.
        answered = error is None or (isinstance(error, Exception) and not isinstance(error, Unavailable))
        sound = answered and not self._raw.is_closed() and not self._raw.is_in_transaction()
        self._pool.take_back(self._raw, sound=sound)


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
        # As long as for a connection, which nobody holds meanwhile: whoever is behind a burst waits for all of it here.
        self._turns = Turns(timeout)
        self._pool: Pool | None = None

    async def open(self) -> None:
        """Make the pool, and try it.

        Raises:
            Unavailable: nothing answers there.
        """
        self._pool = Pool(self._connect, self._pool_size, self._timeout)
        (await self.lend()).give_back(None)

    def use(self) -> PoolUse:
        """How many connections are open, and how many of them are idle."""
        pool = self._pool
        return PoolUse(pool.size, pool.idle, self._pool_size) if pool else PoolUse(0, 0, 0)

    async def close(self) -> None:
        """Close every connection, after the work in hand; cut off what takes too long."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def _connect(self) -> Raw:
        settings = {**_SETTINGS, "lock_timeout": f"{self._patience:.3f}s"}
        try:
            raw: Raw = await asyncpg.connect(self.dsn, command_timeout=self._timeout, server_settings=settings)
            await prepare(raw)
        except asyncpg.PostgresError as error:  # whatever the server has to say instead, it is not there for us
            raise Unavailable("database_down") from error
        return raw

    async def lend(self, turns: Turns | None = None) -> PostgresConnection:
        """A connection for statements that write nothing; each sees what was committed when it began.

        There is no BEGIN: at READ COMMITTED it would change nothing and cost two round trips.

        Raises:
            Unavailable: there is none.
        """
        pool = self._pool
        if pool is None:
            raise Unavailable("database_closed")
        raw = pool.lend_at_once()  # by itself, for two calls less
        if raw is None:
            with translated:
                raw = await pool.lend()
        return PostgresConnection(raw, turns, pool)

    def lend_to_writer(self) -> Awaitable[PostgresConnection]:
        """A connection for a transaction, which begins with its first statement.

        Raises:
            Unavailable: there is none.
        """
        return self.lend(self._turns)
