"""python3 run.py bench [speed | growth | batch] [--quick] [--database KIND] [--json FILE]

speed    CPU of the server a request, for get, list of 50 and create, of Convene and, in the same run, of
         a floor (the same SQL on the raw driver and nothing else) and of the typical way (async ORM, several queries)
growth   what listing, conflict checks, reading, sharing and history cost among 10,000, 100,000, 1,000,000 events
batch    an event in a batch of 1,000 beside one created alone, and the memory that the batch needs

All of them without a name; --quick takes less than a minute. Everything runs on this machine, on loopback, in databases
that are made for it and dropped again; PostgreSQL comes from where the tests have theirs (tests/postgres.py).

What counts is CPU time, user and system, of the server's process, divided by requests: on a machine with neighbours
wall time is noise. The load comes from a process of its own. PostgreSQL's CPU is that of the processes behind the
server's connections. Absolute figures hold for one machine, ratios for one run.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from tests.postgres import postgres_server

from bench import report, speed
from bench.servers import CONVENE, other_convene


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python3 run.py bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", choices=["speed", "growth", "batch", []], help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller databases")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="only this one")
    parser.add_argument(
        "--against", type=Path, metavar="CHECKOUT", help="only Convene, beside that of another checkout"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures for programs")
    asked = parser.parse_args()
    kinds = (asked.database,) if asked.database else ("sqlite", "postgresql")
    about = report.machine(shlex.join(["python3", "run.py", "bench", *sys.argv[1:]]))
    with postgres_server() as postgres:
        candidates = (CONVENE, other_convene(asked.against)) if asked.against else speed.CANDIDATES
        lines = speed.measure(candidates, kinds, postgres, speed.QUICK if asked.quick else speed.FULL, say)
    print(report.heading(about), report.speed(lines), sep="\n\n")
    if asked.json:
        report.write_json(asked.json, about, speed=lines)


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
