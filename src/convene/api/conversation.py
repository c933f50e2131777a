"""What is said over one WebSocket, from its first message to its last.

The task that the server has begun for the connection hears what the client says. What there is to tell is told by
another, which exists only while there is something: of a thousand that listen, nearly all wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from convene.api.dependencies import Services
from convene.api.endings import patience
from convene.api.messages import written_news
from convene.api.sockets import Closed, Socket
from convene.delivery.hub import Ended, EventMoved, Listener
from convene.domain.errors import NotFound
from convene.operations import access
from convene.storage.notifications import NotificationPlace

_CODES = {Ended.SESSION: 4401, Ended.TOO_SLOW: 1013, Ended.STOPPING: 1012}
_ID_MAX = 2**63 - 1


class Conversation:
    """Somebody at a socket, and what they listen to."""

    __slots__ = ("_failure", "_hearing", "_held", "_listener", "_socket", "_telling")

    def __init__(self, socket: Socket, held: Services, listener: Listener) -> None:
        self._socket = socket
        self._held = held
        self._listener = listener
        self._hearing: asyncio.Task[Any] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    async def hold(self, after: NotificationPlace | None) -> None:
        """Hear and tell until one side ends it; with a place, what was missed since then comes first.

        Raises:
            Closed: we do.
            Left: the client has gone.
            ConveneError: what was missed, or what they ask for, cannot be read.
        """
        await self._socket.say({"type": "ready", "user_id": self._listener.me.user_id})
        self._hearing = asyncio.current_task()
        self._listener.wake = self._wake
        self._begin(self._tell() if after is None else self._catch_up(after))
        try:
            while True:
                await self._answer(await self._socket.hear())
        except asyncio.CancelledError:
            if self._failure is None:
                raise
            assert self._hearing is not None  # noqa: S101 - it is us
            self._hearing.uncancel()
            raise self._failure from None
        finally:
            self._hearing = self._listener.wake = None
            if self._telling is not None:
                self._telling.cancel()
                await asyncio.wait({self._telling})
            self._held.watch.leave(self._listener)

    # -- telling ---------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        ended = self._listener.ended
        if self._telling is None:
            self._begin(self._tell())
        elif ended:
            asyncio.get_running_loop().call_later(patience(ended), self._fail, _closed(ended))

    def _begin(self, telling: Coroutine[Any, Any, None]) -> None:
        self._telling = asyncio.create_task(telling)
        self._telling.add_done_callback(self._told)

    def _told(self, telling: asyncio.Task[None]) -> None:
        self._telling = None
        if telling.cancelled():
            return
        error = telling.exception()
        if error is not None:
            self._fail(error)
        elif self._listener.waiting and self._hearing is not None:  # it came when the last had just been told
            self._begin(self._tell())

    def _fail(self, error: BaseException) -> None:
        """Let the task that hears end with an error, unless it has ended already."""
        if self._hearing is not None and self._failure is None:
            self._failure = error
            self._hearing.cancel()

    async def _catch_up(self, after: NotificationPlace) -> None:
        async for told in self._held.hub.missed(self._listener, after):
            await self._socket.send(written_news(told, self._held.hub.epoch, packed=self._socket.packed))
        await self._tell()

    async def _tell(self) -> None:
        socket, listener, held = self._socket, self._listener, self._held
        while listener.waiting:
            news = listener.take()
            if news is None:
                continue
            if isinstance(news, Ended):
                raise _closed(news)
            if isinstance(news, EventMoved) and held.watch.watches(listener, news.event_id):
                await self._recheck(news.event_id)
            await socket.send(written_news(news, held.hub.epoch, packed=socket.packed))

    async def _recheck(self, event_id: int) -> None:
        """Who may not see an event any more, or whose event is gone, is not shown who looks at it."""
        if not await self._sees(event_id):
            self._held.watch.unwatch(self._listener, event_id)
            await self._socket.say({"type": "unwatched", "event_id": event_id})

    # -- hearing ---------------------------------------------------------------------------------------------

    async def _answer(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "ping":
                await self._socket.say({"type": "pong"})
            case "pong":
                pass
            case "watch" if type(event_id := message.get("event_id")) is int:
                await self._watch(event_id, editing=message.get("editing") is True)
            case "unwatch" if type(event_id := message.get("event_id")) is int:
                self._held.watch.unwatch(self._listener, event_id)
            case _:
                await self._refuse("send ping, watch or unwatch, with an event_id")

    async def _watch(self, event_id: int, *, editing: bool) -> None:
        if not await self._sees(event_id):
            await self._refuse("there is no such event", event_id=event_id)
        elif not self._held.watch.watch(self._listener, event_id, editing=editing):
            await self._refuse("you watch too many events", event_id=event_id)

    async def _refuse(self, why: str, **said: int) -> None:
        await self._socket.say({"type": "error", "detail": why, **said})

    async def _sees(self, event_id: int) -> bool:
        try:
            async with self._held.units.reading() as work:
                await access.open_to_view(work, self._listener.me, min(max(event_id, 0), _ID_MAX))
        except NotFound:
            return False
        return True


def _closed(why: Ended) -> Closed:
    return Closed(_CODES[why], why.value)
