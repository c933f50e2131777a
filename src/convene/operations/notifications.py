"""Notifications: reading them, marking them read, and what one wants to hear of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convene.domain.errors import NotFound
from convene.domain.json_types import Json
from convene.domain.notices import MAILED, NoticeKind
from convene.domain.words import Difference, folded, in_words, sentence
from convene.domain.zones import utc_rfc3339
from convene.operations.access import ViewableEvent
from convene.operations.identity import SignedIn
from convene.storage import accounts, notifications, preferences, sync
from convene.storage.notifications import NotificationPlace, NotificationRow
from convene.storage.unit_of_work import UnitOfWork

NEWEST: NotificationPlace = (2**63 - 1, 2**63 - 1)
_WITH_CHANGES = frozenset({NoticeKind.CHANGED, NoticeKind.MERGED, NoticeKind.ROLLED_BACK})


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What a notification says, whoever is told it: those of one change share it, as one object."""

    changes: tuple[Difference, ...]
    fields: Mapping[str, Json]
    """As every channel shows them, without what is each one's own."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notification, and what it says."""

    row: NotificationRow
    words: Words


def told_json(told: Told) -> dict[str, Json]:
    """A notification, in fields and in words, as every channel shows it."""
    return {"id": told.row.id, **told.words.fields}


async def list_notifications(
    work: UnitOfWork, me: SignedIn, *, unread: bool, below: NotificationPlace | None, most: int
) -> list[Told]:
    """List one's notifications, the last told first."""
    rows = await notifications.list_notifications(work, me.user_id, unread=unread, below=below or NEWEST, most=most)
    return await put_into_words(work, rows)


async def missed(work: UnitOfWork, user_id: int, after: NotificationPlace, most: int) -> list[Told]:
    """List what a user was told after a place, oldest first."""
    return await put_into_words(work, await notifications.missed_notifications(work, user_id, after, most))


async def told_since(work: UnitOfWork, after: NotificationPlace, most: int, user_ids: Sequence[int]) -> list[Told]:
    """List what some users were told after a place, oldest first."""
    return await put_into_words(work, await notifications.tail_notifications(work, after, most, user_ids))


async def newest_place(work: UnitOfWork) -> NotificationPlace:
    """The place after everything that anybody has been told until now, as far as it is settled for good."""
    return (await sync.read_clock(work)).durable - 1, NEWEST[1]


async def put_into_words(work: UnitOfWork, rows: Sequence[NotificationRow]) -> list[Told]:
    """Say what each notification is about; those of one change share the words, and cost next to nothing."""
    said: dict[tuple[object, ...], Words] = {}
    told = []
    for row in rows:
        key = _shared(row)
        words = said.get(key)
        if words is None:
            said[key] = words = await _words(work, row)
        told.append(Told(row, words))
    return told


_USER, _POSITION = map(NotificationRow._fields.index, ("user_id", "position"))


def _shared(row: NotificationRow) -> tuple[object, ...]:
    """All of a notification but what is each one's own: its id, whose it is, and its place."""
    return row[_USER + 1 : _POSITION] + row[_POSITION + 1 :]


async def _words(work: UnitOfWork, row: NotificationRow) -> Words:
    changes = await _changes_of(work, row)
    until = row.begins_at - row.created_at if row.begins_at else None
    actor = row.actor_display_name or row.actor
    message = sentence(NoticeKind(row.kind), actor=actor, title=row.title, role=row.role, until=until)
    fields: dict[str, Json] = {
        "kind": row.kind,
        "message": f"{message}: {in_words(changes)}" if changes else message,
        "event_id": row.event_id,
        "title": row.title,
        "actor_id": row.actor_id,
        "actor": row.actor,
        "actor_display_name": row.actor_display_name,
        "role": row.role,
        "version": row.version_number,
        "edits": row.edits,
        "changes": [{"field": one.field, "old_value": one.old_value, "new_value": one.new_value} for one in changes],
        "created_at": utc_rfc3339(row.created_at),
        "updated_at": utc_rfc3339(row.updated_at),
        "read_at": utc_rfc3339(row.read_at) if row.read_at else None,
        "begins_at": utc_rfc3339(row.begins_at) if row.begins_at else None,
    }
    return Words(changes, fields)


async def _changes_of(work: UnitOfWork, row: NotificationRow) -> tuple[Difference, ...]:
    if NoticeKind(row.kind) in _WITH_CHANGES and row.event_id and row.from_version and row.version_number:
        logged = await notifications.changes_between(work, row.event_id, row.from_version, row.version_number)
        return folded(Difference(*one) for one in logged)
    return ()


async def count_unread(work: UnitOfWork, me: SignedIn) -> int:
    """Count one's unread notifications."""
    return await notifications.count_unread(work, me.user_id)


async def mark_read(work: UnitOfWork, me: SignedIn, notification_id: int) -> None:
    """Mark a notification read.

    Raises:
        NotFound: one has none with this id.
    """
    if not await notifications.mark_read(work, me.user_id, notification_id):
        raise NotFound("notification", notification_id)


async def mark_all_read(work: UnitOfWork, me: SignedIn, up_to: int) -> int:
    """Mark all one's notifications up to an id read; gives how many were unread."""
    return await notifications.mark_all_read(work, me.user_id, up_to)


async def set_muted(work: UnitOfWork, event: ViewableEvent, *, muted: bool) -> None:
    """Hear no more of an event, or hear of it again."""
    change = preferences.mute if muted else preferences.unmute
    await change(work, event.me.user_id, event.id)


async def read_preferences(work: UnitOfWork, me: SignedIn) -> dict[NoticeKind, tuple[bool, bool]]:
    """Read for each kind whether one hears of it (live, by e-mail); until something else is said, by mail of some."""
    said = await preferences.read_preferences(work, me.user_id)
    return {kind: said.get(kind, (True, kind in MAILED)) for kind in NoticeKind}


async def write_preferences(
    work: UnitOfWork, me: SignedIn, wanted: Mapping[NoticeKind, tuple[bool, bool]]
) -> dict[NoticeKind, tuple[bool, bool]]:
    """Say for some kinds whether one wants to hear of them; the others stay."""
    await accounts.lock_user(work, me.user_id)  # or two who write at once would each write what the other replaces
    together = {**await preferences.read_preferences(work, me.user_id), **wanted}
    await preferences.write_preferences(work, me.user_id, together)
    return await read_preferences(work, me)
