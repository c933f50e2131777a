"""A single event is created without holding the lock of its owner's agenda: on PostgreSQL, by one statement or two.

The first looks at the agenda, and if nothing there may be in the way it takes the lock, writes the event, and is done:
a transaction of its own. Otherwise it gives what it saw, and whoever finds that the event fits in nevertheless, beside
a series, or may be dated now, writes it with the second, which takes the lock if nothing has changed since.

Both write as many events of as many owners as want to be written at that moment (`group_commit`), each by itself: the
agenda of one who has to look closer, or whose lock somebody holds, keeps back nobody else.

Nobody comes in between: both write only if the agenda has the revision that was looked at. Whoever changes what an
owner has moves that; the lock is taken of the newest row, and its revision compared with the one that was seen. And
nothing is dated before what others did that it may have depended on: the first asks that nothing in the agenda may be
dated later than the time that it was given, the second is given a time that was read after looking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    column,
    exists,
    false,
    func,
    insert,
    literal_column,
    null,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.sql.selectable import LateralFromClause
from sqlalchemy.types import TypeEngine

from convene.storage.drafts import BYTES_MAX, MOST, Draft
from convene.storage.events import FIRST_CALENDAR, OWN, STORED, EventHead, locked, may_be_busy
from convene.storage.group_commit import Alone
from convene.storage.statements import Statement, Values
from convene.storage.tables import agendas, events, permissions, users
from convene.storage.types import BigId, Json, UtcDateTime, utc
from convene.storage.unit_of_work import UnitOfWork
from convene.storage.writes import NEW, NewEvent, Said, head_of, new_row, with_its_rows

#: What is said of a new event. As JSON, all of it is one value to be put in its place, encoded and sent, for as many
#: events as there are: one by one they would take a thirteenth of the CPU of a create.
_GIVEN: Mapping[str, TypeEngine[Any]] = {
    "uid": Text(), "owner_id": BigId, "title": Text(), "description": Text(), "location": Text(), "status": Text(),
    "free_busy_status": Text(), "tags": Json(), "start_local": Text(), "duration": BigInteger(), "time_zone": Text(),
    "fold": Integer(), "all_day": Boolean(), "start_time": UtcDateTime(), "end_time": UtcDateTime(),
    "search_text": Text(), "created_at": UtcDateTime(), "data": Json(),
}  # fmt: skip
_INSTANTS = ("start_time", "end_time", "created_at")
_GIVEN_LATER: Mapping[str, TypeEngine[Any]] = {**_GIVEN, "id": BigId, "calendar_id": BigId, "seen": BigId}


def _given(columns: Mapping[str, TypeEngine[Any]]) -> CTE:
    """The drafts as rows. PostgreSQL takes a function's for a hundred or a thousand, and reads whole tables then."""
    listed = cast(bindparam("drafts", type_=Text()), Json())
    rows = func.json_to_recordset(listed).table_valued(*(column(name, kind) for name, kind in columns.items()))
    return select(rows.render_derived("draft", with_types=True)).limit(literal_column(str(MOST))).cte("given")


def _said(row: CTE) -> Said:
    """What is written of a single event that its owner creates and that takes up time: much is the same for all."""
    return {
        **{name: row.c[name] for name in ("id", "calendar_id", *_GIVEN)},
        **dict.fromkeys(
            ("recurrence_pattern", "overrides", "split_from", "continued_by", "base_version", "change_description"),
            null(),
        ),
        "version": literal_column("1"),
        "kind": literal_column("'created'"),
        "is_recurring": false(),
        "may_block": true(),
        "starts_at": row.c.start_time,
        "ends_at": row.c.end_time,
        "updated_at": row.c.created_at,
        "updated_by": row.c.owner_id,
    }


def _taken(wanted: FromClause, owner_id: ColumnElement[int], revision: ColumnElement[int]) -> CTE:
    """The locks of those agendas that have the revision which was looked at, and that nobody else holds.

    One of many that is held by others would keep all the rest waiting. So would a user who is being renamed, because
    whatever refers to somebody locks them.
    """
    owners = select(owner_id.label("id")).distinct().subquery("owners")
    known = (
        select(users.c.id)
        .where(users.c.id == owners.c.id)
        .with_for_update(read=True, key_share=True, skip_locked=True)
        .correlate(owners)
        .lateral("known")
    )
    agenda = (
        select(agendas.c.user_id, agendas.c.revision)
        .where(agendas.c.user_id == known.c.id)
        .with_for_update(key_share=True, skip_locked=True)
        .correlate(known)
        .lateral("agenda")
    )
    both = owners.join(known, true()).join(agenda, true())
    held = select(agenda.c.user_id, agenda.c.revision).select_from(both).cte("held")
    until = func.max(wanted.c.created_at).label("until")
    by_owner = select(owner_id.label("owner_id"), revision.label("seen"), until).group_by(owner_id, revision).subquery()
    return (
        update(agendas)
        .where(
            agendas.c.user_id == by_owner.c.owner_id,
            agendas.c.revision == by_owner.c.seen,
            held.c.user_id == by_owner.c.owner_id,
            held.c.revision == by_owner.c.seen,
        )
        .values(locked(by_owner.c.until))
        .returning(agendas.c.user_id, by_owner.c.seen)
        .cte("taken")
    )


def _written(ready: CTE) -> tuple[CTE, CTE]:
    """The inserts of what is ready."""
    said = _said(ready)
    columns = ("id", *NEW)
    event = insert(events).from_select([*columns], select(*(said[name] for name in columns)))
    return event.cte("new"), with_its_rows(ready, said).cte("written")


