"""Every error is a problem (RFC 9457) that says what, where and under which id, and nothing of our insides."""

from __future__ import annotations

import inspect
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx2
import pytest

from convene.api import problem_kinds
from convene.domain import errors
from convene.storage import errors as storage_errors
from tests.api.bad_input.refusals import operations_in
from tests.api.signing_in import try_to_sign_in
from tests.databases import fresh_database
from tests.people import Api, Person, running_api

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")


def _kinds_of_errors() -> list[type[errors.ConveneError]]:
    found: list[type[errors.ConveneError]] = [errors.ConveneError]
    for one in found:
        found += one.__subclasses__()
    return found


# -- the table -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", _kinds_of_errors(), ids=lambda kind: kind.__name__)
def test_every_kind_of_error_is_in_the_table_of_problems(kind: type[errors.ConveneError]):
    assert kind in problem_kinds.KINDS


def test_the_table_has_no_others():
    assert set(problem_kinds.KINDS) == set(_kinds_of_errors())


def test_the_tree_in_the_docstring_names_every_error_at_its_place():
    lines = re.findall(r"^    ([│ ]*)(?:[├└]── )?([A-Z]\w+)", inspect.getdoc(errors) or "", re.MULTILINE)
    drawn = {name: (len(indent) // 4) for indent, name in lines}
    depths = {kind.__name__: len(kind.__mro__) - len(errors.ConveneError.__mro__) for kind in _kinds_of_errors()}
    own = {name: depth for name, depth in depths.items() if hasattr(errors, name)}
    assert {name: max(depth - 1, 0) for name, depth in own.items()} == drawn


def test_no_error_of_ours_is_one_that_pydantic_swallows():
    assert not [kind for kind in _kinds_of_errors() if issubclass(kind, ValueError | AssertionError)]
    assert not issubclass(storage_errors.SchemaMismatch, ValueError)


# -- what every problem says ---------------------------------------------------------------------------------


async def _one_of_each(alice: Person, stranger: Person) -> AsyncIterator[tuple[int, httpx2.Response]]:
    event = await alice.creates(start="2027-03-01T09:00:00Z", end="2027-03-01T10:00:00Z")
    path = f"/api/v1/events/{event['id']}"
    await alice.shares(event, stranger, "viewer")
    yield 400, await alice.request("PUT", path, content=b"{", headers={"Content-Type": "application/json"})
    yield 401, await alice.api.nobody().get(path)
    yield 401, await try_to_sign_in(alice.api.nobody(), alice.username, "a guess")
    yield 403, await stranger.put(path, {"title": "x"})
    yield 404, await alice.get("/api/v1/events/999999999")
    yield 404, await alice.get("/nowhere")
    yield 405, await alice.put("/api/v1/events", {})
    yield 409, await alice.post("/api/v1/events", {key: event[key] for key in ("title", "start_time", "end_time")})
    yield 412, await alice.put(path, {"title": "x"}, headers={"If-Match": '"7"'})
    yield 413, await alice.request("PUT", path, headers={"Content-Type": "application/json", "Content-Length": "9" * 9})
    yield 415, await alice.request("PUT", path, content=b"x", headers={"Content-Type": "text/plain"})
    yield 422, await alice.put(path, {"title": ""})


async def test_every_refusal_is_a_problem_with_the_members_of_rfc_9457(alice: Person, stranger: Person):
    async for status, answer in _one_of_each(alice, stranger):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert problem["type"].startswith("/problems/")
        assert problem["title"]
        assert problem["instance"] == answer.request.url.path
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert problem["detail"] not in {"", "Not Found", "Method Not Allowed"} or status in {404, 405}


async def test_a_problem_tells_the_place_of_every_fault(alice: Person):
    refused = await alice.post("/api/v1/events", {"title": "", "start_time": "never", "colour": "red"})
    faults = {fault["pointer"]: fault["detail"] for fault in refused.json()["errors"]}
    assert set(faults) == {"/title", "/start_time", "/end_time", "/colour"}
    assert refused.json()["detail"].endswith("; and 3 more")


async def test_who_is_not_signed_in_is_told_how(nobody: Person):
    refused = await nobody.get("/api/v1/events")
    assert refused.headers["www-authenticate"] == 'Bearer realm="convene"'


# -- paths and methods ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/api", "/api/v1", "/api/v1/nowhere", "/api/v1/auth", "/docs/nowhere"]
)
async def test_an_unknown_path_is_not_found_by_any_method(alice: Person, path: str):
    for method in METHODS:
        answer = await alice.request(method, path)
        assert answer.status_code == 404, method
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_method_that_a_path_has_not_is_refused_with_those_that_it_has(alice: Person, api: Api):
    operations = operations_in(api.document)
    for path in {operation.path for operation in operations}:
        allowed = sorted(operation.method for operation in operations if operation.path == path)
        address = next(operation.address({}) for operation in operations if operation.path == path)
        allowed = sorted({*allowed, *(("HEAD",) if "GET" in allowed else ())})
        for method in set(METHODS) - set(allowed):
            answer = await alice.request(method, address)
            assert (answer.status_code, answer.headers["allow"].split(", ")) == (405, allowed), f"{method} {path}"


async def test_what_is_allowed_is_named_in_order_and_once(alice: Person):
    for path, allowed in {
        "/api/v1/events": "GET, HEAD, POST",
        "/api/v1/events/1": "DELETE, GET, HEAD, PATCH, PUT",
        "/api/v1/auth/me": "GET, HEAD, PATCH",
        "/events/1/versions": "GET, HEAD",
        "/health": "GET, HEAD",
        "/docs": "GET, HEAD",
    }.items():
        answer = await alice.request("TRACE", path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), path


async def test_the_scripts_of_the_docs_are_read_only(nobody: Person):
    answer = await nobody.delete("/docs/assets/swagger-ui.css")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


# -- request ids ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["0123456789abcdef", "req-2027.03_01", "a" * 64, "A" * 8])
async def test_a_good_request_id_is_kept(alice: Person, given: str):
    answer = await alice.request("GET", "/nowhere", headers={"X-Request-ID": given})
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == (given, given)
    answer = await alice.request("GET", "/api/v1/auth/me", headers={"X-Request-ID": given})
    assert answer.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "with space", 'quo"te', "new\tline", "ümlaut", "<script>alert()"]
)
async def test_a_bad_request_id_is_replaced(alice: Person, given: str):
    header = {"X-Request-ID": given.encode("utf-8")}
    answer = await alice.request("GET", "/nowhere", headers=header)
    [made] = answer.headers.get_list("x-request-id")
    assert re.fullmatch("[0-9a-f]{16}", made)
    assert answer.json()["request_id"] == made


