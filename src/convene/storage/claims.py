"""Who delivers what: claiming by moving a time, and settling what came of it.

A claim is a lease: on a webhook, so that each hears one message at a time, whatever the number of processes, or on one
mail. A process that dies with something in hand leaves it to others when its lease ends. Skipping what others have
locked is PostgreSQL's part; on SQLite whoever writes is alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, case, null, or_, select, update

from convene.domain.deliveries import Outcome
from convene.storage.deliveries import ROW as DELIVERY
from convene.storage.deliveries import DeliveryRow
from convene.storage.delivery_tables import deliveries, webhooks
from convene.storage.statements import Statement, Values
from convene.storage.tables import users
from convene.storage.unit_of_work import UnitOfWork
from convene.storage.webhooks import ROW as WEBHOOK
from convene.storage.webhooks import WebhookRow

_TIME = deliveries.c.created_at.type
_NOW = bindparam("now", type_=_TIME)


class Claimed(NamedTuple):
    """A message that this process alone delivers from an instant on, until another, and the webhook as it is now."""

    delivery: DeliveryRow
    webhook: WebhookRow
    at: datetime
    lease: datetime


_DUE = and_(deliveries.c.channel == "webhook", deliveries.c.due_at <= _NOW)
_WAITING = (
    select(webhooks.c.id)
    .where(
        webhooks.c.active,
        or_(webhooks.c.busy_until.is_(None), webhooks.c.busy_until <= _NOW),
        or_(webhooks.c.paused_until.is_(None), webhooks.c.paused_until <= _NOW),
        webhooks.c.id.in_(select(deliveries.c.webhook_id).where(_DUE)),
        webhooks.c.user_id.in_(select(users.c.id).where(users.c.is_active)),
    )
    .limit(bindparam("most"))
)
_ANY_WAITING = Statement(_WAITING)
_WAITING_NOW = _WAITING.with_for_update(skip_locked=True).cte("waiting")
_LEASE = bindparam("lease", type_=webhooks.c.busy_until.type)
_CLAIM = Statement(
    update(webhooks)
    .where(webhooks.c.id.in_(select(_WAITING_NOW.c.id)))
    .values(busy_until=_LEASE)
    .returning(webhooks.c.id)
)
_NEXT = Statement(
    select(*DELIVERY, *WEBHOOK)
    .join(webhooks, webhooks.c.id == deliveries.c.webhook_id)
    .where(deliveries.c.webhook_id == bindparam("webhook_id"), _DUE)
    .order_by(deliveries.c.id)
    .limit(1)
)
_HELD = (webhooks.c.id == bindparam("of_webhook"), webhooks.c.busy_until == bindparam("held"))
# On SQLite, whoever writes is alone anyway.
_LOCK_HELD = Statement(select(*WEBHOOK).where(*_HELD).with_for_update())
_GO_ON = Statement(update(webhooks).where(*_HELD).values(busy_until=_LEASE))
_SUCCEEDED = Statement(
    update(webhooks).where(*_HELD).values(failures=0, failing_since=None, paused_until=None, busy_until=_LEASE)
)
_FAILED = Statement(
    update(webhooks)
    .where(*_HELD)
    .values(
        failures=webhooks.c.failures + 1,
        failing_since=bindparam("since", type_=webhooks.c.failing_since.type),
        paused_until=bindparam("pause", type_=webhooks.c.paused_until.type),
        busy_until=None,
    )
)
_RELEASE = Statement(update(webhooks).where(*_HELD).values(busy_until=None))
# What was given up meanwhile stays so; what was asked for once more, and is due at another time, is not touched.
_SETTLING = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("delivery_id"),
        or_(deliveries.c.due_at.is_(None), deliveries.c.due_at == bindparam("held", type_=_TIME)),
    )
    .values(
        attempts=deliveries.c.attempts + 1,
        due_at=case((deliveries.c.due_at.is_(None), null()), else_=bindparam("again", type_=_TIME)),
        attempted_at=_NOW,
        delivered_at=bindparam("arrived", type_=_TIME),
        status_code=bindparam("status", type_=deliveries.c.status_code.type),
        error=bindparam("reason", type_=deliveries.c.error.type),
        duration_ms=bindparam("took", type_=deliveries.c.duration_ms.type),
    )
)
_SETTLE = Statement(_SETTLING)


async def any_waiting(work: UnitOfWork) -> bool:
    """Whether there is a webhook to deliver to now."""
    return await work.one(_ANY_WAITING, {"now": work.now, "most": 1}) is not None


async def claim_webhooks(work: UnitOfWork, lease: datetime, most: int) -> list[Claimed]:
    """Claim webhooks that something is due for, until an instant; gives the first message of each."""
    ids = await work.all(_CLAIM, {"now": work.now, "lease": lease, "most": most})
    found = [await _next_of(work, int(row[0]), lease) for row in ids]
    return [one for one in found if one is not None]


async def _next_of(work: UnitOfWork, webhook_id: int, lease: datetime) -> Claimed | None:
    row = await work.one(_NEXT, {"webhook_id": webhook_id, "now": work.now})
    if row is None:
        return None
    split = len(DeliveryRow._fields)
    return Claimed(DeliveryRow._make(row[:split]), WebhookRow._make(row[split:]), work.now, lease)


async def claim_next(work: UnitOfWork, held: Claimed, lease: datetime) -> Claimed | None:
    """Go on with the next message to the same webhook, or let go of it when there is none."""
    found = await _next_of(work, held.webhook.id, lease)
    values = {"of_webhook": held.webhook.id, "held": held.lease, "lease": lease}
    kept = await work.run(_GO_ON if found else _RELEASE, values)
    return found if kept else None


async def release(work: UnitOfWork, held: Claimed) -> None:
    """Let go of a webhook."""
    await work.run(_RELEASE, {"of_webhook": held.webhook.id, "held": held.lease})


async def lock_held(work: UnitOfWork, held: Claimed) -> WebhookRow | None:
    """The webhook as it is now, changed by nobody else before this transaction ends; None when it is not held any more.

    Its owner may have switched it off or sent it elsewhere; another process may have claimed it, too late as it was.
    """
    row = await work.one(_LOCK_HELD, {"of_webhook": held.webhook.id, "held": held.lease})
    return WebhookRow._make(row) if row else None


async def settle(work: UnitOfWork, held: Claimed, outcome: Outcome, again: datetime | None) -> None:
    """Write down what came of an attempt, and when there will be another one, unless it was given up meanwhile."""
    await work.run(_SETTLE, _settled(work, held.delivery, held.delivery.due_at, outcome, again))


def _settled(
    work: UnitOfWork, delivery: DeliveryRow, due_at: datetime | None, outcome: Outcome, again: datetime | None
) -> Values:
    return {
        "delivery_id": delivery.id,
        "held": due_at,
        "again": None if outcome.arrived else again,
        "arrived": work.now if outcome.arrived else None,
        "status": outcome.status_code,
        "reason": outcome.error,
        "took": outcome.duration_ms,
        "now": work.now,
    }


async def webhook_succeeded(work: UnitOfWork, held: Claimed) -> None:
    """Remember that a webhook works."""
    await work.run(_SUCCEEDED, {"of_webhook": held.webhook.id, "held": held.lease, "lease": held.lease})


async def webhook_failed(work: UnitOfWork, held: Claimed, since: datetime, pause: datetime) -> None:
    """Remember since when a webhook has been failing, leave it alone until an instant, and let go of it."""
    values = {"of_webhook": held.webhook.id, "held": held.lease, "since": since, "pause": pause}
    await work.run(_FAILED, values)


# -- mails ---------------------------------------------------------------------------------------------------


class ClaimedMail(NamedTuple):
    """A mail that this process alone delivers from an instant on, until another."""

    delivery: DeliveryRow
    at: datetime
    lease: datetime


_MAIL_DUE = (
    select(deliveries.c.id)
    .where(deliveries.c.channel == "email", deliveries.c.due_at <= _NOW)
    .order_by(deliveries.c.due_at)
    .limit(bindparam("most"))
)
_ANY_MAIL_DUE = Statement(_MAIL_DUE)
_MAIL_DUE_NOW = _MAIL_DUE.with_for_update(skip_locked=True).cte("due")
# `attempted_at` tells those who fold later edits in that it is too late for this mail.
_CLAIM_MAILS = Statement(
    update(deliveries)
    .where(deliveries.c.id.in_(select(_MAIL_DUE_NOW.c.id)))
    .values(due_at=bindparam("lease", type_=_TIME), attempted_at=_NOW)
    .returning(*DELIVERY)
)


async def any_mail_due(work: UnitOfWork) -> bool:
    """Whether there is a mail to deliver now."""
    return await work.one(_ANY_MAIL_DUE, {"now": work.now, "most": 1}) is not None


async def claim_mails(work: UnitOfWork, lease: datetime, most: int) -> list[ClaimedMail]:
    """Claim mails that are due, until an instant."""
    rows = await work.all(_CLAIM_MAILS, {"now": work.now, "lease": lease, "most": most})
    return [ClaimedMail(DeliveryRow._make(row), work.now, lease) for row in rows]


async def settle_mail(work: UnitOfWork, held: ClaimedMail, outcome: Outcome, again: datetime | None) -> bool:
    """Write down what came of an attempt; False when its lease has ended and somebody else has claimed it since."""
    return await work.run(_SETTLE, _settled(work, held.delivery, held.lease, outcome, again)) == 1
