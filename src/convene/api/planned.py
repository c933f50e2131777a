"""Routes that read their parameters and solve their dependencies by a plan, made once when the route is made.

FastAPI walks the tree of what a route depends on anew for each request, goes into every branch again that it has solved
already, and validates parameters that were not sent. That was more than half of reading an event. What the signature
of a route says stays true: the same parameters, validated by the same fields, the same errors, the same order.

A plan knows what our routes without a body use. Anything else is left to FastAPI. It must know nothing of events.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from convene.api.bodies import Handler, read_first
from convene.api.idempotency import answered_once

Values = dict[str, Any]

_UNSOLVED = object()


class _Parameter(NamedTuple):
    """Something that a request may carry: its argument, where and under which key it is found, what checks it."""

    name: str
    received: Callable[[Request], Mapping[str, Any]]
    key: str
    field: ModelField
    required: bool


class _Step(NamedTuple):
    """One call: of a dependency, or at last of the route's own function.

    Attributes:
        needs: arguments that earlier steps give, by their places.
        request: the argument that the request itself is given as, "" for none.
        opens: what is given has to be left again when the route is done.
    """

    call: Callable[..., Any]
    needs: tuple[tuple[str, int], ...]
    parameters: tuple[_Parameter, ...]
    request: str
    opens: bool


class _NotPlanned(Exception):
    """The route uses something that plans do not know."""


class PlannedRoute(APIRoute):
    """A route that is answered by its plan, if there is one; a POST acts once under its Idempotency-Key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        if set(options.get("methods") or ()) == {"POST"}:
            endpoint = answered_once(endpoint)
        super().__init__(path, endpoint, **options)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and let the log know by which route: by its template, of which there are few."""
        scope.setdefault("state", {})["route"] = self.path
        await super().handle(scope, receive, send)

    def get_route_handler(self) -> Handler:
        """Make what answers requests."""
        try:
            return _handler(_steps(self.dependant))
        except _NotPlanned:
            answer = super().get_route_handler()
            return read_first(answer) if self.body_field else answer


def feature_router(tag: str, prefix: str = "") -> APIRouter:
    """Make the router of a feature. Operation ids are the names of its functions: readable in generated clients."""
    return APIRouter(
        prefix=prefix, tags=[tag], route_class=PlannedRoute, generate_unique_id_function=lambda route: route.name
    )


def install(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Serve the routes of features, asked in this order.

    Not by `include_router`, which keeps routers as they are: it looks for a route twice, and could give a route
    dependencies that its plan does not know.
    """
    for router in routers:
        app.router.routes.extend(router.routes)


# -- making a plan -------------------------------------------------------------------------------------------


def _steps(route: Dependant) -> list[_Step]:
    steps: list[_Step] = []
    places: dict[Any, int] = {}

    def place_of(dependant: Dependant) -> int:
        if dependant.call not in places:
            if not dependant.use_cache or dependant.concurrency or dependant.scope not in {None, "function"}:
                raise _NotPlanned
            places_of = [(one.name, place_of(one)) for one in dependant.dependencies]
            # What a route depends on without taking what it gives has no name.
            needs = tuple((name, place) for name, place in places_of if name is not None)
            steps.append(_step(dependant, needs))
            places[dependant.call] = len(steps) - 1
        return places[dependant.call]

    place_of(route)
    return steps


def _step(dependant: Dependant, needs: tuple[tuple[str, int], ...]) -> _Step:
    call = dependant.call
    unknown = (
        dependant.body_params or dependant.cookie_params,
        dependant.websocket_param_name or dependant.http_connection_param_name or dependant.response_param_name,
        dependant.background_tasks_param_name or dependant.security_scopes_param_name,
    )
    if call is None or any(unknown):
        raise _NotPlanned
    function = call if inspect.isroutine(call) else type(call).__call__
    opens = inspect.isasyncgenfunction(function)
    if not opens and not inspect.iscoroutinefunction(function):
        raise _NotPlanned
    if opens and dependant.scope != "function":
        raise _NotPlanned  # it would have to stay open until the answer has been sent
    parameters = (
        *(_parameter(field, lambda request: request.path_params) for field in dependant.path_params),
        *(_parameter(field, lambda request: request.query_params) for field in dependant.query_params),
        *(_parameter(field, lambda request: request.headers) for field in dependant.header_params),
    )
    made = asynccontextmanager(call) if opens else call
    return _Step(made, needs, parameters, dependant.request_param_name or "", opens)


def _parameter(field: ModelField, received: Callable[[Request], Mapping[str, Any]]) -> _Parameter:
    info = field.field_info
    if info.validate_default or info.default_factory is not None:
        raise _NotPlanned
    return _Parameter(field.name, received, field.validation_alias or field.alias, field, info.is_required())


# -- following it --------------------------------------------------------------------------------------------


def _handler(steps: list[_Step]) -> Handler:
    async def answer(request: Request) -> Response:
        given: list[Any] = []
        errors: list[Any] = []
        # Left before the answer is sent: a commit that fails can still be told.
        async with AsyncExitStack() as stack:
            for step in steps:
                arguments = _arguments(step, given, request, errors)
                if arguments is None or (errors and step is steps[-1]):
                    given.append(_UNSOLVED)
                elif step.opens:
                    given.append(await stack.enter_async_context(step.call(**arguments)))
                else:
                    given.append(await step.call(**arguments))
            if errors:
                raise RequestValidationError(errors)
        response: Response = given[-1]
        return response

    return answer


def _arguments(step: _Step, given: list[Any], request: Request, errors: list[Any]) -> Values | None:
    """The arguments of a step; None when some cannot be had."""
    arguments = {name: given[place] for name, place in step.needs}
    solved = _UNSOLVED not in arguments.values()
    for parameter in step.parameters:
        received = parameter.received(request)
        if parameter.required or parameter.key in received:
            values, wrong = request_params_to_args([parameter.field], received)
            errors += wrong
            solved = solved and not wrong
            arguments |= values
        else:
            arguments[parameter.name] = parameter.field.default
    if step.request:
        arguments[step.request] = request
    return arguments if solved else None
