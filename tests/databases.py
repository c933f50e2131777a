"""A migrated database of each kind, once for each worker."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from convene.storage import schema
from tests.postgres import create_database, drop_database, dsn, given_url

KINDS = ("sqlite", "postgresql")
#: The same for tests that share servers or many rows: all of a kind run on one worker, so that they are made once.
SHARED_KINDS = [pytest.param(kind, marks=pytest.mark.xdist_group(f"shared {kind}")) for kind in KINDS]
#: Each database has a name for its order of changes, which a copy may not have from what it was copied from.
_ANEW = "UPDATE database_identity SET epoch = '{}'"


@contextmanager
def fresh_database(kind: str, *, migrated: bool = True) -> Iterator[str]:
    """The URL of a new database, which is gone afterwards."""
    made = _sqlite(migrated=migrated) if kind == "sqlite" else _postgresql(migrated=migrated)
    with made as url:
        yield url


@contextmanager
def _sqlite(*, migrated: bool) -> Iterator[str]:
    # In memory where the machine offers it: these tests are not about disks, and fsync there costs nothing.
    shared_memory = Path("/dev/shm")  # noqa: S108
    parent = shared_memory if os.access(shared_memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="convene-test-", dir=parent))
    file = folder / "convene.db"
    try:
        if migrated:
            file.write_bytes(_migrated_file())
            with closing(sqlite3.connect(file, isolation_level=None)) as connection:
                connection.execute(_ANEW.format(uuid4().hex))
        yield f"sqlite:///{file}"
    finally:
        shutil.rmtree(folder)


@functools.cache
def _migrated_file() -> bytes:
    """What is in a file that was migrated; made once, as each step of the chain costs as much as several requests."""
    with _sqlite(migrated=False) as url:
        schema.migrate(url)
        return Path(url.removeprefix("sqlite:///")).read_bytes()


@contextmanager
def _postgresql(*, migrated: bool) -> Iterator[str]:
    name = _new_name()
    template = _template() if migrated else None
    url = asyncio.run(create_database(dsn(), name, template))
    try:
        if template:
            asyncio.run(_begin_anew(url))
        elif migrated:
            schema.migrate(url)
        yield url
    finally:
        asyncio.run(drop_database(dsn(), name))


def _new_name() -> str:
    return f"convene_test_{uuid4().hex[:12]}"


async def _begin_anew(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_ANEW.format(uuid4().hex))
    finally:
        await connection.close()


@functools.cache
def _template() -> str | None:
    """The name of a migrated database to copy, made once; it goes with its server, so on somebody else's is none."""
    if given_url():
        return None
    name = _new_name()
    schema.migrate(asyncio.run(create_database(dsn(), name)))
    return name
