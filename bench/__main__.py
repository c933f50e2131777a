"""python3 run.py bench [speed] [growth] [batch] [--quick] [--database KIND] [--json FILE]

speed    CPU of the server a request, for get, list of 50 and create, of Convene and, in the same run, of
         a floor (the same SQL on the raw driver and nothing else) and of the typical way (async ORM, several queries)
growth   what listing, conflict checks, reading, sharing and history cost among 10,000, 100,000, 1,000,000 events
batch    an event in a batch of 1,000 beside one created alone, and the memory that the batch needs

All of them without a part; --quick alone measures speed, roughly, in less than a minute. Everything runs on this
machine, on loopback, in databases that are made for it and dropped again; PostgreSQL comes from where the tests have
theirs (tests/postgres.py).

What counts is CPU time, user and system, of the server's process, divided by requests: on a machine with neighbours
wall time is noise. The load comes from a process of its own. PostgreSQL's CPU is that of the processes behind the
server's connections. Absolute figures hold for one machine, ratios for one run.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.postgres import postgres_server

from bench import batch, growth, report, speed
from bench.servers import CONVENE, other_convene
from bench.stands import FULL, QUICK

PARTS = ("speed", "growth", "batch")


def main() -> None:
    asked = _arguments()
    kinds = (asked.database,) if asked.database else ("sqlite", "postgresql")
    about = report.machine(shlex.join(["python3", "run.py", "bench", *sys.argv[1:]]))
    effort = QUICK if asked.quick else FULL
    print(report.heading(about), flush=True)
    figures: dict[str, Sequence[Any]] = {}
    with postgres_server() as postgres:
        if "speed" in asked.parts:
            usual = speed.QUICK_CANDIDATES if asked.quick else speed.CANDIDATES
            candidates = (CONVENE, other_convene(asked.against)) if asked.against else usual
            figures["speed"] = lines = speed.measure(candidates, kinds, postgres, effort, say)
            show(report.speed(lines))
        if "growth" in asked.parts:
            totals = growth.QUICK_TOTALS if asked.quick else growth.TOTALS
            figures["growth"] = grown = growth.measure(totals, kinds, postgres, effort, say)
            show(report.growth(grown))
        if "batch" in asked.parts:
            figures["batch"] = batches = batch.measure(kinds, postgres, effort, say)
            show(report.batch(batches))
    if asked.json:
        report.write_json(asked.json, about, figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 run.py bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="speed, growth, batch; all of them without")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller databases")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="only this one")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="speed of Convene beside another checkout's")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures for programs")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    asked.parts = asked.parts or (PARTS[:1] if asked.against or asked.quick else PARTS)
    return asked


def show(text: str) -> None:
    print("", text, sep="\n", flush=True)


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
