"""Digests over HTTP: a mail about each day."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import Field

from convene.api.answers import answer
from convene.api.declared import SIGNED_IN, problems
from convene.api.dependencies import Me, ReadWork, WriteWork
from convene.api.fields import text
from convene.api.planned import feature_router
from convene.api.responses import Answer
from convene.api.schemas import Body
from convene.domain.digests import HOUR_DEFAULT
from convene.operations import digests
from convene.operations.digests import WantedDigest

router = feature_router("notifications", "/api/v1/notifications")


class DigestUpdate(Body):
    """When to have a mail about each day: as soon as clocks show an hour."""

    hour: Annotated[int, Field(ge=0, le=23, strict=True)] = HOUR_DEFAULT
    time_zone: text(64) | None = None  # type: ignore[valid-type]
    """One's own without it."""


class DigestAnswer(Answer):
    """Whether one has a mail about each day, and when; if not, when it would be."""

    enabled: bool
    hour: int
    time_zone: str


@router.get("/digest", response_model=DigestAnswer, responses=problems(*SIGNED_IN))
async def read_digest(me: Me, work: ReadWork) -> Response:
    """Read whether one has a mail about each day, and when."""
    return _digest(await digests.read_digest(work, me))


@router.put("/digest", response_model=DigestAnswer, responses=problems(*SIGNED_IN, body=True))
async def ask_for_digest(me: Me, work: WriteWork, body: DigestUpdate) -> Response:
    """Have a mail about each day on which there is something, series too; the next hour that comes is the first."""
    return _digest(await digests.ask_for_digest(work, me, body.hour, body.time_zone))


@router.delete("/digest", status_code=204, responses=problems(*SIGNED_IN))
async def refuse_digest(me: Me, work: WriteWork) -> Response:
    """Have no mail about each day any more."""
    await digests.refuse_digest(work, me)
    return Response(status_code=204)


def _digest(wanted: WantedDigest) -> Response:
    return answer({"enabled": wanted.enabled, "hour": wanted.hour, "time_zone": wanted.time_zone})
