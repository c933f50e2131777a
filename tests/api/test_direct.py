"""The short way to routes: taken by requests that are nobody else's business, and nobody can tell by the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from convene.api.aliases import canonical
from convene.api.direct import Direct, _direct_routes
from convene.app import create_app
from tests.people import Api, Person, settings_for

EVENTS = "/api/v1/events"
HOUR = {"title": "Planning", "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z"}
#: No route reads it of a request without a body, and the short way does not take it.
LONG_WAY = {"Content-Type": "text/plain"}
JSON_THE_LONG_WAY = {"Content-Type": "application/json; charset=utf-8"}

#: All that requests pass by on the short way, and why nobody misses it there.
DONE_WITHOUT = {
    "Heads": "HEAD is no method of a planned route",
    "PackedAnswers": "whoever accepts MessagePack takes the long way",
    "ServerErrorMiddleware": "the short way has its own",
    "ExceptionTelemetryMiddleware": "of FastAPI; the application asks for no telemetry",
    "AppBodyLimitMiddleware": "of FastAPI; limits nothing, as we set no such limit",
    "Aliases": "a planned route is found by its own path alone",
    "OutsideRates": "planned routes are known by their paths, and those who sign in are counted as themselves",
    "BodyLimits": "the short way has its own where there may be a body",
    "PackedBodies": "a body in anything but plain JSON takes the long way",
    "ExceptionMiddleware": "the short way asks the same handlers",
    "AsyncExitStackMiddleware": "a plan leaves what it has opened by itself",
}


async def long_way_is_taken(method: str, path: str, headers: dict[str, str]) -> bool:
    taken = False

    async def long_way(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal taken
        taken = True
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app = create_app(settings_for("sqlite:///never-opened.db"))
    direct = Direct(app, long_way)

    async def logged(scope: Scope, receive: Receive, send: Send) -> None:
        await direct({**scope, "app": app, "state": {"request_id": "one"}}, receive, send)

    transport = httpx2.ASGITransport(logged, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://convene.test") as client:
        await client.request(method, path, headers=headers)
    return taken


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", f"{EVENTS}/7", {}),
        ("GET", f"{EVENTS}?from=2027-01-01", {"Accept": "application/json"}),
        ("GET", f"{EVENTS}/7/history/2", {"If-None-Match": '"3"'}),
        ("POST", EVENTS, {"Content-Type": "application/json"}),
        ("DELETE", f"{EVENTS}/7", {}),
    ],
)
async def test_what_is_nobody_elses_business_takes_the_short_way(method: str, path: str, headers: dict[str, str]):
    assert not await long_way_is_taken(method, path, headers)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("HEAD", f"{EVENTS}/7", {}),
        ("OPTIONS", f"{EVENTS}/7", {}),
        ("BREW", f"{EVENTS}/7", {}),
        ("GET", f"{EVENTS}/7", {"Accept": "application/json, Application/MsgPack"}),
        ("POST", EVENTS, {"Content-Type": "application/msgpack"}),
        ("POST", EVENTS, JSON_THE_LONG_WAY),
        ("GET", "/events/7", {}),
        ("GET", f"{EVENTS}/7/", {}),
        ("GET", f"{EVENTS}/7/versions", {}),
        ("GET", f"{EVENTS}/seven", {}),
        ("GET", f"{EVENTS}/\u0667", {}),
        ("GET", f"{EVENTS}/7%0A", {}),
        ("GET", "/health", {}),
        ("GET", "/nowhere", {}),
        ("POST", "/api/v1/auth/login", {"Content-Type": "application/x-www-form-urlencoded"}),
    ],
)
async def test_everything_else_takes_the_long_way(method: str, path: str, headers: dict[str, str]):
    assert await long_way_is_taken(method, path, headers)


def test_the_short_way_leads_where_routing_would():
    app = create_app(settings_for("sqlite:///never-opened.db"))
    direct = _direct_routes(app)
    assert len(direct) > 50
    for (method, template), route in direct.items():
        path = template.replace("{}", "7")
        scope: Scope = {"type": "http", "method": method, "path": path, "headers": []}
        assert next(one for one in app.routes if one.matches(scope)[0] is Match.FULL) is route
        assert canonical(path) == path


def on_the_long_way(app: FastAPI) -> list[str]:
    """The names of what a request passes through from the parting of the ways to the routes."""
    names: list[str] = []
    here: Any = app.middleware_stack
    while here is not app.router:
        names.append(type(here).__name__)
        here = getattr(here, "_long_way", None) or getattr(here, "_app", None) or here.app
    return names[names.index("Direct") + 1 :]


def test_the_short_way_does_without_nothing_that_it_does_not_know():
    unknown = set(on_the_long_way(create_app(settings_for("sqlite:///never-opened.db")))) - DONE_WITHOUT.keys()
    assert not unknown, (
        f"Requests that take the short way (api/direct.py) pass by {', '.join(unknown)}. Let _wrap (app.py) put it"
        " outside of Direct; or let Direct send the requests that are its business the long way, or do the same by"
        " itself, and say so in DONE_WITHOUT."
    )


def test_middleware_that_is_added_is_seen():
    app = create_app(settings_for("sqlite:///never-opened.db"))
    assert set(on_the_long_way(app)) == DONE_WITHOUT.keys()
    app.middleware_stack = None  # nothing is added to an application that has one
    app.add_middleware(GZipMiddleware)
    app.middleware_stack = Direct(app, app.build_middleware_stack())
    assert "GZipMiddleware" in on_the_long_way(app)


def told(answer: httpx2.Response) -> tuple[int, dict[str, str], Any]:
    """An answer without what is another one each time."""
    headers = {name: value for name, value in answer.headers.items() if name not in {"x-request-id", "content-length"}}
    body = answer.json() if answer.content else None
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "request_id"}
    return answer.status_code, headers, body


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/auth/me",
        f"{EVENTS}?from=2027-03-01&to=2027-03-02&limit=1",
        f"{EVENTS}?from=2027-03-01&form=2027",
        f"{EVENTS}?limit=0&limit=1",
        f"{EVENTS}/{{id}}",
        f"{EVENTS}/{{id}}?version=9",
        f"{EVENTS}/{{id}}/history",
        f"{EVENTS}/{{id}}/diff/1/2",
        f"{EVENTS}/999999999",
        f"{EVENTS}/0",
        f"{EVENTS}/99999999999999999999",
    ],
)
async def test_both_ways_give_the_same_answers(api: Api, alice: Person, path: str):
    event = await alice.creates()
    path = path.replace("{id}", str(event["id"]))
    for client in (alice.client, api.client(), api.client("no-token")):
        for more in ({}, {"If-None-Match": '"1"'}, {"X-Request-ID": "given-by-a-proxy"}):
            short = await client.get(path, headers=more)
            assert told(short) == told(await client.get(path, headers={**more, **LONG_WAY}))


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"title": "One", "title": "Two"}', b'{"title": ""}', b'{"unknown": 1}', b" " * 5_000_000],
)
async def test_both_ways_refuse_the_same_bodies(alice: Person, body: bytes):
    for client in (alice.client, alice.api.client()):
        answers = [
            await client.post(EVENTS, content=body, headers=headers)
            for headers in ({"Content-Type": "application/json"}, JSON_THE_LONG_WAY)
        ]
        assert told(answers[0]) == told(answers[1])
        assert answers[0].status_code >= 400


async def test_a_conflict_is_told_on_both_ways(alice: Person):
    await alice.creates(start=HOUR["start_time"], end=HOUR["end_time"])
    short = await alice.post(EVENTS, HOUR)
    long = await alice.post(EVENTS, HOUR, headers=JSON_THE_LONG_WAY)
    assert short.status_code == 409
    assert told(short) == told(long)


async def test_a_body_without_end_is_refused_on_the_short_way_too(alice: Person):
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 100_000

    answers = [
        await alice.client.post(EVENTS, content=pieces(), headers=headers)
        for headers in ({"Content-Type": "application/json"}, JSON_THE_LONG_WAY)
    ]
    assert [answer.status_code for answer in answers] == [413, 413]
    assert told(answers[0]) == told(answers[1])
