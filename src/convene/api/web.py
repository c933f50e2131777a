"""The page: the files that are built into `convene/web`, under a policy that lets them ask nobody but this server.

Whoever reloads the page in the middle of a month or of an event asks for an address that the page itself made up: these
are led to the page, too. Knows nothing of what the page does.
"""

from __future__ import annotations

import re
from os import PathLike, stat_result
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

#: Where the page is built. The folder is not part of the sources: a server without it serves the API alone.
BUILT = Path(__file__).parents[1] / "web"
#: How the addresses begin that the page makes up.
VIEWS = ("month", "week", "day", "agenda", "event")

_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_POLICY = (
    "default-src 'self'; img-src 'self' data:; connect-src 'self'{sockets}; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


class _Assets(StaticFiles):
    """Files whose names change with what is in them."""

    def file_response(
        self, full_path: PathLike[str] | str, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def install_page(app: FastAPI, folder: Path) -> None:
    """Serve the page from a folder, if it has been built there."""
    if not (folder / "index.html").is_file():
        return
    files = StaticFiles(directory=folder)
    app.mount("/assets", GZipMiddleware(_Assets(directory=folder / "assets", check_dir=False)), name="page-assets")

    async def page(request: Request) -> Response:
        response = await files.get_response("index.html", request.scope)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = _policy(request)
        return response

    for path in ("/", *(f"/{view}{place}" for view in VIEWS for place in ("", "/{place}"))):
        app.add_api_route(path, page, methods=["GET"], include_in_schema=False)


def _policy(request: Request) -> str:
    """What the page may do. Not every browser takes the sockets of the same host for part of 'self'."""
    host = request.headers.get("host", "")
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return _POLICY.format(sockets=sockets)
