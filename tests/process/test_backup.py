"""Copies of a database that is being written to, and databases made of them, on another server too."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.api.steps import pages, path_of, refusal
from tests.databases import KINDS, fresh_database
from tests.people import Json, Person
from tests.postgres import create_database, drop_database
from tests.postgres_guard import find_programs
from tests.process.callers import ServedApi, calling
from tests.process.commands import run_here
from tests.process.outside import Rows, outside
from tests.process.private_postgres import private_postgres
from tests.process.servers import START_SECONDS, begin, convene, environment, serving
from tests.synced_copy import Copy

EVENTS = "/api/v1/events"
WITH_TOOLS = {"PATH": f"{find_programs()[1]}:{os.environ['PATH']}"}
#: PostgreSQL counts transactions for each server: one that has counted further than the other.
FURTHER = 2_000


@pytest.fixture(scope="module")
def other_postgres() -> Iterator[str]:
    """The DSN of a server that the suite does not run on."""
    with private_postgres() as other:
        yield other.dsn


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("other postgres"))])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A database, and the URL of an empty one on another server."""
    with fresh_database(request.param) as url:
        if request.param == "sqlite":
            yield url, f"sqlite:///{tmp_path}/restored.db"
            return
        other: str = request.getfixturevalue("other_postgres")
        name = urlsplit(url).path.strip("/")
        yield url, asyncio.run(create_database(other, name))
        asyncio.run(drop_database(other, name))


@asynccontextmanager
async def writing_all_the_time(person: Person) -> AsyncIterator[list[Json]]:
    """Let somebody write while the block runs; gives what was written before it began."""
    before = [await person.creates(f"Before {number}") for number in range(20)]

    async def write() -> None:
        for number in range(10_000):
            await person.creates(f"Meanwhile {number}")

    task = asyncio.create_task(write())
    try:
        yield before
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def count_on(url: str) -> None:
    """Let a PostgreSQL server have counted further than the one that a dump is restored to."""
    count = f"FOR n IN 1..{FURTHER} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP"
    if url.startswith("postgresql"):
        async with outside(url) as connection:
            await connection.rows(f"DO $$ BEGIN {count}; END $$")


async def test_what_was_there_when_a_copy_was_made_is_there_when_it_is_restored(
    elsewhere: tuple[str, str], tmp_path: Path
):
    here, there = elsewhere
    file = tmp_path / "copy"
    await count_on(here)
    with serving(here) as server:
        async with calling(server.url) as api:
            alice, ben = await api.person("alice"), await api.person("ben")
            shared = await alice.creates("Shared")
            await alice.shares(shared, ben)
            copy = Copy(ben)
            await copy.catch_up()
            async with writing_all_the_time(alice) as before:
                made = await asyncio.to_thread(convene, "backup", str(file), database_url=here, **WITH_TOOLS)
            assert (made.returncode, made.stdout) == (0, f"the database is copied to {file}\n"), made.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    restored = await asyncio.to_thread(convene, "restore", str(file), database_url=there, **WITH_TOOLS)
    assert restored.returncode == 0, restored.stderr
    with serving(there) as server:
        api = ServedApi(server.url)
        alice, ben = api.known(alice), api.known(ben)
        found = await pages(alice, EVENTS)
        assert {event["id"] for event in (*before, shared)} <= {event["id"] for event in found}
        for event in found[:10]:
            assert (await alice.get(f"{path_of(event)}/history")).json()[-1]["data"]["title"] == event["title"]
        refusal(await ben.get("/api/v1/changes", since=str(copy.cursor)), 410, "cursor-gone")
        anew = Copy(ben)
        await anew.catch_up()
        assert anew.events == copy.events
        await alice.changes(shared, title="Changed there")
        await anew.catch_up()
        assert anew.events[shared["id"]]["title"] == "Changed there"
        await api.close()


def pour(file: Path, url: str, folder: Path) -> tuple[int, str]:
    """Let a copy go to where the output of the command leads; gives its exit code, and what it complained of."""
    errors = folder / "errors"
    process = begin(["backup", "-"], folder, environment(url) | WITH_TOOLS, file, errors)
    return process.wait(START_SECONDS), errors.read_text("utf-8")


async def test_a_copy_can_go_to_the_output_of_the_command(elsewhere: tuple[str, str], tmp_path: Path):
    """As out of a container in which nothing can be written to."""
    here, there = elsewhere
    with serving(here) as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            event = await alice.creates("Kept")
            made = await asyncio.to_thread(pour, tmp_path / "copy", here, tmp_path)
    assert made == (0, "")
    restored = await asyncio.to_thread(convene, "restore", str(tmp_path / "copy"), database_url=there, **WITH_TOOLS)
    assert restored.returncode == 0, restored.stderr
    with serving(there) as server:
        api = ServedApi(server.url)
        assert (await api.known(alice).get(path_of(event))).json() == event
        await api.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_that_nobody_can_take_is_said_to_be_none(kind: str, tmp_path: Path):
    with fresh_database(kind) as url:
        code, complaint = pour(Path("/dev/full"), url, tmp_path)
    assert code == 1
    assert complaint.startswith("convene: ")


DOWN = "http://127.0.0.1:9/nobody-listens"


