"""The OpenAPI document: what FastAPI cannot know by itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from convene.api.declared import FaultAnswer, Problem
from convene.api.schemas import Login

_ABOUT = """
A collaborative calendar that never loses a change.

Every change of an event is a version with an author, which can be compared, merged and rolled back. Two people who
edit at once are merged; two bookings of the same time cannot both go through. Errors are RFC 9457 problems.
"""

_TAGS = [
    {"name": "accounts", "description": "Register, sign in and out, sessions, the profile, finding people."},
    {"name": "events", "description": "Create, list, read, change and delete events and series."},
    {"name": "sharing", "description": "Owners share events with editors and viewers."},
    {"name": "history", "description": "Versions, differences, the change log, blame and going back."},
    {"name": "operations", "description": "For operators."},
]


def describe(app: FastAPI) -> None:
    """Let an application make its OpenAPI document here, once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title=app.title,
        version=app.version,
        description=_ABOUT.strip(),
        routes=app.routes,
        tags=_TAGS,
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": "/"}],
    )
    schemas = found["components"]["schemas"]
    for model in (Problem, FaultAnswer, Login):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    # Our own problems stand where FastAPI would describe its own kind of validation error.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return found
