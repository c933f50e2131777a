"""Permissions as rows: who is what to an event. A revoked one stays as a tombstone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, case, func, or_, select, update

from convene.storage.accounts import UserRow
from convene.storage.positions import transaction_position
from convene.storage.statements import Statement, inserting
from convene.storage.tables import events, permissions, users
from convene.storage.types import JsonList, in_json_list
from convene.storage.unit_of_work import UnitOfWork


class PermissionRow(NamedTuple):
    """What a user is to an event, as stored, with the user's names."""

    event_id: int
    user_id: int
    role: str
    created_at: datetime
    updated_at: datetime
    granted_by: int
    username: str
    display_name: str | None


class Companion(NamedTuple):
    """Somebody who sees some of the same events, and how many of them."""

    user_id: int
    username: str
    display_name: str | None
    events: int


_PERMISSION = select(
    *(permissions.c[name] for name in PermissionRow._fields[:6]), users.c.username, users.c.display_name
).join(users, users.c.id == permissions.c.user_id)
_OF_EVENT = (permissions.c.event_id == bindparam("event_id"), permissions.c.revoked_at.is_(None))
# The owner stands first, before every id. In one statement: of two, the second may see another owner than the first.
_placed = case((permissions.c.role == "owner", 0), else_=permissions.c.user_id)
_PAGE = Statement(
    _PERMISSION.where(*_OF_EVENT, _placed > bindparam("last_place")).order_by(_placed).limit(bindparam("most"))
)
_ONE = Statement(_PERMISSION.where(*_OF_EVENT, permissions.c.user_id == bindparam("user_id")))
_ALL_OF = Statement(
    select(permissions.c.user_id, permissions.c.role, permissions.c.revoked_at).where(
        permissions.c.event_id == bindparam("event_id"),
        in_json_list(permissions.c.user_id, bindparam("user_ids", type_=JsonList)),
    )
)
_USER = tuple(users.c[name] for name in UserRow._fields)
_USERS_BY_ID = Statement(
    select(*_USER).where(users.c.is_active, in_json_list(users.c.id, bindparam("keys", type_=JsonList)))
)
_NAMED = {
    column: Statement(
        select(users.c[column], *_USER).where(
            users.c.is_active, in_json_list(users.c[column], bindparam("keys", type_=JsonList), text=True)
        )
    )
    for column in ("username_folded", "email_folded")
}
_GRANT = Statement(
    inserting(
        permissions,
        "event_id",
        "user_id",
        "role",
        "starts_at",
        "ends_at",
        "created_at",
        "updated_at",
        "granted_by",
    ).values(position=transaction_position())
)
_CHANGE = Statement(
    update(permissions)
    .where(permissions.c.event_id == bindparam("of_event"), permissions.c.user_id == bindparam("of_user"))
    .values(
        role=bindparam("new_role", type_=permissions.c.role.type),
        starts_at=bindparam("new_starts_at", type_=permissions.c.starts_at.type),
        ends_at=bindparam("new_ends_at", type_=permissions.c.ends_at.type),
        position=transaction_position(),
        created_at=case(
            (permissions.c.revoked_at.is_not(None), bindparam("at", type_=permissions.c.updated_at.type)),
            else_=permissions.c.created_at,
        ),
        updated_at=bindparam("at", type_=permissions.c.updated_at.type),
        granted_by=bindparam("by", type_=permissions.c.granted_by.type),
        revoked_at=None,
    )
)
_REVOKE = Statement(
    update(permissions)
    .where(
        permissions.c.event_id == bindparam("of_event"),
        permissions.c.user_id == bindparam("of_user"),
        permissions.c.revoked_at.is_(None),
    )
    .values(
        revoked_at=bindparam("at", type_=permissions.c.revoked_at.type),
        updated_at=bindparam("at", type_=permissions.c.updated_at.type),
        granted_by=bindparam("by", type_=permissions.c.granted_by.type),
        position=transaction_position(),
    )
)
_neighbours = events.alias("neighbours")
_MOVE_NEIGHBOURS = Statement(
    update(permissions)
    .where(
        in_json_list(permissions.c.user_id, bindparam("user_ids", type_=JsonList)),
        permissions.c.revoked_at.is_(None),
        permissions.c.event_id.in_(
            select(_neighbours.c.id)
            .join(events, or_(_neighbours.c.id == events.c.split_from, _neighbours.c.id == events.c.continued_by))
            .where(events.c.id == bindparam("of_event"))
        ),
    )
    .values(position=transaction_position())
)
_COPY = Statement(
    select(permissions.c.user_id, permissions.c.role, permissions.c.granted_by).where(
        *_OF_EVENT, permissions.c.role != "owner"
    )
)
_VISIBLE = Statement(
    select(permissions.c.event_id).where(
        permissions.c.user_id == bindparam("me"),
        permissions.c.revoked_at.is_(None),
        in_json_list(permissions.c.event_id, bindparam("event_ids", type_=JsonList)),
    )
)

