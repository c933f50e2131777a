"""The examples of the OpenAPI document: each fits its schema, and does what it says when it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import pytest
from jsonschema_rs import Draft202012Validator

from convene.api.examples import EXAMPLES
from tests.databases import KINDS, fresh_database
from tests.people import PASSWORD, Api, Json, Person, contract, running_api

DOCUMENT: dict[str, Any] = contract().document


class Example(NamedTuple):
    method: str
    path: str
    operation: dict[str, Any]
    media_type: str
    name: str

    @property
    def body(self) -> Json:
        return self._content["examples"][self.name]["value"]

    @property
    def schema(self) -> dict[str, Any]:
        return {**self._content["schema"], "components": DOCUMENT["components"]}

    @property
    def success(self) -> int:
        [status] = [int(status) for status in self.operation["responses"] if status.startswith("2")]
        return status

    @property
    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = self.operation["requestBody"]["content"][self.media_type]
        return content


SHOWN = [
    Example(method.upper(), path, operation, media_type, name)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
    for name in content.get("examples") or [""]
]
each_example = pytest.mark.parametrize(
    "example", [pytest.param(one, id=f"{one.operation['operationId']}-{one.name}") for one in SHOWN]
)


@pytest.fixture(scope="module", params=KINDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of its own: the examples name people, and one of them by id."""
    with fresh_database(request.param) as url:
        yield url


@pytest.fixture(scope="module")
async def api(database_url: str) -> AsyncIterator[Api]:
    """Ben and Carla, of whom the examples speak, have joined before anybody else."""
    async with running_api(database_url) as api:
        for name in ("ben", "carla"):
            account = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
            assert (await api.nobody().post("/api/v1/auth/register", account)).status_code == 201
        yield api


@pytest.fixture(scope="module")
async def carla(api: Api) -> Person:
    tokens = (await api.nobody().post("/api/v1/auth/login", {"username": "carla", "password": PASSWORD})).json()
    me = api.client(tokens["access_token"])
    return Person(api, me, (await me.get("/api/v1/auth/me")).json(), tokens)


def test_every_body_has_an_example_and_every_example_a_body():
    assert [(one.method, one.path) for one in SHOWN if not one.name] == []
    assert {one.operation["operationId"] for one in SHOWN} == set(EXAMPLES)


@each_example
def test_an_example_fits_its_schema(example: Example):
    assert [error.message for error in Draft202012Validator(example.schema).iter_errors(example.body)] == []


@each_example
async def test_an_example_succeeds(example: Example, carla: Person, alice: Person):
    event = await alice.creates("Planning", location="Room 4")
    if "/transfer" in example.path or "/permissions" in example.path:
        await alice.shares(event, carla, "viewer")
    await alice.changes(event, title="Planning, again")
    webhook = await alice.adds_webhook("https://hooks.invalid/convene") if "/webhooks/" in example.path else {"id": 0}
    ids = {"event_id": event["id"], "calendar_id": event["calendar_id"], "webhook_id": webhook["id"]}
    path = example.path.format(**ids, user_id=carla.id, version_number=1)
    body = {"refresh_token": alice.tokens["refresh_token"]} if path.endswith("/refresh") else example.body
    body = {**body, "event_id": event["id"]} if "event_id" in body else body
    sent = {"data" if "form" in example.media_type else "json": body}
    answer = await alice.request(example.method, path, **sent)
    assert answer.status_code == example.success, answer.text


async def test_each_example_of_a_change_changes_something(alice: Person):
    for name, one in EXAMPLES["change_event"].items():
        event = await alice.creates("Planning", location="Room 4", description="What to do next.")
        assert (await alice.changes(event, **one["value"]))["version"] == 2, name


async def test_clearing_is_shown_with_null(alice: Person):
    event = await alice.creates("Planning", location="Room 4", description="What to do next.")
    cleared = await alice.changes(event, **EXAMPLES["change_event"]["clear"]["value"])
    assert (cleared["location"], cleared["description"]) == (None, None)
