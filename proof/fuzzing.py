"""Fuzzing: schemathesis makes requests of the OpenAPI document, right ones and wrong ones, and chains of them, and
compares every answer with what the document says.

What it is told to leave alone, and why, stands in fuzzing.toml and fuzz_hooks.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.databases import fresh_database
from tests.process.servers import Server, serving

from proof.parts import Options, Result, say

HERE = Path(__file__).parent
PASSWORD = "correct horse battery staple"
#: The examples of the document speak of Ben and Carla, and the first of them is user 2.
PEOPLE = ("ada", "ben", "carla")
#: How many cases of each operation: enough for 10,000 in all, or for a few hundred that take seconds.
MANY, FEW = 115, 2
COLUMNS = ("database", "operations", "cases", "refusals that no schema says", "faults", "seconds")


async def run(options: Options) -> Result:
    """Fuzz a server on each database."""
    rows: list[tuple[object, ...]] = []
    failures: list[str] = []
    for kind in options.kinds:
        say(f"fuzzing on {kind}")
        report = await asyncio.to_thread(_fuzz, kind, options)
        found = faults(kind, report)
        cases, explained = report["test_cases"]["generated"], report["filtered"]
        rows.append((kind, report["operations"]["tested"], cases, explained, len(found), round(report["running_time"])))
        failures += found
    return Result(COLUMNS, tuple(rows), tuple(failures))


def _fuzz(kind: str, options: Options) -> Any:
    told, report = (options.artifacts / f"fuzzing-{kind}.{ending}" for ending in ("txt", "json"))
    report.unlink(missing_ok=True)
    with fresh_database(kind) as url, serving(url, ACCESS_TOKEN_EXPIRE_MINUTES=600) as server:
        for name in PEOPLE:
            _register(server, name)
        with told.open("wb") as log:
            command, told_of = _command(server, options, report), _told(server)
            subprocess.run(command, cwd=options.artifacts, stdout=log, stderr=log, env=told_of, check=False)
        logged = server.log
    if not report.exists():
        return _not_run(told)
    found = json.loads(report.read_text("utf-8"))
    found["unexpected"] = logged.count("unexpected error")
    return found


def _command(server: Server, options: Options, report: Path) -> list[str]:
    phases = "examples,fuzzing,stateful" if options.quick else "examples,coverage,fuzzing,stateful"
    seeded = ["--generation-deterministic"] if options.quick else ["--seed", str(options.seed)]
    return [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "fuzzing.toml"), "run"),
        *(f"{server.url}/openapi.json", "--no-color", "--continue-on-failure", "--phases", phases, *seeded),
        *("--max-examples", str(options.rounds or (FEW if options.quick else MANY))),
        *("--report", "json", "--report-json-path", str(report)),
    ]


def _told(server: Server) -> dict[str, str]:
    account = {"FUZZED_SERVER": server.url, "FUZZED_NAME": PEOPLE[0], "FUZZED_PASSWORD": PASSWORD}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(HERE.parent), **account}


def _register(server: Server, name: str) -> None:
    body = json.dumps({"username": name, "email": f"{name}@example.com", "password": PASSWORD}).encode()
    kind = {"Content-Type": "application/json"}
    with urlopen(Request(f"{server.url}/api/v1/auth/register", body, kind), timeout=30) as answer:  # noqa: S310
        assert answer.status == 201


def _not_run(told: Path) -> Any:
    last = told.read_text("utf-8", errors="replace").strip().splitlines()[-1:]
    counts = {"operations": {"tested": 0, "errored": 1}, "test_cases": {"generated": 0}, "filtered": 0}
    return {**counts, "running_time": 0, "complete": False, "failures": [], "stop_reason": last, "unexpected": 0}


def faults(kind: str, report: Any) -> list[str]:
    """What went wrong, by operation; and that not everything was tried, which is no success either."""
    found = [
        f"{kind}: {operation}: {one['title']} (artifacts/proof/fuzzing-{kind}.txt)"
        for one in report["failures"]
        for operation in one["operations"]
    ]
    if not report["complete"] or report["operations"]["errored"]:
        found.append(f"{kind}: not all operations were tested: {report['stop_reason']}")
    if report["unexpected"]:
        found.append(f"{kind}: {report['unexpected']} unexpected errors in the log of the server")
    return found
