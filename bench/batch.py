"""An event in a batch of 1,000 beside one created alone, and the memory that a batch takes.

The peak is the kernel's own (VmHWM), begun anew before the first batch: nothing is sampled, so nothing is missed. It
is compared with what the process held at rest, after a thousand single requests.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench import cpu
from bench.filling import Filling
from bench.load import Ask
from bench.speed import creates
from bench.stands import Effort, Figure, Scenario, Stand, filled_server, median

SIZE = 1_000
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Batch:
    """Microseconds of CPU for an event alone and in a batch; the memory at rest, and how far a batch rose above it."""

    database: str
    alone: Figure
    in_batch: Figure
    rest_mib: float
    rise_mib: float

    @property
    def ratio(self) -> float:
        """What part of the server's CPU for one alone an event in a batch takes."""
        return self.in_batch.server_us / self.alone.server_us


def _batches() -> Iterator[Ask]:
    alone = itertools.islice(creates(), 500_000, None)  # years that the others do not reach
    while True:
        bodies = ",".join(ask.body for ask in itertools.islice(alone, SIZE))
        yield Ask("POST", "/api/v1/events/batch", f'{{"events": [{bodies}]}}')


SCENARIOS = {"alone": Scenario(201, creates, warm_up=500), "batch": Scenario(201, _batches, warm_up=0)}


def measure(kinds: Sequence[str], postgres: str, effort: Effort, say: Callable[[str], None]) -> list[Batch]:
    """Measure on each kind of database."""
    found = []
    for kind in kinds:
        say(f"{kind}: batches of {SIZE:,}")
        with filled_server(kind, postgres, Filling(people=10, events_each=1_000)) as (server, load):
            found.append(_of(kind, Stand(server.candidate.name, server, load, SCENARIOS, (1,)), effort))
    return found


def _of(kind: str, stand: Stand, effort: Effort) -> Batch:
    rest = cpu.resident(stand.server.pid)
    cpu.forget_peak(stand.server.pid)
    stand.send("batch", 1, 60, 1)
    rise = cpu.peak(stand.server.pid) - rest
    one = Effort(1, 60, 1)
    turns = [(stand.measure("alone", 1, effort), stand.measure("batch", 1, one)) for _ in range(effort.rounds)]
    alone, batch = (median(figures) for figures in zip(*turns, strict=True))
    in_batch = Figure("in a batch", batch.server_us / SIZE, batch.database_us / SIZE, batch.requests * SIZE)
    return Batch(kind, alone, in_batch, rest / _MIB, rise / _MIB)
