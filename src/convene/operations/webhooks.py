"""Webhooks: where somebody wants to be told by machine, with which secret, and how that has been going."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from convene.domain.content import UNSET, Unset
from convene.domain.errors import NotFound, NotPossibleNow
from convene.domain.notices import NoticeKind
from convene.domain.webhooks import ROTATION, check_url, secret_text
from convene.domain.zones import utc_rfc3339
from convene.operations.identity import SignedIn
from convene.operations.tokens import new_id
from convene.storage import accounts, deliveries, webhooks
from convene.storage.deliveries import DeliveryRow, NewDelivery
from convene.storage.unit_of_work import UnitOfWork
from convene.storage.webhooks import WebhookRow

WEBHOOKS_MAX = 20
KEY_BYTES = 32
PING = "ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChange:
    """What to change about a webhook; `kinds` None is all."""

    url: str | Unset = UNSET
    kinds: Sequence[NoticeKind] | Unset | None = UNSET
    active: bool | Unset = UNSET


async def create(
    work: UnitOfWork, me: SignedIn, url: str, kinds: Sequence[NoticeKind] | None, *, active: bool, allow_private: bool
) -> WebhookRow:
    """Make a webhook; its secret is in what is given, and is shown to nobody again.

    Raises:
        Invalid: no message can be sent to the address, or should be.
        NotPossibleNow: one has too many.
    """
    check_url(url, allow_private=allow_private)
    await accounts.lock_user(work, me.user_id)
    if await webhooks.count_webhooks(work, me.user_id) >= WEBHOOKS_MAX:
        raise NotPossibleNow("too_many_webhooks", f"a user has at most {WEBHOOKS_MAX} webhooks")
    return await webhooks.insert_webhook(work, me.user_id, url, _written(kinds), _new_secret(), active=active)


def _new_secret() -> str:
    return secret_text(secrets.token_bytes(KEY_BYTES))


def _written(kinds: Sequence[NoticeKind] | None) -> list[str] | None:
    return None if kinds is None else sorted({kind.value for kind in kinds})


async def list_webhooks(work: UnitOfWork, me: SignedIn) -> list[WebhookRow]:
    """List one's webhooks."""
    return await webhooks.list_webhooks(work, me.user_id)


async def read(work: UnitOfWork, me: SignedIn, webhook_id: int) -> WebhookRow:
    """Read one of one's webhooks.

    Raises:
        NotFound: one has none with this id.
    """
    return _found(await webhooks.find_webhook(work, me.user_id, webhook_id), webhook_id)


async def _locked(work: UnitOfWork, me: SignedIn, webhook_id: int) -> WebhookRow:
    return _found(await webhooks.lock_webhook(work, me.user_id, webhook_id), webhook_id)


def _found(row: WebhookRow | None, webhook_id: int) -> WebhookRow:
    if row is None:
        raise NotFound("webhook", webhook_id)
    return row


async def change(
    work: UnitOfWork, me: SignedIn, webhook_id: int, wanted: WebhookChange, *, allow_private: bool
) -> WebhookRow:
    """Change where a webhook leads, what it hears, or whether it is switched on.

    Sent elsewhere, it has never failed. Switched on again neither; what was told meanwhile is not sent to it.

    Raises:
        NotFound: one has none with this id.
        Invalid: no message can be sent to the address, or should be.
    """
    row = await _locked(work, me, webhook_id)
    if wanted.url is not UNSET:
        check_url(wanted.url, allow_private=allow_private)
    changed = row._replace(
        url=row.url if wanted.url is UNSET else wanted.url,
        kinds=row.kinds if wanted.kinds is UNSET else _written(wanted.kinds),
        active=row.active if wanted.active is UNSET else wanted.active,
    )
    if row.active and not changed.active:
        await deliveries.give_up(work, row.id)
    if changed.active and not row.active:
        await webhooks.begin_anew(work, row)
    elif changed.url != row.url:
        await webhooks.try_afresh(work, row)
    return await webhooks.change_webhook(work, changed)


async def rotate_secret(work: UnitOfWork, me: SignedIn, webhook_id: int) -> WebhookRow:
    """Give a webhook a new secret; for a day, messages are signed with both.

    Raises:
        NotFound: one has none with this id.
    """
    row = await _locked(work, me, webhook_id)
    return await webhooks.rotate_secret(work, row, _new_secret(), work.now + ROTATION)


async def delete(work: UnitOfWork, me: SignedIn, webhook_id: int) -> None:
    """Delete a webhook with its log.

    Raises:
        NotFound: one has none with this id.
    """
    await webhooks.delete_webhook(work, await _locked(work, me, webhook_id))


async def list_deliveries(
    work: UnitOfWork, me: SignedIn, webhook_id: int, *, below: int, most: int
) -> list[DeliveryRow]:
    """List what went, or goes, to a webhook, the newest first.

    Raises:
        NotFound: one has no webhook with this id.
    """
    row = await read(work, me, webhook_id)
    return await deliveries.list_deliveries(work, row.id, below=below, most=most)


async def redeliver(work: UnitOfWork, me: SignedIn, webhook_id: int, delivery_id: int) -> DeliveryRow:
    """Send a message once more, under the same id; it is due now.

    Raises:
        NotFound: one has no such webhook, or it has no such delivery.
        NotPossibleNow: the webhook is switched off.
    """
    row = await _switched_on(work, me, webhook_id)
    found = await deliveries.deliver_again(work, row.id, delivery_id)
    if found is None:
        raise NotFound("delivery", delivery_id)
    await webhooks.resume(work, row)
    return found


async def ping(work: UnitOfWork, me: SignedIn, webhook_id: int) -> DeliveryRow:
    """Send a webhook a message that tells of nothing; it is due now.

    Raises:
        NotFound: one has none with this id.
        NotPossibleNow: it is switched off.
    """
    row = await _switched_on(work, me, webhook_id)
    await webhooks.resume(work, row)
    payload = {"type": PING, "timestamp": utc_rfc3339(work.now), "data": {"webhook_id": row.id}}
    return await deliveries.insert_delivery(
        work,
        NewDelivery(
            message_id=new_message_id(),
            user_id=me.user_id,
            channel="webhook",
            kind=PING,
            due_at=work.now,
            webhook_id=row.id,
            payload=orjson.dumps(payload).decode(),
        ),
    )


async def _switched_on(work: UnitOfWork, me: SignedIn, webhook_id: int) -> WebhookRow:
    row = await _locked(work, me, webhook_id)
    if not row.active:
        raise NotPossibleNow("webhook_off", "the webhook is switched off; switch it on first")
    return row


def new_message_id() -> str:
    """Make an id for a message: the same however often it is tried, so that whoever hears it twice can tell."""
    return f"msg_{new_id()}"
