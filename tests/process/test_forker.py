"""Forks of a process that has imported Convene: to everybody else, processes like those that begin anew."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.databases import fresh_database
from tests.process.forked import ADDRESS, Forked, can_fork, forker
from tests.process.servers import convene, environment


@pytest.mark.parametrize("command", [["nonsense"], ["migrate"]])
def test_a_fork_says_and_returns_what_a_process_does_that_begins_anew(
    command: list[str], monkeypatch: pytest.MonkeyPatch
):
    with fresh_database("sqlite") as url:
        assert can_fork(environment(url))
        forked = convene(*command, database_url=url)
        monkeypatch.delenv(ADDRESS)
        anew = convene(*command, database_url=url)
        assert (forked.returncode, forked.stdout, forked.stderr) == (anew.returncode, anew.stdout, anew.stderr)


def test_forks_end_with_who_began_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with fresh_database("sqlite") as url:
        with forker() as address:
            monkeypatch.setenv(ADDRESS, address)
            log = tmp_path / "log"
            process = Forked(["serve"], tmp_path, environment(url), log, log)
            assert process.poll() is None
        assert process.wait(10) == -signal.SIGKILL
