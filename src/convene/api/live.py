"""What happens, live: a WebSocket and server-sent events, with the same content.

The token comes as `?token=` (promised, but addresses end up in logs), as the subprotocol `bearer.<token>` or as the
first message (better: neither is logged anywhere).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from starlette.routing import WebSocketRoute

from convene.api.cursors import read_place, write_place
from convene.api.declared import SIGNED_IN, problems
from convene.api.dependencies import Held, Services, recognised
from convene.api.planned import feature_router
from convene.api.problems import problem
from convene.api.rates import KNOCKING_SECONDS
from convene.api.sockets import Closed, Socket
from convene.delivery.hub import Ended, EventMoved, Listener, News, Presence
from convene.domain.errors import BadToken, ConveneError, Gone, Invalid, NotFound, TooOften
from convene.operations import access
from convene.operations.identity import SignedIn
from convene.operations.notifications import told_json
from convene.storage.notifications import Place

router = feature_router("live", "/api/v1")

HEARTBEAT_SECONDS = 20.0

#: The quotas of those who have not said who they are: they are refused before they are connected.
_OF_STRANGERS = frozenset({"address", "knocking"})
_CLOSE = {Ended.SESSION: 4401, Ended.TOO_SLOW: 1013, Ended.STOPPING: 1012}


def news_json(news: News, held: Services) -> dict[str, Any]:
    """One message, the same on every live channel."""
    match news:
        case EventMoved():
            return {"type": "changed", "event_id": news.event_id}
        case Presence():
            people = [{"user_id": one[0], "username": one[1], "editing": one[2]} for one in news.people]
            return {"type": "presence", "event_id": news.event_id, "people": people}
        case Ended():
            return {"type": "ended", "reason": news.value}
        case _:
            cursor = write_place(held.hub.epoch, (news.row.position, news.row.id))
            return {"type": "notification", "notification": told_json(news), "cursor": cursor}


async def notifications_socket(raw: WebSocket) -> None:
    """Notifications, changes and presence, live; with `?after=` those that were missed come first."""
    held: Services = raw.app.state.services
    socket = Socket(raw)
    try:
        me, expires_at = await _recognised_socket(raw, held, socket)
        after = await _after(held, raw.query_params.get("after"))
        async with held.hub.listening(me, expires_at) as listener:
            await _converse(socket, held, listener, after)
    except BadToken as error:
        await socket.close(4401, f"token: {error.reason}")
    except TooOften as error:
        if not socket.is_open and error.quota in _OF_STRANGERS:
            await socket.refuse(problem(error, raw.scope))
        else:
            await socket.close(4429, f"too many requests or connections; try again in {error.seconds} s")
    except Gone:
        await socket.close(4410, "the cursor is too old; connect without one")
    except Closed as error:
        await socket.close(error.code, error.reason)
    except ConveneError:
        await socket.close(4400, "the query makes no sense")
    except WebSocketDisconnect:
        return


# Starlette's own route: FastAPI's keeps three kilobytes for each connection, for dependencies that there are not.
router.routes.append(WebSocketRoute(f"{router.prefix}/ws/notifications", notifications_socket))


async def _recognised_socket(raw: WebSocket, held: Services, socket: Socket) -> tuple[SignedIn, float]:
    """Find who connects and when their token expires; a stranger too many gets no connection.

    Raises:
        BadToken: they show none in time, or one that is not good.
        TooOften: they, or the address that strangers come from, have used their quota up.
    """
    if socket.token:
        found = await recognised(raw, socket.token)
        await socket.accept()
        return found
    async with held.rates.knocking(raw.scope):
        await socket.accept()
        token = await _first_message(socket)
    return await recognised(raw, token)


async def _first_message(socket: Socket) -> str:
    """The token that the first message brings.

    Raises:
        BadToken: it brings none.
    """
    try:
        async with asyncio.timeout(KNOCKING_SECONDS):
            message = await socket.hear()
    except TimeoutError as error:
        raise BadToken("missing") from error
    token = message.get("token")
    if message.get("type") != "auth" or not isinstance(token, str):
        raise BadToken("missing")
    return token


async def _after(held: Services, cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    async with held.units.reading() as work:
        return await read_place(work, cursor)


async def _converse(socket: Socket, held: Services, listener: Listener, after: Place | None) -> None:
    telling = asyncio.create_task(_tell(socket, held, listener, after))
    hearing = asyncio.create_task(_hear(socket, held, listener))
    try:
        done, _ = await asyncio.wait({telling, hearing}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        held.watch.leave(listener)
        for task in (telling, hearing):
            task.cancel()
        await asyncio.gather(telling, hearing, return_exceptions=True)


async def _tell(socket: Socket, held: Services, listener: Listener, after: Place | None) -> None:
    await socket.say({"type": "ready", "user_id": listener.me.user_id})
    async for news in held.hub.news(listener, after):
        if isinstance(news, Ended):
            raise Closed(_CLOSE[news], news.value)
        if isinstance(news, EventMoved) and held.watch.watches(listener, news.event_id):
            await _recheck(socket, held, listener, news.event_id)
        await socket.say(news_json(news, held))


async def _hear(socket: Socket, held: Services, listener: Listener) -> None:
    while True:
        message = await socket.hear()
        match message.get("type"):
            case "ping":
                await socket.say({"type": "pong"})
            case "pong":
                pass
            case "watch" | "unwatch" as verb if type(message.get("event_id")) is int:
                await _watch(socket, held, listener, message, begins=verb == "watch")
            case _:
                await socket.say({"type": "error", "detail": "send ping, watch or unwatch, with an event_id"})


async def _watch(socket: Socket, held: Services, listener: Listener, message: dict[str, Any], *, begins: bool) -> None:
    event_id = message["event_id"]
    if not begins:
        held.watch.unwatch(listener, event_id)
        return
    try:
        async with held.units.reading() as work:
            await access.open_to_view(work, listener.me, min(max(event_id, 0), 2**63 - 1))
    except ConveneError:
        await socket.say({"type": "error", "detail": "there is no such event", "event_id": event_id})
        return
    if not held.watch.watch(listener, event_id, editing=message.get("editing") is True):
        await socket.say({"type": "error", "detail": "you watch too many events", "event_id": event_id})


async def _recheck(socket: Socket, held: Services, listener: Listener, event_id: int) -> None:
    """Who may not see an event any more, or whose event is gone, is not shown who looks at it."""
    try:
        async with held.units.reading() as work:
            await access.open_to_view(work, listener.me, event_id)
    except NotFound:
        held.watch.unwatch(listener, event_id)
        await socket.say({"type": "unwatched", "event_id": event_id})


# -- server-sent events --------------------------------------------------------------------------------------


async def _stream_token(
    request: Request,
    token: Annotated[str | None, Query(max_length=4096, description="For browsers, which cannot set headers.")] = None,
) -> str:
    bearer = request.headers.get("authorization", "")
    if bearer[:7].lower() == "bearer ":
        if token is not None:  # RFC 6750, 2: which of them would count?
            raise Invalid.at("?token", "is not sent together with the header Authorization")
        return bearer[7:]
    return token or ""


_STREAM: dict[str, Any] = {
    "description": "Server-sent events, for as long as the client listens.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}
StreamToken = Annotated[str, Depends(_stream_token)]


async def _streaming(request: Request, token: StreamToken) -> SignedIn:
    return (await recognised(request, token))[0]


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={**problems(*SIGNED_IN, 410), 200: _STREAM},
    openapi_extra={"security": [{"OAuth2PasswordBearer": []}]},
)
async def stream_notifications(
    held: Held,
    me: Annotated[SignedIn, Depends(_streaming)],
    token: StreamToken,
    after: Annotated[
        str | None, Query(max_length=300, description="The cursor of the last notification that was heard.")
    ] = None,
    last_event_id: Annotated[str | None, Header(max_length=300, description="The same, as browsers send it.")] = None,
) -> StreamingResponse:
    """Notifications and changes as server-sent events; `Last-Event-ID` (or `?after=`) brings what was missed first."""
    _, expires_at = await held.identities.until(token)
    cursor = last_event_id or after
    place = await _after(held, cursor)
    frames = _stream(held, me, expires_at, place)
    return StreamingResponse(
        _begun(await anext(frames), frames),  # begun before the answer: one stream too many is a problem, not a stream
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _begun(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(rest):
        yield first
        async for frame in rest:
            yield frame


async def _stream(held: Services, me: SignedIn, expires_at: float, after: Place | None) -> AsyncGenerator[bytes]:
    async with held.hub.listening(me, expires_at) as listener:
        news = held.hub.news(listener, after)
        yield b"retry: 2000\n\n"
        waiting = asyncio.ensure_future(anext(news, None))
        try:
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT_SECONDS)
                if not done:
                    yield b": still here\n\n"
                    continue
                one = waiting.result()
                if one is None:
                    return
                yield _frame(news_json(one, held))
                waiting = asyncio.ensure_future(anext(news, None))
        finally:
            waiting.cancel()


def _frame(message: dict[str, Any]) -> bytes:
    """One server-sent event; only those with a cursor carry an id, so that Last-Event-ID is always a cursor."""
    name = f"event: {message['type']}\n"
    cursor = f"id: {message['cursor']}\n" if "cursor" in message else ""
    return f"{name}{cursor}data: {orjson.dumps(message).decode()}\n\n".encode()
