"""Server-sent events, to one client: from the first to the last, or until the client goes or reads no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing

import orjson
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from convene.api.endings import FAREWELL_SECONDS, HANG_UP, patience
from convene.api.messages import news_json
from convene.delivery.hub import Ended, Hub, Listener, News
from convene.storage.notifications import NotificationPlace

HEARTBEAT_SECONDS = 20.0


class Stream(StreamingResponse):
    """What somebody hears; an answer that goes on for as long as they listen.

    Args:
        after: from where on what was missed comes first; None for nothing.
        listening: left when nothing is to be told any more.
    """

    media_type = "text/event-stream"

    def __init__(
        self, hub: Hub, listener: Listener, after: NotificationPlace | None, listening: AsyncExitStack
    ) -> None:
        # Closed afterwards: what is cut off in a while must not be carrying another answer.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Connection": "close"}
        self._frames = self._written(after)
        super().__init__(self._frames, headers=headers)
        self._hub = hub
        self._listener = listener
        self._listening = listening
        self._came = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None
        self._is_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Tell until the client goes, or has to; then say why, to those who still read."""
        async with self._listening:
            self._telling = asyncio.create_task(self._tell(send))
            leaving = asyncio.create_task(self.listen_for_disconnect(receive))
            self._listener.wake = self._wake
            self._wake()
            try:
                await asyncio.wait({self._telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
                left = leaving.done()
            finally:
                self._listener.wake = None
                self._telling.cancel()
                leaving.cancel()
                await asyncio.wait({self._telling, leaving})
        if not self._telling.cancelled():
            self._telling.result()
        if self._listener.ended is not None and not left:
            await self._say_goodbye(send, self._listener.ended)

    async def _tell(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        self._is_begun = True
        async with aclosing(self._frames) as frames:
            async for frame in frames:
                await send({"type": "http.response.body", "body": frame, "more_body": True})

    async def _say_goodbye(self, send: Send, ended: Ended) -> None:
        await send({"type": HANG_UP})
        if not self._is_begun:
            return
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                await send({"type": "http.response.body", "body": self._frame(ended), "more_body": False})
        except TimeoutError:
            return  # the connection is being cut

    def _wake(self) -> None:
        self._came.set()
        if self._listener.ended is not None and self._telling is not None:
            asyncio.get_running_loop().call_later(patience(self._listener.ended), self._telling.cancel)

    async def _written(self, after: NotificationPlace | None) -> AsyncGenerator[bytes]:
        """What is told, up to the end, which is not among it."""
        yield b"retry: 2000\n\n"
        if after is not None:
            async for told in self._hub.missed(self._listener, after):
                yield self._frame(told)
        while True:
            while self._listener.waiting:
                news = self._listener.take()
                if isinstance(news, Ended):
                    return
                if news is not None:
                    yield self._frame(news)
            self._came.clear()
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._came.wait()
            except TimeoutError:
                yield b": still here\n\n"

    def _frame(self, news: News) -> bytes:
        """One server-sent event; only those with a cursor carry an id, so that Last-Event-ID is always a cursor."""
        message = news_json(news, self._hub.epoch)
        name = f"event: {message['type']}\n"
        cursor = f"id: {message['cursor']}\n" if "cursor" in message else ""
        return f"{name}{cursor}data: {orjson.dumps(message).decode()}\n\n".encode()
