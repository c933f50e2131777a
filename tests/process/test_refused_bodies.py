"""Large bodies that are refused over real connections: the answer arrives, and so does the next one."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

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
