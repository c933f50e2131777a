"""Errors as RFC 9457 problems: the handlers that answer with what `problem_kinds` says of an error."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import Match

from convene.api.bodies import segment
from convene.api.problem_kinds import Members, kind_of
from convene.api.wordings import wording
from convene.domain import errors

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger("convene.problems")

_PLAIN = {
    400: ("bad-request", "The request cannot be read"),
    401: ("not-authenticated", "Sign in first"),
    403: ("forbidden", "You may not do this"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "This method is not allowed here"),
    410: ("cursor-gone", "The cursor is too old"),
    413: ("too-large", "The request is too large"),
    415: ("unsupported-media-type", "This kind of body is not read here"),
    500: ("internal-error", "Something went wrong"),
}


def request_id_of(scope: Mapping[str, Any]) -> str:
    """The id that `logs` gave to a request."""
    return str(scope["state"]["request_id"])


def problem_body(status: int, slug: str, title: str, members: Members, *, scope: Mapping[str, Any]) -> bytes:
    """Write a problem as RFC 9457 JSON."""
    body = {
        "type": f"/problems/{slug}",
        "title": title,
        "status": status,
        "instance": scope.get("path", ""),
        "request_id": request_id_of(scope),
        **members,
    }
    return orjson.dumps(_without_surrogates(body))


def plain_problem(
    status: int, detail: str, scope: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with a problem that stands for an HTTP status and nothing more."""
    slug, title = _PLAIN.get(status, ("error", HTTPStatus(status).phrase))
    body = problem_body(status, slug, title, {"detail": detail}, scope=scope)
    return Response(body, status, dict(headers or {}), MEDIA_TYPE)


def problem(error: errors.ConveneError, scope: Mapping[str, Any]) -> Response:
    """Answer with the problem that an error stands for in the table."""
    kind = kind_of(error)
    scope["state"]["problem"] = kind.slug  # counted by `logs`
    headers: dict[str, str] = {}
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="convene"'
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    if isinstance(error, errors.TooOften):
        headers["Retry-After"] = str(error.seconds)
    body = problem_body(kind.status, kind.slug, kind.title, kind.members(error), scope=scope)
    return Response(body, kind.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let an application answer every error with a problem."""

    @app.exception_handler(errors.ConveneError)
    async def _(request: Request, error: errors.ConveneError) -> Response:
        if isinstance(error, errors.Unavailable):
            cause, request_id = str(error.__cause__ or ""), request_id_of(request.scope)
            _log.error("unavailable", reason=error.reason, cause=cause, request_id=request_id)
        return problem(error, request.scope)

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> Response:
        faults = dict.fromkeys(map(_fault, error.errors()))  # what a route and its dependency both read is said twice
        return problem(errors.Invalid(*faults), request.scope)

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_allowed(request))
        return plain_problem(error.status_code, str(error.detail), request.scope, headers)

    @app.exception_handler(Exception)
    async def _(request: Request, error: Exception) -> Response:
        request_id = request_id_of(request.scope)
        _log.error("unexpected error", exc_info=error, path=request.scope["path"], request_id=request_id)
        detail = "the error has been logged under the request_id"
        # The error goes on to the server, which closes the connection: whoever would ask there again is told so.
        return plain_problem(500, detail, request.scope, {"Connection": "close"})


def _allowed(request: Request) -> list[str]:
    """All methods of a path (RFC 9110, 15.5.6): the router knows those of the first route alone."""
    methods = {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.methods and route.original_route.matches(request.scope)[0] is not Match.NONE
        for method in (*route.methods, *(("HEAD",) if "GET" in route.methods else ()))
    }
    return sorted(methods or {"GET", "HEAD"})  # what has no methods is a folder of files


def _fault(fault: Mapping[str, Any]) -> errors.Fault:
    place, *path = fault["loc"]
    message = wording(fault)
    if place == "body":
        return errors.Fault(_pointer(path, unknown=fault["type"] == "extra_forbidden"), message)
    return errors.Fault(f"?{'.'.join(map(str, path))}" if place == "query" else f"{place}:{path[0]}", message)


def _pointer(path: list[str | int], *, unknown: bool) -> str:
    """Leave out what Pydantic puts between the names of members; an unknown member may be called so all the same."""
    last = len(path) - 1
    names = [
        str(name)
        for place, name in enumerate(path)
        if (unknown and place == last) or not str(name).startswith("function-")
    ]
    return "".join(f"/{segment(name)}" for name in names)


def _without_surrogates(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """What a client sent may be echoed in an error, and lone surrogates cannot be encoded."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(one) for one in value]
    return value
