"""What happens, live: a WebSocket and server-sent events, with the same content.

The token comes as `?token=` (promised, but addresses end up in logs), as the subprotocol `bearer.<token>` or as the
first message (better: neither is logged anywhere).
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from convene.api.conversation import Conversation
from convene.api.cursors import read_place
from convene.api.declared import SIGNED_IN, problems
from convene.api.dependencies import Held, Services, recognised, services
from convene.api.planned import feature_router
from convene.api.problems import problem
from convene.api.rates import KNOCKING_SECONDS
from convene.api.sockets import Closed, Left, Socket
from convene.api.streams import Stream
from convene.domain.errors import BadToken, ConveneError, Gone, Invalid, TooOften, Unavailable
from convene.operations.identity import SignedIn
from convene.storage.notifications import NotificationPlace

router = feature_router("live", "/api/v1")

#: The quotas of those who have not said who they are: they are refused before they are connected.
_OF_STRANGERS = frozenset({"address", "knocking"})


async def notifications_socket(raw: WebSocket) -> None:
    """Notifications, changes and presence, live; with `?after=` those that were missed come first."""
    await serve_socket(raw.scope, raw.receive, raw.send)


async def serve_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """The same as an ASGI application: what a framework keeps for each connection weighs as much as all of ours."""
    held: Services = scope["app"].services
    socket = Socket(scope, receive, send)
    try:
        me, expires_at = await _recognised_socket(held, socket)
        after = await _after(held, socket.after)
        async with held.hub.listening(me, expires_at) as listener:
            await Conversation(socket, held, listener).hold(after)
    except Left:
        return
    except Closed as error:
        await socket.close(error.code, error.reason)
    except ConveneError as error:
        if isinstance(error, TooOften) and error.quota in _OF_STRANGERS and not socket.is_open:
            await socket.refuse(problem(error, scope))
        else:
            await socket.close(*_farewell(error))


def _farewell(error: ConveneError) -> tuple[int, str]:
    """The code and the reason with which a refusal ends a connection."""
    match error:
        case BadToken():
            return 4401, f"token: {error.reason}"
        case TooOften():
            return 4429, f"too many requests or connections; try again in {error.seconds} s"
        case Gone():
            return 4410, "the cursor is too old; connect without one"
        case Unavailable():
            return 1013, "the database cannot be asked now; try again later"
        case _:
            return 4400, "the query makes no sense"


# Starlette's own route: FastAPI's keeps three kilobytes for each connection, for dependencies that there are not.
_socket_route = WebSocketRoute(f"{router.prefix}/ws/notifications", notifications_socket)
_socket_route.app = serve_socket
router.routes.append(_socket_route)


async def _recognised_socket(held: Services, socket: Socket) -> tuple[SignedIn, float]:
    """Find who connects and when their token expires; a stranger too many gets no connection.

    Raises:
        BadToken: they show none in time, or one that is not good.
        TooOften: they, or the address that strangers come from, have used their quota up.
    """
    if socket.token:
        found = await recognised(held, socket.scope, socket.token)
        await socket.accept()
        return found
    async with held.rates.knocking(socket.scope):
        await socket.accept()
        token = await _first_message(socket)
    return await recognised(held, socket.scope, token)


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


async def _after(held: Services, cursor: str | None) -> NotificationPlace | None:
    if cursor is None:
        return None
    async with held.units.reading() as work:
        return await read_place(work, cursor)


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
    return (await recognised(services(request), request.scope, token))[0]


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
    async with AsyncExitStack() as stack:
        # Begun before the answer: one stream too many is a problem, not a stream.
        listener = await stack.enter_async_context(held.hub.listening(me, expires_at))
        return Stream(held.hub, listener, place, stack.pop_all())
