"""The chain of migrations leads, on both databases, to exactly the schema of `tables`; and back, and there again."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Inspector, create_engine, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from convene.storage import schema
from convene.storage.engine import parse_url
from convene.storage.tables import metadata
from tests.databases import KINDS, fresh_database

_T = TypeVar("_T")

MIGRATIONS = Path(schema.__file__).parent / "migrations"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty(kind: str) -> Iterator[str]:
    with fresh_database(kind, migrated=False) as url:
        yield url


@pytest.fixture
def migrated(kind: str) -> Iterator[str]:
    with fresh_database(kind) as url:
        yield url


def looking(url: str, look: Callable[[Connection], _T]) -> _T:
    """Look at a database through SQLAlchemy's own connection, in a transaction."""
    parsed = parse_url(url)
    if parsed.drivername == "sqlite":
        engine = create_engine(parsed, poolclass=NullPool)
        with engine.begin() as connection:
            return look(connection)

    async def look_there() -> _T:
        there = create_async_engine(parsed.set(drivername="postgresql+asyncpg"), poolclass=NullPool)
        async with there.begin() as connection:
            return await connection.run_sync(look)

    return asyncio.run(look_there())


def tables_of(url: str) -> set[str]:
    return looking(url, lambda connection: set(inspect(connection).get_table_names())) - {"alembic_version"}


def described(connection: Connection) -> dict[str, Any]:
    """All that a database says of our tables: columns, keys, constraints, indexes, and on SQLite how they are kept."""
    inspector = inspect(connection)
    return {name: _table(inspector, name) | _kept(connection, name) for name in metadata.tables}


def _table(inspector: Inspector, name: str) -> dict[str, Any]:
    return {
        "columns": [{**column, "type": str(column["type"])} for column in inspector.get_columns(name)],
        "primary key": inspector.get_pk_constraint(name),
        "foreign keys": _sorted(inspector.get_foreign_keys(name)),
        "unique": _sorted(inspector.get_unique_constraints(name)),
        "checks": _sorted(inspector.get_check_constraints(name)),
        "indexes": _sorted(inspector.get_indexes(name)),
    }


def _kept(connection: Connection, name: str) -> dict[str, Any]:
    if connection.dialect.name != "sqlite":
        return {}
    sql = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}).scalar_one()
    return {"kept": re.findall("AUTOINCREMENT|WITHOUT ROWID", sql)}


def _sorted(found: Any) -> list[dict[str, Any]]:
    plain = [{key: _written(value) for key, value in one.items()} for one in found]
    return sorted(plain, key=lambda one: str(one["name"]))


def _written(value: Any) -> Any:
    """A condition comes as an object that is equal to none but itself: it is compared as it is written."""
    return {key: str(one) for key, one in value.items()} if isinstance(value, dict) else value


def test_up_down_and_up_again(empty: str):
    schema.migrate(empty)
    assert tables_of(empty) == set(metadata.tables)
    schema.downgrade(empty, "base")
    assert tables_of(empty) == set()
    schema.migrate(empty)
    assert tables_of(empty) == set(metadata.tables)
    schema.verify(empty)


def test_each_migration_begins_the_name_of_its_file():
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    assert [script.revision for script in scripts] == list(reversed(schema.REVISIONS))


def test_a_start_that_has_nothing_to_migrate_does_without_alembic(migrated: str):
    start = (
        "import sys; from convene.storage import schema; schema.migrate(sys.argv[1]); print('alembic' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", start, migrated], stdout=subprocess.PIPE, text=True, check=True)
    assert ended.stdout == "False\n"


def test_alembic_finds_nothing_to_do(migrated: str):
    schema.differences(migrated)


def test_the_chain_leads_to_the_schema_of_the_tables(empty: str, migrated: str):
    looking(empty, metadata.create_all)
    assert looking(migrated, described) == looking(empty, described)


def test_every_constraint_has_the_name_that_the_tables_give_it(migrated: str):
    """Only what has a name can be dropped by a later migration, on both databases alike."""
    found = looking(migrated, described)
    for name, table in metadata.tables.items():
        expected = {str(constraint.name) for constraint in table.constraints}
        assert None not in {constraint.name for constraint in table.constraints}
        constraints = [one for what in ("foreign keys", "unique", "checks") for one in found[name][what]]
        names = {one["name"] for one in (*constraints, found[name]["primary key"])}
        if found[name].get("kept") == ["AUTOINCREMENT"]:  # SQLite counts up in a key without a name only
            names = names - {None} | {f"pk_{name}"}
        assert names == expected
        assert {one["name"] for one in found[name]["indexes"]} >= {str(index.name) for index in table.indexes}


def test_every_database_is_its_own(migrated: str, empty: str):
    schema.migrate(empty)
    question = text("SELECT id, length(epoch), epoch FROM database_identity")
    [one] = looking(migrated, lambda connection: connection.execute(question).all())
    [other] = looking(empty, lambda connection: connection.execute(question).all())
    assert one[:2] == other[:2] == (1, 32)
    assert one[2] != other[2]


def test_names_of_people_and_places_in_paths_do_not_disturb(tmp_path):
    folder = tmp_path / "100% für Jörg & co"
    folder.mkdir()
    url = f"sqlite:///{folder}/convene.db"
    schema.migrate(url)
    schema.verify(url)
    assert (folder / "convene.db").is_file()
