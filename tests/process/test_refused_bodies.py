"""Large bodies that are refused over real connections: the answer arrives, and so does the next one."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.process.callers import calling
from tests.process.servers import serving

BODY = json.dumps({"title": "x" * 3_000_000}).encode()


@pytest.mark.parametrize(("path", "status"), [("/api/v1/events", 401), ("/api/v1/auth/login", 413)])
def test_whoever_sends_a_large_body_without_a_right_reads_the_answer(new_sqlite: str, path: str, status: int):
    with serving(new_sqlite) as server:
        address = urlsplit(server.url)
        assert address.hostname is not None
        for _ in range(5):
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
            connection.request("POST", path, BODY, {"Content-Type": "application/json", "Authorization": "Bearer x"})
            answer = connection.getresponse()
            assert (answer.status, json.loads(answer.read())["status"]) == (status, status)
            connection.request("GET", "/health/live")
            assert connection.getresponse().status == 200
            connection.close()


HEAD = "POST /api/v1/{} HTTP/1.1\r\nHost: x\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n"
LAST = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def head(length: object, more: str = "", path: str = "events", kind: str = "application/json") -> bytes:
    """The head of a request that has a body."""
    return HEAD.format(path, kind, length, more).encode()


@pytest.fixture
def connection(new_sqlite: str) -> Iterator[socket.socket]:
    with serving(new_sqlite) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            yield connection


def answers(connection: socket.socket) -> bytes:
    """All that is answered until the connection ends."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def statuses(said: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1.1 (\d+)", said)]


def test_what_is_left_of_a_small_body_is_taken_before_the_next_request(connection: socket.socket):
    connection.sendall(head(30_000))
    time.sleep(0.2)  # nobody may take what comes now for the next request
    connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n".ljust(30_000) + LAST)
    assert statuses(answers(connection)) == [401, 200]


def test_whoever_asks_before_sending_a_small_body_is_told_at_once(connection: socket.socket):
    connection.sendall(head(9, "Expect: 100-continue\r\n"))
    said = answers(connection)
    assert statuses(said) == [401]
    assert b"connection: close" in said


def test_whoever_asks_before_sending_nothing_may_go_on(connection: socket.socket):
    connection.sendall(head(0, "Expect: 100-continue\r\n") + LAST)
    assert statuses(answers(connection)) == [401, 200]


@pytest.mark.parametrize("path", ["events", "auth/refresh"])
@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
def test_zeros_before_a_length_are_no_fault_of_the_server(connection: socket.socket, path: str, kind: str):
    body = b'{"refresh_token": "x"}'
    connection.sendall(head(f"{len(body):05000}", "Connection: close\r\n", path, kind) + body)
    assert statuses(answers(connection)) == [401]


@pytest.mark.parametrize("key", ["", "Idempotency-Key: one-of-them\r\n"])
async def test_a_body_that_does_not_come_to_its_end_is_no_fault_of_the_server(new_sqlite: str, key: str):
    with serving(new_sqlite) as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            event = await alice.creates("Planning")
            address = urlsplit(server.url)
            for path in ("", f"/{event['id']}/restore"):
                _, sender = await asyncio.open_connection(address.hostname, address.port)
                sender.write(
                    f"POST /api/v1/events{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{key}"
                    f"Authorization: {alice.client.headers['authorization']}\r\nContent-Length: 9\r\n\r\n{{".encode()
                )
                await sender.drain()
                sender.close()
                await sender.wait_closed()
            server.ask_to_stop()
            await asyncio.to_thread(server.wait_for_end)
        assert "unexpected error" not in server.log
