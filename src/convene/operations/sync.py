"""What changed for a user since they last asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convene.domain.errors import Gone
from convene.operations.identity import SignedIn
from convene.storage import sync
from convene.storage.events import EventHead
from convene.storage.sync import Clock, SyncPlace
from convene.storage.unit_of_work import UnitOfWork

PAGE = 500
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class SyncCursor:
    """How far a user's copy has come, in the order of changes of one database."""

    epoch: str
    user_id: int
    place: SyncPlace


@dataclass(frozen=True, slots=True)
class Changes:
    """One page of changes; `more` when there are others after it."""

    changed: Sequence[EventHead]
    removed: Sequence[int]
    cursor: SyncCursor
    more: bool


async def clock_of(work: UnitOfWork) -> Clock:
    """Read which database this is, and what is known of its order of changes."""
    return await sync.read_clock(work)


async def changes_since(work: UnitOfWork, me: SignedIn, since: SyncCursor | None) -> Changes:
    """List the events that changed for `me` after a cursor, as they are now, and those that `me` sees no more.

    Raises:
        Gone: the cursor is from before what is kept, or of another database.
    """
    clock = await sync.read_clock(work)
    after = _checked(since, clock) if since else (0, 0)
    rows = await sync.changed_since(work, me.user_id, after, PAGE + 1)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    place = (rows[-1].position, rows[-1].event_id) if rows else after
    if not more:
        # All that was settled when we began has been read: an idle client's cursor grows old only if nobody writes.
        place = max(place, (clock.durable - 1, _LAST))
    return Changes(
        changed=[row.head for row in rows if row.head is not None],
        # A first copy has nothing that could be removed from it.
        removed=[row.event_id for row in rows if row.head is None and since is not None],
        cursor=SyncCursor(clock.epoch, me.user_id, place),
        more=more,
    )


async def events_moved_since(
    work: UnitOfWork, after: int, user_ids: Sequence[int]
) -> tuple[list[tuple[int, int]], int]:
    """List (user, event) of what changed for some users after a position, and the position to ask from next."""
    clock = await sync.read_clock(work)
    moved = await sync.moved_since(work, after, user_ids)
    seen = max((position for _, _, position in moved), default=after)
    return [(user_id, event_id) for user_id, event_id, _ in moved], max(seen, clock.durable - 1)


def _checked(since: SyncCursor, clock: Clock) -> SyncPlace:
    position = since.place[0]
    if since.epoch != clock.epoch or position >= clock.newest or position < clock.pruned:
        raise Gone
    return since.place
