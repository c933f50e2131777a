"""Sharing an event: giving roles, changing and taking them, leaving, handing over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from convene.domain import names
from convene.domain.errors import Fault, Invalid, NotFound, NotPossibleNow, RoleTooLow
from convene.domain.notices import Notice, NoticeKind
from convene.domain.roles import Role
from convene.operations import bookings
from convene.operations.access import OwnedEvent, ViewableEvent
from convene.operations.bookings import Booking
from convene.operations.versions import Kind, Reason, save
from convene.storage import events, reminders, sharing, telling, writes
from convene.storage.accounts import UserRow
from convene.storage.errors import Duplicate
from convene.storage.events import EventHead
from convene.storage.sharing import Grant, PermissionRow
from convene.storage.unit_of_work import UnitOfWork

SHARE_MAX = 100
COLLABORATORS_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitee:
    """Somebody to share with, named in one of three ways, and the role."""

    role: Role
    user_id: int | None = None
    username: str | None = None
    email: str | None = None


class ShareStatus(StrEnum):
    """What sharing did to one person."""

    GRANTED = "granted"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Shared:
    """What sharing did, to whom."""

    user: UserRow
    role: Role
    status: ShareStatus


async def share(work: UnitOfWork, event: OwnedEvent, invitees: Sequence[Invitee]) -> list[Shared]:
    """Give people roles, all or none; sharing again changes the role.

    Raises:
        Invalid: somebody is unknown, named twice, or the owner; every fault names the place in the list.
    """
    people = await _resolve(work, event, invitees)
    roles = await sharing.roles_of(work, event.id, [user.id for user in people])
    await _refuse_crowd(work, event, people)
    shared = [
        Shared(user, invitee.role, _status(roles.get(user.id), invitee.role))
        for user, invitee in zip(people, invitees, strict=True)
    ]
    grants = [
        Grant(event.id, one.user.id, one.role.value, event.me.user_id)
        for one in shared
        if one.status is not ShareStatus.UNCHANGED
    ]
    await sharing.grant(work, grants, (event.head.starts_at, event.head.ends_at), frozenset(roles))
    if _is_half(event):
        await sharing.move_neighbours(work, event.id, [one.user_id for one in grants])
    for one in shared:
        if one.status is not ShareStatus.UNCHANGED:
            kind = NoticeKind.SHARED if one.status is ShareStatus.GRANTED else NoticeKind.ROLE_CHANGED
            await _tell(work, event, kind, one.user.id, one.role)
    return shared


def _is_half(event: ViewableEvent) -> bool:
    return event.head.split_from is not None or event.head.continued_by is not None


async def _tell(
    work: UnitOfWork, event: ViewableEvent, kind: NoticeKind, user_id: int, role: Role | None = None
) -> None:
    """Let somebody hear what happened to their role."""
    notice = Notice(
        kind=kind,
        event_id=event.id,
        title=event.head.title,
        actor_id=event.me.user_id,
        version=event.head.version,
        to=user_id,
        role=role.value if role else None,
    )
    await telling.tell(work, notice)


async def _refuse_crowd(work: UnitOfWork, event: OwnedEvent, people: Sequence[UserRow]) -> None:
    present = {user_id for user_id, _, _ in await sharing.collaborators(work, event.id)}
    if len(present | {user.id for user in people}) > COLLABORATORS_MAX:
        raise NotPossibleNow("too_many_collaborators", f"an event is shared with at most {COLLABORATORS_MAX} people")


def _status(present: str | None, wanted: Role) -> ShareStatus:
    if present is None:
        return ShareStatus.GRANTED
    return ShareStatus.UNCHANGED if present == wanted else ShareStatus.UPDATED


async def _resolve(work: UnitOfWork, event: OwnedEvent, invitees: Sequence[Invitee]) -> list[UserRow]:
    by_id = await sharing.active_users(work, [one.user_id for one in invitees if one.user_id is not None])
    by_name = await sharing.active_users_named(
        work, "username_folded", [names.folded(one.username) for one in invitees if one.username is not None]
    )
    by_email = await sharing.active_users_named(
        work, "email_folded", [names.folded(one.email) for one in invitees if one.email is not None]
    )
    found: list[UserRow] = []
    faults: list[Fault] = []
    for index, one in enumerate(invitees):
        if one.user_id is not None:
            user, field = by_id.get(one.user_id), "user_id"
        elif one.username is not None:
            user, field = by_name.get(names.folded(one.username)), "username"
        else:
            user, field = by_email.get(names.folded(one.email or "")), "email"
        pointer = f"/users/{index}/{field}"
        if user is None:
            faults.append(Fault(pointer, "is nobody's"))
        elif user.id == event.head.owner_id:
            faults.append(Fault(pointer, "is the owner, who has every right already"))
        elif any(user.id == other.id for other in found):
            faults.append(Fault(pointer, "is named twice"))
        else:
            found.append(user)
    if faults:
        raise Invalid(*faults)
    return found


async def list_permissions(
    work: UnitOfWork, event: ViewableEvent, *, last_place: int | None, most: int
) -> Sequence[PermissionRow]:
    """List who sees an event: the owner first, whose place is 0, then by user id."""
    return await sharing.list_permissions(
        work, event.id, last_place=-1 if last_place is None else last_place, most=most
    )


async def change_role(work: UnitOfWork, event: OwnedEvent, user_id: int, role: Role) -> PermissionRow:
    """Give somebody who sees the event another role; or the same, when it was a former owner who gave it.

    Raises:
        NotFound: they do not see it.
        NotPossibleNow: they own it.
    """
    present = await _permission(work, event, user_id)
    if present.role == Role.OWNER:
        raise NotPossibleNow("owner_is_fixed", "the owner's role cannot be changed; hand the event over instead")
    if present.role == role and present.granted_by == event.me.user_id:
        return present
    grant = Grant(event.id, user_id, role.value, event.me.user_id)
    bounds = (event.head.starts_at, event.head.ends_at)
    await sharing.grant(work, [grant], bounds, frozenset({user_id}))
    if present.role != role:
        await _tell(work, event, NoticeKind.ROLE_CHANGED, user_id, role)
    return await _permission(work, event, user_id)


async def remove(work: UnitOfWork, event: ViewableEvent, user_id: int) -> None:
    """Take somebody's role away, and with it their reminders of the event; everybody may do so with their own.

    Raises:
        RoleTooLow: it is somebody else's, and `me` does not own the event.
        NotFound: they do not see the event.
        NotPossibleNow: they own it.
    """
    if user_id != event.me.user_id and event.role is not Role.OWNER:
        raise RoleTooLow(needed=Role.OWNER, actual=event.role)
    present = await _permission(work, event, user_id)
    if present.role == Role.OWNER:
        raise NotPossibleNow("owner_is_fixed", "the owner cannot leave; hand the event over or delete it")
    await sharing.revoke(work, event.id, user_id, by=event.me.user_id)
    await reminders.delete_reminders(work, event.id, user_id, None)
    if _is_half(event):
        await sharing.move_neighbours(work, event.id, [user_id])
    if user_id != event.me.user_id:
        await _tell(work, event, NoticeKind.ACCESS_REMOVED, user_id)


async def hand_over(work: UnitOfWork, event: OwnedEvent, user_id: int) -> EventHead:
    """Make a collaborator the owner; the former owner stays as an editor.

    Nobody is asked before an event becomes theirs, so it never goes into time that they have taken.

    Raises:
        NotFound: they do not see the event.
        NotPossibleNow: they own it already, are switched off, or have an event with the same uid.
        ScheduleConflict: its time is taken in their agenda; by what, and when they are free, is theirs to know.
    """
    present = await _permission(work, event, user_id)
    if present.role == Role.OWNER:
        raise NotPossibleNow("owner_already", "you own the event already")
    if user_id not in await sharing.active_users(work, [user_id]):
        raise NotPossibleNow("user_inactive", "their account is switched off")
    await refuse_taken_time(work, event, user_id)
    return await give(work, event, present, f"handed over to {present.username}")


async def refuse_taken_time(work: UnitOfWork, event: OwnedEvent, user_id: int) -> None:
    """Let an event pass that would be somebody else's, if they have time for it.

    Raises:
        ScheduleConflict: they have not; by what is theirs to know.
        AgendaTooFull: they have too much in that time to be compared.
    """
    await bookings.refuse_overlap_unexplained(work, Booking(user_id, event.me, event.content, replaces=event.id))


async def admit(work: UnitOfWork, event: OwnedEvent, user: UserRow) -> PermissionRow:
    """Let somebody see an event that is about to be theirs; nobody is told of it by itself.

    Raises:
        NotPossibleNow: it is shared with too many people.
    """
    roles = await sharing.roles_of(work, event.id, [user.id])
    if roles.get(user.id) is None:
        await _refuse_crowd(work, event, [user])
        grant = Grant(event.id, user.id, Role.EDITOR.value, event.me.user_id)
        await sharing.grant(work, [grant], (event.head.starts_at, event.head.ends_at), frozenset(roles))
        if _is_half(event):
            await sharing.move_neighbours(work, event.id, [user.id])
    return await _permission(work, event, user.id)


async def give(work: UnitOfWork, event: OwnedEvent, present: PermissionRow, description: str) -> EventHead:
    """Make somebody the owner who sees the event, whatever they have in its time; gives what its giver sees then.

    Raises:
        NotPossibleNow: they have an event with the same uid.
    """
    user_id = present.user_id
    calendar_id = await events.lock_agenda(work, user_id)
    try:
        await writes.hand_over(work, event.id, user_id, calendar_id)
    except Duplicate as error:
        raise NotPossibleNow("uid_taken", "they have an event with the same uid") from error
    roles = [
        Grant(event.id, user_id, Role.OWNER.value, event.me.user_id),
        Grant(event.id, event.me.user_id, Role.EDITOR.value, event.me.user_id),
    ]
    known = frozenset({user_id, event.me.user_id})
    await sharing.grant(work, roles, (event.head.starts_at, event.head.ends_at), known)
    head = await save(work, event, event.content, Reason(kind=Kind.TRANSFERRED, description=description))
    return head._replace(owner_id=user_id, calendar_id=calendar_id, role=Role.EDITOR.value)


async def _permission(work: UnitOfWork, event: ViewableEvent, user_id: int) -> PermissionRow:
    present = await sharing.find_permission(work, event.id, user_id)
    if present is None:
        raise NotFound("permission", user_id)
    return present
