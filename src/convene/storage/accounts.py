"""Users and their sessions, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select, update

from convene.storage.statements import Statement, Values, inserting
from convene.storage.tables import agendas, calendars, sessions, users
from convene.storage.types import JsonList, in_json_list
from convene.storage.unit_of_work import UnitOfWork


class UserRow(NamedTuple):
    """A user as stored."""

    id: int
    username: str
    email: str
    display_name: str | None
    hashed_password: str
    is_active: bool
    time_zone: str
    created_at: datetime
    updated_at: datetime


class SessionRow(NamedTuple):
    """A signed-in device as stored."""

    id: str
    user_id: int
    refresh_id: str
    user_agent: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


_USER = tuple(users.c[name] for name in UserRow._fields)
_SESSION = tuple(sessions.c[name] for name in SessionRow._fields)

_INSERT_USER = Statement(
    inserting(
        users,
        *("username", "username_folded", "email", "email_folded", "display_name", "hashed_password"),
        *("is_active", "time_zone", "created_at", "updated_at"),
    ).returning(users.c.id)
)
_INSERT_AGENDA = Statement(inserting(agendas, "user_id", "revision"))
_INSERT_CALENDAR = Statement(inserting(calendars, "owner_id", "name", "created_at"))
_BY_ID = Statement(select(*_USER).where(users.c.id == bindparam("user_id")))
_LOCK = Statement(
    update(users).where(users.c.id == bindparam("user_id")).values(updated_at=users.c.updated_at).returning(*_USER)
)
_BY_LOGIN = Statement(
    select(*_USER).where(or_(users.c.username_folded == bindparam("name"), users.c.email_folded == bindparam("name")))
)
_BY_PREFIX = Statement(
    select(*_USER)
    .where(
        users.c.is_active,
        users.c.username_folded >= bindparam("prefix"),
        users.c.username_folded < bindparam("after"),
    )
    .order_by(users.c.username_folded)
    .limit(bindparam("most"))
)
_PAGE = Statement(
    select(*_USER)
    .where(users.c.username_folded > bindparam("last"))
    .order_by(users.c.username_folded)
    .limit(bindparam("most"))
)
_UPDATE_USER = Statement(
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values(
        email=bindparam("new_email", type_=users.c.email.type),
        email_folded=bindparam("new_email_folded", type_=users.c.email_folded.type),
        display_name=bindparam("new_display_name", type_=users.c.display_name.type),
        hashed_password=bindparam("new_hashed_password", type_=users.c.hashed_password.type),
        is_active=bindparam("new_is_active", type_=users.c.is_active.type),
        time_zone=bindparam("new_time_zone", type_=users.c.time_zone.type),
        updated_at=bindparam("new_updated_at", type_=users.c.updated_at.type),
    )
)
_REHASH = Statement(
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values(hashed_password=bindparam("new_hashed_password", type_=users.c.hashed_password.type))
)
_INSERT_SESSION = Statement(inserting(sessions, *(name for name in SessionRow._fields if name != "revoked_at")))
_SESSION_AND_USER = Statement(
    select(*_SESSION, *_USER).join(users, users.c.id == sessions.c.user_id).where(sessions.c.id == bindparam("sid"))
)
_LIVING = Statement(
    select(sessions.c.id)
    .join(users, users.c.id == sessions.c.user_id)
    .where(
        sessions.c.revoked_at.is_(None),
        users.c.is_active,
        in_json_list(sessions.c.id, bindparam("session_ids", type_=JsonList), text=True),
    )
)
_ROTATE = Statement(
    update(sessions)
    .where(
        sessions.c.id == bindparam("sid"),
        sessions.c.refresh_id == bindparam("seen"),
        sessions.c.revoked_at.is_(None),
    )
    .values(
        refresh_id=bindparam("next_refresh_id", type_=sessions.c.refresh_id.type),
        last_used_at=bindparam("at", type_=sessions.c.last_used_at.type),
        expires_at=bindparam("until", type_=sessions.c.expires_at.type),
    )
)
_OF_USER = Statement(
    select(*_SESSION)
    .where(
        sessions.c.user_id == bindparam("user_id"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("now", type_=sessions.c.expires_at.type),
    )
    .order_by(sessions.c.last_used_at.desc(), sessions.c.id)
)
_REVOKE = Statement(
    update(sessions)
    .where(
        sessions.c.id == bindparam("sid"),
        sessions.c.user_id == bindparam("owner"),
        sessions.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("at", type_=sessions.c.revoked_at.type))
)
_REVOKE_OTHERS = Statement(
    update(sessions)
    .where(
        sessions.c.user_id == bindparam("owner"),
        sessions.c.id != bindparam("kept"),
        sessions.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("at", type_=sessions.c.revoked_at.type))
)


async def insert_user(work: UnitOfWork, values: Values) -> int:
    """Add a user with an agenda and a first calendar; gives the id.

    Raises:
        Duplicate: the name or the address is taken.
    """
    row = await work.one(_INSERT_USER, values)
    assert row is not None  # noqa: S101 - INSERT ... RETURNING gives a row or raises
    user_id: int = row[0]
    await work.run(_INSERT_AGENDA, {"user_id": user_id, "revision": 0})
    await work.run(_INSERT_CALENDAR, {"owner_id": user_id, "name": "Calendar", "created_at": work.now})
    return user_id


async def find_user(work: UnitOfWork, user_id: int) -> UserRow | None:
    """Find a user by id."""
    row = await work.one(_BY_ID, {"user_id": user_id})
    return UserRow._make(row) if row else None


async def lock_user(work: UnitOfWork, user_id: int) -> UserRow | None:
    """Find a user by id, and let nobody else change them before this transaction ends."""
    row = await work.one(_LOCK, {"user_id": user_id})
    return UserRow._make(row) if row else None


async def find_login(work: UnitOfWork, folded: str) -> UserRow | None:
    """Find a user by folded username or e-mail address."""
    row = await work.one(_BY_LOGIN, {"name": folded})
    return UserRow._make(row) if row else None


async def find_by_prefix(work: UnitOfWork, prefix: str, most: int) -> list[UserRow]:
    """Find active users whose folded username begins with a prefix, in order of name."""
    rows = await work.all(_BY_PREFIX, {"prefix": prefix, "after": prefix + "\U0010ffff", "most": most})
    return [UserRow._make(row) for row in rows]


async def page_of_users(work: UnitOfWork, last: str, most: int) -> list[UserRow]:
    """Read users whose folded names come after one, in their order."""
    return [UserRow._make(row) for row in await work.all(_PAGE, {"last": last, "most": most})]


async def save_user(work: UnitOfWork, user: UserRow, email_folded: str) -> None:
    """Write what can change of a user, who has been locked: all of it is written, also what others may have changed.

    Raises:
        Duplicate: the new address is taken.
    """
    await work.run(
        _UPDATE_USER,
        {
            "user_id": user.id,
            "new_email": user.email,
            "new_email_folded": email_folded,
            "new_display_name": user.display_name,
            "new_hashed_password": user.hashed_password,
            "new_is_active": user.is_active,
            "new_time_zone": user.time_zone,
            "new_updated_at": work.now,
        },
    )


async def save_rehashed(work: UnitOfWork, user_id: int, hashed: str) -> None:
    """Write the same password of a user, who has been locked, in another form: for people nothing has changed."""
    await work.run(_REHASH, {"user_id": user_id, "new_hashed_password": hashed})


async def insert_session(work: UnitOfWork, session: SessionRow) -> None:
    """Add a signed-in device."""
    await work.run(_INSERT_SESSION, session._asdict())


async def find_session(work: UnitOfWork, session_id: str) -> tuple[SessionRow, UserRow] | None:
    """Find a session, revoked and expired ones too, with its user."""
    row = await work.one(_SESSION_AND_USER, {"sid": session_id})
    if row is None:
        return None
    cut = len(SessionRow._fields)
    return SessionRow._make(row[:cut]), UserRow._make(row[cut:])


async def living_sessions(work: UnitOfWork, session_ids: Sequence[str]) -> frozenset[str]:
    """Choose those sessions that have not been revoked and whose users are active."""
    rows = await work.all(_LIVING, {"session_ids": list(session_ids)})
    return frozenset(row[0] for row in rows)


async def rotate_session(work: UnitOfWork, session_id: str, *, seen: str, following: str, expires_at: datetime) -> bool:
    """Put the next refresh id in the place of the one seen; False when another request already has."""
    values = {
        "sid": session_id,
        "seen": seen,
        "next_refresh_id": following,
        "at": work.now,
        "until": expires_at,
    }
    return await work.run(_ROTATE, values) == 1


async def live_sessions(work: UnitOfWork, user_id: int) -> list[SessionRow]:
    """List a user's signed-in devices, the last used first."""
    return [SessionRow._make(row) for row in await work.all(_OF_USER, {"user_id": user_id, "now": work.now})]


async def revoke_session(work: UnitOfWork, user_id: int, session_id: str) -> bool:
    """End a session of a user; False when there is no such live one."""
    return await work.run(_REVOKE, {"sid": session_id, "owner": user_id, "at": work.now}) == 1


async def revoke_sessions(work: UnitOfWork, user_id: int, *, keep: str = "") -> None:
    """End all sessions of a user but one."""
    await work.run(_REVOKE_OTHERS, {"owner": user_id, "kept": keep, "at": work.now})
