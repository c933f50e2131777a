"""Calendars as rows. New events go into the first one of their owner (see `events.lock_agenda`)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from convene.storage.statements import Statement, Values
from convene.storage.tables import calendars
from convene.storage.unit_of_work import UnitOfWork


class CalendarRow(NamedTuple):
    """A calendar as stored."""

    id: int
    name: str
    color: str | None


_CALENDAR = tuple(calendars.c[name] for name in CalendarRow._fields)
_OWN = Statement(select(*_CALENDAR).where(calendars.c.owner_id == bindparam("me")).order_by(calendars.c.id))
_ONE = (calendars.c.id == bindparam("calendar_id"), calendars.c.owner_id == bindparam("me"))
# Only what was said is written: two who change one calendar at once keep both changes.
_CHANGE = {
    names: Statement(
        update(calendars)
        .where(*_ONE)
        .values({name: bindparam(f"new_{name}", type_=calendars.c[name].type) for name in names})
        .returning(*_CALENDAR)
    )
    for names in (frozenset({"name"}), frozenset({"color"}), frozenset({"name", "color"}))
}
_FIND = Statement(select(*_CALENDAR).where(*_ONE))


async def own_calendars(work: UnitOfWork, user_id: int) -> list[CalendarRow]:
    """List a user's own calendars, the first one first."""
    return [CalendarRow._make(row) for row in await work.all(_OWN, {"me": user_id})]


async def change_calendar(work: UnitOfWork, user_id: int, calendar_id: int, change: Values) -> CalendarRow | None:
    """Write the fields that are given of one of a user's own calendars; None when there is no such calendar."""
    statement = _CHANGE[frozenset(change)] if change else _FIND
    values = {f"new_{name}": value for name, value in change.items()}
    row = await work.one(statement, {**values, "me": user_id, "calendar_id": calendar_id})
    return CalendarRow._make(row) if row else None
