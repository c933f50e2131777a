"""Events over HTTP: create, read, list, change, delete, restore, check."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from convene.api.dependencies import (
    ID_MAX,
    AllowOverlap,
    Editable,
    IfMatch,
    IfNoneMatch,
    Me,
    Owned,
    ReadWork,
    Trashed,
    Viewable,
    WriteWork,
)
from convene.api.fields import Instant, When
from convene.api.paging import AskedPage
from convene.api.representation import answer, busy_json, entry_json, etag, event_json, free_json
from convene.api.responses import (
    ON_EVENT,
    ON_EVENT_BY_ROLE,
    SIGNED_IN,
    Check,
    Event,
    EventOrOccurrence,
    problems,
)
from convene.api.schemas import EventBatch, EventCreate, EventUpdate
from convene.domain.changes import new_content, occurrence_name
from convene.domain.errors import Invalid
from convene.domain.roles import Role
from convene.domain.zones import check_range, in_utc, instant, utc_rfc3339, zone
from convene.operations import agenda, bookings, events, history, series
from convene.operations.agenda import Entry
from convene.operations.bookings import Booking
from convene.operations.events import Revision
from convene.operations.identity import SignedIn
from convene.storage.events import EventHead
from convene.storage.lists import EventFilter

router = APIRouter(prefix="/api/v1/events", tags=["events"])


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
    head = await events.create(work, me, body.change(), allow_overlap=allow_overlap)
    headers = {**etag(head), "Location": f"/api/v1/events/{head.id}"}
    return answer(event_json(head), status=201, headers=headers)


@router.post("/batch", status_code=201, response_model=list[Event], responses=problems(*SIGNED_IN, 409, body=True))
async def create_events(me: Me, work: WriteWork, body: EventBatch, allow_overlap: AllowOverlap) -> Response:
    """Create up to 1,000 events, all or none. Problems name the place of the event in the batch."""
    changes = [event.change() for event in body.events]
    heads = await events.create_batch(work, me, changes, allow_overlap=allow_overlap)
    return answer([event_json(head) for head in heads], status=201)


@router.post("/check", response_model=Check, responses=problems(*SIGNED_IN, body=True))
async def check_event(me: Me, work: ReadWork, body: EventCreate) -> Response:
    """Say what an event would conflict with, and the nearest free times, without writing."""
    content = new_content(body.change(), default_zone=me.time_zone)
    clash, until = await bookings.find_clash(work, Booking(me.user_id, me, content))
    return answer(
        {
            "free": clash is None,
            "conflicts": [busy_json(one) for one in clash.conflicts] if clash else [],
            "more": clash is not None and clash.more,
            "nearest_free": [free_json(slot) for slot in clash.nearest_free] if clash else [],
            "checked_until": utc_rfc3339(until),
        }
    )


# -- lists ---------------------------------------------------------------------------------------------------


def _edge(edge: datetime | date | None, me: SignedIn, *, name: str, is_end: bool) -> datetime | None:
    """Read an edge of a window; a bare date is the whole day in the caller's zone."""
    if edge is None:
        return None
    if not isinstance(edge, datetime):
        edge = datetime(edge.year, edge.month, edge.day)  # noqa: DTZ001 - wall time
        check_range(edge.replace(tzinfo=zone("UTC")), f"?{name}")
        edge += timedelta(days=1 if is_end else 0)
    if edge.tzinfo is not None:
        return in_utc(edge, f"?{name}")
    check_range(edge.replace(tzinfo=zone("UTC")), f"?{name}")
    return instant(edge, zone(me.time_zone))


async def _window(
    me: Me,
    from_: Annotated[When | None, Query(alias="from", description="Occurrences from here on.")] = None,
    to: Annotated[When | None, Query(description="Occurrences before this; a bare date includes that day.")] = None,
    start_date: Annotated[When | None, Query(description="The same as `from`.")] = None,
    end_date: Annotated[When | None, Query(description="The same as `to`.")] = None,
) -> agenda.Window | None:
    after = _edge(from_ or start_date, me, name="from", is_end=False)
    before = _edge(to or end_date, me, name="to", is_end=True)
    return agenda.window(after, before)


AskedWindow = Annotated[agenda.Window | None, Depends(_window)]


async def _filter(
    window: AskedWindow,
    q: Annotated[str | None, Query(max_length=200, description="Text in what is written about an event or an occurrence of it; case does not matter.")] = None,
    role: Annotated[Role | None, Query(description="Only events on which the caller has this role.")] = None,
    owner_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    calendar_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    is_recurring: Annotated[bool | None, Query(description="Only series, or only single events.")] = None,
    updated_since: Annotated[Instant | None, Query(description="Only events changed since.")] = None,
) -> EventFilter:
    if q is not None and "\x00" in q:
        raise Invalid.at("?q", "must not contain NUL")
    if updated_since is not None:
        updated_since = in_utc(updated_since, "?updated_since")
    return EventFilter(
        window=window,
        q=q or None,
        role=role.value if role else None,
        owner_id=owner_id,
        calendar_id=calendar_id,
        is_recurring=is_recurring,
        updated_since=updated_since,
    )


AskedFilter = Annotated[EventFilter, Depends(_filter)]


