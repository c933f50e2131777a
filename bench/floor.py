"""The reference floor: what get, list and create cost when nothing stands between HTTP and the raw driver.

One ASGI function with the same check of the token, the same SQL on Convene's own schema (the transaction, the lock, the
question for conflicts, event, permission and version), and answers of the same shape. It validates nothing, merges
nothing, knows one route of each kind and no errors: nobody should write a server like this. It is there to divide by.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import jwt
import orjson

from bench.floor_databases import PostgresFloor, SqliteFloor

_zone = cache(ZoneInfo)


Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Floor:
    """The application."""

    def __init__(self, database_url: str, key: str) -> None:
        self._database = SqliteFloor(database_url) if database_url.startswith("sqlite") else PostgresFloor(database_url)
        self._key = key
        self._known: dict[str, tuple[int, float]] = {}

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        user_id = self._caller(scope)
        path: str = scope["path"]
        if scope["method"] == "POST":
            await self._create(user_id, receive, send)
        elif path == "/api/v1/events":
            asked = parse_qs(scope["query_string"].decode())
            after, before = (datetime.fromisoformat(asked[name][0]) for name in ("from", "to"))
            rows = await self._database.list(user_id, after, before, int(asked["limit"][0]))
            await _answer(send, 200, [_event(row) for row in rows])
        else:
            row = await self._database.get(int(path.rsplit("/", 1)[1]), user_id)
            await (_answer(send, 404, {}) if row is None else _answer(send, 200, _event(row), row["version"]))

    async def _create(self, user_id: int, receive: Receive, send: Send) -> None:
        event = _new(orjson.loads(await _body(receive)), user_id)
        made = await self._database.create(user_id, event)
        if made is None:
            await _answer(send, 409, {})
            return
        event["id"], event["calendar_id"] = made
        await _answer(send, 201, _event(event), 1)

    def _caller(self, scope: dict[str, Any]) -> int:
        """Verify a token once, and remember it while it lives, as Convene does."""
        header = next(value for name, value in scope["headers"] if name == b"authorization")
        token = header[7:].decode()
        known = self._known.get(token)
        if known is None:
            claims = jwt.decode(token, self._key, algorithms=["HS256"], issuer="convene")
            known = self._known[token] = int(claims["sub"]), float(claims["exp"])
        if known[1] <= time.time():
            raise PermissionError
        return known[0]

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _answer(send: Send, status: int, payload: object, version: int | None = None) -> None:
    body = orjson.dumps(payload)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if version is not None:
        headers.append((b"etag", b'"%d"' % version))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _new(sent: dict[str, Any], user_id: int) -> dict[str, Any]:
    start, end = datetime.fromisoformat(sent["start_time"]), datetime.fromisoformat(sent["end_time"])
    now = datetime.now(UTC)  # noqa: TID251 - the floor is no part of Convene
    return {
        "uid": f"{secrets.token_hex(16)}@floor",
        "title": sent["title"],
        "description": sent.get("description"),
        "location": sent.get("location"),
        "search_text": f"{sent['title']}\n{sent.get('description')}\n{sent.get('location')}".casefold(),
        "status": "confirmed",
        "free_busy_status": "busy",
        "tags": sent.get("tags"),
        "start_local": start.astimezone(_zone(sent["time_zone"])).replace(tzinfo=None).isoformat(),
        "duration": round((end - start).total_seconds() * 1_000_000),
        "time_zone": sent["time_zone"],
        "all_day": False,
        "is_recurring": False,
        "recurrence_pattern": None,
        "overrides": None,
        "start_time": start,
        "end_time": end,
        "owner_id": user_id,
        "version": 1,
        "role": "owner",
        "split_from": None,
        "continued_by": None,
        "created_at": now,
        "updated_at": now,
        "updated_by": user_id,
    }


def _event(row: Mapping[str, Any]) -> dict[str, Any]:
    tz = _zone(row["time_zone"])
    return {
        "id": row["id"],
        "uid": row["uid"],
        "title": row["title"],
        "description": row["description"],
        "start_time": row["start_time"].astimezone(tz).isoformat(),
        "end_time": row["end_time"].astimezone(tz).isoformat(),
        "time_zone": row["time_zone"],
        "all_day": row["all_day"],
        "location": row["location"],
        "status": row["status"],
        "free_busy_status": row["free_busy_status"],
        "tags": row["tags"] or [],
        "is_recurring": row["is_recurring"],
        "recurrence_pattern": row["recurrence_pattern"],
        "overrides": row["overrides"] or {},
        "owner_id": row["owner_id"],
        "calendar_id": row["calendar_id"],
        "version": row["version"],
        "role": row["role"],
        "split_from": row["split_from"],
        "continued_by": row["continued_by"],
        "created_at": row["created_at"].isoformat()[:-6] + "Z",
        "updated_at": row["updated_at"].isoformat()[:-6] + "Z",
        "updated_by": row["updated_by"],
    }


def make_floor() -> Floor:
    """The application, as the environment says."""
    return Floor(os.environ["DATABASE_URL"], os.environ["SECRET_KEY"])
