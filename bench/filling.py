"""Databases full of calendars, written straight into the tables: registering a thousand people would take an hour.

Every user has the same calendar, so the columns that storage derives from a content are worked out once for each
content. Events are written in turn for all users, as they would come in: those of one user lie scattered, and what
helps a database when they lie together does not flatter the figures.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy import Dialect, Table

from convene.clock import now
from convene.domain.content import EventContent, Schedule
from convene.domain.content_json import to_json
from convene.domain.recurrence import Frequency, RecurrenceRule
from convene.operations.tokens import Tokens
from convene.storage import postgresql_connection, schema, sqlite_connection
from convene.storage.engine import parse_url
from convene.storage.events import content_columns
from convene.storage.tables import agendas, calendars, event_versions, events, permissions, sessions, users

KEY = "only-for-benchmarks-" + "0123456789abcdef" * 2
ZONE = "Europe/Berlin"
FIRST = datetime(2027, 1, 1, 8)  # noqa: DTZ001 - wall time
APART = timedelta(hours=14)  # every event starts in an even hour and ends with it: odd hours are free
LASTS = timedelta(hours=1)
SHARED_EVERY = 10
_STAMP = datetime(2026, 12, 1, tzinfo=UTC)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Filling:
    """How much is in a database. User 1, whose token the harness holds, is like all others.

    Attributes:
        users_before: how many users there are already; those of this filling are numbered on from them.
        events_before: how many events, likewise.
    """

    people: int
    events_each: int
    series_each: int = 0
    users_before: int = 0
    events_before: int = 0

    @property
    def total(self) -> int:
        """All events."""
        return self.people * self.events_each

    @property
    def users(self) -> range:
        """Their ids."""
        return range(self.users_before + 1, self.users_before + self.people + 1)

    def event_id(self, number: int, user: int = 1) -> int:
        """The id of the event with a number, from 0, of a user."""
        return self.events_before + number * self.people + user - self.users_before

    def neighbour(self, user: int) -> int:
        """Who sees every tenth event of a user."""
        return self.users_before + (user - self.users_before) % self.people + 1


def token(user: int = 1) -> str:
    """An access token of a user, for every server that knows the key."""
    life = timedelta(days=1)
    tokens = Tokens(key=KEY, algorithm="HS256", access_life=life, refresh_life=life)
    session = _session(user)
    return tokens.pair(user_id=user, session_id=session, refresh_id=session, now=now()).access_token


def _session(user: int) -> str:
    return f"{user:032x}"


def contents(filling: Filling) -> list[EventContent]:
    """The calendar that everybody has: single events one after another, then weekly series without an end."""
    weekly = RecurrenceRule(frequency=Frequency.WEEKLY)
    plain = filling.events_each - filling.series_each
    singles = [_content(number, FIRST + number * APART, None) for number in range(plain)]
    series = [
        _content(number, FIRST.replace(hour=9, minute=0) + timedelta(days=number % 7), weekly)
        for number in range(plain, filling.events_each)
    ]
    return singles + series


def _content(number: int, start: datetime, rule: RecurrenceRule | None) -> EventContent:
    return EventContent(
        title=f"Planning of chapter {number}",
        description="Bring the figures of last month, and the list of what is still open.",
        location="Room 4",
        tags=("planning", "team"),
        schedule=Schedule(start=start, duration=LASTS, zone=ZONE, rule=rule),
    )


def fill(database_url: str, filling: Filling) -> float:
    """Bring a database up to date and fill it; gives the seconds that filling took."""
    schema.migrate(database_url)
    began = time.monotonic()
    url = parse_url(database_url)
    if url.drivername == "sqlite":
        _fill_sqlite(str(url.database), filling)
    else:
        asyncio.run(_fill_postgresql(database_url, filling))
    return time.monotonic() - began


async def _fill_postgresql(dsn: str, filling: Filling) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for table, names, rows in _tables(filling, postgresql_connection.DIALECT):
            await connection.copy_records_to_table(table.name, records=rows, columns=names)
        for name in ("users", "calendars", "events"):
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
            )
        await connection.execute("VACUUM ANALYZE")  # what autovacuum comes to do by itself
    finally:
        await connection.close()


def _fill_sqlite(path: str, filling: Filling) -> None:
    connection = sqlite3.connect(path)
    try:
        for table, names, rows in _tables(filling, sqlite_connection.DIALECT):
            marks = ", ".join("?" * len(names))
            sql = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"
            connection.executemany(sql, rows)
        # As if each event had been created by itself: what follows changes looks at all that one position has.
        for name in ("event_versions", "permissions"):
            connection.execute(f"UPDATE {name} SET position = event_id WHERE position <= 1")
        connection.execute("UPDATE database_identity SET position = (SELECT max(id) FROM events)")
        connection.commit()
    finally:
        connection.close()


# --- rows ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a table: what differs from person to person, by `own`, beside what does not.

    Attributes:
        own: the values of the columns `own_names`, by the number of the template and the user.
        templates: the other columns; all with the same keys.
    """

    table: Table
    own_names: Sequence[str]
    own: Callable[[int, int], Row]
    templates: Sequence[dict[str, Any]]