def _if_unchanged() -> Statement:
    given = _given(_GIVEN_LATER)
    taken = _taken(given, given.c.owner_id, given.c.seen)
    ready = (
        select(given).join(taken, and_(taken.c.user_id == given.c.owner_id, taken.c.seen == given.c.seen)).cte("ready")
    )
    return Statement(select(ready.c.uid).add_cte(*_written(ready)))


_LONG_AGO: ColumnElement[datetime] = literal_column("'-infinity'::timestamptz")
_EACH = bindparam("each", type_=Integer())


def _each_by_itself(rows: Select[Any]) -> LateralFromClause:
    """Look it up for each row, by an index: OFFSET 0 keeps PostgreSQL from reading whole tables for a few of them."""
    return rows.offset(literal_column("0")).lateral()


def _if_free() -> Statement:
    given = _given(_GIVEN)
    agenda = _each_by_itself(
        select(agendas.c.revision, agendas.c.dated_until, FIRST_CALENDAR.label("calendar_id"))
        .where(agendas.c.user_id == given.c.owner_id)
        .correlate(given)
    )
    next_id = func.nextval(literal_column("'events_id_seq'"), type_=BigId).label("id")
    seen = select(given, *agenda.c, next_id).select_from(given.join(agenda, true())).cte("seen")
    at_that_time = may_be_busy(seen.c.owner_id, after=seen.c.start_time, before=seen.c.end_time)
    # Of values that stand in rows, PostgreSQL does not know that hardly anything ends later, and may look through all
    # that begins earlier: 6 ms for ten events instead of 0.1. Only the index by ends has something of this comparison,
    # which says nothing new.
    by_ends = tuple_(permissions.c.ends_at, permissions.c.starts_at) > tuple_(seen.c.start_time, _LONG_AGO)
    theirs = select(*STORED, permissions.c.role).select_from(OWN).where(*at_that_time, by_ends)
    lateral = _each_by_itself(theirs.limit(_EACH).correlate(seen))
    busy = select(seen.c.uid.label("for_uid"), *lateral.c).select_from(seen.join(lateral, true())).cte("busy")
    is_free = ~exists(select(literal_column("1")).where(busy.c.for_uid == seen.c.uid).correlate(seen))
    is_later = seen.c.dated_until <= seen.c.created_at
    free = select(seen).where(is_later, is_free).cte("free")
    taken = _taken(free, free.c.owner_id, free.c.revision)
    ready = select(free).join(taken, taken.c.user_id == free.c.owner_id).cte("ready")
    found = seen.outerjoin(ready, ready.c.uid == seen.c.uid).outerjoin(busy, busy.c.for_uid == seen.c.uid)
    told = (seen.c.uid, ready.c.uid.is_not(None), is_later, _EACH, seen.c.id, seen.c.calendar_id, seen.c.revision)
    heads = [busy.c[name] for name in lateral.c.keys()]  # noqa: SIM118 - of columns
    return Statement(select(*told, *heads).select_from(found).add_cte(*_written(ready)))


_INSERT_IF_FREE = _if_free()
_INSERT_IF_UNCHANGED = _if_unchanged()


class CreatedEvent(NamedTuple):
    """What a new event got when it was written."""

    id: int
    calendar_id: int


class Agenda(NamedTuple):
    """What an owner's agenda was in one moment: its revision, the calendar where new events go, what may be busy.

    `next_id` is for an event to be created: whoever knows it beforehand can say all of the event before it is written.
    With `was_overtaken` nothing was in the way, but that somebody else held the lock, or was quicker.
    """

    revision: int
    calendar_id: int
    next_id: int
    busy: list[EventHead]
    was_overtaken: bool


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


_TOLD_AT_MOST, _HEAD_BEGINS = 3, 7


def _draft(statement: Statement, names: Iterable[str], row: Values) -> Draft:
    said = {name: row[name] for name in names}
    for name in _INSTANTS:
        said[name] = utc(row[name])
    json = orjson.dumps(said)
    return Draft(statement, row["owner_id"], row["uid"], json, row["start_time"], row["end_time"], len(json))


async def insert_event_if_free(write: Alone, draft: ReadyEvent) -> CreatedEvent | Agenda:
    """Write a new event as a transaction of its own, if nothing may be in its way; or give the agenda as it was.

    Args:
        write: what the unit gives for this.
        draft: without an id and a calendar.
    """
    wanted = _draft(_INSERT_IF_FREE, _GIVEN, draft.row)
    rows = await write(wanted)
    if len(rows) >= rows[0][_TOLD_AT_MOST]:
        rows = await write(wanted._replace(size=BYTES_MAX))  # more than one of many is told, so by itself
    _, is_created, is_later, _, event_id, calendar_id, revision, *_ = rows[0]
    if is_created:
        return CreatedEvent(event_id, calendar_id)
    busy = [EventHead(*row[_HEAD_BEGINS:]) for row in rows if row[_HEAD_BEGINS] is not None]
    return Agenda(revision, calendar_id, event_id, busy, is_later and not busy)


async def insert_event_if_unchanged(write: Alone, ready: ReadyEvent, revision: int) -> bool:
    """Write a new event as a transaction of its own; False if its owner's agenda has another revision by now."""
    return bool(await write(_draft(_INSERT_IF_UNCHANGED, _GIVEN_LATER, {**ready.row, "seen": revision})))
