"""HTTP as the server reads it: a head has an end, it comes before the body, and nobody is waited for without end.

uvicorn's fast parser takes headers for as long as they come, each of six bytes as hundreds, before anybody knows who
sends them; and what stands behind a chunked body (RFC 9112, 7.1.2) as headers too, past a proxy that has cleaned those.
A connection on which nothing comes, or from which no answer is taken, keeps its descriptor for as long as its client
likes. The silence after an answer does have an end, by a timer for each answer, of which nearly all are cancelled; with
one for each connection, reading an event takes 0.97 of the CPU.
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
    #: Since when nothing is asked, by the clock of the loop; None while something is, and before anything was.
    _silent_since: float | None = None
    _end_of_silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(transport)
        self._look = self.loop.call_later(self.patience, self._look_again)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        super().connection_lost(exc)
        self._stop_waiting()

    def handle_websocket_upgrade(self) -> None:
        """Go on as a WebSocket, which has a heartbeat of its own."""
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def _stop_waiting(self) -> None:
        self._look.cancel()
        if self._end_of_silence is not None:
            self._end_of_silence.cancel()

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

    # -- silence between requests ----------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin the head of a request."""
        self._silent_since = None
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End it."""
        self._silent_since = None  # once more: it may have begun before the answer to another one ended
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request if it is here already, or wait for it."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._silent_since = self.loop.time()
        if self._end_of_silence is None:
            self._await_silence(self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        """Wait on, whatever has come, until it is the head of a request."""

    def _await_silence(self, seconds: float) -> None:
        self._end_of_silence = self.loop.call_later(seconds, self._look_at_silence)

    def _look_at_silence(self) -> None:
        self._end_of_silence = None
        scope: Any = self.scope
        if self._silent_since is None or "method" not in scope:
            return  # the next answer begins a silence of its own; a head that has begun is waited for otherwise
        left = self._silent_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._await_silence(left)
        else:
            self.timeout_keep_alive_handler()
