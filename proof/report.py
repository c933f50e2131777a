"""Reports: Markdown for people, into docs/reliability.md if asked to; JSON for programs, under artifacts/."""

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
    return f"{table(result.columns, result.rows)}\n\n{verdict}"


def put_into(document: Path, part: str, about: Mapping[str, str], shown: str) -> None:
    """Put what a part came to, and where it comes from, between its marks in a document."""
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    before, _, rest = document.read_text("utf-8").partition(begin)
    _, found, after = rest.partition(end)
    assert found, f"{document} has no place for {part}: {begin} ... {end}"
    source = "; ".join((f"`{about['command']}`", *(about[name] for name in ("date", "machine")), about["commit"]))
    document.write_text(f"{before}{begin}\n{source}\n\n{shown}\n{end}{after}", "utf-8")


def write_json(path: Path, about: Mapping[str, str], results: Mapping[str, Result]) -> None:
    found = {part: asdict(result) for part, result in results.items()}
    path.write_text(json.dumps({**about, "parts": found}, indent=2, default=str) + "\n", "utf-8")
