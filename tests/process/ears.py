"""Clients of the live channel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.people import Person
from tests.process.servers import Server


class Ear:
    """A WebSocket that collects what it hears."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def next(self, kind: str, *, seconds: float = 10.0) -> Any:
        """The next message of a kind."""
        async with asyncio.timeout(seconds):
            while True:
                message = json.loads(await self.socket.recv())
                if message["type"] == kind:
                    return message

    async def kinds_until(self, kind: str) -> list[str]:
        """The kinds of all messages up to the first of a kind."""
        kinds: list[str] = []
        async with asyncio.timeout(10):
            while kind not in kinds:
                kinds.append(json.loads(await self.socket.recv())["type"])
        return kinds

    async def closed(self, *, seconds: float = 15.0) -> int | None:
        """The code with which the server closes."""
        async with asyncio.timeout(seconds):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed as error:
                return error.rcvd.code if error.rcvd else None


@asynccontextmanager
async def listening(server: Server, person: Person, query: str = "", **options: Any) -> AsyncIterator[Ear]:
    """Somebody at the WebSocket of a server, once it says that it listens."""
    address = server.url.replace("http://", "ws://") + f"/ws/notifications{query}"
    token = person.tokens["access_token"]
    # Without a bound: a client that leaves frames unread never sees the server's answer to its farewell.
    options = {"max_queue": None} | options
    async with connect(address, subprotocols=[Subprotocol(f"bearer.{token}")], proxy=None, **options) as socket:
        ear = Ear(socket)
        await ear.next("ready")
        yield ear
