"""What people were told and want to have by mail, as rows; how far that has come is kept with the deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, exists, func, or_, select
from sqlalchemy.sql import ColumnElement

from convene.domain.notices import MAILED
from convene.storage.delivery_tables import deliveries, notification_preferences, webhooks
from convene.storage.notifications import BEYOND, IN_ORDER, NOTIFICATION, NotificationPlace, NotificationRow
from convene.storage.statements import Statement
from convene.storage.tables import notifications, users
from convene.storage.types import JsonList, in_json_list
from convene.storage.unit_of_work import UnitOfWork


def _has_said(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    said = and_(
        notification_preferences.c.user_id == notifications.c.user_id,
        notification_preferences.c.kind == notifications.c.kind,
    )
    return exists().where(said, *more)


_MAILED = in_json_list(notifications.c.kind, bindparam("mailed", type_=JsonList), text=True)
_ACTIVE = exists().where(users.c.id == notifications.c.user_id, users.c.is_active)
# A mail that waits, untried, for what else is folded in tells of that as well.
_ON_ITS_WAY = exists().where(
    deliveries.c.notification_id == notifications.c.id,
    deliveries.c.channel == "email",
    deliveries.c.due_at.is_not(None),
    deliveries.c.attempted_at.is_(None),
)
_WANTED = (
    NOTIFICATION.where(
        BEYOND,
        notifications.c.position < bindparam("below"),
        notifications.c.updated_at > bindparam("since", type_=notifications.c.updated_at.type),
        or_(_has_said(notification_preferences.c.email), and_(~_has_said(), _MAILED)),
        _ACTIVE.correlate(notifications),
    )
    .order_by(*IN_ORDER)
    .limit(bindparam("most"))
)
_ANY_TOLD = Statement(_WANTED)
_TOLD = Statement(_WANTED.where(~_ON_ITS_WAY))
_FIND = Statement(
    NOTIFICATION.where(notifications.c.id == bindparam("notification_id"), notifications.c.user_id == bindparam("to"))
)
_SERVED = (
    select(webhooks.c.id).join(users, users.c.id == webhooks.c.user_id).where(webhooks.c.active, users.c.is_active)
)
# What nobody will ever try does not wait.
_WAITING = Statement(
    select(deliveries.c.channel, func.count(), func.min(deliveries.c.created_at, type_=deliveries.c.created_at.type))
    .where(
        deliveries.c.due_at.is_not(None), or_(deliveries.c.webhook_id.is_(None), deliveries.c.webhook_id.in_(_SERVED))
    )
    .group_by(deliveries.c.channel)
)


async def any_told_by_mail(work: UnitOfWork, after: NotificationPlace, below: int, since: datetime) -> bool:
    """Whether there is something to step past: also what a mail that waits tells of, before that mail is gone."""
    values = {"above": after[0], "above_id": after[1], "below": below, "since": since, "most": 1}
    return await work.one(_ANY_TOLD, {**values, "mailed": sorted(MAILED)}) is not None


async def told_by_mail(
    work: UnitOfWork, after: NotificationPlace, below: int, since: datetime, most: int
) -> list[NotificationRow]:
    """List what people want to have by mail after a place and below a position, told since an instant, in order."""
    values = {"above": after[0], "above_id": after[1], "below": below, "since": since, "most": most}
    rows = await work.all(_TOLD, {**values, "mailed": sorted(MAILED)})
    return [NotificationRow._make(row) for row in rows]


async def find_notification(work: UnitOfWork, notification_id: int, user_id: int) -> NotificationRow | None:
    """Find what somebody was told, as it is now."""
    row = await work.one(_FIND, {"notification_id": notification_id, "to": user_id})
    return NotificationRow._make(row) if row else None


class Waiting(NamedTuple):
    """How many deliveries of a channel wait, and since when the oldest does."""

    channel: str
    number: int
    since: datetime


async def waiting_deliveries(work: UnitOfWork) -> list[Waiting]:
    """Count what is still to arrive, by channel."""
    return [Waiting._make(row) for row in await work.all(_WAITING)]
