"""Putting a mutant in the place of what it was made of, in a process that has imported everything already."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from proof.mutants import SOURCE, Mutant, changeable, mutated

#: Under this name a watched module keeps the set of its functions that were called.
_CALLED = "_called_while_watched"


def put_in_place(mutant: Mutant) -> None:
    """Let a mutant do the work of what it was made of."""
    tree = mutated((SOURCE / mutant.room).read_text("utf-8"), mutant)
    node = dict(changeable(tree))[mutant.where]
    module = _module(mutant.room)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        _exchange_function(module, mutant.where, tree, node.args)
    elif isinstance(node, ast.expr):
        _exchange_value(module, mutant.where, _value(node, module))


def watch(room: str, called: set[tuple[str, str]]) -> None:
    """Let all functions of a room note that they were called."""
    tree = ast.parse((SOURCE / room).read_text("utf-8"))
    module = _module(room)
    setattr(module, _CALLED, called)
    functions = {where: node for where, node in changeable(tree) if not isinstance(node, ast.expr)}
    for where, node in functions.items():
        node.body[:0] = ast.parse(f"{_CALLED}.add(({room!r}, {where!r}))").body
    for where, node in functions.items():
        _exchange_function(module, where, tree, node.args)


def _module(room: str) -> ModuleType:
    return sys.modules[f"convene.{room.removesuffix('.py').replace('/', '.')}"]


def _exchange_function(module: ModuleType, where: str, tree: ast.Module, arguments: ast.arguments) -> None:
    found: Any = module
    for name in where.split("."):
        found = vars(found)[name]
    while (
        inner := getattr(found, "fget", None) or getattr(found, "__wrapped__", None) or getattr(found, "__func__", None)
    ):
        found = inner
    # The last one of a name is the one that stands; those before it are overloads of its signature.
    codes = {code.co_qualname: code for code in _codes(compile(tree, str(module.__file__), "exec", dont_inherit=True))}
    found.__code__ = codes[where]
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


def forget_what_was_computed() -> None:
    """Empty what was remembered while tests were collected."""
    for module in [one for name, one in sys.modules.items() if name.startswith("convene")]:
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
