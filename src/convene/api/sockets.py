"""A WebSocket as the live channel uses it: JSON or MessagePack frames, bounded in size and number."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import orjson
import ormsgpack
from fastapi import Response, WebSocket, WebSocketDisconnect

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


class Socket:
    """A WebSocket that speaks JSON, or MessagePack when the subprotocol says so."""

    def __init__(self, raw: WebSocket) -> None:
        self._raw = raw
        asked = raw.scope.get("subprotocols", [])
        self._packed = _MSGPACK in asked
        self.token = raw.query_params.get("token") or next(
            (name.removeprefix(_BEARER) for name in asked if name.startswith(_BEARER)), None
        )
        self._protocol = next((name for name in (_MSGPACK, _JSON) if name in asked), None)
        if self._protocol is None and self.token is not None and f"{_BEARER}{self.token}" in asked:
            self._protocol = f"{_BEARER}{self.token}"  # a browser wants one of those that it offered
        self._said: list[float] = []
        self.is_open = False

    async def accept(self) -> None:
        """Take the connection, in the protocol that was agreed on."""
        await self._raw.accept(subprotocol=self._protocol)
        self.is_open = True

    async def refuse(self, answer: Response) -> None:
        """Answer the handshake as any other request, so that there is no connection."""
        await self._raw.send_denial_response(answer)

    async def say(self, message: dict[str, Any]) -> None:
        """Send a message."""
        if self._packed:
            await self._raw.send_bytes(ormsgpack.packb(message))
        else:
            await self._raw.send_text(orjson.dumps(message).decode())

    async def hear(self) -> dict[str, Any]:
        """The next message.

        Raises:
            Closed: it is no object, too large, or one of too many.
            WebSocketDisconnect: the client has gone.
        """
        frame = await self._raw.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame.get("code", 1005))
        data: bytes = frame.get("bytes") or (frame.get("text") or "").encode()
        now = time.monotonic()
        self._said = [*(at for at in self._said if at > now - MESSAGES_SECONDS), now]
        if len(self._said) > MESSAGES_MAX:
            raise Closed(1008, "too many messages")
        if len(data) > FRAME_MAX:
            raise Closed(1009, "the message is too large")
        try:
            message = ormsgpack.unpackb(data) if self._packed else orjson.loads(data)
        except ValueError as error:
            raise Closed(1007, "the message cannot be read") from error
        if not isinstance(message, dict):
            raise Closed(1007, "the message is no object")
        return message

    async def close(self, code: int, reason: str) -> None:
        """End the connection; one that was not taken yet is taken first, or its client would not see the code."""
        if not self.is_open:
            await self.accept()
        with suppress(RuntimeError, WebSocketDisconnect):  # the client may have gone first
            await self._raw.close(code, reason)
