"""What a request really asks of its database: the statements, as the drivers see them, and how they are carried out.

The application does more than it is asked to: what its own tasks read meanwhile is left out.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import asyncpg
from asyncpg.connection import LoggedQuery

from convene.storage.engine import parse_url
from convene.storage.postgresql import PostgresDatabase
from convene.storage.sqlite import SqliteDatabase
from tests.people import Api, Person

_ASKING: ContextVar[bool] = ContextVar("asking", default=False)


def _asks() -> bool:
    """Whether a statement is part of what the test asks for. Commits on SQLite come from a thread without a context."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return _ASKING.get()


class Asked(NamedTuple):
    """One statement; on SQLite its values are written into it."""

    sql: str
    values: tuple[Any, ...] = ()


async def recognise(person: Person) -> None:
    """Let the application look up who this is now, so that it does not while a request is recorded."""
    identities = person.api.app.services.identities
    for session in (await person.get("/api/v1/auth/sessions")).json():
        identities.forget(session["id"])
    await identities.of(person.tokens["access_token"])


@asynccontextmanager
async def recorded(api: Api) -> AsyncIterator[list[Asked]]:
    """All statements that reach the database. Requests come one by one, so they use the connections that are open."""
    asked: list[Asked] = []
    asking = _ASKING.set(True)
    try:
        with _noting(api, asked):
            yield asked
            await asyncio.sleep(0)  # asyncpg tells of a statement in the next turn of the loop
    finally:
        _ASKING.reset(asking)


@contextmanager
def _noting(api: Api, asked: list[Asked]) -> Iterator[None]:
    database = api.app.services.units.database
    if isinstance(database, SqliteDatabase):
        connections = [raw for raw in (database._writer, *database._idle) if raw is not None]
        for raw in connections:
            raw.set_trace_callback(lambda sql: asked.append(Asked(sql)) if _asks() else None)
        yield
        for raw in connections:
            raw.set_trace_callback(None)
        return
    assert isinstance(database, PostgresDatabase)

    def note(query: LoggedQuery) -> None:
        if _asks():
            asked.append(Asked(query.query, tuple(query.args or ())))

    assert database._pool is not None
    open_ones = [raw for raw, _ in database._pool._idle]
    for connection in open_ones:
        connection.add_query_logger(note)
    yield
    for connection in open_ones:
        connection.remove_query_logger(note)


class Plan(NamedTuple):
    """How a statement finds its rows: the indexes by which, with how each is entered, and tables read end to end."""

    entered: dict[str, str]
    scanned: frozenset[str]

    @property
    def indexes(self) -> frozenset[str]:
        return frozenset(self.entered)


async def plan(database_url: str, asked: Asked) -> Plan:
    """Ask the database how it carries a statement out. A table's primary key is called `pk_` and its name."""
    url = parse_url(database_url)
    if url.drivername == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as file:
            return _sqlite_plan(row[3] for row in file.execute(f"EXPLAIN QUERY PLAN {asked.sql}"))
    connection = await asyncpg.connect(database_url)
    try:
        [row] = await connection.fetch(f"EXPLAIN (FORMAT JSON) {asked.sql}", *asked.values)
    finally:
        await connection.close()
    return _postgres_plan(json.loads(row[0])[0]["Plan"])


_SEARCH = re.compile(r"SEARCH (\w+) USING (?:COVERING )?(?:INDEX (\w+)|(?:INTEGER )?PRIMARY KEY) \((.*)\)")


def _sqlite_plan(steps: Iterable[str]) -> Plan:
    entered, scanned = {}, set()
    for step in steps:
        if found := _SEARCH.match(step):
            table, index, conditions = found.groups()
            entered[f"pk_{table}" if index is None or index.startswith("sqlite_autoindex") else index] = conditions
        elif found := re.match(r"SCAN (\w+)", step):
            scanned.add(found[1])
    return Plan(entered, frozenset(scanned))


def _postgres_plan(node: dict[str, Any]) -> Plan:
    entered = {node["Index Name"]: node.get("Index Cond", "")} if "Index Name" in node else {}
    scanned = {node["Relation Name"]} if node["Node Type"] == "Seq Scan" else set()
    for below in map(_postgres_plan, node.get("Plans", ())):
        entered |= below.entered
        scanned |= below.scanned
    return Plan(entered, frozenset(scanned))
