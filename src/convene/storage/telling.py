"""Telling people what happened: notifications, written with the change that they tell of, at once for all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ScalarSelect, and_, bindparam, case, insert, literal_column, select, update
from sqlalchemy.sql.elements import ColumnElement

from convene.domain.notices import FOLD_SECONDS, FOLDING, Notice
from convene.storage.delivery_tables import notification_mutes, notification_preferences
from convene.storage.positions import transaction_position
from convene.storage.statements import Statement
from convene.storage.tables import event_versions, notifications, permissions, users
from convene.storage.types import JsonList, in_json_list
from convene.storage.unit_of_work import UnitOfWork

_TIME = notifications.c.created_at.type


def _found(column: ColumnElement[Any], *where: ColumnElement[bool]) -> ScalarSelect[Any]:
    """What is looked up for each row by itself, by its key.

    Joined, or asked for with EXISTS, which is the same to PostgreSQL, a thousand people are compared with a thousand
    rows one by one, as soon as it plans without looking at the values: from the sixth time on.
    """
    return select(column).where(*where).limit(1).scalar_subquery()


def _wanted(user_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether somebody wants to hear of this kind, and of this event, at all."""
    mutes, preferences = notification_mutes.c, notification_preferences.c
    muted = _found(mutes.user_id, mutes.user_id == user_id, mutes.event_id == bindparam("event_id"))
    unwanted = _found(
        preferences.user_id,
        preferences.user_id == user_id,
        preferences.kind == bindparam("kind"),
        ~preferences.live,
        ~preferences.email,
    )
    return and_(muted.is_(None), unwanted.is_(None))


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
    _found(
        _untold.c.version_number,
        _untold.c.event_id == bindparam("event_id"),
        _untold.c.version_number > notifications.c.version_number,
        _untold.c.version_number < bindparam("version", type_=notifications.c.version_number.type),
        _untold.c.created_by != notifications.c.user_id,
    ).is_(None),
)
_FOLD = Statement(
    update(notifications)
    .where(
        _FRESH,
        # Whoever has lost access or muted the event since must not hear of what came after.
        _found(permissions.c.user_id, permissions.c.user_id == notifications.c.user_id, *_AUDIENCE).is_not(None),
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
#: Those into whose notification this version has just been folded; looked up once for all.
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
