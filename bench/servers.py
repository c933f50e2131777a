"""The candidates as real processes on loopback, each on a database of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil
from tests.postgres import create_database, drop_database
from tests.postgres_guard import free_port

from bench import cpu
from bench.filling import KEY, token

ROOT = Path(__file__).parents[1]
START_SECONDS = 60


class ServerFailed(Exception):
    """A server did not come up; carries the end of its log."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to serve: its name in reports, its command (PORT stands for the port), its environment, its checkout."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    checkout: Path = ROOT


def _uvicorn(*application: str) -> tuple[str, ...]:
    return ("-m", "uvicorn", *application, "--port", "PORT", "--no-access-log", "--log-level", "warning")


_SERVE = ("-m", "convene", "serve", "--port", "PORT")
FLOOR = Candidate("floor", _uvicorn("bench.floor:make_floor", "--factory"))
#: As in production: one JSON line in the log for each request.
CONVENE = Candidate("convene", _SERVE, {"ENVIRONMENT": "production"})
#: As the first start of a newcomer: logs for people, the default.
CONVENE_DEFAULT = Candidate("convene, default logs", _SERVE)
TYPICAL = Candidate("typical", _uvicorn("bench.typical:app"))


def other_convene(checkout: Path) -> Candidate:
    """Convene of another checkout: what was before, beside what is."""
    return Candidate("other", _SERVE, {"ENVIRONMENT": "production"}, checkout.resolve())


class Server:
    """One candidate that is running."""

    def __init__(self, candidate: Candidate, database_url: str, folder: Path) -> None:
        self.candidate = candidate
        self.database_url = database_url
        self.port = free_port()
        self.token = token()
        self.log = folder / f"{candidate.name.replace(', ', '-').replace(' ', '-')}.log"
        # A limit on requests would end every measurement; its accounting stays in the figures.
        settings = {"DATABASE_URL": database_url, "SECRET_KEY": KEY, "RATE_LIMIT_PER_MINUTE": "1000000000"}
        paths = os.pathsep.join((str(candidate.checkout / "src"), str(ROOT)))
        command = [sys.executable, *(str(self.port) if part == "PORT" else part for part in candidate.command)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,  # where no .env of the person's own is
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**_inherited(), **settings, **candidate.environment, "PYTHONPATH": paths},
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Wait until it answers.

        Raises:
            ServerFailed: it does not.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise ServerFailed(f"{self.candidate.name} does not start:\n{self.end_of_log()}")

    def end_of_log(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def used(self) -> dict[int, int]:
        """What its processes have used."""
        return cpu.used_by(cpu.family(self.pid))

    def database_used(self) -> dict[int, int]:
        """What PostgreSQL's processes for its connections have used; nothing on SQLite, which is in the server."""
        if self.database_url.startswith("sqlite"):
            return {}
        return cpu.used_by(pid for pid in asyncio.run(_backends(self.database_url)) if psutil.pid_exists(pid))


@contextlib.contextmanager
def running(candidate: Candidate, database_url: str, folder: Path) -> Iterator[Server]:
    """Run a candidate; it ends with the block."""
    server = Server(candidate, database_url, folder)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def empty_database(kind: str, postgres: str) -> Iterator[str]:
    """A new database of a kind; `postgres` is the DSN of a server. It is gone afterwards."""
    if kind == "sqlite":
        folder = Path(tempfile.mkdtemp(prefix="convene-bench-"))
        try:
            yield f"sqlite:///{folder / 'bench.db'}"
        finally:
            shutil.rmtree(folder)
        return
    name = f"convene_bench_{uuid4().hex[:12]}"
    url = asyncio.run(create_database(postgres, name))
    try:
        yield url
    finally:
        asyncio.run(drop_database(postgres, name))


async def _backends(dsn: str) -> list[int]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return [row["pid"] for row in rows]
    finally:
        await connection.close()


def _inherited() -> dict[str, str]:
    """What a server needs of our environment; no settings of Convene that somebody has set for themselves."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
