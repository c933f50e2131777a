"""How much mail went out before a mail, as rows: what was withheld or given up does not count."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, literal_column, or_, select

from convene.domain.mails import DIGEST
from convene.domain.notices import NoticeKind
from convene.storage.deliveries import DeliveryRow
from convene.storage.delivery_tables import deliveries
from convene.storage.statements import Statement
from convene.storage.tables import notifications
from convene.storage.unit_of_work import UnitOfWork

_WENT_BEFORE = (
    deliveries.c.channel == "email",
    deliveries.c.id < bindparam("mail"),
    or_(deliveries.c.due_at.is_not(None), deliveries.c.delivered_at.is_not(None)),
)
_TO_SOMEBODY = (
    deliveries.c.user_id == bindparam("of_user"),
    deliveries.c.created_at > bindparam("since", type_=deliveries.c.created_at.type),
    *_WENT_BEFORE,
)
_CAUSED_BY_OTHERS = Statement(
    select(func.count()).where(
        *_TO_SOMEBODY, deliveries.c.kind != DIGEST, deliveries.c.kind != NoticeKind.REMINDER.value
    )
)
_OF_THE_SAME = Statement(
    select(func.count()).where(
        *_TO_SOMEBODY,
        deliveries.c.event_id == bindparam("of_event"),
        deliveries.c.kind == bindparam("of_kind"),
    )
)
_INVITATIONS = Statement(
    select(func.count())
    .select_from(deliveries.join(notifications, notifications.c.id == deliveries.c.notification_id))
    .where(
        notifications.c.actor_id == bindparam("of_actor"),
        notifications.c.created_at > bindparam("since", type_=notifications.c.created_at.type),
        literal_column("notifications.kind = 'shared'"),  # a constant, as in the index
        *_WENT_BEFORE,
    )
)


async def count_caused_by_others(work: UnitOfWork, mail: DeliveryRow, since: datetime) -> int:
    """Count the mails to the same person since an instant, besides digests and reminders, that came before a mail."""
    return await _count(work, _CAUSED_BY_OTHERS, {"mail": mail.id, "of_user": mail.user_id, "since": since})


async def count_of_the_same(work: UnitOfWork, mail: DeliveryRow, since: datetime) -> int:
    """Count the mails of the same kind, to the same person, about the same event, that came before a mail."""
    values = {"mail": mail.id, "of_user": mail.user_id, "since": since}
    return await _count(work, _OF_THE_SAME, {**values, "of_event": mail.event_id, "of_kind": mail.kind})


async def count_invitations(work: UnitOfWork, mail: DeliveryRow, actor_id: int, since: datetime) -> int:
    """Count the invitations that somebody has sent since an instant, and that went out by mail before a mail."""
    return await _count(work, _INVITATIONS, {"mail": mail.id, "of_actor": actor_id, "since": since})


async def _count(work: UnitOfWork, statement: Statement, values: dict[str, object]) -> int:
    row = await work.one(statement, values)
    return int(row[0]) if row else 0
