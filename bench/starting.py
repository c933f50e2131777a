"""From the command to the first answer, and the memory of a process that nobody has asked for anything.

The databases are up to date and Python's own caches warm: as a restart is.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import cpu
from bench.filling import Filling, fill
from bench.servers import CONVENE, empty_database, running

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Start:
    """The medians of some starts: seconds until it answers, of which so many of CPU, and the memory then."""

    database: str
    seconds: float
    cpu_seconds: float
    rest_mib: float


def measure(kinds: Sequence[str], postgres: str, rounds: int, say: Callable[[str], None]) -> list[Start]:
    """Measure on each kind of database."""
    found = []
    for kind in kinds:
        say(f"{kind}: {rounds} starts")
        with empty_database(kind, postgres) as url:
            fill(url, Filling(people=10, events_each=100))
            turns = [_once(url) for _ in range(rounds + 1)][1:]
        found.append(Start(kind, *(statistics.median(figures) for figures in zip(*turns, strict=True))))
    return found


def _once(url: str) -> tuple[float, float, float]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="convene-bench-")))
        began = time.monotonic()
        server = stack.enter_context(running(CONVENE, url, folder))
        took = time.monotonic() - began
        return took, sum(server.used().values()) / 1e9, cpu.resident(server.pid) / _MIB
