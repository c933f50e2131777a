"""Digests as rows: who wants a mail about each day, at which hour of which zone, and when the next one is due."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select, update

from convene.storage.delivery_tables import digests
from convene.storage.statements import Statement, inserting
from convene.storage.unit_of_work import UnitOfWork


class DigestRow(NamedTuple):
    """A digest as stored."""

    user_id: int
    hour: int
    time_zone: str
    due_at: datetime


_ROW = tuple(digests.c[name] for name in DigestRow._fields)
_TIME = digests.c.due_at.type
_MINE = digests.c.user_id == bindparam("me")
_FIND = Statement(select(*_ROW).where(_MINE))
_DELETE = Statement(delete(digests).where(_MINE))
_INSERT = Statement(inserting(digests, *DigestRow._fields))
_DUE = select(*_ROW).where(digests.c.due_at <= bindparam("now", type_=_TIME)).order_by(digests.c.due_at)
_ANY_DUE = Statement(_DUE.limit(1))
# Whoever writes on SQLite is alone; on PostgreSQL, what another process has in hand is left to it.
_LOCK_DUE = Statement(_DUE.limit(bindparam("most")).with_for_update(skip_locked=True))
_MOVE = Statement(update(digests).where(_MINE).values(due_at=bindparam("next_due", type_=_TIME)))


async def find_digest(work: UnitOfWork, user_id: int) -> DigestRow | None:
    """Find a user's digest; None when they want none."""
    row = await work.one(_FIND, {"me": user_id})
    return DigestRow._make(row) if row else None


async def write_digest(work: UnitOfWork, row: DigestRow) -> None:
    """Write the digest of a user who is locked."""
    await delete_digest(work, row.user_id)
    await work.run(_INSERT, row._asdict())


async def delete_digest(work: UnitOfWork, user_id: int) -> None:
    """Send a user no digests any more."""
    await work.run(_DELETE, {"me": user_id})


async def any_due(work: UnitOfWork) -> bool:
    """Whether there is a digest to send."""
    return await work.one(_ANY_DUE, {"now": work.now}) is not None


async def lock_due(work: UnitOfWork, most: int) -> list[DigestRow]:
    """List the digests to send, which nobody else sends before this transaction ends."""
    return [DigestRow._make(row) for row in await work.all(_LOCK_DUE, {"now": work.now, "most": most})]


async def move(work: UnitOfWork, user_id: int, due_at: datetime) -> None:
    """Remember when a user's next digest is due."""
    await work.run(_MOVE, {"me": user_id, "next_due": due_at})
