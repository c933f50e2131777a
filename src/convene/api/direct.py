"""The short way to planned routes, for requests that no middleware has anything to do with.

Between the log of requests and a route, a request passes through what answers errors, aliases, quotas of strangers,
sizes and kinds of bodies, MessagePack, HEAD, and FastAPI's search for the route: thirteen coroutines inside each
other, a quarter of the CPU of reading an event. Most requests are none of their business, and can be seen to be so.
All others, and whatever is no planned route, take the long way; the answers are the same (tests/api/test_direct.py).
"""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.convertors import StringConvertor
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from convene.api.aliases import PREFIX, canonical
from convene.api.bodies import JSON, PlainRequest
from convene.api.limits import BodyLimits, TooLarge, discard_rest, is_bounded
from convene.api.planned import PlannedRoute

#: What stands for a parameter in a path. Whatever is no number, such as the id of a session, takes the long way.
_NUMBER = re.compile(r"/([0-9]+)(?=/|$)")
_PARAMETER = re.compile(r"/\{\w+\}")
_PLACE = "/{}"


class Direct:
    """ASGI application: answers what it can by itself, and leaves the rest to the long way."""

    def __init__(self, app: FastAPI, long_way: ASGIApp) -> None:
        self._long_way = long_way
        self._with_body = BodyLimits(self._answer)
        self._unexpected = app.exception_handlers[Exception]
        self._handlers = {kind: tell for kind, tell in app.exception_handlers.items() if kind is not Exception}
        self._told = tuple(self._handlers)
        self._routes = _direct_routes(app)
        self._sockets = {route.path: route.app for route in app.routes if isinstance(route, WebSocketRoute)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] == "websocket":
            serve = None if scope.get("root_path") else self._sockets.get(canonical(scope["path"]))
            await (serve or self._long_way)(scope, receive, send)
            return
        if not _is_plain(scope):
            await self._long_way(scope, receive, send)
            return
        method = scope["method"]
        parts = _NUMBER.split(scope["path"])  # the numbers, and before, between and after them what is around them
        route = self._routes.get((method, _PLACE.join(parts[::2])))
        if route is None:
            await self._long_way(scope, receive, send)
            return
        scope["path_params"] = dict(zip(route.param_convertors, parts[1::2], strict=True))
        scope["route"] = route
        scope["state"]["route"] = route.path
        if method == "GET":
            await self._answer(scope, receive, send)
        elif is_bounded(scope):
            await self._answer(scope, receive, send, has_body=True)
        else:
            await self._with_body(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, *, has_body: bool = False) -> None:
        """Answer; with `has_body`, after taking what the route has left of a body that nobody else counts."""
        request = PlainRequest(scope, receive, send)
        try:
            response = await scope["route"].answer(request)
        except self._told as error:
            tell = next(self._handlers[kind] for kind in type(error).__mro__ if kind in self._handlers)
            response = await tell(request, error)  # type: ignore[misc] # all of ours are coroutines
        except TooLarge:  # those who count bodies answer that
            raise
        except Exception as error:
            response = await self._unexpected(request, error)  # type: ignore[misc] # as above
            if has_body and not request.was_taken:
                await discard_rest(scope, receive, response.raw_headers)
            await response(scope, receive, send)
            raise
        if has_body and not request.was_taken:
            await discard_rest(scope, receive, response.raw_headers)
        await response(scope, receive, send)


def _is_plain(scope: Scope) -> bool:
    """Whether only JSON is spoken, and nobody has put the application under a path of their own."""
    if scope["type"] != "http" or scope.get("root_path"):
        return False
    for name, value in scope["headers"]:
        if (name == b"accept" and b"msgpack" in value.lower()) or (name == b"content-type" and value != JSON):
            return False
    return True


def _direct_routes(app: FastAPI) -> dict[tuple[str, str], PlannedRoute]:
    """The planned routes of the API by method and path; of two that a path fits, the one that is asked first."""
    found: dict[tuple[str, str], PlannedRoute] = {}
    for route in app.routes:
        if isinstance(route, PlannedRoute) and route.answer is not None and _is_simple(route):
            for method in route.methods or ():
                found.setdefault((method, _PARAMETER.sub(_PLACE, route.path)), route)
    return found


def _is_simple(route: PlannedRoute) -> bool:
    kinds = {type(one) for one in route.param_convertors.values()}
    return route.path.startswith(f"{PREFIX}/") and kinds <= {StringConvertor}