def _after(page: AskedPage) -> agenda.Place | None:
    place = page.after(str, int, str)
    if place is None:
        return None
    start, event_id, occurrence = place
    try:
        moment = datetime.fromisoformat(str(start))
        named = datetime.fromisoformat(str(occurrence)) if occurrence is not None else None
        number = int(str(event_id))
    except ValueError as error:
        raise Invalid.at("?cursor", "is not a cursor of this list") from error
    if moment.tzinfo is None or (named is not None and named.tzinfo is not None) or abs(number) > ID_MAX:
        raise Invalid.at("?cursor", "is not a cursor of this list")
    return check_range(moment, "?cursor"), number, named


def _place(entry: Entry) -> tuple[str, int, str | None]:
    start, event_id, occurrence = entry.place
    return start.isoformat(), event_id, occurrence.isoformat() if occurrence else None


@router.get("", response_model=list[EventOrOccurrence], responses=problems(*SIGNED_IN))
async def list_events(me: Me, work: ReadWork, chosen: AskedFilter, page: AskedPage) -> Response:
    """List all events that the caller may see, by start; with `from` and `to` the occurrences between them."""
    entries = await agenda.list_events(work, me, chosen, after=_after(page), most=page.limit + 1)
    return page.respond(entries, entry_json, _place)


@router.get("/trash", response_model=list[Event], responses=problems(*SIGNED_IN))
async def list_trash(me: Me, work: ReadWork, page: AskedPage) -> Response:
    """List what the caller has deleted in the last 30 days, newest first."""
    after = _after(page)
    last = (after[0], after[1]) if after else None
    heads = await agenda.list_trash(work, me, after=last, most=page.limit + 1)
    return page.respond(heads, event_json, _trash_place)


def _trash_place(head: EventHead) -> tuple[str, int, None]:
    return str(head.deleted_at and head.deleted_at.isoformat()), head.id, None


@router.get("/{event_id}/occurrences", response_model=list[EventOrOccurrence], responses=problems(*ON_EVENT))
async def list_occurrences(event: Viewable, window: AskedWindow, page: AskedPage) -> Response:
    """List the occurrences of one event in a window."""
    if window is None:
        raise Invalid.at("?from", "is required, or to")
    entries = await agenda.list_occurrences(event, window, after=_after(page), most=page.limit + 1)
    return page.respond(entries, entry_json, _place)


# -- one event -----------------------------------------------------------------------------------------------


@router.get("/{event_id}", response_model=Event, responses=problems(*ON_EVENT, 304))
async def read_event(
    event: Viewable,
    work: ReadWork,
    if_none_match: IfNoneMatch,
    as_of: Annotated[Instant | None, Query(description="The event as it was at this instant.")] = None,
    version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="The event as it was in this version.")
    ] = None,
) -> Response:
    """Read an event, now or as it was."""
    head = event.head
    if version is not None:
        head = await history.event_at_version(work, event, version)
    elif as_of is not None:
        head = await history.event_as_of(work, event, in_utc(as_of, "?as_of"))
    if if_none_match is None or head.version in if_none_match:
        return Response(status_code=304, headers=etag(head))
    return answer(event_json(head), headers=etag(head))


@router.put("/{event_id}", response_model=Event, responses=problems(*ON_EVENT_BY_ROLE, 409, 412, body=True))
async def change_event(
    event: Editable,
    work: WriteWork,
    body: EventUpdate,
    if_match: IfMatch,
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
        change=body.change(),
        base_version=body.base_version,
        if_match=if_match,
        allow_overlap=allow_overlap,
        description=body.change_description,
    )
    if scope is Scope.ALL:
        head = await events.revise(work, event, revision)
    else:
        revise = series.revise_one if scope is Scope.THIS else series.revise_following
        head = await revise(work, event, _named(event, occurrence), revision)
    return answer(event_json(head), headers={**etag(head), "Content-Location": f"/api/v1/events/{head.id}"})


def _named(event: Viewable, occurrence: datetime | date | None) -> datetime:
    if occurrence is None:
        raise Invalid.at("?occurrence", "is required when scope is this or following")
    return occurrence_name(event.content.schedule, occurrence)


router.patch(
    "/{event_id}",
    operation_id="merge_event",
    name="merge_event",
    response_model=Event,
    responses=problems(*ON_EVENT_BY_ROLE, 409, 412, body=True),
    description="The same as PUT: JSON Merge Patch (RFC 7396), where `null` clears.",
)(change_event)


@router.delete("/{event_id}", status_code=204, responses=problems(*ON_EVENT_BY_ROLE, 412))
async def delete_event(
    event: Owned,
    work: WriteWork,
    if_match: IfMatch,
    scope: AskedScope = Scope.ALL,
    occurrence: AskedOccurrence = None,
) -> Response:
    """Put an event into the trash for 30 days; or take one occurrence, or this and all following, out of a series."""
    if scope is Scope.ALL:
        await events.delete(work, event, if_match=if_match)
    else:
        drop = series.delete_one if scope is Scope.THIS else series.delete_following
        await drop(work, event, _named(event, occurrence), if_match=if_match)
    return Response(status_code=204)


@router.post("/{event_id}/restore", response_model=Event, responses=problems(*ON_EVENT, 409))
async def restore_event(event: Trashed, work: WriteWork, allow_overlap: AllowOverlap) -> Response:
    """Take an event out of the trash."""
    head = await events.restore(work, event, allow_overlap=allow_overlap)
    return answer(event_json(head), headers=etag(head))
