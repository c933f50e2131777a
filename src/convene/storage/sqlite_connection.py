"""A connection to SQLite: runs statements, and says what goes wrong there."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from convene.domain.errors import Unavailable
from convene.storage.errors import Duplicate
from convene.storage.statements import Row, Statement, Values

DIALECT: Dialect = SQLiteDialect_pysqlite(paramstyle="qmark")
_T = TypeVar("_T")

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_REASONS = (
    (_LOCKED, "database_locked"),
    ({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}, "database_damaged"),
    ({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}, "database_not_writable"),
    ({sqlite3.SQLITE_CANTOPEN}, "database_down"),
)


class Threads(NamedTuple):
    """Where work goes that would stop the event loop: commits, and looking through much."""

    commit: ThreadPoolExecutor
    search: ThreadPoolExecutor


class SqliteConnection:
    """Runs statements; with a `deadline` (of the event loop's clock), in a transaction that has begun."""

    __slots__ = ("_deadline", "_take_back", "_threads", "raw")
    dialect_name = DIALECT.name
    #: BEGIN and COMMIT cost next to nothing, so that no statement has to do without.
    alone = None

    def __init__(
        self,
        raw: sqlite3.Connection,
        threads: Threads,
        take_back: Callable[[sqlite3.Connection], None],
        deadline: float = 0,
    ) -> None:
        self.raw = raw
        self._threads = threads
        self._take_back = take_back
        self._deadline = deadline

    async def one(self, statement: Statement, values: Values) -> Row | None:
        """Run, and give the first row."""
        if statement.is_long:
            return next(iter(await self.all(statement, values)), None)
        compiled = statement.compiled(DIALECT)
        with translated:
            rows = self.raw.execute(compiled.sql, compiled.bind(values)).fetchall()
        return compiled.decode(rows[0]) if rows else None

    async def all(self, statement: Statement, values: Values) -> list[Row]:
        """Run, and give all rows."""
        compiled = statement.compiled(DIALECT)
        sql, bound = compiled.sql, compiled.bind(values)
        with translated:
            if statement.is_long:
                rows = await in_thread(self._threads.search, lambda: self.raw.execute(sql, bound).fetchall())
            else:
                rows = self.raw.execute(sql, bound).fetchall()
        return [compiled.decode(row) for row in rows]

    async def run(self, statement: Statement, values: Values) -> int:
        """Run, and count the rows touched."""
        compiled = statement.compiled(DIALECT)
        with translated:
            cursor = self.raw.execute(compiled.sql, compiled.bind(values))
            cursor.fetchall()
            return cursor.rowcount

    async def each(self, statement: Statement, rows: Sequence[Values]) -> list[Row]:
        """Run once for each row of values, and give the first row that each returns."""
        return [row for values in rows for row in (await self.all(statement, values))[:1]]

    async def many(self, statement: Statement, rows: Sequence[Values]) -> None:
        """Run once for each row of values."""
        compiled = statement.compiled(DIALECT)
        with translated:
            self.raw.executemany(compiled.sql, [compiled.bind(values) for values in rows])

    async def begin_snapshot(self) -> None:
        """Let all statements see one state of the database."""
        with translated:
            self.raw.execute("BEGIN")

    def give_back(self, _error: BaseException | None) -> None:
        """Give back what was lent; what was begun and not committed is undone."""
        self._take_back(self.raw)

    async def begin_again(self) -> None:
        """Roll back, which lets the write lock go, and begin anew, when those who were quicker have finished."""
        with translated:
            self.raw.execute("ROLLBACK")
        await begin(self.raw, self._deadline)

    async def commit(self) -> None:
        """Keep what was written."""
        with translated:
            await in_thread(self._threads.commit, self.raw.commit)

    async def roll_back(self) -> None:
        """Undo what was written."""
        undo(self.raw)


async def in_thread(executor: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
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


async def begin(raw: sqlite3.Connection, deadline: float) -> None:
    """Begin to write, at a new position: take the write lock of the file and move the counter behind positions."""
    await patiently(lambda: raw.execute("BEGIN IMMEDIATE"), deadline)
    with translated:
        raw.execute("UPDATE database_identity SET position = position + 1")


def undo(raw: sqlite3.Connection) -> None:
    """End what has begun and is not committed."""
    if raw.in_transaction:
        with translated:
            raw.execute("ROLLBACK")


async def patiently(ask: Callable[[], _T], deadline: float) -> _T:
    """Ask again while another process holds the file's lock."""
    clock = asyncio.get_running_loop().time
    while True:
        try:
            return ask()
        except sqlite3.DatabaseError as error:
            if _code(error) not in _LOCKED or clock() > deadline:
                raise _translation(error) from error
        await asyncio.sleep(random.uniform(0.0005, 0.005))  # noqa: S311 - spreads the askers, guards nothing


class _Translation:
    """Around whatever asks SQLite: raises its errors as ours. One for all; a generator would cost as each time."""

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, sqlite3.DatabaseError):
            raise _translation(error) from error


translated = _Translation()


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _translation(error: sqlite3.DatabaseError) -> Exception:
    code = _code(error)
    if getattr(error, "sqlite_errorname", "") in {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}:
        return Duplicate(str(error))
    return next((Unavailable(reason) for codes, reason in _REASONS if code in codes), error)
