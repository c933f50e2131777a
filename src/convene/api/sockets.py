"""A WebSocket as the live channel uses it: JSON or MessagePack frames, bounded in size and number.

It speaks ASGI by itself: thousands are open, and what a framework keeps for each and does at each message costs more
than all that is done here.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import orjson
import ormsgpack
from fastapi import Response
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from convene.api.endings import FAREWELL_SECONDS, hang_up
from convene.api.messages import written

#: The server refuses longer frames while they come (`cli.serve`); this is for those that it lets through.
FRAME_MAX = 64 * 1024
#: A client may say so much in so many seconds; more ends the connection (1008).
MESSAGES_MAX, MESSAGES_SECONDS = 100, 10.0

_JSON, _MSGPACK, _BEARER = "convene.json", "convene.msgpack", "bearer."


class Closed(Exception):
    """The connection must end with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Left(Exception):
    """The client has gone."""


class Socket:
    """A WebSocket that speaks JSON, or MessagePack when the subprotocol says so."""

    __slots__ = ("_protocol", "_receive", "_said", "_send", "after", "is_open", "packed", "scope", "token")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        asked = scope.get("subprotocols", [])
        query = QueryParams(scope["query_string"])
        self.packed = _MSGPACK in asked
        self.after = query.get("after")
        self.token = query.get("token") or next(
            (name.removeprefix(_BEARER) for name in asked if name.startswith(_BEARER)), None
        )
        self._protocol = next((name for name in (_MSGPACK, _JSON) if name in asked), None)
        if self._protocol is None and self.token is not None and f"{_BEARER}{self.token}" in asked:
            self._protocol = f"{_BEARER}{self.token}"  # a browser wants one of those that it offered
        self._said: list[float] = []
        self.is_open = False

    async def accept(self) -> None:
        """Take the connection, in the protocol that was agreed on.

        Raises:
            Left: the client did not wait.
        """
        if (await self._receive())["type"] == "websocket.disconnect":
            raise Left
        await self._pass_on({"type": "websocket.accept", "subprotocol": self._protocol})
        self.is_open = True

    async def refuse(self, answer: Response) -> None:
        """Answer the handshake as any other request, so that there is no connection."""
        await answer(self.scope, self._receive, self._send)

    async def say(self, message: dict[str, Any]) -> None:
        """Send a message.

        Raises:
            Left: the client has gone.
        """
        await self.send(written(message, packed=self.packed))

    async def send(self, message: bytes) -> None:
        """Send a message that is written as this client reads it.

        Raises:
            Left: the client has gone.
        """
        if self.packed:
            await self._pass_on({"type": "websocket.send", "bytes": message})
        else:
            await self._pass_on({"type": "websocket.send", "text": message.decode()})

    async def _pass_on(self, said: dict[str, Any]) -> None:
        try:
            await self._send(said)
        except OSError as error:  # ASGI's word for a client that has gone
            raise Left from error

    async def hear(self) -> dict[str, Any]:
        """The next message.

        Raises:
            Closed: it is no object, too large, or one of too many.
            Left: the client has gone.
        """
        frame = await self._receive()
        if frame["type"] == "websocket.disconnect":
            raise Left
        data: bytes = frame.get("bytes") or (frame.get("text") or "").encode()
        now = time.monotonic()
        self._said = [*(at for at in self._said if at > now - MESSAGES_SECONDS), now]
        if len(self._said) > MESSAGES_MAX:
            raise Closed(1008, "too many messages")
        if len(data) > FRAME_MAX:
            raise Closed(1009, "the message is too large")
        try:
            message = ormsgpack.unpackb(data) if self.packed else orjson.loads(data)
        except ValueError as error:
            raise Closed(1007, "the message cannot be read") from error
        if not isinstance(message, dict):
            raise Closed(1007, "the message is no object")
        return message

    async def close(self, code: int, reason: str) -> None:
        """End the connection; one that was not taken yet is taken first, or its client would not see the code."""
        with suppress(RuntimeError, Left, TimeoutError):  # the client may have gone first, or reads nothing any more
            if not self.is_open:
                await self.accept()
            await hang_up(self._send)
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._pass_on({"type": "websocket.close", "code": code, "reason": reason})
