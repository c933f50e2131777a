"""What carries the bus between processes where there is no Redis: PostgreSQL, or a look at the SQLite file.

It knows what a bell and a message look like, and nothing of who rings or hears.
"""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import asyncpg

#: What messages are told apart by from those of others on the same server.
CHANNEL = "convene"
#: A doorbell without a message: there is something to read in the tables.
RING = b""

Hear = Callable[[bytes], None]

_ALIVE_EVERY = 5.0
_LOOK_EVERY = 0.04


class PostgresWire:
    """LISTEN/NOTIFY on a connection of its own. Messages are base64: payloads are text."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._turn = asyncio.Lock()  # asyncpg refuses two statements at once on one connection

    async def listen(self, hear: Hear, connected: Callable[[], None]) -> None:
        """Hear notifications until the connection is lost."""
        connection = await asyncpg.connect(self._dsn, server_settings={"application_name": "convene bus"})
        try:
            here = connection.get_server_pid()

            def other(_: object, said_by: int, __: str, message: object) -> None:
                if said_by != here:  # this process has heard itself already
                    hear(base64.b64decode(str(message)))

            await connection.add_listener(CHANNEL, other)
            self._connection = connection
            connected()
            while not connection.is_closed():
                await asyncio.sleep(_ALIVE_EVERY)
                async with self._turn:
                    await connection.execute("SELECT 1", timeout=_ALIVE_EVERY)
        finally:
            self._connection = None
            connection.terminate()

    async def send(self, messages: list[bytes]) -> None:
        """Notify all listeners."""
        if self._connection is None:
            return
        payloads = [base64.b64encode(message).decode() for message in messages]
        async with self._turn:
            await self._connection.execute(
                "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", CHANNEL, payloads
            )


class SqliteWire:
    """Asks the file whether another process has written to it; costs a few microseconds each time.

    It carries doorbells only: messages reach this process alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def listen(self, hear: Hear, connected: Callable[[], None]) -> None:
        """Ring whenever another connection has committed."""
        with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connected()
            seen = None
            while True:
                found = connection.execute("PRAGMA data_version").fetchone()
                if seen is not None and found != seen:
                    hear(RING)
                seen = found
                await asyncio.sleep(_LOOK_EVERY)

    async def send(self, messages: list[bytes]) -> None:
        """Nothing to do: a commit can be seen in the file."""
