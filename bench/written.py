"""How much an event takes on disk, and how much is written for a request: the write-ahead log beside what was sent.

What is in the log is written a second time when the log is put into the tables; pages that many requests touch, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.filling import Filling, fill
from bench.load import Load
from bench.servers import CONVENE, empty_database, running
from bench.speed import FILLING, OF_CONVENE, SCENARIOS
from bench.stands import Stand
from convene.storage.engine import parse_url

#: So few that SQLite's log is not put into its tables meanwhile, which begins it anew (at 1,000 pages).
REQUESTS = 20
MORE = Filling(people=10, events_each=1_000, users_before=FILLING.people, events_before=FILLING.total)
_ASKED = {"create": SCENARIOS["create"], "change": OF_CONVENE["change"], "change shared": OF_CONVENE["change shared"]}


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes a request: of its body, and in the log."""

    scenario: str
    sent: float
    logged: float


@dataclass(frozen=True, slots=True)
class Bytes:
    """What an event takes on disk with its version, permissions and indexes; and what requests write."""

    database: str
    stored: float
    written: list[Written]


def measure(kinds: Sequence[str], postgres: str, say: Callable[[str], None]) -> list[Bytes]:
    """Measure on each kind of database."""
    found = []
    for kind in kinds:
        say(f"{kind}: bytes on disk")
        with empty_database(kind, postgres) as url:
            fill(url, FILLING)
            before = _size(url)
            fill(url, MORE)
            stored = (_size(url) - before) / MORE.total
            found.append(Bytes(kind, stored, _requests(url)))
    return found


def _requests(url: str) -> list[Written]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="convene-bench-")))
        load = stack.enter_context(Load())
        server = stack.enter_context(running(CONVENE, url, folder))
        stand = Stand(CONVENE.name, server, load, _ASKED, ())
        found = []
        for name, scenario in _ASKED.items():
            before = _logged(url)
            answered = stand.send(name, 1, 60, REQUESTS)
            logged = (_logged(url) - before) / answered
            sent = sum(len(ask.body) for ask in itertools.islice(scenario.asks(), answered)) / answered
            found.append(Written(name, sent, logged))
        return found


def _size(url: str) -> int:
    """Bytes that a database takes, without its log."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(_path(url))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return _path(url).stat().st_size
    return asyncio.run(_asked(url, "SELECT pg_database_size(current_database())"))


def _logged(url: str) -> int:
    """Bytes that have been written to the log."""
    if url.startswith("sqlite"):
        return _path(url).with_name(_path(url).name + "-wal").stat().st_size
    return asyncio.run(_asked(url, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))


def _path(url: str) -> Path:
    return Path(str(parse_url(url).database))


async def _asked(url: str, sql: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(sql))
    finally:
        await connection.close()
