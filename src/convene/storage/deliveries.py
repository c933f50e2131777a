"""Deliveries as rows: what goes out to a webhook or by e-mail, when it is due, and how that went.

They are made from what has been written already, by readers who keep their places here; see docs/architecture.md.
Who delivers them is in `claims`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select, update

from convene.storage.delivery_tables import deliveries, delivery_places, webhooks
from convene.storage.notifications import BEYOND, IN_ORDER, NOTIFICATION, NotificationPlace, NotificationRow
from convene.storage.positions import settled_position
from convene.storage.statements import Statement, Values, inserting
from convene.storage.tables import notifications, users
from convene.storage.types import in_json_list
from convene.storage.unit_of_work import UnitOfWork


class DeliveryRow(NamedTuple):
    """A delivery as stored. It is due until it has arrived (`delivered_at`) or been given up (`due_at` is None)."""

    id: int
    message_id: str
    user_id: int
    channel: str
    webhook_id: int | None
    event_id: int | None
    notification_id: int | None
    kind: str
    payload: str | None
    attempts: int
    due_at: datetime | None
    attempted_at: datetime | None
    delivered_at: datetime | None
    status_code: int | None
    error: str | None
    duration_ms: int | None
    created_at: datetime


ROW = tuple(deliveries.c[name] for name in DeliveryRow._fields)
_TIME = deliveries.c.created_at.type
_NOW = bindparam("now", type_=_TIME)


# -- making them ---------------------------------------------------------------------------------------------

_NEW = (
    "message_id", "user_id", "channel", "webhook_id", "event_id", "notification_id", "kind", "payload", "attempts",
    "due_at", "created_at",
)  # fmt: skip
_INSERT = Statement(inserting(deliveries, *_NEW).returning(*ROW))
_INSERT_MANY = Statement(inserting(deliveries, *_NEW))


class NewDelivery(NamedTuple):
    """What goes out: to a webhook (`webhook_id`, `payload`), or by e-mail about a notification."""

    message_id: str
    user_id: int
    channel: str
    kind: str
    due_at: datetime
    webhook_id: int | None = None
    event_id: int | None = None
    notification_id: int | None = None
    payload: str | None = None


def _new_row(work: UnitOfWork, new: NewDelivery) -> Values:
    return {**new._asdict(), "attempts": 0, "created_at": work.now}


async def insert_delivery(work: UnitOfWork, new: NewDelivery) -> DeliveryRow:
    """Write one delivery."""
    row = await work.one(_INSERT, _new_row(work, new))
    assert row is not None  # noqa: S101 - an INSERT with RETURNING has a row
    return DeliveryRow._make(row)


async def insert_deliveries(work: UnitOfWork, new: Sequence[NewDelivery]) -> None:
    """Write deliveries."""
    await work.many(_INSERT_MANY, [_new_row(work, one) for one in new])


#: The reader that makes deliveries to webhooks.
WEBHOOKS = "webhooks"

_PLACE = select(delivery_places.c.position, delivery_places.c.row_id, settled_position()).where(
    delivery_places.c.reader == bindparam("of_reader")
)
_READ_PLACE = Statement(_PLACE)
_LOCK_PLACE = Statement(_PLACE.with_for_update())
_MOVE_PLACE = Statement(
    update(delivery_places)
    .where(delivery_places.c.reader == bindparam("of_reader"))
    .values(position=bindparam("to_position"), row_id=bindparam("to_row"))
)


async def place_of(work: UnitOfWork, reader: str, *, locked: bool = False) -> tuple[NotificationPlace, int]:
    """How far a reader has come, and how far the order of changes is settled at least.

    Locked, nobody else reads in its name before this transaction ends.
    """
    row = await work.one(_LOCK_PLACE if locked else _READ_PLACE, {"of_reader": reader})
    assert row is not None  # noqa: S101 - the migration that makes the table writes the rows
    return (row[0], row[1]), row[2]


async def move_place(work: UnitOfWork, reader: str, place: NotificationPlace) -> None:
    """Remember how far a reader has come."""
    await work.run(_MOVE_PLACE, {"of_reader": reader, "to_position": place[0], "to_row": place[1]})


_OWNERS = users.alias("owners")
_FOR_WEBHOOKS = (
    NOTIFICATION.add_columns(webhooks.c.id)
    .join(webhooks, webhooks.c.user_id == notifications.c.user_id)
    .join(_OWNERS, _OWNERS.c.id == webhooks.c.user_id)
    .where(
        webhooks.c.active,
        _OWNERS.c.is_active,
        notifications.c.position > webhooks.c.since_position,
        or_(webhooks.c.kinds.is_(None), in_json_list(notifications.c.kind, webhooks.c.kinds, text=True)),
        BEYOND,
        notifications.c.position < bindparam("below"),
    )
    .order_by(*IN_ORDER, webhooks.c.id)
    .limit(bindparam("most"))
)
_READ_FOR_WEBHOOKS = Statement(_FOR_WEBHOOKS)
# A webhook that is being deleted is waited for, and then left out.
_LOCK_FOR_WEBHOOKS = Statement(_FOR_WEBHOOKS.with_for_update(read=True, key_share=True, of=webhooks))


async def told_to_webhooks(
    work: UnitOfWork, after: NotificationPlace, below: int, most: int, *, locked: bool
) -> list[tuple[NotificationRow, int]]:
    """List what webhooks are to hear after a place and below a position, in order: (notification, webhook id)."""
    values = {"above": after[0], "above_id": after[1], "below": below, "most": most}
    rows = await work.all(_LOCK_FOR_WEBHOOKS if locked else _READ_FOR_WEBHOOKS, values)
    return [(NotificationRow._make(row[:-1]), row[-1]) for row in rows]


# -- the log -------------------------------------------------------------------------------------------------

_OF_WEBHOOK = deliveries.c.webhook_id == bindparam("webhook_id")
_LOG = Statement(
    select(*ROW)
    .where(_OF_WEBHOOK, deliveries.c.id < bindparam("below"))
    .order_by(deliveries.c.id.desc())
    .limit(bindparam("most"))
)
_AGAIN = Statement(
    update(deliveries)
    .where(_OF_WEBHOOK, deliveries.c.id == bindparam("delivery_id"))
    .values(attempts=0, due_at=_NOW, delivered_at=None, status_code=None, error=None, duration_ms=None)
    .returning(*ROW)
)
_GIVE_UP = Statement(
    update(deliveries).where(_OF_WEBHOOK, deliveries.c.due_at.is_not(None)).values(due_at=None, error="switched off")
)


_GIVE_UP_ALL = Statement(
    update(deliveries)
    .where(
        deliveries.c.webhook_id.in_(select(webhooks.c.id).where(webhooks.c.user_id == bindparam("me"))),
        deliveries.c.due_at.is_not(None),
    )
    .values(due_at=None, error="switched off")
)


async def list_deliveries(work: UnitOfWork, webhook_id: int, *, below: int, most: int) -> list[DeliveryRow]:
    """List what went, or goes, to a webhook, the newest first."""
    rows = await work.all(_LOG, {"webhook_id": webhook_id, "below": below, "most": most})
    return [DeliveryRow._make(row) for row in rows]


async def deliver_again(work: UnitOfWork, webhook_id: int, delivery_id: int) -> DeliveryRow | None:
    """Let a delivery be due now, as if it had never been tried; None when there is none with this id."""
    row = await work.one(_AGAIN, {"webhook_id": webhook_id, "delivery_id": delivery_id, "now": work.now})
    return DeliveryRow._make(row) if row else None


async def give_up(work: UnitOfWork, webhook_id: int) -> None:
    """Try no more of what is still due to a webhook."""
    await work.run(_GIVE_UP, {"webhook_id": webhook_id})


async def give_up_all(work: UnitOfWork, user_id: int) -> None:
    """Try no more of what is still due to any of a user's webhooks."""
    await work.run(_GIVE_UP_ALL, {"me": user_id})
