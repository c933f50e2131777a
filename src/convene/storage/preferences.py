"""What people want to hear of: muted events, and for each kind of notice on which channels."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, delete, select

from convene.domain.notices import NoticeKind
from convene.storage.delivery_tables import notification_mutes, notification_preferences
from convene.storage.statements import Statement, inserting
from convene.storage.unit_of_work import UnitOfWork

_INSERT_MUTE = Statement(inserting(notification_mutes, "user_id", "event_id", "created_at"))
_DELETE_MUTE = Statement(
    delete(notification_mutes).where(
        notification_mutes.c.user_id == bindparam("me"), notification_mutes.c.event_id == bindparam("event_id")
    )
)
_FIND_MUTE = Statement(
    select(notification_mutes.c.event_id).where(
        notification_mutes.c.user_id == bindparam("me"), notification_mutes.c.event_id == bindparam("event_id")
    )
)
_PREFERENCES = Statement(
    select(notification_preferences.c.kind, notification_preferences.c.live, notification_preferences.c.email).where(
        notification_preferences.c.user_id == bindparam("me")
    )
)
_DELETE_PREFERENCES = Statement(
    delete(notification_preferences).where(notification_preferences.c.user_id == bindparam("me"))
)
_INSERT_PREFERENCE = Statement(inserting(notification_preferences, "user_id", "kind", "live", "email"))


async def mute(work: UnitOfWork, user_id: int, event_id: int) -> None:
    """Let a user hear no more of an event."""
    await unmute(work, user_id, event_id)
    await work.run(_INSERT_MUTE, {"user_id": user_id, "event_id": event_id, "created_at": work.now})


async def unmute(work: UnitOfWork, user_id: int, event_id: int) -> None:
    """Let a user hear of an event again."""
    await work.run(_DELETE_MUTE, {"me": user_id, "event_id": event_id})


async def is_muted(work: UnitOfWork, user_id: int, event_id: int) -> bool:
    """Whether a user wants to hear no more of an event."""
    return await work.one(_FIND_MUTE, {"me": user_id, "event_id": event_id}) is not None


async def read_preferences(work: UnitOfWork, user_id: int) -> dict[NoticeKind, tuple[bool, bool]]:
    """Read (live, email) for the kinds that a user has said something about."""
    return {NoticeKind(row[0]): (row[1], row[2]) for row in await work.all(_PREFERENCES, {"me": user_id})}


async def write_preferences(work: UnitOfWork, user_id: int, wanted: Mapping[NoticeKind, tuple[bool, bool]]) -> None:
    """Replace a user's preferences."""
    await work.run(_DELETE_PREFERENCES, {"me": user_id})
    rows = [
        {"user_id": user_id, "kind": kind.value, "live": live, "email": email} for kind, (live, email) in wanted.items()
    ]
    await work.many(_INSERT_PREFERENCE, rows)
