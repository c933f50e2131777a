"""What operators and documentation need: health, metrics, and the docs pages with their own scripts."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from secrets import compare_digest
from typing import Any

import fastapi_offline
from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from convene import __version__
from convene.api.answers import answer
from convene.api.declared import Responses
from convene.api.dependencies import Held
from convene.api.metrics import MEDIA_TYPE
from convene.api.planned import feature_router
from convene.api.problems import plain_problem
from convene.api.responses import Health
from convene.domain.errors import Unavailable
from convene.storage import schema

Checks = dict[str, dict[str, Any]]

router = feature_router("operations")
#: How long the database may take to show that it is there: who asks has little patience, too.
READY_SECONDS = 4
_THIS_MACHINE = ("127.0.0.1", "::1")
_ASSETS = Path(fastapi_offline.__file__).parent / "static"
# Redoc would fetch a logo from elsewhere. What a page may do is said here, and that is nothing outside this server.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_UNAVAILABLE: Responses = {503: {"model": Health, "description": "The database does not answer."}}


@router.get("/health/live", response_model=Health, responses={})
async def live() -> Response:
    """Say that the process answers; asks nothing else."""
    return answer({"status": "ok", "database": "ok", "version": __version__})


@router.get("/health/ready", response_model=Health, responses=_UNAVAILABLE)
async def ready(held: Held) -> Response:
    """Say whether requests can be served: the database answers, and is at the revision of this code."""
    return _health(await _checks(held))


@router.get("/health", response_model=Health, responses=_UNAVAILABLE)
async def health(held: Held) -> Response:
    """The same as /health/ready, and whether other processes are heard of at once, which nothing depends on."""
    bus, seconds = held.bus, time.monotonic() - held.bus.since
    checks = await _checks(held)
    checks["bus"] = {"status": "ok" if bus.connected else "interrupted", "detail": f"for {seconds:.0f} s"}
    return _health(checks)


async def _checks(held: Held) -> Checks:
    """Ask the database for a sign of life, and for its revision."""
    checks: Checks = {}
    try:
        async with asyncio.timeout(READY_SECONDS), held.units.reading() as work:
            began = time.perf_counter()
            await work.ping()
            checks["database"] = {"status": "ok", "ms": _ms_since(began)}
            began = time.perf_counter()
            found, needed = await schema.revision_of(work), schema.newest_revision()
            status = "ok" if found == needed else "unavailable"
            checks["migrations"] = {"status": status, "ms": _ms_since(began), "detail": f"at {found}, needs {needed}"}
    except Unavailable as error:
        checks = {"database": {"status": "unavailable", "detail": error.reason}}
    except TimeoutError:
        checks = {"database": {"status": "unavailable", "detail": f"no answer in {READY_SECONDS} s"}}
    return checks


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 2)


def _health(checks: Checks) -> Response:
    ready = all(checks.get(name, {}).get("status") == "ok" for name in ("database", "migrations"))
    status = "ok" if ready else "unavailable"
    body = {"status": status, "database": checks["database"]["status"], "version": __version__, "checks": checks}
    return answer(body, status=200 if ready else 503)


@router.get("/metrics", include_in_schema=False)
async def read_metrics(held: Held, request: Request) -> Response:
    """What the process counts, in Prometheus' text format: for whoever has the token, or for this machine alone."""
    if not _may_read_metrics(request, held.metrics_token):
        return plain_problem(404, "there is nothing here", request.scope)
    return Response(held.metrics.exposition(), headers={"Content-Type": MEDIA_TYPE})


def _may_read_metrics(request: Request, token: str | None) -> bool:
    """With a token, whoever shows it; without one, who asks from this machine itself, not through a proxy on it."""
    if token is not None:
        said = request.headers.get("authorization", "")
        return compare_digest(said.encode(), f"Bearer {token}".encode())
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for"))
    return not forwarded and request.client is not None and request.client.host in _THIS_MACHINE


def install_docs(app: FastAPI) -> None:
    """Serve /docs and /redoc with scripts and styles from a package: they work without the internet."""
    app.mount("/docs/assets", StaticFiles(directory=_ASSETS), name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    async def swagger(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        page = get_swagger_ui_html(
            openapi_url=f"{root}/openapi.json",
            title=f"{app.title}: the API",
            oauth2_redirect_url=f"{root}/docs/oauth2-redirect",
            swagger_js_url=f"{root}/docs/assets/swagger-ui-bundle.js",
            swagger_css_url=f"{root}/docs/assets/swagger-ui.css",
            swagger_favicon_url=f"{root}/docs/assets/favicon.png",
        )
        return _closed(page)

    @app.get("/docs/oauth2-redirect", include_in_schema=False)
    async def oauth2_redirect() -> HTMLResponse:
        return _closed(get_swagger_ui_oauth2_redirect_html())

    @app.get("/redoc", include_in_schema=False)
    async def redoc(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        page = get_redoc_html(
            openapi_url=f"{root}/openapi.json",
            title=f"{app.title}: the API",
            redoc_js_url=f"{root}/docs/assets/redoc.standalone.js",
            redoc_favicon_url=f"{root}/docs/assets/favicon.png",
            with_google_fonts=False,
        )
        return _closed(page)


def _closed(page: HTMLResponse) -> HTMLResponse:
    page.headers["Content-Security-Policy"] = _POLICY
    return page
