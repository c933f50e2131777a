"""The other paths and names that users were promised: each does what the canonical one does, and none redirects.

What a path leads to is decided before any route and any database is asked, so one kind of database is enough here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from convene.api.aliases import canonical
from tests.api.requests import REQUESTS, invite_everybody, prepare, send, set_the_stage
from tests.databases import fresh_database
from tests.people import PASSWORD, Api, Json, Person, running_api
from tests.routes import LIVE, Route, all_routes

COMPATIBILITY = Path(__file__).parents[2] / "docs" / "compatibility.md"
CANONICAL = "/api/v1"
PREFIXES = ("", "/api", CANONICAL)
_EVENT = "/events/{event_id}"

#: Where a canonical path begins so, a promised one may begin so instead. `convene.api.aliases` leads the other way.
OTHER_NAMES = {
    f"{_EVENT}/history": f"{_EVENT}/versions",
    f"{_EVENT}/rollback": f"{_EVENT}/revert",
    f"{_EVENT}/share": "/collaboration/{event_id}/share",
    f"{_EVENT}/permissions": "/collaboration/{event_id}/permissions",
    f"{_EVENT}/collaborators": "/collaboration/{event_id}/collaborators",
}


def api_routes() -> list[Route]:
    return [route for route in all_routes() if route.path.startswith(CANONICAL)]


def names_of(path: str) -> list[str]:
    """What a canonical path is called, without its prefix: its own name first, then others that were promised."""
    own = path.removeprefix(CANONICAL)
    others = [new + own.removeprefix(old) for old, new in OTHER_NAMES.items() if own.startswith(old)]
    return [own, *others]


def promised(route: Route) -> list[str]:
    """Every path under which a route was promised, with and without a slash at the end."""
    return [prefix + name + slash for prefix in PREFIXES for name in names_of(route.path) for slash in ("", "/")]


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with fresh_database("sqlite") as url:
        yield url


@pytest.fixture(scope="module")
async def api(database_url: str) -> AsyncIterator[Api]:
    async with running_api(database_url) as api:
        yield api


@pytest.fixture(scope="module")
async def people(api: Api) -> dict[str, Person]:
    return await invite_everybody(api)


# -- paths ---------------------------------------------------------------------------------------------------


def test_every_route_has_a_request():
    assert {str(route) for route in api_routes()} - LIVE == set(REQUESTS)


_EVERY_PATH = [
    pytest.param(route, path, id=f"{route.method} {path}")
    for route in api_routes()
    if str(route) not in LIVE
    for path in promised(route)
]


@pytest.mark.parametrize(("route", "path"), _EVERY_PATH)
async def test_a_promised_path_does_what_the_canonical_one_does(
    api: Api, people: dict[str, Person], route: Route, path: str
):
    stage = await set_the_stage(people)
    parameters = await prepare(stage, route)
    me = people["owner"]
    if "/auth/" in route.path:
        me = await api.person("guest")  # who may sign out, or change the password
        [session] = (await me.get("/api/v1/auth/sessions")).json()
        parameters["session_id"] = session["id"]
    answer = await send(stage, me, route, path.format_map(parameters))
    assert answer.status_code == REQUESTS[str(route)].status, answer.text
    assert answer.history == []


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/docs", "/redoc", "/openapi.json"])
async def test_paths_without_a_prefix_take_a_slash_too(api: Api, path: str):
    for asked in (path, f"{path}/"):
        answer = await api.nobody().client.get(asked)
        assert (answer.status_code, answer.history) == (200, [])


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/events",
        "/api/v1/api/v1/events",
        "/eventsx",
        "/api",
        "/api/",
        "/collaboration",
        "/collaboration/1",
        "/collaboration/1/history",
        "/events/1/revert",
        "/api/health",
        "/",
        "//",
    ],
)
async def test_what_was_not_promised_is_not_found(people: dict[str, Person], path: str):
    answer = await people["owner"].get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/events"), ("GET", "/api/collaboration/1/share"), ("PUT", "/events/1/versions/"), ("POST", "/users")],
)
async def test_a_method_that_was_not_promised_is_not_allowed(people: dict[str, Person], method: str, path: str):
    answer = await people["owner"].request(method, path)
    assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")


_LISTED = re.compile(r"^\| ([A-Z, ]+) \| `(\S+)` \| `(\S+)` \|$", re.MULTILINE)


def test_the_document_lists_every_promised_path_and_where_it_leads():
    # The document is in an order for readers, the routes are in the order in which they are asked for most.
    assert sorted(_LISTED.findall(COMPATIBILITY.read_text(encoding="utf-8"))) == sorted(promised_table())


def promised_table() -> list[tuple[str, str, str]]:
    """Methods, name and canonical path, in the order of the routes."""
    methods: dict[str, list[str]] = {}
    for route in api_routes():
        methods.setdefault(route.path, []).append(route.method)
    return [(", ".join(found), name, path) for path, found in methods.items() for name in names_of(path)]


@pytest.mark.parametrize(("name", "path"), [row[1:] for row in promised_table()])
def test_the_alias_table_leads_where_the_document_says(name: str, path: str):
    assert {canonical(prefix + name + slash) for prefix in PREFIXES for slash in ("", "/", "//")} == {path}


# -- names ---------------------------------------------------------------------------------------------------


NINE = {"title": "Planning", "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z"}


async def creates(person: Person, **fields: Json) -> Any:
    answer = await person.post("/events/", {**NINE, "free_busy_status": "free", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("field", ["username", "email"])
@pytest.mark.parametrize("sent_as", ["json", "data"])
async def test_people_sign_in_by_name_or_address_with_json_or_a_form(ben: Person, field: str, sent_as: str):
    for name in (ben.username, ben.account["email"]):
        body = {field: name, "password": PASSWORD}
        answer = await ben.api.nobody().request("POST", "/api/auth/login", **{sent_as: body})
        assert answer.json()["token_type"] == "bearer"


async def test_the_form_of_the_oauth2_password_flow_is_read(ben: Person):
    form = {"grant_type": "password", "username": ben.username, "password": PASSWORD, "scope": "", "client_id": ""}
    answer = await ben.api.nobody().request("POST", "/auth/login/", data=form)
    assert answer.status_code == 200


async def test_full_name_is_read_as_the_display_name(api: Api):
    body = {"username": "ada.lovelace", "email": "ada@example.com", "password": PASSWORD, "full_name": "Ada Lovelace"}
    assert (await api.nobody().post("/auth/register", body)).json()["display_name"] == "Ada Lovelace"


async def test_start_date_and_end_date_are_a_window(alice: Person):
    inside, _ = await creates(alice), await creates(alice, start_time="2027-04-01T09:00Z", end_time="2027-04-01T10:00Z")
    for names in (("from", "to"), ("start_date", "end_date")):
        window = dict(zip(names, ("2027-03-01", "2027-03-31"), strict=True))
        assert [one["id"] for one in (await alice.get("/api/events", **window)).json()] == [inside["id"]]


@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_batch_is_an_object_or_a_bare_array(alice: Person, wrapped: bool):
    events = [{**NINE, "title": title, "free_busy_status": "free"} for title in ("one", "two")]
    answer = await alice.post("/api/events/batch", {"events": events} if wrapped else events)
    assert [one["title"] for one in answer.json()] == ["one", "two"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"frequency": "weekly", "interval": 1, "end_date": "2027-03-22"}, {"frequency": "weekly"}),
        ({"freq": "DAILY", "count": 5}, {"frequency": "daily", "count": 5}),
        ("FREQ=MONTHLY;COUNT=3", {"frequency": "monthly", "count": 3}),
        ({"repeat": "none"}, None),
        (None, None),
    ],
)
@pytest.mark.parametrize("name", ["recurrence_pattern", "recurrence_type"])
async def test_patterns_are_read_under_both_names_and_in_the_words_of_clients(
    alice: Person, name: str, sent: Json, kept: Json
):
    event = await creates(alice, **{name: sent})
    assert event["is_recurring"] == (kept is not None)
    assert kept is None or kept.items() <= event["recurrence_pattern"].items()


async def test_is_recurring_false_ends_the_repetition(alice: Person):
    event = await creates(alice, recurrence_pattern={"freq": "DAILY", "count": 5})
    changed = await alice.put(f"/events/{event['id']}/", {"is_recurring": False})
    assert (changed.json()["is_recurring"], changed.json()["recurrence_pattern"]) == (False, None)


async def test_what_was_read_may_be_sent_back(alice: Person):
    event = await creates(alice)
    same = await alice.put(f"/api/events/{event['id']}", event)
    assert same.json() == event


async def test_version_is_read_as_base_version(alice: Person):
    event = await creates(alice)
    await alice.changes(event, title="Other")
    refused = await alice.put(f"/events/{event['id']}", {"title": "Mine", "version": 1})
    assert (refused.status_code, refused.json()["base_version"]) == (409, 1)


async def test_versions_and_permissions_are_found_under_their_ids(alice: Person, ben: Person):
    event = await creates(alice)
    await alice.post(f"/collaboration/{event['id']}/share", {"user_id": ben.id, "permission_level": "VIEWER"})
    [version] = (await alice.get(f"/events/{event['id']}/versions")).json()
    assert (await alice.get(f"/events/{event['id']}/versions/{version['id']}")).json() == version
    _, permission = (await alice.get(f"/collaboration/{event['id']}/permissions")).json()
    own_row = f"/collaboration/{event['id']}/permissions/{permission['id']}"
    assert (await alice.put(own_row, {"permission_level": "EDITOR"})).json()["user_id"] == ben.id
    assert (await alice.delete(own_row)).status_code == 204


async def test_the_change_log_and_the_differences_have_the_promised_names(alice: Person):
    event = await creates(alice)
    await alice.changes(event, title="Other")
    [change, *_] = (await alice.get(f"/api/events/{event['id']}/changelog")).json()
    assert {"id", "version_id", "field_name", "old_value", "new_value", "created_by", "created_at"} <= change.keys()
    diff = (await alice.get(f"/api/events/{event['id']}/diff/1/2")).json()
    assert diff == {
        "event_id": event["id"],
        "comparison": {
            "version_1": 1,
            "version_2": 2,
            "changes": [{"field": "title", "old_value": "Planning", "new_value": "Other", "change_type": "modified"}],
        },
    }


async def test_a_revert_is_a_rollback(alice: Person):
    event = await creates(alice)
    await alice.changes(event, title="Other")
    back = await alice.post(f"/api/events/{event['id']}/revert/1")
    assert (back.json()["title"], back.json()["version"]) == ("Planning", 3)
