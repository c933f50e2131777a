"""Notifications and sync over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import Field

from convene.api.answers import answer
from convene.api.cursors import read_place, read_sync, write_place, write_sync
from convene.api.declared import ON_EVENT, SIGNED_IN, problems
from convene.api.dependencies import ID_MAX, Held, Leavable, Me, ReadWork, Services, WriteWork
from convene.api.fields import DIGITS
from convene.api.news import ChangesAnswer, Notification, PreferencesAnswer, PreferencesUpdate, ReadUpTo
from convene.api.paging import AskedPage
from convene.api.planned import feature_router
from convene.api.representation import event_json
from convene.domain.errors import Invalid
from convene.domain.notices import NoticeKind
from convene.operations import notifications, sync
from convene.operations.notifications import told_json

router = feature_router("notifications", "/api/v1")


@router.get("/notifications", response_model=list[Notification], responses=problems(*SIGNED_IN, 410))
async def list_notifications(
    held: Held,
    me: Me,
    work: ReadWork,
    page: AskedPage,
    unread: Annotated[bool, Query(description="Only those that have not been read.")] = False,
    after: Annotated[
        str | None,
        Query(max_length=300, description="What was told after this cursor of a live channel, oldest first."),
    ] = None,
) -> Response:
    """List notifications, the last told first; with `after`, what a live channel would have told, oldest first.

    Two headers come along: `X-Unread-Count`, and `X-Cursor`, from which a live channel goes on without a gap.
    """
    if after is not None:
        page.refuse_cursor("after")
        if unread:
            raise Invalid.at("?unread", "cannot be asked for together with after")
        place = await read_place(work, after)
        rows = await notifications.missed(work, me.user_id, place, page.limit)
        newest = (rows[-1].row.position, rows[-1].row.id) if rows else place
        response = answer([told_json(one) for one in rows])
    else:
        newest = await notifications.newest_place(work)
        below = page.after(int, int)
        place_below = (int(str(below[0])), min(int(str(below[1])), ID_MAX)) if below else None
        rows = await notifications.list_notifications(work, me, unread=unread, below=place_below, most=page.limit + 1)
        response = page.respond(rows, told_json, lambda one: [one.row.position, one.row.id])
    response.headers["X-Unread-Count"] = str(await notifications.count_unread(work, me))
    response.headers["X-Cursor"] = write_place(held.hub.epoch, newest)
    return response


@router.post("/notifications/{notification_id}/read", status_code=204, responses=problems(*SIGNED_IN, 404))
async def read_notification(
    me: Me,
    work: WriteWork,
    notification_id: Annotated[int, Path(ge=1, le=ID_MAX, description="The notification's id."), DIGITS],
) -> Response:
    """Mark a notification read."""
    await notifications.mark_read(work, me, notification_id)
    return Response(status_code=204)


@router.post("/notifications/read", status_code=204, responses=problems(*SIGNED_IN, body=True))
async def read_notifications(me: Me, work: WriteWork, body: ReadUpTo | None = None) -> Response:
    """Mark all notifications read, or all up to one that has been seen."""
    await notifications.mark_all_read(work, me, (body.up_to if body else None) or ID_MAX)
    return Response(status_code=204)


@router.get("/notifications/preferences", response_model=PreferencesAnswer, responses=problems(*SIGNED_IN))
async def read_preferences(held: Held, me: Me, work: ReadWork) -> Response:
    """Read what one wants to hear of: for each kind, live and by e-mail."""
    return _preferences(held, await notifications.read_preferences(work, me))


@router.patch("/notifications/preferences", response_model=PreferencesAnswer, responses=problems(*SIGNED_IN, body=True))
async def change_preferences(held: Held, me: Me, work: WriteWork, body: PreferencesUpdate) -> Response:
    """Say for some kinds whether one wants to hear of them; the others stay."""
    return _preferences(held, await notifications.write_preferences(work, me, body.wanted()))


def _preferences(held: Services, wanted: dict[NoticeKind, tuple[bool, bool]]) -> Response:
    kinds = {kind.value: {"live": live, "email": email} for kind, (live, email) in wanted.items()}
    return answer({"kinds": kinds, "sends_mail": held.sends_mail})


@router.put("/events/{event_id}/mute", status_code=204, responses=problems(*ON_EVENT, 412))
async def mute_event(event: Leavable, work: WriteWork) -> Response:
    """Hear no more of an event."""
    await notifications.set_muted(work, event, muted=True)
    return Response(status_code=204)


@router.delete("/events/{event_id}/mute", status_code=204, responses=problems(*ON_EVENT, 412))
async def unmute_event(event: Leavable, work: WriteWork) -> Response:
    """Hear of an event again."""
    await notifications.set_muted(work, event, muted=False)
    return Response(status_code=204)


Since = Annotated[
    str | None, Query(max_length=300, description="The `cursor` of the answer before; none begins."), Field()
]


@router.get("/changes", response_model=ChangesAnswer, responses=problems(*SIGNED_IN, 410))
async def list_changed_events(me: Me, work: ReadWork, since: Since = None) -> Response:
    """List the events that have changed for the caller since a cursor, as they are now, and those that are gone."""
    cursor = read_sync(since, me.user_id) if since is not None else None
    changes = await sync.changes_since(work, me, cursor)
    return answer(
        {
            "changed": [event_json(head) for head in changes.changed],
            "removed": list(changes.removed),
            "cursor": write_sync(changes.cursor),
            "more": changes.more,
        }
    )
