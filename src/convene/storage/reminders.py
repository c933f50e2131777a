"""Reminders as rows: who wants to hear how long before an event begins, and when to look at that next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, delete, exists, insert, literal_column, or_, select, update

from convene.domain.notices import NoticeKind
from convene.storage.delivery_tables import notification_preferences, reminders
from convene.storage.notifications import NotificationPlace
from convene.storage.positions import transaction_position
from convene.storage.statements import Statement, inserting
from convene.storage.tables import event_versions, notifications, users
from convene.storage.types import JsonList, in_json_list
from convene.storage.unit_of_work import UnitOfWork


class ReminderRow(NamedTuple):
    """A reminder as stored: `due_at` is when to look at it, None when there is nothing to wait for.

    `told` are the beginnings that were told before they came (RFC 3339); None where that was not remembered.
    """

    event_id: int
    user_id: int
    minutes: int
    done_until: datetime
    due_at: datetime | None
    told: list[str] | None


_ROW = tuple(reminders.c[name] for name in ReminderRow._fields)
_TIME = reminders.c.done_until.type
_MINE = (reminders.c.event_id == bindparam("of_event"), reminders.c.user_id == bindparam("me"))
_LIST = Statement(select(*_ROW).where(*_MINE).order_by(reminders.c.minutes))
_INSERT = Statement(inserting(reminders, *ReminderRow._fields))
_DELETE = Statement(
    delete(reminders).where(*_MINE, in_json_list(reminders.c.minutes, bindparam("gone", type_=JsonList)))
)
_DELETE_ALL = Statement(delete(reminders).where(*_MINE))
_DUE = select(*_ROW).where(reminders.c.due_at <= bindparam("now", type_=_TIME)).order_by(reminders.c.due_at)
_ANY_DUE = Statement(_DUE.limit(1))
# Whoever writes on SQLite is alone; on PostgreSQL, what another process has in hand is left to it.
_LOCK_DUE = Statement(_DUE.limit(bindparam("most")).with_for_update(skip_locked=True))
_MOVE = Statement(
    update(reminders)
    .where(*_MINE, reminders.c.minutes == bindparam("of_minutes"))
    .values(
        done_until=bindparam("until", type_=_TIME),
        due_at=bindparam("next_due", type_=_TIME),
        told=bindparam("now_told", type_=reminders.c.told.type),
    )
)
_VERSIONS = and_(
    event_versions.c.position >= bindparam("above"),
    or_(event_versions.c.position > bindparam("above"), event_versions.c.event_id > bindparam("above_id")),
    event_versions.c.position < bindparam("below"),
)
_CHANGED = select(event_versions.c.event_id).where(_VERSIONS)
_ANY_CHANGED = Statement(select(reminders.c.event_id).where(reminders.c.event_id.in_(_CHANGED)).limit(1))
_WAKE = Statement(
    update(reminders).where(reminders.c.event_id.in_(_CHANGED)).values(due_at=bindparam("now", type_=_TIME))
)
_COPY = Statement(
    insert(reminders).from_select(
        [*ReminderRow._fields],
        select(
            bindparam("to_event", type_=reminders.c.event_id.type),
            reminders.c.user_id,
            reminders.c.minutes,
            reminders.c.done_until,
            bindparam("now", type_=_TIME),
            reminders.c.told,
        ).where(reminders.c.event_id == bindparam("of_event")),
    )
)

# Asked for by the user, event by event: that the event is muted otherwise does not count.
_UNWANTED = exists().where(
    notification_preferences.c.user_id == users.c.id,
    notification_preferences.c.kind == bindparam("kind"),
    ~notification_preferences.c.live,
    ~notification_preferences.c.email,
)
_TOLD = ("event_id", "kind", "title", "version_number", "begins_at")
_TELL = Statement(
    insert(notifications).from_select(
        ["user_id", *_TOLD, "edits", "position", "created_at", "updated_at"],
        select(
            users.c.id,
            *(bindparam(name, type_=notifications.c[name].type) for name in _TOLD),
            literal_column("1"),
            transaction_position(),
            bindparam("now", type_=_TIME),
            bindparam("now", type_=_TIME),
        ).where(users.c.id == bindparam("me"), users.c.is_active, ~_UNWANTED),
    )
)


class Reminding(NamedTuple):
    """What somebody is reminded of: an occurrence, by its title and its beginning."""

    user_id: int
    event_id: int
    version_number: int
    title: str
    begins_at: datetime


async def remind(work: UnitOfWork, one: Reminding) -> None:
    """Write the notification that an event begins, unless its user wants to hear of none."""
    await work.run(_TELL, {**one._asdict(), "me": one.user_id, "kind": NoticeKind.REMINDER.value, "now": work.now})


async def list_reminders(work: UnitOfWork, event_id: int, user_id: int) -> list[ReminderRow]:
    """List a user's reminders of an event, the latest to come first."""
    return [ReminderRow._make(row) for row in await work.all(_LIST, {"of_event": event_id, "me": user_id})]


async def insert_reminders(work: UnitOfWork, new: Sequence[ReminderRow]) -> None:
    """Write reminders."""
    await work.many(_INSERT, [row._asdict() for row in new])


async def delete_reminders(work: UnitOfWork, event_id: int, user_id: int, minutes: Sequence[int] | None) -> None:
    """Delete some of a user's reminders of an event, or all."""
    values = {"of_event": event_id, "me": user_id}
    if minutes is None:
        await work.run(_DELETE_ALL, values)
    elif minutes:
        await work.run(_DELETE, {**values, "gone": list(minutes)})


async def any_due(work: UnitOfWork) -> bool:
    """Whether there is a reminder to look at."""
    return await work.one(_ANY_DUE, {"now": work.now}) is not None


async def lock_due(work: UnitOfWork, most: int) -> list[ReminderRow]:
    """List the reminders to look at, which nobody else looks at before this transaction ends."""
    return [ReminderRow._make(row) for row in await work.all(_LOCK_DUE, {"now": work.now, "most": most})]


async def move(work: UnitOfWork, row: ReminderRow) -> None:
    """Remember until when a reminder has been told, what that was, and when to look at it next."""
    where = {"of_event": row.event_id, "me": row.user_id, "of_minutes": row.minutes}
    await work.run(_MOVE, {**where, "until": row.done_until, "next_due": row.due_at, "now_told": row.told})


async def any_changed(work: UnitOfWork, after: NotificationPlace, below: int) -> bool:
    """Whether an event that somebody wants to be reminded of has changed between two places."""
    return await work.one(_ANY_CHANGED, {"above": after[0], "above_id": after[1], "below": below}) is not None


async def wake_changed(work: UnitOfWork, after: NotificationPlace, below: int) -> None:
    """Let the reminders of events that have changed between two places be looked at now."""
    await work.run(_WAKE, {"above": after[0], "above_id": after[1], "below": below, "now": work.now})


async def copy_reminders(work: UnitOfWork, event_id: int, to_event: int) -> None:
    """Give everybody the reminders of one event for another one, too: the later half of a series."""
    await work.run(_COPY, {"of_event": event_id, "to_event": to_event, "now": work.now})
