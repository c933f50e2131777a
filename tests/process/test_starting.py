"""A database that cannot be used: every command says so in one line, does no harm, and exits with 1."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from convene.storage import schema
from convene.storage.engine import parse_url
from tests.databases import KINDS, fresh_database
from tests.postgres import dsn
from tests.postgres_guard import free_port
from tests.process.commands import Said, run_here
from tests.process.outside import outside
from tests.process.servers import ROOT, START_SECONDS, STOP_SECONDS, both_serving, convene, environment

NEW_USER = ("user", "create", "alice", "alice@example.com")
COMMANDS = (("serve",), ("migrate",), NEW_USER)


Command = Callable[..., Said]


@pytest.fixture
def command(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Run a command on a database, in a folder without anything."""
    return partial(run_here, tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture(params=KINDS)
def empty_database(request: pytest.FixtureRequest) -> Iterator[str]:
    with fresh_database(request.param, migrated=False) as url:
        yield url


def file_of(database_url: str) -> Path:
    return Path(str(parse_url(database_url).database))


# -- not there -----------------------------------------------------------------------------------------------


def test_a_server_without_its_database_ends_with_one_line():
    end = convene("serve", database_url=f"postgresql://postgres@127.0.0.1:{free_port()}/convene")
    assert (end.returncode, end.stdout) == (1, "")
    assert end.stderr.startswith("convene: cannot use the database: ")
    assert end.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_database_that_does_not_exist_is_named(command: Command, arguments: tuple[str, ...]):
    assert 'database "missing" does not exist' in command(f"{dsn()}/missing", *arguments).line


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_role_that_does_not_exist_is_named(command: Command, arguments: tuple[str, ...]):
    stranger = f"{dsn()}/postgres".replace("postgres@", "nobody-here@")
    assert 'role "nobody-here" does not exist' in command(stranger, *arguments).line


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_url_of_another_kind_of_database_is_refused(command: Command, arguments: tuple[str, ...]):
    assert "DATABASE_URL names mysql" in command("mysql://localhost/convene", *arguments).line
    assert "DATABASE_URL is not a URL" in command("convene.db", *arguments).line


def test_a_folder_that_is_not_there_is_named_and_not_made(command: Command, tmp_path: Path):
    """With a typo in its path, a database would seem to have lost everything."""
    for arguments in COMMANDS:
        line = command(f"sqlite:///{tmp_path}/sub/convene.db", *arguments).line
        assert f"there is no folder {tmp_path}/sub" in line
    assert list(tmp_path.iterdir()) == []


# -- not migrated, or further --------------------------------------------------------------------------------


def test_a_database_that_was_never_migrated_says_what_to_do(command: Command, empty_database: str):
    assert command(empty_database, *NEW_USER).line.endswith("run: convene migrate")


def test_asking_in_vain_makes_no_file(command: Command, tmp_path: Path):
    assert "run: convene migrate" in command(f"sqlite:///{tmp_path}/convene.db", *NEW_USER).line
    assert list(tmp_path.iterdir()) == []


async def move_to(revision: str, database_url: str) -> None:
    async with outside(database_url) as connection:
        await connection.rows(f"UPDATE alembic_version SET version_num = '{revision}'")


@pytest.fixture
async def newer_database(new_database: str) -> str:
    """A database that a later version of Convene has migrated."""
    await move_to("9999", new_database)
    return new_database


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_database_newer_than_the_code_says_so(command: Command, newer_database: str, arguments: tuple[str, ...]):
    line = command(newer_database, *arguments).line
    assert "revision 9999" in line
    assert "newer" in line
    assert "run: convene migrate" not in line


def test_migrating_twice_does_nothing(command: Command, empty_database: str):
    for _ in range(2):
        assert command(empty_database, "migrate").code == 0
    schema.verify(empty_database)


def test_two_servers_that_start_at_once_on_an_empty_database_both_serve(empty_database: str):
    with both_serving(empty_database) as (one, other):
        assert one.url != other.url
    schema.differences(empty_database)


# -- damaged -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_file_that_is_no_database_is_refused_and_left_alone(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
):
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ben, this is a letter and no database. " * 50)
    before = file.read_bytes()
    assert "file is not a database" in command(f"sqlite:///{file}", *arguments).line
    assert file.read_bytes() == before


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_file_that_was_copied_half_is_refused_and_left_alone(
    command: Command, new_sqlite: str, arguments: tuple[str, ...]
):
    file = file_of(new_sqlite)
    half = file.read_bytes()[: file.stat().st_size // 2]
    file.write_bytes(half)
    assert "malformed" in command(new_sqlite, *arguments).line
    assert file.read_bytes() == half


def test_a_file_that_cannot_be_written_is_refused(command: Command, new_sqlite: str):
    """Made so in its header, as a later SQLite would; permissions mean nothing to root, who may run this."""
    file = file_of(new_sqlite)
    content = bytearray(file.read_bytes())
    content[18] = 3  # the "file format write version": above 2, the file may be read but not written
    file.write_bytes(content)
    for arguments in COMMANDS:
        line = command(new_sqlite, *arguments).line
        assert "readonly database" in line or "database_not_writable" in line


def test_traces_without_their_packages_are_refused_in_one_line(tmp_path: Path):
    """This environment has them; Python is told that it has not."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['opentelemetry.exporter'] = None")
    end = convene(
        "serve",
        database_url=f"sqlite:///{tmp_path}/convene.db",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318",
        PYTHONPATH=f"{tmp_path}:{ROOT / 'src'}",
    )
    assert (end.returncode, end.stdout) == (1, "")
    assert end.stderr.startswith("convene: OTEL_EXPORTER_OTLP_ENDPOINT needs the packages of the extra `otel`")
    assert end.stderr.count("\n") == 1


def test_an_address_of_redis_that_is_none_is_refused_by_name(tmp_path: Path):
    end = convene("serve", database_url=f"sqlite:///{tmp_path}/convene.db", REDIS_URL="foo")
    assert (end.returncode, end.stdout) == (1, "")
    assert end.stderr.startswith("convene: REDIS_URL must be an address such as redis://")
    assert end.stderr.count("\n") == 1


def test_a_server_writes_its_log_to_stderr_as_the_documents_say(tmp_path: Path):
    said = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert re.search(r"^Logs go to stderr", said, re.MULTILINE)
    out, err = tmp_path / "out", tmp_path / "err"
    told = environment(f"sqlite:///{tmp_path}/convene.db")
    with out.open("wb") as stdout, err.open("wb") as stderr:
        server = subprocess.Popen(
            [sys.executable, "-m", "convene", "serve"], cwd=tmp_path, env=told, stdout=stdout, stderr=stderr
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while "running on" not in err.read_text():
            assert time.monotonic() < deadline, err.read_text()
            time.sleep(0.05)
    finally:
        server.terminate()
        server.wait(STOP_SECONDS)
    assert out.read_text() == ""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_whose_streams_are_closed_serves(new_sqlite: str, tmp_path: Path, workers: int):
    """And its database gets none of their numbers."""
    port = free_port()
    server = subprocess.Popen(
        ["sh", "-c", 'exec "$0" -m convene serve <&- >&- 2>&-', sys.executable],
        cwd=tmp_path,
        env=environment(new_sqlite, PORT=port, WORKERS=workers),
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _is_ready(port):
            assert (server.poll(), time.monotonic() < deadline) == (None, True)
            time.sleep(0.05)
        for pid in (server.pid, *(child.pid for child in psutil.Process(server.pid).children())):
            streams = [Path(f"/proc/{pid}/fd/{number}").readlink() for number in range(3)]
            assert streams == [Path("/dev/null")] * 3
    finally:
        server.terminate()
        server.wait(STOP_SECONDS)


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


def test_pruning_says_all_that_it_threw_away(database_url: str):
    end = convene("prune", database_url=database_url)
    assert end.stdout.startswith("thrown away: 0 events")
    assert end.stdout.endswith("kept answers, 0 deliveries\n")
