"""What a server writes down of a whole session of requests: one line each, and never a secret."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from secrets import token_hex, token_urlsafe
from select import PIPE_BUF
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import asyncpg
import httpx2
import pytest
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from convene.api import lines
from tests.databases import KINDS, fresh_database
from tests.process.servers import Server, serving

DATABASE_PASSWORD = "database-" + token_hex(8)
PASSWORD = f"password-{token_hex(8)}"
Secrets = dict[str, str]


def with_password(database_url: str) -> str:
    """The URL of a database with a password in it, for which the server of these tests does not ask."""
    url = urlsplit(database_url)
    if url.scheme == "sqlite":
        return database_url
    return url._replace(netloc=f"{url.username}:{DATABASE_PASSWORD}@{url.hostname}:{url.port}").geturl()


class Session(NamedTuple):
    """What was asked of a server, what it wrote down, and what nobody should read there."""

    log: str
    secrets: Secrets
    request_ids: dict[str, str]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log, line by line, which is JSON to the last."""
        return [json.loads(line) for line in self.log.splitlines()]


async def _break(database_url: str) -> None:
    """Take a table away from under the server."""
    if database_url.startswith("sqlite"):
        raw = sqlite3.connect(database_url.removeprefix("sqlite:///"))
        raw.execute("DROP TABLE shelved_edits")
        raw.close()
    else:
        connection = await asyncpg.connect(database_url)
        await connection.execute("DROP TABLE shelved_edits")
        await connection.close()


def _speak_no_http(url: str, words: str) -> None:
    """Send something that no HTTP server understands."""
    address = urlsplit(url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=5) as connection:
        connection.sendall(f"{words} {words}\r\n{words}: {words}\r\n\r\n".encode())
        connection.recv(1000)


async def _ask(client: httpx2.AsyncClient, path: str, **arguments: Any) -> httpx2.Response:
    method = arguments.pop("method", "POST")
    return await client.request(method, path, **arguments)


