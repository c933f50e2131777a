"""Workers behind one port and each other's metrics; more of them in tests/process/test_workers.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter

from convene.api.colleagues import Colleagues


@pytest.mark.parametrize("told", [PermissionError, ProcessLookupError])
def test_a_worker_that_is_gone_is_not_heard_though_somebody_else_may_have_its_number_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: type[OSError]
):
    def refuse(_pid: int, _signal: int) -> None:
        raise told

    registry = CollectorRegistry()
    Counter("served", "Requests.", registry=registry).inc()
    (tmp_path / "1.json").write_text('[["served", "Requests.", "counter", [["served_total", {}, 7.0]]]]')
    colleagues = Colleagues(registry, tmp_path)
    assert b'served_total{worker="1"} 7.0' in colleagues.exposition()
    monkeypatch.setattr(os, "kill", refuse)
    assert colleagues.exposition().count(b"served_total{") == 1
