"""The past of events over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response

from convene.api.answers import answer
from convene.api.compared import compared
from convene.api.declared import ON_EVENT, ON_EVENT_BY_ROLE, problems
from convene.api.dependencies import (
    ID_MAX,
    AllowOverlap,
    Editable,
    Leavable,
    ReadWork,
    VersionNumber,
    Viewable,
    WriteWork,
)
from convene.api.event_schemas import Rollback
from convene.api.fields import DIGITS, WITHOUT_NUL
from convene.api.paging import AskedPage
from convene.api.planned import feature_router
from convene.api.preconditions import etag
from convene.api.representation import (
    blame_json,
    change_json,
    diff_json,
    event_json,
    shelved_json,
    version_json,
)
from convene.api.responses import BlameAnswer, Change, Difference, Event, Shelved, Version
from convene.operations import history

router = feature_router("history", "/api/v1/events/{event_id}")

_VERSION_MAX = 2**31 - 1


def _below(page: AskedPage) -> int | None:
    place = page.after(int)
    return None if place is None else min(max(int(str(place[0])), 0), ID_MAX)


@router.get("/history", response_model=list[Version], responses=problems(*ON_EVENT))
async def list_versions(event: Viewable, work: ReadWork, page: AskedPage) -> Response:
    """List the versions of an event, newest first."""
    rows = await history.list_versions(work, event, below=_version_below(page), most=page.limit + 1)
    return page.respond(rows, version_json, lambda row: [row.version_number])


def _version_below(page: AskedPage) -> int | None:
    below = _below(page)
    return None if below is None else min(below, _VERSION_MAX)


@router.get("/history/{version_number}", response_model=Version, responses=problems(*ON_EVENT))
async def read_version(event: Viewable, work: ReadWork, version_number: VersionNumber) -> Response:
    """Read one version with its data."""
    return answer(version_json(await history.read_version(work, event, version_number)))


@router.get("/changelog", response_model=list[Change], responses=problems(*ON_EVENT))
async def list_changes(
    event: Viewable,
    work: ReadWork,
    page: AskedPage,
    field: Annotated[str | None, Query(max_length=64, description="Only changes of this field."), WITHOUT_NUL] = None,
    user_id: Annotated[int | None, Query(ge=1, le=ID_MAX, description="Only changes by this user."), DIGITS] = None,
) -> Response:
    """List what was changed, field by field as clients see the fields, newest first."""
    asked = (_below(page), page.limit + 1)
    rows = await history.list_changes(work, event, field=field, user_id=user_id, page=asked)
    return page.respond(rows, change_json, lambda row: [row.id])


@router.get("/diff/{version_1}/{version_2}", response_model=Difference, responses=problems(*ON_EVENT))
async def compare_versions(
    event: Viewable, work: ReadWork, version_1: VersionNumber, version_2: VersionNumber
) -> Response:
    """Say what differs between two versions."""
    return answer(diff_json(await history.compare(work, event, version_1, version_2)))


@router.get("/diff", response_model=Difference, responses=problems(*ON_EVENT))
async def compare_recent_versions(
    event: Viewable,
    work: ReadWork,
    from_: Annotated[
        int | None,
        Query(alias="from", ge=1, le=_VERSION_MAX, description="A version; without, the one before `to`."),
        DIGITS,
    ] = None,
    to: Annotated[
        int | None, Query(ge=1, le=_VERSION_MAX, description="A version; without, the newest."), DIGITS
    ] = None,
) -> Response:
    """Say what differs between two versions; without numbers, the last two."""
    return answer(diff_json(await history.compare(work, event, from_, to)))


@router.get("/blame", response_model=BlameAnswer, responses=problems(*ON_EVENT))
async def blame_event(event: Viewable, work: ReadWork) -> Response:
    """Say for each field who set it last, when, and in which version."""
    return answer(blame_json(event.id, list(await history.blame_fields(work, event))))


@router.post(
    "/rollback/{version_number}", response_model=Event, responses=problems(*ON_EVENT_BY_ROLE, 409, 412, body=True)
)
async def roll_back_event(
    event: Editable,
    work: WriteWork,
    version_number: VersionNumber,
    allow_overlap: AllowOverlap,
    body: Rollback | None = None,
) -> Response:
    """Make a new version with the content of an older one, or with some of its fields."""
    asked = body or Rollback()
    way = history.Way(fields=asked.fields, rejoin=asked.rejoin, allow_overlap=allow_overlap)
    head = await history.roll_back(work, event, version_number, way)
    return answer(event_json(head), headers={**etag(head), **compared(work.compared_until)})


@router.get("/shelved", response_model=list[Shelved], responses=problems(*ON_EVENT))
async def list_shelved_edits(event: Viewable, work: ReadWork, page: AskedPage) -> Response:
    """List the caller's own edits that could not be merged, newest first."""
    rows = await history.list_shelved(work, event, below=_below(page), most=page.limit + 1)
    return page.respond(rows, shelved_json, lambda row: [row.id])


@router.delete("/shelved/{shelf_id}", status_code=204, responses=problems(*ON_EVENT, 412))
async def drop_shelved_edit(
    event: Leavable,
    work: WriteWork,
    shelf_id: Annotated[int, Path(ge=1, le=ID_MAX, description="The shelved edit's id."), DIGITS],
) -> Response:
    """Throw one of the caller's own shelved edits away."""
    await history.drop_shelved(work, event, shelf_id)
    return Response(status_code=204)
