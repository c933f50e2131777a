"""Sharing over HTTP."""

from __future__ import annotations

from fastapi import Response

from convene.api.answers import answer
from convene.api.compared import compared
from convene.api.declared import ON_EVENT, ON_EVENT_BY_ROLE, problems
from convene.api.dependencies import (
    Leavable,
    Owned,
    ReadWork,
    Transferable,
    UserIdInPath,
    Viewable,
    WriteWork,
)
from convene.api.paging import AskedPage
from convene.api.planned import feature_router
from convene.api.preconditions import etag
from convene.api.representation import event_json, permission_json, shared_json
from convene.api.responses import Event, Permission, ShareAnswer
from convene.api.schemas import GrantableRole, Share, Transfer
from convene.domain.roles import Role
from convene.operations import sharing
from convene.storage.sharing import PermissionRow

router = feature_router("sharing", "/api/v1/events/{event_id}")


@router.post(
    "/share",
    status_code=201,
    response_model=ShareAnswer,
    responses=problems(*ON_EVENT_BY_ROLE, 409, 412, body=True),
)
async def share_event(event: Owned, work: WriteWork, body: Share) -> Response:
    """Give one or many people roles, all or none; sharing again changes the role."""
    shared = await sharing.share(work, event, [one.invitee() for one in body.users])
    return answer(shared_json(event.id, shared), status=201)


def _place(row: PermissionRow) -> list[int]:
    return [0 if row.role == Role.OWNER else row.user_id]


async def _permissions(event: Viewable, work: ReadWork, page: AskedPage) -> Response:
    place = page.after(int)
    last_place = None if place is None else min(max(int(str(place[0])), 0), 2**63 - 1)
    rows = await sharing.list_permissions(work, event, last_place=last_place, most=page.limit + 1)
    return page.respond(rows, permission_json, _place)


@router.get("/permissions", response_model=list[Permission], responses=problems(*ON_EVENT))
async def list_permissions(event: Viewable, work: ReadWork, page: AskedPage) -> Response:
    """List who sees the event, the owner first."""
    return await _permissions(event, work, page)


@router.get("/collaborators", response_model=list[Permission], responses=problems(*ON_EVENT))
async def list_collaborators(event: Viewable, work: ReadWork, page: AskedPage) -> Response:
    """The same as permissions."""
    return await _permissions(event, work, page)


@router.put(
    "/permissions/{user_id}", response_model=Permission, responses=problems(*ON_EVENT_BY_ROLE, 409, 412, body=True)
)
async def change_permission(event: Owned, work: WriteWork, user_id: UserIdInPath, body: GrantableRole) -> Response:
    """Give somebody who sees the event another role."""
    return answer(permission_json(await sharing.change_role(work, event, user_id, body.role)))


@router.delete("/permissions/{user_id}", status_code=204, responses=problems(*ON_EVENT_BY_ROLE, 409, 412))
async def remove_permission(event: Leavable, work: WriteWork, user_id: UserIdInPath) -> Response:
    """Take somebody's role away (the owner), or leave the event (everybody else)."""
    await sharing.remove(work, event, user_id)
    return Response(status_code=204)


@router.post("/transfer", response_model=Event, responses=problems(*ON_EVENT_BY_ROLE, 409, 412, body=True))
async def transfer_event(event: Transferable, work: WriteWork, body: Transfer) -> Response:
    """Make a collaborator the owner; the former owner stays as an editor.

    An event that would overlap what the new owner has is refused, whatever `on_conflict` says, and the refusal names
    none of their times.
    """
    head = await sharing.hand_over(work, event, body.user_id)
    return answer(event_json(head), headers={**etag(head), **compared(work.compared_until)})
