"""A plugin of pytest that runs its tests once for every mutant, each time in a child of the process that has collected
them: `python -m pytest TESTS -p proof.mutating --mutants FILE --verdicts FILE --template FILE`.

A mutant is put in place of what is there: a function gets the code of the mutated one, wherever somebody has already
imported it, and a value of a module goes to all modules that have it under its name. Only tests that call the
function are run; those that killed its last mutants come first, then the fastest ones, and the first that fails ends
the child. A test that computes, or waits, for far longer than without a mutant has noticed it, too. What has been
computed when the tests were collected stays as it was, so that a mutant may seem to survive, but never seems to be
killed.

Databases are SQLite's, each a copy of one that was migrated before.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import pytest
from _pytest.fixtures import SubRequest

from proof.mutants import Mutant
from proof.placing import forget_what_was_computed, put_in_place, watch

#: For how many times as long as without a mutant a test may compute, and wait; and for how many seconds besides.
_COMPUTING, _WAITING = (10, 2), (60, 60)
_MEMORY = 4 << 30
#: Why a test failed, in as many characters.
_SHOWN = 1_000
#: Of the test that this child runs.
_FAILURES: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutants", type=Path, help="JSON: a list of mutants")
    parser.addoption("--verdicts", type=Path, help="where the verdicts go, one a line")
    parser.addoption("--template", type=Path, help="a migrated database of SQLite, in a folder of its own")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if "postgresql" not in item.nodeid]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run the tests without a mutant, and then, for each, those that call what was changed."""
    wanted = [Mutant(**one) for one in json.loads(session.config.getoption("mutants").read_text("utf-8"))]
    rooms = sorted({one.room for one in wanted})
    forget_what_was_computed()
    with session.config.getoption("verdicts").open("a", encoding="utf-8") as verdicts:
        whole = _in_child(lambda told: _watch(session.items, rooms, told))
        if whole.killer or len(whole.tests) < len(session.items):
            why = f"{whole.killer} fails: {whole.why}" if whole.killer else "the tests did not come to an end"
            print(json.dumps({"broken": why}), file=verdicts)
            return True
        fastest = sorted(session.items, key=lambda item: whole.tests[item.nodeid].seconds)
        callers, everybody = whole.callers(), set(whole.tests)
        killers: dict[tuple[str, str], list[str]] = defaultdict(list)
        for mutant in wanted:
            last = killers[mutant.room, mutant.where]
            calling = callers.get((mutant.room, mutant.where), everybody)  # a value concerns all tests
            concerned = [item for item in fastest if item.nodeid in calling]
            concerned.sort(key=lambda item: last.index(item.nodeid) if item.nodeid in last else len(last))
            began = time.monotonic()
            run = _in_child(lambda told: _try(mutant, concerned, whole, told))  # noqa: B023 - called at once
            if run.killer:
                last[:] = [run.killer, *(one for one in last if one != run.killer)]
            killed = bool(run.killer) or len(run.tests) < len(concerned)
            verdict = {"mutant": asdict(mutant), "killed": killed, "by": run.killer or run.why}
            verdict["seconds"] = round(time.monotonic() - began, 2)
            print(json.dumps(verdict), file=verdicts, flush=True)
    return True


# -- children ------------------------------------------------------------------------------------------------


class Tested(NamedTuple):
    """A test that came to an end: for how long it computed, and what it called of the rooms that are watched."""

    seconds: float
    called: list[list[str]]


@dataclass(slots=True)
class Run:
    """What a child came to: the test that failed, if one did, and why, and all that came to an end."""

    killer: str = ""
    why: str = ""
    tests: dict[str, Tested] = field(default_factory=dict)

    def callers(self) -> dict[tuple[str, str], set[str]]:
        """By which tests each function was called."""
        callers: dict[tuple[str, str], set[str]] = defaultdict(set)
        for nodeid, one in self.tests.items():
            for room, where in one.called:
                callers[room, where].add(nodeid)
        return callers


def _in_child(act: Callable[[TextIO], None]) -> Run:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), 1)
            act(os.fdopen(writing, "w", encoding="utf-8", buffering=1))
        except BaseException as error:  # noqa: BLE001 - nothing of this child may go on in the code of its parent
            os.write(writing, json.dumps(["", 0, [], f"not placed: {error!r}"]).encode())
        finally:
            os._exit(0)
    os.close(writing)
    run = Run()
    with os.fdopen(reading, encoding="utf-8") as told:
        for line in told:
            nodeid, seconds, called, run.why = json.loads(line)
            if nodeid:
                run.tests[nodeid] = Tested(seconds, called)
                run.killer = nodeid if run.why else ""
    os.waitpid(child, 0)
    return run


def _watch(items: list[pytest.Item], rooms: list[str], told: TextIO) -> None:
    """Run all tests as they are, until one fails."""
    called: set[tuple[str, str]] = set()
    for room in rooms:
        watch(room, called)
    for item, following in pairwise([*items, None]):
        assert item is not None
        forget_what_was_computed()
        called.clear()
        if _fails(item, following, told, called):
            return


def _try(mutant: Mutant, items: list[pytest.Item], whole: Run, told: TextIO) -> None:
    """Run tests with a mutant, until one fails."""
    put_in_place(mutant)
    for item, following in pairwise([*items, None]):
        assert item is not None
        _bound(whole.tests[item.nodeid].seconds)
        if _fails(item, following, told, set()):
            return


def _fails(item: pytest.Item, following: pytest.Item | None, told: TextIO, called: set[tuple[str, str]]) -> bool:
    began = time.process_time()
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    print(json.dumps([item.nodeid, time.process_time() - began, sorted(called), "".join(_FAILURES)]), file=told)
    return bool(_FAILURES)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _FAILURES.append(f"{report.longrepr}"[-_SHOWN:] or "no reason given")


def _bound(seconds: float) -> None:
    """End this process if what comes computes or waits for far longer than it should."""
    for clock, (times, besides) in ((signal.ITIMER_PROF, _COMPUTING), (signal.ITIMER_REAL, _WAITING)):
        signal.setitimer(clock, seconds * times + besides)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: SubRequest) -> str | None:
    """Give a copy of the template instead of a database that would have to be migrated, and removed by a child."""
    if fixturedef.argname != "database_url":
        return None
    template: Path = request.config.getoption("template")
    for file in template.parent.glob("copy.db*"):
        file.unlink()
    url = f"sqlite:///{shutil.copy(template, template.with_name('copy.db'))}"
    fixturedef.cached_result = (url, fixturedef.cache_key(request), None)
    return url
