"""Versions, the change log and the shelf, as rows. A version row is never updated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, or_, select

from convene.domain.json_types import Json
from convene.storage.statements import Statement, Values, inserting
from convene.storage.tables import event_change_log, event_versions, shelved_edits, users
from convene.storage.unit_of_work import UnitOfWork


class VersionRow(NamedTuple):
    """One version as stored, with its author's names."""

    event_id: int
    version_number: int
    kind: str
    data: dict[str, Json]
    base_version: int | None
    created_by: int
    created_at: datetime
    change_description: str | None
    author: str
    author_display_name: str | None


class AuthoredRow(NamedTuple):
    """Who wrote a version and when, without what it holds."""

    version_number: int
    kind: str
    created_by: int
    created_at: datetime
    author: str
    author_display_name: str | None


class ChangeRow(NamedTuple):
    """One changed field as stored."""

    id: int
    event_id: int
    version_number: int
    field_name: str
    old_value: Json
    new_value: Json
    created_by: int
    created_at: datetime


class ShelvedRow(NamedTuple):
    """The losing side of a refused merge as stored."""

    id: int
    event_id: int
    author_id: int
    base_version: int
    current_version: int
    data: dict[str, Json]
    conflicts: list[Json]
    created_at: datetime


_NAMES = (users.c.username, users.c.display_name)
_VERSION = select(*(event_versions.c[name] for name in VersionRow._fields[: -len(_NAMES)]), *_NAMES).join(
    users, users.c.id == event_versions.c.created_by
)
_OF_EVENT = event_versions.c.event_id == bindparam("event_id")
_ONE = Statement(_VERSION.where(_OF_EVENT, event_versions.c.version_number == bindparam("number")))
_PAGE = Statement(
    _VERSION.where(_OF_EVENT, event_versions.c.version_number < bindparam("below"))
    .order_by(event_versions.c.version_number.desc())
    .limit(bindparam("most"))
)
_AS_OF = Statement(
    _VERSION.where(
        _OF_EVENT, event_versions.c.created_at <= bindparam("moment", type_=event_versions.c.created_at.type)
    )
    .order_by(event_versions.c.version_number.desc())
    .limit(1)
)
_AUTHORS = Statement(
    select(event_versions.c.created_by)
    .distinct()
    .where(_OF_EVENT, event_versions.c.version_number > bindparam("number"))
)
_LOGGED = ("event_id", "version_number", "field_name", "old_value", "new_value", "created_by", "created_at")
_INSERT_CHANGE = Statement(inserting(event_change_log, *_LOGGED))
_CHANGE = select(*(event_change_log.c[name] for name in ChangeRow._fields))
_CHANGE_CONDITIONS: dict[str, Any] = {
    "field": event_change_log.c.field_name == bindparam("field"),
    "user_id": event_change_log.c.created_by == bindparam("user_id"),
}
_CHANGES = {
    names: Statement(
        _CHANGE.where(
            event_change_log.c.event_id == bindparam("event_id"),
            event_change_log.c.id < bindparam("below"),
            *(condition for name, condition in _CHANGE_CONDITIONS.items() if name in names),
        )
        .order_by(event_change_log.c.id.desc())
        .limit(bindparam("most"))
    )
    for names in (
        frozenset[str](),
        frozenset({"field"}),
        frozenset({"user_id"}),
        frozenset({"field", "user_id"}),
    )
}
# Only numbers and names are read here: what the versions of an event hold may be many megabytes.
_LAST_CHANGES = Statement(
    select(event_change_log.c.field_name, func.max(event_change_log.c.version_number))
    .where(event_change_log.c.event_id == bindparam("event_id"))
    .group_by(event_change_log.c.field_name)
)
_LAST_NUMBERS = (
    select(func.max(event_change_log.c.version_number))
    .where(event_change_log.c.event_id == bindparam("event_id"))
    .group_by(event_change_log.c.field_name)
)
_AUTHORS_OF_FIELDS = Statement(
    select(*(event_versions.c[name] for name in AuthoredRow._fields[: -len(_NAMES)]), *_NAMES)
    .join(users, users.c.id == event_versions.c.created_by)
    .where(_OF_EVENT, or_(event_versions.c.version_number == 1, event_versions.c.version_number.in_(_LAST_NUMBERS)))
)
_SHELVED = tuple(name for name in ShelvedRow._fields if name != "id")
_SHELVE = Statement(inserting(shelved_edits, *_SHELVED).returning(shelved_edits.c.id))
_ON_SHELF = Statement(
    select(*(shelved_edits.c[name] for name in ShelvedRow._fields))
    .where(
        shelved_edits.c.event_id == bindparam("event_id"),
        shelved_edits.c.author_id == bindparam("author_id"),
        shelved_edits.c.id < bindparam("below"),
    )
    .order_by(shelved_edits.c.id.desc())
    .limit(bindparam("most"))
)
_UNSHELVE = Statement(
    delete(shelved_edits).where(
        shelved_edits.c.id == bindparam("shelf_id"),
        shelved_edits.c.event_id == bindparam("event_id"),
        shelved_edits.c.author_id == bindparam("author_id"),
    )
)