async def _sign_in_and_out(client: httpx2.AsyncClient, secrets: Secrets) -> dict[str, str]:
    """Take a way through all that is secret about accounts, with what goes wrong there."""
    name = f"ada{token_hex(4)}"
    account = {"username": name, "email": f"{name}@example.com", "password": secrets["password"]}
    assert (await _ask(client, "/api/v1/auth/register", json=account)).status_code == 201
    assert (await _ask(client, "/api/v1/auth/register", json=account)).status_code == 409
    refused = {**account, "password": secrets["password"], "pass_word": secrets["password"]}
    assert (await _ask(client, "/auth/register", json=refused)).status_code == 422
    for wrong in ({"username": name, "password": secrets["wrong password"]}, {"password": secrets["password"]}):
        await _ask(client, "/api/v1/auth/login", json=wrong)
    half = f'{{"username": "{name}", "password": "{secrets["password"]}"'.encode()
    await _ask(client, "/api/v1/auth/login", content=half, headers={"Content-Type": "application/json"})
    form = {"username": name, "password": secrets["password"], "client_secret": secrets["client secret"]}
    tokens = (await _ask(client, "/api/v1/auth/login", data=form)).json()
    secrets |= {"access token": tokens["access_token"], "first refresh token": tokens["refresh_token"]}
    again = (await _ask(client, "/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
    secrets |= {"new access token": again["access_token"], "refresh token": again["refresh_token"]}
    mine = {"Authorization": f"Bearer {again['access_token']}"}
    change = {"current_password": secrets["password"], "new_password": secrets["new password"]}
    assert (await _ask(client, "/api/v1/auth/password", json=change, headers=mine)).status_code == 204
    await _ask(client, "/api/v1/auth/password", json=change, headers=mine)
    return mine


async def _go_through(server: Server, database_url: str, secrets: Secrets) -> dict[str, str]:
    """Ask for everything that could put a secret into the log; gives the ids of the requests."""
    ids: dict[str, str] = {}
    async with httpx2.AsyncClient(base_url=server.url, timeout=20) as client:
        mine = await _sign_in_and_out(client, secrets)
        query = {"q": secrets["query"], "token": secrets["token in the query"]}
        ids["query"] = (await _ask(client, "/api/v1/users", method="GET", params=query, headers=mine)).headers[
            "x-request-id"
        ]
        for token in (secrets["made-up token"], f"{secrets['made-up token']}.e30.x"):
            await _ask(client, "/api/v1/events", method="GET", headers={"Authorization": f"Bearer {token}"})
        event = {"title": secrets["title"], "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z"}
        created = await _ask(client, "/api/v1/events", json=event, headers=mine)
        await _ask(client, "/api/v1/events", json=event, headers=mine)
        await _ask(client, "/api/v1/events", json={**event, "title": [secrets["title"]]}, headers=mine)
        await _ask(client, f"/nowhere?password={secrets['password']}", method="GET")
        ids["given"] = "a-given-id-0123"
        await _ask(client, "/%0A%7B%22event%22:1%7D", method="GET", headers={"X-Request-ID": ids["given"]})
        await asyncio.to_thread(_speak_no_http, server.url, secrets["no HTTP"])
        for content in (b" " * 10_000_000, _pieces(secrets["huge body"])):
            kind = {"Content-Type": "application/json"}
            too_large = await _ask(client, "/api/v1/events", content=content, headers={**mine, **kind})
            assert too_large.status_code == 413
        await _listen(server, mine["Authorization"].removeprefix("Bearer "), secrets["made-up token"])
        await _break(database_url)
        broken = await _ask(client, f"/events/{created.json()['id']}/shelved?limit=7", method="GET", headers=mine)
        assert broken.status_code == 500
        ids["broken"] = broken.headers["x-request-id"]
        await _ask(client, "/api/v1/auth/logout", headers=mine)
    return ids


async def _listen(server: Server, token: str, wrong: str) -> None:
    """Open the live channel with a token in each of the three places where it may be."""
    address = server.url.replace("http", "ws", 1) + "/ws/notifications"
    for good in (token, wrong):
        auth = json.dumps({"type": "auth", "token": good})
        for query, protocols in (("", []), (f"?token={good}", []), ("", [Subprotocol(f"bearer.{good}")])):
            async with connect(address + query, subprotocols=protocols or None, proxy=None) as socket:
                if not query and not protocols:
                    await socket.send(auth)
                with suppress(ConnectionClosed):
                    await socket.recv()


async def _pieces(content: str) -> AsyncIterator[bytes]:
    for _ in range(10):
        yield content.encode().ljust(1_000_000)


def _secrets() -> Secrets:
    kinds = ("wrong password", "new password", "client secret", "query", "token in the query", "made-up token")
    others = {kind: f"{kind.replace(' ', '-')}-{token_hex(8)}" for kind in (*kinds, "title", "no HTTP", "huge body")}
    return {"password": PASSWORD, "database's password": DATABASE_PASSWORD, "key": token_urlsafe(48), **others}


@pytest.fixture(scope="module", params=KINDS)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A server in production that tells as much as it can, and all that it wrote about a session."""
    secrets = _secrets()
    settings = {"ENVIRONMENT": "production", "DEBUG": "true", "SECRET_KEY": secrets["key"]}
    with fresh_database(request.param) as url, serving(with_password(url), **settings) as server:
        ids = asyncio.run(_go_through(server, url, secrets))
        server.ask_to_stop()
        server.wait_for_end()
        yield Session(server.log, secrets, ids)


def test_no_secret_is_ever_written_down(session: Session):
    found = [
        kind
        for kind, secret in session.secrets.items()
        if any(form in session.log for form in (secret, quote(secret), json.dumps(secret)[1:-1], secret.split(".")[-1]))
    ]
    assert found == []


def test_no_part_of_a_token_is_ever_written_down(session: Session):
    assert "eyJ" not in session.log  # how the header and the claims of every JWT begin
    assert "$argon2" not in session.log
    assert "Bearer" not in session.log


def test_no_query_string_is_ever_written_down(session: Session):
    assert not [line for line in session.lines if "?" in str(line.get("path", ""))]
    assert "password=" not in session.log


def test_every_line_is_json_with_a_time_and_a_level(session: Session):
    assert len(session.lines) > 20
    for line in session.lines:
        assert {"event", "level", "timestamp"} <= set(line), line


def test_every_request_has_one_line_with_its_id(session: Session):
    requests = [line for line in session.lines if line["event"] == "request"]
    assert all({"method", "path", "status", "ms", "request_id"} <= set(line) for line in requests)
    ids = [line["request_id"] for line in requests]
    assert len(set(ids)) == len(ids)
    assert set(session.request_ids.values()) <= set(ids)
    [given] = [line for line in requests if line["request_id"] == session.request_ids["given"]]
    assert (given["path"], given["status"]) == ('/\n{"event":1}', 404)


def test_an_error_of_ours_is_written_down_with_its_stack_and_its_id(session: Session):
    [told] = [line for line in session.lines if line["event"] == "unexpected error"]
    assert told["request_id"] == session.request_ids["broken"]
    assert told["level"] == "error"
    assert "shelved_edits" in told["exception"]
    assert "Traceback" in told["exception"]


async def test_lines_of_one_moment_are_written_together_and_in_their_order(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lines, "TOGETHER_SECONDS", 0.5)
    for number in range(3):
        lines.tell_request({"number": number})
    await asyncio.sleep(0)
    assert not capsys.readouterr().err
    structlog.get_logger("convene.requests").warning("something else", number=3)  # waits for nothing
    lines.tell_request({"number": 4})
    await asyncio.sleep(2 * lines.TOGETHER_SECONDS)
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["number"] for line in told] == [0, 1, 2, 3, 4]


class _Pipe:
    """Stands in the place of stderr, and remembers what was written at once."""

    def __init__(self) -> None:
        self.buffer = self
        self.written: list[bytes] = []

    def write(self, text: bytes) -> None:
        self.written.append(text)

    def flush(self) -> None: ...


async def test_lines_are_written_in_pieces_that_a_pipe_takes_whole(monkeypatch: pytest.MonkeyPatch):
    """Or those of another worker would come in the middle of one."""
    monkeypatch.setattr(sys, "stderr", pipe := _Pipe())
    for number in range(100):
        lines.tell_request({"number": number, "path": "/x" * 50})
    lines.tell_request({"number": 100, "path": "/" * 2 * PIPE_BUF})
    lines.tell_request({"number": 101})
    lines.write_out()
    assert [json.loads(line)["number"] for line in b"".join(pipe.written).splitlines()] == [*range(102)]
    assert all(text.endswith(b"\n") for text in pipe.written)
    assert [len(text) > PIPE_BUF for text in pipe.written].count(True) == 1  # the line that is longer by itself
    assert len(pipe.written) < 10


def test_lines_of_a_loop_that_has_ended_are_written_with_the_next(capsys: pytest.CaptureFixture[str]):
    async def tell(number: int) -> None:
        lines.tell_request({"number": number})
        await asyncio.sleep(3 * lines.TOGETHER_SECONDS)

    ended = asyncio.new_event_loop()
    ended.call_soon(ended.stop)
    ended.call_soon(lambda: lines.tell_request({"number": 0}))
    ended.run_forever()
    ended.close()
    asyncio.run(tell(1))
    assert [json.loads(line)["number"] for line in capsys.readouterr().err.splitlines()] == [0, 1]


def test_on_a_terminal_a_line_can_be_read_by_people():
    with fresh_database("sqlite") as url, serving(url, ENVIRONMENT="development") as server:
        httpx2.get(f"{server.url}/nowhere%0Afake?secret=hunter2")
        server.ask_to_stop()
        server.wait_for_end()
        log = server.log
    [line] = [line for line in log.splitlines() if "nowhere" in line]
    assert "method=GET" in line
    assert "status=404" in line
    assert "hunter2" not in log
    with pytest.raises(json.JSONDecodeError):
        json.loads(line)
