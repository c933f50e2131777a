"""Writing events: the head, its owner's permission and its versions, together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, bindparam, insert, literal_column, select, update
from sqlalchemy.sql.dml import ReturningInsert

from convene.domain.content import EventContent
from convene.domain.content_json import to_json
from convene.storage.events import CONTENT_COLUMNS, EventHead, content_columns
from convene.storage.positions import transaction_position
from convene.storage.statements import Statement, Values, inserting
from convene.storage.tables import event_versions, events, permissions
from convene.storage.unit_of_work import UnitOfWork

NEW = (
    "calendar_id", "owner_id", "uid", "version", *CONTENT_COLUMNS, "split_from", "continued_by", "created_at",
    "updated_at", "updated_by",
)  # fmt: skip
_INSERT = Statement(inserting(events, *NEW).returning(events.c.id))
_INSERT_OWNER = Statement(
    insert(permissions).values(
        event_id=bindparam("event_id"),
        user_id=bindparam("owner_id"),
        role="owner",
        starts_at=bindparam("starts_at", type_=permissions.c.starts_at.type),
        ends_at=bindparam("ends_at", type_=permissions.c.ends_at.type),
        position=transaction_position(),
        created_at=bindparam("created_at", type_=permissions.c.created_at.type),
        updated_at=bindparam("updated_at", type_=permissions.c.updated_at.type),
        granted_by=bindparam("updated_by"),
    )
)
_VERSION = (
    "event_id", "version_number", "kind", "data", "base_version", "created_by", "created_at", "change_description",
)  # fmt: skip
_OF_VERSION = ("kind", "data", "base_version", "change_description")
_INSERT_VERSION = Statement(inserting(event_versions, *_VERSION).values(position=transaction_position()))
_PERMISSION = (
    "event_id", "user_id", "role", "starts_at", "ends_at", "position", "created_at", "updated_at", "granted_by",
)  # fmt: skip


Said = Mapping[str, ColumnElement[Any]]

#: How statements say what is written of a new event: as values that are given for each.
SAID: Said = {
    **{name: bindparam(name, type_=events.c[name].type) for name in NEW},
    **{name: bindparam(name, type_=event_versions.c[name].type) for name in _OF_VERSION},
}


def with_its_rows(new_event: CTE, said: Said) -> ReturningInsert[tuple[int]]:
    """PostgreSQL's form of the three inserts, the first of which gives the id: one statement, one round trip."""
    names = ("owner_id", "starts_at", "ends_at", "created_at", "updated_at", "updated_by")
    owner, starts_at, ends_at, created_at, updated_at, updated_by = (said[name] for name in names)
    permission = (
        insert(permissions)
        .from_select(
            [*_PERMISSION],
            select(
                new_event.c.id,
                owner,
                literal_column("'owner'"),
                starts_at,
                ends_at,
                transaction_position(),
                created_at,
                updated_at,
                updated_by,
            ),
        )
        .cte("permission")
    )
    version = insert(event_versions).from_select(
        [*_VERSION, "position"],
        select(
            new_event.c.id,
            said["version"],
            *(said[name] for name in ("kind", "data", "base_version")),
            updated_by,
            created_at,
            said["change_description"],
            transaction_position(),
        ),
    )
    return version.add_cte(permission).returning(event_versions.c.event_id)


_INSERT_AT_ONCE = Statement(with_its_rows(inserting(events, *NEW).returning(events.c.id).cte("new"), SAID))


class NewEvent(NamedTuple):
    """What an event is born with, besides its content."""

    content: EventContent
    uid: str
    owner_id: int
    calendar_id: int
    created_by: int
    split_from: int | None = None
    continued_by: int | None = None
    change_description: str | None = None


_of_head = itemgetter(*EventHead._fields)


async def insert_events(work: UnitOfWork, new: Sequence[NewEvent]) -> list[EventHead]:
    """Write new events, each with its owner's permission and its first version; gives their heads in order."""
    rows = [new_row(work, event) for event in new]
    at_once = work.dialect_name == "postgresql"
    for row, found in zip(rows, await work.each(_INSERT_AT_ONCE if at_once else _INSERT, rows), strict=True):
        row |= {"id": found[0], "event_id": found[0], "version_number": 1, "created_by": row["updated_by"]}
    if not at_once:
        await work.many(_INSERT_OWNER, rows)
        await work.many(_INSERT_VERSION, rows)
    return [head_of(row) for row in rows]


def head_of(row: Values) -> EventHead:
    """The head of what is written, as its owner sees it."""
    return EventHead._make(_of_head(row))


