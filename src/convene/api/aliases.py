"""The other paths that users were promised: one table, applied before routing, not second routes.

The OpenAPI document shows the canonical paths; docs/compatibility.md lists all.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/api/v1"

_FEATURES = "auth|users|events|collaboration|calendars|insights|notifications|changes|stream|webhooks|ws"
#: Applied in this order, each to what the one before has left.
ALIASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^/api/(?!v\d+(?:/|$))", "/api/v1/"),
        (rf"^/(?=(?:{_FEATURES})(?:/|$))", "/api/v1/"),
        (r"^/api/v1/collaboration/([^/]+)/(share|permissions|collaborators)(?=/|$)", r"/api/v1/events/\1/\2"),
        (r"^/api/v1/events/([^/]+)/versions(?=/|$)", r"/api/v1/events/\1/history"),
        (r"^/api/v1/events/([^/]+)/revert(?=/)", r"/api/v1/events/\1/rollback"),
    )
)


def canonical(path: str) -> str:
    """The canonical path of a promised one; any other stays as it is."""
    if len(path) > 1:
        path = path.rstrip("/") or "/"
    for pattern, replacement in ALIASES:
        path = pattern.sub(replacement, path)
    return path


class Aliases:
    """ASGI middleware that routes promised paths to the canonical ones, without a redirect."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its canonical path."""
        if scope["type"] in {"http", "websocket"}:
            path = canonical(scope["path"])
            if path != scope["path"]:
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)
