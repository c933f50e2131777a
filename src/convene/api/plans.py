"""Plans: what a route reads and depends on, put into an order once, when the route is made, and followed since.

FastAPI walks the tree of what a route depends on anew for each request, goes into every branch again that it has
solved already, asks each parameter again what it could be, and validates those that were not sent: a third of reading
an event, a quarter of creating one (docs/performance.md). What the signature of a route says stays true: the same
parameters, validated by the same fields, the same errors, the same order.

A plan knows what our routes use. Anything else is left to FastAPI. It is made from parts of FastAPI that are not
public, so pyproject.toml holds FastAPI to one minor version, and tests/api/test_planned.py holds it to the parts. It
must know nothing of events.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import wraps
from types import NoneType
from typing import Any, NamedTuple, get_args

from fastapi import Request, Response
from fastapi._compat import ModelField, field_annotation_is_sequence, get_missing_field_error
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.params import Body
from pydantic import BaseModel

from convene.api.bodies import Handler, read_json, receiving
from convene.api.query_names import names_in, not_in

Values = dict[str, Any]

#: Defaults that are the same for all.
_CONSTANT = (NoneType, str, int, float, bool, tuple)
_UNSOLVED = object()
_ABSENT = object()

_NOTHING: Mapping[str, Any] = {}


class _Parameter(NamedTuple):
    """Something that a request may carry: its argument, where (`_received`) and under which key, what checks it.

    What is not sent is `default`, and nobody asks Pydantic for it, 14 times for a list.
    """

    name: str
    place: str
    key: str
    field: ModelField
    required: bool
    default: Any


class _Step(NamedTuple):
    """One call: of a dependency, or at last of the route's own function.

    Attributes:
        needs: arguments that earlier steps give, by their places.
        body: the argument that the request's body is given as, None for none.
        request: the argument that the request itself is given as, "" for none.
        opens: what is given has to be left again when the route is done.
    """

    call: Callable[..., Any]
    needs: tuple[tuple[str, int], ...]
    parameters: tuple[_Parameter, ...]
    body: ModelField | None
    request: str
    opens: bool


class _Plan(NamedTuple):
    """What a route does, in order, and which headers it reads: from what is sent to what it is called here."""

    steps: list[_Step]
    has_body: bool
    headers: Mapping[bytes, str]


class NotPlanned(Exception):
    """The route uses something that plans do not know."""


Opening = Callable[..., AbstractAsyncContextManager[Any]]


def opening(make: Opening) -> Callable[..., AsyncIterator[Any]]:
    """Make a dependency of a function that gives a context manager, which is open while the route runs.

    FastAPI takes generators for this only; a plan opens what is given by itself.
    """

    @wraps(make)
    async def dependency(**arguments: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - whatever is asked for
        async with make(**arguments) as opened:
            yield opened

    dependency.make = make  # type: ignore[attr-defined]
    return dependency


# -- making a plan -------------------------------------------------------------------------------------------


def _steps(route: Dependant) -> list[_Step]:
    steps: list[_Step] = []
    places: dict[Any, int] = {}

    def place_of(dependant: Dependant) -> int:
        if dependant.call not in places:
            if not dependant.use_cache or dependant.concurrency or dependant.scope not in {None, "function"}:
                raise NotPlanned
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
        dependant.cookie_params,
        dependant.websocket_param_name or dependant.http_connection_param_name or dependant.response_param_name,
        dependant.background_tasks_param_name or dependant.security_scopes_param_name,
    )
    if call is None or any(unknown):
        raise NotPlanned
    function = call if inspect.isroutine(call) else type(call).__call__
    opens = inspect.isasyncgenfunction(function)
    if not opens and not inspect.iscoroutinefunction(function):
        raise NotPlanned
    if opens and dependant.scope != "function":
        raise NotPlanned  # it would have to stay open until the answer has been sent
    parameters = (
        *(_parameter(field, "path") for field in dependant.path_params),
        *(_parameter(field, "query") for field in dependant.query_params),
        *(_parameter(field, "header") for field in dependant.header_params),
    )
    made = getattr(call, "make", None) or asynccontextmanager(call) if opens else call
    return _Step(made, needs, parameters, _body(dependant.body_params), dependant.request_param_name or "", opens)


def _parameter(field: ModelField, place: str) -> _Parameter:
    info = field.field_info
    one_name = info.validation_alias is None or isinstance(info.validation_alias, str)
    if info.validate_default or info.default_factory is not None or not one_name:
        raise NotPlanned
    if field_annotation_is_sequence(info.annotation) or _is_model(info.annotation):
        raise NotPlanned  # it takes more than one value of the request
    required = info.is_required()
    default = None if required else info.default
    if not isinstance(default, _CONSTANT):
        raise NotPlanned  # each request would have to get its own
    return _Parameter(field.name, place, field.validation_alias or field.alias, field, required, default)


def _body(fields: Sequence[ModelField]) -> ModelField | None:
    """The one argument that is the whole body; one that may be left out is None then."""
    if not fields:
        return None
    info = fields[0].field_info
    kinds = [one for one in get_args(info.annotation) or (info.annotation,) if one is not NoneType]
    if (
        (len(fields) > 1 or type(info) is not Body or info.embed)
        or not (info.is_required() or info.default is None)
        or not (len(kinds) == 1 and _is_model(kinds[0]))
    ):
        raise NotPlanned
    return fields[0]


def _is_model(annotation: object) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)


# -- following it --------------------------------------------------------------------------------------------


def following_plan(route: Dependant) -> Handler:
    """Make what answers the requests of a route by a plan.

    Raises:
        NotPlanned: there can be none.
    """
    steps, names = _steps(route), names_in(route)
    has_body = any(step.body is not None for step in steps)
    headers = {one.key.encode(): one.key for step in steps for one in step.parameters if one.place == "header"}
    plan = _Plan(steps, has_body, headers)

    async def answer(request: Request) -> Response:
        errors = not_in(names, request)
        opened: list[AbstractAsyncContextManager[Any]] = []
        try:
            response: Response = await _follow(plan, request, opened, errors)
        except BaseException as error:
            await _leave(opened, error)
            raise
        wrong = RequestValidationError(errors) if errors else None
        # Left before the answer is sent: a commit that fails can still be told.
        await _leave(opened, wrong)
        if wrong:
            raise wrong
        return response

    return answer


async def _follow(
    plan: _Plan, request: Request, opened: list[AbstractAsyncContextManager[Any]], errors: list[Any]
) -> Any:  # noqa: ANN401 - the response, but where something was wrong
    """Take one step after the other, also after an error, so that all errors are told together."""
    received = _received(request, plan.headers)
    sent: Any = _UNSOLVED
    given: list[Any] = []
    for call, needs, parameters, body, request_as, opens in plan.steps:
        # Not before it is known who is calling, and not while anything is held open that others wait for.
        if plan.has_body and sent is _UNSOLVED and (opens or body is not None):
            sent = await _read_body(request)
        arguments: Values = {name: given[place] for name, place in needs} if needs else {}
        if parameters:
            _add_parameters(arguments, parameters, received, errors)
        if body is not None:
            arguments[body.name] = _checked(body, sent, ("body",), errors)
        if request_as:
            arguments[request_as] = request
        # Nothing is unsolved without an error, and comparing each argument costs more than it seems to.
        if errors and (len(given) == len(plan.steps) - 1 or _UNSOLVED in arguments.values()):
            given.append(_UNSOLVED)
        elif opens:
            context = call(**arguments)
            given.append(await context.__aenter__())
            opened.append(context)
        else:
            given.append(await call(**arguments))
    return given[-1]


async def _leave(opened: list[AbstractAsyncContextManager[Any]], error: BaseException | None) -> None:
    """Leave what a request has opened, the last first; nothing here keeps an error back.

    An AsyncExitStack, with generators in it, took a thirtieth of reading an event.
    """
    if not opened:
        return
    how = (type(error), error, error.__traceback__) if error else (None, None, None)
    try:
        await opened.pop().__aexit__(*how)
    except BaseException as worse:
        await _leave(opened, worse)
        raise
    await _leave(opened, error)


def _received(request: Request, headers: Mapping[bytes, str]) -> Mapping[str, Mapping[str, Any]]:
    """What a request carries, by place; of several headers of one name the first, as FastAPI takes it.

    Starlette looks through all headers for each that is asked for, and makes four objects of a query that is empty.
    """
    scope = request.scope
    asked = reversed(scope["headers"]) if headers else ()
    sent = {headers[name]: value.decode("latin-1") for name, value in asked if name in headers}
    query = request.query_params if scope["query_string"] else _NOTHING
    return {"path": scope["path_params"], "query": query, "header": sent}


async def _read_body(request: Request) -> Any:  # noqa: ANN401 - any JSON value
    with receiving:
        body = await request.body()
    return read_json(body) if body else _ABSENT


def _add_parameters(
    arguments: Values, parameters: tuple[_Parameter, ...], received: Mapping[str, Mapping[str, Any]], errors: list[Any]
) -> None:
    """Add what the request carries, and _UNSOLVED for what cannot be had."""
    for name, place, key, field, required, default in parameters:
        value = received[place].get(key, _ABSENT)
        if value is not _ABSENT or required:
            arguments[name] = _checked(field, value, (place, key), errors)
        else:
            arguments[name] = default


def _checked(field: ModelField, value: object, place: tuple[str, ...], errors: list[Any]) -> Any:  # noqa: ANN401
    if value is _ABSENT:
        if not field.field_info.is_required():
            return field.default
        errors.append(get_missing_field_error(place))
        return _UNSOLVED
    checked, wrong = field.validate(value, loc=place)
    errors += wrong
    return _UNSOLVED if wrong else checked
