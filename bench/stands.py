"""A stand: one server, what is asked of it, and what its answers cost. All stands of a run take turns."""

from __future__ import annotations

import contextlib
import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import cpu
from bench.filling import Filling, fill
from bench.load import Ask, Load, LoadFailed, Plan
from bench.servers import CONVENE, Server, empty_database, running

WARM_UP_SECONDS = 1.0


@contextlib.contextmanager
def filled_server(kind: str, postgres: str, filling: Filling) -> Iterator[tuple[Server, Load]]:
    """Convene on a new database with so much in it, and whoever asks it."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="convene-bench-")))
        load = stack.enter_context(Load())
        url = stack.enter_context(empty_database(kind, postgres))
        fill(url, filling)
        yield stack.enter_context(running(CONVENE, url, folder)), load


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure: rounds, and what bounds each measurement."""

    rounds: int
    seconds: float
    requests: int


#: Many short turns instead of a few long ones: what else the machine does comes and goes within seconds.
FULL = Effort(rounds=15, seconds=0.33, requests=1_000)
QUICK = Effort(rounds=2, seconds=0.12, requests=300)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of request: the status that is expected, an endless supply, and how many go before it counts.

    Attributes:
        token: of who asks; "" for user 1.
    """

    expected: int
    asks: Callable[[], Iterator[Ask]]
    warm_up: int = 100
    token: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Microseconds of CPU a request: of the server, and of PostgreSQL for it; and how many were counted."""

    name: str
    server_us: float
    database_us: float
    requests: int


@dataclass(frozen=True, slots=True)
class Line:
    """The medians of all stands for one scenario."""

    database: str
    scenario: str
    connections: int
    figures: list[Figure]

    def ratio(self, over: str, under: str) -> float:
        """How many times the server's CPU at one stand another takes."""
        found = {figure.name: figure.server_us for figure in self.figures}
        return found[over] / found[under]


class Stand:
    """A server, and the requests that are still to be sent to it."""

    def __init__(
        self, stand: str, server: Server, load: Load, scenarios: Mapping[str, Scenario], connections: Sequence[int]
    ) -> None:
        self.name = stand
        self.server = server
        self._load = load
        self._scenarios = scenarios
        self._asks = {name: scenario.asks() for name, scenario in scenarios.items()}
        self._waiting: dict[str, list[Ask]] = {name: [] for name in scenarios}
        for name, scenario in scenarios.items():
            for number in connections:  # opens the connections to the database, and fills every cache
                self.send(name, number, WARM_UP_SECONDS, scenario.warm_up)

    def measure(self, scenario: str, connections: int, effort: Effort) -> Figure:
        server_before, database_before = self.server.used(), self.server.database_used()
        answered = self.send(scenario, connections, effort.seconds, effort.requests)
        if not answered:
            raise LoadFailed(f"{scenario}: no requests left")
        spent = cpu.between(server_before, self.server.used())
        database_spent = cpu.between(database_before, self.server.database_used())
        return Figure(self.name, spent / answered / 1e3, database_spent / answered / 1e3, answered)

    def send(self, scenario: str, connections: int, seconds: float, most: int) -> int:
        """Send requests; gives how many were answered."""
        waiting = self._waiting[scenario]
        asks = waiting[:most] + list(itertools.islice(self._asks[scenario], max(0, most - len(waiting))))
        chosen = self._scenarios[scenario]
        token = chosen.token or self.server.token
        plan = Plan(self.server.port, token, connections, seconds, chosen.expected, asks)
        try:
            answered = self._load.run(plan).answered
        except LoadFailed as error:
            error.add_note(f"{self.name} wrote:\n{self.server.end_of_log()}")
            raise
        self._waiting[scenario] = asks[answered:] + waiting[most:]
        return answered


def take_turns(stands: Sequence[Stand], database: str, scenario: str, connections: int, effort: Effort) -> Line:
    """Measure a scenario at all stands, round by round."""
    rounds = [[stand.measure(scenario, connections, effort) for stand in stands] for _ in range(effort.rounds)]
    return Line(database, scenario, connections, [median(turns) for turns in zip(*rounds, strict=True)])


def median(turns: Sequence[Figure]) -> Figure:
    """The median of each figure on its own."""
    return Figure(
        turns[0].name,
        statistics.median(one.server_us for one in turns),
        statistics.median(one.database_us for one in turns),
        sum(one.requests for one in turns),
    )
