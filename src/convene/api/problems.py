"""Errors as RFC 9457 problems: one table from error class to status, type and title, and the handlers that use it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from convene.api.bodies import segment
from convene.api.representation import batch_clash_json, busy_json, free_json
from convene.domain import errors
from convene.domain.atoms import conflict_json
from convene.domain.fields import field_view
from convene.domain.zones import utc_rfc3339
from convene.storage.errors import Duplicate

MEDIA_TYPE = "application/problem+json"
FAULTS_MAX = 100
_log = structlog.get_logger("convene.problems")

Members = dict[str, Any]


class Kind(NamedTuple):
    """What a class of errors looks like from outside; `members` adds what the error itself knows."""

    status: int
    slug: str
    title: str
    members: Callable[[Any], Members] = lambda _error: {}


def _faults(error: errors.Invalid) -> Members:
    found = [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.faults[:FAULTS_MAX]]
    return {"detail": _sentence(error.faults), "errors": found}


def _sentence(faults: tuple[errors.Fault, ...]) -> str:
    first = f"{faults[0].pointer} {faults[0].detail}".strip()
    return first if len(faults) == 1 else f"{first}; and {len(faults) - 1} more"


def _edit_conflict(error: errors.EditConflict) -> Members:
    return {
        "detail": "somebody else has changed the same: " + ", ".join(one.atom for one in error.conflicts),
        "base_version": error.base_version,
        "current_version": error.current_version,
        "conflicts": [conflict_json(one) for one in error.conflicts],
        "merged": field_view(error.merged),
        "shelf_id": error.shelf_id,
    }


def _schedule_conflict(error: errors.ScheduleConflict) -> Members:
    clash = error.clash
    return {
        "detail": "the time is taken; send on_conflict=allow to book it all the same",
        "conflicts": [busy_json(one) for one in clash.conflicts],
        "more": clash.more,
        "nearest_free": [free_json(slot) for slot in clash.nearest_free],
        "checked_until": utc_rfc3339(clash.checked_until),
    }


def _batch_conflict(error: errors.BatchConflict) -> Members:
    return {
        "detail": "the time of some events is taken; send on_conflict=allow to book it all the same",
        "conflicts": [batch_clash_json(one) for one in error.clashes],
        "more": error.more,
        "checked_until": utc_rfc3339(error.checked_until),
    }


_UNAVAILABLE = {
    "database_down": "the database does not answer",
    "database_closed": "the server is stopping",
    "database_locked": "the database was locked for too long; try again",
    "database_busy": "the database did not answer in time; try again",
    "database_not_writable": "the database cannot be written; its disk may be full",
    "database_damaged": "the database is damaged",
    "database_replaced": "the database's file was replaced; restart the server",
    "event_moved": "the event was changed in the same moment; try again",
}

KINDS: Mapping[type[errors.ConveneError], Kind] = {
    errors.Invalid: Kind(422, "invalid", "The request makes no sense", _faults),
    errors.NotAuthenticated: Kind(401, "not-authenticated", "Sign in first"),
    errors.BadCredentials: Kind(
        401,
        "bad-credentials",
        "Wrong name or password",
        lambda _e: {"detail": "the name or the password is wrong"},
    ),
    errors.BadToken: Kind(
        401,
        "bad-token",
        "The token is not good",
        lambda e: {"detail": f"token: {e.reason}", "reason": e.reason},
    ),
    errors.Forbidden: Kind(403, "forbidden", "You may not do this"),
    errors.RoleTooLow: Kind(
        403,
        "role-too-low",
        "Your role does not allow this",
        lambda e: {"detail": f"needs {e.needed}, you are {e.actual}", "needed": e.needed, "actual": e.actual},
    ),
    errors.NotFound: Kind(
        404, "not-found", "Not found", lambda e: {"detail": f"there is no such {e.kind}", "kind": e.kind}
    ),
    errors.Conflict: Kind(409, "conflict", "It clashes with the present state"),
    errors.NameTaken: Kind(
        409,
        "name-taken",
        "The name is taken",
        lambda e: {"detail": f"the {e.field} is taken", "field": e.field},
    ),
    errors.EditConflict: Kind(409, "edit-conflict", "The edits cannot be merged", _edit_conflict),
    errors.ScheduleConflict: Kind(409, "schedule-conflict", "The time is taken", _schedule_conflict),
    errors.BatchConflict: Kind(409, "schedule-conflict", "The time is taken", _batch_conflict),
    errors.NotPossibleNow: Kind(
        409,
        "not-possible",
        "Not possible as things stand",
        lambda e: {"detail": e.detail, "reason": e.reason},
    ),
    errors.Gone: Kind(
        410,
        "cursor-gone",
        "The cursor is too old",
        lambda _e: {"detail": "what came after this cursor is not kept any more; begin again without one"},
    ),
    errors.PreconditionFailed: Kind(
        412,
        "precondition-failed",
        "It has been changed meanwhile",
        lambda e: {
            "detail": f"the newest version is {e.current_version}",
            "current_version": e.current_version,
        },
    ),
    errors.TooMuch: Kind(
        422,
        "too-much",
        "Too much at once",
        lambda e: {"detail": f"at most {e.limit} {e.what}", "limit": e.limit},
    ),
    errors.AgendaTooFull: Kind(
        422,
        "too-much",
        "Too much at once",
        lambda _e: {"detail": "the owner's calendar is too full to be compared; send on_conflict=allow"},
    ),
    errors.Unavailable: Kind(
        503,
        "unavailable",
        "Not available now",
        lambda e: {"detail": _UNAVAILABLE.get(e.reason, "not available now"), "reason": e.reason},
    ),
    # Operations say what a duplicate key means; one that they did not expect is a clash all the same.
    Duplicate: Kind(409, "duplicate", "It is there already"),
    errors.ConveneError: Kind(500, "internal-error", "Something went wrong"),
}

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
    kind = next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)
    headers: dict[str, str] = {}
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="convene"'
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
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
        # This handler stands outside of the middleware that writes the request's line and header.
        request_id = request_id_of(request.scope)
        _log.error("unexpected error", exc_info=error, path=request.scope["path"], request_id=request_id)
        detail = "the error has been logged under the request_id"
        # The error goes on to the server, which closes the connection: whoever would ask there again is told so.
        headers = {"X-Request-ID": request_id, "Connection": "close"}
        return plain_problem(500, detail, request.scope, headers)


def _allowed(request: Request) -> list[str]:
    """All methods of a path (RFC 9110, 15.5.6): the router knows those of the first route alone."""
    path = request.scope["path"]
    methods = {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.path and route.methods and _pattern(route.path).match(path)
        for method in route.methods
    }
    return sorted(methods or {"GET", "HEAD"})  # what has no methods is a folder of files


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return compile_path(path)[0]


def _fault(fault: Mapping[str, Any]) -> errors.Fault:
    place, *path = fault["loc"]
    message = str(fault["msg"]).removeprefix("Value error, ")
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
