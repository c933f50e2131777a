"""A PostgreSQL server for one test, which can be shut down and started again on the same data and port."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.postgres import ask, guard
from tests.postgres_guard import Account, becomes_ready
from tests.postgres_guard import stop as stop_at_once

SECONDS = 30.0
_WRITERS = ("walwriter", "background writer", "checkpointer")


class PrivatePostgres:
    """Started by a guard of its own, which removes all of it in the end, also when the tests are killed."""

    def __init__(self, address: str) -> None:
        self.dsn = ask(address)
        self._data = Path(address).with_name("data")
        self._pid_file = self._data / "postmaster.pid"
        self._command = psutil.Process(self._pid()).cmdline()
        self._restarted: list[subprocess.Popen[bytes]] = []

    def _pid(self) -> int:
        return int(self._pid_file.read_text().split()[0])

    def shut_down(self) -> None:
        """Stop as an administrator does: everybody who is connected is cut off."""
        psutil.Process(self._pid()).send_signal(signal.SIGINT)
        deadline = time.monotonic() + SECONDS
        while self._pid_file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def start_again(self, **settings: str) -> None:
        """Start on the same data and port; settings are kept from then on."""
        self._command += [f"--{name}={value}" for name, value in settings.items()]
        server = Account().start(self._command, self._data.with_name("log"), self._data)
        self._restarted.append(server)
        assert becomes_ready(server, self._data)

    def crash(self, *, at_once: bool) -> None:
        """Kill -9 the postmaster, and all that belongs to it, or leave that to end by itself.

        Only after `start_again`: what its guard has started stays behind as a zombie, whose id looks alive.
        """
        server = self._restarted[-1]
        others = psutil.Process(server.pid).children(recursive=True)
        server.kill()
        server.wait()
        for other in others if at_once else ():
            with suppress(psutil.NoSuchProcess):
                other.kill()
        _, living = psutil.wait_procs(others, timeout=SECONDS)
        assert not living
        self._pid_file.unlink()  # it still says "ready"

    def keep_its_log_in_memory(self) -> None:
        """Write down nothing by itself from now on, but only what somebody commits; until it crashes."""
        for other in psutil.Process(self._pid()).children():
            if any(name in " ".join(other.cmdline()) for name in _WRITERS):
                other.suspend()

    def end(self) -> None:
        for server in self._restarted:
            stop_at_once(server)


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    with guard() as address:
        server = PrivatePostgres(address)
        try:
            yield server
        finally:
            server.end()
