"""Writing events: the head, its owner's permission and its versions, together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CTE, bindparam, insert, literal_column, select, update

from convene.domain.content import EventContent
from convene.domain.content_json import to_json
from convene.storage.events import CONTENT_COLUMNS, EventHead, content_columns
from convene.storage.positions import transaction_position
from convene.storage.statements import Statement, Values, inserting
from convene.storage.tables import agendas, event_versions, events, permissions
from convene.storage.unit_of_work import UnitOfWork

_NEW = (
    "calendar_id",
    "owner_id",
    "uid",
    "version",
    *CONTENT_COLUMNS,
    "split_from",
    "continued_by",
    "created_at",
    "updated_at",
    "updated_by",
)
_INSERT = Statement(inserting(events, *_NEW).returning(events.c.id))
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
_INSERT_VERSION = Statement(inserting(event_versions, *_VERSION).values(position=transaction_position()))


_PERMISSION = (
    "event_id", "user_id", "role", "starts_at", "ends_at", "position", "created_at", "updated_at", "granted_by",
)  # fmt: skip


def _insert_at_once(new_event: CTE) -> Statement:
    """PostgreSQL's form of the three inserts, the first of which gives the id: one statement, one round trip."""
    permission = (
        insert(permissions)
        .from_select(
            [*_PERMISSION],
            select(
                new_event.c.id,
                bindparam("owner_id", type_=events.c.owner_id.type),
                literal_column("'owner'"),
                bindparam("starts_at", type_=permissions.c.starts_at.type),
                bindparam("ends_at", type_=permissions.c.ends_at.type),
                transaction_position(),
                bindparam("created_at", type_=permissions.c.created_at.type),
                bindparam("updated_at", type_=permissions.c.updated_at.type),
                bindparam("updated_by", type_=permissions.c.granted_by.type),
            ),
        )
        .cte("permission")
    )
    version = insert(event_versions).from_select(
        [*_VERSION, "position"],
        select(
            new_event.c.id,
            bindparam("version", type_=event_versions.c.version_number.type),
            bindparam("kind", type_=event_versions.c.kind.type),
            bindparam("data", type_=event_versions.c.data.type),
            bindparam("base_version", type_=event_versions.c.base_version.type),
            bindparam("updated_by", type_=event_versions.c.created_by.type),
            bindparam("created_at", type_=event_versions.c.created_at.type),
            bindparam("change_description", type_=event_versions.c.change_description.type),
            transaction_position(),
        ),
    )
    return Statement(version.add_cte(permission).returning(event_versions.c.event_id))


def _if_unchanged() -> CTE:
    """The insert of an event that takes the lock of its owner's agenda by itself, if that has its revision still.

    Who has changed it meanwhile has moved its revision; whoever has to wait for the lock, looks at the revision again.
    """
    agenda = (
        update(agendas)
        .where(agendas.c.user_id == bindparam("owner_id"), agendas.c.revision == bindparam("seen"))
        .values(revision=agendas.c.revision + 1)
        .returning(agendas.c.user_id)
        .cte("agenda")
    )
    columns = ("id", *_NEW)
    row = select(*(bindparam(name, type_=events.c[name].type) for name in columns)).select_from(agenda)
    return insert(events).from_select([*columns], row).returning(events.c.id).cte("new")


_INSERT_AT_ONCE = _insert_at_once(inserting(events, *_NEW).returning(events.c.id).cte("new"))
_INSERT_IF_UNCHANGED = _insert_at_once(_if_unchanged())


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


async def insert_events(work: UnitOfWork, new: Sequence[NewEvent]) -> list[EventHead]:
    """Write new events, each with its owner's permission and its first version; gives their heads in order."""
    rows = [_new_row(work, event) for event in new]
    at_once = work.dialect_name == "postgresql"
    for row, found in zip(rows, await work.each(_INSERT_AT_ONCE if at_once else _INSERT, rows), strict=True):
        row |= {"id": found[0], "event_id": found[0], "version_number": 1, "created_by": row["updated_by"]}
    if not at_once:
        await work.many(_INSERT_OWNER, rows)
        await work.many(_INSERT_VERSION, rows)
    return [_head(row) for row in rows]


class ReadyEvent(NamedTuple):
    """A new event as it will be once it is written: the head, and all that is written of it."""

    head: EventHead
    row: Values


def ready_event(work: UnitOfWork, new: NewEvent, event_id: int) -> ReadyEvent:
    """Make a new event ready under an id that is its own, without writing anything."""
    row = _new_row(work, new) | {"id": event_id}
    return ReadyEvent(_head(row), row)


async def insert_event_if_unchanged(work: UnitOfWork, ready: ReadyEvent, revision: int) -> bool:
    """Write a new event as a transaction of its own; False if its owner's agenda has another revision by now."""
    return bool(await work.alone(_INSERT_IF_UNCHANGED, {**ready.row, "seen": revision}))


def _head(row: Values) -> EventHead:
    return EventHead._make(row[name] for name in EventHead._fields)


def _new_row(work: UnitOfWork, event: NewEvent) -> dict[str, Any]:
    return {
        **content_columns(event.content),
        "calendar_id": event.calendar_id,
        "owner_id": event.owner_id,
        "uid": event.uid,
        "version": 1,
        "split_from": event.split_from,
        "continued_by": event.continued_by,
        "created_at": work.now,
        "updated_at": work.now,
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
