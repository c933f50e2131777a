"""UnitOfWork: one transaction and one `now`. The only place that commits.

The lock of an agenda, taken by the first statement of a write, orders everything that one user owns; `now` is read
from the clock when it is first asked for, which is after that lock, so that later versions never carry earlier times.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from types import TracebackType

from sqlalchemy import literal, select

from convene import clock
from convene.domain.errors import EditConflict, Unavailable
from convene.storage.engine import Connection, Database
from convene.storage.group_commit import Alone
from convene.storage.statements import Row, Statement, Values

#: Longer than waiting for a lock and all that comes before the clock is read can take.
DATED_WITHIN = timedelta(minutes=1)

_NOTHING: Values = {}
_PING = Statement(select(literal(1)))


class UnitOfWork:
    """One transaction; every storage function takes it first."""

    __slots__ = ("_clock", "_connection", "_dated_until", "_now", "compared_until", "merged")

    def __init__(self, connection: Connection, read_clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = read_clock
        self._now: datetime | None = None
        self._dated_until: datetime | None = None
        #: Until when a booking in this transaction was compared with what else is taken; None for no comparison.
        self.compared_until: datetime | None = None
        #: Whether an edit in this transaction went together with those of others.
        self.merged = False

    @property
    def now(self) -> datetime:
        """The time of this transaction, in UTC; the same however often it is asked.

        Raises:
            Unavailable: it has taken longer than it said to come to this (`dated_until`).
        """
        if self._now is None:
            self._now = self._clock()
            if self._dated_until is not None and self._now > self._dated_until:
                raise Unavailable("database_locked")
        return self._now

    def dated_until(self) -> datetime:
        """Promise that what is written here is dated no later: for the lock, before which `now` must not be read."""
        self._dated_until = self._clock() + DATED_WITHIN
        return self._dated_until

    @property
    def dialect_name(self) -> str:
        """`sqlite` or `postgresql`: for the few functions that write SQL for each, side by side."""
        return self._connection.dialect_name

    async def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            Unavailable: it gives none.
        """
        await self._connection.one(_PING, _NOTHING)

    async def begin_again(self) -> None:
        """Undo what was written, let every lock go, and begin a new transaction in the place of this one."""
        await self._connection.begin_again()
        self.forget_now()

    def forget_now(self) -> None:
        """Let what comes be of another time than what was tried: nothing has been written."""
        self._now = None
        self.compared_until = None
        self.merged = False

    def one(self, statement: Statement, values: Values = _NOTHING) -> Awaitable[Row | None]:
        """Run a statement and give its first row, or None."""
        return self._connection.one(statement, values)

    def all(self, statement: Statement, values: Values = _NOTHING) -> Awaitable[list[Row]]:
        """Run a statement and give its rows."""
        return self._connection.all(statement, values)

    def run(self, statement: Statement, values: Values = _NOTHING) -> Awaitable[int]:
        """Run a statement and count the rows that it touched."""
        return self._connection.run(statement, values)

    @property
    def alone(self) -> Alone | None:
        """What lets one statement be the whole transaction, where that can be: on PostgreSQL, before any other.

        It is neither begun nor committed by statements of their own, which cost as much as any other. On SQLite they
        cost next to nothing.
        """
        return self._connection.alone

    def each(self, statement: Statement, rows: Sequence[Values]) -> Awaitable[list[Row]]:
        """Run a statement once for each row of values and give the row that each returns, in order."""
        return self._connection.each(statement, rows)

    async def many(self, statement: Statement, rows: Sequence[Values]) -> None:
        """Run a statement once for each row of values."""
        if rows:
            await self._connection.many(statement, rows)


class Units:
    """Opens units of work on one database."""

    def __init__(
        self,
        database: Database,
        read_clock: Callable[[], datetime] = clock.now,
        on_write: Callable[[], None] = lambda: None,
    ) -> None:
        self.database = database
        self._clock = read_clock
        self._on_write = on_write

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that writes nothing."""
        return _Reading(self.database, self._clock)

    def snapshot(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that writes nothing, and in which every statement sees the same state of the database."""
        return _Snapshot(self.database, self._clock)

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that commits when the block ends and rolls back when it raises.

        One refusal keeps what was written before it: an edit that could not be merged has put its losing side on
        the shelf, and telling its author "409" must not throw that away.
        """
        return _Writing(self.database, self._clock, self._on_write)


class _Reading:
    """A unit that writes nothing; not an `asynccontextmanager`, which costs a fiftieth of reading an event."""

    __slots__ = ("_clock", "_connection", "_database")

    def __init__(self, database: Database, read_clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = read_clock

    async def __aenter__(self) -> UnitOfWork:
        self._connection: Connection = await self._database.lend()
        return UnitOfWork(self._connection, self._clock)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._connection.give_back(error)

    async def _end(self, ending: Awaitable[None], error: BaseException | None) -> None:
        """Come to an end, and bring the connection back, whatever came of it."""
        try:
            await ending
        except BaseException as worse:
            error = worse
            raise
        finally:
            self._connection.give_back(error)


class _Snapshot(_Reading):
    """A unit that writes nothing, and in which every statement sees the same state."""

    __slots__ = ()

    async def __aenter__(self) -> UnitOfWork:
        work = await super().__aenter__()
        try:
            await self._connection.begin_snapshot()
        except BaseException as error:
            self._connection.give_back(error)
            raise
        return work

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._end(self._connection.roll_back(), error)


class _Writing(_Reading):
    """A unit that writes: one transaction, of whose end somebody is told."""

    __slots__ = ("_on_write",)

    def __init__(self, database: Database, read_clock: Callable[[], datetime], on_write: Callable[[], None]) -> None:
        super().__init__(database, read_clock)
        self._on_write = on_write

    async def __aenter__(self) -> UnitOfWork:
        self._connection = await self._database.lend_to_writer()
        return UnitOfWork(self._connection, self._clock)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        stays = error is None or isinstance(error, EditConflict)
        connection = self._connection
        try:
            await self._end(connection.commit() if stays else connection.roll_back(), error)
        finally:
            # Also after a rollback: on PostgreSQL, those who read in the order of changes were waiting for its end.
            self._on_write()
