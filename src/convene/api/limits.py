"""What a request may be: its size and its kind, decided before anything reads it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from convene.api.bodies import FORM_KINDS, JSON, JSON_KINDS, media_type
from convene.api.negotiation import MSGPACK
from convene.api.problems import plain_problem

BODY_MAX = 4 * 1024 * 1024
#: Of bodies about accounts, most of which come from people whom nobody knows yet.
ACCOUNT_BODY_MAX = 64 * 1024
#: How much of a refused body is taken and thrown away. Its sender reads the answer after sending all of it, and a
#: connection that is closed while data still comes is reset: the answer would be lost.
DISCARD_MAX = 64 * 1024 * 1024
_FORM_PATHS = ("/api/v1/auth/login", "/unsubscribe")
_ACCOUNT_PATHS = "/api/v1/auth/"


class TooLarge(Exception):
    """Raised where a body is read, for `BodyLimits` to answer."""


class BodyLimits:
    """ASGI middleware: 413 for a body over 4 MiB (about accounts: 64 KiB), said or not; 415 for one that is not JSON.

    What the application has left of a body when it answers is taken and thrown away before the answer is sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        has_body = headers.get(b"content-length", b"") not in {b"", b"0"} or b"transfer-encoding" in headers
        most = ACCOUNT_BODY_MAX if scope["path"].startswith(_ACCOUNT_PATHS) else BODY_MAX
        if _length(headers) > most:
            await _refuse(413, f"a body has at most {most} bytes here", scope, receive, send)
            return
        if has_body and not _readable(headers.get(b"content-type", b""), scope["path"]):
            await _refuse(415, "send application/json", scope, receive, send)
            return
        if not has_body:
            await self._app(scope, receive, send)
            return
        await self._count(most, scope, receive, send)

    async def _count(self, most: int, scope: Scope, receive: Receive, send: Send) -> None:
        seen = 0
        started = ended = False

        async def counted() -> Message:
            nonlocal seen, ended
            message = await receive()
            seen += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            if seen > most:
                raise TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            if seen > most and not started:
                return  # FastAPI has made a 400 of our refusal; ours follows
            if not started and not ended:
                await discard_rest(scope, receive, message["headers"])
            started = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except TooLarge:
            if started:
                raise
        if seen > most and not started:
            await _refuse(413, f"a body has at most {most} bytes here", scope, receive, send)


def is_bounded(scope: Scope) -> bool:
    """Whether a request says that its body is JSON and how long it is, and it is short: the server takes no more."""
    headers = dict(scope["headers"])
    return (
        headers.get(b"content-type") == JSON
        and 0 < _length(headers) <= ACCOUNT_BODY_MAX
        and b"transfer-encoding" not in headers
    )


async def discard_rest(scope: Scope, receive: Receive, headers: list[tuple[bytes, bytes]]) -> None:
    """Take what was left of a body, before the answer with these headers; or let them say that it is the last one."""
    if not await _discard(scope, receive):
        MutableHeaders(raw=headers)["connection"] = "close"


def _length(headers: dict[bytes, bytes]) -> int:
    """How long a body is said to be; -1 where it is not said. There may be more zeros before it than `int` reads."""
    said = headers.get(b"content-length", b"")
    return int(said.lstrip(b"0") or b"0") if said.isdigit() else -1


def _readable(content_type: bytes, path: str) -> bool:
    kind = media_type(content_type.decode("latin-1"))
    return kind in JSON_KINDS or kind in MSGPACK or (kind in FORM_KINDS and path in _FORM_PATHS)


async def _refuse(status: int, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
    await _discard(scope, receive)
    await plain_problem(status, detail, scope, {"Connection": "close"})(scope, receive, send)


async def _discard(scope: Scope, receive: Receive) -> bool:
    """Take the rest of a body; says whether it came to its end."""
    headers = dict(scope["headers"])
    if b"expect" in headers or _length(headers) > DISCARD_MAX:
        return False  # who asks before sending is told right away, and who sends without end is not listened to
    seen, more = 0, True
    while more and seen < DISCARD_MAX:
        message = await receive()
        seen += len(message.get("body", b""))
        more = message.get("more_body", False)
    return not more
