"""The server that the suite runs on: it comes up, it is shared, and it leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest

from tests import postgres_guard
from tests.postgres import (
    NoPostgresError,
    ask,
    create_database,
    drop_database,
    given_url,
    guard,
    postgres_server,
)

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.xdist_group("postgres server")  # on one worker, to share `address`


@pytest.fixture(scope="module", autouse=True)
def from_the_wheel():
    """Start servers of our own, whatever server this run is given."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TEST_DATABASE_URL", raising=False)
        patch.setenv("CONVENE_TEST_POSTGRES", "wheel")
        yield


@pytest.fixture(scope="module")
def address():
    """Provide a guard whose server runs."""
    with guard() as address:
        ask(address)
        yield address


async def ask_server(server, question):
    connection = await asyncpg.connect(server, database="postgres")
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def server_process(address):
    pid_file = Path(address).with_name("data") / "postmaster.pid"
    return psutil.Process(int(pid_file.read_text().split()[0]))


def has_ended(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE  # which init will bury, not we
    except psutil.NoSuchProcess:
        return True


def come_true(hope):
    """Wait for something that takes moments, on a busy machine several seconds."""
    deadline = time.monotonic() + 60
    while not (holds := hope()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds


async def test_a_server_is_set_up_for_many_short_tests(address):
    assert await ask_server(ask(address), "SHOW fsync") == "off"
    assert int(await ask_server(ask(address), "SHOW max_connections")) >= 300
    assert await ask_server(ask(address), "SHOW server_encoding") == "UTF8"


async def test_two_servers_stand_side_by_side(address):
    with postgres_server() as other:
        assert other != ask(address)
        assert await ask_server(other, "SELECT 1") == await ask_server(ask(address), "SELECT 1") == 1


def test_a_server_never_runs_as_root(address):
    process = server_process(address)
    assert process.username() == ("nobody" if os.geteuid() == 0 else psutil.Process().username())
    assert process.uids().real != 0
    assert Path(address).with_name("data").stat().st_mode & 0o077 == 0


def test_a_server_runs_only_when_asked_for_and_leaves_nothing():
    with guard() as address:
        assert not Path(address).with_name("data").exists()
        ask(address)
        process = server_process(address)
        family = [process, *process.children(recursive=True)]
    assert all(map(has_ended, family))
    assert not Path(address).parent.exists()


RUN = """
import time
from tests.postgres import guard, ask
with guard() as address:
    ask(address)
    print(address, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_killed_leaves_nothing(number):
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout
        folder = Path(run.stdout.readline().strip()).parent
        (keeper,) = psutil.Process(run.pid).children()
        family = [keeper, *keeper.children(recursive=True)]
        os.killpg(run.pid, number)
        assert len(family) > 2
        assert come_true(lambda: all(map(has_ended, family)) and not folder.exists())


def test_a_guard_that_is_asked_to_end_takes_its_server_along():
    with guard() as address:
        ask(address)
        server = server_process(address)
        keeper = server.parent()
        keeper.terminate()
        assert come_true(lambda: has_ended(server) and not Path(address).parent.exists())


SUITE = """
import os, asyncpg, pytest
from tests.postgres import dsn

@pytest.mark.parametrize("turn", range(4))
async def test_there_is_a_server(turn):
    connection = await asyncpg.connect(dsn(), database="postgres")
    await connection.close()
    print("worker", os.environ["PYTEST_XDIST_WORKER"], "uses", dsn())
"""


def test_the_workers_of_a_run_share_one_server(tmp_path):
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(SUITE)
    options = [
        "-q",
        "-rP",
        "-n2",
        "--asyncio-mode=auto",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:hypothesispytest",
        f"--rootdir={tmp_path}",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    uses = [line.split() for line in run.stdout.splitlines() if line.startswith("worker ")]
    assert {worker for _, worker, _, _ in uses} == {"gw0", "gw1"}
    (server,) = {server for *_, server in uses}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(server).port))


async def test_a_database_is_a_copy_of_its_template_and_can_be_dropped_while_in_use(address):
    server = ask(address)
    names = ["pages", 'a "copy"']
    template = await create_database(server, names[0])
    connection = await asyncpg.connect(template)
    await connection.execute("CREATE TABLE pages AS SELECT 7 AS number")
    await connection.close()
    copy = await create_database(server, names[1], template=names[0])
    connection = await asyncpg.connect(copy)
    assert await connection.fetchval("SELECT number FROM pages") == 7
    for name in names:
        await drop_database(server, name)
        await drop_database(server, name)
    assert connection.is_closed()


def test_without_any_postgres_a_message_says_how_to_get_one(monkeypatch):
    monkeypatch.setenv("CONVENE_TEST_POSTGRES", "path")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoPostgresError, match=r"python3 run.py test.*TEST_DATABASE_URL"), postgres_server():
        pass


def test_a_source_that_does_not_exist_is_named(monkeypatch):
    monkeypatch.setenv("CONVENE_TEST_POSTGRES", "cellar")
    with pytest.raises(NoPostgresError, match="cellar: it can be wheel, system, path"), postgres_server():
        pass


@pytest.mark.parametrize("broken", ["initdb", "postgres"])
def test_a_server_that_does_not_start_says_why(monkeypatch, broken):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # as root, it is `nobody` who has to get in
        for name in ("initdb", "postgres"):
            script = Path(folder, name)
            code = int(name == broken)
            script.write_text(f"#!/bin/sh\necho {name} is out of order\nexit {code}\n")
            script.chmod(0o755)
        monkeypatch.setenv("CONVENE_TEST_POSTGRES", "path")
        monkeypatch.setenv("PATH", folder, prepend=os.pathsep)
        with pytest.raises(NoPostgresError, match=f"{broken} is out of order"), postgres_server():
            pass


def test_the_wheel_comes_before_the_system_and_that_before_path(monkeypatch, tmp_path):
    monkeypatch.delenv("CONVENE_TEST_POSTGRES")
    for program in ("initdb", "postgres"):
        (tmp_path / program).touch()
    for name in postgres_guard.SOURCES:
        monkeypatch.setitem(postgres_guard.SOURCES, name, lambda: tmp_path)
    for name in ("wheel", "system", "path"):
        assert postgres_guard.find_programs() == (name, tmp_path)
        monkeypatch.setitem(postgres_guard.SOURCES, name, lambda: None)
    with pytest.raises(postgres_guard.ServerError, match="wheel, system, path"):
        postgres_guard.find_programs()


def test_path_and_the_system_are_searched_for_real(monkeypatch, tmp_path):
    (tmp_path / "initdb").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert postgres_guard.on_path() == tmp_path
    system = postgres_guard.in_system()
    assert system is None or (system / "postgres").exists()


def test_a_named_server_is_taken_as_asyncpg_wants_it(monkeypatch):
    monkeypatch.delenv("CONVENE_TEST_POSTGRES")
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql+asyncpg://ci@db.example/convene")
    assert given_url() == "postgresql://ci@db.example/convene"
    with postgres_server() as server:
        assert server == given_url()
    monkeypatch.setenv("CONVENE_TEST_POSTGRES", "wheel")
    assert given_url() is None
