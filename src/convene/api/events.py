"""Events over HTTP: create, read, change, delete, restore, check. Lists are in `agenda`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from convene.api.answers import answer, answer_written
from convene.api.bodies import MERGE_PATCH, media_type
from convene.api.compared import compared
from convene.api.declared import ON_EVENT, ON_EVENT_BY_ROLE, SIGNED_IN, problems
from convene.api.dependencies import (
    AllowOverlap,
    Editable,
    Me,
    Owned,
    ReadWork,
    Trashed,
    Viewable,
    WriteWork,
)
from convene.api.event_schemas import EventBatch, EventCheck, EventCreate, EventUpdate
from convene.api.fields import DIGITS, Instant, When
from convene.api.planned import feature_router
from convene.api.preconditions import IfNoneMatch, etag
from convene.api.remembered import written_entry
from convene.api.representation import busy_json, event_json, free_json, new_event_json
from convene.api.responses import Check, Event
from convene.domain.errors import Invalid
from convene.domain.zones import in_utc, utc_rfc3339
from convene.operations import access, checks, events, history, series
from convene.operations.access import TriedEvent
from convene.operations.agenda import Entry
from convene.operations.events import Revision
from convene.storage.events import EventHead

router = feature_router("events", "/api/v1/events")


class Scope(StrEnum):
    """Which part of a series a change or a deletion means."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


AskedScope = Annotated[Scope, Query(description="For a series: `this` occurrence, this and `following`, or `all`.")]
AskedOccurrence = Annotated[
    When | None,
    Query(description="The occurrence that is meant: its `occurrence`, or where the series had it start."),
]


# -- creating ------------------------------------------------------------------------------------------------


@router.post("", status_code=201, response_model=Event, responses=problems(*SIGNED_IN, 409, body=True))
async def create_event(me: Me, work: WriteWork, body: EventCreate, allow_overlap: AllowOverlap) -> Response:
    """Create an event in one's own calendar. Busy time that is taken is refused, unless `on_conflict=allow`."""

    def say(new: EventHead) -> Callable[[int, int], Response]:
        completed, headers = new_event_json(new), {**etag(new), **compared(work.compared_until)}

        def created(event_id: int, calendar_id: int) -> Response:
            location = f"/api/v1/events/{event_id}"
            return answer_written(
                completed(event_id, calendar_id), status=201, headers={**headers, "Location": location}
            )

        return created

    return await events.create(work, me, body.change(), say, allow_overlap=allow_overlap)


@router.post("/batch", status_code=201, response_model=list[Event], responses=problems(*SIGNED_IN, 409, body=True))
async def create_events(me: Me, work: WriteWork, body: EventBatch, allow_overlap: AllowOverlap) -> Response:
    """Create up to 1,000 events, all or none. Problems name the place of the event in the batch."""
    changes = [event.change() for event in body.events]
    heads = await events.create_batch(work, me, changes, allow_overlap=allow_overlap)
    return answer([event_json(head) for head in heads], status=201, headers=compared(work.compared_until))


async def _tried(me: Me, work: ReadWork, body: EventCheck) -> TriedEvent | None:
    return None if body.event_id is None else await access.open_to_try(work, me, body.event_id)


@router.post("/check", response_model=Check, responses=problems(*ON_EVENT_BY_ROLE, body=True))
async def check_event(
    me: Me,
    work: ReadWork,
    body: EventCheck,
    event: Annotated[TriedEvent | None, Depends(_tried, scope="function")],
    scope: AskedScope = Scope.ALL,
    occurrence: AskedOccurrence = None,
) -> Response:
    """Say what an event would conflict with, and the nearest free times, without writing.

    With `event_id`, of which the caller is the owner or an editor, say it of that event if the fields that are sent
    were changed: compared is the agenda of its owner, without the event itself, and only time that it does not take
    already. For a series, all of it is meant, or with `scope=this` one `occurrence`. Editors are told what is in the
    way as far as a refused change would tell them.
    """
    if scope is Scope.FOLLOWING or (event is None and scope is Scope.THIS):
        raise Invalid.at("?scope", "must be all, or of an event that there is also this")
    if scope is Scope.ALL:
        _refuse_name(occurrence)
    if event is None:
        clash, until = await checks.check_new(work, me, body.change())
    else:
        revision = Revision(change=body.change(), seen_as=body.occurrence)
        named = _named(occurrence) if scope is Scope.THIS else None
        clash, until = await checks.check_change(work, event, revision, named)
    return answer(
        {
            "free": clash is None,
            "conflicts": [busy_json(one) for one in clash.conflicts] if clash else [],
            "more": clash is not None and clash.more,
            "nearest_free": [free_json(slot) for slot in clash.nearest_free] if clash else [],
            "checked_until": utc_rfc3339(until),
        }
    )


