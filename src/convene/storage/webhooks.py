"""Webhooks as rows: where somebody's messages go, with which secrets, and how that has been going."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from convene.storage.delivery_tables import deliveries, webhooks
from convene.storage.positions import transaction_position
from convene.storage.statements import Statement
from convene.storage.unit_of_work import UnitOfWork


class WebhookRow(NamedTuple):
    """A webhook as stored. `kinds` is None for all; `switched_off` says why, when it was not its owner."""

    id: int
    user_id: int
    url: str
    kinds: list[str] | None
    active: bool
    switched_off: str | None
    secret: str
    former_secret: str | None
    former_until: datetime | None
    failures: int
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign now, the newest first."""
        if self.former_secret is not None and self.former_until is not None and now < self.former_until:
            return self.secret, self.former_secret
        return (self.secret,)


ROW = tuple(webhooks.c[name] for name in WebhookRow._fields)
_NOW = bindparam("now", type_=webhooks.c.updated_at.type)
_OWN = (webhooks.c.user_id == bindparam("me"), webhooks.c.id == bindparam("webhook_id"))


def _given(*names: str) -> dict[str, Any]:
    return {name: bindparam(f"new_{name}", type_=webhooks.c[name].type) for name in names}


_INSERT = Statement(
    insert(webhooks)
    .values(
        **_given("user_id", "url", "kinds", "active", "secret"),
        since_position=transaction_position(),
        failures=0,
        created_at=_NOW,
        updated_at=_NOW,
    )
    .returning(*ROW)
)
_COUNT = Statement(select(func.count()).where(webhooks.c.user_id == bindparam("me")))
_LIST = Statement(select(*ROW).where(webhooks.c.user_id == bindparam("me")).order_by(webhooks.c.id))
_FIND = Statement(select(*ROW).where(*_OWN))
_LOCK = Statement(select(*ROW).where(*_OWN).with_for_update())  # on SQLite, whoever writes is alone anyway
_CHANGE = Statement(
    update(webhooks).where(*_OWN).values(**_given("url", "kinds", "active"), updated_at=_NOW).returning(*ROW)
)
_BEGIN_ANEW = Statement(
    update(webhooks)
    .where(*_OWN)
    .values(since_position=transaction_position(), failures=0, failing_since=None, paused_until=None, switched_off=None)
)
_TRY_AFRESH = Statement(update(webhooks).where(*_OWN).values(failures=0, failing_since=None, paused_until=None))
_ROTATE = Statement(
    update(webhooks)
    .where(*_OWN)
    .values(
        former_secret=webhooks.c.secret,
        former_until=bindparam("until", type_=webhooks.c.former_until.type),
        **_given("secret"),
        updated_at=_NOW,
    )
    .returning(*ROW)
)
_SWITCH_OFF = Statement(
    update(webhooks)
    .where(*_OWN, webhooks.c.active)
    .values(active=False, **_given("switched_off"), busy_until=None, paused_until=None, updated_at=_NOW)
)
_RESUME = Statement(update(webhooks).where(*_OWN).values(paused_until=None))
_FORGET_DELIVERIES = Statement(delete(deliveries).where(deliveries.c.webhook_id == bindparam("webhook_id")))
_DELETE = Statement(delete(webhooks).where(*_OWN))


async def insert_webhook(
    work: UnitOfWork, user_id: int, url: str, kinds: Sequence[str] | None, secret: str, *, active: bool
) -> WebhookRow:
    """Write a new webhook."""
    values = {"url": url, "kinds": kinds, "secret": secret, "active": active, "user_id": user_id}
    row = await work.one(_INSERT, {f"new_{name}": value for name, value in values.items()} | {"now": work.now})
    assert row is not None  # noqa: S101 - an INSERT with RETURNING has a row
    return WebhookRow._make(row)


async def count_webhooks(work: UnitOfWork, user_id: int) -> int:
    """Count a user's webhooks."""
    row = await work.one(_COUNT, {"me": user_id})
    return int(row[0]) if row else 0


async def list_webhooks(work: UnitOfWork, user_id: int) -> list[WebhookRow]:
    """List a user's webhooks, the oldest first."""
    return [WebhookRow._make(row) for row in await work.all(_LIST, {"me": user_id})]


async def find_webhook(work: UnitOfWork, user_id: int, webhook_id: int) -> WebhookRow | None:
    """Find one of a user's webhooks."""
    row = await work.one(_FIND, {"me": user_id, "webhook_id": webhook_id})
    return WebhookRow._make(row) if row else None


async def lock_webhook(work: UnitOfWork, user_id: int, webhook_id: int) -> WebhookRow | None:
    """Find one of a user's webhooks, and let nobody else change it before this transaction ends."""
    row = await work.one(_LOCK, {"me": user_id, "webhook_id": webhook_id})
    return WebhookRow._make(row) if row else None


async def change_webhook(work: UnitOfWork, row: WebhookRow) -> WebhookRow:
    """Write what is different about a webhook that is locked: url, kinds, active."""
    wanted = {"new_url": row.url, "new_kinds": row.kinds, "new_active": row.active}
    return await _changed(work, _CHANGE, row, wanted)


async def _changed(work: UnitOfWork, statement: Statement, row: WebhookRow, values: Mapping[str, Any]) -> WebhookRow:
    found = await work.one(statement, {**values, "me": row.user_id, "webhook_id": row.id, "now": work.now})
    assert found is not None  # noqa: S101 - the row is locked
    return WebhookRow._make(found)


async def begin_anew(work: UnitOfWork, row: WebhookRow) -> None:
    """Forget how it has been going, and leave out what was told until now."""
    await work.run(_BEGIN_ANEW, {"me": row.user_id, "webhook_id": row.id})


async def try_afresh(work: UnitOfWork, row: WebhookRow) -> None:
    """Forget how it has been going: it leads elsewhere now."""
    await work.run(_TRY_AFRESH, {"me": row.user_id, "webhook_id": row.id})


async def resume(work: UnitOfWork, row: WebhookRow) -> None:
    """Wait no longer before the next attempt."""
    await work.run(_RESUME, {"me": row.user_id, "webhook_id": row.id})


async def rotate_secret(work: UnitOfWork, row: WebhookRow, secret: str, former_until: datetime) -> WebhookRow:
    """Give a webhook that is locked a new secret; the one that it had signs too until an instant."""
    return await _changed(work, _ROTATE, row, {"new_secret": secret, "until": former_until})


async def switch_off(work: UnitOfWork, user_id: int, webhook_id: int, why: str) -> None:
    """Switch a webhook off."""
    values = {"me": user_id, "webhook_id": webhook_id, "new_switched_off": why, "now": work.now}
    await work.run(_SWITCH_OFF, values)


async def delete_webhook(work: UnitOfWork, row: WebhookRow) -> None:
    """Delete a webhook that is locked, with its log."""
    await work.run(_FORGET_DELIVERIES, {"webhook_id": row.id})
    await work.run(_DELETE, {"me": row.user_id, "webhook_id": row.id})
