"""SQLite: one writer at a time in WAL mode, on the event loop itself.

Statements take microseconds, a hop to a thread takes 80 and aiosqlite 1,000 (measured), so they run right here. The
things that can take long do not: waiting for another process's write lock is done by asking again, and the commit's
fsync is left to a thread, as are statements that look through all that somebody has: among 20,000 events, 20 ms.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from convene.domain.errors import Unavailable
from convene.storage.places import Places
from convene.storage.sqlite_connection import DIALECT, SqliteConnection, Threads, begin, patiently, undo
from convene.storage.statements import PoolUse

READERS_MAX = 32
SEARCHERS = 2

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers never wait for the writer
    "PRAGMA synchronous = FULL",  # an acknowledged write survives a power cut, not only a killed process
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16000",
)


class SqliteDatabase:
    """A SQLite file: one connection that writes, some that read."""

    dialect = DIALECT

    def __init__(self, path: Path, timeout: float) -> None:
        self.path = path
        self._timeout = timeout
        self._writer: sqlite3.Connection | None = None
        self._name = str(path)
        self._opened = 0, 0
        self._idle: list[sqlite3.Connection] = []
        self._reading = 0
        self._write_lock = asyncio.Lock()
        self._readers = Places(READERS_MAX)
        self._threads = Threads(
            commit=ThreadPoolExecutor(1, thread_name_prefix="sqlite-commit"),
            search=ThreadPoolExecutor(SEARCHERS, thread_name_prefix="sqlite-search"),
        )

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
            for threads in self._threads:
                threads.shutdown()
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
            found = os.stat(self._name)  # noqa: PTH116 - with each request, at half of the cost
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

    async def lend(self) -> SqliteConnection:
        """A connection for statements that write nothing; each sees what was committed when it began.

        Raises:
            Unavailable: all were lent for too long; the file is locked, damaged or not there any more.
        """
        if not self._readers.take_at_once():
            await self._in_time(self._readers.wait(), "database_busy", self._deadline())
        try:
            self._look_for_the_file()
            raw = self._idle.pop() if self._idle else await patiently(self._connect, self._deadline())
        except BaseException:
            self._readers.leave()
            raise
        self._reading += 1
        return SqliteConnection(raw, self._threads, self._take_back)

    async def lend_to_writer(self) -> SqliteConnection:
        """The connection that writes, for one after the other, in a transaction that holds the file's write lock.

        Raises:
            Unavailable: it took too long, or the file is damaged or not there any more.
        """
        deadline = self._deadline()
        await self._in_time(self._write_lock.acquire(), "database_locked", deadline)
        try:
            raw = self._look_for_the_file()
            await begin(raw, deadline)
        except BaseException:
            self._end_turn(self._writer)
            raise
        return SqliteConnection(raw, self._threads, self._end_turn, deadline)

    @staticmethod
    async def _in_time(waiting: Awaitable[object], reason: str, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await waiting
        except TimeoutError as error:
            raise Unavailable(reason) from error

    def _take_back(self, raw: sqlite3.Connection) -> None:
        self._reading -= 1
        self._readers.leave()
        if self._writer is None:  # closed meanwhile
            raw.close()
            return
        undo(raw)
        self._idle.append(raw)

    def _end_turn(self, raw: sqlite3.Connection | None) -> None:
        try:
            if raw is not None:
                undo(raw)
        finally:
            self._write_lock.release()
