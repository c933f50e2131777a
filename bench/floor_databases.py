"""The SQL of the floor, on asyncpg and on sqlite3, written by hand."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson

_COLUMNS = (
    "id", "calendar_id", "owner_id", "uid", "version", "title", "description", "location", "status",
    "free_busy_status", "tags", "start_local", "duration", "time_zone", "all_day", "is_recurring",
    "recurrence_pattern", "overrides", "start_time", "end_time", "split_from", "continued_by", "created_at",
    "updated_at", "updated_by",
)  # fmt: skip
_SELECT = (
    f"SELECT {', '.join(f'e.{name}' for name in _COLUMNS)}, p.role "
    "FROM events e JOIN permissions p ON p.event_id = e.id "
    "WHERE p.user_id = {0} AND p.revoked_at IS NULL AND e.deleted_at IS NULL "
)
_GET = _SELECT + "AND e.id = {1}"
_LIST = _SELECT + "AND p.ends_at > {1} AND p.starts_at < {2} ORDER BY p.starts_at, p.event_id LIMIT {3}"
_LOCK = (
    "UPDATE agendas SET revision = revision + 1 WHERE user_id = {0} "
    "RETURNING (SELECT min(id) FROM calendars WHERE owner_id = user_id)"
)
_BUSY = (
    "SELECT e.id FROM events e JOIN permissions p ON p.event_id = e.id WHERE p.user_id = {0} "
    "AND p.revoked_at IS NULL AND p.role = 'owner' AND p.ends_at > {1} AND p.starts_at < {2} "
    "AND e.may_block AND e.deleted_at IS NULL"
)
_EVENT = (
    "INSERT INTO events (calendar_id, owner_id, updated_by, uid, version, title, description, location, status, "
    "free_busy_status, tags, start_local, duration, time_zone, fold, all_day, is_recurring, start_time, end_time, "
    "starts_at, ends_at, may_block, created_at, updated_at, search_text) "
    "SELECT {0}, {1}, {1}, {2}, 1, {3}, {4}, {5}, 'confirmed', 'busy', {6}, {7}, {8}, {9}, 0, false, false, "
    "{10}, {11}, {10}, {11}, true, {12}, {12}, {13} "
)
_PERMISSION = (
    "INSERT INTO permissions (event_id, user_id, role, starts_at, ends_at, position, created_at, updated_at, "
    "granted_by) "
)
_VERSION = "INSERT INTO event_versions (event_id, version_number, kind, data, created_by, created_at) "


def _values(calendar_id: int, user_id: int, event: Mapping[str, Any]) -> list[Any]:
    names = ("uid", "title", "description", "location", "tags", "start_local", "duration", "time_zone")
    more = ("start_time", "end_time", "created_at", "search_text")
    return [calendar_id, user_id, *(event[name] for name in (*names, *more))]


def _data(event: Mapping[str, Any]) -> str:
    """The version: what Convene keeps of a content."""
    schedule = {"start": event["start_local"], "duration": event["duration"], "time_zone": event["time_zone"]}
    named = {name: event[name] for name in ("title", "description", "location", "status", "tags")}
    return orjson.dumps({**named, "schedule": schedule, "overrides": {}}).decode()


class PostgresFloor:
    """asyncpg and its pool."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)  # a user's would overtake each other
        marks = [f"${number}" for number in range(1, 20)]
        self._get, self._list = (sql.format(*marks) for sql in (_GET, _LIST))
        self._agenda = (
            "SELECT a.revision, (SELECT min(id) FROM calendars WHERE owner_id = a.user_id), busy.id FROM agendas a "
            f"LEFT JOIN ({_BUSY.format(*marks)}) busy ON true WHERE a.user_id = $1"
        )
        self._insert = (
            "WITH agenda AS (UPDATE agendas SET revision = revision + 1 WHERE user_id = $2 AND revision = $16 "
            f"RETURNING user_id), new AS ({_EVENT.format(*marks)} FROM agenda RETURNING id), "
            f"permission AS ({_PERMISSION} SELECT id, $2, 'owner', $11, $12, "
            "pg_current_xact_id()::text::bigint, $13, $13, $2 FROM new) "
            f"{_VERSION} SELECT id, 1, 'created', $15, $2, $13 FROM new RETURNING event_id"
        )

    async def open(self) -> None:
        async def prepare(raw: asyncpg.Connection[asyncpg.Record]) -> None:
            await raw.set_type_codec("json", schema="pg_catalog", encoder=_text, decoder=orjson.loads)
            # Four times as fast as asyncpg's own.
            await raw.set_type_codec(
                "timestamptz", schema="pg_catalog", encoder=datetime.isoformat, decoder=datetime.fromisoformat
            )

        # Like Convene's: no reset when a connection comes back, and no JIT.
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=1,
            max_size=16,
            init=prepare,
            reset=_nothing,
            server_settings={"jit": "off", "TimeZone": "UTC"},
        )

    async def close(self) -> None:
        await self._pool.close()

    async def get(self, event_id: int, user_id: int) -> Any:  # a record, which is a mapping but in name
        async with self._pool.acquire() as raw:
            return await raw.fetchrow(self._get, user_id, event_id)

    async def list(self, user_id: int, after: datetime, before: datetime, most: int) -> list[Any]:
        async with self._pool.acquire() as raw:
            return await raw.fetch(self._list, user_id, after, before, most)

    async def create(self, user_id: int, event: dict[str, Any]) -> tuple[int, int] | None:
        async with self._pool.acquire() as raw, self._turns[user_id]:
            while True:
                agenda = await raw.fetch(self._agenda, user_id, event["start_time"], event["end_time"])
                revision, calendar_id, busy = agenda[0]
                if busy is not None:
                    return None
                values = (*_values(calendar_id, user_id, event), orjson.loads(_data(event)), revision)
                if (event_id := await raw.fetchval(self._insert, *values)) is not None:
                    return event_id, calendar_id


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


