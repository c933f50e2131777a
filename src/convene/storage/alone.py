"""A single event is created without holding the lock of its owner's agenda: on PostgreSQL, by one statement or two.

The first looks at the agenda, and if nothing there may be in the way it takes the lock, writes the event, and is done:
a transaction of its own. Otherwise it gives what it saw, and whoever finds that the event fits in nevertheless, beside
a series, writes it with the second, which takes the lock if nothing has changed since.

Nobody comes in between: both write only if the agenda has the revision that was looked at. Whoever changes what an
owner has moves that, and whoever has to wait for the lock then looks at the revision again (PostgreSQL's READ COMMITTED
evaluates the condition of an UPDATE anew). And nothing is dated before what others did that it may have depended on:
the first asks that nothing in the agenda may be dated later than the time that it was given, the second is given a time
that was read after looking.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    literal_column,
    null,
    select,
    true,
    update,
)

from convene.storage.events import FIRST_CALENDAR, OWN, STORED, EventHead, locked, may_be_busy
from convene.storage.statements import Statement, Values
from convene.storage.tables import agendas, events, permissions
from convene.storage.unit_of_work import UnitOfWork
from convene.storage.writes import NEW, SAID, NewEvent, Said, head_of, new_row, with_its_rows

#: Of a single event that its owner creates and that takes up time, much is the same for all, or said already: each
#: value costs a microsecond to be put in its place, encoded and sent.
_SAID: Said = {
    **SAID,
    **dict.fromkeys(
        ("recurrence_pattern", "overrides", "split_from", "continued_by", "base_version", "change_description"), null()
    ),
    "version": literal_column("1"),
    "kind": literal_column("'created'"),
    "is_recurring": false(),
    "may_block": true(),
    "starts_at": SAID["start_time"],
    "ends_at": SAID["end_time"],
    "updated_at": SAID["created_at"],
    "updated_by": SAID["owner_id"],
}
_OWNER, _NOW = SAID["owner_id"], SAID["created_at"]
_LOCKED = locked(_NOW)


def _inserted(said: Mapping[str, ColumnElement[Any]], columns: tuple[str, ...], locked: CTE) -> CTE:
    """The insert of the event itself, if the agenda could be locked."""
    row = select(*(said[name] for name in columns)).select_from(locked)
    return insert(events).from_select([*columns], row).returning(events.c.id).cte("new")


def _if_unchanged() -> Statement:
    agenda = (
        update(agendas)
        .where(agendas.c.user_id == _OWNER, agendas.c.revision == bindparam("seen"))
        .values(_LOCKED)
        .returning(agendas.c.user_id)
        .cte("agenda")
    )
    return Statement(with_its_rows(_inserted(_SAID, ("id", *NEW), agenda), _SAID))


# Asked for where it is needed only: a sequence goes on for good.
_NEXT_ID = select(func.nextval(literal_column("'events_id_seq'"), type_=events.c.id.type)).scalar_subquery()


def _if_free() -> Statement:
    seen = (
        select(agendas.c.revision, agendas.c.dated_until, FIRST_CALENDAR.label("calendar_id"))
        .where(agendas.c.user_id == _OWNER)
        .cte("seen")
    )
    at_that_time = may_be_busy(_OWNER, after=SAID["start_time"], before=SAID["end_time"])
    busy = select(*STORED, permissions.c.role).select_from(OWN).where(*at_that_time).cte("busy")
    agenda = (
        update(agendas)
        .where(agendas.c.user_id == _OWNER, agendas.c.revision == seen.c.revision)
        .where(seen.c.dated_until <= _NOW, ~exists(select(literal_column("1")).select_from(busy)))
        .values(_LOCKED)
        .returning(seen.c.calendar_id)
        .cte("agenda")
    )
    written = with_its_rows(_inserted({**_SAID, "calendar_id": agenda.c.calendar_id}, NEW, agenda), _SAID)
    created = select(written.cte("written").c.event_id).scalar_subquery()
    next_id = case((created.is_(None), _NEXT_ID))
    return Statement(
        select(created, seen.c.revision, seen.c.calendar_id, next_id, *busy.c).select_from(seen.outerjoin(busy, true()))
    )


_INSERT_IF_FREE = _if_free()
_INSERT_IF_UNCHANGED = _if_unchanged()


class CreatedEvent(NamedTuple):
    """What a new event got when it was written."""

    id: int
    calendar_id: int


class Agenda(NamedTuple):
    """What an owner's agenda was in one moment: its revision, the calendar where new events go, what may be busy.

    `next_id` is for an event to be created: whoever knows it beforehand can say all of the event before it is written.
    """

    revision: int
    calendar_id: int
    next_id: int
    busy: list[EventHead]


class ReadyEvent(NamedTuple):
    """A new event as it will be once it is written: the head, and all that is written of it."""

    head: EventHead
    row: Values


def ready_event(work: UnitOfWork, new: NewEvent, event_id: int) -> ReadyEvent:
    """Make a new event ready under an id that is its own, without writing anything.

    It is a single one that takes up time, and its owner creates it.
    """
    row = new_row(work, new) | {"id": event_id}
    return ReadyEvent(head_of(row), row)


async def insert_event_if_free(work: UnitOfWork, draft: ReadyEvent) -> CreatedEvent | Agenda:
    """Write a new event as a transaction of its own, if nothing may be in its way; or give the agenda as it was.

    Args:
        work: the unit, in which nothing has begun yet.
        draft: without an id and a calendar.
    """
    rows = await work.alone(_INSERT_IF_FREE, draft.row)
    created, revision, calendar_id, next_id, *_ = rows[0]
    if created is not None:
        return CreatedEvent(created, calendar_id)
    return Agenda(revision, calendar_id, next_id, [EventHead(*row[4:]) for row in rows if row[4] is not None])


async def insert_event_if_unchanged(work: UnitOfWork, ready: ReadyEvent, revision: int) -> bool:
    """Write a new event as a transaction of its own; False if its owner's agenda has another revision by now."""
    return bool(await work.alone(_INSERT_IF_UNCHANGED, {**ready.row, "seen": revision}))
