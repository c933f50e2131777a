"""Plans: what a route reads and depends on is put into an order once (`planning`), and followed since.

FastAPI walks the tree of what a route depends on anew for each request, goes into every branch again that it has
solved already, asks each parameter again what it could be, and validates those that were not sent: a third of reading
an event, a quarter of creating one (docs/performance.md). What the signature of a route says stays true: the same
parameters, validated by the same fields, the same errors, the same order.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, NoReturn

from fastapi import Request, Response
from fastapi._compat import get_missing_field_error
from fastapi._compat.v2 import _regenerate_error_with_loc
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from convene.api.bodies import Handler, read_json, receiving
from convene.api.planning import ABSENT, UNSOLVED, Parameter, Plan, plan_of
from convene.api.query_names import names_in, not_in

#: In the state of a request: what it is answered with, for what is left when the route is done.
ANSWER = "answer"


class _Wrong(NamedTuple):
    """What is wrong with a request, and with the value in which place, by which it is told in order."""

    place: int
    errors: list[dict[str, Any]]


def following_plan(route: Dependant) -> Handler:
    """Make what answers the requests of a route by a plan.

    Raises:
        NotPlanned: there can be none.
    """
    plan, names = plan_of(route), names_in(route)
    last = plan.steps[-1].place

    async def answer(request: Request) -> Response:
        values: list[Any] = [request, *plan.blank]
        wrong: list[_Wrong] = []
        _add_sent(values, plan, names, wrong)
        opened: list[AbstractAsyncContextManager[Any]] = []
        try:
            # One step after the other, also after an error, so that all errors are told together.
            sent: Any = None
            for call, gives, places, reads, body, opens, place in plan.steps:
                if reads:
                    sent = await _read_body(request)
                if body is not None and sent is not ABSENT:
                    values[body.place] = _checked(body, sent, wrong)
                elif body is not None and body.needed:
                    values[body.place] = _missing(body, wrong)
                if wrong and (place == last or any(values[one] is UNSOLVED for one in places)):
                    values[place] = UNSOLVED
                elif opens:
                    context = gives(call, values)
                    values[place] = await context.__aenter__()
                    opened.append(context)
                else:
                    values[place] = await gives(call, values)
            if wrong:
                _refuse(wrong)
        except BaseException as error:
            await _leave(opened, error)
            raise
        response: Response = values[-1]
        # Left before the answer is sent: a commit that fails can still be told.
        await _leave_with(opened, response, request.scope["state"])
        return response

    return answer


def _refuse(wrong: list[_Wrong]) -> NoReturn:
    raise RequestValidationError([error for one in sorted(wrong) for error in one.errors])


async def _leave_with(
    opened: list[AbstractAsyncContextManager[Any]], response: Response, state: dict[str, Any]
) -> None:
    state[ANSWER] = response
    await _leave(opened, None)
    del state[ANSWER]  # the server keeps the state until something else is asked


async def _leave(opened: list[AbstractAsyncContextManager[Any]], error: BaseException | None) -> None:
    """Leave what a request has opened, the last first; nothing here keeps an error back.

    An AsyncExitStack, with generators in it, took a thirtieth of reading an event.
    """
    how = (type(error), error, error.__traceback__) if error else (None, None, None)
    while opened:
        try:
            await opened.pop().__aexit__(*how)
        except BaseException as worse:
            await _leave(opened, worse)
            raise


def _add_sent(values: list[Any], plan: Plan, names: frozenset[str], wrong: list[_Wrong]) -> None:
    """Put what a request carries in its place: what was not sent is there already, as its default."""
    request: Request = values[0]
    scope = request.scope
    for key, value in scope["path_params"].items():
        for parameter in plan.path.get(key, ()):
            values[parameter.place] = _checked(parameter, value, wrong)
    if scope["query_string"]:
        _add_query(values, plan, names, wrong)
    if plan.headers:
        _add_headers(values, plan, wrong)
    for parameter in plan.needed:
        if values[parameter.place] is ABSENT:
            values[parameter.place] = _missing(parameter, wrong)


def _add_query(values: list[Any], plan: Plan, names: frozenset[str], wrong: list[_Wrong]) -> None:
    request: Request = values[0]
    if unknown := not_in(names, request):
        wrong.append(_Wrong(0, unknown))
    for key, value in request.query_params.items():
        for parameter in plan.query.get(key, ()):
            values[parameter.place] = _checked(parameter, value, wrong)


def _add_headers(values: list[Any], plan: Plan, wrong: list[_Wrong]) -> None:
    """Of several headers of one name the first, as FastAPI takes it, but by one look through all."""
    request: Request = values[0]
    found = {name: value for name, value in reversed(request.scope["headers"]) if name in plan.headers}
    for name, value in found.items():
        for parameter in plan.headers[name]:
            values[parameter.place] = _checked(parameter, value.decode("latin-1"), wrong)


async def _read_body(request: Request) -> Any:  # noqa: ANN401 - any JSON value
    with receiving:
        body = await request.body()
    return read_json(body) if body else ABSENT


def _missing(parameter: Parameter, wrong: list[_Wrong]) -> Any:  # noqa: ANN401 - what stands for no value
    wrong.append(_Wrong(parameter.place, [get_missing_field_error(_location(parameter))]))
    return UNSOLVED


def _checked(parameter: Parameter, value: object, wrong: list[_Wrong]) -> Any:  # noqa: ANN401 - as it is declared
    try:
        return parameter.check(value, from_attributes=True)
    except ValidationError as error:
        errors = _regenerate_error_with_loc(errors=error.errors(include_url=False), loc_prefix=_location(parameter))
        wrong.append(_Wrong(parameter.place, errors))
        return UNSOLVED


def _location(parameter: Parameter) -> tuple[str, ...]:
    return ("body",) if parameter.sent_in == "body" else (parameter.sent_in, parameter.key)
