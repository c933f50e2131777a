"""The order of changes, as SQL expressions that mean the same on both databases: see docs/architecture.md, Live."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement, GenericFunction


def _means(expression: type[FunctionElement[Any]], *, postgresql: str, sqlite: str) -> None:
    """Say what an expression is on each database."""
    for dialect, sql in (("postgresql", postgresql), ("sqlite", sqlite)):
        compiles(expression, dialect)(partial(_as_it_is, sql))


def _as_it_is(sql: str, _element: FunctionElement[Any], _compiler: SQLCompiler, **_kw: object) -> str:
    return sql


class transaction_position(GenericFunction[int]):  # noqa: N801 - named like an SQL function
    """Where this transaction stands in the order of changes: see docs/architecture.md, Live.

    PostgreSQL: the transaction's id, so that readers can stop below the oldest one still running. SQLite: a counter
    that `storage.sqlite` moves at the start of each writing transaction, under the write lock.
    """

    type = BigInteger()
    inherit_cache = True


_means(
    transaction_position,
    postgresql="(pg_current_xact_id()::text::bigint)",
    sqlite="(SELECT position FROM database_identity)",
)


class settled_position(GenericFunction[int]):  # noqa: N801 - named like an SQL function
    """Below this, no position can appear any more: everything that will ever be there can be read now.

    On PostgreSQL transactions become visible in another order than that of their ids; a reader stops below the oldest
    one that its snapshot saw running, or it would step past a change that commits later. Ids are those of the whole
    cluster: transactions that are known to run in another database are left out, or a long one there would hold all
    news up here. It may go back a little from one reading to the next (who runs elsewhere is only known while they
    run); what was below it once is settled for good. On SQLite writers come one by one.
    """

    type = BigInteger()
    inherit_cache = True


_means(
    settled_position,
    postgresql="""(
        SELECT coalesce(min(running.xid::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
        FROM pg_snapshot_xip(pg_current_snapshot()) AS running(xid)
        WHERE NOT EXISTS (
            SELECT FROM pg_stat_activity AS elsewhere
            WHERE elsewhere.backend_xid = running.xid::xid AND elsewhere.datname <> current_database()
        )
    )""",
    sqlite="(SELECT position + 1 FROM database_identity)",
)


class seen_position(GenericFunction[int]):  # noqa: N801 - named like an SQL function
    """The newest position that can be seen of a version or a notification.

    PostgreSQL gives ids of transactions anew after a crash, or on a standby that takes over: those that were not
    written down in time, as of transactions that were rolled back. What is settled comes undone then. What can be seen
    has been written down, and every id before its own; and what the database itself remembers is lost together with
    the ids that it has passed. But whoever remembers outside of it how far they came remembers a place of something
    that they have seen, or one that is not beyond this (`storage.sync.Clock.durable`).
    """

    type = BigInteger()
    inherit_cache = True


_means(
    seen_position,
    postgresql="greatest(0, (SELECT max(position) FROM event_versions), (SELECT max(position) FROM notifications))",
    sqlite="(SELECT position FROM database_identity)",
)


class newest_position(GenericFunction[int]):  # noqa: N801 - named like an SQL function
    """No transaction that has ended stands at or after this: a cursor that does is of another order of changes."""

    type = BigInteger()
    inherit_cache = True


_means(
    newest_position,
    postgresql="(pg_snapshot_xmax(pg_current_snapshot())::text::bigint)",
    sqlite="(SELECT position + 1 FROM database_identity)",
)


class cluster_identity(GenericFunction[str]):  # noqa: N801 - named like an SQL function
    """Which server's order of positions this is: transaction ids start anew where a dump is restored elsewhere."""

    type = Text()
    inherit_cache = True


_means(
    cluster_identity,
    postgresql="(SELECT system_identifier::text FROM pg_control_system())",
    sqlite="''",
)
