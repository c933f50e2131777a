"""A planned route and FastAPI's own, made of the same functions: nobody can tell them apart by their answers."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Body, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import JSONResponse

from convene.api.planned import PlannedRoute

Log = list[str]

#: What FastAPI knows of a route, all of which `convene.api.plans` takes into account.
KNOWN_PARTS = {
    "background_tasks_param_name", "body_params", "call", "concurrency", "cookie_params", "dependencies",
    "header_params", "http_connection_param_name", "name", "own_oauth_scopes", "parent_oauth_scopes", "path",
    "path_params", "query_params", "request_param_name", "response_param_name", "scope",
    "security_scopes_param_name", "use_cache", "websocket_param_name",
}  # fmt: skip


def make_app(kind: type[APIRoute]) -> tuple[FastAPI, Log]:
    """An application with one route of a kind, and what its functions write down."""
    app, log = FastAPI(), Log()
    app.router.route_class = kind

    async def caller(request: Request) -> str:
        log.append("caller")
        return request.headers.get("x-caller", "nobody")

    async def opened(caller: Annotated[str, Depends(caller)]) -> AsyncIterator[str]:
        log.append("opened")
        try:
            yield f"unit of {caller}"
            log.append("committed")
        finally:
            log.append("closed")

    unit = Depends(opened, scope="function")

    async def thing(thing_id: Annotated[int, Path(ge=1)], unit: Annotated[str, unit]) -> str:
        log.append("thing")
        return f"{thing_id} in {unit}"

    async def page(limit: Annotated[int, Query(ge=1, le=9)] = 5, since: Annotated[str | None, Query()] = None) -> Any:
        return limit, since

    async def counted(caller: Annotated[str, Depends(caller)]) -> None:
        log.append(f"counted {caller}")

    @app.get("/things/{thing_id}", dependencies=[Depends(counted)])
    async def read(  # noqa: PLR0917 - what a request has
        caller: Annotated[str, Depends(caller)],
        thing: Annotated[str, Depends(thing)],
        unit: Annotated[str, unit],
        page: Annotated[Any, Depends(page)],
        wanted: Annotated[int, Query(alias="from")],
        most: Annotated[int, Query(alias="limit", le=6)] = 0,  # which `page` reads as well, as it likes
        if_match: Annotated[str | None, Header(max_length=5)] = None,
    ) -> Response:
        log.append("route")
        if if_match == "fail":
            raise RuntimeError
        return JSONResponse([caller, thing, unit, page, wanted, most, if_match])

    return app, log


async def asked(kind: type[APIRoute], path: str, headers: dict[str, str]) -> tuple[int, Any, Log]:
    app, log = make_app(kind)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://convene.test") as client:
        answer = await client.get(path, headers=headers)
    return answer.status_code, answer.text, log


@pytest.mark.parametrize("headers", [{}, {"X-Caller": "alice", "If-Match": "one"}, {"If-Match": "much too long"}])
@pytest.mark.parametrize(
    "path",
    [
        "/things/1?from=3",
        "/things/1?from=3&limit=9&since=yesterday&unknown=1",
        "/things/1?from=3&limit=6",
        "/things/1?from=3&limit=10",
        "/things/1?from=3&from=4&limit=1&limit=2",
        "/things/1",
        "/things/0?from=3",
        "/things/x?from=&limit=10",
        "/things/1?from=x",
    ],
)
async def test_planned_routes_answer_as_those_of_fastapi_do(path: str, headers: dict[str, str]):
    assert (await asked(PlannedRoute, path, headers))[:2] == (await asked(APIRoute, path, headers))[:2]


async def test_each_dependency_is_solved_once_and_units_end_before_the_answer():
    status, _, log = await asked(PlannedRoute, "/things/1?from=3", {})
    assert status == 200
    assert log == ["caller", "counted nobody", "opened", "thing", "route", "committed", "closed"]


async def test_a_unit_is_told_of_an_error_in_the_route():
    status, _, log = await asked(PlannedRoute, "/things/1?from=3", {"If-Match": "fail"})
    assert (status, log[-2:]) == (500, ["route", "closed"])


class Thing(BaseModel):
    name: str
    size: int = 1


async def sent(kind: type[APIRoute], path: str, body: bytes) -> tuple[int, str]:
    app = FastAPI()
    app.router.route_class = kind

    async def named(body: Thing, since: Annotated[int, Header()]) -> str:
        return f"{body.name} since {since}"

    @app.post("/perhaps")
    async def perhaps(body: Thing | None = None) -> Response:
        return JSONResponse("none" if body is None else [body.name, body.size])

    @app.post("/things")
    async def create(body: Thing, named: Annotated[str, Depends(named)], limit: Annotated[int, Query()]) -> Response:
        return JSONResponse([body.name, body.size, named, limit])

    transport = httpx2.ASGITransport(app)
    headers = {"Content-Type": "application/json", "Since": path.partition("since=")[2]}
    async with httpx2.AsyncClient(transport=transport, base_url="http://convene.test") as client:
        answer = await client.post(path, content=body, headers=headers)
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    "path", ["/things?limit=1&since=2", "/things?limit=x&since=2", "/things?since=y", "/things", "/perhaps"]
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b'"text"',
        b'{"name": "one"}',
        b'{"name": "one", "size": 2, "more": 3}',
        b'{"name": 5}',
    ],
)
async def test_planned_routes_read_bodies_as_those_of_fastapi_do(path: str, body: bytes):
    assert await sent(PlannedRoute, path, body) == await sent(APIRoute, path, body)


async def embedded(name: Annotated[str, Body(embed=True)]) -> str:
    return name


async def with_another_body(thing: Annotated[Thing, Body()] = Thing(name="one")) -> str:  # noqa: B008 - once
    return thing.name


async def of_many(tag: Annotated[list[str], Query()]) -> str:
    return "".join(tag)


async def of_a_model(thing: Annotated[Thing, Query()]) -> str:
    return thing.name


def synchronous() -> str:
    return "one"


@pytest.mark.parametrize(
    ("function", "asks"),
    [
        (embedded, {"json": {"name": "one"}}),
        (with_another_body, {}),
        (of_many, {"params": {"tag": ["o", "ne"]}}),
        (of_a_model, {"params": {"name": "one"}}),
        (synchronous, {}),
    ],
)
async def test_what_plans_do_not_know_is_left_to_fastapi(function: Callable[..., Any], asks: dict[str, Any]):
    app = FastAPI()
    app.router.route_class = PlannedRoute
    app.post("/things")(function)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://convene.test") as client:
        assert (await client.post("/things", **asks)).json() == "one"


async def of_another_path(thing_id: Annotated[str, Path()]) -> str:
    return thing_id


async def test_what_a_path_does_not_have_is_missed():
    app = FastAPI()
    app.router.route_class = PlannedRoute
    app.get("/things")(of_another_path)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://convene.test") as client:
        assert (await client.get("/things")).status_code == 422


def test_fastapi_describes_routes_in_the_parts_that_plans_were_written_for():
    """A part that is new may mean what plans would leave out: look into `planning._Planning`, then add it here."""
    assert set(Dependant.__dataclass_fields__) == KNOWN_PARTS
