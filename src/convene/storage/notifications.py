"""Notifications as rows: written with the change that they tell of, read by page, by tail and by position."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, exists, func, insert, literal_column, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from convene.domain.notices import FOLD_SECONDS, FOLDING, Notice
from convene.storage.delivery_tables import notification_mutes, notification_preferences
from convene.storage.positions import settled_position, transaction_position
from convene.storage.statements import Statement
from convene.storage.tables import event_change_log, event_versions, notifications, permissions, users
from convene.storage.types import JsonList, in_json_list
from convene.storage.unit_of_work import UnitOfWork


class NotificationRow(NamedTuple):
    """A notification as stored, with its actor's name."""

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


_TIME = notifications.c.created_at.type
NOTIFICATION = select(
    *(notifications.c[name] for name in NotificationRow._fields if name != "actor"), users.c.username
).join(users, users.c.id == notifications.c.actor_id, isouter=True)


# -- writing -------------------------------------------------------------------------------------------------


def _wanted(user_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether somebody wants to hear of this kind, and of this event, at all."""
    muted = exists().where(
        notification_mutes.c.user_id == user_id, notification_mutes.c.event_id == bindparam("event_id")
    )
    unwanted = exists().where(
        notification_preferences.c.user_id == user_id,
        notification_preferences.c.kind == bindparam("kind"),
        ~notification_preferences.c.live,
        ~notification_preferences.c.email,
    )
    return and_(~muted, ~unwanted)


_NEW = ("user_id", "event_id", "kind", "actor_id", "title", "role", "from_version", "version_number", "edits")
_STAMPS = ("position", "created_at", "updated_at")


def _new_row(user_id: ColumnElement[Any], kind: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    columns = notifications.c
    return (
        user_id,
        bindparam("event_id", type_=columns.event_id.type),
        kind,
        bindparam("actor_id", type_=columns.actor_id.type),
        bindparam("title", type_=columns.title.type),
        bindparam("role", type_=columns.role.type),
        bindparam("from_version", type_=columns.from_version.type),
        bindparam("version", type_=columns.version_number.type),
        literal_column("1"),
        transaction_position(),
        bindparam("now", type_=_TIME),
        bindparam("now", type_=_TIME),
    )


_KIND = case(
    (in_json_list(permissions.c.user_id, bindparam("merged_with", type_=JsonList)), literal_column("'merged'")),
    else_=bindparam("kind", type_=notifications.c.kind.type),
)
_AUDIENCE = (
    permissions.c.event_id == bindparam("event_id"),
    permissions.c.revoked_at.is_(None),
    permissions.c.user_id != bindparam("actor_id"),
)
_untold = event_versions.alias("untold")
_UNREAD_EDITS = and_(
    notifications.c.event_id == bindparam("event_id"),
    notifications.c.read_at.is_(None),
    in_json_list(notifications.c.kind, bindparam("folding", type_=JsonList), text=True),
)
_FRESH = and_(
    _UNREAD_EDITS,
    notifications.c.created_at > bindparam("fresh_since", type_=_TIME),
    # What somebody was not told in between, because the event was muted, is not told along with what comes after.
    ~exists().where(
        _untold.c.event_id == bindparam("event_id"),
        _untold.c.version_number > notifications.c.version_number,
        _untold.c.version_number < bindparam("version", type_=notifications.c.version_number.type),
        _untold.c.created_by != notifications.c.user_id,
    ),
)
_FOLD = Statement(
    update(notifications)
    .where(
        _FRESH,
        # Whoever has lost access or muted the event since must not hear of what came after.
        notifications.c.user_id.in_(select(permissions.c.user_id).where(*_AUDIENCE)),
        _wanted(notifications.c.user_id),
    )
    .values(
        version_number=bindparam("version", type_=notifications.c.version_number.type),
        title=bindparam("title", type_=notifications.c.title.type),
        actor_id=bindparam("actor_id", type_=notifications.c.actor_id.type),
        edits=notifications.c.edits + 1,
        position=transaction_position(),
        updated_at=bindparam("now", type_=_TIME),
    )
)
_TELL_ALL = Statement(
    insert(notifications).from_select(
        [*_NEW, *_STAMPS],
        select(*_new_row(permissions.c.user_id, _KIND)).where(*_AUDIENCE, _wanted(permissions.c.user_id)),
    )
)
#: Those into whose notification this version has just been folded; not correlated, so that it is looked up once for all:
#: as an anti-join, PostgreSQL compared a thousand people with a thousand notifications one by one.
_FOLDED = select(notifications.c.user_id).where(
    _UNREAD_EDITS, notifications.c.version_number == bindparam("version", type_=notifications.c.version_number.type)
)
_TELL_UNFOLDED = Statement(
    insert(notifications).from_select(
        [*_NEW, *_STAMPS],
        select(*_new_row(permissions.c.user_id, _KIND)).where(
            *_AUDIENCE,
            _wanted(permissions.c.user_id),
            permissions.c.user_id.not_in(_FOLDED),
        ),
    )
)
_TELL_ONE = Statement(
    insert(notifications).from_select(
        [*_NEW, *_STAMPS],
        select(*_new_row(users.c.id, bindparam("kind", type_=notifications.c.kind.type))).where(
            users.c.id == bindparam("to"), _wanted(users.c.id)
        ),
    )
)


async def tell(work: UnitOfWork, notice: Notice) -> None:
    """Write a notification for everybody who should hear of something, in the transaction in which it happens.

    Edits of one event within a minute fold into the one that is there, if it is unread.
    """
    values: dict[str, Any] = {
        "event_id": notice.event_id,
        "kind": notice.kind.value,
        "actor_id": notice.actor_id,
        "title": notice.title,
        "role": notice.role,
        "from_version": notice.from_version,
        "version": notice.version,
        "now": work.now,
        "to": notice.to,
        "merged_with": sorted(notice.merged_with),
        "folding": sorted(FOLDING),
        "fresh_since": work.now - timedelta(seconds=FOLD_SECONDS),
    }
    if notice.to is not None:
        await work.run(_TELL_ONE, values)
    elif notice.kind in FOLDING:
        await work.run(_FOLD, values)
        await work.run(_TELL_UNFOLDED, values)
    else:
        await work.run(_TELL_ALL, values)


# -- reading -------------------------------------------------------------------------------------------------

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
_SETTLED = Statement(select(settled_position()))

Place = tuple[int, int]


async def list_notifications(
    work: UnitOfWork, user_id: int, *, unread: bool, below: Place, most: int
) -> list[NotificationRow]:
    """List a user's notifications, the last told first, below a place (position, id)."""
    values = {"me": user_id, "below": below[0], "below_id": below[1], "most": most}
    return [NotificationRow._make(row) for row in await work.all(_PAGES[unread], values)]


async def missed_notifications(work: UnitOfWork, user_id: int, after: Place, most: int) -> list[NotificationRow]:
    """List what a user was told after a place, oldest first, as far as the order is settled."""
    values = {"me": user_id, "above": after[0], "above_id": after[1], "most": most}
    return [NotificationRow._make(row) for row in await work.all(_MISSED, values)]


async def tail_notifications(
    work: UnitOfWork, after: Place, most: int, user_ids: Sequence[int]
) -> list[NotificationRow]:
    """List what some users were told after a place, oldest first, as far as the order is settled."""
    values = {"above": after[0], "above_id": after[1], "most": most, "user_ids": list(user_ids)}
    return [NotificationRow._make(row) for row in await work.all(_TAIL, values)]


async def newest_place(work: UnitOfWork) -> Place:
    """The place after everything that is settled now."""
    row = await work.one(_SETTLED)
    assert row is not None  # noqa: S101 - a SELECT of one expression has a row
    return int(row[0]) - 1, 2**63 - 1


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
