"""What PostgreSQL alone needs for a request: pgbench with Convene's own statements, as they reach the driver.

Convene is asked once, and what it says to the database is written down as a script; the ids and times that differ from
request to request are drawn by pgbench. The CPU is all that the server's processes for pgbench's connections used.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil
from tests.people import running_api
from tests.postgres_guard import find_programs
from tests.process.recording import Asked, recorded

from bench.filling import FIRST, KEY, fill
from bench.servers import empty_database
from bench.speed import FILLING, SCENARIOS
from bench.work import answered

SECONDS, QUICK_SECONDS = 5, 1
CLIENTS = (1, 32)
#: What differs from request to request, in hours or as an id; as the scenarios of `speed` choose it.
_DRAWN = {
    "get": f"\\set event 1 + {FILLING.people} * random(0, {FILLING.events_each - 1})",
    "list of 50": "\\set hours 140 * random(0, 95)",
    "create, one person": "\\set hours random(0, 10000000)",
}
#: New events, which are one value in JSON.
_DRAFTS = """
    SELECT json_agg(draft || jsonb_build_object(
        'uid', gen_random_uuid(),
        'start_time', (draft->>'start_time')::timestamptz + :hours::int * INTERVAL '1 hour',
        'end_time', (draft->>'end_time')::timestamptz + :hours::int * INTERVAL '1 hour'
    ))::text FROM jsonb_array_elements({given}::jsonb) AS draft
"""
_BY_PLACE = {r"events\.id = \$(\d+)": ":event"}


@dataclass(frozen=True, slots=True)
class Limit:
    """What the database did when nothing else was asked of it: transactions a second, and its CPU for each."""

    scenario: str
    clients: int
    a_second: float
    database_us: float


def measure(postgres: str, *, quick: bool, say: Callable[[str], None]) -> list[Limit]:
    """Measure each scenario; a creation with one client only, since the events of one user are booked one by one."""
    found = []
    with empty_database("postgresql", postgres) as url:
        fill(url, FILLING)
        said = asyncio.run(_said(url))
        for scenario, statements in said.items():
            for clients in CLIENTS[: 1 if scenario.startswith("create") else None]:
                say(f"pgbench: {scenario}, {clients} clients")
                found.append(_run(url, scenario, statements, clients, QUICK_SECONDS if quick else SECONDS))
    return found


async def _said(url: str) -> dict[str, list[Asked]]:
    """What Convene says to the database for a request of each kind."""
    said = {}
    async with running_api(url, secret_key=KEY) as api:
        for name in _DRAWN:
            asks = SCENARIOS[name].asks()
            await answered(api.app, next(asks))  # until everything is remembered that can be
            async with recorded(api) as said[name]:
                await answered(api.app, next(asks))
    return said


def _run(url: str, scenario: str, statements: Sequence[Asked], clients: int, seconds: int) -> Limit:
    with tempfile.TemporaryDirectory(prefix="convene-bench-") as folder:
        script = Path(folder, "script.sql")
        values = _write(script, scenario, statements)
        _, programs = find_programs()
        command = [
            *(str(programs / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--time={seconds}"),
            *(f"--file={script}", f"--client={clients}", *(f"--define={each}" for each in values), url),
        ]
        with _spending(url) as spent:
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return Limit(scenario, clients, _figure("tps = ", told), spent[0] / _figure("actually processed: ", told) * 1e6)


def _figure(name: str, told: str) -> float:
    found = re.search(re.escape(name) + r"([\d.]+)", told)
    assert found, told
    return float(found[1])


def _write(script: Path, scenario: str, statements: Sequence[Asked]) -> list[str]:
    """Write statements as pgbench reads them; gives the values that stay the same, as NAME=VALUE."""
    lines, constants = [_DRAWN[scenario]], []
    for number, asked in enumerate(statements):
        expressions = _drawn(asked, number)
        for place, value in enumerate(asked.values, 1):
            name = f"p{number}_{place}"
            if f":{name}" in expressions.setdefault(place, f":{name}"):
                constants.append(f"{name}={str(value).lower() if isinstance(value, bool) else value}")
        sql = _with(expressions, asked.sql)
        is_last = number == len(statements) - 1
        lines.append(" ".join(sql.split()) + (";" if is_last else " \\gset"))
    script.write_text("\n".join(lines) + "\n", "utf-8")
    return constants


def _with(expressions: Mapping[int, str], sql: str) -> str:
    return re.sub(r"\$(\d+)", lambda found: expressions[int(found[1])], sql)


def _drawn(asked: Asked, number: int) -> dict[int, str]:
    """What stands for values of the n-th statement that differ each time, and of NULL, which pgbench has not."""
    found: dict[int, str] = {}
    for place, value in enumerate(asked.values, 1):
        if value is None:
            found[place] = "NULL"
        elif isinstance(value, datetime) and value >= FIRST.replace(tzinfo=UTC):  # the time of an event, not now
            found[place] = f"(TIMESTAMPTZ '{value.isoformat()}' + :hours::int * INTERVAL '1 hour')"
        elif isinstance(value, str) and value.startswith("["):
            found[place] = f"({_DRAFTS.format(given=f':p{number}_{place}')})"
    for pattern, expression in _BY_PLACE.items():
        if place_of := re.search(pattern, asked.sql):
            found[int(place_of[1])] = expression
    return found


@contextlib.contextmanager
def _spending(url: str) -> Iterator[list[float]]:
    """Seconds of CPU that those of PostgreSQL's processes used that end with the block; there when it has ended."""
    postmaster = psutil.Process(asyncio.run(_postmaster(url)))
    spent = [0.0]
    before = _of_ended(postmaster)
    yield spent
    while asyncio.run(_others(url)):
        time.sleep(0.05)
    spent[0] = _of_ended(postmaster) - before


def _of_ended(postmaster: psutil.Process) -> float:
    times = postmaster.cpu_times()
    return float(times.children_user + times.children_system)


async def _postmaster(url: str) -> int:
    async with _connected(url) as connection:
        return psutil.Process(await connection.fetchval("SELECT pg_backend_pid()")).ppid()


async def _others(url: str) -> int:
    """How many others are connected to the database."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with _connected(url) as connection:
        return int(await connection.fetchval(sql))


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
