"""What operators and documentation need: health, and the docs pages with their own scripts."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from convene import __version__
from convene.api.declared import Responses
from convene.api.dependencies import Held
from convene.api.planned import feature_router
from convene.api.representation import answer
from convene.api.responses import Health
from convene.domain.errors import Unavailable

router = feature_router("operations")
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
    return _health(database_ok=True)


@router.get("/health/ready", response_model=Health, responses=_UNAVAILABLE)
async def ready(held: Held) -> Response:
    """Say whether the database answers."""
    return await _ask(held)


@router.get("/health", response_model=Health, responses=_UNAVAILABLE)
async def health(held: Held) -> Response:
    """The same as /health/ready."""
    return await _ask(held)


async def _ask(held: Held) -> Response:
    try:
        async with held.units.reading() as work:
            await work.ping()
    except Unavailable:
        return _health(database_ok=False)
    return _health(database_ok=True)


def _health(*, database_ok: bool) -> Response:
    status = "ok" if database_ok else "unavailable"
    body = {"status": status, "database": status, "version": __version__}
    return answer(body, status=200 if database_ok else 503)


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
