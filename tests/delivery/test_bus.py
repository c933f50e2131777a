"""The bus: who rings it much is carried seldom, and heard at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from convene.delivery.bus import Bus
from convene.storage.wires import RING, Hear

OUTAGES = 8


class Keeping:
    """A wire that leads to no other process, and keeps what it is given."""

    def __init__(self) -> None:
        self.sent = asyncio.Queue[list[bytes]]()
        self.listened = asyncio.Event()

    async def listen(self, hear: Hear, connected: Callable[[], None]) -> None:  # noqa: ARG002 - nobody else is there
        connected()
        self.listened.set()
        await asyncio.Event().wait()

    async def send(self, messages: list[bytes]) -> None:
        self.sent.put_nowait(messages)


async def test_a_burst_of_rings_is_carried_seldom_and_its_end_is_not_lost():
    wire, bus = Keeping(), Bus()
    async with bus.running(wire):
        await wire.listened.wait()
        for _ in range(50):
            bus.ring()
            await asyncio.sleep(0)
        assert wire.sent.qsize() == 1
        async with asyncio.timeout(5):
            assert [await wire.sent.get(), await wire.sent.get()] == [[RING], [RING]]


async def test_the_first_ring_is_heard_at_once():
    bus, heard = Bus(), list[bytes]()
    async with bus.running(Keeping()):
        await asyncio.sleep(0)
        bus.hear(heard.append)
        bus.ring()
        for _ in range(5):
            await asyncio.sleep(0)
        assert RING in heard


class Hanging(Keeping):
    """A wire that carries nothing, and does not say so."""

    def __init__(self) -> None:
        super().__init__()
        self.connections = asyncio.Semaphore(0)

    async def listen(self, hear: Hear, connected: Callable[[], None]) -> None:
        self.connections.release()
        await super().listen(hear, connected)

    async def send(self, messages: list[bytes]) -> None:  # noqa: ARG002 - they go nowhere
        await asyncio.Event().wait()


async def test_a_wire_that_hangs_keeps_nobody_in_this_process_from_hearing_and_is_connected_anew():
    wire, bus, heard = Hanging(), Bus(), asyncio.Queue[bytes]()
    async with bus.running(wire):
        await wire.listened.wait()
        bus.hear(heard.put_nowait)
        async with asyncio.timeout(10):
            for _ in range(2):
                bus.ring()
                await heard.get()
            for _ in range(2):
                await wire.connections.acquire()


class Faltering(Keeping):
    """A wire that is lost as soon as it is there."""

    def __init__(self) -> None:
        super().__init__()
        self.outages = 0

    async def listen(self, hear: Hear, connected: Callable[[], None]) -> None:  # noqa: ARG002 - nobody else is there
        connected()
        self.outages += 1
        if self.outages == OUTAGES:
            self.listened.set()
        raise OSError("lost again")


async def test_an_outage_after_others_is_no_longer_than_the_first():
    wire, bus = Faltering(), Bus()
    async with bus.running(wire), asyncio.timeout(5):  # each twice as long as the one before would take 12.7 s
        await wire.listened.wait()