def new_row(work: UnitOfWork, event: NewEvent) -> dict[str, Any]:
    """All that is written of a new event, but for its id."""
    now = work.now
    return {
        **content_columns(event.content),
        "calendar_id": event.calendar_id,
        "owner_id": event.owner_id,
        "uid": event.uid,
        "version": 1,
        "split_from": event.split_from,
        "continued_by": event.continued_by,
        "created_at": now,
        "updated_at": now,
        "updated_by": event.created_by,
        "kind": "created",
        "data": to_json(event.content),
        "base_version": None,
        "change_description": event.change_description,
        "deleted_at": None,
        "role": "owner",
        "split_from_seen": event.split_from,
        "continued_by_seen": None,
    }


_ADVANCE = Statement(
    update(events)
    .where(events.c.id == bindparam("event_id"), events.c.version == bindparam("seen"))
    .values(
        {
            **{name: bindparam(f"new_{name}", type_=events.c[name].type) for name in CONTENT_COLUMNS},
            "version": events.c.version + 1,
            "updated_at": bindparam("at", type_=events.c.updated_at.type),
            "updated_by": bindparam("by", type_=events.c.updated_by.type),
            "deleted_at": bindparam("deleted", type_=events.c.deleted_at.type),
        }
    )
    .returning(events.c.version)
)
_TOUCH = Statement(
    update(permissions)
    .where(permissions.c.event_id == bindparam("seen_event"))
    .values(
        starts_at=bindparam("new_starts_at", type_=permissions.c.starts_at.type),
        ends_at=bindparam("new_ends_at", type_=permissions.c.ends_at.type),
        position=transaction_position(),
    )
)


async def advance_event(
    work: UnitOfWork, head: EventHead, content: EventContent, *, by: int, deleted_at: datetime | None
) -> tuple[EventHead, bool] | None:
    """Put a new content on the head of an event, one version further; None when the head has moved.

    The copies of its bounds and the positions of all who see it, or saw it, move along.

    Returns:
        The new head, and whether anybody but the owner sees or saw the event.
    """
    columns = content_columns(content)
    values = {f"new_{name}": value for name, value in columns.items()}
    where = {"event_id": head.id, "seen": head.version, "at": work.now, "by": by, "deleted": deleted_at}
    row = await work.one(_ADVANCE, {**values, **where})
    if row is None:
        return None
    seen_by = await work.run(_TOUCH, {**values, "seen_event": head.id})
    kept = {name: columns[name] for name in CONTENT_COLUMNS if name in EventHead._fields}
    moved = head._replace(**kept, version=int(row[0]), updated_at=work.now, updated_by=by, deleted_at=deleted_at)
    return moved, seen_by > 1


async def insert_version(work: UnitOfWork, values: Values) -> None:
    """Write one version row: event_id, version_number, kind, data, base_version, created_by, created_at, ..."""
    await work.run(_INSERT_VERSION, values)


_CONTINUE = Statement(
    update(events).where(events.c.id == bindparam("event_id")).values(continued_by=bindparam("later"))
)
_FOLLOW = Statement(
    update(events)
    .where(events.c.split_from == bindparam("earlier"), events.c.id == bindparam("event_id"))
    .values(split_from=bindparam("later"))
)
_HAND_OVER = Statement(
    update(events)
    .where(events.c.id == bindparam("event_id"))
    .values(owner_id=bindparam("to_user"), calendar_id=bindparam("to_calendar"))
)


async def link_halves(work: UnitOfWork, earlier: int, later: int, after: int | None) -> None:
    """Let the halves of a split series know each other, and what had continued the whole know the later one."""
    await work.run(_CONTINUE, {"event_id": earlier, "later": later})
    if after is not None:
        await work.run(_FOLLOW, {"event_id": after, "earlier": earlier, "later": later})


async def unlink_half(work: UnitOfWork, half: EventHead) -> None:
    """Let what a half continued, and what continues it, know each other instead of the half."""
    if half.split_from is not None:
        await work.run(_CONTINUE, {"event_id": half.split_from, "later": half.continued_by})
    if half.continued_by is not None:
        await work.run(_FOLLOW, {"event_id": half.continued_by, "earlier": half.id, "later": half.split_from})


async def hand_over(work: UnitOfWork, event_id: int, user_id: int, calendar_id: int) -> None:
    """Put an event into another user's agenda and calendar.

    Raises:
        Duplicate: the new owner has an event with the same uid.
    """
    await work.run(_HAND_OVER, {"event_id": event_id, "to_user": user_id, "to_calendar": calendar_id})
