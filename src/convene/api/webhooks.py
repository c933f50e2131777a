"""Webhooks over HTTP: what is read, what is answered, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Response
from pydantic import ConfigDict, Field

from convene.api.answers import answer
from convene.api.declared import SIGNED_IN, problems
from convene.api.dependencies import ID_MAX, Held, Me, ReadWork, WriteWork
from convene.api.fields import DIGITS, text, without_defaults
from convene.api.paging import AskedPage
from convene.api.planned import feature_router
from convene.api.responses import Answer
from convene.api.schemas import Body
from convene.domain.content import UNSET
from convene.domain.notices import NoticeKind
from convene.domain.webhooks import URL_MAX
from convene.domain.zones import utc_rfc3339
from convene.operations import webhooks
from convene.operations.webhooks import WebhookChange
from convene.storage.deliveries import DeliveryRow
from convene.storage.webhooks import WebhookRow

router = feature_router("webhooks", "/api/v1")

JsonObject = dict[str, Any]
Kinds = Annotated[list[NoticeKind], Field(min_length=1, max_length=50)]
WebhookId = Annotated[int, Path(ge=1, le=ID_MAX, description="The webhook's id."), DIGITS]
DeliveryId = Annotated[int, Path(ge=1, le=ID_MAX, description="The delivery's id."), DIGITS]


class WebhookCreate(Body):
    """Where to send messages, and which."""

    url: text(URL_MAX)  # type: ignore[valid-type]
    """http or https. Addresses that are not public are refused, also when a name turns out to lead to one."""
    kinds: Kinds | None = None
    """Which kinds of notifications to send; all without."""
    active: Annotated[bool, Field(strict=True)] = True


class WebhookUpdate(Body):
    """What to change; the others stay. `kinds: null` is all."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    url: text(URL_MAX) = ""  # type: ignore[valid-type]
    kinds: Kinds | None = None
    active: Annotated[bool, Field(strict=True)] = True

    def change(self) -> WebhookChange:
        """As the operation reads it."""
        sent = self.model_fields_set
        return WebhookChange(
            url=self.url if "url" in sent else UNSET,
            kinds=self.kinds if "kinds" in sent else UNSET,
            active=self.active if "active" in sent else UNSET,
        )


class Webhook(Answer):
    """Where somebody's messages go."""

    id: int
    url: str
    kinds: list[NoticeKind] | None
    active: bool
    switched_off: Literal["failing", "gone"] | None
    """Why it was switched off, when it was not its owner: it failed for days, or answered 410."""
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(Webhook):
    """A webhook and the secret that signs its messages, which is not shown again."""

    secret: str


class Delivery(Answer):
    """A message to a webhook, and how that went."""

    id: int
    message_id: str
    """The same in each attempt: `webhook-id`."""
    kind: str
    status: Literal["waiting", "delivered", "failed"]
    attempts: int
    status_code: int | None
    """Of the last attempt; null when there was no answer."""
    error: str | None
    duration_ms: int | None
    created_at: datetime
    attempted_at: datetime | None
    next_attempt_at: datetime | None


def _when(moment: datetime | None) -> str | None:
    return utc_rfc3339(moment) if moment else None


def _webhook_json(row: WebhookRow) -> JsonObject:
    return {
        "id": row.id,
        "url": row.url,
        "kinds": row.kinds,
        "active": row.active,
        "switched_off": row.switched_off,
        "created_at": utc_rfc3339(row.created_at),
        "updated_at": utc_rfc3339(row.updated_at),
    }


def _with_secret(row: WebhookRow) -> JsonObject:
    return {**_webhook_json(row), "secret": row.secret}


def _delivery_json(row: DeliveryRow) -> JsonObject:
    return {
        "id": row.id,
        "message_id": row.message_id,
        "kind": row.kind,
        "status": "delivered" if row.delivered_at else "waiting" if row.due_at else "failed",
        "attempts": row.attempts,
        "status_code": row.status_code,
        "error": row.error,
        "duration_ms": row.duration_ms,
        "created_at": utc_rfc3339(row.created_at),
        "attempted_at": _when(row.attempted_at),
        "next_attempt_at": _when(row.due_at),
    }


