"""SQLite: one writer at a time in WAL mode, on the event loop itself.

Statements take microseconds, a hop to a thread takes 80 and aiosqlite 1,000 (measured), so they run right here. The
things that can take long do not: waiting for another process's write lock is done by asking again, and the commit's
fsync is left to a thread, as are statements that look through all that somebody has: among 20,000 events, 20 ms.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType

from convene.domain.errors import Unavailable
from convene.storage.sqlite_connection import DIALECT, SqliteConnection, begin, in_thread, patiently, translated
from convene.storage.statements import PoolUse

READERS_MAX = 32
SEARCHERS = 2

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers never wait for the writer
    "PRAGMA synchronous = FULL",  # an acknowledged write survives a power cut, not only a killed process
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16000",
)


class _Loan:
    """A connection that reads while a block runs; not an `asynccontextmanager`, as on PostgreSQL."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def __aenter__(self) -> SqliteConnection:
        self._connection = await self._database.lend()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._database.take_back(self._connection.raw)


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
        self._writer = await patiently(self._connect, self._deadline())
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
            found = os.stat(self.path)  # noqa: PTH116 - with each request, at half of the cost
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
            timeout=0,  # waiting inside SQLite would stop the whole event loop: `patiently` waits instead
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

    def reading(self) -> AbstractAsyncContextManager[SqliteConnection]:
        """Statements that write nothing; each sees what was committed when it began, as on PostgreSQL."""
        return _Loan(self)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[SqliteConnection]:
        """Statements that write nothing, and all see one state of the database."""
        async with self.reading() as connection:
            connection.begin_snapshot()
            yield connection

    async def lend(self) -> SqliteConnection:
        """A connection for reading, when there is one.

        Raises:
            Unavailable: the file is locked, damaged or not there any more.
        """
        await self._readers.acquire()
        try:
            self._look_for_the_file()
            raw = self._idle.pop() if self._idle else await patiently(self._connect, self._deadline())
        except BaseException:
            self._readers.release()
            raise
        self._reading += 1
        return SqliteConnection(raw, self._searcher)

    def take_back(self, raw: sqlite3.Connection) -> None:
        """Take back what was lent; what it has begun, ends."""
        self._reading -= 1
        self._readers.release()
        if self._writer is None:  # closed meanwhile
            raw.close()
            return
        if raw.in_transaction:
            with translated:
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
                await begin(raw, deadline)
                yield SqliteConnection(raw, self._searcher, deadline)
            except BaseException as error:
                if keeps(error):
                    await self._commit(raw)
                raise
            else:
                await self._commit(raw)
            finally:
                if raw.in_transaction:
                    with translated:
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
        with translated:
            await in_thread(self._committer, raw.commit)
