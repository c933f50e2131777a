"""Clients of the live channel that do not read what they are sent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.databases import fresh_database
from tests.people import Person
from tests.process.callers import ServedApi, calling
from tests.process.ears import listening
from tests.process.servers import Server, serving

#: How much the system keeps for a connection, and how much is told at once, is not known: told is until it is too much,
#: at length until the system keeps no more, and then in short, since a listener's row counts messages.
CHARACTERS, ROUNDS = 19_000, 2_000
#: So many rounds fill six times what the system keeps in short pieces, 130 kB on Linux, and no listener's row.
FEW = 40


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_database("sqlite") as url, serving(url) as server:
        yield server


@pytest.fixture
async def api(server: Server) -> AsyncIterator[ServedApi]:
    async with calling(server.url) as api:
        yield api


def _narrow(server: Server) -> socket.socket:
    """A connection whose reader keeps next to nothing for itself, and in whose short pieces the system keeps little."""
    host, port = server.url.removeprefix("http://").split(":")
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    narrow.connect((host, int(port)))
    narrow.settimeout(0)  # asyncio's are
    return narrow


async def _tell_until(api: ServedApi, listeners: int, alice: Person, ben: Person) -> None:
    """Have somebody told more and more, until only so many listen."""
    event = await alice.creates("Minutes")
    for number in range(ROUNDS):
        await alice.shares(event, ben, ("viewer", "editor")[number % 2])
        await alice.changes(event, description=f"{number}" + "\N{BALLOON}" * (CHARACTERS if number < FEW else 0))
        if number % 10 == 0 and await _listen(api, listeners):
            return
    raise AssertionError("whoever does not read is still told")


async def _listen(api: ServedApi, number: int) -> bool:
    told = (await api.nobody().client.get("/metrics")).text
    return f"convene_listeners {number}.0" in told.splitlines()


async def _hung_up(server: Server, port: int) -> None:
    """Wait until the server's process has closed its end of the connection that came from a port."""
    async with asyncio.timeout(30):
        while True:
            if not _connection_from(port) & _sockets_of(server.pid):
                return
            await asyncio.sleep(0.1)


def _connection_from(port: int) -> set[str]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {f"socket:[{row[9]}]" for row in rows if int(row[2].rpartition(":")[2], 16) == port}


def _sockets_of(pid: int) -> set[str]:
    found: set[str] = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since they were listed
            found.add(str(one.readlink()))
    return found


@asynccontextmanager
async def _streaming(person: Person, narrow: socket.socket) -> AsyncIterator[asyncio.StreamReader]:
    """Somebody at the stream of the server that they are connected to; what comes is read when it is asked for."""
    reader, writer = await asyncio.open_connection(sock=narrow, limit=4_096)
    with closing(writer):
        token = person.tokens["access_token"]
        writer.write(f"GET /api/v1/stream HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        async with asyncio.timeout(10):
            await reader.readuntil(b"retry: 2000")
        yield reader


async def test_whoever_does_not_read_is_sent_away_and_holds_up_nobody(server: Server, api: ServedApi):
    alice, ben, carol = await api.person("alice"), await api.person("ben"), await api.person("carol")
    slow: dict[str, Any] = {"sock": _narrow(server), "max_queue": 1, "ping_interval": None}
    async with listening(server, ben, **slow) as asleep, listening(server, carol) as awake:
        await _tell_until(api, 1, alice, ben)
        await alice.shares(await alice.creates("Lunch"), carol)
        assert (await awake.next("notification"))["notification"]["title"] == "Lunch"
        assert await asleep.closed() == 1013


async def test_whoever_never_reads_again_is_forgotten(server: Server, api: ServedApi):
    alice, ben = await api.person("alice"), await api.person("ben")
    slow: dict[str, Any] = {"sock": _narrow(server), "max_queue": 1, "ping_interval": None, "close_timeout": 0.1}
    port = slow["sock"].getsockname()[1]
    async with listening(server, ben, **slow):
        assert _connection_from(port) & _sockets_of(server.pid)
        await _tell_until(api, 0, alice, ben)
        await _hung_up(server, port)


async def test_a_stream_that_is_not_read_ends_and_holds_up_nobody(server: Server, api: ServedApi):
    alice, ben, carol = await api.person("alice"), await api.person("ben"), await api.person("carol")
    async with _streaming(ben, _narrow(server)) as asleep, listening(server, carol) as awake:
        await _tell_until(api, 1, alice, ben)
        await alice.shares(await alice.creates("Lunch"), carol)
        assert (await awake.next("notification"))["notification"]["title"] == "Lunch"
        async with asyncio.timeout(15):
            heard = await asleep.read()
        assert heard.endswith(b'data: {"type":"ended","reason":"the listener does not keep up"}\n\n\r\n0\r\n\r\n')


async def test_a_stream_that_is_never_read_again_is_forgotten(server: Server, api: ServedApi):
    alice, ben = await api.person("alice"), await api.person("ben")
    narrow = _narrow(server)
    port = narrow.getsockname()[1]
    async with _streaming(ben, narrow):
        assert _connection_from(port) & _sockets_of(server.pid)
        await _tell_until(api, 0, alice, ben)
        await _hung_up(server, port)


@pytest.mark.parametrize("by", ["socket", "stream"])
async def test_whoever_signs_out_and_never_reads_again_is_forgotten(server: Server, api: ServedApi, by: str):
    alice, ben = await api.person("alice"), await api.person("ben")
    narrow = _narrow(server)
    port = narrow.getsockname()[1]
    slow: dict[str, Any] = {"max_queue": 1, "ping_interval": None, "close_timeout": 0.1}
    ear = listening(server, ben, sock=narrow, **slow) if by == "socket" else _streaming(ben, narrow)
    async with ear:
        event = await alice.creates("Minutes")
        await alice.shares(event, ben)
        for number in range(FEW):
            await alice.changes(event, description=f"{number}" + "\N{BALLOON}" * CHARACTERS)
        assert await _listen(api, 1)
        await ben.post("/api/v1/auth/logout")
        await _hung_up(server, port)
        assert await _listen(api, 0)
