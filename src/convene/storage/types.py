"""Column types and SQL expressions that mean the same on SQLite and PostgreSQL.

SQLite drops offsets silently and has neither datetimes nor a type for JSON; what stands in for them is here, both
variants side by side. The order of changes is in `positions`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSON as POSTGRESQL_JSON
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Text, TypeEngine

from convene.domain.zones import without_zone

#: A key that counts up: 64 bits on PostgreSQL; SQLite wants exactly INTEGER for its rowid.
BigId = BigInteger().with_variant(Integer, "sqlite")

_FIXED_WIDTH = 27  # 2026-01-31T09:30:00.000000Z: sorts as text exactly as it does as time


def utc(moment: datetime) -> datetime:
    """The same instant in UTC: whoever writes it by itself may not know offsets with seconds, as local mean time has.

    Raises:
        ValueError: a naive datetime, which is no instant.
    """
    return moment if moment.tzinfo is UTC else _instant(moment).astimezone(UTC)


def instant_text(moment: datetime) -> str:
    """Write an instant as SQLite keeps it: UTC, fixed width, sortable.

    Raises:
        ValueError: a naive datetime, which is no instant.
    """
    return without_zone(utc(moment)).isoformat(timespec="microseconds") + "Z"


def _instant(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant without an offset cannot be stored")
    return moment


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: timestamptz on PostgreSQL, fixed-width text on SQLite; aware and in UTC on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose what the database keeps."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(_FIXED_WIDTH))
        return dialect.type_descriptor(DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Refuse naive datetimes on both databases; encode for SQLite."""
        if dialect.name == "sqlite":
            return lambda value: None if value is None else instant_text(value)
        return lambda value: None if value is None else _instant(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:  # noqa: ARG002
        """Decode from SQLite; on PostgreSQL the connection does (see `postgresql`)."""
        return datetime.fromisoformat if dialect.name == "sqlite" else None


class Json(TypeDecorator[Any]):
    """A JSON value. `json`, not `jsonb`, on PostgreSQL: written often, never searched, key order kept."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose what the database keeps."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else POSTGRESQL_JSON(none_as_null=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:  # noqa: ARG002
        """None is SQL NULL, anything else JSON text."""
        return lambda value: None if value is None else orjson.dumps(value).decode()

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:  # noqa: ARG002
        """Parse the text from SQLite; on PostgreSQL the connection does (see `postgresql`)."""
        return orjson.loads if dialect.name == "sqlite" else None


#: A list of keys as one value of a statement: JSON text, because the drivers disagree about arrays.
JsonList = Json()


class in_json_list(ColumnElement[bool]):  # noqa: N801 - named like an SQL operator
    """`column IN (the elements of a JSON list)`: one statement for lists of any length."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], keys: ColumnElement[Any], *, text: bool = False) -> None:
        self.column = column
        self.keys = keys
        self.text = text


@compiles(in_json_list, "postgresql")
def _in_list_postgresql(element: in_json_list, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    value = "value" if element.text else "value::bigint"
    keys = compiler.process(element.keys, **kw)
    return f"{compiler.process(element.column, **kw)} IN (SELECT {value} FROM json_array_elements_text({keys}))"  # noqa: S608 - compiled parts, no values


@compiles(in_json_list, "sqlite")
def _in_list_sqlite(element: in_json_list, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    keys = compiler.process(element.keys, **kw)
    return f"{compiler.process(element.column, **kw)} IN (SELECT value FROM json_each({keys}))"  # noqa: S608 - compiled parts, no values


class filter_only(ColumnElement[Any]):  # noqa: N801 - named like an SQL operator
    """A column that rows are filtered by but not looked up by: SQLite, knowing no better, takes the wrong index.

    It takes the index that orders or bounds by this column, and reads all that a user has from the beginning of time;
    PostgreSQL counts how many rows either would read, and is left to choose.
    """

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column
        self.type = column.type


@compiles(filter_only, "postgresql")
def _filter_only_postgresql(element: filter_only, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return compiler.process(element.column, **kw)


@compiles(filter_only, "sqlite")
def _filter_only_sqlite(element: filter_only, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"+{compiler.process(element.column, **kw)}"