async def test_every_request_has_an_id_of_its_own(alice: Person):
    ids = {(await alice.get("/api/v1/auth/me")).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20


# -- faults of our own ---------------------------------------------------------------------------------------


async def _break(url: str) -> None:
    """Take a table away from under a running server."""
    if url.startswith("sqlite"):
        raw = sqlite3.connect(url.removeprefix("sqlite:///"))
        raw.execute("DROP TABLE shelved_edits")
        raw.close()
    else:
        connection = await asyncpg.connect(url)
        await connection.execute("DROP TABLE shelved_edits")
        await connection.close()


@pytest.fixture
def own_database(database_url: str) -> Iterator[str]:
    """A database of the same kind that can be broken."""
    with fresh_database(database_url.partition(":")[0]) as url:
        yield url


async def test_a_fault_of_ours_shows_an_id_and_nothing_else(own_database: str):
    async with running_api(own_database) as api:
        alice = await api.person("alice")
        event = await alice.creates()
        await _break(own_database)
        answer = await alice.get(f"/api/v1/events/{event['id']}/shelved")
        assert (await alice.get(f"/api/v1/events/{event['id']}")).status_code == 200
    assert answer.status_code == 500
    assert set(answer.json()) == {"type", "title", "status", "detail", "instance", "request_id"}
    for inside in ("Traceback", "shelved_edits", "sqlite", "asyncpg", ".py"):
        assert inside not in answer.text
    assert answer.headers.get_list("x-request-id") == [answer.json()["request_id"]]
    assert answer.headers["connection"] == "close"


@pytest.fixture
def postgresql() -> Iterator[str]:
    """A database on a server, from which it can be taken away."""
    with fresh_database("postgresql") as url:
        yield url


async def test_a_database_that_takes_no_connections_is_told_as_such(postgresql: str):
    event = {"title": "x", "start_time": "2027-01-01", "end_time": "2027-01-02"}
    server, _, name = postgresql.rpartition("/")
    operator = await asyncpg.connect(f"{server}/postgres")
    async with running_api(postgresql) as api:
        alice = await api.person("alice")
        await operator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await operator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        answers = [await alice.post("/api/v1/events", event) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [503] * 3
        assert answers[0].headers["retry-after"] == "1"
        assert answers[0].json()["reason"] == "database_down"
        assert name not in "".join(answer.text for answer in answers)
        assert (await api.nobody().get("/health/ready")).status_code == 503
        assert (await api.nobody().get("/health/live")).status_code == 200
        await operator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        assert (await alice.post("/api/v1/events", event)).status_code == 201
        assert (await api.nobody().get("/health/ready")).status_code == 200
    await operator.close()


async def test_a_database_that_does_not_come_to_an_answer_is_told_within_five_seconds(postgresql: str):
    async with running_api(postgresql, database_pool_size=1) as api, api.app.services.units.reading():
        began = time.monotonic()
        answer = await api.nobody().get("/health/ready")
        assert (answer.status_code, answer.json()["database"]) == (503, "unavailable")
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("path", ["/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/events"])
async def test_who_goes_away_while_sending_does_no_harm(api: Api, alice: Person, path: str):
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": b'{"username": "a', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[dict[str, object]] = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    headers = [
        (b"content-type", b"application/json"),
        (b"authorization", alice.client.headers["authorization"].encode()),
    ]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await api.app(scope, receive, send)
    assert sent[0]["status"] == 400