def _is_patch(request: Request) -> bool:
    kind = media_type(request.headers.get("content-type", ""))
    return request.method == "PATCH" and kind == MERGE_PATCH


# -- one event -----------------------------------------------------------------------------------------------


@router.get("/{event_id}", response_model=Event, responses=problems(*ON_EVENT, 304))
async def read_event(
    event: Viewable,
    work: ReadWork,
    if_none_match: IfNoneMatch,
    as_of: Annotated[Instant | None, Query(description="The event as it was at this instant.")] = None,
    version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="The event as it was in this version."), DIGITS
    ] = None,
) -> Response:
    """Read an event, now or as it was."""
    head = event.head
    if version is not None and as_of is not None:
        raise Invalid.at("?version", "cannot be asked for together with as_of")
    if version is not None:
        head = await history.event_at_version(work, event, version)
    elif as_of is not None:
        head = await history.event_as_of(work, event, in_utc(as_of, "?as_of"))
    headers = etag(head)
    if if_none_match is None or headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    if head is event.head:
        return answer_written(written_entry(Entry(head, None)), headers=headers)
    return answer(event_json(head), headers=headers)


@router.put("/{event_id}", response_model=Event, responses=problems(*ON_EVENT_BY_ROLE, 409, 412, body=True))
async def change_event(
    event: Editable,
    work: WriteWork,
    body: EventUpdate,
    request: Request,
    allow_overlap: AllowOverlap,
    scope: AskedScope = Scope.ALL,
    occurrence: AskedOccurrence = None,
) -> Response:
    """Change the fields that are sent; the others stay.

    `base_version` (or `version`, as read) merges the change with whatever has happened since; `If-Match` refuses it
    instead. With neither, the change is put on the newest version. For a series, `scope` says which part is meant;
    `following` answers with the later half, a new event.
    """
    revision = Revision(
        change=body.change()._replace(is_patch=_is_patch(request)),
        base_version=body.base_version,
        seen_as=body.occurrence,
        allow_overlap=allow_overlap,
        description=body.change_description,
    )
    if scope is Scope.ALL:
        _refuse_name(occurrence)
        head = await events.revise(work, event, revision)
    else:
        revise = series.revise_one if scope is Scope.THIS else series.revise_following
        head = await revise(work, event, _named(occurrence), revision)
    request.scope["state"]["merged"] = work.merged  # counted by `logs`
    headers = {**etag(head), **compared(work.compared_until), "Content-Location": f"/api/v1/events/{head.id}"}
    return answer(event_json(head), headers=headers)


def _refuse_name(occurrence: datetime | date | None) -> None:
    """Whoever names one occurrence and forgets the scope does not mean all of them."""
    if occurrence is not None:
        raise Invalid.at("?scope", "must be this or following when an occurrence is named")


def _named(occurrence: datetime | date | None) -> datetime | date:
    if occurrence is None:
        raise Invalid.at("?occurrence", "is required when scope is this or following")
    return occurrence


router.patch(
    "/{event_id}",
    operation_id="merge_event",
    name="merge_event",
    response_model=Event,
    responses=problems(*ON_EVENT_BY_ROLE, 409, 412, body=True),
    description="The same as PUT: the fields that are sent are changed, and `null` clears. As "
    "`application/merge-patch+json` (RFC 7396), `recurrence_pattern` is changed member by member, too.",
)(change_event)


@router.delete("/{event_id}", status_code=204, responses=problems(*ON_EVENT_BY_ROLE, 412))
async def delete_event(
    event: Owned,
    work: WriteWork,
    scope: AskedScope = Scope.ALL,
    occurrence: AskedOccurrence = None,
) -> Response:
    """Put an event into the trash for 30 days; or take one occurrence, or this and all following, out of a series."""
    if scope is Scope.ALL:
        _refuse_name(occurrence)
        await events.delete(work, event)
    else:
        drop = series.delete_one if scope is Scope.THIS else series.delete_following
        await drop(work, event, _named(occurrence))
    return Response(status_code=204)


@router.post("/{event_id}/restore", response_model=Event, responses=problems(*ON_EVENT, 409, 412))
async def restore_event(event: Trashed, work: WriteWork, allow_overlap: AllowOverlap) -> Response:
    """Take an event out of the trash."""
    head = await events.restore(work, event, allow_overlap=allow_overlap)
    return answer(event_json(head), headers={**etag(head), **compared(work.compared_until)})
