"""HTTP as the server reads it: a head has an end, it comes before the body, and nobody is waited for without end.

uvicorn's fast parser takes headers for as long as they come, each of six bytes as hundreds, before anybody knows who
sends them; and what stands behind a chunked body (RFC 9112, 7.1.2) as headers too, past a proxy that has cleaned those.
A connection on which nothing comes, or from which no answer is taken, keeps its descriptor for as long as its client
likes.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: So much may come after the first piece of a head, which is as long as the server reads at once; and so many headers
#: may be there before it has ended, because each takes 150 bytes.
HEAD_MAX, HEADERS_MAX = 64 * 1024, 500


class _Dropped(list[tuple[bytes, bytes]]):
    """Headers that nobody reads."""

    def append(self, _header: tuple[bytes, bytes]) -> None:
        """Forget one."""


_DROPPED = _Dropped()
#: In the place of a head that has not been read, where there is none.
_READ = object()


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's HTTP with heads that are bounded on both sides, and with an end to waiting for them."""

    #: For so many seconds a client may say nothing that is waited for, or take nothing; a head takes twice as long.
    patience = 60.0
    _look: asyncio.TimerHandle
    _pieces = _pieces_then = _came = _unsent_then = 0
    _unread: Any = None
    _unread_then: Any = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(transport)
        self._look = self.loop.call_later(self.patience, self._look_again)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        super().connection_lost(exc)
        self._look.cancel()

    def handle_websocket_upgrade(self) -> None:
        """Go on as a WebSocket, which has a heartbeat of its own."""
        self._look.cancel()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        """Read what has come; a head that goes on for too long ends the connection."""
        self._pieces += 1
        super().data_received(data)
        scope: Any = self.scope
        if scope is None or "method" in scope:  # which it has when its head has been read
            return
        self._came = self._came + len(data) if self._unread is scope else 0
        self._unread = scope
        too_long = self._came > HEAD_MAX or len(self.headers) > HEADERS_MAX
        if too_long and not self.transport.is_closing():
            self.logger.warning("The head of a request is too long.")
            self.send_400_response("The head of the request is too long.")

    def on_chunk_header(self) -> None:
        """Read no more headers, once a body has begun behind which there may be some."""
        self.headers = _DROPPED

    def _look_again(self) -> None:
        """End a connection if what is waited for does not come, or what was said is not taken."""
        unsent = self.transport.get_write_buffer_size()
        if unsent and unsent == self._unsent_then:
            self.transport.abort()  # it would be closed when all has been taken
            return
        scope: Any = self.scope
        in_head = scope is None or "method" not in scope
        in_body = not in_head and self.cycle.more_body and not self.cycle.response_complete
        silent = self._pieces == self._pieces_then and not self.flow.read_paused
        if (in_head and scope is self._unread_then) or (in_body and silent):
            self.transport.close()
        self._pieces_then, self._unread_then, self._unsent_then = self._pieces, scope if in_head else _READ, unsent
        self._look = self.loop.call_later(self.patience, self._look_again)
