"""Asking for processes of Convene that begin as forks (`forker`): the same to whoever holds one as a `Popen`."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.process.forker import Told

FORKER = Path(__file__).with_name("forker.py")
SOURCES = Path(__file__).parents[2] / "src"
ADDRESS = "CONVENE_TEST_FORKER"


def offer_forks(config: pytest.Config) -> None:
    """Let processes of Convene be forks in a run of pytest, in its workers too; called from `pytest_configure`."""
    if hasattr(config, "workerinput"):
        return  # a worker of xdist: it inherits the environment of the one that called this
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    os.environ[ADDRESS] = stack.enter_context(forker())


@contextlib.contextmanager
def forker() -> Iterator[str]:
    """Run a forker; yields the address at which to ask it."""
    told = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES)}
    with tempfile.TemporaryDirectory(prefix="convene-forker-") as folder:
        address = Path(folder) / "socket"
        with subprocess.Popen(
            [sys.executable, "-P", FORKER, address],
            env=told,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            yield str(address)


def can_fork(environment: dict[str, str]) -> bool:
    """Whether somebody has offered it, and the interpreter, which has begun already, is told nothing else than then."""
    return ADDRESS in os.environ and environment.get("PYTHONPATH") == str(SOURCES)


class Forked:
    """A process that was forked when it was asked for."""

    def __init__(
        self, arguments: Sequence[str], folder: str | Path, environment: dict[str, str], output: Path, errors: Path
    ) -> None:
        told: Told = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": environment,
            "output": str(output),
            "errors": str(errors),
        }
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(os.environ[ADDRESS])
        self._connection.sendall(json.dumps(told).encode() + b"\n")
        self.pid = self._number()

    def _number(self) -> int:
        line = b""
        while not line.endswith(b"\n"):
            if not (more := self._connection.recv(1)):
                raise ConnectionError("the forker has ended")
            line += more
        return int(line)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and give its exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(["convene"], timeout or 0)
            self.returncode = self._number()
            self._connection.close()
        return self.returncode

    def poll(self) -> int | None:
        """Give its exit code if it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """Ask it to stop."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it, as a crash does."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)
