"""HTTP and WebSockets as the server writes them: what is said in one turn of the event loop goes out together.

uvicorn writes the head of an answer and its body one after the other, and uvloop sends each at once: two system calls,
and whoever waits is woken first for a head alone. Two messages to one WebSocket are the same.
"""

from __future__ import annotations

import asyncio
from typing import Any

from convene.http_heads import BoundedHeads


class JoinedWrites:
    """A transport that holds back what is written for what follows, if that comes in the same turn of the loop.

    Two are sent together, and nothing waits beyond the turn. All else is the transport's own.
    """

    __slots__ = ("_loop", "_transport", "_waiting", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._waiting = b""
        self.is_closing = transport.is_closing  # asked with each answer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send some bytes, at the end of this turn at the latest."""
        if self._waiting:
            self._waiting += data
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
