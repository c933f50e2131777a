"""Reports: Markdown for people; JSON for programs, under artifacts/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from bench.report import table

from proof.parts import Result

#: More of one part's failures than this say nothing new; all of them are in the JSON.
_SHOWN = 20


def markdown(result: Result) -> str:
    """A result as people read it: failures first."""
    if result.not_run:
        return f"Not run: {result.not_run}."
    told = [f"* **FAILED**: {failure}" for failure in result.failures[:_SHOWN]]
    if len(result.failures) > _SHOWN:
        told.append(f"* and {len(result.failures) - _SHOWN} more")
    verdict = "\n".join(told) if told else "No promise was found broken."
    return "\n\n".join(
        (table(result.columns, result.rows), *(["\n".join(result.told)] if result.told else []), verdict)
    )


def write_json(path: Path, about: Mapping[str, str], results: Mapping[str, Result]) -> None:
    found = {part: asdict(result) for part, result in results.items()}
    path.write_text(json.dumps({**about, "parts": found}, indent=2, default=str) + "\n", "utf-8")
