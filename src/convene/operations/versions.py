"""Writing a version: the head, the version row and the change log, together. The one way to change an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from convene.domain.atoms import conflict_json
from convene.domain.content import EventContent
from convene.domain.content_json import from_json, to_json
from convene.domain.errors import EditConflict, NotFound, Unavailable
from convene.domain.fields import field_changes
from convene.domain.merge import Conflicted, merge
from convene.domain.notices import Notice, NoticeKind
from convene.operations.access import EditableEvent, TrashedEvent
from convene.storage import history, telling, writes
from convene.storage.events import EventHead
from convene.storage.unit_of_work import UnitOfWork


class Kind(StrEnum):
    """How a version came to be."""

    CREATED = "created"
    UPDATED = "updated"
    MERGED = "merged"
    ROLLED_BACK = "rolled back"
    DELETED = "deleted"
    RESTORED = "restored"
    TRANSFERRED = "transferred"
    REJOINED = "rejoined"


#: With these, an event is there no more. A half that was rejoined is in its series again, so that no trash has it.
GONE = frozenset({Kind.DELETED, Kind.REJOINED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a version is written: its kind, what it was based on, and what its author says about it.

    A merged version without a base was based on one of the event that this one was split from.
    """

    kind: Kind
    base_version: int | None = None
    description: str | None = None
    deleted_at: datetime | None = None


async def save(
    work: UnitOfWork, event: EditableEvent | TrashedEvent, content: EventContent, reason: Reason
) -> EventHead:
    """Write a content as the next version of an event, whose agenda is locked; gives the new head.

    Raises:
        Unavailable: the head moved although the lock was held; nothing is written.
    """
    before = event.head
    written = await writes.advance_event(work, before, content, by=event.me.user_id, deleted_at=reason.deleted_at)
    if written is None:
        raise Unavailable("event_moved")
    head, shared = written
    stamp = {
        "event_id": head.id,
        "version_number": head.version,
        "created_by": event.me.user_id,
        "created_at": work.now,
    }
    await writes.insert_version(
        work,
        {
            **stamp,
            "kind": reason.kind.value,
            "data": to_json(content),
            "base_version": reason.base_version,
            "change_description": reason.description,
        },
    )
    changes = field_changes(before.content(), content)
    await history.insert_changes(
        work,
        [{**stamp, "field_name": one.field, "old_value": one.old_value, "new_value": one.new_value} for one in changes],
    )
    if shared:
        await _tell(work, event, head, reason)
    work.merged |= reason.kind is Kind.MERGED
    return head


_NOTICES = {
    Kind.UPDATED: NoticeKind.CHANGED,
    Kind.MERGED: NoticeKind.CHANGED,
    Kind.ROLLED_BACK: NoticeKind.ROLLED_BACK,
    Kind.DELETED: NoticeKind.DELETED,
    Kind.RESTORED: NoticeKind.RESTORED,
    Kind.TRANSFERRED: NoticeKind.HANDED_OVER,
    Kind.REJOINED: NoticeKind.DELETED,
}


async def _tell(work: UnitOfWork, event: EditableEvent | TrashedEvent, head: EventHead, reason: Reason) -> None:
    """Let everybody else who sees the event hear of its new version."""
    authors: frozenset[int] = frozenset()
    if reason.kind is Kind.MERGED:
        authors = await history.authors_since(work, head.id, reason.base_version or 0) - {event.me.user_id}
    notice = Notice(
        kind=_NOTICES[reason.kind],
        event_id=head.id,
        title=head.title,
        actor_id=event.me.user_id,
        version=head.version,
        from_version=event.head.version,
        merged_with=authors,
    )
    await telling.tell(work, notice)


async def content_at(work: UnitOfWork, head: EventHead, version: int) -> EventContent:
    """Read the content that an event had in a version.

    Raises:
        NotFound: it never had such a version.
    """
    return head.content() if version == head.version else await stored_content(work, head.id, version)


async def stored_content(work: UnitOfWork, event_id: int, version: int) -> EventContent:
    """Read a version of an event from its history.

    Raises:
        NotFound: it never had such a version.
    """
    row = await history.find_version(work, event_id, version)
    if row is None:
        raise NotFound("version", version)
    return from_json(row.data)


@dataclass(frozen=True, slots=True)
class Sides:
    """What an edit began with, what it made of that, and what others have made of it since."""

    base: EventContent
    ours: EventContent
    theirs: EventContent


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of an event, or of a part of it: the version that it began with, and what it made of that."""

    event: EditableEvent
    base_version: int
    ours: EventContent


async def merged(work: UnitOfWork, edit: Edit, sides: Sides, head: EventHead) -> EventContent:
    """Merge an edit, or the part of it that concerns one half of a series, with what has happened since.

    Args:
        work: the transaction.
        edit: all of what was wanted.
        sides: what is merged.
        head: the event that it is merged into: the one that was edited, or a later half of it.

    Raises:
        EditConflict: some atoms cannot be merged; our side is put on the shelf, which stays although the request is
            refused. Nothing may have been written before.
    """
    result = merge(sides.base, sides.ours, sides.theirs)
    if not isinstance(result, Conflicted):
        return result.content
    event = edit.event
    conflict = EditConflict(
        event_id=head.id,
        base_version=edit.base_version,
        current_version=head.version,
        conflicts=result.conflicts,
        merged=result.merged,
        ours=edit.ours,
    )
    conflict.shelf_id = await history.shelve(
        work,
        {
            "event_id": event.id,
            "author_id": event.me.user_id,
            "base_version": edit.base_version,
            "current_version": event.head.version,
            "data": to_json(edit.ours),
            "conflicts": [conflict_json(one) for one in result.conflicts],
            "created_at": work.now,
        },
    )
    await telling.tell(
        work,
        Notice(
            kind=NoticeKind.SHELVED,
            event_id=event.id,
            title=event.head.title,
            actor_id=event.me.user_id,
            version=event.head.version,
            from_version=edit.base_version,
            to=event.me.user_id,
        ),
    )
    raise conflict
