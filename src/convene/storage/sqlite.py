"""SQLite: one writer at a time in WAL mode, on the event loop itself.

Statements take microseconds, a hop to a thread takes 80 and aiosqlite 1,000 (measured), so they run right here. The two
things that can take long do not: waiting for another process's write lock is done by asking again, and the commit's
fsync is left to a thread.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from convene.domain.errors import Unavailable
from convene.storage.errors import Duplicate
from convene.storage.statements import Row, Statement, Values

DIALECT: Dialect = SQLiteDialect_pysqlite(paramstyle="qmark")
LOCK_TIMEOUT = 30.0
READERS_MAX = 32

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers never wait for the writer
    "PRAGMA synchronous = FULL",  # an acknowledged write survives a power cut, not only a killed process
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 0",  # waiting inside SQLite would stop the whole event loop; `_begin` waits instead
    "PRAGMA cache_size = -16000",
)
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}


class SqliteConnection:
    """Runs statements inside one transaction."""

    __slots__ = ("_raw",)
    dialect_name = DIALECT.name

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def one(self, statement: Statement, values: Values) -> Row | None:
        """Run, and give the first row."""
        rows = await self.all(statement, values)
        return rows[0] if rows else None

    async def all(self, statement: Statement, values: Values) -> list[Row]:
        """Run, and give all rows."""
        compiled = statement.compiled(DIALECT)
        with _translated():
            rows = self._raw.execute(compiled.sql, compiled.bind(values)).fetchall()
        return [compiled.decode(row) for row in rows]

    async def run(self, statement: Statement, values: Values) -> int:
        """Run, and count the rows touched."""
        compiled = statement.compiled(DIALECT)
        with _translated():
            cursor = self._raw.execute(compiled.sql, compiled.bind(values))
            cursor.fetchall()
            return cursor.rowcount

    async def each(self, statement: Statement, rows: Sequence[Values]) -> list[Row]:
        """Run once for each row of values, and give the first row that each returns."""
        return [row for values in rows for row in (await self.all(statement, values))[:1]]

    async def many(self, statement: Statement, rows: Sequence[Values]) -> None:
        """Run once for each row of values."""
        compiled = statement.compiled(DIALECT)
        with _translated():
            self._raw.executemany(compiled.sql, [compiled.bind(values) for values in rows])

    async def begin_again(self) -> None:
        """Roll back, which lets the write lock go, and begin anew."""
        with _translated():
            self._raw.execute("ROLLBACK")
        await _begin(self._raw)


class SqliteDatabase:
    """A SQLite file: one connection that writes, some that read."""

    dialect = DIALECT

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._write_lock = asyncio.Lock()
        self._readers = asyncio.Semaphore(READERS_MAX)
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="sqlite-commit")

    async def open(self) -> None:
        """Open the file, which must exist.

        Raises:
            Unavailable: it is locked, damaged or not there.
        """
        self._writer = self._connect()

    async def close(self) -> None:
        """Close every connection, after the transaction in hand."""
        async with self._write_lock:
            self._committer.shutdown()
            for raw in (*self._idle, self._writer):
                if raw is not None:
                    raw.close()
            self._idle.clear()
            self._writer = None

    def _connect(self) -> sqlite3.Connection:
        with _translated():
            raw = sqlite3.connect(
                f"{self.path.resolve().as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,  # transactions are begun and ended here, not by the driver's guesses
                check_same_thread=False,  # a commit runs in a thread while nothing else touches the connection
                cached_statements=512,
            )
            for pragma in _PRAGMAS:
                raw.execute(pragma).fetchall()
        return raw

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqliteConnection]:
        """A transaction that sees one state of the database and writes nothing."""
        async with self._readers:
            raw = self._idle.pop() if self._idle else self._connect()
            try:
                with _translated():
                    raw.execute("BEGIN")
                yield SqliteConnection(raw)
            finally:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")
                self._idle.append(raw)

    @asynccontextmanager
    async def writing(self, keeps: Callable[[BaseException], bool]) -> AsyncIterator[SqliteConnection]:
        """A transaction that holds the write lock from its start; committed when the block ends.

        An exception rolls it back, unless `keeps` says that what was written before it stays.
        """
        async with self._write_lock:
            raw = self._writer
            if raw is None:
                raise Unavailable("database_closed")
            await _begin(raw)
            try:
                yield SqliteConnection(raw)
            except BaseException as error:
                if keeps(error):
                    await self._commit(raw)
                raise
            else:
                await self._commit(raw)
            finally:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")

    async def _commit(self, raw: sqlite3.Connection) -> None:
        done = asyncio.get_running_loop().run_in_executor(self._committer, raw.commit)
        try:
            with _translated():
                await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait({done})  # the connection is the thread's until it has finished
            raise


async def _begin(raw: sqlite3.Connection) -> None:
    """Begin to write, at a new position: take the write lock of the file and move the counter behind positions."""
    await _lock(raw)
    with _translated():
        raw.execute("UPDATE database_identity SET position = position + 1")


async def _lock(raw: sqlite3.Connection) -> None:
    """Take the write lock of the file, asking again while another process holds it."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + LOCK_TIMEOUT
    while True:
        try:
            raw.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if _code(error) not in _LOCKED or clock() > deadline:
                raise _translation(error) from error
        await asyncio.sleep(random.uniform(0.0005, 0.005))  # noqa: S311 - spreads the askers, guards nothing


@contextmanager
def _translated() -> Any:  # noqa: ANN401 - a generator for contextmanager
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _translation(error) from error


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _translation(error: sqlite3.DatabaseError) -> Exception:
    code = _code(error)
    if getattr(error, "sqlite_errorname", "") in {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}:
        return Duplicate(str(error))
    if code in _LOCKED:
        return Unavailable("database_locked")
    if code in _DAMAGED:
        return Unavailable("database_damaged")
    if code in _FULL:
        return Unavailable("database_not_writable")
    if code == sqlite3.SQLITE_CANTOPEN:
        return Unavailable("database_down")
    return error
