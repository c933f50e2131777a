"""What browsers and probes need: pages of other origins may read every answer, and HEAD is answered where GET is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.api.steps import path_of
from tests.databases import fresh_database
from tests.people import Api, Person, running_api

PAGE = {"Origin": "https://calendar.example"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
async def open_api() -> AsyncIterator[Api]:
    """An API that pages of another origin may use."""
    with fresh_database("sqlite") as url:
        async with running_api(url, backend_cors_origins=[PAGE["Origin"]]) as api:
            yield api


async def _answers(api: Api) -> AsyncIterator[tuple[int, httpx2.Response]]:
    alice = await api.person("alice")
    yield 200, await alice.request("GET", "/api/v1/events", headers=PAGE)
    yield 401, await api.nobody().request("GET", "/api/v1/events", headers=PAGE)
    yield 404, await alice.request("GET", "/nowhere", headers=PAGE)
    yield 405, await alice.request("DELETE", "/api/v1/events", headers=PAGE)
    yield 413, await alice.request("POST", "/api/v1/events", content=b" " * 5_000_000, headers={**PAGE, **JSON})
    yield 415, await alice.request("POST", "/api/v1/events", content=b"x", headers=PAGE)
    yield 422, await alice.request("GET", "/api/v1/events", params={"limit": "x"}, headers=PAGE)


async def test_a_page_of_another_origin_can_read_every_refusal(open_api: Api):
    async for status, answer in _answers(open_api):
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == PAGE["Origin"], status
        assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
        assert len(answer.headers.get_list("x-request-id")) == 1


async def test_a_page_of_another_origin_can_read_a_fault_of_ours():
    with fresh_database("sqlite") as url:
        async with running_api(url, backend_cors_origins=[PAGE["Origin"]]) as api:
            alice = await api.person("alice")
            del api.app.services
            answer = await alice.request("GET", "/api/v1/auth/me", headers=PAGE)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (500, PAGE["Origin"])
    assert answer.headers.get_list("x-request-id") == [answer.json()["request_id"]]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


async def test_a_page_may_ask_before_it_sends(open_api: Api):
    asked = {**PAGE, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
    answer = await open_api.nobody().client.options("/api/v1/events/1", headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, PAGE["Origin"])
    assert answer.headers["x-request-id"]


async def test_other_pages_may_not(open_api: Api):
    answer = await open_api.nobody().client.get("/health", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers


# -- HEAD ----------------------------------------------------------------------------------------------------


async def test_head_answers_as_get_does_without_content(alice: Person, api: Api):
    event = await alice.creates()
    for path in (path_of(event), "/api/v1/events", "/events", "/api/v1/nowhere", "/openapi.json", "/docs", "/health"):
        got, headed = await alice.client.get(path), await alice.client.head(path)
        assert (headed.status_code, headed.content) == (got.status_code, b""), path
        own = {"x-request-id", "ratelimit", "content-length"}
        assert {key: headed.headers[key] for key in headed.headers if key not in own} == {
            key: got.headers[key] for key in got.headers if key not in own
        }
        assert int(headed.headers["content-length"]) > 0
    assert (await api.nobody().client.head(path_of(event))).status_code == 401


async def test_head_of_a_stream_ends(alice: Person):
    headed = await alice.client.head("/api/v1/stream")
    assert (headed.status_code, headed.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


async def test_head_does_nothing_where_there_is_no_get(alice: Person):
    assert (await alice.client.head("/api/v1/auth/logout")).status_code == 405
    assert (await alice.get("/api/v1/auth/me")).status_code == 200


async def test_head_takes_messagepack_and_tags_as_get_does(alice: Person):
    event = await alice.creates()
    packed = {"Accept": "application/msgpack"}
    got = await alice.client.get(path_of(event), headers=packed)
    headed = await alice.client.head(path_of(event), headers=packed)
    assert (headed.headers["etag"], headed.headers["content-type"]) == (got.headers["etag"], "application/msgpack")
    unchanged = await alice.client.head(path_of(event), headers={"If-None-Match": '"1"'})
    assert unchanged.status_code == 304
