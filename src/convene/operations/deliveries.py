"""What goes to webhooks: making deliveries of what people were told, and settling them. A dispatcher asks for it.

Each function is one transaction, or none where there is nothing to do: any number of processes may call them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import orjson

from convene.domain.deliveries import Outcome, Result, retry_delay
from convene.domain.notices import Notice, NoticeKind
from convene.domain.webhooks import PATIENCE, is_unwanted
from convene.domain.zones import utc_rfc3339
from convene.operations.following import Reader, follow
from convene.operations.notifications import put_into_words, told_json
from convene.operations.webhooks import new_message_id
from convene.storage import claims, deliveries, mails, telling, webhooks
from convene.storage.claims import Claimed
from convene.storage.deliveries import NewDelivery
from convene.storage.notifications import NotificationPlace, NotificationRow
from convene.storage.unit_of_work import UnitOfWork, Units
from convene.storage.webhooks import WebhookRow

_BATCH = 200
#: So many webhooks of one user are delivered to at once: whose targets are slow waits for them alone.
_SHARE = 4
_PAUSE_MAX = timedelta(hours=1)


async def tell_webhooks(units: Units) -> bool:
    """Make deliveries of what people with webhooks were told; says whether there may be more to make at once."""
    return await follow(units, _WEBHOOKS)


async def _any_told(work: UnitOfWork, after: NotificationPlace, below: int) -> bool:
    return bool(await deliveries.told_to_webhooks(work, after, below, 1, locked=False))


async def _tell(work: UnitOfWork, after: NotificationPlace, below: int) -> NotificationPlace | None:
    rows = await deliveries.told_to_webhooks(work, after, below, _BATCH, locked=True)
    # A notification whose webhooks do not all fit is told to all of them in the next batch.
    whole = _without_last(rows) if len(rows) == _BATCH else rows
    await deliveries.insert_deliveries(work, await _messages(work, whole))
    return (whole[-1][0].position, whole[-1][0].id) if len(whole) < len(rows) else None


_WEBHOOKS = Reader(deliveries.WEBHOOKS, _any_told, _tell)


def _without_last(rows: Sequence[tuple[NotificationRow, int]]) -> Sequence[tuple[NotificationRow, int]]:
    last = rows[-1][0].id
    return [row for row in rows if row[0].id != last]


async def _messages(work: UnitOfWork, rows: Sequence[tuple[NotificationRow, int]]) -> list[NewDelivery]:
    told = await put_into_words(work, [row for row, _ in rows])
    return [
        NewDelivery(
            message_id=new_message_id(),
            user_id=one.row.user_id,
            channel="webhook",
            kind=one.row.kind,
            due_at=work.now,
            webhook_id=webhook_id,
            event_id=one.row.event_id,
            notification_id=one.row.id,
            payload=orjson.dumps(
                {"type": one.row.kind, "timestamp": utc_rfc3339(one.row.updated_at), "data": told_json(one)}
            ).decode(),
        )
        for one, (_, webhook_id) in zip(told, rows, strict=True)
    ]


async def backlog(units: Units) -> dict[str, tuple[int, float]]:
    """Count by channel what is still to arrive, and say for how many seconds the oldest has been waiting."""
    async with units.reading() as work:
        found = await mails.waiting_deliveries(work)
        return {one.channel: (one.number, (work.now - one.since).total_seconds()) for one in found}


async def claim_webhooks(units: Units, lease: timedelta, most: int) -> list[Claimed]:
    """Claim webhooks that something is due for, each with its first message, for as long as the lease lasts."""
    async with units.reading() as work:
        if not await claims.any_waiting(work, _SHARE):
            return []
    async with units.writing() as work:
        return await claims.claim_webhooks(work, work.now + lease, most, _SHARE)


async def settle(
    units: Units, held: Claimed, outcome: Outcome, *, chance: float, lease: timedelta | None
) -> tuple[Result, Claimed | None]:
    """Write down what came of an attempt; gives the next message to the same webhook, which stays claimed for it.

    An endpoint that fails is left alone for as long as its message; one that wants no more, or has failed for days, is
    switched off, and its owner hears of it.

    Args:
        chance: from 0 to 1, for the delay before the next attempt.
        lease: for how long to claim the webhook further; None lets go of it.
    """
    async with units.writing() as work:
        now_is = await claims.lock_held(work, held)
        if not outcome.arrived:
            return await _failed(work, held, now_is, outcome, chance), None
        await claims.settle(work, held, outcome, None)
        if now_is is None:
            return Result.DELIVERED, None
        if now_is.url == held.webhook.url:
            await claims.webhook_succeeded(work, held)
        if lease is not None and now_is.active:
            return Result.DELIVERED, await claims.claim_next(work, held, work.now + lease)
        await claims.release(work, held)
        return Result.DELIVERED, None


async def _failed(
    work: UnitOfWork, held: Claimed, now_is: WebhookRow | None, outcome: Outcome, chance: float
) -> Result:
    """Write down that an attempt has failed.

    Args:
        now_is: the webhook as it is now; None when it is not held any more, and what is due to it is others' to say.
    """
    if now_is is None:
        return Result.POSTPONED
    delay = outcome.delay(held.delivery.attempts + 1, chance)
    await claims.settle(work, held, outcome, None if delay is None else work.now + delay)
    result = outcome.result(again=delay is not None and now_is.active)
    if not now_is.active or now_is.url != held.webhook.url:  # what became of it says nothing about the webhook as it is
        await claims.release(work, held)
        return result
    since = now_is.failing_since or work.now
    if is_unwanted(outcome) or work.now - since >= PATIENCE:
        await _switch_off(work, held, "gone" if is_unwanted(outcome) else "failing")
        return Result.GIVEN_UP
    pause = min(retry_delay(now_is.failures + 1, chance) or _PAUSE_MAX, _PAUSE_MAX)
    await claims.webhook_failed(work, held, since, work.now + pause)
    return result


async def _switch_off(work: UnitOfWork, held: Claimed, why: str) -> None:
    webhook = held.webhook
    await webhooks.switch_off(work, webhook.user_id, webhook.id, why)
    await deliveries.give_up(work, webhook.id)
    notice = Notice(kind=NoticeKind.WEBHOOK_DISABLED, title=webhook.url[:255], to=webhook.user_id)
    await telling.tell(work, notice)
