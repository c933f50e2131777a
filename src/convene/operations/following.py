"""Following what is written, in the order of changes, with a place that all processes share.

Whoever reads under a name locks its place, acts on what comes after it, and moves it in the same transaction: each
thing is read once in each name, whatever the number of processes, and also after one of them was killed. A crash that
makes the database forget ids of transactions makes it forget the places that passed them, too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from convene.storage import deliveries
from convene.storage.notifications import NotificationPlace
from convene.storage.unit_of_work import UnitOfWork, Units

#: A reader that finds nothing remembers how far it came only when that is far: remembering is a write.
_FAR = 1_000
_LAST_ROW = 2**63 - 1


class Reader(NamedTuple):
    """Somebody who follows what is written.

    Attributes:
        name: under which the place is kept.
        any_after: whether there is something to act on after a place and below a position.
        act: act on some of it; gives how far that went, None for all.
    """

    name: str
    any_after: Callable[[UnitOfWork, NotificationPlace, int], Awaitable[bool]]
    act: Callable[[UnitOfWork, NotificationPlace, int], Awaitable[NotificationPlace | None]]


async def follow(units: Units, reader: Reader) -> bool:
    """Let a reader act on what is new; says whether there may be more to act on at once."""
    async with units.reading() as work:
        place, settled = await deliveries.place_of(work, reader.name)
        some = await reader.any_after(work, place, settled)
    if not some and settled - place[0] < _FAR:
        return False
    async with units.writing() as work:
        place, settled = await deliveries.place_of(work, reader.name, locked=True)
        read = await reader.act(work, place, settled)
        await deliveries.move_place(work, reader.name, max(place, read or (settled - 1, _LAST_ROW)))
    return read is not None
