"""How connections of the live channel end whose clients do not read any more.

What is left to send waits for such a client in the server, and the server closes no connection before all of it has
gone: it would hold a descriptor until the client goes by itself. ASGI has no word for cutting a connection, so this
module knows where uvicorn keeps its own. With another server, such a connection ends when its client does.
"""

from __future__ import annotations

import asyncio

from starlette.types import Send

from convene.delivery.hub import Ended

#: So long a client that does not read may take to hear that this is the end.
FAREWELL_SECONDS = 5.0

#: Sent as a message by what answers, which does not see the server's own `send`; the log of requests does.
HANG_UP = "convene.hang_up"


def patience(ended: Ended) -> float:
    """For how many seconds whoever is being told something may take it; who was too slow has had their time."""
    return 0.0 if ended is Ended.TOO_SLOW else FAREWELL_SECONDS


async def hang_up(send: Send) -> None:
    """Cut a connection in a while, by the server's own `send`; one that has been closed by then stays as it is.

    Nothing else may be asked over this connection, or it would be cut off from its answer.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        asyncio.get_running_loop().call_later(FAREWELL_SECONDS, transport.abort)
