"""What changed for a user since a place in the order of changes.

One scan of `permissions (user_id, position, event_id)`.
Sync is state, not a log: each event appears once, as it is now, at the place of its last change. A permission that was
taken away, and an event in the trash, appear as removed until they are pruned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import and_, bindparam, or_, select

from convene.storage.events import HEAD, EventHead
from convene.storage.positions import cluster_identity, newest_position, seen_position, settled_position
from convene.storage.statements import Statement
from convene.storage.tables import database_identity, events, permissions
from convene.storage.types import JsonList, in_json_list
from convene.storage.unit_of_work import UnitOfWork

SyncPlace = tuple[int, int]


class ChangedRow(NamedTuple):
    """An event that changed for a user; `head` is None when the user sees it no more."""

    event_id: int
    position: int
    head: EventHead | None


class Clock(NamedTuple):
    """Which database this is, and what is known of its order of changes.

    Attributes:
        epoch: another one after a copy was restored.
        settled: below this, everything that will ever be there can be read now.
        seen: the place of the newest version or notification that can be seen.
        newest: where it ends.
        pruned: how far back it reaches.
    """

    epoch: str
    settled: int
    seen: int
    newest: int
    pruned: int

    @property
    def durable(self) -> int:
        """As `settled`, and no crash brings a position below it: how far one may remember to have come."""
        return min(self.settled, max(self.seen, self.pruned) + 1)


_CHANGED = Statement(
    select(permissions.c.event_id, permissions.c.position, permissions.c.revoked_at, *HEAD)
    .join(events, events.c.id == permissions.c.event_id)
    .where(
        permissions.c.user_id == bindparam("me"),
        or_(
            permissions.c.position > bindparam("above"),
            and_(permissions.c.position == bindparam("above"), permissions.c.event_id > bindparam("above_id")),
        ),
        permissions.c.position < settled_position(),
    )
    .order_by(permissions.c.position, permissions.c.event_id)
    .limit(bindparam("most"))
)
_MOVED = Statement(
    select(permissions.c.user_id, permissions.c.event_id, permissions.c.position).where(
        in_json_list(permissions.c.user_id, bindparam("user_ids", type_=JsonList)),
        permissions.c.position > bindparam("above"),
        permissions.c.position < settled_position(),
    )
)
_CLOCK = Statement(
    select(
        database_identity.c.epoch,
        cluster_identity(),
        settled_position(),
        seen_position(),
        newest_position(),
        database_identity.c.pruned_position,
    )
)


async def moved_since(work: UnitOfWork, after: int, user_ids: Sequence[int]) -> list[tuple[int, int, int]]:
    """List (user, event, position) of what changed for some users after a position, as far as it is settled."""
    return [(row[0], row[1], row[2]) for row in await work.all(_MOVED, {"above": after, "user_ids": list(user_ids)})]


async def read_clock(work: UnitOfWork) -> Clock:
    """Read the database's epoch and the ends of its order of changes."""
    row = await work.one(_CLOCK)
    assert row is not None  # noqa: S101 - the first migration writes the row
    return Clock(f"{row[0]}{row[1]}", *row[2:])


async def changed_since(work: UnitOfWork, user_id: int, after: SyncPlace, most: int) -> list[ChangedRow]:
    """List what changed for a user after a place (position, event id), in that order, as far as it is settled."""
    values = {"me": user_id, "above": after[0], "above_id": after[1], "most": most}
    found = []
    for row in await work.all(_CHANGED, values):
        head = EventHead._make(row[3:])
        gone = row[2] is not None or head.deleted_at is not None
        found.append(ChangedRow(row[0], row[1], None if gone else head))
    return found
