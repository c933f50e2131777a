"""A database that fails while it is served: 503 with a reason, no stack trace, and no restart needed afterwards."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import psutil
import pytest

from convene.storage import schema
from convene.storage.engine import parse_url
from tests.people import Person
from tests.process.callers import ServedApi, all_at_once, calling, statuses
from tests.process.outside import holding_agenda
from tests.process.private_postgres import PrivatePostgres, private_postgres
from tests.process.servers import Server, serving

EVENTS = "/api/v1/events"
TIMEOUT = 1.0
HOUR = {"title": "Planning", "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z"}


def reason(answer: httpx2.Response) -> str:
    """Why a request was not served."""
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json"), answer.text
    assert answer.headers["retry-after"] == "1"
    return str(answer.json()["reason"])


async def health(api: ServedApi) -> tuple[int, int]:
    """The answers to: do you live, and are you ready."""
    nobody = api.nobody()
    return (await nobody.get("/health/live")).status_code, (await nobody.get("/health/ready")).status_code


# -- PostgreSQL goes and comes back --------------------------------------------------------------------------


async def test_a_postgresql_that_goes_down_is_told_and_used_again_when_it_is_back():
    with private_postgres() as postgres:
        await asyncio.to_thread(schema.migrate, f"{postgres.dsn}/postgres")
        with serving(f"{postgres.dsn}/postgres", DATABASE_TIMEOUT_SECONDS=TIMEOUT) as server:
            async with calling(server.url) as api:
                await goes_and_comes_back(postgres, api)
            assert "Traceback" not in server.log


async def goes_and_comes_back(postgres: PrivatePostgres, api: ServedApi) -> None:
    alice = await api.person("alice")
    event = (await alice.post(EVENTS, HOUR)).json()
    await all_at_once(alice.get(EVENTS) for _ in range(20))  # several connections lie idle in the pool

    busy = [asyncio.create_task(alice.put(f"{EVENTS}/{event['id']}", {"title": f"Title {n}"})) for n in range(30)]
    await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.to_thread(postgres.shut_down)
    answers = [await answer for answer in busy]
    assert set(statuses(answers)) <= {200, 503}
    acknowledged = {answer.json()["version"] for answer in answers if answer.status_code == 200}

    assert reason(await alice.get(EVENTS)) == "database_down"
    assert reason(await alice.post(EVENTS, HOUR)) == "database_down"
    assert (
        reason(await api.nobody().post("/api/v1/auth/login", {"username": "alice", "password": "x"})) == "database_down"
    )
    assert await health(api) == (200, 503)

    await asyncio.to_thread(postgres.start_again)
    assert await health(api) == (200, 200)
    versions = (await alice.get(f"{EVENTS}/{event['id']}/history", limit=200)).json()
    assert acknowledged <= {version["version_number"] for version in versions}
    assert (await alice.post(EVENTS, {**HOUR, "free_busy_status": "free"})).status_code == 201


# -- locked --------------------------------------------------------------------------------------------------


async def test_a_lock_held_for_long_is_told_in_time_and_waited_out_by_readers(new_database: str):
    with serving(new_database, DATABASE_TIMEOUT_SECONDS=TIMEOUT) as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            async with holding_agenda(new_database, alice.id):
                started = time.monotonic()
                refused = await all_at_once(alice.post(EVENTS, HOUR) for _ in range(20))
                assert {reason(answer) for answer in refused} <= {"database_locked", "database_busy"}
                assert TIMEOUT / 2 < time.monotonic() - started < 8 * TIMEOUT
                assert (await alice.get(EVENTS)).json() == []
                assert await health(api) == (200, 200)
            assert (await alice.post(EVENTS, HOUR)).status_code == 201
        assert "Traceback" not in server.log


# -- SQLite's file -------------------------------------------------------------------------------------------


@pytest.fixture
def sqlite_server(new_sqlite: str) -> Iterator[Server]:
    with serving(new_sqlite, DATABASE_TIMEOUT_SECONDS=TIMEOUT) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture
async def api(sqlite_server: Server) -> AsyncIterator[ServedApi]:
    async with calling(sqlite_server.url) as api:
        yield api


@pytest.fixture
async def alice(api: ServedApi) -> Person:
    return await api.person("alice")


def file_of(database_url: str) -> Path:
    return Path(str(parse_url(database_url).database))


async def test_a_full_disk_is_told_loses_nothing_and_is_written_again_when_there_is_room(
    alice: Person, sqlite_server: Server, new_sqlite: str
):
    """The disk is full for this process: the system refuses to let its files grow beyond some size."""
    long = {**HOUR, "free_busy_status": "free", "description": "word " * 4_000}
    process = psutil.Process(sqlite_server.pid)
    _, most = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (2**20, most))
    written = []
    while (answer := await alice.post(EVENTS, long)).status_code == 201:
        written.append(answer.json()["id"])
    assert reason(answer) == "database_not_writable"
    assert {event["id"] for event in (await alice.get(EVENTS, limit=200)).json()} == set(written)
    process.rlimit(psutil.RLIMIT_FSIZE, (most, most))
    written.append((await alice.post(EVENTS, long)).json()["id"])
    assert {event["id"] for event in (await alice.get(EVENTS, limit=200)).json()} == set(written)
    with closing(sqlite3.connect(file_of(new_sqlite))) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_disk_that_is_full_for_the_log_too_is_told_all_the_same(
    alice: Person, api: ServedApi, sqlite_server: Server
):
    process = psutil.Process(sqlite_server.pid)
    _, most = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (0, most))
    assert reason(await alice.post(EVENTS, HOUR)) == "database_not_writable"
    assert (await alice.get(EVENTS)).status_code == 200
    assert (await api.nobody().get(EVENTS)).status_code == 401
    process.rlimit(psutil.RLIMIT_FSIZE, (most, most))
    assert (await alice.post(EVENTS, HOUR)).status_code == 201


async def test_a_damaged_page_is_told_by_whoever_needs_it(alice: Person, new_sqlite: str):
    file = file_of(new_sqlite)
    with closing(sqlite3.connect(file)) as raw:
        [(page,), (size,)] = [
            raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event_versions'").fetchone(),
            raw.execute("PRAGMA page_size").fetchone(),
        ]
    with file.open("r+b") as content:
        content.seek((page - 1) * size)
        content.write(b"\xee" * size)
    assert reason(await alice.post(EVENTS, HOUR)) == "database_damaged"
    assert (await alice.get(EVENTS)).json() == []
    assert (await alice.get("/api/v1/auth/me")).status_code == 200


async def test_a_file_that_is_cut_short_is_told(alice: Person, new_sqlite: str):
    with file_of(new_sqlite).open("r+b") as content:
        content.truncate(4096)
    assert reason(await alice.get(EVENTS)) == "database_damaged"
    assert reason(await alice.post(EVENTS, HOUR)) == "database_damaged"


async def test_nothing_is_written_to_a_file_that_is_no_longer_there(alice: Person, api: ServedApi, new_sqlite: str):
    """The server holds the file open, and could go on for days writing what nobody will find again."""
    file = file_of(new_sqlite)
    moved = file.with_name("moved.db")
    file.rename(moved)
    assert reason(await alice.post(EVENTS, HOUR)) == "database_down"
    assert await health(api) == (200, 503)
    shutil.copy(moved, file)
    assert reason(await alice.post(EVENTS, HOUR)) == "database_replaced"
    moved.replace(file)
    assert (await alice.post(EVENTS, HOUR)).status_code == 201
