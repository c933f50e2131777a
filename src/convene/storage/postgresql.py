"""PostgreSQL 14 or newer, through asyncpg's own connections and pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from convene.domain.errors import Unavailable
from convene.storage.errors import Duplicate
from convene.storage.statements import PoolUse, Row, Statement, Values

DIALECT: Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]

_SETTINGS = {
    "application_name": "convene",
    "jit": "off",  # compiling costs more than any of our queries
    "idle_in_transaction_session_timeout": "60s",
    "TimeZone": "UTC",
    "DateStyle": "ISO",
}


class _Connection(asyncpg.Connection):
    """A connection whose return to the pool costs no round trip: nothing here leaves session state behind."""

    def get_reset_query(self) -> str:
        return ""


async def _read_instants_as_text(raw: asyncpg.Connection[asyncpg.Record]) -> None:
    """Let Python parse instants: 50 events with all of theirs take 60 us instead of 240 with asyncpg's own decoder."""
    await raw.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=datetime.isoformat, decoder=datetime.fromisoformat
    )


class PostgresConnection:
    """Runs statements on one connection, inside its transaction if there is one."""

    __slots__ = ("_raw",)
    dialect_name = DIALECT.name

    def __init__(self, raw: PoolConnectionProxy[asyncpg.Record]) -> None:
        self._raw = raw

    async def one(self, statement: Statement, values: Values) -> Row | None:
        """Run, and give the first row."""
        compiled = statement.compiled(DIALECT)
        with _translated():
            row = await self._raw.fetchrow(compiled.sql, *compiled.bind(values))
        return None if row is None else compiled.decode(row)

    async def all(self, statement: Statement, values: Values) -> list[Row]:
        """Run, and give all rows."""
        compiled = statement.compiled(DIALECT)
        with _translated():
            rows = await self._raw.fetch(compiled.sql, *compiled.bind(values))
        return [compiled.decode(row) for row in rows]

    async def run(self, statement: Statement, values: Values) -> int:
        """Run, and count the rows touched."""
        compiled = statement.compiled(DIALECT)
        with _translated():
            status = await self._raw.execute(compiled.sql, *compiled.bind(values))
        return int(status.rsplit(" ", 1)[-1])

    async def each(self, statement: Statement, rows: Sequence[Values]) -> list[Row]:
        """Run once for each row of values, pipelined, and give the first row that each returns."""
        if len(rows) == 1:
            row = await self.one(statement, rows[0])
            return [] if row is None else [row]
        compiled = statement.compiled(DIALECT)
        with _translated():
            found = await self._raw.fetchmany(compiled.sql, [compiled.bind(values) for values in rows])
        return [compiled.decode(row) for row in found]

    async def many(self, statement: Statement, rows: Sequence[Values]) -> None:
        """Run once for each row of values, pipelined."""
        compiled = statement.compiled(DIALECT)
        with _translated():
            await self._raw.executemany(compiled.sql, [compiled.bind(values) for values in rows])

    async def begin_again(self) -> None:
        """Roll back, which lets every lock go, and begin anew: one round trip."""
        with _translated():
            await self._raw.execute("ROLLBACK AND CHAIN")


async def connect(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    """Make one plain connection, for work on the schema."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(dsn)
    return connection


class PostgresDatabase:
    """A PostgreSQL database behind a pool of connections."""

    dialect = DIALECT

    def __init__(self, dsn: str, pool_size: int, timeout: float) -> None:
        self.dsn = dsn
        self._pool_size = pool_size
        self._timeout = timeout
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Make the pool, and try it.

        Raises:
            Unavailable: nothing answers there.
        """
        with _translated():
            self._pool = await asyncpg.create_pool(
                self.dsn,
                min_size=0,  # with more, asyncpg writes a stack trace for every second that the database is away
                max_size=self._pool_size,
                connection_class=_Connection,
                init=_read_instants_as_text,
                timeout=self._timeout,
                command_timeout=self._timeout,
                # Shorter than the command's, so that whoever waits in vain hears that it was for a lock.
                server_settings={**_SETTINGS, "lock_timeout": f"{self._timeout * 2 / 3:.3f}s"},
            )
        async with self._connection():
            pass

    def use(self) -> PoolUse:
        """How many connections are open, and how many of them are idle."""
        pool = self._pool
        return PoolUse(pool.get_size(), pool.get_idle_size(), self._pool_size) if pool else PoolUse(0, 0, 0)

    async def close(self) -> None:
        """Close every connection, after the work in hand; cut off what takes too long."""
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), self._timeout)
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[PoolConnectionProxy[asyncpg.Record]]:
        pool = self._pool
        if pool is None:
            raise Unavailable("database_closed")
        with _translated(), _connecting():
            raw = await pool.acquire(timeout=self._timeout)
        try:
            yield raw
        finally:
            with _translated():
                await pool.release(raw)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[PostgresConnection]:
        """Statements that write nothing; each sees what was committed when it began.

        There is no BEGIN: at READ COMMITTED it would change nothing and cost two round trips.
        """
        async with self._connection() as raw:
            yield PostgresConnection(raw)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PostgresConnection]:
        """Statements that write nothing, and all see what was committed when the first of them began."""
        async with self._connection() as raw:
            transaction = raw.transaction(isolation="repeatable_read", readonly=True)
            with _translated():
                await transaction.start()
            try:
                yield PostgresConnection(raw)
            finally:
                with _translated():
                    await _roll_back(raw, transaction)

    @asynccontextmanager
    async def writing(self, keeps: Callable[[BaseException], bool]) -> AsyncIterator[PostgresConnection]:
        """A transaction, committed when the block ends.

        An exception rolls it back, unless `keeps` says that what was written before it stays.
        """
        async with self._connection() as raw:
            transaction = raw.transaction()
            with _translated():
                await transaction.start()
            try:
                yield PostgresConnection(raw)
            except BaseException as error:
                with _translated():
                    await (transaction.commit() if keeps(error) else _roll_back(raw, transaction))
                raise
            with _translated():
                await transaction.commit()


async def _roll_back(raw: PoolConnectionProxy[asyncpg.Record], transaction: Any) -> None:  # noqa: ANN401
    if not raw.is_closed():  # a connection that is gone has rolled back by itself
        await transaction.rollback()


# What happened, and what it is called; the first that fits, since some are kinds of others (TimeoutError of OSError).
_REASONS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError), "database_locked"),
    ((TimeoutError, asyncpg.QueryCanceledError, asyncpg.IdleInTransactionSessionTimeoutError), "database_busy"),
    ((asyncpg.DiskFullError, asyncpg.PostgresIOError, asyncpg.ReadOnlySQLTransactionError), "database_not_writable"),
    ((asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError), "database_damaged"),
    (
        (
            asyncpg.PostgresConnectionError,
            asyncpg.OperatorInterventionError,
            asyncpg.InsufficientResourcesError,
            asyncpg.InvalidCatalogNameError,
            asyncpg.ObjectNotInPrerequisiteStateError,  # of a database that takes no connections for now
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,  # what asyncpg makes of a server's farewell that crosses with a statement
            OSError,
        ),
        "database_down",
    ),
)


@contextmanager
def _connecting() -> Iterator[None]:
    """Whatever the server has to say to somebody who wants to connect, it is not there for us."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise Unavailable("database_down") from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise Duplicate(f"{error.constraint_name}") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        for kinds, reason in _REASONS:
            if isinstance(error, kinds):
                raise Unavailable(reason) from error
        raise
