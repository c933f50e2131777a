"""What routes declare of their errors in the OpenAPI document. The errors themselves are answered by `problems`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from convene.api.fields import without_defaults


class FaultAnswer(BaseModel):
    """One thing wrong with what was sent."""

    pointer: str
    """A JSON Pointer into the body, or `?name` of a query parameter."""
    detail: str


class Problem(BaseModel):
    """RFC 9457. Some problems have members of their own: a refused merge, a double booking."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True, json_schema_extra=without_defaults)

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str
    request_id: str
    errors: list[FaultAnswer] = Field(default=[], description="422: what is wrong, place by place.")


Responses = dict[int | str, dict[str, Any]]

DESCRIPTIONS = {
    304: "Not modified: `If-None-Match` names the newest version.",
    400: "The body is not JSON.",
    401: "No token, or one that is not good.",
    403: "The caller's role does not allow this, or the operator of this server does not.",
    404: "There is no such thing, or the caller may not know that there is.",
    409: "It clashes with the present state: a double booking, edits that cannot be merged, a name that is taken.",
    410: "The cursor reaches further back than is kept; begin again without one.",
    412: "`If-Match` does not name the newest version.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Something in the request makes no sense; `errors` says what and where.",
    429: "Asked too often; `Retry-After` says when to ask again.",
    500: "A fault of the server; it has been logged under the request id.",
    503: "The database is not available; try again.",
}


PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_TEXT = {"schema": {"type": "string"}}
_QUOTA_HEADERS = {
    "Retry-After": {"description": "Seconds.", "required": True, **_TEXT},
    "RateLimit-Policy": {
        "description": 'Each quota: `"user";q=100;w=60` is 100 requests in 60 seconds.',
        "required": True,
        **_TEXT,
    },
    "RateLimit": {
        "description": 'Where one stands: `"user";r=0;t=17` is none left, for 17 seconds. On other answers too.',
        "required": True,
        **_TEXT,
    },
}


def problems(*statuses: int, body: bool = False) -> Responses:
    """Declare the errors of a route: those of every route, those of every body, and its own."""
    always = (422, 429, 500, 503)
    of_body = (400, 413, 415) if body else ()
    declared: Responses = {}
    for status in sorted({*statuses, *always, *of_body}):
        declared[status] = {"description": DESCRIPTIONS[status]}
        if status != 304:
            declared[status]["content"] = PROBLEM
    declared[429]["headers"] = _QUOTA_HEADERS
    return declared


SIGNED_IN = (401,)
ON_EVENT = (401, 404)
ON_EVENT_BY_ROLE = (401, 403, 404)
