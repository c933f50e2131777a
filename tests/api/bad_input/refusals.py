"""What every refusal has to say, and the ways in which something bad can be sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2

from tests.people import Json, Person

JSON = {"Content-Type": "application/json"}
OK = {"title": "Talk", "start_time": "2027-05-01T09:00:00Z", "end_time": "2027-05-01T10:00:00Z"}
UNSTORABLE = ["\x00", "a\x00b", "\ud800", "a\udfffb", "\udc00\ud800"]


def check_refusal(response: httpx2.Response) -> Json:
    """Make sure that an answer is a problem that blames the client, and give it."""
    assert 400 <= response.status_code < 500, f"{response.status_code} {response.text[:500]}"
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["title"]
    assert problem["type"].startswith("/problems/")
    return problem


def places(response: httpx2.Response) -> list[str]:
    """Make sure that a request made no sense, and give the places of what was wrong with it."""
    problem = check_refusal(response)
    assert response.status_code == 422, problem
    return [fault["pointer"] for fault in problem["errors"]]


def text_of(body: Json) -> str:
    """JSON that a careless client writes: NaN and lone surrogates too."""
    return json.dumps(body)


async def send(person: Person, method: str, path: str, body: Json) -> httpx2.Response:
    """Send any body as JSON."""
    return await person.request(method, path, content=text_of(body), headers=JSON)


def ways(event: Json, fields: Json) -> Iterator[tuple[str, str, Json, str]]:
    """All ways to send the fields of an event: method, path, body, and what stands before each place."""
    path = f"/api/v1/events/{event['id']}"
    yield "POST", "/api/v1/events", {**OK, **fields}, ""
    yield "POST", "/api/v1/events/check", {**OK, **fields}, ""
    yield "POST", "/api/v1/events/batch", {"events": [OK, {**OK, **fields}]}, "/events/1"
    yield "POST", "/api/v1/events/batch?on_conflict=allow", [{**OK, **fields}], "/events/0"
    yield "PUT", path, fields, ""
    yield "PATCH", path, fields, ""


async def refused_every_way(alice: Person, event: Json, fields: Json, pointer: str) -> None:
    """Make sure that fields are refused however they are sent, and that the answer names the place."""
    for method, path, body, above in ways(event, fields):
        named = places(await send(alice, method, path, body))
        assert above + pointer in named, f"{method} {path} with {ascii(fields)[:300]} names {named}"


class Operation:
    """A method of a path as the OpenAPI document describes it."""

    def __init__(self, method: str, path: str, described: dict[str, Any]) -> None:
        self.method = method.upper()
        self.path = path
        self.takes_body = "requestBody" in described
        self._params = described.get("parameters", [])

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def of(self, kind: str) -> list[str]:
        """The names of its parameters of a kind."""
        return [param["name"] for param in self._params if param["in"] == kind]

    @property
    def query(self) -> list[tuple[str, Json]]:
        """The names of its query parameters, and what is said of their values."""
        return [(param["name"], param["schema"]) for param in self._params if param["in"] == "query"]

    @property
    def window(self) -> str:
        """What its query has to say besides: from when on, if it takes that."""
        return "&from=2027-01-01" if {"from", "cursor"} <= set(self.of("query")) else ""

    def address(self, ids: dict[str, str]) -> str:
        """Its path with these ids in it; 1 for those that are not said."""
        path = self.path
        for name in self.of("path"):
            path = path.replace(f"{{{name}}}", ids.get(name, "1"))
        return path


def operations_in(document: dict[str, Any]) -> list[Operation]:
    """All operations of an OpenAPI document."""
    return [
        Operation(method, path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]
