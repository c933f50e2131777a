"""HTTP and WebSockets as the server writes them: what is said in one turn of the event loop goes out at its end.

uvicorn writes the head of an answer and its body one after the other, and uvloop sends each at once: two system calls,
and whoever waits is woken first for a head alone. Two messages to one WebSocket are the same. And answers to many
clients that go out one right after the other wake a proxy in front of them once, not each time: that is 0.8 to 0.9 of
reading an event over 32 connections (docs/performance.md).
"""

from __future__ import annotations

import asyncio
from typing import Any

from convene.http_heads import BoundedHeads

#: As much as uvicorn lets wait before it stops whoever writes.
HELD_MAX = 64 * 1024


class JoinedWrites:
    """A transport that sends what is written at the end of this turn of the loop, together. All else is its own."""

    __slots__ = ("_loop", "_transport", "_waiting", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._waiting = b""
        self.is_closing = transport.is_closing  # asked with each answer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send some bytes, at the end of this turn at the latest; when there is much, at once."""
        if self._waiting:
            self._waiting += data
            if len(self._waiting) > HELD_MAX:  # so that whoever writes without end is told that nobody takes it
                self._send()
        elif data:
            self._waiting = data
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        data, self._waiting = self._waiting, b""
        if data and not self.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Send what waits, and close."""
        self._send()
        self._transport.close()


class JoiningProtocol(BoundedHeads):
    """uvicorn's HTTP, and what it hands on to its WebSockets, over a transport that joins writes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(JoinedWrites(transport))  # type: ignore[arg-type]
