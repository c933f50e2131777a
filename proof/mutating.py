"""A plugin of pytest that runs its tests once for every mutant, each time in a child of the process that has collected
them: `python -m pytest TESTS -p proof.mutating --mutants FILE --verdicts FILE`.

A mutant is put in place of what is there: a function gets the code of the mutated one, wherever somebody has already
imported it, and a value of a module goes to all modules that have it under its name. The tests that killed the last
mutants of the same function come first, then the fastest ones; the first that fails ends the child. What computes, or
waits, for far longer than all tests take without a mutant has been noticed, too. What has been computed when the tests
were collected stays as it was, so that a mutant may seem to survive, but never seems to be killed.

Databases are SQLite's, each a copy of one that was migrated before.
"""

from __future__ import annotations

import ast
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TextIO

import pytest
from _pytest.fixtures import SubRequest

from proof.mutants import SOURCE, Mutant, mutated

#: How much longer than without a mutant: a machine that others use, too, slows both.
_PATIENCE, _AT_LEAST_SECONDS = 4, 4
_MEMORY = 4 << 30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutants", type=Path, help="JSON: a list of mutants")
    parser.addoption("--verdicts", type=Path, help="where the verdicts go, one a line")
    parser.addoption("--template", type=Path, help="a migrated database of SQLite, in a folder of its own")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if "postgresql" not in item.nodeid]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run the tests without a mutant, and then once for each."""
    wanted = [Mutant(**one) for one in json.loads(session.config.getoption("mutants").read_text("utf-8"))]
    _forget_what_was_computed()
    with session.config.getoption("verdicts").open("w", encoding="utf-8") as verdicts:
        began = time.monotonic()
        whole = _in_child(session.items, None, seconds=600)
        seconds = int(_PATIENCE * (time.monotonic() - began) + _AT_LEAST_SECONDS)
        if whole.killer or len(whole.durations) < len(session.items):
            print(json.dumps({"broken": whole.killer or "the tests did not come to an end"}), file=verdicts)
            return True
        fastest = sorted(session.items, key=lambda item: whole.durations[item.nodeid])
        recent: dict[tuple[str, str], list[str]] = defaultdict(list)
        for mutant in wanted:
            killers = recent[mutant.room, mutant.where]
            order = sorted(
                fastest, key=lambda item: killers.index(item.nodeid) if item.nodeid in killers else len(killers)
            )
            began = time.monotonic()
            run = _in_child(order, mutant, seconds)
            if run.killer:
                killers[:] = [run.killer, *(one for one in killers if one != run.killer)]
            killed, took = run.killer or not run.ended, round(time.monotonic() - began, 2)
            verdict = {"killed": bool(killed), "by": run.killer, "seconds": took}
            print(json.dumps({"mutant": asdict(mutant), **verdict}), file=verdicts, flush=True)
    return True


# -- children ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Run:
    """What became of a child: which test failed, if any, how long each took, and whether all came to an end."""

    killer: str = ""
    durations: dict[str, float] = field(default_factory=dict)
    ended: bool = False


def _in_child(items: list[pytest.Item], mutant: Mutant | None, seconds: int) -> Run:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            _bound(seconds)
            _run(items, mutant, os.fdopen(writing, "w", encoding="utf-8", buffering=1))
        except BaseException:  # noqa: BLE001 - nothing of this child may go on in the code of its parent
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(0)
    os.close(writing)
    run = Run()
    with os.fdopen(reading, encoding="utf-8") as told:
        for line in told:
            nodeid, took, failed = json.loads(line)
            run.durations[nodeid] = took
            run.killer = nodeid if failed else ""
            run.ended = failed or len(run.durations) == len(items)
    os.waitpid(child, 0)
    return run


def _bound(seconds: int) -> None:
    """End this process if it computes for so long, or waits for several times as long, or takes too much memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.alarm(4 * seconds)


def _run(items: list[pytest.Item], mutant: Mutant | None, told: TextIO) -> None:
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        if mutant:
            put_in_place(mutant)
        for item, following in zip(items, [*items[1:], None], strict=True):
            began = time.monotonic()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            failed = item.session.testsfailed > 0
            print(json.dumps([item.nodeid, time.monotonic() - began, failed]), file=told)
            if failed:
                return


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


# -- mutants -------------------------------------------------------------------------------------------------


def put_in_place(mutant: Mutant) -> None:
    """Let a mutant do the work of what it was made of, in this process."""
    module = sys.modules[f"convene.{mutant.room.removesuffix('.py').replace('/', '.')}"]
    tree = mutated((SOURCE / mutant.room).read_text("utf-8"), mutant)
    *outer, name = mutant.where.split(".")
    scope: list[ast.stmt] = tree.body
    for one in outer:
        scope = next(node.body for node in scope if isinstance(node, ast.ClassDef) and node.name == one)
    for node in scope:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            _exchange_function(module, mutant.where, tree, node.args)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value and ast.unparse(_target(node)) == name:
            _exchange_value(module, name, _value(node.value, module))


def _exchange_function(module: ModuleType, where: str, tree: ast.Module, arguments: ast.arguments) -> None:
    found: Any = module
    for name in where.split("."):
        found = vars(found)[name]
    while (
        inner := getattr(found, "fget", None) or getattr(found, "__wrapped__", None) or getattr(found, "__func__", None)
    ):
        found = inner
    codes = _codes(compile(tree, str(module.__file__), "exec", dont_inherit=True))
    found.__code__ = next(code for code in codes if code.co_qualname == where)
    found.__defaults__ = tuple(_value(default, module) for default in arguments.defaults) or None
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    found.__kwdefaults__ = {argument.arg: _value(default, module) for argument, default in named if default} or None


def _codes(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _codes(inner)


def _target(node: ast.Assign | ast.AnnAssign) -> ast.expr:
    return node.targets[0] if isinstance(node, ast.Assign) else node.target


def _value(node: ast.expr, module: ModuleType) -> Any:
    return eval(compile(ast.Expression(node), str(module.__file__), "eval"), vars(module))  # noqa: S307 - our own source


def _exchange_value(module: ModuleType, name: str, value: Any) -> None:
    """Give a name another value, wherever it has been imported, and so all values that are made of it."""
    old = vars(module)[name]
    others = [one for key, one in sys.modules.items() if key.startswith(("convene.", "test"))]
    # A private name that happens to have the same value elsewhere is another one.
    for other in [module] if name.startswith("_") else others:
        if vars(other).get(name) is not old:
            continue
        setattr(other, name, value)
        for node in ast.parse(Path(str(other.__file__)).read_text("utf-8")).body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and name in _names_in(node.value):
                _exchange_value(other, ast.unparse(_target(node)), _value(node.value, other))


def _names_in(node: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _forget_what_was_computed() -> None:
    """Empty what was remembered while tests were collected."""
    for module in [one for name, one in sys.modules.items() if name.startswith("convene")]:
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
