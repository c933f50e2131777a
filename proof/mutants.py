"""Mutants: the same source with one small thing changed, as somebody might get it wrong.

The operators are the usual ones: a comparison turned round or moved by its boundary, arithmetic, `and` and `or`, a
constant, a condition negated, a `not` or a sign taken away, a return without its value, a statement left out. They
are tried on the bodies and defaults of functions, decorated ones too, and on the values of names in modules; not on
annotations, docstrings, f-strings, classes' own fields, or the names of types. A mutant is known by where it is and
what it changes, not by a number: nothing written elsewhere in the file gives it another name.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "convene"
#: How much of the source a change is shown with, at most.
_WIDTH = 80

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_Parents = dict[ast.AST, ast.AST]
Function = ast.FunctionDef | ast.AsyncFunctionDef
_REMOVED = ast.AugAssign | ast.Raise | ast.Delete | ast.Continue | ast.Break


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change in a module.

    Attributes:
        room: the file, from the folder of the package on.
        where: the function, by its qualified name, or the name whose value it is.
        change: what stood there and what stands there now; with a number where one place has the same change again.
        node: which node it is, counted in the order in which `ast.walk` meets them.
        variant: which of the changes of that node.
    """

    room: str
    where: str
    change: str
    node: int
    variant: int

    @property
    def name(self) -> str:
        """What it is known by within its room."""
        return f"{self.where}: {self.change}"


def mutants(room: str, source: str) -> list[Mutant]:
    """All mutants of a module, in no order that means anything."""
    tree = ast.parse(source)
    parents: _Parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    places = {node: place for place, node in enumerate(ast.walk(tree))}
    found: list[Mutant] = []
    seen: Counter[str] = Counter()
    for where, root in changeable(tree):
        for node in _within(root):
            for variant, other in enumerate(_variants(node)):
                name = f"{where}: {(change := _described(node, other, parents))}"
                seen[name] += 1
                again = f" ({seen[name]})" if seen[name] > 1 else ""
                found.append(Mutant(room, where, change + again, places[node], variant))
    return found


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The module with the change in it."""
    tree = ast.parse(source)
    node = next(node for place, node in enumerate(ast.walk(tree)) if place == mutant.node)
    other = next(other for variant, other in enumerate(_variants(node)) if variant == mutant.variant)
    parent = next(parent for parent in ast.walk(tree) if any(child is node for child in ast.iter_child_nodes(parent)))
    _exchange(parent, node, ast.copy_location(other, node))
    return ast.fix_missing_locations(tree)


def changeable(tree: ast.Module) -> Iterator[tuple[str, Function | ast.expr]]:
    """What may be changed: functions, also those of classes, and values. Where a name comes again, the last stands."""
    for statement in tree.body:
        if isinstance(statement, Function):
            yield statement.name, statement
        elif isinstance(statement, ast.ClassDef):
            yield from ((f"{statement.name}.{one.name}", one) for one in statement.body if isinstance(one, Function))
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value and not _is_type(statement.value):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if isinstance(target, ast.Name) and not target.id.startswith("__"):
                yield target.id, statement.value


def _is_type(value: ast.expr) -> bool:
    is_union = isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)
    return (
        is_union or isinstance(value, ast.Subscript) or (isinstance(value, ast.Call) and "Type" in ast.dump(value.func))
    )


def _within(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list"} or isinstance(node, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if isinstance(child, ast.AST) and not is_docstring:
                yield from _within(child)


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that might stand in the place of one."""
    for operator in (_compared, _calculated, _said, _negated, _left_out):
        yield from operator(node)


def _compared(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in _COMPARISONS[type(op)]:
                yield _with(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])


def _calculated(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _ARITHMETIC:
        yield _with(node, op=_ARITHMETIC[type(node.op)]())
    if isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand


def _said(node: ast.AST) -> Iterator[ast.AST]:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str):
        yield ast.Constant(f"XX{value}XX")


def _negated(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If | ast.While | ast.IfExp) and _can_be_negated(node.test):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.comprehension):
        for place, test in enumerate(node.ifs):
            if _can_be_negated(test):
                yield _with(node, ifs=[*node.ifs[:place], ast.UnaryOp(ast.Not(), test), *node.ifs[place + 1 :]])


def _left_out(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Return) and node.value and not isinstance(node.value, ast.Constant):
        yield ast.Return(ast.Constant(None))
    if isinstance(node, _REMOVED) or _only_does(node):
        yield ast.Pass()


def _can_be_negated(test: ast.expr) -> bool:
    """Whether no other operator turns a condition round."""
    return not isinstance(test, ast.Compare | ast.BoolOp | ast.Constant) and not (
        isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    )


def _only_does(node: ast.AST) -> bool:
    """Whether a statement gives no name that what follows it would miss."""
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
    return isinstance(node, ast.Expr)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    other = copy(node)
    for field, value in fields.items():
        setattr(other, field, value)
    return other


def _described(node: ast.AST, other: ast.AST, parents: _Parents) -> str:
    """What stands there before and afterwards, with as much around it as a short line takes."""
    if isinstance(node, ast.If | ast.While) and isinstance(other, ast.If | ast.While):
        return f"{_short(ast.unparse(node.test))} → {_short(ast.unparse(other.test))}"
    before, after = ast.unparse(node), ast.unparse(other)
    around = node
    while isinstance(around, ast.expr | ast.keyword | ast.comprehension):
        around = parents[around]
        wider = ast.unparse(around)
        if len(wider) > _WIDTH or "\n" in wider:
            break
        _exchange(parents[node], node, other)
        before, after = wider, ast.unparse(around)
        _exchange(parents[node], other, node)
    return f"{_short(before)} → {_short(after)}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def _exchange(parent: ast.AST, node: ast.AST, other: ast.AST) -> None:
    for field, value in ast.iter_fields(parent):
        if value is node:
            setattr(parent, field, other)
        elif isinstance(value, list):
            value[:] = [other if one is node else one for one in value]