@router.post(
    "/webhooks", status_code=201, response_model=WebhookWithSecret, responses=problems(*SIGNED_IN, 409, body=True)
)
async def create_webhook(held: Held, me: Me, work: WriteWork, body: WebhookCreate) -> Response:
    """Be told by machine: each notification is posted to an address, signed as Standard Webhooks says.

    The answer has the secret, which is not shown again.
    """
    row = await webhooks.create(
        work, me, body.url, body.kinds, active=body.active, allow_private=held.allow_private_targets
    )
    return answer(_with_secret(row), status=201, headers={"Location": f"/api/v1/webhooks/{row.id}"})


@router.get("/webhooks", response_model=list[Webhook], responses=problems(*SIGNED_IN))
async def list_webhooks(me: Me, work: ReadWork) -> Response:
    """List one's webhooks, the oldest first."""
    return answer([_webhook_json(row) for row in await webhooks.list_webhooks(work, me)])


@router.get("/webhooks/{webhook_id}", response_model=Webhook, responses=problems(*SIGNED_IN, 404))
async def read_webhook(me: Me, work: ReadWork, webhook_id: WebhookId) -> Response:
    """Read a webhook."""
    return answer(_webhook_json(await webhooks.read(work, me, webhook_id)))


@router.patch("/webhooks/{webhook_id}", response_model=Webhook, responses=problems(*SIGNED_IN, 404, body=True))
async def change_webhook(held: Held, me: Me, work: WriteWork, webhook_id: WebhookId, body: WebhookUpdate) -> Response:
    """Change where a webhook leads, what it hears, or switch it off or on. What was told meanwhile is not sent."""
    row = await webhooks.change(work, me, webhook_id, body.change(), allow_private=held.allow_private_targets)
    return answer(_webhook_json(row))


@router.delete("/webhooks/{webhook_id}", status_code=204, responses=problems(*SIGNED_IN, 404))
async def delete_webhook(me: Me, work: WriteWork, webhook_id: WebhookId) -> Response:
    """Delete a webhook with its log."""
    await webhooks.delete(work, me, webhook_id)
    return Response(status_code=204)


@router.post("/webhooks/{webhook_id}/rotate", response_model=WebhookWithSecret, responses=problems(*SIGNED_IN, 404))
async def rotate_webhook_secret(me: Me, work: WriteWork, webhook_id: WebhookId) -> Response:
    """Give a webhook a new secret. For 24 hours, messages carry two signatures: of the new one and of the old one."""
    return answer(_with_secret(await webhooks.rotate_secret(work, me, webhook_id)))


@router.post(
    "/webhooks/{webhook_id}/test", status_code=202, response_model=Delivery, responses=problems(*SIGNED_IN, 404, 409)
)
async def test_webhook(me: Me, work: WriteWork, webhook_id: WebhookId) -> Response:
    """Send a message of the kind `ping`; the log of deliveries says what came of it."""
    return answer(_delivery_json(await webhooks.ping(work, me, webhook_id)), status=202)


@router.get("/webhooks/{webhook_id}/deliveries", response_model=list[Delivery], responses=problems(*SIGNED_IN, 404))
async def list_deliveries(me: Me, work: ReadWork, page: AskedPage, webhook_id: WebhookId) -> Response:
    """List what went, or goes, to a webhook, the newest first."""
    place = page.after(int)
    below = ID_MAX if place is None else min(max(int(str(place[0])), 0), ID_MAX)
    rows = await webhooks.list_deliveries(work, me, webhook_id, below=below, most=page.limit + 1)
    return page.respond(rows, _delivery_json, lambda row: [row.id])


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
    status_code=202,
    response_model=Delivery,
    responses=problems(*SIGNED_IN, 404, 409),
)
async def redeliver(me: Me, work: WriteWork, webhook_id: WebhookId, delivery_id: DeliveryId) -> Response:
    """Send a message once more, with the id that it had."""
    return answer(_delivery_json(await webhooks.redeliver(work, me, webhook_id, delivery_id)), status=202)
