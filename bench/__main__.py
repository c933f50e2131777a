"""python3 run.py bench [PART ...] [--quick] [--database KIND] [--json FILE] [--write]

speed    CPU of the server a request, for get, list of 50 and create, of Convene and, in the same run, of
         a floor (the same SQL on the raw driver and nothing else) and of the typical way (async ORM, several queries)
growth   what listing, conflict checks, reading, sharing and history cost among 10,000, 100,000, 1,000,000 events
batch    an event in a batch of 1,000 beside one created alone, and the memory that the batch needs
sockets  CPU of a message to each of 1,000 open WebSockets, and the memory that each takes
fanout   a change of an event with 1,000 collaborators, each with an open WebSocket: its answer, and the last to hear
buses    how long a change takes from one process to a listener of another, on each bus
capacity requests a second of a mixed load at each step of docs/scaling.md, and what a request takes there
starts   from the command to the first answer, and the memory of a process at rest
work     statements and calls of functions of a get, a list and a create, counted; --write records them for the tests

All of them without a part; --quick alone measures speed, roughly, in less than a minute. --write puts the tables into
the documents (docs/performance.md, docs/scaling.md). Everything runs on this machine, on loopback, in databases that
are made for it and dropped again; PostgreSQL and Valkey come from where the tests have theirs (tests/postgres.py,
tests/valkey.py), PgBouncer from PATH.

What counts is CPU time, user and system, of the server's process, divided by requests: on a machine with neighbours
wall time is noise. The load comes from a process of its own. PostgreSQL's CPU is that of the processes behind the
server's connections. Absolute figures hold for one machine, ratios for one run.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.postgres import postgres_server

from bench import batch, buses, capacity, fanout, growth, limit, report, sockets, speed, starting, work, written
from bench.servers import CONVENE, ROOT, other_convene
from bench.stands import FULL, QUICK, Effort

Figures = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Run:
    """What is measured, and with what."""

    asked: argparse.Namespace
    kinds: tuple[str, ...]
    postgres: str
    effort: Effort


def main() -> None:
    asked = _arguments()
    kinds = (asked.database,) if asked.database else ("sqlite", "postgresql")
    about = report.machine(shlex.join(["python3", "run.py", "bench", *sys.argv[1:]]))
    print(report.heading(about), flush=True)
    figures: dict[str, Figures] = {}
    with postgres_server() as postgres:
        run = Run(asked, kinds, postgres, QUICK if asked.quick else FULL)
        for part in asked.parts:
            measure, shown = PARTS[part]
            figures[part] = found = measure(run)
            print("", shown(found), sep="\n", flush=True)
            if asked.write:
                document = "scaling.md" if part == "capacity" else "performance.md"
                report.put_into(ROOT / "docs" / document, part, about, shown(found))
                if part == "work":
                    work.record(found)
    if asked.json:
        report.write_json(asked.json, about, figures)


def _speed(run: Run) -> Figures:
    usual = speed.QUICK_CANDIDATES if run.asked.quick else speed.CANDIDATES
    candidates = (CONVENE, other_convene(run.asked.against)) if run.asked.against else usual
    return speed.measure(candidates, run.kinds, run.postgres, run.effort, say)


def _growth(run: Run) -> Figures:
    totals = growth.QUICK_TOTALS if run.asked.quick else growth.TOTALS
    effort = replace(run.effort, rounds=run.effort.rounds // 2)  # there are three servers, and nine things to ask
    return growth.measure(totals, run.kinds, run.postgres, effort, say)


#: What there is to measure, and how its figures are shown.
PARTS: dict[str, tuple[Callable[[Run], Figures], Callable[[Any], str]]] = {
    "speed": (_speed, report.speed),
    "limit": (lambda run: limit.measure(run.postgres, quick=run.asked.quick, say=say), report.limit),
    "growth": (_growth, report.growth),
    "batch": (lambda run: batch.measure(run.kinds, run.postgres, run.effort, say), report.batch),
    "sockets": (lambda run: sockets.measure(run.kinds, run.postgres, run.effort.rounds, say), report.sockets),
    "fanout": (lambda run: fanout.measure(run.kinds, run.postgres, run.effort.rounds, say), report.fanout),
    "buses": (lambda run: buses.measure(run.postgres, 3 * run.effort.rounds, say), report.buses),
    "work": (lambda run: work.measure(run.kinds, run.postgres), report.work),
    "capacity": (lambda run: capacity.measure(run.postgres, run.effort, say), report.capacity),
    "bytes": (lambda run: written.measure(run.kinds, run.postgres, say), report.written),
    "starts": (lambda run: starting.measure(run.kinds, run.postgres, run.effort.rounds, say), report.starts),
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 run.py bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all of them without")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller databases")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="only this one")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="speed of Convene beside another checkout's")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures for programs")
    parser.add_argument("--write", action="store_true", help="put the tables into the documents")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    asked.parts = asked.parts or (["speed"] if asked.against or asked.quick else list(PARTS))
    return asked


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
