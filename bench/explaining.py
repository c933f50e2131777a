"""Counting what PostgreSQL does for an operation: each statement runs under EXPLAIN (ANALYZE, BUFFERS)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from bench.filling import FIRST, LASTS, ZONE
from convene import clock
from convene.domain.content import EventContent, Schedule
from convene.domain.recurrence import Frequency, RecurrenceRule
from convene.operations import agenda, bookings
from convene.operations.bookings import Booking
from convene.operations.identity import SignedIn
from convene.storage import events
from convene.storage.lists import EventFilter
from convene.storage.postgresql import prepare
from convene.storage.postgresql_connection import DIALECT, PostgresConnection
from convene.storage.statements import Row, Statement, Values
from convene.storage.unit_of_work import UnitOfWork

_ME = SignedIn(1, f"{1:032x}", "user-1", ZONE)
_MONTH = (datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Work:
    """What an operation made the database do: rows that its scans read, pages that it touched."""

    operation: str
    rows: int
    pages: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What operations made a database of some size do."""

    total: int
    work: list[Work]


class _ExplainingConnection(PostgresConnection):
    """Counts before it reads."""

    def __init__(self, raw: Any) -> None:
        super().__init__(raw)
        self.explain = raw
        self.rows = 0
        self.pages = 0

    async def one(self, statement: Statement, values: Values) -> Row | None:
        await self._count(statement, values)
        return await super().one(statement, values)

    async def all(self, statement: Statement, values: Values) -> list[Row]:
        await self._count(statement, values)
        return await super().all(statement, values)

    async def _count(self, statement: Statement, values: Values) -> None:
        compiled = statement.compiled(DIALECT)
        sql = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled.sql}"
        found = await self.explain.fetchval(sql, *compiled.bind(values))
        plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        self.pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        self.rows += sum(_scanned(node) for node in _nodes(plan))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _scanned(node: dict[str, Any]) -> int:
    """The rows that a scan read, those that it threw away too."""
    if "Plans" in node:
        return 0
    thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return round(float(node["Actual Rows"] + thrown) * float(node["Actual Loops"]))


def _booking(rule: RecurrenceRule | None) -> Booking:
    start = FIRST.replace(month=6, hour=11)
    return Booking(
        1, _ME, EventContent(title="Review", schedule=Schedule(start=start, duration=LASTS, zone=ZONE, rule=rule))
    )


async def explained(dsn: str, total: int) -> Counted:
    """Run the operations that read, and count."""
    people = total // 1_000
    operations: dict[str, Callable[[UnitOfWork], Awaitable[object]]] = {
        "list a month": lambda work: agenda.list_events(work, _ME, EventFilter(window=_MONTH), after=None, most=201),
        "check a single event": lambda work: bookings.find_clash(work, _booking(None)),
        "check a weekly series": lambda work: bookings.find_clash(
            work, _booking(RecurrenceRule(frequency=Frequency.WEEKLY))
        ),
        "get": lambda work: events.find_event(work, 7 * people + 1, 1),
    }
    raw = await asyncpg.connect(dsn, server_settings={"jit": "off"})
    await prepare(raw)
    try:
        counted = []
        for name, operation in operations.items():
            connection = _ExplainingConnection(raw)
            await operation(UnitOfWork(connection, clock.now))
            counted.append(Work(name, connection.rows, connection.pages))
        return Counted(total, counted)
    finally:
        await raw.close()
