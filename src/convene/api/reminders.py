"""Reminders over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import Field

from convene.api.answers import answer
from convene.api.declared import ON_EVENT, problems
from convene.api.dependencies import Leavable, ReadWork, Viewable, WriteWork
from convene.api.planned import feature_router
from convene.api.responses import Answer
from convene.api.schemas import Body
from convene.domain.reminders import MINUTES_MAX, REMINDERS_MAX
from convene.operations import reminders

router = feature_router("notifications", "/api/v1/events/{event_id}")

Minutes = Annotated[int, Field(ge=0, le=MINUTES_MAX, strict=True)]


class ReminderUpdate(Body):
    """How many minutes before the event begins to be told, each occurrence of a series anew; all others go."""

    minutes: Annotated[list[Minutes], Field(max_length=REMINDERS_MAX)]


class Reminders(Answer):
    """One's reminders of an event."""

    minutes: list[int]


@router.get("/reminders", response_model=Reminders, responses=problems(*ON_EVENT))
async def list_reminders(event: Viewable, work: ReadWork) -> Response:
    """List how many minutes before the event begins the caller is reminded of it."""
    return answer({"minutes": await reminders.list_reminders(work, event)})


@router.put("/reminders", response_model=Reminders, responses=problems(*ON_EVENT, 412, body=True))
async def set_reminders(event: Leavable, work: WriteWork, body: ReminderUpdate) -> Response:
    """Be reminded of the event, and of each occurrence of a series; nobody else is. They move along with it."""
    return answer({"minutes": await reminders.set_reminders(work, event, body.minutes)})


@router.delete("/reminders", status_code=204, responses=problems(*ON_EVENT, 412))
async def delete_reminders(event: Leavable, work: WriteWork) -> Response:
    """Be reminded of the event no more."""
    await reminders.delete_reminders(work, event)
    return Response(status_code=204)
