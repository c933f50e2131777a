"""What each step of docs/scaling.md carries on this machine: a day of a team in small, from many people at once.

Of twenty requests twelve read an event, six list a month, one changes an event and one books a free hour, each by
another of the people, over connections that stay open; sent as fast as they are answered. The load, the database and
what stands between are on the same cores, so requests a second are less than separate machines would give; the CPU
that a request takes is what carries over.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import orjson
from tests.valkey import valkey_server

from bench import cpu
from bench.bouncer import bouncer, is_there
from bench.filling import Filling, fill, token
from bench.load import Ask, Load, Outcome, Plan
from bench.servers import CONVENE, Server, empty_database, running
from bench.stands import Effort
from convene.domain.zones import utc_rfc3339

CONNECTIONS = 32
SECONDS = 2.0
FILLING = Filling(people=200, events_each=200)
_MOST = 10_000
_READS, _LISTS = 12, 6


@dataclass(frozen=True, slots=True)
class Step:
    """What stands where: how many processes, on which database, with what between."""

    name: str
    database: str
    workers: int
    valkey: bool = False
    bouncer: bool = False


STEPS = (
    Step("one process, one SQLite file", "sqlite", 1),
    Step("two workers, one SQLite file", "sqlite", 2),
    Step("one process, PostgreSQL", "postgresql", 1),
    Step("two workers, PostgreSQL", "postgresql", 2),
    Step("two workers, PostgreSQL, Valkey", "postgresql", 2, valkey=True),
    Step("two workers, PostgreSQL behind PgBouncer, Valkey", "postgresql", 2, valkey=True, bouncer=True),
)


@dataclass(frozen=True, slots=True)
class Capacity:
    """The medians of all rounds; no requests a second where a step could not be run, because `missing` is not here."""

    step: str
    requests_a_second: float = 0.0
    server_us: float = 0.0
    database_us: float = 0.0
    median_ms: float = 0.0
    late_ms: float = 0.0
    missing: str = ""


def measure(postgres: str, effort: Effort, say: Callable[[str], None]) -> list[Capacity]:
    """Measure each step on its own: servers that only wait would take memory from the one that works."""
    found = []
    for step in STEPS:
        say(step.name)
        if step.bouncer and not is_there():
            found.append(Capacity(step.name, missing="pgbouncer"))
            continue
        with contextlib.ExitStack() as stack:
            load = stack.enter_context(Load())
            server = stack.enter_context(_running(step, postgres))
            found.append(_of(step, server, load, max(3, effort.rounds // 3)))
    return found


@contextlib.contextmanager
def _running(step: Step, postgres: str) -> Iterator[Server]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="convene-bench-")))
        url = stack.enter_context(empty_database(step.database, postgres))
        fill(url, FILLING)
        settings = {"WORKERS": str(step.workers)}
        if step.valkey:
            settings["REDIS_URL"] = stack.enter_context(valkey_server()).url
        through = stack.enter_context(bouncer(url)) if step.bouncer else url
        candidate = dataclasses.replace(CONVENE, environment={**CONVENE.environment, **settings})
        server = stack.enter_context(running(candidate, through, folder))
        yield server


def _of(step: Step, server: Server, load: Load, rounds: int) -> Capacity:
    endless = asks()
    _turn(server, load, endless)  # opens connections, fills caches
    turns = [_turn(server, load, endless) for _ in range(rounds)]
    return Capacity(step.name, *(statistics.median(column) for column in zip(*turns, strict=True)))


def _turn(server: Server, load: Load, endless: Iterator[Ask]) -> tuple[float, float, float, float, float]:
    before, database_before = server.used(), server.database_used()
    some = list(itertools.islice(endless, _MOST))
    outcome: Outcome = load.run(Plan(server.port, server.token, CONNECTIONS, SECONDS, 200, some))
    spent = cpu.between(before, server.used()) / outcome.answered / 1e3
    database_spent = cpu.between(database_before, server.database_used()) / outcome.answered / 1e3
    return outcome.answered / outcome.seconds, spent, database_spent, outcome.median_ms, outcome.late_ms


def asks() -> Iterator[Ask]:
    """An endless day; everybody in turn."""
    tokens = {user: token(user) for user in FILLING.users}
    edges = [datetime(2027, month, 1, tzinfo=UTC) for month in range(1, 5)]
    months = [
        "/api/v1/events?" + urlencode({"from": utc_rfc3339(first), "to": utc_rfc3339(last), "limit": 50})
        for first, last in itertools.pairwise(edges)
    ]
    free = datetime(2031, 1, 1, tzinfo=UTC)
    for number, user in enumerate(itertools.cycle(FILLING.users)):
        turn = number // FILLING.people + user  # so that each of them comes to ask everything
        event = f"/api/v1/events/{FILLING.event_id(turn * 7 % FILLING.events_each, user)}"
        kind = turn % 20
        if kind < _READS:
            yield Ask("GET", event, token=tokens[user])
        elif kind < _READS + _LISTS:
            yield Ask("GET", months[number % len(months)], token=tokens[user])
        elif kind == _READS + _LISTS:
            body = orjson.dumps({"title": f"Planning, as of request {number}"}).decode()
            yield Ask("PUT", event, body, token=tokens[user])
        else:
            start = free + timedelta(hours=number // FILLING.people)
            times = {"start_time": utc_rfc3339(start), "end_time": utc_rfc3339(start + timedelta(hours=1))}
            body = orjson.dumps({"title": f"Review {number}", **times}).decode()
            yield Ask("POST", "/api/v1/events", body, token=tokens[user], expected=201)
