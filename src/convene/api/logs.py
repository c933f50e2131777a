"""One line a request, a request id on each, and nothing secret: no query strings, no headers, no bodies."""

from __future__ import annotations

import os
import re
import time
from itertools import count
from secrets import token_hex

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from convene.api import lines
from convene.api.endings import HANG_UP, hang_up
from convene.api.metrics import Metrics
from convene.api.rates import rate_headers
from convene.api.safety import safety_headers

#: A request's own id: what is this process's alone, and the request's number in it. Nothing to keep secret.
_PROCESS = token_hex(4)
_requests = count(1)


def _be_another() -> None:
    """Be told apart from the process that this one was forked from, which had imported this already."""
    global _PROCESS  # noqa: PLW0603 - of the process, as this module is
    _PROCESS = token_hex(4)


os.register_at_fork(after_in_child=_be_another)

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class RequestLog:
    """ASGI middleware: gives each request an id (or keeps the proxy's), answers with it, and logs one line."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, write down what came of it, and count it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        if scope["type"] == "websocket":  # lives for hours: the server tells of it when it begins
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = (b"x-request-id", request_id.encode())
                said = message["headers"]
                message["headers"] = [*said, own, *rate_headers(scope), *safety_headers(scope, said)]
            await (hang_up(send) if message["type"] == HANG_UP else send(message))

        try:
            await self._app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - started
            self._metrics.observe(scope["method"], state.get("route", "other"), status, seconds)
            if "problem" in state:
                self._metrics.refused(state["problem"])
            if state.get("merged"):
                self._metrics.merged()
            lines.tell_request(
                {
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                    "request_id": request_id,
                }
            )


def _request_id(scope: Scope) -> str:
    for key, value in scope["headers"]:
        if key == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return str(value.decode())
    return f"{_PROCESS}{next(_requests):08x}"
