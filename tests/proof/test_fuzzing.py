"""The API, fuzzed by its own description: a few hundred requests here, ten thousand by `python3 run.py proof fuzz`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from proof.parts import Options

from proof import fuzzing
from tests.databases import KINDS


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_that_the_document_allows_or_forbids_is_answered_otherwise_than_it_says(
    kind: str, tmp_path: Path
):
    result = await fuzzing.run(Options(quick=True, kinds=(kind,), seed=0, artifacts=tmp_path))
    told = (tmp_path / f"fuzzing-{kind}.txt").read_text("utf-8")
    assert not result.failures, told
    [[_, operations, cases, *_]] = result.rows
    assert int(str(operations)) > 60, told
    assert int(str(cases)) > 150, told


def found(**more: Any) -> Any:
    good = {"failures": [], "complete": True, "operations": {"errored": 0}, "unexpected": 0, "stop_reason": "completed"}
    return fuzzing.faults("sqlite", {**good, **more})


def test_what_goes_wrong_is_shown_as_a_failure():
    assert found() == []
    assert found(failures=[{"title": "Server error", "operations": ["GET /health"]}]) == [
        "sqlite: GET /health: Server error (artifacts/proof/fuzzing-sqlite.txt)"
    ]
    assert found(complete=False, stop_reason="interrupted")
    assert found(operations={"errored": 1})
    assert found(unexpected=1) == ["sqlite: 1 unexpected errors in the log of the server"]
