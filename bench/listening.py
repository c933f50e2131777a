"""Clients of the live channel, as cheap as can be: a thousand of them have to fit beside the server on one machine.

They speak just enough of RFC 6455: one handshake, the frames of a server that does not compress, and pongs.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from bench.servers import Server

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class Cut(Exception):
    """The server has closed a connection that was to stay."""


@dataclass(slots=True)
class Heard:
    """What all clients together have heard, by the first words of a message."""

    counts: dict[bytes, int] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    failure: str = ""

    def note(self, message: bytes) -> None:
        kind = message[9 : message.index(b'"', 9)]  # after {"type":"
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.changed.set()

    def fail(self, reason: str) -> None:
        self.failure = self.failure or reason
        self.changed.set()

    async def until(self, kind: bytes, number: int, seconds: float = 60.0) -> None:
        """Wait until so many messages of a kind have been heard.

        Raises:
            Cut: a client has lost its connection.
        """
        async with asyncio.timeout(seconds):
            while self.counts.get(kind, 0) < number:
                self.changed.clear()
                await self.changed.wait()
                if self.failure:
                    raise Cut(self.failure)


class _Client(asyncio.Protocol):
    def __init__(self, token: str, heard: Heard) -> None:
        self._token = token
        self._heard = heard
        self._buffer = b""
        self._open = False
        self.leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        lines = (
            "GET /ws/notifications HTTP/1.1",
            "Host: 127.0.0.1",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            f"Sec-WebSocket-Protocol: bearer.{self._token}",
        )
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._heard.fail(head.decode(errors="replace")[:500])
            self._open, self._buffer = True, rest
        while (frame := self._frame()) is not None:
            self._take(*frame)

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 4:
            return None if len(buffer) < 2 or buffer[1] else self._cut(2, 2)
        length, begins = (int.from_bytes(buffer[2:4]), 4) if buffer[1] == 126 else (buffer[1], 2)
        return None if len(buffer) < begins + length else self._cut(begins, begins + length)

    def _cut(self, begins: int, ends: int) -> tuple[int, bytes]:
        code, payload = self._buffer[0] & 0x0F, self._buffer[begins:ends]
        self._buffer = self._buffer[ends:]
        return code, payload

    def _take(self, code: int, payload: bytes) -> None:
        if code == _TEXT:
            self._heard.note(payload)
        elif code == _PING:
            self.transport.write(bytes((0x80 | _PONG, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif code == _CLOSE:
            self._heard.fail(f"closed: {payload!r}")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.leaving:
            self._heard.fail(f"the connection was closed: {exc}")


@contextlib.asynccontextmanager
async def listening(server: Server, tokens: list[str]) -> AsyncIterator[Heard]:
    """A client for each token, once all of them have been told that they are heard."""
    heard, loop = Heard(), asyncio.get_running_loop()
    clients: list[_Client] = []
    try:
        for token in tokens:
            _, client = await loop.create_connection(lambda t=token: _Client(t, heard), "127.0.0.1", server.port)  # type: ignore[misc]
            clients.append(client)
        await heard.until(b"ready", len(tokens))
        yield heard
    finally:
        for client in clients:
            client.leaving = True
            client.transport.abort()
