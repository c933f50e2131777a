"""Splits of series as rows: which event began as the later half of which, and how it stands with the halves now."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, literal_column, select

from convene.storage.events import STORED, EventHead
from convene.storage.statements import Statement, inserting
from convene.storage.tables import events, splits
from convene.storage.unit_of_work import UnitOfWork


class SplitRow(NamedTuple):
    """One split, as stored.

    Attributes:
        version_number: the version of the earlier event with which it became a half.
        occurrence: the wall time that named the first occurrence of the later half in the whole.
        deleted_at: since when the later half lies in the trash.
    """

    later_id: int
    earlier_id: int
    version_number: int
    occurrence: str
    deleted_at: datetime | None


_SPLIT = tuple(splits.c[name] for name in SplitRow._fields[:-1])
_RECORD = Statement(inserting(splits, *SplitRow._fields[:-1]))

_since = select(*_SPLIT).where(
    splits.c.earlier_id == bindparam("event_id"), splits.c.version_number > bindparam("version")
)
_parts = _since.cte("parts", recursive=True)
_parts = _parts.union_all(select(*_SPLIT).join(_parts, splits.c.earlier_id == _parts.c.later_id))
_SINCE = Statement(
    select(*_parts.c, events.c.deleted_at)
    .join(events, events.c.id == _parts.c.later_id)
    .order_by(_parts.c.earlier_id, _parts.c.version_number)
)

_before = select(*_SPLIT).where(splits.c.later_id == bindparam("event_id")).cte("before", recursive=True)
_before = _before.union_all(select(*_SPLIT).join(_before, splits.c.later_id == _before.c.earlier_id))
_EARLIER = Statement(
    select(
        _before.c.occurrence,
        *STORED,
        literal_column("'owner'"),
    )
    .join(events, events.c.id == _before.c.earlier_id)
    .where(events.c.deleted_at.is_(None))
)


async def record_split(work: UnitOfWork, later_id: int, earlier: EventHead, occurrence: datetime) -> None:
    """Remember that an event began as the later half of another, which is a half from its newest version on."""
    values = {"later_id": later_id, "earlier_id": earlier.id, "version_number": earlier.version}
    await work.run(_RECORD, {**values, "occurrence": occurrence.isoformat()})


async def splits_since(work: UnitOfWork, event_id: int, version: int) -> list[SplitRow]:
    """List how an event was split after a version, and its later halves in their turn, each event's splits in order."""
    rows = await work.all(_SINCE, {"event_id": event_id, "version": version})
    return [SplitRow._make(row) for row in rows]


async def earlier_halves(work: UnitOfWork, event_id: int) -> list[tuple[datetime, EventHead]]:
    """List what an event was split from, and that in its turn, without what lies in the trash.

    Each comes with the wall time at which it ended when it was split; the roles are nobody's.
    """
    rows = await work.all(_EARLIER, {"event_id": event_id})
    return [(datetime.fromisoformat(row[0]), EventHead(*row[1:])) for row in rows]
