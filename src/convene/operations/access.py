"""Holding an event proves the right to it. Only this module makes `ViewableEvent` and its kinds.

An operation that edits takes an `EditableEvent`, so mypy refuses a viewer's handle. Whoever opens an event to change
it takes the lock on its owner's agenda first and reads role and version under it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from convene.domain.content import EventContent
from convene.domain.errors import NotFound, NotPossibleNow, PreconditionFailed, RoleTooLow
from convene.domain.roles import Role
from convene.operations.identity import SignedIn
from convene.storage import events, sharing
from convene.storage.events import EventHead
from convene.storage.unit_of_work import UnitOfWork

_Opened = TypeVar("_Opened", "ViewableEvent", "EditableEvent", "OwnedEvent", "TrashedEvent")

#: How long the owner of a deleted event can have it back.
TRASH_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ViewableEvent:
    """An event that `me` may see."""

    head: EventHead
    me: SignedIn

    @property
    def id(self) -> int:
        """The event's id."""
        return self.head.id

    @property
    def role(self) -> Role:
        """What `me` is to the event."""
        return Role(self.head.role)

    @property
    def content(self) -> EventContent:
        """The newest content."""
        return self.head.content()


@dataclass(frozen=True, slots=True)
class TriedEvent(ViewableEvent):
    """An event that `me` may change, for asking what would come of it; nothing is locked."""


@dataclass(frozen=True, slots=True)
class EditableEvent(ViewableEvent):
    """An event that `me` may change; the lock on its owner's agenda is held."""


@dataclass(frozen=True, slots=True)
class OwnedEvent(EditableEvent):
    """An event that belongs to `me`; the lock on its agenda is held."""


@dataclass(frozen=True, slots=True)
class TrashedEvent:
    """An event of `me` that lies in the trash; the lock on its agenda is held."""

    head: EventHead
    me: SignedIn


async def open_to_view(work: UnitOfWork, me: SignedIn, event_id: int) -> ViewableEvent:
    """Open an event for reading.

    Raises:
        NotFound: it does not exist, is in the trash, or `me` has no role on it: all the same to a stranger.
    """
    return ViewableEvent(_existing(await events.find_event(work, event_id, me.user_id), event_id), me)


async def open_to_try(work: UnitOfWork, me: SignedIn, event_id: int) -> TriedEvent:
    """Open an event for asking what would come of a change: it says when the owner is busy, so viewers cannot.

    Raises:
        NotFound: as `open_to_view`.
        RoleTooLow: `me` is a viewer.
    """
    head = _existing(await events.find_event(work, event_id, me.user_id), event_id)
    _require(head, Role.EDITOR)
    return TriedEvent(head, me)


async def open_to_edit(work: UnitOfWork, me: SignedIn, event_id: int) -> EditableEvent:
    """Lock and open an event for changing its content.

    Raises:
        NotFound: as `open_to_view`.
        RoleTooLow: `me` is a viewer.
    """
    head = _existing(await _locked(work, me, event_id), event_id)
    _require(head, Role.EDITOR)
    return EditableEvent(head, me)


async def open_later_half(work: UnitOfWork, event: EditableEvent, later_id: int) -> EditableEvent:
    """Open what an event was split into for the same edit, under the same lock.

    Raises:
        NotPossibleNow: `me` may not edit it, it lies in the trash, or the lock is not on the agenda that it is in.
    """
    head = await events.find_event(work, later_id, event.me.user_id)
    name = "a later half" if head is None else f"a later half (event {later_id})"
    detail = f"the series was split since that version, and {name} cannot be changed along; read it again"
    if head is None or head.deleted_at is not None or head.owner_id != event.head.owner_id:
        raise NotPossibleNow("series_split", detail)
    if not Role(head.role).allows(Role.EDITOR):
        raise NotPossibleNow("series_split", detail)
    return EditableEvent(head, event.me)


async def reopened(work: UnitOfWork, event: EditableEvent) -> EditableEvent:
    """Read an event again under the same lock, after its neighbours have changed."""
    head = _existing(await events.find_event(work, event.id, event.me.user_id), event.id)
    return EditableEvent(head, event.me)


