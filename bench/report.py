"""Reports: Markdown for people, JSON for programs, both from the same figures."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from bench.batch import SIZE, Batch
from bench.buses import Latency
from bench.capacity import Capacity
from bench.fanout import Fanout
from bench.growth import Growth
from bench.limit import Limit
from bench.servers import ROOT
from bench.sockets import Sockets
from bench.stands import Line
from bench.starting import Start
from bench.work import Work
from bench.written import Bytes
from convene.clock import now


def machine(command: str) -> dict[str, str]:
    """Where and when, and what was measured."""
    memory = psutil.virtual_memory().total / 2**30
    return {
        "command": command,
        "date": now().strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "machine": f"{psutil.cpu_count()} x {_processor()}, {memory:.0f} GiB, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load before": f"{psutil.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    if sys.platform != "linux":
        return platform.processor()
    lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _commit() -> str:
    """What was run; what a run writes down itself, in docs/ and in its records, makes it no other."""
    named = _git("describe", "--always")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs", ":!bench/work.json")
    return f"{named}, with changes" if changed else named or "unknown"


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def heading(about: dict[str, str]) -> str:
    return "\n".join(f"* {name}: {value}" for name, value in about.items())


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]

    def line(row: Sequence[str]) -> str:
        return (
            "| "
            + " | ".join(f"{row[0]:<{widths[0]}}" if not i else f"{c:>{widths[i]}}" for i, c in enumerate(row))
            + " |"
        )

    rule = (
        "|" + "|".join("-" * (width + 2) if not i else "-" * (width + 1) + ":" for i, width in enumerate(widths)) + "|"
    )
    return "\n".join([line(columns), rule, *map(line, cells)])


def speed(lines: Sequence[Line]) -> str:
    """CPU of the servers, a table for each database; the database's own CPU in another."""
    parts = []
    for kind in dict.fromkeys(line.database for line in lines):
        of_kind = [line for line in lines if line.database == kind]
        names = [figure.name for figure in of_kind[0].figures]
        rows = [
            [
                f"{line.scenario}, {line.connections} conn.",
                *(f"{figure.server_us:,.0f}" for figure in line.figures),
                *(f"{line.ratio(name, 'convene'):.2f}" for name in names if name != "convene"),
            ]
            for line in of_kind
        ]
        parts.append(f"### {kind}: us of CPU of the server a request")
        parts.append(table([" ", *names, *(f"{name} / convene" for name in names if name != "convene")], rows))
        if any(figure.database_us for line in of_kind for figure in line.figures):
            rows = [
                [
                    f"{line.scenario}, {line.connections} conn.",
                    *(f"{figure.database_us:,.0f}" for figure in line.figures),
                ]
                for line in of_kind
            ]
            parts.append(f"### {kind}: us of CPU of its own a request")
            parts.append(table([" ", *names], rows))
    return "\n\n".join(parts)


def limit(found: Sequence[Limit]) -> str:
    """What PostgreSQL carries by itself."""
    rows = [
        [f"{one.scenario}, {one.clients} conn.", f"{one.a_second:,.0f}", f"{one.database_us:,.0f}"] for one in found
    ]
    return table([" ", "transactions a second", "CPU of PostgreSQL for each, us"], rows)


def growth(found: Sequence[Growth]) -> str:
    """CPU of server and database together as a multiple of the smallest total, and what was counted."""
    parts = []
    for one in found:
        totals = [figure.name for figure in one.lines[0].figures]
        filled = ", ".join(f"{each.total:,} in {each.seconds:.0f} s" for each in one.filled)
        parts += [f"### {one.database}: a user with 1,000 events among", f"Filled with {filled}."]
        rows = []
        for line in one.lines:
            spent = [figure.server_us + figure.database_us for figure in line.figures]
            rows.append([line.scenario, *(f"{us:,.0f}" for us in spent), *(f"{us / spent[0]:.2f}" for us in spent[1:])])
        parts.append("us of CPU a request, of the server and its database together:")
        parts.append(table([" ", *totals, *(f"x {total}" for total in totals[1:])], rows))
        if one.counted:
            rows = [
                [work.operation, *(f"{each.work[place].rows:,} / {each.work[place].pages:,}" for each in one.counted)]
                for place, work in enumerate(one.counted[0].work)
            ]
            parts.append("Rows that scans read / pages touched, by EXPLAIN (ANALYZE, BUFFERS):")
            parts.append(table([" ", *totals], rows))
    return "\n\n".join(parts)


