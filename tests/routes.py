"""Every route of an application as FastAPI resolves it, included routers, mounts and WebSockets too."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import WebSocketRoute

from convene.app import create_app
from convene.operations.access import TrashedEvent, ViewableEvent
from convene.operations.identity import SignedIn
from tests.people import settings_for

#: What everybody may ask for without a token. Everything else depends on who is calling.
PUBLIC = frozenset(
    {
        "POST /api/v1/auth/register",
        "GET /api/v1/auth/registration",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
        # Of the page alone, which shows its cookie; everybody else shows a token.
        "POST /api/v1/auth/logout",
        "GET /health",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        # Signed links in mails.
        "GET /unsubscribe",
        "POST /unsubscribe",
        "GET /openapi.json",
        "GET /docs",
        "GET /docs/oauth2-redirect",
        "GET /redoc",
        "ANY /docs/assets",
        # Asks for the token itself: it may come as the first message, after everything that a dependency could see.
        "WS /api/v1/ws/notifications",
    }
)
#: Channels that go on for as long as somebody listens: tested in tests/process/test_live.py.
LIVE = frozenset({"GET /api/v1/stream", "WS /api/v1/ws/notifications"})


class Route(NamedTuple):
    """A method and a path, and all that it depends on; a mount or a plain route depends on nothing we can see."""

    method: str
    path: str
    name: str
    dependants: tuple[Dependant, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def knows_who_is_calling(self) -> bool:
        return any(gives(one, SignedIn) for one in self.dependants)

    @property
    def holds_an_event(self) -> bool:
        return any(gives(one, ViewableEvent, TrashedEvent) for one in self.dependants)


def routes_of(app: FastAPI) -> list[Route]:
    """All routes; HEAD, which goes where GET goes, is left out."""
    found = []
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        dependants = tuple(below(dependant)) if dependant else ()
        path = context.path or context.original_route.path  # type: ignore[attr-defined]
        is_socket = isinstance(context.original_route, WebSocketRoute)
        methods = {"WS"} if is_socket else (context.methods or {"ANY"}) - {"HEAD"}
        found += [Route(method, path, context.name or "", dependants) for method in sorted(methods)]
    return found


def all_routes() -> list[Route]:
    """The routes of Convene."""
    return routes_of(create_app(settings_for("sqlite:///never-opened.db")))


def below(dependant: Dependant) -> Iterator[Dependant]:
    """A dependant's dependencies, and theirs."""
    for one in dependant.dependencies:
        yield one
        yield from below(one)


def gives(dependant: Dependant, *types: type) -> bool:
    """Whether what a dependency gives is one of some types."""
    given = _given(dependant.call)
    return isinstance(given, type) and issubclass(given, types)


def _given(call: Callable[..., Any] | None) -> Any:
    if not inspect.isroutine(call) and not inspect.isclass(call):
        call = type(call).__call__  # a security scheme is an object that is called
    hints = get_type_hints(call) if hasattr(call, "__annotations__") else {}
    given = hints.get("return")
    return get_args(given)[0] if get_origin(given) in {AsyncIterator, AbstractAsyncContextManager} else given
