"""Real servers: `convene serve` in processes of their own, on ports of 127.0.0.1 that the system chooses.

In the suite a process is a fork of one that has imported everything (`forker`), which spares two seconds each. Where
nobody has offered forks, it is `python -m convene` from its beginning.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol
from urllib.error import URLError
from urllib.request import urlopen

from tests.process.forked import Forked, can_fork
from tests.written_down import secrets_in

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 30.0

_ADDRESS = re.compile(r"running on (http://127\.0\.0\.1:\d+)")
_SETTINGS = {
    "SECRET_KEY": "only-for-tests-" + "0123456789abcdef" * 2,
    "ENVIRONMENT": "test",
    "RATE_LIMIT_PER_MINUTE": "0",
    "PASSWORD_TIME_COST": "1",
    "PASSWORD_MEMORY_KIB": "8",
    "HOST": "127.0.0.1",
    "PORT": "0",
}


def rounds(few: int, many: int) -> int:
    """How often to try what fails by chance only; CONVENE_THOROUGH=1 asks for many."""
    return many if os.environ.get("CONVENE_THOROUGH") else few


def environment(database_url: str, **settings: object) -> dict[str, str]:
    """All that a process of Convene is told, and nothing of the environment of whoever runs the tests."""
    given = {name: str(value) for name, value in settings.items()}
    machine = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    return machine | _SETTINGS | {"DATABASE_URL": database_url} | given


def convene(*arguments: str, database_url: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    with tempfile.TemporaryDirectory(prefix="convene-command-") as folder:  # without an .env
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        process = begin(arguments, folder, environment(database_url, **settings), output, errors)
        try:
            code = process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(list(arguments), code, output.read_text("utf-8"), errors.read_text("utf-8"))


class Process(Protocol):
    """One that was begun, as `subprocess` shows it."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def begin(
    arguments: Sequence[str], folder: str | Path, environment: dict[str, str], output: Path, errors: Path
) -> Process:
    """Begin `convene` in a folder, told nothing but this; what it says is added to two files, which may be one."""
    if can_fork(environment):
        return Forked(arguments, folder, environment, output, errors)
    with output.open("ab") as said, errors.open("ab") as complained:
        return subprocess.Popen(
            [sys.executable, "-m", "convene", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=complained,
        )


class Server:
    """A process that serves, from its start to its end."""

    def __init__(self, database_url: str, folder: Path, **settings: object) -> None:
        self.url = ""
        self.database_url = database_url
        self._log = folder / "log"
        self._log.touch()
        self._process = begin(["serve"], folder, environment(database_url, **settings), self._log, self._log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """All that it has said so far."""
        return self._log.read_text(errors="replace")

    def wait_until_ready(self) -> None:
        """Wait until it says that it and its database are there."""
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert self._process.poll() is None, f"the server ended:\n{self.log}"
            assert time.monotonic() < deadline, f"the server does not become ready:\n{self.log}"
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        found = _ADDRESS.search(self.log)
        if found is None:
            return False
        self.url = found[1]
        try:
            with urlopen(f"{self.url}/health/ready", timeout=5) as answer:  # noqa: S310 - always http
                return bool(answer.status == 200)
        except URLError:  # it says where it will listen just before it does; and 503 means: not yet
            return False

    def kill(self) -> None:
        """End it as a crash does: kill -9."""
        self._process.kill()
        self._process.wait()

    def ask_to_stop(self) -> None:
        """Send SIGTERM, as service managers do."""
        self._process.terminate()

    def wait_for_end(self) -> int:
        """Wait for its end and give its exit code."""
        return self._process.wait(STOP_SECONDS)

    def end(self) -> None:
        """End it if it still runs, gracefully if it will."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise


@contextmanager
def serving(database_url: str, **settings: object) -> Iterator[Server]:
    """A server on a database, ready; settings are those of the environment, in capitals."""
    with _started(database_url, **settings) as server:
        server.wait_until_ready()
        yield server


@contextmanager
def both_serving(database_url: str, **settings: object) -> Iterator[tuple[Server, Server]]:
    """Two servers on one database, started at once."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(_started(database_url, **settings)) for _ in range(2))
        one.wait_until_ready()
        other.wait_until_ready()
        yield one, other


@contextmanager
def _started(database_url: str, **settings: object) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="convene-server-"))
    try:
        server = Server(database_url, folder, **settings)
        try:
            yield server
        finally:
            server.end()
            written = secrets_in(server.log)
        assert not written, written
    finally:
        shutil.rmtree(folder)
