"""The permission matrix, made from the routes: each route of an event, asked for by everybody it may concern."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cache
from typing import Any, NamedTuple

import httpx2
import pytest

from convene.domain.roles import Role
from tests.people import Api, Json, Person
from tests.routes import PUBLIC, Route, all_routes

EVENT = "/api/v1/events/{event_id}"
OWNER, EDITOR, VIEWER = Role.OWNER, Role.EDITOR, Role.VIEWER
UNKNOWN = 2**53


class Stage(NamedTuple):
    """One event and the people around it; `colleague` is one more viewer, for owners to deal with."""

    event: Json
    people: dict[str, Person]
    colleague: Person


class Asks(NamedTuple):
    """What a route needs, and a request that succeeds for who has it.

    `shelf` and `trash` say what has to lie there; what lies in the trash is there for its owner alone.
    """

    needs: Role
    status: int = 200
    body: Callable[[Stage], Json] | None = None
    query: dict[str, str] | None = None
    shelf: bool = False
    trash: bool = False


ROUTES: dict[str, Asks] = {
    f"GET {EVENT}": Asks(VIEWER),
    f"GET {EVENT}/occurrences": Asks(VIEWER, query={"from": "2027-03-01", "to": "2027-03-02"}),
    f"GET {EVENT}/permissions": Asks(VIEWER),
    f"GET {EVENT}/collaborators": Asks(VIEWER),
    f"GET {EVENT}/history": Asks(VIEWER),
    f"GET {EVENT}/history/{{version_number}}": Asks(VIEWER),
    f"GET {EVENT}/changelog": Asks(VIEWER),
    f"GET {EVENT}/diff": Asks(VIEWER),
    f"GET {EVENT}/diff/{{version_1}}/{{version_2}}": Asks(VIEWER),
    f"GET {EVENT}/blame": Asks(VIEWER),
    f"GET {EVENT}/shelved": Asks(VIEWER),
    f"DELETE {EVENT}/shelved/{{shelf_id}}": Asks(VIEWER, 204, shelf=True),
    f"PUT {EVENT}": Asks(EDITOR, body=lambda _: {"title": "Changed"}),
    f"PATCH {EVENT}": Asks(EDITOR, body=lambda _: {"location": None, "title": "Changed"}),
    f"POST {EVENT}/rollback/{{version_number}}": Asks(EDITOR, body=lambda _: {"fields": ["title"]}),
    f"DELETE {EVENT}": Asks(OWNER, 204),
    f"POST {EVENT}/restore": Asks(OWNER, trash=True),
    f"POST {EVENT}/share": Asks(OWNER, 201, body=lambda stage: {"user_id": stage.colleague.id, "role": "editor"}),
    f"PUT {EVENT}/permissions/{{user_id}}": Asks(OWNER, body=lambda _: {"role": "editor"}),
    f"DELETE {EVENT}/permissions/{{user_id}}": Asks(OWNER, 204),
    f"POST {EVENT}/transfer": Asks(OWNER, body=lambda stage: {"user_id": stage.colleague.id}),
}
WITH_A_ROLE = {"owner": OWNER, "editor": EDITOR, "viewer": VIEWER}
WITHOUT = ("revoked", "stranger")
EVERYBODY = (*WITH_A_ROLE, *WITHOUT, "anonymous")


def expected(asks: Asks, who: str) -> int:
    """The table: what each may do."""
    if who == "anonymous":
        return 401
    role = WITH_A_ROLE.get(who)
    if role is None or (asks.trash and role is not OWNER):
        return 404
    return asks.status if role.allows(asks.needs) else 403


@cache
def event_routes() -> tuple[Route, ...]:
    return tuple(route for route in all_routes() if "{event_id}" in route.path)


@pytest.fixture(scope="module")
async def people(api: Api) -> dict[str, Person]:
    named = {who: await api.person(who) for who in (*EVERYBODY, "colleague") if who != "anonymous"}
    return {**named, "anonymous": api.nobody()}


@pytest.fixture
async def stage(people: dict[str, Person]) -> Stage:
    """An event in its second version, which one person was allowed to see once."""
    owner = people["owner"]
    event = await owner.creates("Planning", location="Room 1")
    roles = {"editor": "editor", "viewer": "viewer", "revoked": "editor", "colleague": "viewer"}
    sent = [{"user_id": people[who].id, "role": role} for who, role in roles.items()]
    await owner.post(_path(EVENT, event, "/share"), sent)
    await owner.delete(_path(EVENT, event, f"/permissions/{people['revoked'].id}"))
    event = await owner.changes(event, title="Planning, again", description="The second version.")
    return Stage(event, people, people["colleague"])


def _path(template: str, event: Json, rest: str = "") -> str:
    return template.format(event_id=event["id"]) + rest


async def shelve_an_edit(stage: Stage, who: str) -> int:
    """Let somebody with a role lose an edit, as an editor if need be; gives its place on the shelf."""
    owner, person, event = stage.people["owner"], stage.people[who], stage.event
    own_row = _path(EVENT, event, f"/permissions/{person.id}")
    if who == "viewer":
        await owner.put(own_row, {"role": "editor"})
    refused = await person.put(_path(EVENT, event), {"title": "Lost", "base_version": 1})
    if who == "viewer":
        await owner.put(own_row, {"role": "viewer"})
    return int(refused.json()["shelf_id"])


async def prepare(stage: Stage, route: Route, who: str) -> dict[str, int]:
    """Put on the shelf or into the trash what the route needs; gives the parameters of its path."""
    asks = ROUTES[str(route)]
    parameters = {"user_id": stage.colleague.id, "version_number": 1, "version_1": 1, "version_2": 2, "shelf_id": 0}
    if asks.shelf:
        parameters["shelf_id"] = await shelve_an_edit(stage, who if who in WITH_A_ROLE else "owner")
    if asks.trash:
        await stage.people["owner"].delete(_path(EVENT, stage.event))
    return {**parameters, "event_id": stage.event["id"]}


async def ask(stage: Stage, route: Route, who: str, parameters: dict[str, int]) -> httpx2.Response:
    asks = ROUTES[str(route)]
    sent = {"json": asks.body(stage)} if asks.body else {}
    return await stage.people[who].request(
        route.method, route.path.format_map(parameters), params=asks.query or {}, **sent
    )


async def all_of(stage: Stage) -> list[Any]:
    """Everything that there is to see of an event, for whoever it is still there; the bytes and the version."""
    each = [(who, rest) for who in WITH_A_ROLE for rest in ("", "/shelved")]
    same = [("owner", rest) for rest in ("/history", "/changelog", "/permissions")]
    answers = [await stage.people[who].get(_path(EVENT, stage.event, rest)) for who, rest in each + same]
    answers.append(await stage.people["owner"].get("/api/v1/events/trash"))
    return [(one.status_code, one.headers.get("ETag"), _without_request_id(one)) for one in answers]


def _without_request_id(answer: httpx2.Response) -> Any:
    body = answer.json()
    return {key: body[key] for key in body if key != "request_id"} if isinstance(body, dict) else body


def each(routes: Collection[Route]) -> pytest.MarkDecorator:
    """Run a test for each of some routes."""
    return pytest.mark.parametrize("route", [pytest.param(route, id=f"{route.name}") for route in routes])


def test_every_route_of_an_event_stands_in_the_table():
    assert {str(route) for route in event_routes()} == set(ROUTES)


@each(event_routes())
@pytest.mark.parametrize("who", EVERYBODY)
async def test_each_route_answers_by_role(stage: Stage, route: Route, who: str):
    parameters = await prepare(stage, route, who)
    answer = await ask(stage, route, who, parameters)
    assert answer.status_code == expected(ROUTES[str(route)], who), answer.text


@each([route for route in event_routes() if route.method != "GET"])
async def test_who_is_refused_changes_nothing(stage: Stage, route: Route):
    asks = ROUTES[str(route)]
    refused = {who: expected(asks, who) for who in EVERYBODY if expected(asks, who) != asks.status}
    parameters = await prepare(stage, route, "owner")
    before = await all_of(stage)
    assert {who: (await ask(stage, route, who, parameters)).status_code for who in refused} == refused
    assert await all_of(stage) == before


async def test_whatever_a_viewer_reads_changes_nothing(stage: Stage):
    before = await all_of(stage)
    for route in event_routes():
        if route.method == "GET":
            await ask(stage, route, "viewer", await prepare(stage, route, "viewer"))
    assert await all_of(stage) == before


@each(event_routes())
@pytest.mark.parametrize("who", WITHOUT)
async def test_an_event_that_is_not_theirs_and_none_at_all_look_the_same(stage: Stage, route: Route, who: str):
    parameters = await prepare(stage, route, who)
    hidden = await ask(stage, route, who, parameters)
    unknown = await ask(stage, route, who, {**parameters, "event_id": UNKNOWN})
    assert (hidden.status_code, problem_of(hidden)) == (404, problem_of(unknown))


def problem_of(answer: httpx2.Response) -> tuple[Json, dict[str, str]]:
    """All that an answer says but what names the request: the id of it and the path that was asked for."""
    body = {key: value for key, value in answer.json().items() if key not in {"request_id", "instance"}}
    headers = {key: value for key, value in answer.headers.items() if key not in {"x-request-id", "content-length"}}
    return body, headers


@each(event_routes())
async def test_what_lies_in_the_trash_is_gone_for_everybody(stage: Stage, route: Route):
    asks = ROUTES[str(route)]
    parameters = {who: await prepare(stage, route, who) for who in WITH_A_ROLE}
    if not asks.trash:
        await stage.people["owner"].delete(_path(EVENT, stage.event))
    for who in WITH_A_ROLE:
        if asks.trash and who == "owner":
            continue  # restoring is what the trash is there for
        hidden = await ask(stage, route, who, parameters[who])
        unknown = await ask(stage, route, who, {**parameters[who], "event_id": UNKNOWN})
        assert (who, hidden.status_code, problem_of(hidden)) == (who, 404, problem_of(unknown))


@pytest.mark.parametrize("route", [route for route in all_routes() if str(route) not in PUBLIC], ids=str)
async def test_nobody_gets_anywhere_without_a_good_token(api: Api, route: Route):
    path = re.sub(r"\{\w+\}", "1", route.path)
    for token in (None, "not-a-token"):
        answer = await Person(api, api.client(token), {}).request(route.method, path, json={})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="convene"')
