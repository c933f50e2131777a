"""Small attacks, so that every run of the suite makes some; `python3 run.py proof` makes the large ones."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from proof.parts import Options, Result, new_database
from proof.recording import Call, read_calls

from proof import crashes, histories, report, restore, wal
from tests.databases import KINDS
from tests.findings import findings
from tests.people import running_api


def small(artifacts: Path, *kinds: str) -> Options:
    return Options(quick=True, kinds=kinds, seed=1, artifacts=artifacts, seconds=2.5, rounds=1)


@pytest.mark.parametrize("kind", KINDS)
async def test_people_who_race_each_other_break_no_promise(kind: str, tmp_path: Path):
    result = await histories.run(small(tmp_path, kind))
    assert result.failures == ()
    calls = read_calls(tmp_path / f"history-{kind}.jsonl")
    assert {"create", "edit", "changes"} <= {call.op for call in calls if call.succeeded}


async def test_crashes_break_no_promise(tmp_path: Path):
    result = await crashes.run(small(tmp_path, *KINDS))
    assert (result.failures, len(result.rows)) == ((), 4)


async def test_a_restored_copy_is_the_beginning_of_what_was_there(tmp_path: Path):
    assert (await restore.run(small(tmp_path, "sqlite"))).failures == ()


async def test_databases_for_attacks_are_made_at_once():
    async with new_database("sqlite") as whole, AsyncExitStack() as stack:
        others = await asyncio.gather(*(stack.enter_async_context(new_database("sqlite")) for _ in range(4)))
        assert [await findings(url) for url in (whole, *others)] == [[]] * 5


# -- what judges, judged -------------------------------------------------------------------------------------


async def test_a_log_that_lost_what_was_acknowledged_is_found(tmp_path: Path):
    async with new_database("sqlite") as url:
        async with running_api(url) as api:
            alice = await api.person("alice")
            event = await alice.creates("First")
            whole = wal.copy(url, tmp_path / "whole", [])
            for number in range(5):
                event = await alice.changes(event, title=f"Title {number}")
            later = wal.copy(url, tmp_path / "later", [])
        told = Call(op="edit", user=alice.id, begin=0, end=1, status=200, event=event["id"], version=event["version"])
        assert later.broken([told]) == []
        assert whole.broken([told]) == [f"version 6 of event {event['id']} was acknowledged before, and is lost"]
        assert whole.no_beginning_of(wal.versions(url)) == []
        assert whole.no_beginning_of({(event["id"], 1): 1, (event["id"], 2): 1}) == [
            f"version 2 of event {event['id']} is missing"
        ]


async def test_a_log_that_is_cut_off_anywhere_leaves_a_beginning(tmp_path: Path):
    async with new_database("sqlite") as url:
        async with running_api(url) as api:
            alice = await api.person("alice")
            event = await alice.creates("First")
            for number in range(20):
                event = await alice.changes(event, title=f"Title {number}")
            cuts = []
            for number in range(10):
                lying = wal.copy(url, tmp_path / str(number), [])
                cuts.append(lying.shortened(random.Random(number)))
            whole = wal.versions(url)
        assert [cut.no_beginning_of(whole) for cut in cuts] == [[]] * len(cuts)
        assert len({len(wal.versions(cut.url)) for cut in cuts}) > 1


def test_a_report_shows_failures_first_and_says_what_was_not_run():
    assert "**FAILED**: lost" in report.markdown(Result(("a",), ((1,),), ("lost",)))
    assert report.markdown(Result(not_run="there is no etcd")) == "Not run: there is no etcd."