def batch(found: Sequence[Batch]) -> str:
    """An event in a batch beside one alone, and memory."""
    columns = [" ", "alone, us", f"in a batch of {SIZE:,}, us", "part", "of the database, us", "in a batch, us"]
    columns += ["at rest, MiB", "risen by, MiB"]
    rows = [
        [
            one.database,
            f"{one.alone.server_us:,.0f}",
            f"{one.in_batch.server_us:,.0f}",
            f"{one.ratio:.2f}",
            f"{one.alone.database_us:,.0f}",
            f"{one.in_batch.database_us:,.0f}",
            f"{one.rest_mib:.0f}",
            f"{one.rise_mib:.0f}",
        ]
        for one in found
    ]
    return table(columns, rows)


def work(found: Sequence[Work]) -> str:
    """What is counted of each request."""
    rows = [[f"{one.scenario}, {one.database}", one.statements, one.calls] for one in found]
    return table([" ", "statements", "calls of functions"], rows)


def sockets(found: Sequence[Sockets]) -> str:
    """What a message, an open connection and an idle one take."""
    columns = [" ", "connections", "a message to one of them, us", "an open one, KiB", "an idle one a second, us"]
    rows = [
        [one.database, f"{one.clients:,}", f"{one.message_us:.1f}", f"{one.kib:.1f}", f"{one.idle_us:.1f}"]
        for one in found
    ]
    return table(columns, rows)


def fanout(found: Sequence[Fanout]) -> str:
    """What a change costs of which all collaborators hear."""
    columns = [" ", "answered after, ms", "the last has heard after, ms", "CPU of the server, ms", "of PostgreSQL, ms"]
    rows = [
        [
            f"{one.change}, {one.database}",
            *(f"{ms:.0f}" for ms in (one.answer_ms, one.heard_ms, one.server_ms, one.database_ms)),
        ]
        for one in found
    ]
    return table(columns, rows)


def buses(found: Sequence[Latency]) -> str:
    """How long a change takes from process to process."""
    rows = [[one.bus, f"{one.median_ms:.0f}", f"{one.late_ms:.0f}"] for one in found]
    return table([" ", "median, ms", "95 of 100 within, ms"], rows)


def capacity(found: Sequence[Capacity]) -> str:
    """What each step carries; where it was not run, what it lacks."""
    columns = [
        " ",
        "requests a second",
        "CPU of the server, us",
        "of PostgreSQL, us",
        "half within, ms",
        "99 of 100, ms",
    ]
    rows = [
        [
            one.step,
            f"{one.requests_a_second:,.0f}",
            f"{one.server_us:,.0f}",
            f"{one.database_us:,.0f}",
            f"{one.median_ms:.0f}",
            f"{one.late_ms:.0f}",
        ]
        if not one.missing
        else [one.step, f"not run: no {one.missing} here", *("",) * 4]
        for one in found
    ]
    return table(columns, rows)


def written(found: Sequence[Bytes]) -> str:
    """Bytes on disk an event, and what requests write."""
    names = [one.scenario for one in found[0].written]
    columns = [
        " ",
        "an event on disk",
        *(f"{name}: sent" for name in names),
        *(f"{name}: in the log" for name in names),
    ]
    rows = [
        [
            one.database,
            f"{one.stored:,.0f}",
            *(f"{each.sent:,.0f}" for each in one.written),
            *(f"{each.logged:,.0f}" for each in one.written),
        ]
        for one in found
    ]
    return table(columns, rows)


def starts(found: Sequence[Start]) -> str:
    """How long a start takes, and what a process weighs."""
    rows = [[one.database, f"{one.seconds:.2f}", f"{one.cpu_seconds:.2f}", f"{one.rest_mib:.0f}"] for one in found]
    return table([" ", "ready after, s", "of CPU, s", "at rest, MiB"], rows)


def put_into(document: Path, part: str, about: Mapping[str, str], shown: str) -> None:
    """Put what a part came to, and where it comes from, between its marks in a document."""
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    before, _, rest = document.read_text("utf-8").partition(begin)
    _, found, after = rest.partition(end)
    assert found, f"{document} has no place for {part}: {begin} ... {end}"
    source = "; ".join((f"`{about['command']}`", *(about[name] for name in ("date", "machine")), about["commit"]))
    document.write_text(f"{before}{begin}\n{source}\n\n{shown}\n{end}{after}", "utf-8")


def write_json(path: Path, about: dict[str, str], figures: Mapping[str, Sequence[Any]]) -> None:
    found = {part: [asdict(one) for one in ones] for part, ones in figures.items()}
    path.write_text(json.dumps({**about, **found}, indent=2) + "\n", "utf-8")
