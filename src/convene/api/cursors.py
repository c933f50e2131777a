"""Cursors of live channels and of sync: opaque, and good for one database, and for sync one person."""

from __future__ import annotations

from convene.api.paging import decode_cursor, encode_cursor
from convene.domain.errors import Gone, Invalid
from convene.operations.sync import SyncCursor, clock_of
from convene.storage.notifications import NotificationPlace
from convene.storage.unit_of_work import UnitOfWork

_MAX = 2**63 - 1


def write_place(epoch: str, place: NotificationPlace) -> str:
    """Write how far a listener has been told."""
    return encode_cursor([epoch, *place])


async def read_place(work: UnitOfWork, cursor: str) -> NotificationPlace:
    """Read how far a listener has been told.

    Raises:
        Invalid: it is no such cursor.
        Gone: it is of another database.
    """
    epoch, position, number = decode_cursor(cursor, str, int, int, name="?after")
    place = (_number(position), _number(number))
    clock = await clock_of(work)
    if epoch != clock.epoch or place[0] >= clock.newest:
        raise Gone
    return place


def write_sync(cursor: SyncCursor) -> str:
    """Write how far a copy has come."""
    return encode_cursor([cursor.epoch, cursor.user_id, *cursor.place])


def read_sync(text: str, user_id: int) -> SyncCursor:
    """Read how far a copy has come.

    Raises:
        Invalid: it is no such cursor, or somebody else's.
    """
    epoch, owner, position, event_id = decode_cursor(text, str, int, int, int, name="?since")
    if owner != user_id:
        raise Invalid.at("?since", "is not a cursor of yours")
    return SyncCursor(str(epoch), user_id, (_number(position), _number(event_id)))


def _number(part: object) -> int:
    return min(max(int(str(part)), 0), _MAX)
