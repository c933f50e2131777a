"""python3 run.py proof [PART ...] [--quick] [--database KIND] [--seed N] [--seconds S] [--rounds N] [--write]

histories  people book, edit, merge, share, revoke and roll back at random through several processes while all calls
           and answers are recorded; a checker proves from the recording that no promise was broken
crashes    kill -9 of servers and of PostgreSQL, SQLite's log cut off at random places, all under load
failover   the primary of two PostgreSQL servers is lost under load; Patroni, etcd and HAProxy, where they are installed
fuzz       10,000 requests made of the OpenAPI document, right and wrong ones, alone and in chains (schemathesis)
mutations  small mistakes are made in the rules that matter most, one at a time; the tests have to notice each
restore    a copy is made under load, the database destroyed and made of the copy, and compared with what was told
dependencies  a bill of materials, the licences in it, and what the package index knows of faults (pip-audit)

All of them without a part; --quick takes a few minutes. --write puts the tables into docs/reliability.md. What was
recorded, and all results as JSON, is left under artifacts/proof. Everything runs on this machine, on loopback, in
databases that are made for it and dropped again; PostgreSQL comes from where the tests have theirs
(tests/postgres.py). The exit code is 1 if any promise was found broken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import sys
from pathlib import Path
from secrets import randbelow

from bench.report import heading, machine, put_into
from tests.databases import KINDS
from tests.postgres import ADDRESS, guard
from tests.process import forked

from proof import crashes, dependencies, failover, fuzzing, histories, mutations, report, restore
from proof.parts import Options, Part, Result, say

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "reliability.md"
ARTIFACTS = ROOT / "artifacts" / "proof"

#: What there is to attack with.
PARTS: dict[str, Part] = {
    "histories": histories.run,
    "crashes": crashes.run,
    "failover": failover.run,
    "fuzz": fuzzing.run,
    "mutations": mutations.run,
    "restore": restore.run,
    "dependencies": dependencies.run,
}


def main() -> None:
    asked = _arguments()
    about = machine(shlex.join(["python3", "run.py", "proof", *sys.argv[1:]])) | {"seed": str(asked.seed)}
    print(heading(about), flush=True)
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    results: dict[str, Result] = {}
    with guard() as address, forked.forker() as forks:
        os.environ[ADDRESS] = address  # PostgreSQL starts when the first one asks for a database
        os.environ[forked.ADDRESS] = forks  # crashes begin hundreds of processes, which take two seconds each to import
        for part in asked.parts:
            say(part)
            results[part] = result = asyncio.run(PARTS[part](_options(asked)))
            shown = report.markdown(result)
            print("", shown, "", sep="\n", flush=True)
            if asked.write:
                put_into(DOCUMENT, part, about, shown)
    report.write_json(ARTIFACTS / "results.json", about, results)
    sys.exit(1 if any(result.failures for result in results.values()) else 0)


def _options(asked: argparse.Namespace) -> Options:
    kinds = (asked.database,) if asked.database else KINDS
    return Options(asked.quick, kinds, asked.seed, ARTIFACTS, seconds=asked.seconds, rounds=asked.rounds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 run.py proof", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all of them without")
    parser.add_argument("--quick", action="store_true", help="small attacks")
    parser.add_argument("--database", choices=KINDS, help="only this one")
    parser.add_argument("--seed", type=int, default=randbelow(2**31), help="of every random choice; chosen without")
    parser.add_argument("--seconds", type=float, help="how long, instead of a part's own choice")
    parser.add_argument("--rounds", type=int, help="how often, instead of a part's own choice")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/reliability.md")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    asked.parts = asked.parts or list(PARTS)
    return asked


if __name__ == "__main__":
    main()
