"""Connections to PostgreSQL in the hands of a unit of work: statements, transactions, and one statement that is one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from convene.domain.errors import Unavailable
from convene.storage.drafts import Draft, listed
from convene.storage.group_commit import Alone, GroupCommit
from convene.storage.pool import Pool, Raw
from convene.storage.postgresql_errors import translated
from convene.storage.statements import Row, Statement, Values

DIALECT: Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


class PostgresConnection:
    """Runs statements on one connection, maybe a pool's."""

    __slots__ = ("_begins", "_pool", "_raw")
    dialect_name = DIALECT.name

    @property
    def alone(self) -> Alone | None:
        """What writes by one statement that is a transaction of its own: nothing does here."""
        return None

    def __init__(self, raw: Raw, pool: Pool | None = None) -> None:
        self._raw = raw
        self._pool = pool
        self._begins = False

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
        if self._begins:
            with translated:
                await self._begin()
        return await self._fetched(statement, values)

    async def _fetched(self, statement: Statement, values: Values) -> list[Row]:
        compiled = statement.compiled(DIALECT)
        with translated:
            rows = await self._raw.fetch(compiled.sql, *compiled.bind(values))
        return [compiled.decode(row) for row in rows]

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


class PostgresWriter(PostgresConnection):
    """Runs statements in a transaction that begins with the first, or in one for each; borrows a connection for it."""

    __slots__ = ("_company", "_has_raw", "_has_turn", "_owner_id", "_since")
    _pool: Pool

    def __init__(self, pool: Pool, company: GroupCommit, since: float) -> None:
        """Begin.

        Args:
            pool: where the connection comes from.
            company: those who write at the same time.
            since: now, by the clock of the loop. Whatever has to be waited for, it is from now on.
        """
        self._pool = pool
        self._begins = True
        self._company = company
        self._since = since
        self._has_raw = False
        #: Whose agenda was written to, or not, by a statement alone.
        self._owner_id: int | None = None
        #: Whether nothing else of theirs is under way in this process before this ends.
        self._has_turn = False

    @property
    def alone(self) -> Alone | None:
        """What writes by one statement that is a transaction of its own; None once another one has begun."""
        return self._alone if self._begins else None

    async def _alone(self, draft: Draft) -> list[Row]:
        self._owner_id = draft.owner_id
        if not self._company.begin_in_quiet(draft.owner_id):
            self._lend_on()
            return await self._company.join(draft, self._since)
        try:
            with translated:
                await self._borrow()
            return await self._fetched(draft.statement, listed((draft,)))
        finally:
            self._company.end(draft.owner_id)

    async def _begin(self) -> None:
        # Who wrote alone in vain takes the lock: one of a process at a time, or they would hold all its connections.
        if self._owner_id is not None and not self._has_turn:
            if not self._company.begin_alone(self._owner_id):
                self._lend_on()
                await self._company.begin(self._owner_id, self._since)
            self._has_turn = True
        await self._borrow()
        await super()._begin()

    async def _borrow(self) -> None:
        if not self._has_raw:
            self._raw = self._pool.lend_at_once() or await self._pool.lend(self._since)
            self._has_raw = True

    def _lend_on(self) -> None:
        if self._has_raw:
            self._has_raw = False
            self._pool.take_back(self._raw, sound=True)
            del self._raw  # it is another's now

    def give_back(self, error: BaseException | None) -> None:
        """Give back what was borrowed, and say what went wrong with it, if anything did."""
        try:
            if self._has_raw:
                super().give_back(error)
        finally:
            if self._has_turn and self._owner_id is not None:
                self._company.end(self._owner_id)