_COMPANIONS = Statement(
    select(permissions.c.user_id, users.c.username, users.c.display_name, func.count())
    .join(users, users.c.id == permissions.c.user_id)
    .where(
        in_json_list(permissions.c.event_id, bindparam("event_ids", type_=JsonList)),
        permissions.c.revoked_at.is_(None),
        permissions.c.user_id != bindparam("me"),
    )
    .group_by(permissions.c.user_id, users.c.username, users.c.display_name)
    .order_by(func.count().desc(), users.c.username, permissions.c.user_id)
    .limit(bindparam("most"))
)


async def companions(work: UnitOfWork, user_id: int, event_ids: Sequence[int], *, most: int) -> list[Companion]:
    """List who else sees some events, those who see the most of them first."""
    values = {"me": user_id, "event_ids": list(event_ids), "most": most}
    return [Companion._make(row) for row in await work.all(_COMPANIONS, values)]


async def list_permissions(work: UnitOfWork, event_id: int, *, last_place: int, most: int) -> list[PermissionRow]:
    """List who sees an event, after a place: the owner, whose place is 0, then the others by user id."""
    rows = await work.all(_PAGE, {"event_id": event_id, "last_place": last_place, "most": most})
    return [PermissionRow._make(row) for row in rows]


async def find_permission(work: UnitOfWork, event_id: int, user_id: int) -> PermissionRow | None:
    """Find what a user is to an event; None when nothing, or no longer."""
    row = await work.one(_ONE, {"event_id": event_id, "user_id": user_id})
    return PermissionRow._make(row) if row else None


async def roles_of(work: UnitOfWork, event_id: int, user_ids: Sequence[int]) -> dict[int, str | None]:
    """Say what some users are to an event: a role, None for a revoked one; the others are missing."""
    rows = await work.all(_ALL_OF, {"event_id": event_id, "user_ids": list(user_ids)})
    return {row[0]: None if row[2] is not None else row[1] for row in rows}


async def active_users(work: UnitOfWork, user_ids: Sequence[int]) -> dict[int, UserRow]:
    """Find active users by id."""
    rows = await work.all(_USERS_BY_ID, {"keys": list(user_ids)})
    return {row[0]: UserRow._make(row) for row in rows}


async def active_users_named(work: UnitOfWork, column: str, folded: Sequence[str]) -> dict[str, UserRow]:
    """Find active users by `username_folded` or `email_folded`."""
    rows = await work.all(_NAMED[column], {"keys": list(folded)})
    return {row[0]: UserRow._make(row[1:]) for row in rows}


class Grant(NamedTuple):
    """A role that a user is to have on an event."""

    event_id: int
    user_id: int
    role: str
    granted_by: int


async def grant(
    work: UnitOfWork, grants: Sequence[Grant], bounds: tuple[datetime, datetime], known: frozenset[int]
) -> None:
    """Write roles; `known` are the users who have, or had, a row already. `bounds` are copied from the event."""
    starts_at, ends_at = bounds
    rows = [
        {
            "event_id": one.event_id,
            "user_id": one.user_id,
            "role": one.role,
            "granted_by": one.granted_by,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "created_at": work.now,
            "updated_at": work.now,
            "of_event": one.event_id,
            "of_user": one.user_id,
            "new_role": one.role,
            "by": one.granted_by,
            "new_starts_at": starts_at,
            "new_ends_at": ends_at,
            "at": work.now,
        }
        for one in grants
    ]
    await work.many(_GRANT, [row for row in rows if row["user_id"] not in known])
    await work.many(_CHANGE, [row for row in rows if row["user_id"] in known])


async def revoke(work: UnitOfWork, event_id: int, user_id: int, *, by: int) -> bool:
    """Take a user's role away; False when there was none."""
    return await work.run(_REVOKE, {"of_event": event_id, "of_user": user_id, "by": by, "at": work.now}) == 1


async def move_neighbours(work: UnitOfWork, event_id: int, user_ids: Sequence[int]) -> None:
    """Let sync tell some users anew of the halves before and after an event: which half they know of has changed."""
    await work.run(_MOVE_NEIGHBOURS, {"of_event": event_id, "user_ids": list(user_ids)})


async def collaborators(work: UnitOfWork, event_id: int) -> list[tuple[int, str, int]]:
    """List (user id, role, who gave it) of everybody but the owner."""
    return [(row[0], row[1], row[2]) for row in await work.all(_COPY, {"event_id": event_id})]


async def visible_of(work: UnitOfWork, user_id: int, event_ids: Sequence[int]) -> frozenset[int]:
    """Choose those of some events that a user sees."""
    if not event_ids:
        return frozenset()
    rows = await work.all(_VISIBLE, {"me": user_id, "event_ids": list(event_ids)})
    return frozenset(row[0] for row in rows)
