"""Answers that were given under an Idempotency-Key, written in the transaction of what they tell of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Boolean, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from convene.storage.statements import Statement, inserting
from convene.storage.tables import idempotency_keys
from convene.storage.unit_of_work import UnitOfWork


class KeptAnswer(NamedTuple):
    """An answer as it was given: status, headers (pairs of text), body; and a mark of the request that it answers."""

    key: str
    user_id: int
    fingerprint: str
    status: int
    headers: list[list[str]]
    body: bytes
    created_at: datetime


class try_to_hold(GenericFunction[bool]):  # noqa: N801 - named like an SQL function
    """Hold a name until the transaction ends, unless another transaction does.

    On SQLite there is only one transaction that writes, and what it wrote is there for the next one.
    """

    type = Boolean()
    inherit_cache = True


@compiles(try_to_hold, "postgresql")
def _hold_postgresql(element: try_to_hold, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"pg_try_advisory_xact_lock(hashtextextended({compiler.process(element.clauses, **kw)}, 0))"


@compiles(try_to_hold, "sqlite")
def _hold_sqlite(element: try_to_hold, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"({compiler.process(element.clauses, **kw)} IS NOT NULL)"


_KEPT = tuple(idempotency_keys.c[name] for name in KeptAnswer._fields)
_HOLD = Statement(select(try_to_hold(bindparam("name", type_=idempotency_keys.c.key.type))))
_FIND = Statement(
    select(*_KEPT).where(
        idempotency_keys.c.key == bindparam("key"),
        idempotency_keys.c.user_id == bindparam("user_id"),
    )
)
_FIND_REQUEST = Statement(
    select(*_KEPT).where(
        idempotency_keys.c.key == bindparam("key"),
        idempotency_keys.c.fingerprint == bindparam("fingerprint"),
    )
)
_KEEP = Statement(inserting(idempotency_keys, *KeptAnswer._fields))


async def hold(work: UnitOfWork, name: str) -> bool:
    """Hold a name until this transaction ends; False when another one does.

    A statement of its own: what the other has written is seen only by a statement that begins after its commit.
    """
    row = await work.one(_HOLD, {"name": name})
    return row is not None and bool(row[0])


async def find_answer(work: UnitOfWork, key: str, user_id: int) -> KeptAnswer | None:
    """Find what a user was answered under a key."""
    row = await work.one(_FIND, {"key": key, "user_id": user_id})
    return KeptAnswer._make(row) if row else None


async def find_answer_to(work: UnitOfWork, key: str, fingerprint: str) -> KeptAnswer | None:
    """Find what was answered under a key to exactly this request, whoever it was."""
    row = await work.one(_FIND_REQUEST, {"key": key, "fingerprint": fingerprint})
    return KeptAnswer._make(row) if row else None


async def keep_answer(work: UnitOfWork, answer: KeptAnswer) -> None:
    """Keep an answer.

    Raises:
        Duplicate: another transaction was faster.
    """
    await work.run(_KEEP, answer._asdict())
