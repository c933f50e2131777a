"""All rows in the order of their events, page by page, and rows that others contradict: for operators alone.

What a page reads is bounded, so that a database of any size can be gone through. Contents are given as the text that is
stored: what cannot be read is for the reader to find.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Text, bindparam, cast, literal_column, or_, select, text, tuple_
from sqlalchemy.sql.elements import ColumnElement

from convene.domain.json_types import Json
from convene.storage.delivery_tables import delivery_places
from convene.storage.events import CONTENT_COLUMNS
from convene.storage.positions import newest_position
from convene.storage.statements import Row, Statement
from convene.storage.tables import (
    agendas,
    calendars,
    database_identity,
    event_change_log,
    event_versions,
    events,
    metadata,
    notifications,
    permissions,
    splits,
    users,
)
from convene.storage.unit_of_work import UnitOfWork

#: A version holds at most some 170 kB.
_PAGE = 100
#: Of one kind of contradiction so many rows are named.
_NAMED_MAX = 100


class StoredHead(NamedTuple):
    """An event as it stands; `content` are its columns in the order of `CONTENT_COLUMNS`."""

    event_id: int
    version: int
    owner_id: int
    calendar_owner: int | None
    updated_at: datetime
    updated_by: int
    deleted_at: datetime | None
    content: tuple[Any, ...]


class StoredVersion(NamedTuple):
    """One version; `data` is the text of its content."""

    event_id: int
    number: int
    kind: str
    data: str
    created_by: int
    created_at: datetime
    position: int


class StoredChange(NamedTuple):
    """One line of the change log."""

    event_id: int
    id: int
    number: int
    field: str
    old_value: Json
    new_value: Json
    created_by: int
    created_at: datetime


class StoredPermission(NamedTuple):
    """What a user, whose id is `number`, is to an event, with the copies of its bounds."""

    event_id: int
    number: int
    role: str
    starts_at: datetime
    ends_at: datetime
    position: int
    revoked_at: datetime | None


class Contradiction(NamedTuple):
    """A row that another one contradicts, by its table and key, and how."""

    table: str
    key: str
    fault: str


_HEADS = Statement(
    select(
        events.c.id,
        events.c.version,
        events.c.owner_id,
        calendars.c.owner_id,
        events.c.updated_at,
        events.c.updated_by,
        events.c.deleted_at,
        *(events.c[name] for name in CONTENT_COLUMNS),
    )
    .join(calendars, calendars.c.id == events.c.calendar_id, isouter=True)
    .where(events.c.id > bindparam("last"))
    .order_by(events.c.id)
    .limit(_PAGE)
)


def _in_order(table: Any, second: str, *names: str | ColumnElement[Any]) -> Statement:  # noqa: ANN401 - a table or its alias
    """Read a table in the order of events and of a second column, after a place."""
    place = (table.c.event_id, table.c[second])
    after = tuple_(bindparam("event", type_=place[0].type), bindparam("second", type_=place[1].type))
    columns = (table.c[name] if isinstance(name, str) else name for name in names)
    return Statement(select(*place, *columns).where(tuple_(*place) > after).order_by(*place).limit(_PAGE))


_AUTHORED = ("created_by", "created_at")
_VERSIONS = _in_order(
    event_versions, "version_number", "kind", cast(event_versions.c.data, Text), *_AUTHORED, "position"
)
_CHANGES = _in_order(event_change_log, "id", "version_number", "field_name", "old_value", "new_value", *_AUTHORED)
_PERMISSIONS = _in_order(permissions, "user_id", "role", "starts_at", "ends_at", "position", "revoked_at")
_NEWEST = Statement(select(newest_position()))


async def heads(work: UnitOfWork) -> AsyncIterator[StoredHead]:
    """Go through all events, in the order of their ids."""
    last = 0
    while rows := await work.all(_HEADS, {"last": last}):
        for row in rows:
            yield StoredHead._make((*row[:7], row[7:]))
        last = rows[-1][0]


async def versions(work: UnitOfWork) -> AsyncIterator[StoredVersion]:
    """Go through all versions, by event and number."""
    async for row in _rows(work, _VERSIONS):
        yield StoredVersion._make(row)


async def changes(work: UnitOfWork) -> AsyncIterator[StoredChange]:
    """Go through the change log, by event and in the order in which it was written."""
    async for row in _rows(work, _CHANGES):
        yield StoredChange._make(row)


async def all_permissions(work: UnitOfWork) -> AsyncIterator[StoredPermission]:
    """Go through all permissions, lost ones too, by event and user."""
    async for row in _rows(work, _PERMISSIONS):
        yield StoredPermission._make(row)


async def _rows(work: UnitOfWork, statement: Statement) -> AsyncIterator[Row]:
    place = (0, 0)
    while rows := await work.all(statement, {"event": place[0], "second": place[1]}):
        for row in rows:
            yield row
        place = (rows[-1][0], rows[-1][1])


async def end_of_positions(work: UnitOfWork) -> int:
    """Nothing that has been written stands at this position or after it."""
    row = await work.one(_NEWEST)
    assert row is not None  # noqa: S101 - a SELECT of one expression has a row
    return int(row[0])


# -- contradictions that SQL finds by itself -----------------------------------------------------------------


def _strays() -> Iterator[tuple[str, str, Statement]]:
    """For each column that refers to another table: the rows whose other row is not there."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            for reference in column.foreign_keys:
                other = reference.column.table.alias("other")
                found = select(other.c[reference.column.name]).where(other.c[reference.column.name] == column)
                lost = column.is_not(None) & ~found.exists()
                statement = Statement(select(*table.primary_key, column).where(lost).limit(_NAMED_MAX))
                yield table.name, f"{column.name} names no row of {reference.column.table.name}", statement


