"""One's own calendars: what they are called, and in which colour their events are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convene.domain.content import UNSET, Unset
from convene.domain.errors import NotFound
from convene.operations.identity import SignedIn
from convene.storage import calendars
from convene.storage.calendars import CalendarRow
from convene.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChange:
    """What to change about a calendar; UNSET stays, and None leaves the colour to whoever shows it."""

    name: str | Unset = UNSET
    color: str | Unset | None = UNSET


async def list_calendars(work: UnitOfWork, me: SignedIn) -> Sequence[CalendarRow]:
    """List one's own calendars, the first one first: new events go there."""
    return await calendars.own_calendars(work, me.user_id)


async def change_calendar(work: UnitOfWork, me: SignedIn, calendar_id: int, change: CalendarChange) -> CalendarRow:
    """Change one of one's own calendars.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    said = {name: value for name, value in (("name", change.name), ("color", change.color)) if value is not UNSET}
    row = await calendars.change_calendar(work, me.user_id, calendar_id, said)
    if row is None:
        raise NotFound("calendar", calendar_id)
    return row
