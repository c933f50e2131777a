"""Heads of requests, over real connections: they end before the body does, and they end."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from convene.joining import JoiningProtocol
from tests.process.callers import calling
from tests.process.servers import Server, serving

EVENT = json.dumps({"title": "Planning", "start_time": "2027-03-01T09:00Z", "end_time": "2027-03-01T10:00Z"})
POST = b"POST /api/v1/events HTTP/1.1\r\nHost: convene\r\nContent-Type: application/json\r\n"
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n" % (len(EVENT), EVENT.encode())
MUCH = 8_000_000


def answered(server: Server, *said: bytes) -> bytes:
    """The first line that a server answers to what is said, as far as it listens."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        with suppress(ConnectionError):
            for part in said:
                connection.sendall(part)
        with suppress(ConnectionError):
            return connection.recv(65_536).partition(b"\r\n")[0]
    return b""


async def test_what_comes_after_a_body_is_no_header(new_sqlite: str):
    with serving(new_sqlite) as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            token = f"Authorization: {alice.client.headers['authorization']}\r\n".encode()
        assert answered(server, POST + token + CHUNKS + b"\r\n") == b"HTTP/1.1 201 Created"
        assert answered(server, POST + CHUNKS + token + b"\r\n") == b"HTTP/1.1 401 Unauthorized"


