"""A migrated database of each kind, once for each worker."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from convene.storage import schema
from tests.postgres import create_database, drop_database, dsn

KINDS = ("sqlite", "postgresql")
#: The same for tests that share servers or many rows: all of a kind run on one worker, so that they are made once.
SHARED_KINDS = [pytest.param(kind, marks=pytest.mark.xdist_group(f"shared {kind}")) for kind in KINDS]


@contextmanager
def fresh_database(kind: str, *, migrated: bool = True) -> Iterator[str]:
    """The URL of a new database, which is gone afterwards."""
    made = _sqlite() if kind == "sqlite" else _postgresql()
    with made as url:
        if migrated:
            schema.migrate(url)
        yield url


@contextmanager
def _sqlite() -> Iterator[str]:
    # In memory where the machine offers it: these tests are not about disks, and fsync there costs nothing.
    shared_memory = Path("/dev/shm")  # noqa: S108
    parent = shared_memory if os.access(shared_memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="convene-test-", dir=parent))
    try:
        yield f"sqlite:///{folder / 'convene.db'}"
    finally:
        shutil.rmtree(folder)


@contextmanager
def _postgresql() -> Iterator[str]:
    name = f"convene_test_{uuid4().hex[:12]}"
    url = asyncio.run(create_database(dsn(), name))
    try:
        yield url
    finally:
        asyncio.run(drop_database(dsn(), name))
