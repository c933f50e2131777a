"""The rules that matter, each with its machine: who may do what, and which room knows what."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from fnmatch import filter as matching
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.staticfiles import StaticFiles

from convene.api.problem_kinds import KINDS
from convene.domain.errors import ConveneError
from convene.operations.identity import SignedIn
from convene.storage.unit_of_work import UnitOfWork
from tests.routes import PUBLIC, Route, all_routes, below, gives, routes_of

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "convene"

_Node = TypeVar("_Node", bound=ast.AST)

#: Where a broad `except` stands, and why.
BROAD_EXCEPTS = {
    "storage/unit_of_work.py": "brings the connection back, and raises again",
    "storage/sqlite.py": "lets the next one have the connection, and raises again",
    "api/plans.py": "leaves what a request has opened, and raises again",
    "api/direct.py": "tells whoever asked, and raises again",
    "storage/pool.py": "gives the right to open a connection to somebody else, and raises again",
}
#: Loops that must outlive whatever goes wrong in them: they log it and go on.
OUTER_EDGES = {
    "delivery/bus.py": "a bus that is down must not end the task that listens to it",
    "delivery/hub.py": "those who listen must not listen in vain for ever",
    "delivery/dispatcher.py": "whatever goes wrong with one delivery, the others must go out",
    "delivery/housekeeping.py": "a day on which it fails must not be the last one",
}


#: Modules that may be longer than others, and why.
LONG_MODULES = {"storage/tables.py": "the schema at one sight"}


# -- who may do what -----------------------------------------------------------------------------------------


def unprotected(routes: list[Route]) -> set[str]:
    """The routes that anybody may ask for: they do not depend on who is calling."""
    return {str(route) for route in routes if not route.knows_who_is_calling}


def test_every_route_depends_on_who_is_calling_or_is_meant_for_everybody():
    assert unprotected(all_routes()) == PUBLIC


def test_every_route_of_one_event_holds_the_event():
    assert [str(route) for route in all_routes() if "{event_id}" in route.path and not route.holds_an_event] == []


def test_the_walk_sees_what_hides_in_routers_mounts_and_sockets():
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    inner, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/outer")

    @inner.get("/secret")
    async def secret(event_id: int) -> None: ...

    @inner.websocket("/socket")
    async def socket(socket: WebSocket) -> None: ...

    inner.mount("/files", StaticFiles(directory=ROOT))
    outer.include_router(inner)
    app.include_router(outer)
    app.mount("/app", FastAPI())
    assert unprotected(routes_of(app)) == {
        "GET /outer/inner/secret",
        "WS /outer/inner/socket",
        "ANY /outer/files",  # a mount does not take its router's own prefix
        "ANY /app",
    }


def test_units_of_work_commit_before_the_answer_and_are_opened_for_people_who_are_signed_in():
    units = [one for route in all_routes() for one in route.dependants if gives(one, UnitOfWork)]
    assert units
    assert {one.scope for one in units} == {"function"}
    assert all(any(gives(needed, SignedIn) for needed in below(unit)) for unit in units)


def test_no_dependency_is_sent_to_a_thread():
    """FastAPI sends every plain function to one, at 100 us and more for what takes two."""
    calls = [one.call for route in all_routes() for one in route.dependants]
    assert [call for call in calls if not runs_on_the_loop(call)] == []


def runs_on_the_loop(call: Any) -> bool:
    function = call if inspect.isroutine(call) else type(call).__call__
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


@pytest.mark.parametrize(
    ("names", "room"),
    [
        ({"ViewableEvent", "EditableEvent", "OwnedEvent", "TrashedEvent"}, "operations/access.py"),
        ({"SignedIn"}, "operations/identity.py"),
    ],
)
def test_what_proves_a_right_is_made_in_one_room(names: set[str], room: str):
    made = {module.room for module in modules() for call in module.every(ast.Call) if _last_name(call.func) in names}
    assert made == {room}


# -- which room knows what -----------------------------------------------------------------------------------


class Module(NamedTuple):
    """A module and where it is, from the folder of the package on."""

    room: str
    text: str
    tree: ast.Module

    def every(self, kind: type[_Node]) -> Iterator[_Node]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kind))


@cache
def modules() -> tuple[Module, ...]:
    """All of the package; a migration is written once and stays as it is."""
    paths = sorted(path for path in SOURCE.rglob("*.py") if "migrations/versions" not in path.as_posix())
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    return tuple(Module(path.relative_to(SOURCE).as_posix(), text, ast.parse(text)) for path, text in texts.items())


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[Module, Function]]:
    for module in modules():
        yield from ((module, node) for node in ast.walk(module.tree) if isinstance(node, Function))


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _places(found: Iterable[tuple[Module, ast.stmt]]) -> list[str]:
    return [f"{module.room}:{node.lineno}" for module, node in found]


def test_the_import_contracts_hold():
    """Layers, a domain that knows no framework, and SQL in storage alone: see pyproject.toml."""
    lint = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    run = subprocess.run([lint, "--no-logo"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def _sources(contract: str) -> set[str]:
    """The modules that an import contract is about."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [found] = [one for one in settings["tool"]["importlinter"]["contracts"] if one["name"] == contract]
    return {name.removeprefix("convene.") for name in found.get("source_modules") or found["modules"]}