def _tables(filling: Filling, dialect: Dialect) -> Iterator[tuple[Table, list[str], Iterator[Row]]]:
    for rows in _all_rows(filling):
        names = [*rows.own_names, *rows.templates[0]]
        yield rows.table, names, _made(rows, filling.users, dialect)


def _made(rows: _Rows, users: range, dialect: Dialect) -> Iterator[Row]:
    encoders = {
        name: rows.table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in rows.templates[0]
    }
    for number, template in enumerate(rows.templates):
        same = tuple(value if (e := encoders[name]) is None else e(value) for name, value in template.items())
        for user in users:
            yield rows.own(number, user) + same


def _all_rows(filling: Filling) -> Iterator[_Rows]:
    yield _Rows(
        users,
        ("id", "username", "username_folded", "email", "email_folded"),
        lambda _, user: (user, *(f"user-{user}",) * 2, *(f"user-{user}@example.com",) * 2),
        [{"hashed_password": "none", "is_active": True, "time_zone": ZONE, "created_at": _STAMP, "updated_at": _STAMP}],
    )
    yield _Rows(agendas, ("user_id",), lambda _, user: (user,), [{"revision": 0}])
    calendar = {"name": "Calendar", "created_at": _STAMP}
    yield _Rows(calendars, ("id", "owner_id"), lambda _, user: (user, user), [calendar])
    later = _STAMP + timedelta(days=36_500)
    session = {"refresh_id": "r", "created_at": _STAMP, "last_used_at": _STAMP, "expires_at": later}
    yield _Rows(sessions, ("id", "user_id"), lambda _, user: (_session(user), user), [session])
    yield from _event_rows(filling)


def _event_rows(filling: Filling) -> Iterator[_Rows]:
    everything = contents(filling)
    stamps = {"created_at": _STAMP, "updated_at": _STAMP}
    heads = [{**content_columns(content), "version": 1, **stamps} for content in everything]
    bounds = [{"starts_at": one["starts_at"], "ends_at": one["ends_at"], "position": 1, **stamps} for one in heads]
    of_event = ("event_id", "user_id", "granted_by")
    yield _Rows(
        events,
        ("id", "owner_id", "calendar_id", "updated_by", "uid"),
        lambda number, user: (filling.event_id(number, user), user, user, user, f"{number}-{user}@convene"),
        heads,
    )
    yield _Rows(
        permissions,
        of_event,
        lambda number, user: (filling.event_id(number, user), user, user),
        [{**one, "role": "owner"} for one in bounds],
    )
    if filling.people > 1:
        yield _Rows(
            permissions,
            of_event,
            lambda place, user: (filling.event_id(place * SHARED_EVERY, user), filling.neighbour(user), user),
            [{**one, "role": "viewer"} for one in bounds[::SHARED_EVERY]],
        )
    yield _Rows(
        event_versions,
        ("event_id", "created_by"),
        lambda number, user: (filling.event_id(number, user), user),
        [
            {"version_number": 1, "kind": "created", "data": to_json(content), "created_at": _STAMP}
            for content in everything
        ],
    )
