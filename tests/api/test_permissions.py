"""The permission matrix, made from the routes: each route of an event, asked for by everybody it may concern."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Any

import httpx2
import pytest

from convene.domain.roles import Role
from tests.api.requests import EVENT, REQUESTS, ROLES, Stage, invite_everybody, prepare, send, set_the_stage
from tests.people import Api, Json, Person
from tests.routes import PUBLIC, Route, all_routes

WITHOUT = ("revoked", "stranger")
EVERYBODY = (*ROLES, *WITHOUT, "anonymous")
UNKNOWN = 2**53
OWNER, EDITOR, VIEWER = Role.OWNER, Role.EDITOR, Role.VIEWER

#: The role that each route of an event needs.
NEEDS = {
    f"GET {EVENT}": VIEWER,
    f"GET {EVENT}/occurrences": VIEWER,
    f"GET {EVENT}/permissions": VIEWER,
    f"GET {EVENT}/collaborators": VIEWER,
    f"GET {EVENT}/history": VIEWER,
    f"GET {EVENT}/history/{{version_number}}": VIEWER,
    f"GET {EVENT}/changelog": VIEWER,
    f"GET {EVENT}/diff": VIEWER,
    f"GET {EVENT}/diff/{{version_1}}/{{version_2}}": VIEWER,
    f"GET {EVENT}/blame": VIEWER,
    f"GET {EVENT}/shelved": VIEWER,
    f"DELETE {EVENT}/shelved/{{shelf_id}}": VIEWER,  # one's own
    f"PUT {EVENT}/mute": VIEWER,
    f"DELETE {EVENT}/mute": VIEWER,
    f"GET {EVENT}/reminders": VIEWER,
    f"PUT {EVENT}/reminders": VIEWER,
    f"DELETE {EVENT}/reminders": VIEWER,
    f"PUT {EVENT}": EDITOR,
    f"PATCH {EVENT}": EDITOR,
    f"POST {EVENT}/rollback/{{version_number}}": EDITOR,
    f"DELETE {EVENT}": OWNER,
    f"POST {EVENT}/restore": OWNER,
    f"POST {EVENT}/share": OWNER,
    f"PUT {EVENT}/permissions/{{user_id}}": OWNER,
    f"DELETE {EVENT}/permissions/{{user_id}}": OWNER,  # somebody else's
    f"POST {EVENT}/transfer": OWNER,
}


def expected(route: Route, who: str) -> int:
    """What each route answers to each: the whole matrix."""
    request = REQUESTS[str(route)]
    if who == "anonymous":
        return 401
    if who in WITHOUT:
        return 404
    if Role(who).allows(NEEDS[str(route)]):
        return request.status
    return 404 if request.trash else 403  # what lies in the trash is there for its owner alone


@cache
def event_routes() -> tuple[Route, ...]:
    return tuple(route for route in all_routes() if "{event_id}" in route.path)


@pytest.fixture(scope="module")
async def people(api: Api) -> dict[str, Person]:
    return await invite_everybody(api)


@pytest.fixture
async def stage(people: dict[str, Person]) -> Stage:
    return await set_the_stage(people)


async def ask(stage: Stage, who: str, route: Route, parameters: dict[str, Any]) -> httpx2.Response:
    return await send(stage, stage.people[who], route, route.path.format_map(parameters))


async def all_of(stage: Stage) -> list[Any]:
    """Everything that there is to see of an event, for whoever it is still there; the bytes and the version."""
    each = [(who, rest) for who in ROLES for rest in ("", "/shelved")]
    same = [("owner", rest) for rest in ("/history", "/changelog", "/permissions")]
    answers = [await stage.people[who].get(stage.path + rest) for who, rest in each + same]
    answers.append(await stage.people["owner"].get("/api/v1/events/trash"))
    return [(one.status_code, one.headers.get("ETag"), _without_request_id(one)) for one in answers]


def _without_request_id(answer: httpx2.Response) -> Any:
    body = answer.json()
    return {key: body[key] for key in body if key != "request_id"} if isinstance(body, dict) else body


def each(routes: Collection[Route]) -> pytest.MarkDecorator:
    """Run a test for each of some routes."""
    return pytest.mark.parametrize("route", [pytest.param(route, id=f"{route.name}") for route in routes])


def test_every_route_of_an_event_stands_in_the_table():
    assert {str(route) for route in event_routes()} == set(NEEDS)


@each(event_routes())
@pytest.mark.parametrize("who", EVERYBODY)
async def test_each_route_answers_by_role(stage: Stage, route: Route, who: str):
    parameters = await prepare(stage, route, who)
    answer = await ask(stage, who, route, parameters)
    assert answer.status_code == expected(route, who), answer.text


@each([route for route in event_routes() if route.method != "GET"])
async def test_who_is_refused_changes_nothing(stage: Stage, route: Route):
    answers = {who: expected(route, who) for who in EVERYBODY}
    refused = {who: status for who, status in answers.items() if status >= 400}
    parameters = await prepare(stage, route, "owner")
    before = await all_of(stage)
    assert {who: (await ask(stage, who, route, parameters)).status_code for who in refused} == refused
    assert await all_of(stage) == before


async def test_whatever_a_viewer_reads_changes_nothing(stage: Stage):
    before = await all_of(stage)
    for route in event_routes():
        if route.method == "GET":
            await ask(stage, "viewer", route, await prepare(stage, route, "viewer"))
    assert await all_of(stage) == before


@each(event_routes())
@pytest.mark.parametrize("who", WITHOUT)
async def test_an_event_that_is_not_theirs_and_none_at_all_look_the_same(stage: Stage, route: Route, who: str):
    parameters = await prepare(stage, route, who)
    hidden = await ask(stage, who, route, parameters)
    unknown = await ask(stage, who, route, {**parameters, "event_id": UNKNOWN})
    assert (hidden.status_code, problem_of(hidden)) == (404, problem_of(unknown))


def problem_of(answer: httpx2.Response) -> tuple[Json, dict[str, str]]:
    """All that an answer says but what names the request: the id of it and the path that was asked for."""
    body = {key: value for key, value in answer.json().items() if key not in {"request_id", "instance"}}
    headers = {key: value for key, value in answer.headers.items() if key not in {"x-request-id", "content-length"}}
    return body, headers


@each(event_routes())
async def test_what_lies_in_the_trash_is_gone_for_everybody(stage: Stage, route: Route):
    request = REQUESTS[str(route)]
    parameters = {who: await prepare(stage, route, who) for who in ROLES}
    if not request.trash:
        await stage.people["owner"].delete(stage.path)
    for who in ROLES:
        if request.trash and who == "owner":
            continue  # restoring is what the trash is there for
        hidden = await ask(stage, who, route, parameters[who])
        unknown = await ask(stage, who, route, {**parameters[who], "event_id": UNKNOWN})
        assert (who, hidden.status_code, problem_of(hidden)) == (who, 404, problem_of(unknown))


@each([route for route in all_routes() if str(route) not in PUBLIC and route.method != "WS"])
async def test_nobody_gets_anywhere_without_a_good_token(api: Api, route: Route):
    path = re.sub(r"\{\w+\}", "1", route.path)
    for token in (None, "not-a-token"):
        answer = await Person(api, api.client(token), {}).request(route.method, path, json={})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="convene"')
