"""Lists of events over HTTP: all that the caller sees, the trash, the occurrences of one series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Response

from convene.api.declared import ON_EVENT, SIGNED_IN, problems
from convene.api.dependencies import ID_MAX, Me, ReadWork, Viewable
from convene.api.fields import DIGITS, WITHOUT_NUL, Instant
from convene.api.paging import AskedPage, Page
from convene.api.planned import feature_router
from convene.api.remembered import written_entry
from convene.api.representation import entry_json, event_json
from convene.api.responses import Event, EventOrOccurrence
from convene.api.windows import AskedWindow
from convene.domain.errors import Invalid
from convene.domain.roles import Role
from convene.domain.zones import check_range, in_utc
from convene.operations import agenda, past
from convene.operations.agenda import Entry, Listed
from convene.storage.events import EventHead
from convene.storage.lists import EventFilter

router = feature_router("events", "/api/v1/events")


async def _filter(
    window: AskedWindow,
    q: Annotated[
        str | None,
        Query(max_length=200, description="Text in an event or an occurrence of it, in any case."),
        WITHOUT_NUL,
    ] = None,
    role: Annotated[Role | None, Query(description="Only events on which the caller has this role.")] = None,
    owner_id: Annotated[int | None, Query(ge=1, le=ID_MAX, description="Only events of this user."), DIGITS] = None,
    calendar_id: Annotated[
        int | None, Query(ge=1, le=ID_MAX, description="Only events in this calendar."), DIGITS
    ] = None,
    is_recurring: Annotated[bool | None, Query(description="Only series, or only single events.")] = None,
    updated_since: Annotated[Instant | None, Query(description="Only events changed since.")] = None,
) -> EventFilter:
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


def _after(page: AskedPage) -> agenda.ListPlace | None:
    place = page.after(str, int, str | None)
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


def _respond(page: Page, listed: Listed, represent: Callable[[Entry], object] = written_entry) -> Response:
    looked_until = _place(listed.looked_until) if listed.looked_until else None
    return page.respond(listed.entries, represent, lambda entry: _place(entry.place), looked_until=looked_until)


def _place(place: agenda.ListPlace) -> tuple[str, int, str | None]:
    start, event_id, occurrence = place
    return start.isoformat(), event_id, occurrence.isoformat() if occurrence else None


@router.get("", response_model=list[EventOrOccurrence], responses=problems(*SIGNED_IN))
async def list_events(
    me: Me,
    work: ReadWork,
    chosen: AskedFilter,
    page: AskedPage,
    as_of: Annotated[
        Instant | None, Query(description="The calendar as it was at this instant, with the roles of now.")
    ] = None,
) -> Response:
    """List all events that the caller may see, by start; with `from` and `to` the occurrences between them.

    A window has at most 400 days. With `from` alone the list goes on as long as anything occurs, with `to` alone it
    begins with the first occurrence. Such a list has ended when there is no `Link` to a next page; a page may have
    fewer entries than `limit`, or none, where nothing occurs for years.
    """
    after, most = _after(page), page.limit + 1
    if as_of is None:
        return _respond(page, await agenda.list_events(work, me, chosen, after=after, most=most))
    moment = in_utc(as_of, "?as_of")
    listed = Listed(await past.list_events_as_of(work, me, chosen, moment, after=after, most=most))
    return _respond(page, listed, entry_json)


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
    """List the occurrences of one event in a window, which may be open at one end as in the list of all events."""
    if window is None:
        raise Invalid.at("?from", "is required, or to")
    return _respond(page, await agenda.list_occurrences(event, window, after=_after(page), most=page.limit + 1))