def _other_contradictions() -> Iterator[tuple[str, str, Statement]]:
    version = select(events.c.version).where(events.c.id == notifications.c.event_id).scalar_subquery()
    beyond = or_(
        notifications.c.version_number > version, notifications.c.from_version > notifications.c.version_number
    )
    yield "notifications", "tells of a version that is not there", _found(notifications, beyond)
    earlier = select(events.c.version).where(events.c.id == splits.c.earlier_id).scalar_subquery()
    yield "splits", "tells of a version that is not there", _found(splits, splits.c.version_number > earlier)
    for table in (notifications, delivery_places):
        yield (
            table.name,
            "stands at a position that has not come yet",
            _found(table, table.c.position >= newest_position()),
        )
    yield (
        "database_identity",
        "has thrown away what has not come yet",
        _found(database_identity, database_identity.c.pruned_position >= newest_position()),
    )
    dated_until = select(agendas.c.dated_until).where(agendas.c.user_id == events.c.owner_id).scalar_subquery()
    yield (
        "events",
        "is dated later than its owner's agenda says of all in it",
        _found(events, events.c.updated_at > dated_until),
    )
    for table, owner in ((agendas, agendas.c.user_id), (calendars, calendars.c.owner_id)):
        none = ~select(literal_column("1")).where(owner == users.c.id).exists()
        yield "users", f"has no row in {table.name}", _found(users, none)


def _found(table: Any, condition: Any) -> Statement:  # noqa: ANN401 - of SQLAlchemy, which types neither well
    return Statement(select(*table.primary_key).where(condition).limit(_NAMED_MAX))


_CONTRADICTIONS = (*_strays(), *_other_contradictions())
_INTEGRITY = Statement(text(f"PRAGMA integrity_check({_NAMED_MAX})"))


async def contradictions(work: UnitOfWork) -> AsyncIterator[Contradiction]:
    """Find rows that other rows contradict, at most a hundred of a kind; on SQLite damage to the file first."""
    if work.dialect_name == "sqlite":
        for row in await work.all(_INTEGRITY):
            if row[0] != "ok":
                yield Contradiction("the file", "", str(row[0]))
    for table, fault, statement in _CONTRADICTIONS:
        for row in await work.all(statement):
            yield Contradiction(table, _key(table, row), fault)


def _key(table: str, row: Sequence[Any]) -> str:
    names = [column.name for column in metadata.tables[table].primary_key]
    return ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=False))
