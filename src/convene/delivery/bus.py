"""The bus between processes: a doorbell, and short messages that may get lost.

It only says that there is something to read. What it loses is caught up from the tables, so a bus that is down costs
speed and nothing else. Three kinds, chosen by what is there: within the process (and, on SQLite, by asking the file
whether another process has written), LISTEN/NOTIFY of PostgreSQL, publish/subscribe of Redis or Valkey.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from convene.ending import end
from convene.storage.wires import RING, Hear

#: PostgreSQL carries less than 8,000 bytes, and in base64 three are four; what is longer takes a burst down with it.
MESSAGE_MAX = 5_900
_RETRY_FIRST, _RETRY_MAX = 0.1, 5.0
#: What takes longer to be carried has gone nowhere: a wire that hangs is as good as none, and is connected anew.
CARRY_SECONDS = 1.0
#: So long whatever is said after something waits, to be carried together: each carrying costs as much as a query.
_BREATH = 0.02

_log = structlog.get_logger("convene.bus")


class Wire(Protocol):
    """What carries messages to other processes."""

    async def listen(self, hear: Hear, connected: Callable[[], None]) -> None:
        """Hear messages until the connection is lost."""
        ...

    async def send(self, messages: list[bytes]) -> None:
        """Send messages to all other processes; this one may hear them too."""
        ...


class Bus:
    """Sends doorbells and messages, those of a burst together, and hears those of all processes.

    Never raises to who sends: a request must not fail, nor wait, because a bus is down.
    """

    def __init__(self) -> None:
        self._hearers: list[Hear] = []
        self._waiting: list[bytes] = []
        self._flush = asyncio.Event()
        self._retry = _RETRY_FIRST
        self.connected = False
        #: Since when, on the clock of `time.monotonic`.
        self.since = time.monotonic()

    def hear(self, hearer: Hear) -> None:
        """Call somebody for each message, RING included, also after a connection that was lost is there again."""
        self._hearers.append(hearer)

    def ring(self) -> None:
        """Say that there is something to read; the rings of a burst are one."""
        if RING not in self._waiting:
            self._waiting.append(RING)
        self._flush.set()

    def send(self, message: bytes) -> None:
        """Send a short message that may get lost."""
        if len(message) <= MESSAGE_MAX:
            self._waiting.append(message)
            self._flush.set()

    @asynccontextmanager
    async def running(self, wire: Wire) -> AsyncIterator[None]:
        """Carry messages over a wire while the block runs."""
        tasks = [asyncio.create_task(self._send_all(wire)), asyncio.create_task(self._listen_always(wire))]
        try:
            yield
        finally:
            await end(tasks)

    def _heard(self, message: bytes) -> None:
        for hearer in self._hearers:
            hearer(message)

    async def _send_all(self, wire: Wire) -> None:
        while True:
            await self._flush.wait()
            self._flush.clear()
            messages, self._waiting = self._waiting, []
            # This process hears at once; others when the wire has carried it. Hearing twice does no harm.
            for message in messages:
                self._heard(message)
            if self.connected:
                await self._guarded(self._carry(wire, messages))
            await asyncio.sleep(_BREATH)

    async def _carry(self, wire: Wire, messages: list[bytes]) -> None:
        """Send messages; who listens to a wire that carries nothing stops waiting for it."""
        try:
            async with asyncio.timeout(CARRY_SECONDS):
                await wire.send(messages)
        except Exception:
            if self.connected:
                self._connect_is(connected=False)
                self._listening.reschedule(0)
            raise

    async def _listen_always(self, wire: Wire) -> None:
        while True:
            await self._guarded(self._listen(wire))
            self._connect_is(connected=False)
            await asyncio.sleep(self._retry)
            self._retry = min(self._retry * 2, _RETRY_MAX)

    async def _listen(self, wire: Wire) -> None:
        async with asyncio.timeout(None) as self._listening:
            await wire.listen(self._heard, self._is_connected)

    def _connect_is(self, *, connected: bool) -> None:
        if self.connected != connected:
            self.connected, self.since = connected, time.monotonic()

    def _is_connected(self) -> None:
        self._retry = _RETRY_FIRST  # whatever comes is another outage
        self._connect_is(connected=True)
        self._heard(RING)  # whatever was said while nobody listened is in the tables

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the outer edge: a bus that is down must not end its task
            _log.warning("the bus is interrupted", error=repr(error))
