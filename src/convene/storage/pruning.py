"""Throwing away what nobody can have back any more, a stretch of ids at a time so that no lock is held for long.

Whoever follows changes learns of a deleted event, or of lost access, from the row that stays behind. Once that row is
gone, a cursor from before it cannot be served any more: `pruned_position` remembers how far that goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, String, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from convene.storage.delivery_tables import deliveries
from convene.storage.statements import Statement
from convene.storage.tables import (
    database_identity,
    events,
    idempotency_keys,
    metadata,
    notifications,
    permissions,
    sessions,
    splits,
)
from convene.storage.types import JsonList, in_json_list
from convene.storage.unit_of_work import UnitOfWork

#: Above which id, up to which.
Stretch = tuple[int, int]


def _end_of_stretch(column: Column[int]) -> Statement:
    last = bindparam("last", type_=column.type)
    ids = select(column.label("id")).where(column > last).order_by(column).limit(bindparam("most"))
    return Statement(select(func.max(ids.subquery().c.id)))


def _in_stretch(column: Column[int]) -> ColumnElement[bool]:
    after, until = (bindparam(name, type_=column.type) for name in ("after", "until"))
    return and_(column > after, column <= until)


_IDS = bindparam("ids", type_=JsonList)
_EVENT_STRETCH = _end_of_stretch(events.c.id)
_NOTIFICATION_STRETCH = _end_of_stretch(notifications.c.id)
# Locked, or a delivery about one of them could be made after those that are there have gone.
_DEAD = Statement(
    select(events.c.id)
    .where(_in_stretch(events.c.id), events.c.deleted_at <= bindparam("before", type_=events.c.deleted_at.type))
    .with_for_update()
)
#: All columns that say which event a row belongs to: what another feature adds is found here, not forgotten.
_OF_EVENTS = [
    column
    for table in reversed(metadata.sorted_tables)
    for column in table.columns
    if any(key.column is events.c.id for key in column.foreign_keys)
]
_BURY = [
    Statement(delete(column.table).where(in_json_list(column, _IDS)))
    for column in _OF_EVENTS
    if column.table is not events
]
_PARENT = splits.alias()
_OF_PARENT = _PARENT.c.later_id == splits.c.earlier_id
#: What an event was split into goes over to what it was split from.
_INHERIT = Statement(
    update(splits)
    .where(in_json_list(splits.c.earlier_id, _IDS), select(_PARENT.c.later_id).where(_OF_PARENT).exists())
    .values(
        {
            name: select(_PARENT.c[name]).where(_OF_PARENT).scalar_subquery()
            for name in ("earlier_id", "version_number", "occurrence")
        }
    )
)
_LINKED = events.alias()
#: Halves of a series that knew one that goes know the next one beyond it.
_LINK_PAST = [
    Statement(
        update(events)
        .where(in_json_list(column, _IDS))
        .values({column.name: select(_LINKED.c[column.name]).where(_LINKED.c.id == column).scalar_subquery()})
    )
    for column in _OF_EVENTS
    if column.table is events
]
_DELETE_EVENTS = Statement(delete(events).where(in_json_list(events.c.id, _IDS)))
_POSITION_OF_DEAD = Statement(
    select(func.max(permissions.c.position)).where(in_json_list(permissions.c.event_id, _IDS))
)
_LOST = and_(
    _in_stretch(permissions.c.event_id),
    permissions.c.revoked_at <= bindparam("before", type_=permissions.c.revoked_at.type),
)
_POSITION_OF_LOST = Statement(select(func.max(permissions.c.position)).where(_LOST))
_DELETE_LOST = Statement(delete(permissions).where(_LOST))
_REMEMBER = Statement(
    update(database_identity).values(
        pruned_position=case(
            (database_identity.c.pruned_position < bindparam("position"), bindparam("position")),
            else_=database_identity.c.pruned_position,
        )
    )
)
_TIME = notifications.c.read_at.type
_DELETE_NOTIFICATIONS = Statement(
    delete(notifications).where(
        _in_stretch(notifications.c.id),
        or_(
            notifications.c.read_at <= bindparam("read_before", type_=_TIME),
            notifications.c.updated_at <= bindparam("told_before", type_=_TIME),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Old:
    """Rows that go when they are old enough, whatever else there is: found by their age, however many are younger."""

    oldest: Statement
    delete: Statement


def _old(key: Column[Any], age: Column[datetime], *also: ColumnElement[bool]) -> Old:
    table, old = key.table, (age <= bindparam("before", type_=age.type), *also)
    return Old(
        oldest=Statement(select(key).where(*old).order_by(age).limit(bindparam("most"))),
        # A key under which somebody has something younger, too, is not enough.
        delete=Statement(delete(table).where(in_json_list(key, _IDS, text=isinstance(key.type, String)), *old)),
    )


#: Sessions whose refresh tokens expired before an instant.
SESSIONS = _old(sessions.c.id, sessions.c.expires_at)
#: Answers that were kept, before an instant, for requests that are sent again.
ANSWERS = _old(idempotency_keys.c.key, idempotency_keys.c.created_at)
#: What was to go out before an instant and has arrived or been given up.
DELIVERIES = _old(deliveries.c.id, deliveries.c.created_at, deliveries.c.due_at.is_(None))


async def stretch_of_events(work: UnitOfWork, last: int, most: int) -> Stretch | None:
    """The next stretch of ids of events after one; None at the end."""
    return await _stretch(work, _EVENT_STRETCH, last, most)


async def stretch_of_notifications(work: UnitOfWork, last: int, most: int) -> Stretch | None:
    """The next stretch of ids of notifications after one; None at the end."""
    return await _stretch(work, _NOTIFICATION_STRETCH, last, most)


async def _stretch(work: UnitOfWork, statement: Statement, last: int, most: int) -> Stretch | None:
    row = await work.one(statement, {"last": last, "most": most})
    return (last, int(row[0])) if row and row[0] is not None else None


async def prune_events(work: UnitOfWork, stretch: Stretch, before: datetime) -> int:
    """Throw away the events of a stretch that were deleted before an instant, with all that belongs to them."""
    values = {"after": stretch[0], "until": stretch[1], "before": before}
    dead = [int(row[0]) for row in await work.all(_DEAD, values)]
    if not dead:
        return 0
    await _remember(work, await work.one(_POSITION_OF_DEAD, {"ids": dead}))
    for statement in (_INHERIT, *_LINK_PAST):
        while await work.run(statement, {"ids": dead}):
            pass  # one step further for each of several neighbours that go together
    for statement in (*_BURY, _DELETE_EVENTS):
        await work.run(statement, {"ids": dead})
    return len(dead)


async def prune_lost_access(work: UnitOfWork, stretch: Stretch, before: datetime) -> int:
    """Forget, for a stretch of events, who lost access before an instant."""
    values = {"after": stretch[0], "until": stretch[1], "before": before}
    await _remember(work, await work.one(_POSITION_OF_LOST, values))
    return await work.run(_DELETE_LOST, values)


async def _remember(work: UnitOfWork, highest: Sequence[int | None] | None) -> None:
    if highest and highest[0] is not None:
        await work.run(_REMEMBER, {"position": highest[0]})


async def prune_notifications(
    work: UnitOfWork, stretch: Stretch, *, read_before: datetime, told_before: datetime
) -> int:
    """Throw away the notifications of a stretch that were read before one instant, or last told before another."""
    values = {"after": stretch[0], "until": stretch[1], "read_before": read_before, "told_before": told_before}
    return await work.run(_DELETE_NOTIFICATIONS, values)


async def prune_old(work: UnitOfWork, old: Old, before: datetime, most: int) -> int:
    """Throw away some of the rows that are older than an instant, the oldest first; gives how many."""
    keys = [row[0] for row in await work.all(old.oldest, {"before": before, "most": most})]
    return await work.run(old.delete, {"ids": keys, "before": before}) if keys else 0
