"""Statements: SQLAlchemy Core is the language, compiled once for each dialect and then run on the driver itself.

SQLAlchemy's own execution costs 3 to 4 times the driver's CPU for one small query; compiled once it costs nothing
beyond binding and decoding, which is what this module does. It knows no connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Boolean, Dialect, Table, bindparam, insert
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.selectable import ReturnsRows

Processor = Callable[[Any], Any]
Values = Mapping[str, Any]
Row = tuple[Any, ...]


class PoolUse(NamedTuple):
    """The connections to a database: open, idle among them, and at most."""

    open: int
    idle: int
    most: int


class Compiled:
    """One statement for one dialect: its SQL, how to bind values in their order, how to decode rows."""

    __slots__ = ("_decoders", "_defaults", "_encoders", "_in_order", "sql")

    def __init__(self, clause: Executable, dialect: Dialect) -> None:
        compiler = clause.compile(dialect=dialect)  # type: ignore[attr-defined]
        assert isinstance(compiler, SQLCompiler)  # noqa: S101 - narrows for mypy
        self.sql: str = compiler.string
        self._defaults = {name: bind.value for name, bind in compiler.binds.items() if not bind.required}
        names = compiler.positiontup or ()
        self._in_order = _getter(names)
        encoders = [_bind_processor(compiler.binds[name], dialect) for name in names]
        self._encoders: list[tuple[int, Processor]] = [(i, e) for i, e in enumerate(encoders) if e is not None]
        columns = clause.exported_columns if isinstance(clause, ReturnsRows) else ()
        decoders = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._decoders: list[tuple[int, Processor]] = [(i, d) for i, d in enumerate(decoders) if d is not None]

    def bind(self, values: Values) -> list[Any]:
        """Put values in the order of the placeholders, encoded for the driver."""
        given = {**self._defaults, **values} if self._defaults else values
        found = [*self._in_order(given)]
        for place, encode in self._encoders:
            found[place] = encode(found[place])
        return found

    def decode(self, row: Iterable[Any]) -> Row:
        """Turn a driver's row into a tuple of Python values."""
        if not self._decoders:
            return tuple(row)
        cells = list(row)
        for index, decode in self._decoders:
            if cells[index] is not None:
                cells[index] = decode(cells[index])
        return tuple(cells)


def _getter(names: Sequence[str]) -> Callable[[Values], tuple[Any, ...]]:
    """Make what takes values by their names: thirty of a new event in a third of the time that a loop takes."""
    if len(names) > 1:
        return itemgetter(*names)
    return (lambda values: (values[names[0]],)) if names else lambda _values: ()


def _bind_processor(bind: BindParameter[Any], dialect: Dialect) -> Processor | None:
    if isinstance(bind.type, Boolean) and dialect.supports_native_boolean:
        return None  # the driver looks itself
    processor: Processor | None = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return processor


class Statement:
    """A Core statement that is compiled the first time that a dialect runs it. Made at import, once.

    Attributes:
        is_long: it may look through all that somebody has, and takes milliseconds where they have much.
    """

    __slots__ = ("_clause", "_compiled", "is_long")

    def __init__(self, clause: Executable, *, is_long: bool = False) -> None:
        self._clause = clause
        self.is_long = is_long
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, dialect: Dialect) -> Compiled:
        """The form for a dialect."""
        try:
            return self._compiled[dialect.name]
        except KeyError:
            made = self._compiled[dialect.name] = Compiled(self._clause, dialect)
            return made


def inserting(table: Table, *names: str) -> Insert:
    """Write an INSERT that takes each named column from the value of the same name."""
    return insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in names})
