"""PgBouncer in transaction mode, as docs/scaling.md says to set it up, where there is one on PATH (1.21 or newer)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from tests.postgres_guard import free_port

#: What Convene asks of each session and a PgBouncer does not pass on: set for the database instead.
_SETTINGS = {"jit": "off", "idle_in_transaction_session_timeout": "60s", "lock_timeout": "20s"}
_START_SECONDS = 10.0
_OLDEST = (1, 21)  # the first that keeps prepared statements in transaction mode


def is_there() -> bool:
    """Whether this machine has a PgBouncer that is new enough."""
    path = shutil.which("pgbouncer")
    if path is None:
        return False
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"(\d+)\.(\d+)", said)
    return version is not None and (int(version[1]), int(version[2])) >= _OLDEST


@contextlib.contextmanager
def bouncer(url: str) -> Iterator[str]:
    """Stand between Convene and a database while the block runs; gives the URL that leads through."""
    asyncio.run(_set_for_all_sessions(url))
    parts = urlsplit(url)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="convene-bouncer-") as folder:
        config = Path(folder) / "pgbouncer.ini"
        config.write_text(
            f"[databases]\n* = host={parts.hostname} port={parts.port} user={parts.username}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = 16\nmax_prepared_statements = 200\n"
            f"ignore_startup_parameters = {', '.join(_SETTINGS)}\n",
            "utf-8",
        )
        command = ["pgbouncer", "--quiet", str(config)]
        if os.geteuid() == 0:  # which it refuses to run as
            shutil.chown(folder, "nobody")
            command[1:1] = ["--user", "nobody"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            _wait_until_it_listens(process, port)
            yield parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
        finally:
            process.terminate()
            process.wait(30)


async def _set_for_all_sessions(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        name = await connection.fetchval("SELECT quote_ident(current_database())")
        for setting, value in _SETTINGS.items():
            await connection.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'")
    finally:
        await connection.close()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        assert process.poll() is None, "pgbouncer ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert time.monotonic() < deadline, "pgbouncer does not listen"
        time.sleep(0.02)