async def open_to_own(work: UnitOfWork, me: SignedIn, event_id: int) -> OwnedEvent:
    """Lock and open an event for what only its owner may do.

    Raises:
        NotFound: as `open_to_view`.
        RoleTooLow: `me` is an editor or a viewer.
    """
    head = _existing(await _locked(work, me, event_id), event_id)
    _require(head, Role.OWNER)
    return OwnedEvent(head, me)


async def open_to_hand_over(work: UnitOfWork, me: SignedIn, event_id: int, to_user: int) -> OwnedEvent:
    """Lock both agendas, in ascending order so that two hand-overs cannot wait for each other, and open the event.

    Raises:
        NotFound, RoleTooLow: as `open_to_own`.
        NotFound: `to_user` has no role on the event; nobody can lock the agenda of somebody they do not work with.
    """
    head = _existing(await events.find_event(work, event_id, me.user_id), event_id)
    _require(head, Role.OWNER)
    if await sharing.find_permission(work, event_id, to_user) is None:
        raise NotFound("permission", to_user)
    return await open_to_give(work, me, event_id, to_user)


async def open_to_give(work: UnitOfWork, me: SignedIn, event_id: int, to_user: int) -> OwnedEvent:
    """Open an event for handing it over, as above, also to somebody who has no role on it: for an operator.

    Raises:
        NotFound, RoleTooLow: as `open_to_own`.
    """
    for user_id in sorted({me.user_id, to_user}):
        await events.lock_agenda(work, user_id)
    head = _existing(await events.find_event(work, event_id, me.user_id), event_id)
    _require(head, Role.OWNER)
    return OwnedEvent(head, me)


async def open_to_leave(work: UnitOfWork, me: SignedIn, event_id: int) -> ViewableEvent:
    """Lock and open an event for what everybody may do about their own place in it.

    Raises:
        NotFound: as `open_to_view`.
    """
    return ViewableEvent(_existing(await _locked(work, me, event_id), event_id), me)


async def open_trashed(work: UnitOfWork, me: SignedIn, event_id: int) -> TrashedEvent:
    """Lock and open an event in one's own trash.

    Raises:
        NotFound: there is no such event in it, or it has lain there for too long.
    """
    head = await _locked(work, me, event_id)
    if head is None or head.deleted_at is None or head.owner_id != me.user_id:
        raise NotFound("event", event_id)
    if head.deleted_at <= work.now - TRASH_LIFE:
        raise NotFound("event", event_id)
    return TrashedEvent(head, me)


def unchanged(event: _Opened, accepted: frozenset[int] | None) -> _Opened:
    """Let an event pass that is, under its lock, still as somebody has read it.

    Args:
        accepted: the versions that they accept as the newest (RFC 9110, 13.1.1); None: any.

    Raises:
        PreconditionFailed: the newest is another.
    """
    if accepted is not None and event.head.version not in accepted:
        raise PreconditionFailed(event.head.version)
    return event


async def _locked(work: UnitOfWork, me: SignedIn, event_id: int) -> EventHead | None:
    """Lock the agenda that an event is in, and those of the halves beside it, which show what becomes of it."""
    held: set[int] = set()
    while (owner := await events.lock_event(work, event_id, me.user_id)) is not None:
        head = await events.find_event(work, event_id, me.user_id)
        needed = {owner} if head is None else {head.owner_id} | await _owners_beside(work, head)
        held.add(owner)
        if needed <= held:
            return head
        # Handed over while we waited, or beside a half that was. Whoever took one lock on top of another could wait in
        # a circle with somebody who does so the other way round: let go, and take all of them in ascending order.
        await work.begin_again()
        for user_id in sorted(needed):
            await events.lock_agenda(work, user_id)
        held = needed
    return None


async def _owners_beside(work: UnitOfWork, head: EventHead) -> set[int]:
    is_half = head.split_from is not None or head.continued_by is not None
    return await events.owners_beside(work, head.id) if is_half else set()


def _existing(head: EventHead | None, event_id: int) -> EventHead:
    if head is None or head.deleted_at is not None:
        raise NotFound("event", event_id)
    return head


def _require(head: EventHead, needed: Role) -> None:
    actual = Role(head.role)
    if not actual.allows(needed):
        raise RoleTooLow(needed=needed, actual=actual)