async def find_version(work: UnitOfWork, event_id: int, number: int) -> VersionRow | None:
    """Find one version of an event."""
    row = await work.one(_ONE, {"event_id": event_id, "number": number})
    return VersionRow._make(row) if row else None


async def version_as_of(work: UnitOfWork, event_id: int, moment: datetime) -> VersionRow | None:
    """Find the version that was the newest at an instant; None before the event was created."""
    row = await work.one(_AS_OF, {"event_id": event_id, "moment": moment})
    return VersionRow._make(row) if row else None


async def authors_since(work: UnitOfWork, event_id: int, version: int) -> frozenset[int]:
    """Who has written versions after one."""
    rows = await work.all(_AUTHORS, {"event_id": event_id, "number": version})
    return frozenset(row[0] for row in rows)


async def list_versions(work: UnitOfWork, event_id: int, *, below: int, most: int) -> list[VersionRow]:
    """List versions with numbers below one, newest first."""
    rows = await work.all(_PAGE, {"event_id": event_id, "below": below, "most": most})
    return [VersionRow._make(row) for row in rows]


async def insert_changes(work: UnitOfWork, changes: Sequence[Values]) -> None:
    """Write what a version changed, field by field."""
    await work.many(_INSERT_CHANGE, changes)


async def list_changes(work: UnitOfWork, event_id: int, *, chosen: Values, below: int, most: int) -> list[ChangeRow]:
    """List logged changes with ids below one, newest first; `chosen` may name a `field` and a `user_id`."""
    values = {**chosen, "event_id": event_id, "below": below, "most": most}
    return [ChangeRow._make(row) for row in await work.all(_CHANGES[frozenset(chosen)], values)]


async def last_changes(work: UnitOfWork, event_id: int) -> dict[str, int]:
    """Say for each field that was ever changed which version changed it last."""
    return {str(row[0]): int(row[1]) for row in await work.all(_LAST_CHANGES, {"event_id": event_id})}


async def authors_of_fields(work: UnitOfWork, event_id: int) -> list[AuthoredRow]:
    """List the first version and those that were the last to change some field."""
    return [AuthoredRow._make(row) for row in await work.all(_AUTHORS_OF_FIELDS, {"event_id": event_id})]


async def shelve(work: UnitOfWork, values: Values) -> int:
    """Keep the losing side of a refused merge; gives its id."""
    row = await work.one(_SHELVE, values)
    assert row is not None  # noqa: S101 - INSERT ... RETURNING gives a row or raises
    return int(row[0])


async def list_shelved(work: UnitOfWork, event_id: int, author_id: int, *, below: int, most: int) -> list[ShelvedRow]:
    """List an author's shelved edits of an event, newest first."""
    values = {"event_id": event_id, "author_id": author_id, "below": below, "most": most}
    return [ShelvedRow._make(row) for row in await work.all(_ON_SHELF, values)]


async def unshelve(work: UnitOfWork, event_id: int, author_id: int, shelf_id: int) -> bool:
    """Throw a shelved edit away; False when its author has none with this id."""
    values = {"event_id": event_id, "author_id": author_id, "shelf_id": shelf_id}
    return await work.run(_UNSHELVE, values) == 1
