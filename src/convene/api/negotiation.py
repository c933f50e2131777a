"""MessagePack wherever JSON is: bodies are turned into JSON before anything reads them, answers after they are written.

The owner of ormsgpack for HTTP. Nothing between knows of it: shapes, limits and problems are the same in both.
"""

from __future__ import annotations

import math
from typing import Any

import orjson
import ormsgpack
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from convene.api.bodies import VALUES_MAX, media_type, refuse_crowds
from convene.api.packed_members import count_values, said_twice
from convene.domain.errors import Fault, Invalid

MSGPACK = ("application/msgpack", "application/x-msgpack", "application/vnd.msgpack")
_JSON = ("application/json", "application/problem+json")
# A strong tag is of one form of an answer (RFC 9110, 8.8.3): this stands at the end of the tags of MessagePack.
_MARK = '-msgpack"'


def preferred(accept: str) -> str | None:
    """Which name of MessagePack an Accept header prefers to JSON; None for JSON (RFC 9110, 12.5.1)."""
    if "msgpack" not in accept.lower():
        return None
    weights: dict[str, float] = {}
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights[kind] = _quality(parameters)
    packed = max(((weights.get(name, 0.0), name) for name in MSGPACK), key=lambda found: found[0])
    plain = max(weights.get(name, 0.0) for name in (*_JSON, "application/*", "*/*"))
    return packed[1] if packed[0] > 0 and packed[0] >= plain else None


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0


class PackedBodies:
    """ASGI middleware: gives a MessagePack body as the JSON that it stands for to who reads it; 400 for any other."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body of JSON."""
        if scope["type"] != "http" or media_type(Headers(scope=scope).get("content-type", "")) not in MSGPACK:
            await self._app(scope, receive, send)
            return
        scope = {**scope, "headers": list(scope["headers"])}
        headers = MutableHeaders(scope=scope)
        headers["content-type"] = "application/json"
        del headers["content-length"]  # of the JSON, nobody knows it before it is asked for
        unread = True

        async def once() -> Message:
            nonlocal unread
            if not unread:
                return await receive()
            unread = False
            return {"type": "http.request", "body": await _read(receive), "more_body": False}

        await self._app(scope, once, send)


async def _read(receive: Receive) -> bytes:
    """Read a body as JSON.

    Raises:
        HTTPException: 400, it is no MessagePack that stands for JSON.
        ClientDisconnect: whoever was sending it has gone away.
    """
    packed = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        packed += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        return as_json(packed) if packed else b""
    except ValueError as error:
        raise HTTPException(400, f"the body is not MessagePack that can be read as JSON: {error}") from error


def as_json(packed: bytearray) -> bytes:
    """Write MessagePack as JSON.

    Raises:
        ValueError: it is malformed, nested too deeply, or holds what JSON cannot (bytes, extensions, NaN, other keys
            than text).
        Invalid: a map has two members of one name; there are too many of them.
    """
    if len(packed) > VALUES_MAX:  # the smallest values have one byte here, and eight when they are read
        refuse_crowds(count_values(packed, VALUES_MAX), 0)
    value = ormsgpack.unpackb(packed)
    _refuse_endless(value)
    try:
        written = orjson.dumps(value)
    except TypeError as error:
        raise ValueError(str(error)) from error
    if twice := said_twice(packed):
        raise Invalid(*(Fault(place, "is there twice") for place in twice))
    return written


def _refuse_endless(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Refuse NaN and the infinities, which would silently become null; and more values than are read."""
    waiting, count = [value], 1
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            count += len(one)
            refuse_crowds(count, len(one) if isinstance(one, dict) else 0)
        if isinstance(one, float) and not math.isfinite(one):
            raise ValueError("a number is not finite")
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


class PackedAnswers:
    """ASGI middleware: answers in MessagePack to those who prefer it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the answer on in the form that was asked for."""
        wanted = preferred(Headers(scope=scope).get("accept", "")) if scope["type"] == "http" else None
        if wanted is None:
            await self._app(scope, receive, send)
            return
        scope = _with_plain_tags(scope)
        start: Message = {}
        parts: list[bytes] = []

        async def packed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                headers = MutableHeaders(raw=message["headers"])
                if "etag" in headers:
                    headers["etag"] = headers["etag"].removesuffix('"') + _MARK
                if media_type(Headers(raw=message["headers"]).get("content-type", "")) not in _JSON:
                    await send(message)
                return
            if media_type(Headers(raw=start["headers"]).get("content-type", "")) not in _JSON:
                await send(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                body = ormsgpack.packb(orjson.loads(b"".join(parts)))
                headers = MutableHeaders(raw=start["headers"])
                headers["content-type"] = wanted
                headers["content-length"] = str(len(body))
                if "accept" not in headers.get("vary", "").lower():
                    headers.add_vary_header("Accept")
                await send(start)
                await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, packed)


def _with_plain_tags(scope: Scope) -> Scope:
    """Let a request for MessagePack name what it has by the tags of JSON, which are those that routes know."""
    tags = [tag.strip() for tag in Headers(scope=scope).get("if-none-match", "").split(",")]
    if tags == [""]:
        return scope
    scope = {**scope, "headers": list(scope["headers"])}
    plain = [tag.removesuffix(_MARK) + '"' for tag in tags if tag.endswith(_MARK)]
    MutableHeaders(scope=scope)["if-none-match"] = ", ".join(plain + [tag for tag in tags if tag == "*"])
    return scope
