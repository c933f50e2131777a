"""The other end of a webhook: a server on a real socket that notes what it hears and answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    """An answer."""
    lines = [f"HTTP/1.1 {code} Said", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass(frozen=True)
class Message:
    """A message as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def verified(self, secret: str) -> Any:
        """What it says, once the Standard Webhooks library has found it to be signed with a secret."""
        Webhook(secret).verify(self.body, self.headers)
        return self.json


@dataclass
class Receiver:
    """Answers each message with what `answer` gives: bytes, after `seconds`, or None to hang until the caller goes."""

    url: str = ""
    seconds: float = 0
    messages: list[Message] = field(default_factory=list)
    answer: Callable[[Message], bytes | None] = lambda _message: OK
    _left: asyncio.Event = field(default_factory=asyncio.Event)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def hears(self, count: int, *, seconds: float = 10.0) -> list[Message]:
        """Wait for so many messages in all."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(self.messages) >= count)
        return self.messages

    async def left(self, *, seconds: float = 5.0) -> None:
        """Wait for a caller who hangs up before all of the answer is there."""
        async with asyncio.timeout(seconds):
            await self._left.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hear one caller out."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            message = Message(head[0].split(" ")[1], headers, body)
            async with self._came:
                self.messages.append(message)
                self._came.notify_all()
            answer = self.answer(message)
            if answer is None:
                await reader.read()
            else:
                await asyncio.sleep(self.seconds)
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            self._left.set()
        finally:
            writer.close()


@asynccontextmanager
async def receiving(answer: Callable[[Message], bytes | None] = lambda _message: OK) -> AsyncIterator[Receiver]:
    """A receiver on a port of this machine."""
    receiver = Receiver(answer=answer)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