@pytest.mark.parametrize(
    ("begun", "more"),
    [(b"GET / HTTP/1.1\r\n", b"x: y\r\n" * 1_000), (b"GET / HTTP/1.1\r\nx: ", b"y" * 6_000), (b"GET /", b"y" * 6_000)],
)
def test_a_head_without_end_is_refused(new_sqlite: str, begun: bytes, more: bytes):
    with serving(new_sqlite) as server:
        assert answered(server, begun, *[more] * (MUCH // len(more))) in {b"HTTP/1.1 400 Bad Request", b""}
        assert "The head of a request is too long." in server.log


def test_a_long_head_that_comes_in_pieces_is_read(new_sqlite: str):
    with serving(new_sqlite) as server:
        pieces = [b"x: " + b"y" * 500 + b"\r\n"] * 100
        begun = b"GET /health/live HTTP/1.1\r\nHost: convene\r\n"
        assert answered(server, begun, *pieces, b"\r\n") == b"HTTP/1.1 200 OK"


# -- waiting for what does not come --------------------------------------------------------------------------


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Impatient(JoiningProtocol):
    """The server's protocol, for tests that cannot wait for a minute."""

    patience = 0.3


async def slow(_scope: Scope, receive: Receive, send: Send) -> None:
    """Read a body, and take longer for the answer than clients may for what they say; it is large."""
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(4 * Impatient.patience)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(MUCH)})


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    config, state = Config(slow, log_config=None), ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: Impatient(config, state, {}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    yield reader, writer
    writer.close()
    server.close()


async def test_whoever_writes_without_end_is_stopped_when_nobody_takes_it():
    sent = 0

    async def endless(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1_000):  # it never waits for anything else
            await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
            sent += 1

    config, state = Config(endless, log_config=None), ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: Impatient(config, state, {}), "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=1)
    writer.write(b"GET / HTTP/1.1\r\nHost: convene\r\n\r\n")
    await asyncio.sleep(0.5)
    writer.transport.abort()
    server.close()
    assert 0 < sent < 900


@pytest.mark.parametrize("said", [b"", b"GET / HTT", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel"])
async def test_whoever_says_no_more_is_not_waited_for(connection: Connection, said: bytes):
    reader, writer = connection
    writer.write(said)
    async with asyncio.timeout(5):
        assert await reader.read() == b""


async def test_whoever_says_a_head_letter_by_letter_is_not_waited_for_either(connection: Connection):
    reader, writer = connection
    with suppress(ConnectionError):
        for letter in b"GET / HTTP/1.1\r\nHost: convene\r\n":
            writer.write(bytes([letter]))
            await asyncio.sleep(0.1)
    assert reader.at_eof()


async def test_a_body_that_comes_slowly_is_waited_for_and_so_is_its_answer(connection: Connection):
    reader, writer = connection
    writer.write(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n")
    for letter in b"0123456789":
        writer.write(bytes([letter]))
        await asyncio.sleep(0.1)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")


async def test_whoever_takes_no_answer_is_not_waited_for(connection: Connection):
    reader, writer = connection
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await reader.readline()
    writer.transport.pause_reading()  # type: ignore[attr-defined] # a transport that reads, too
    await asyncio.sleep(8 * Impatient.patience)
    writer.transport.resume_reading()  # type: ignore[attr-defined] # as above
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(MUCH)


async def test_whoever_takes_an_answer_slowly_gets_all_of_it(connection: Connection):
    reader, writer = connection
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    taken = 0
    while taken < MUCH:
        taken += len(await reader.read(200_000))
        await asyncio.sleep(0.01)


# -- silence between requests --------------------------------------------------------------------------------

ASKED = b"GET / HTTP/1.1\r\nHost: convene\r\n\r\n"
#: uvicorn counts it in whole seconds.
SILENCE = 1


async def quick(scope: Scope, _receive: Receive, send: Send) -> None:
    await asyncio.sleep(float(scope["query_string"] or 0))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def kept() -> AsyncIterator[Connection]:
    """A connection that is kept for a second of silence."""
    config, state = Config(quick, log_config=None, timeout_keep_alive=SILENCE), ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: JoiningProtocol(config, state, {}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    yield reader, writer
    writer.close()
    server.close()


async def answers(connection: Connection, asked: bytes, count: int = 1) -> None:
    reader, writer = connection
    writer.write(asked)
    for _ in range(count):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(2) == b"ok"


async def test_a_connection_is_kept_as_long_as_something_is_asked_in_time(kept: Connection):
    for _ in range(3):
        await answers(kept, ASKED)
        await asyncio.sleep(SILENCE * 0.6)
    since = asyncio.get_running_loop().time()
    async with asyncio.timeout(10):
        assert await kept[0].read() == b""
    assert asyncio.get_running_loop().time() - since < SILENCE


async def test_silence_is_counted_from_the_last_answer(kept: Connection):
    await answers(kept, ASKED)
    await asyncio.sleep(SILENCE * 0.8)
    await answers(kept, ASKED)
    since = asyncio.get_running_loop().time()
    async with asyncio.timeout(10):
        assert await kept[0].read() == b""
    assert asyncio.get_running_loop().time() - since >= SILENCE * 0.95


async def test_what_is_asked_all_at_once_is_answered_one_after_the_other(kept: Connection):
    await answers(kept, ASKED * 20, 20)
    await answers(kept, ASKED)


async def test_an_answer_that_takes_longer_than_silence_may_is_waited_for(kept: Connection):
    await answers(kept, ASKED)
    await answers(kept, ASKED.replace(b"/", b"/?%.1f" % (1.5 * SILENCE), 1))


@pytest.mark.parametrize(
    ("asked", "more"),
    [(ASKED, b"\r\n"), (b"POST / HTTP/1.1\r\nHost: convene\r\nContent-Length: 5\r\n\r\nhel", b"l")],
    ids=["an empty line", "a body that nobody waits for"],
)
async def test_what_begins_no_request_does_not_end_the_silence(kept: Connection, asked: bytes, more: bytes):
    await answers(kept, asked)
    kept[1].write(more)
    async with asyncio.timeout(3 * SILENCE):
        assert await kept[0].read() == b""


async def test_a_head_that_has_begun_is_waited_for_longer(kept: Connection):
    await answers(kept, ASKED)
    kept[1].write(ASKED[:9])
    await asyncio.sleep(1.5 * SILENCE)
    await answers(kept, ASKED[9:])
