"""Answers in JSON."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from fastapi import Response


def written(payload: object) -> bytes:
    """Write what is answered; datetimes in it are instants in UTC."""
    return orjson.dumps(payload, option=orjson.OPT_UTC_Z)


def answer(payload: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response."""
    return _JsonAnswer(written(payload), status, headers or {})


def answer_written(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response of what `written` gave."""
    return _JsonAnswer(body, status, headers or {})


class _JsonAnswer(Response):
    """A response whose headers are put together at once: Starlette looks at each four times."""

    media_type = "application/json"

    def __init__(self, body: bytes, status: int, headers: Mapping[str, str]) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [
            *[(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
        ]
