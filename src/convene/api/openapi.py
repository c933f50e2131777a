"""The OpenAPI document: what FastAPI cannot know by itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from convene.api.bodies import MERGE_PATCH
from convene.api.declared import DESCRIPTIONS, PROBLEM, Problem
from convene.api.examples import EXAMPLES
from convene.api.idempotency import HEADER, KEY, KEY_MAX, REPLAYED, WITHOUT_KEY
from convene.api.schemas import Login

_ABOUT = """
A collaborative calendar that never loses a change.

Every change of an event is a version with an author, which can be compared, merged and rolled back. Two people who
edit at once are merged; two bookings of the same time cannot both go through. Errors are RFC 9457 problems.
"""

_TEXT = {"schema": {"type": "string"}}
_HEADERS = {
    "ETag": {
        "description": "The version, and for those who do not own the event how they see it, for `If-Match` and "
        "`If-None-Match`.",
        "required": True,
        **_TEXT,
    },
    "Location": {"description": "Where the new event is.", "required": True, **_TEXT},
    "X-Conflicts-Checked-Until": {
        "description": "Until when the booking was compared with what else its owner has, if it was (RFC 3339).",
        "schema": {"type": "string", "format": "date-time"},
    },
    "Set-Cookie": {"description": "The refresh token, when `X-Convene-Page` asks for that.", **_TEXT},
    "Link": {"description": '`rel="next"` leads to the next page, if there is one (RFC 8288).', **_TEXT},
}

_TAGS = [
    {"name": "accounts", "description": "Register, sign in and out, sessions, the profile, finding people."},
    {"name": "events", "description": "Create, list, read, change and delete events and series."},
    {"name": "sharing", "description": "Owners share events with editors and viewers."},
    {"name": "history", "description": "Versions, differences, the change log, blame and going back."},
    {"name": "calendars", "description": "What one's own calendars are called, and their colours."},
    {"name": "insights", "description": "Where one's time goes, and with whom."},
    {"name": "notifications", "description": "What happened, the bell, preferences, and what changed since."},
    {
        "name": "live",
        "description": "The same as it happens: server-sent events, and a WebSocket at /ws/notifications. A user may "
        "have 50 of them open at one process (then close code 4429, or 429). A socket that does not show its token "
        "while it connects has 10 seconds for it; where too many wait so, its handshake is answered with 429. "
        "On SQLite without Redis, presence is of those who are connected to the same process.",
    },
    {"name": "webhooks", "description": "The same by machine: signed messages to addresses of one's own."},
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
    # Shapes that no route names as its body or its answer: routes refer to them themselves.
    named: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization"), (Login, "validation")]
    schemas |= models_json_schema(named, ref_template="#/components/schemas/{model}")[1]["$defs"]
    for path in found["paths"].values():
        for operation in path.values():
            operation.setdefault("security", [])  # says that none is needed, where nothing said would leave it open
            _add_headers(operation)
            _leave_null_out(operation)
        if "post" in path and path["post"]["operationId"] not in WITHOUT_KEY:
            _take_keys(path["post"])
        for operation in path.values():
            if operation["operationId"] == "merge_event":
                kinds = operation["requestBody"]["content"]
                kinds[MERGE_PATCH] = {**kinds["application/json"]}
            # Examples not by way of FastAPI, which takes every null out of them.
            for content in operation.get("requestBody", {}).get("content", {}).values():
                content["examples"] = EXAMPLES.get(operation["operationId"], {})
    return found


def _leave_null_out(operation: dict[str, Any]) -> None:
    """Say no null of parameters: Python's "not said" cannot be written in an address or in a header."""
    for parameter in operation.get("parameters", ()):
        kinds = [one for one in parameter["schema"].get("anyOf", ()) if one != {"type": "null"}]
        if len(kinds) == 1:
            del parameter["schema"]["anyOf"]
            parameter["schema"] = {**kinds[0], **parameter["schema"]}


def _take_keys(operation: dict[str, Any]) -> None:
    """Describe what an Idempotency-Key does."""
    operation.setdefault("parameters", []).append(
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": KEY},
            "description": "Sent again with the same key, the request acts once and is answered the same for 24 hours.",
        }
    )
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            response.setdefault("headers", {})[REPLAYED] = {"description": "`true` when answered before.", **_TEXT}
    operation["responses"].setdefault("409", {"description": DESCRIPTIONS[409], "content": PROBLEM})


def _add_headers(operation: dict[str, Any]) -> None:
    """Describe the headers that go with an answer: every single event carries its version, every page its next one."""
    paged = any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ()))
    may_book = any(parameter["name"] == "on_conflict" for parameter in operation.get("parameters", ()))
    may_keep = any(parameter["name"] == "x-convene-page" for parameter in operation.get("parameters", ()))
    for status, response in operation["responses"].items():
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        is_event = schema.get("$ref") == "#/components/schemas/Event"
        fitting = {
            "ETag": is_event or status == "304",
            "Location": is_event and status == "201",
            "X-Conflicts-Checked-Until": may_book and status in {"200", "201"},
            "Set-Cookie": may_keep and status in {"200", "204"},
            "Link": paged and status == "200",
        }
        headers = {name: _HEADERS[name] for name, fits in fitting.items() if fits}
        if headers:
            response["headers"] = headers
