"""Notifications as rows, read by page, by tail and by position; `telling` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select, update

from convene.storage.positions import settled_position
from convene.storage.statements import Statement
from convene.storage.tables import event_change_log, notifications, users
from convene.storage.types import JsonList, in_json_list
from convene.storage.unit_of_work import UnitOfWork


class NotificationRow(NamedTuple):
    """A notification as stored, with its actor's names."""

    id: int
    user_id: int
    event_id: int | None
    kind: str
    actor_id: int | None
    title: str
    role: str | None
    from_version: int | None
    version_number: int | None
    edits: int
    position: int
    created_at: datetime
    updated_at: datetime
    read_at: datetime | None
    begins_at: datetime | None
    actor: str | None
    actor_display_name: str | None


_TIME = notifications.c.created_at.type
_NAMES = (users.c.username, users.c.display_name)
NOTIFICATION = select(*(notifications.c[name] for name in NotificationRow._fields[: -len(_NAMES)]), *_NAMES).join(
    users, users.c.id == notifications.c.actor_id, isouter=True
)


_MINE = notifications.c.user_id == bindparam("me")
_PAGES = {
    unread: Statement(
        NOTIFICATION.where(
            _MINE,
            *([notifications.c.read_at.is_(None)] if unread else []),
            or_(
                notifications.c.position < bindparam("below"),
                and_(notifications.c.position == bindparam("below"), notifications.c.id < bindparam("below_id")),
            ),
        )
        .order_by(notifications.c.position.desc(), notifications.c.id.desc())
        .limit(bindparam("most"))
    )
    for unread in (False, True)
}
#: Written as two bounds: an OR by itself keeps SQLite from beginning where it should.
BEYOND = and_(
    notifications.c.position >= bindparam("above"),
    or_(notifications.c.position > bindparam("above"), notifications.c.id > bindparam("above_id")),
)
IN_ORDER = (notifications.c.position, notifications.c.id)
_MISSED = Statement(
    NOTIFICATION.where(_MINE, BEYOND, notifications.c.position < settled_position())
    .order_by(*IN_ORDER)
    .limit(bindparam("most"))
)
_TAIL = Statement(
    NOTIFICATION.where(
        in_json_list(notifications.c.user_id, bindparam("user_ids", type_=JsonList)),
        BEYOND,
        notifications.c.position < settled_position(),
    )
    .order_by(*IN_ORDER)
    .limit(bindparam("most"))
)
_COUNT_UNREAD = Statement(select(func.count()).where(_MINE, notifications.c.read_at.is_(None)))
_READ_ONE = Statement(
    update(notifications)
    .where(_MINE, notifications.c.id == bindparam("notification_id"))
    .values(read_at=func.coalesce(notifications.c.read_at, bindparam("now", type_=_TIME)))
)
_READ_ALL = Statement(
    update(notifications)
    .where(_MINE, notifications.c.read_at.is_(None), notifications.c.id <= bindparam("up_to"))
    .values(read_at=bindparam("now", type_=_TIME))
)
_CHANGES_BETWEEN = Statement(
    select(event_change_log.c.field_name, event_change_log.c.old_value, event_change_log.c.new_value)
    .where(
        event_change_log.c.event_id == bindparam("event_id"),
        event_change_log.c.version_number > bindparam("first"),
        event_change_log.c.version_number <= bindparam("last"),
    )
    .order_by(event_change_log.c.id)
)

NotificationPlace = tuple[int, int]


async def list_notifications(
    work: UnitOfWork, user_id: int, *, unread: bool, below: NotificationPlace, most: int
) -> list[NotificationRow]:
    """List a user's notifications, the last told first, below a place (position, id)."""
    values = {"me": user_id, "below": below[0], "below_id": below[1], "most": most}
    return [NotificationRow._make(row) for row in await work.all(_PAGES[unread], values)]


async def missed_notifications(
    work: UnitOfWork, user_id: int, after: NotificationPlace, most: int
) -> list[NotificationRow]:
    """List what a user was told after a place, oldest first, as far as the order is settled."""
    values = {"me": user_id, "above": after[0], "above_id": after[1], "most": most}
    return [NotificationRow._make(row) for row in await work.all(_MISSED, values)]


async def tail_notifications(
    work: UnitOfWork, after: NotificationPlace, most: int, user_ids: Sequence[int]
) -> list[NotificationRow]:
    """List what some users were told after a place, oldest first, as far as the order is settled."""
    values = {"above": after[0], "above_id": after[1], "most": most, "user_ids": list(user_ids)}
    return [NotificationRow._make(row) for row in await work.all(_TAIL, values)]


async def count_unread(work: UnitOfWork, user_id: int) -> int:
    """Count a user's unread notifications."""
    row = await work.one(_COUNT_UNREAD, {"me": user_id})
    return int(row[0]) if row else 0


async def mark_read(work: UnitOfWork, user_id: int, notification_id: int) -> bool:
    """Mark one read; False when the user has none with this id."""
    return await work.run(_READ_ONE, {"me": user_id, "notification_id": notification_id, "now": work.now}) == 1


async def mark_all_read(work: UnitOfWork, user_id: int, up_to: int) -> int:
    """Mark all read whose ids are at most one; gives how many were unread."""
    return await work.run(_READ_ALL, {"me": user_id, "up_to": up_to, "now": work.now})


async def changes_between(work: UnitOfWork, event_id: int, first: int, last: int) -> Sequence[tuple[str, Any, Any]]:
    """List (field, old, new) of all versions after the first up to the last, oldest first."""
    rows = await work.all(_CHANGES_BETWEEN, {"event_id": event_id, "first": first, "last": last})
    return [(row[0], row[1], row[2]) for row in rows]
