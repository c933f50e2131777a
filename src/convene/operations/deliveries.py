"""Making deliveries of what people were told, and settling what came of them. No user asks for this; a dispatcher does.

Each function is one transaction, or none where there is nothing to do: any number of processes may call them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import orjson

from convene.domain.notices import Notice, NoticeKind
from convene.domain.webhooks import PATIENCE, Outcome, retry_delay
from convene.domain.zones import utc_rfc3339
from convene.operations.notifications import put_into_words, told_json
from convene.operations.sync import clock_of
from convene.operations.webhooks import new_message_id
from convene.storage import claims, deliveries, notifications, webhooks
from convene.storage.claims import Claimed
from convene.storage.deliveries import NewDelivery
from convene.storage.notifications import NotificationRow
from convene.storage.unit_of_work import UnitOfWork, Units

_BATCH = 200
#: A reader that finds nothing remembers how far it came only when that is far: remembering is a write.
_FAR = 10_000
_LAST_ROW = 2**63 - 1
_PAUSE_MAX = timedelta(hours=1)
_READER = "webhooks"


async def tell_webhooks(units: Units) -> bool:
    """Make deliveries of what people with webhooks were told; says whether there may be more to make at once."""
    async with units.reading() as work:
        place = await deliveries.place_of(work, _READER)
        settled = (await clock_of(work)).settled
        some = await deliveries.told_to_webhooks(work, place, settled, 1, locked=False)
    if not some and settled - place[0] < _FAR:
        return False
    async with units.writing() as work:
        place = await deliveries.place_of(work, _READER, locked=True)
        settled = (await clock_of(work)).settled
        rows = await deliveries.told_to_webhooks(work, place, settled, _BATCH, locked=True)
        # A notification whose webhooks do not all fit is told to all of them in the next batch.
        whole = _without_last(rows) if len(rows) == _BATCH else rows
        await deliveries.insert_deliveries(work, await _messages(work, whole))
        more = len(whole) < len(rows)
        read = (whole[-1][0].position, whole[-1][0].id) if more else (settled - 1, _LAST_ROW)
        await deliveries.move_place(work, _READER, max(place, read))
    return more


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


async def claim_webhooks(units: Units, lease: timedelta, most: int) -> list[Claimed]:
    """Claim webhooks that something is due for, each with its first message, for as long as the lease lasts."""
    async with units.reading() as work:
        if not await claims.any_waiting(work):
            return []
    async with units.writing() as work:
        return await claims.claim_webhooks(work, work.now + lease, most)


async def settle(
    units: Units, held: Claimed, outcome: Outcome, *, chance: float, lease: timedelta | None
) -> Claimed | None:
    """Write down what came of an attempt; gives the next message to the same webhook, which stays claimed for it.

    An endpoint that fails is left alone for as long as its message; one that wants no more, or has failed for days, is
    switched off, and its owner hears of it.

    Args:
        chance: from 0 to 1, for the delay before the next attempt.
        lease: for how long to claim the webhook further; None lets go of it.
    """
    async with units.writing() as work:
        if outcome.arrived:
            await claims.settle(work, held.delivery.id, outcome, None)
            if not await claims.webhook_succeeded(work, held):
                return None
            if lease is not None:
                return await claims.claim_next(work, held, work.now + lease)
            await claims.release(work, held)
            return None
        await _failed(work, held, outcome, chance)
        return None


async def _failed(work: UnitOfWork, held: Claimed, outcome: Outcome, chance: float) -> None:
    delay = retry_delay(held.delivery.attempts + 1, chance)
    await claims.settle(work, held.delivery.id, outcome, None if delay is None else work.now + delay)
    since = held.webhook.failing_since or work.now
    if outcome.unwanted or work.now - since >= PATIENCE:
        await _switch_off(work, held, "gone" if outcome.unwanted else "failing")
        return
    pause = min(retry_delay(held.webhook.failures + 1, chance) or _PAUSE_MAX, _PAUSE_MAX)
    await claims.webhook_failed(work, held, since, work.now + pause)


async def _switch_off(work: UnitOfWork, held: Claimed, why: str) -> None:
    webhook = held.webhook
    if not await webhooks.switch_off(work, webhook.user_id, webhook.id, why):
        return
    await deliveries.give_up(work, webhook.id)
    notice = Notice(kind=NoticeKind.WEBHOOK_DISABLED, title=webhook.url[:255], to=webhook.user_id)
    await notifications.tell(work, notice)