def test_the_import_contracts_are_about_every_room_and_every_feature():
    rooms = {one.stem for one in SOURCE.iterdir() if one.suffix == ".py" or (one / "__init__.py").exists()}
    assert _sources("Only storage knows SQL") == rooms - {"__init__", "storage"}
    features = {module.room for module in modules() if "\nrouter = feature_router(" in module.text}
    known = _sources("Features of the API do not know each other")
    assert {f"{name.replace('.', '/')}.py" for name in known} == features


def test_only_a_unit_of_work_commits():
    commits = {module.room for module in modules() for node in module.every(ast.Attribute) if node.attr == "commit"}
    assert commits == {"storage/unit_of_work.py", "storage/sqlite_connection.py"}


def test_there_is_one_clock():
    asked = {
        module.room
        for module in modules()
        for node in module.every(ast.Attribute)
        if node.attr in {"now", "utcnow", "today"} and _last_name(node.value) in {"datetime", "date", "dt"}
    }
    assert asked == {"clock.py"}


def test_nothing_is_imported_inside_a_function_but_what_few_starts_need():
    inside = (
        (module, node)
        for module, function in functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and function.name != "_chain"  # Alembic: 9 MiB of a process
    )
    assert _places(inside) == []


def test_nobody_catches_whatever_comes_but_the_drivers_that_raise_it_again():
    broad = [
        (module, handler)
        for module in modules()
        for handler in module.every(ast.ExceptHandler)
        if handler.type is None or _last_name(handler.type) in {"Exception", "BaseException"}
    ]
    assert {module.room for module, _ in broad} == set(BROAD_EXCEPTS) | set(OUTER_EDGES)
    inside = [handler for module, handler in broad if module.room not in OUTER_EDGES]
    assert all(isinstance(handler.body[-1], ast.Raise) for handler in inside)


def test_modules_are_short():
    assert {module.room for module in modules() if len(module.text.splitlines()) >= 300} <= set(LONG_MODULES)


def test_functions_are_short():
    assert _places((module, one) for module, one in functions() if _lines(one) >= 40) == []


def _lines(function: Function) -> int:
    """How many lines a function has, without its signature and its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_every_module_says_what_it_knows():
    assert [module.room for module in modules() if not ast.get_docstring(module.tree)] == []


def test_the_tree_in_the_documents_names_every_module():
    document = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    tree = document.split("```")[1]
    named = re.findall(r"[\w*]+\.py", tree)
    own = [Path(module.room).name for module in modules() if "migrations" not in module.room]
    found = {pattern: matching(own, pattern) for pattern in named}
    assert {name for name in own if not name.startswith("__")} == set(chain.from_iterable(found.values()))
    assert [pattern for pattern, names in found.items() if not names] == ["run.py", "contract.py"]


# -- errors --------------------------------------------------------------------------------------------------


def _and_below(error: type[ConveneError]) -> Iterator[type[ConveneError]]:
    yield error
    for one in error.__subclasses__():
        yield from _and_below(one)


def test_every_error_has_a_problem_of_its_own():
    assert set(_and_below(ConveneError)) == set(KINDS)


def test_problems_are_told_apart_by_their_slugs():
    by_slug: dict[str, set[tuple[int, str]]] = {}
    for kind in KINDS.values():
        by_slug.setdefault(kind.slug, set()).add((kind.status, kind.title))
    assert [slug for slug, meanings in by_slug.items() if len(meanings) > 1] == []
