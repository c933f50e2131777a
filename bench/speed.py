"""CPU a request of Convene, of the floor beneath it and of the typical way, side by side in one run.

The candidates take turns (A B C A B C ...), so that whatever the machine does meanwhile meets all alike; each figure is
the median of its rounds. Only ratios of one run mean something on another machine.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import orjson

from bench import cpu
from bench.filling import APART, FIRST, SHARED_EVERY, ZONE, Filling, fill, token
from bench.load import Ask, Load, Plan
from bench.servers import CONVENE, CONVENE_DEFAULT, FLOOR, TYPICAL, Candidate, Server, empty_database, running
from bench.typical_models import fill_typical
from convene.domain.zones import instant, utc_rfc3339, zone

CANDIDATES = (FLOOR, CONVENE, CONVENE_DEFAULT, TYPICAL)
FILLING = Filling(people=10, events_each=1_000)
LISTED = 50
WARM_UP = 150


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure: rounds, and what bounds each measurement."""

    rounds: int
    seconds: float
    requests: int
    connections: tuple[int, ...]


FULL = Effort(rounds=5, seconds=1.0, requests=2_000, connections=(1, 32))
QUICK = Effort(rounds=2, seconds=0.25, requests=500, connections=(1, 32))


@dataclass(frozen=True, slots=True)
class Figure:
    """Microseconds of CPU a request: of the server, and of PostgreSQL for it; and how many were counted."""

    candidate: str
    server_us: float
    database_us: float
    requests: int


@dataclass(frozen=True, slots=True)
class Line:
    """The medians of all candidates for one scenario."""

    database: str
    scenario: str
    connections: int
    figures: list[Figure]

    def ratio(self, over: str, under: str) -> float:
        """How many times the CPU of one candidate another takes."""
        found = {figure.candidate: figure.server_us for figure in self.figures}
        return found[over] / found[under]


def _gets() -> Iterator[Ask]:
    chance = random.Random(1)
    while True:
        yield Ask("GET", f"/api/v1/events/{FILLING.event_id(chance.randrange(FILLING.events_each))}")


def _lists() -> Iterator[Ask]:
    """Windows with exactly 50 events: 45 of one's own, and 5 that somebody shares at the same times."""
    chance = random.Random(2)
    own = LISTED * SHARED_EVERY // (SHARED_EVERY + 1)
    while True:
        first = FIRST + APART * SHARED_EVERY * chance.randrange((FILLING.events_each - own) // SHARED_EVERY)
        edges = [utc_rfc3339(instant(wall, zone(ZONE))) for wall in (first, first + APART * own)]
        yield Ask("GET", "/api/v1/events?" + urlencode({"from": edges[0], "to": edges[1], "limit": LISTED}))


def _creates() -> Iterator[Ask]:
    for number in itertools.count():
        start = datetime(2031, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        body = {
            "title": f"Review {number}",
            "description": "Bring the figures of last month, and the list of what is still open.",
            "location": "Room 4",
            "tags": ["planning", "team"],
            "start_time": utc_rfc3339(start),
            "end_time": utc_rfc3339(start + timedelta(hours=1)),
            "time_zone": ZONE,
        }
        yield Ask("POST", "/api/v1/events", orjson.dumps(body).decode())


SCENARIOS: dict[str, tuple[int, Callable[[], Iterator[Ask]]]] = {
    "get": (200, _gets),
    f"list of {LISTED}": (200, _lists),
    "create": (201, _creates),
}


def measure(
    candidates: Sequence[Candidate], kinds: Sequence[str], postgres: str, effort: Effort, say: Callable[[str], None]
) -> list[Line]:
    """Measure candidates on each kind of database."""
    lines: list[Line] = []
    for kind in kinds:
        say(f"{kind}: {len(candidates)} servers, each on a database with {FILLING.total:,} events")
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="convene-bench-")))
            load = stack.enter_context(Load())
            stands = [_Stand(_started(candidate, kind, postgres, folder, stack), load) for candidate in candidates]
            for scenario, connections in itertools.product(SCENARIOS, effort.connections):
                say(f"{kind}: {scenario}, {connections} connections")
                rounds = [
                    [stand.measure(scenario, connections, effort) for stand in stands] for _ in range(effort.rounds)
                ]
                medians = [_median(turns) for turns in zip(*rounds, strict=True)]
                lines.append(Line(kind, scenario, connections, medians))
    return lines


def _started(candidate: Candidate, kind: str, postgres: str, folder: Path, stack: contextlib.ExitStack) -> Server:
    url = stack.enter_context(empty_database(kind, postgres))
    filler = fill_typical if candidate is TYPICAL else fill
    filler(url, FILLING)
    return stack.enter_context(running(candidate, url, folder))


class _Stand:
    """A server, and the requests that are still to be sent to it: the same for all."""

    def __init__(self, server: Server, load: Load) -> None:
        self._server = server
        self._load = load
        self._token = token()
        self._asks = {name: make() for name, (_, make) in SCENARIOS.items()}
        for name in SCENARIOS:
            for connections in (1, 32):  # opens the connections to the database, and fills every cache
                self._send(name, connections, 10.0, WARM_UP)

    def measure(self, scenario: str, connections: int, effort: Effort) -> Figure:
        server_before, database_before = self._server.used(), self._server.database_used()
        answered = self._send(scenario, connections, effort.seconds, effort.requests)
        spent = cpu.between(server_before, self._server.used())
        database_spent = cpu.between(database_before, self._server.database_used())
        return Figure(self._server.candidate.name, spent / answered / 1e3, database_spent / answered / 1e3, answered)

    def _send(self, scenario: str, connections: int, seconds: float, most: int) -> int:
        expected, _ = SCENARIOS[scenario]
        asks = list(itertools.islice(self._asks[scenario], most))
        plan = Plan(self._server.port, self._token, connections, seconds, expected, asks)
        return self._load.run(plan).answered


def _median(turns: tuple[Figure, ...]) -> Figure:
    return Figure(
        turns[0].candidate,
        statistics.median(one.server_us for one in turns),
        statistics.median(one.database_us for one in turns),
        sum(one.requests for one in turns),
    )
