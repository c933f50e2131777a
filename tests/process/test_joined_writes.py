"""What a server says at once goes out at once: whoever waits for an answer is not woken for half of it."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

from tests.process.servers import serving

ASKED = b"GET /health/live HTTP/1.1\r\nHost: convene\r\n\r\n"
TIMES = 100


def test_an_answer_comes_in_one_piece(new_sqlite: str):
    with serving(new_sqlite) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            pieces = []
            for _ in range(TIMES):
                connection.sendall(ASKED)
                pieces.append(connection.recv(65_536))
    bodies = [piece.partition(b"\r\n\r\n")[2] for piece in pieces]
    assert [json.loads(body)["status"] for body in bodies if body] == ["ok"] * TIMES


def test_answers_to_requests_that_were_sent_together_come_in_their_order(new_sqlite: str):
    with serving(new_sqlite) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            connection.sendall(ASKED * 2 + ASKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            said = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert said.count(b"HTTP/1.1 200 OK") == 3
    assert said.endswith(b"}")
