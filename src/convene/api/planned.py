"""Routes that are answered by plans (`plans`), and how they get into the application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from convene.api.bodies import Handler, read_first
from convene.api.planning import NotPlanned
from convene.api.plans import following_plan
from convene.api.query_names import after_names, names_in


class PlannedRoute(APIRoute):
    """A route that is answered by its plan, if there is one."""

    #: Answers by the plan; None where there is none.
    answer: Handler | None = None

    def __init__(self, path: str, endpoint: Callable[..., Any], **said: Any) -> None:  # noqa: ANN401 - FastAPI's own
        self.others: tuple[dict[str, Any], ...] = ()
        """What stands in the places of the parameters when a path is that of another route, in letters."""
        super().__init__(path, endpoint, **said)
        if self.answer is not None:  # a plan opens and leaves what it needs by itself
            self.app = _served(self.answer)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for this route: `/events/batch` is no event, whatever the method."""
        match, found = super().matches(scope)
        if self.others and match is not Match.NONE and found["path_params"] in self.others:
            return Match.NONE, {}
        return match, found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and let the log know by which route: by its template, of which there are few."""
        scope.setdefault("state", {})["route"] = self.path
        await super().handle(scope, receive, send)

    def get_route_handler(self) -> Handler:
        """Make what answers requests."""
        try:
            self.answer = following_plan(self.dependant)
        except NotPlanned:
            answer = after_names(names_in(self.dependant), super().get_route_handler())
            return read_first(answer) if self.body_field else answer
        return self.answer


def _served(answer: Handler) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(Request(scope, receive, send))
        await response(scope, receive, send)

    return serve


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
    routes = [route for router in routers for route in router.routes]
    letters = {route.path for route in routes if isinstance(route, PlannedRoute) and not route.param_convertors}
    for route in routes:
        if isinstance(route, PlannedRoute) and route.param_convertors:
            route.others = tuple(found.groupdict() for path in letters if (found := route.path_regex.match(path)))
    app.router.routes.extend(routes)
