"""SQLite: one writer at a time in WAL mode, on the event loop itself.

Statements take microseconds, a hop to a thread takes 80 and aiosqlite 1,000 (measured), so they run right here. The
things that can take long do not: waiting for another process's write lock is done by asking again, and the commit's
fsync is left to a thread, as are statements that look through all that somebody has: among 20,000 events, 20 ms.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from convene.domain.errors import Unavailable
from convene.storage.errors import Duplicate
from convene.storage.statements import PoolUse, Row, Statement, Values

DIALECT: Dialect = SQLiteDialect_pysqlite(paramstyle="qmark")
READERS_MAX = 32
SEARCHERS = 2

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers never wait for the writer
    "PRAGMA synchronous = FULL",  # an acknowledged write survives a power cut, not only a killed process
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16000",
)
_T = TypeVar("_T")

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_REASONS = (
    (_LOCKED, "database_locked"),
    ({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}, "database_damaged"),
    ({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}, "database_not_writable"),
    ({sqlite3.SQLITE_CANTOPEN}, "database_down"),
)


class SqliteConnection:
    """Runs statements inside one transaction."""

    __slots__ = ("_deadline", "_raw", "_searcher")
    dialect_name = DIALECT.name
    turns: ClassVar[None] = None  # BEGIN and COMMIT cost next to nothing: no statement has to do without

    def __init__(self, raw: sqlite3.Connection, searcher: ThreadPoolExecutor, deadline: float = 0) -> None:
        self._raw = raw
        self._searcher = searcher
        self._deadline = deadline

    async def one(self, statement: Statement, values: Values) -> Row | None:
        """Run, and give the first row."""
        rows = await self.all(statement, values)
        return rows[0] if rows else None

    async def all(self, statement: Statement, values: Values) -> list[Row]:
        """Run, and give all rows."""
        compiled = statement.compiled(DIALECT)
        sql, bound = compiled.sql, compiled.bind(values)
        with _translated():
            if statement.is_long:
                rows = await _in_thread(self._searcher, lambda: self._raw.execute(sql, bound).fetchall())
            else:
                rows = self._raw.execute(sql, bound).fetchall()
        return [compiled.decode(row) for row in rows]

    alone = all  # noqa: A003 - the method above

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
        """Roll back, which lets the write lock go, and begin anew, when those who were quicker have finished."""
        with _translated():
            self._raw.execute("ROLLBACK")
        await _begin(self._raw, self._deadline)


class SqliteDatabase:
    """A SQLite file: one connection that writes, some that read."""

    dialect = DIALECT

    def __init__(self, path: Path, timeout: float) -> None:
        self.path = path
        self._timeout = timeout
        self._writer: sqlite3.Connection | None = None
        self._opened = 0, 0
        self._idle: list[sqlite3.Connection] = []
        self._reading = 0
        self._write_lock = asyncio.Lock()
        self._readers = asyncio.Semaphore(READERS_MAX)
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="sqlite-commit")
        self._searcher = ThreadPoolExecutor(SEARCHERS, thread_name_prefix="sqlite-search")

    async def open(self) -> None:
        """Open the file, which must exist.

        Raises:
            Unavailable: it is locked, damaged or not there.
        """
        self._writer = await _patiently(self._connect, self._deadline())
        self._opened = (found := self.path.stat()).st_dev, found.st_ino

    async def close(self) -> None:
        """Close every connection, after the transaction in hand; those that still read close theirs when they end."""
        async with self._write_lock:
            self._committer.shutdown()
            self._searcher.shutdown()
            for raw in (*self._idle, self._writer):
                if raw is not None:
                    raw.close()
            self._idle.clear()
            self._writer = None

    def use(self) -> PoolUse:
        """How many connections are open, and how many of them are idle."""
        return PoolUse(self._reading + len(self._idle) + 1, len(self._idle), READERS_MAX + 1)

    def _look_for_the_file(self) -> sqlite3.Connection:
        """The connection that writes, if the file is still in its place.

        A file that is moved, deleted or replaced stays open, and would go on taking writes that nobody finds again.

        Raises:
            Unavailable: it is not.
        """
        if self._writer is None:
            raise Unavailable("database_closed")
        try:
            found = self.path.stat()
        except OSError as error:
            raise Unavailable("database_down") from error
        if (found.st_dev, found.st_ino) != self._opened:
            raise Unavailable("database_replaced")
        return self._writer

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._timeout

    def _connect(self) -> sqlite3.Connection:
        raw = sqlite3.connect(
            f"{self.path.resolve().as_uri()}?mode=rw",
            uri=True,
            timeout=0,  # waiting inside SQLite would stop the whole event loop: `_patiently` waits instead
            isolation_level=None,  # transactions are begun and ended here, not by the driver's guesses
            check_same_thread=False,  # a commit runs in a thread while nothing else touches the connection
            cached_statements=512,
        )
        try:
            for pragma in _PRAGMAS:
                raw.execute(pragma).fetchall()
        except sqlite3.Error:
            raw.close()
            raise
        return raw

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqliteConnection]:
        """A transaction that sees one state of the database and writes nothing."""
        async with self._readers:
            self._look_for_the_file()
            raw = self._idle.pop() if self._idle else await _patiently(self._connect, self._deadline())
            self._reading += 1
            try:
                with _translated():
                    raw.execute("BEGIN")
                yield SqliteConnection(raw, self._searcher)
            finally:
                self._reading -= 1
                self._give_back(raw)

    snapshot = reading

    def _give_back(self, raw: sqlite3.Connection) -> None:
        if self._writer is None:  # closed meanwhile
            raw.close()
            return
        if raw.in_transaction:
            with _translated():
                raw.execute("ROLLBACK")
        self._idle.append(raw)

    @asynccontextmanager
    async def writing(self, keeps: Callable[[BaseException], bool]) -> AsyncIterator[SqliteConnection]:
        """A transaction that holds the write lock from its start; committed when the block ends.

        An exception rolls it back, unless `keeps` says that what was written before it stays.
        """
        deadline = self._deadline()
        async with self._turn(deadline) as raw:
            try:
                await _begin(raw, deadline)
                yield SqliteConnection(raw, self._searcher, deadline)
            except BaseException as error:
                if keeps(error):
                    await self._commit(raw)
                raise
            else:
                await self._commit(raw)
            finally:
                if raw.in_transaction:
                    with _translated():
                        raw.execute("ROLLBACK")

    @asynccontextmanager
    async def _turn(self, deadline: float) -> AsyncIterator[sqlite3.Connection]:
        """The connection that writes, for one after the other."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._write_lock.acquire()
        except TimeoutError as error:
            raise Unavailable("database_locked") from error
        try:
            yield self._look_for_the_file()
        finally:
            self._write_lock.release()

    async def _commit(self, raw: sqlite3.Connection) -> None:
        with _translated():
            await _in_thread(self._committer, raw.commit)


async def _in_thread(executor: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
    """Let a thread work on a connection, which is its own until it has finished, whoever is cancelled."""
    done = asyncio.get_running_loop().run_in_executor(executor, work)
    interruption: asyncio.CancelledError | None = None
    while not done.done():
        try:
            await asyncio.wait({done})
        except asyncio.CancelledError as error:
            interruption = error
    failure = done.exception()
    if interruption is not None:
        raise interruption
    if failure is not None:
        raise failure
    return done.result()


async def _begin(raw: sqlite3.Connection, deadline: float) -> None:
    """Begin to write, at a new position: take the write lock of the file and move the counter behind positions."""
    await _patiently(lambda: raw.execute("BEGIN IMMEDIATE"), deadline)
    with _translated():
        raw.execute("UPDATE database_identity SET position = position + 1")


async def _patiently(ask: Callable[[], _T], deadline: float) -> _T:
    """Ask again while another process holds the file's lock."""
    clock = asyncio.get_running_loop().time
    while True:
        try:
            return ask()
        except sqlite3.DatabaseError as error:
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
    return next((Unavailable(reason) for codes, reason in _REASONS if code in codes), error)
