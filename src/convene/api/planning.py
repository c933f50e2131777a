"""Making plans: what a route reads and depends on, put into an order once, when the route is made (`plans`).

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

from fastapi._compat import ModelField, field_annotation_is_sequence
from fastapi.dependencies.models import Dependant
from fastapi.params import Body
from fastapi.utils import get_path_param_names
from pydantic import BaseModel

#: Defaults that are the same for all.
_CONSTANT = (NoneType, str, int, float, bool, tuple)
UNSOLVED = object()
ABSENT = object()


class Parameter(NamedTuple):
    """Something that a request may carry: its place among the values, where it is sent, as what, Pydantic's check."""

    place: int
    sent_in: str
    key: str
    check: Callable[..., Any]
    needed: bool


class Step(NamedTuple):
    """One call: of a dependency, or at last of the route's own function.

    Attributes:
        gives: calls it with what it takes of the values.
        places: where among them that is.
        reads: the request's body has to be read before.
        body: what is made of the body for it, None for nothing.
        opens: what is given has to be left again when the route is done.
        place: where among the values that goes.
    """

    call: Callable[..., Any]
    gives: Callable[[Callable[..., Any], Sequence[Any]], Any]
    places: tuple[int, ...]
    reads: bool
    body: Parameter | None
    opens: bool
    place: int


class Plan(NamedTuple):
    """What a route does, in order, and the values that it does it with, each in its place.

    Attributes:
        blank: what the values are before anything was sent, but for the first, which is the request.
        path, query, headers: what is read, by what it is called there; several may read the same.
        needed: what else than the path has to be sent.
    """

    steps: tuple[Step, ...]
    blank: tuple[Any, ...]
    path: Mapping[str, Sequence[Parameter]]
    query: Mapping[str, Sequence[Parameter]]
    headers: Mapping[bytes, Sequence[Parameter]]
    needed: tuple[Parameter, ...]


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


class _Planning:
    """A plan in the making: the walk through what a route depends on, each dependency once."""

    def __init__(self) -> None:
        self.blank: list[Any] = [None]
        self.parameters: list[Parameter] = []
        self.steps: list[Step] = []
        self._places: dict[Any, int] = {}

    def place_of(self, dependant: Dependant) -> int:
        """Where what a dependant gives is among the values."""
        if dependant.call not in self._places:
            if not dependant.use_cache or dependant.concurrency or dependant.scope not in {None, "function"}:
                raise NotPlanned
            places = [(one.name, self.place_of(one)) for one in dependant.dependencies]
            # What a route depends on without taking what it gives has no name.
            needs = {name: place for name, place in places if name is not None}
            self._places[dependant.call] = self._add_step(dependant, needs)
        return self._places[dependant.call]

    def _add_step(self, dependant: Dependant, needs: dict[str, int]) -> int:
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
        sent = {"path": dependant.path_params, "query": dependant.query_params, "header": dependant.header_params}
        for sent_in, fields in sent.items():
            for field in fields:
                parameter = self._parameter(field, sent_in)
                self.parameters.append(parameter)
                needs[field.name] = parameter.place
        body = self._body(dependant.body_params)
        if body is not None:
            needs[dependant.body_params[0].name] = body.place
        if dependant.request_param_name:
            needs[dependant.request_param_name] = 0
        # Not before it is known who is calling, and not while anything is held open that others wait for.
        reads = (opens or body is not None) and not any(step.reads for step in self.steps)
        made = getattr(call, "make", None) or asynccontextmanager(call) if opens else call
        place = self._new_place(None)
        self.steps.append(Step(made, _giving(needs), tuple(needs.values()), reads, body, opens, place))
        return place

    def _new_place(self, blank: object) -> int:
        self.blank.append(blank)
        return len(self.blank) - 1

    def _parameter(self, field: ModelField, sent_in: str) -> Parameter:
        info = field.field_info
        one_name = info.validation_alias is None or isinstance(info.validation_alias, str)
        if info.validate_default or info.default_factory is not None or not one_name:
            raise NotPlanned
        if sent_in != "body" and (field_annotation_is_sequence(info.annotation) or _is_model(info.annotation)):
            raise NotPlanned  # it takes more than one value of the request
        needed = info.is_required()
        default = ABSENT if needed else info.default
        if not needed and not isinstance(default, _CONSTANT):
            raise NotPlanned  # each request would have to get its own
        key = field.validation_alias or field.alias
        check = field._type_adapter.validator.validate_python  # noqa: SLF001 - FastAPI's `validate` is three calls
        return Parameter(self._new_place(default), sent_in, key, check, needed)

    def _body(self, fields: Sequence[ModelField]) -> Parameter | None:
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
        return self._parameter(fields[0], "body")


def _giving(needs: Mapping[str, int]) -> Callable[[Callable[..., Any], Sequence[Any]], Any]:
    """Make what calls a function with values as its arguments: as if written by hand, without a dictionary of them."""
    arguments = ", ".join(f"{name}=values[{place}]" for name, place in needs.items())
    made: Callable[..., Any] = eval(f"lambda call, values: call({arguments})")  # noqa: S307 - of the names of arguments
    return made


def plan_of(route: Dependant) -> Plan:
    """Make the plan of a route.

    Raises:
        NotPlanned: there can be none.
    """
    made = _Planning()
    made.place_of(route)
    if all(step.body is None for step in made.steps):
        made.steps = [step._replace(reads=False) for step in made.steps]

    def sent_in(where: str) -> dict[str, list[Parameter]]:
        keys = dict.fromkeys(one.key for one in made.parameters if one.sent_in == where)
        return {key: [one for one in made.parameters if (one.sent_in, one.key) == (where, key)] for key in keys}

    if not sent_in("path").keys() <= get_path_param_names(route.path or ""):
        raise NotPlanned  # nothing would be in its place
    headers = {key.encode(): read for key, read in sent_in("header").items()}
    needed = tuple(one for one in made.parameters if one.needed and one.sent_in != "path")
    return Plan(tuple(made.steps), tuple(made.blank[1:]), sent_in("path"), sent_in("query"), headers, needed)


def _is_model(annotation: object) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)