async def told_until(url: str) -> Rows:
    """Until when all reminders have been looked at, as it is stored."""
    async with outside(url) as connection:
        return await connection.rows("SELECT done_until FROM reminders")


async def tried(person: Person, hook: Json) -> Json:
    """Wait until a message to a webhook has been tried in vain."""
    async with asyncio.timeout(30):
        while True:
            delivery = (await person.get(f"/api/v1/webhooks/{hook['id']}/deliveries")).json()[-1]
            if delivery["attempts"]:
                return delivery
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("kept", [False, True])
async def test_what_was_due_before_a_copy_is_restored_is_sent_only_if_that_is_asked_for(
    elsewhere: tuple[str, str], tmp_path: Path, *, kept: bool
):
    here, there = elsewhere
    file, options = tmp_path / "copy", ["--keep-deliveries"] if kept else []
    with serving(here, WEBHOOK_ALLOW_PRIVATE_TARGETS="true") as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            hook = await alice.adds_webhook(DOWN)
            await alice.post(f"/api/v1/webhooks/{hook['id']}/test")
            assert (await tried(alice, hook))["status"] == "waiting"
            event = await alice.creates("Talk", "2045-03-01T09:00:00Z", "2045-03-01T10:00:00Z")
            await alice.put(f"{path_of(event)}/reminders", {"minutes": [1]})
            made = await asyncio.to_thread(convene, "backup", str(file), database_url=here, **WITH_TOOLS)
            assert made.returncode == 0, made.stderr
    looked_at = await told_until(here)
    restored = await asyncio.to_thread(convene, "restore", *options, str(file), database_url=there, **WITH_TOOLS)
    assert restored.returncode == 0, restored.stderr
    assert (await told_until(there) > looked_at) != kept
    with serving(there, WEBHOOK_ALLOW_PRIVATE_TARGETS="true") as server:
        async with calling(server.url) as api:
            alice = api.known(alice)
            delivery = await tried(alice, hook)
            assert delivery["status"] == ("waiting" if kept else "failed")
            assert (delivery["error"] == "given up: restored from a copy") != kept


@pytest.mark.parametrize("kind", KINDS)
def test_no_copy_goes_over_what_is_there(kind: str, tmp_path: Path):
    file = tmp_path / "copy"
    with fresh_database(kind) as url:
        assert run_here(tmp_path, url, "backup", str(file), **WITH_TOOLS).code == 0
        kept = file.read_bytes()
        assert run_here(tmp_path, url, "backup", str(file), **WITH_TOOLS).line == f"convene: {file} is there already"
        assert file.read_bytes() == kept
        refused = run_here(tmp_path, url, "restore", str(file), **WITH_TOOLS).line
        assert refused.endswith(("is there already", "is not empty; make a new one to restore to"))
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_a_copy_goes_where_a_file_can_have_but_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """On FAT and on many shares of a network, where copies are kept, there are no hard links."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    file, new = tmp_path / "copy", f"sqlite:///{tmp_path}/restored.db"
    with fresh_database("sqlite") as url:
        assert run_here(tmp_path, url, "backup", str(file)).code == 0
        assert run_here(tmp_path, url, "backup", str(file)).line == f"convene: {file} is there already"
    assert run_here(tmp_path, new, "restore", str(file)).code == 0
    assert run_here(tmp_path, new, "check").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "restored.db"]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("remains", ["-wal", "-journal"])
def test_a_copy_is_not_restored_beside_the_remains_of_what_was_there_before(remains: str, tmp_path: Path):
    file, new = tmp_path / "copy", tmp_path / "convene.db"
    with fresh_database("sqlite") as url:
        assert run_here(tmp_path, url, "backup", str(file)).code == 0
    left = tmp_path / f"convene.db{remains}"
    left.write_bytes(b"pages that a server which was killed had yet to put into the database")
    refused = run_here(tmp_path, f"sqlite:///{new}", "restore", str(file)).line
    assert refused == f"convene: {left} is left of another database, and would be taken for a part of this one"
    assert not new.exists()
    left.unlink()
    assert run_here(tmp_path, f"sqlite:///{new}", "restore", str(file)).code == 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_copy_is_not_restored(kind: str, tmp_path: Path):
    file = tmp_path / "copy"
    file.write_bytes(b"no database, but as long as one " * 200)
    with fresh_database(kind, migrated=False) as url:
        assert run_here(tmp_path, url, "restore", str(file), **WITH_TOOLS).line
        assert run_here(tmp_path, url, "migrate").code == 0


def test_a_database_of_another_program_is_not_restored(tmp_path: Path):
    file = tmp_path / "copy"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE theirs (id INTEGER)")
    refused = run_here(tmp_path, f"sqlite:///{tmp_path}/restored.db", "restore", str(file)).line
    assert refused == f"convene: {file} is no copy of a Convene database"
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_without_the_tools_of_postgresql_one_is_told_what_is_missing(tmp_path: Path):
    with fresh_database("postgresql") as url:
        refused = run_here(tmp_path, url, "backup", str(tmp_path / "copy"), PATH=str(tmp_path)).line
    assert refused == "convene: pg_dump is not installed: it comes with PostgreSQL's client programs"
    assert list(tmp_path.iterdir()) == []
