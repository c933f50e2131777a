"""Reports: Markdown for people, JSON for programs, both from the same figures."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from bench.servers import ROOT
from bench.speed import Line
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
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"


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
        names = [figure.candidate for figure in of_kind[0].figures]
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


def write_json(path: Path, about: dict[str, str], **parts: Sequence[Any]) -> None:
    found = {name: [asdict(one) for one in part] for name, part in parts.items()}
    path.write_text(json.dumps({**about, **found}, indent=2) + "\n", "utf-8")