async def _nothing(_: object) -> None:
    pass


class SqliteFloor:
    """sqlite3 on the event loop; one connection, the commit in a thread, as durable as Convene's."""

    def __init__(self, url: str) -> None:
        self._path = url.removeprefix("sqlite:///")
        marks = [f"?{number}" for number in range(1, 20)]
        self._get, self._list, self._lock, self._busy = (sql.format(*marks) for sql in (_GET, _LIST, _LOCK, _BUSY))
        self._event = f"{_EVENT.format(*marks)} RETURNING id"
        self._permission = (
            f"{_PERMISSION} VALUES (?1, ?2, 'owner', ?3, ?4, (SELECT position FROM database_identity), ?5, ?5, ?2)"
        )
        self._version = f"{_VERSION} VALUES (?1, 1, 'created', ?2, ?3, ?4)"
        self._writing = asyncio.Lock()
        self._committer = ThreadPoolExecutor(1)

    async def open(self) -> None:
        self._reader, self._writer = self._connect(), self._connect()

    async def close(self) -> None:
        self._committer.shutdown()
        self._reader.close()
        self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        raw = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, cached_statements=512)
        raw.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        raw.execute("PRAGMA cache_size = -16000")  # as Convene's
        return raw

    async def get(self, event_id: int, user_id: int) -> Mapping[str, Any] | None:
        row = self._reader.execute(self._get, (user_id, event_id)).fetchone()
        return None if row is None else _decoded(row)

    async def list(self, user_id: int, after: datetime, before: datetime, most: int) -> list[Any]:
        values = (user_id, _instant(after), _instant(before), most)
        return [_decoded(row) for row in self._reader.execute(self._list, values)]

    async def create(self, user_id: int, event: dict[str, Any]) -> tuple[int, int] | None:
        start, end, now = (_instant(event[name]) for name in ("start_time", "end_time", "created_at"))
        encoded = {**event, "start_time": start, "end_time": end, "created_at": now, "tags": _text(event["tags"])}
        async with self._writing:
            run = self._writer.execute
            run("BEGIN IMMEDIATE")
            run("UPDATE database_identity SET position = position + 1")
            calendar_id = run(self._lock, (user_id,)).fetchall()[0][0]
            if run(self._busy, (user_id, start, end)).fetchall():
                run("ROLLBACK")
                return None
            event_id = run(self._event, _values(calendar_id, user_id, encoded)).fetchall()[0][0]
            run(self._permission, (event_id, user_id, start, end, now))
            run(self._version, (event_id, _data(event), user_id, now))
            await asyncio.get_running_loop().run_in_executor(self._committer, self._writer.commit)
            return event_id, calendar_id


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _decoded(row: tuple[Any, ...]) -> Mapping[str, Any]:
    found = dict(zip((*_COLUMNS, "role"), row, strict=True))
    for name in ("start_time", "end_time", "created_at", "updated_at"):
        found[name] = datetime.fromisoformat(found[name])
    for name in ("tags", "recurrence_pattern", "overrides"):
        found[name] = None if found[name] is None else orjson.loads(found[name])
    for name in ("all_day", "is_recurring"):
        found[name] = bool(found[name])
    return found
