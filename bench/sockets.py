"""A thousand open WebSockets on one process: what a message costs for each client, what a client weighs and idles at.

Everybody sees one event. Each change of it is told to each of them twice: that it changed, and, except to who changed
it, as a notification in words. The CPU is all that the server used for the change, from the request to the last frame.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from bench import cpu
from bench.filling import Filling, token
from bench.listening import Heard, listening
from bench.load import Ask, Load, Outcome, Plan
from bench.servers import Server
from bench.stands import filled_server

CLIENTS = 1_000
IDLE_SECONDS = 5.0
_FILLING = Filling(people=CLIENTS, events_each=5)
_EVENT = f"/api/v1/events/{_FILLING.event_id(0)}"
_SHARED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Sockets:
    """The medians of all changes, for one kind of database; memory when all were open and nothing had happened."""

    database: str
    clients: int
    message_us: float
    kib: float
    idle_us: float


def measure(kinds: Sequence[str], postgres: str, changes: int, say: Callable[[str], None]) -> list[Sockets]:
    """Measure on each kind of database."""
    found = []
    for kind in kinds:
        say(f"{kind}: {CLIENTS:,} open WebSockets")
        with filled_server(kind, postgres, _FILLING) as (server, load):
            send(load, server, 201, shared_with_all(_EVENT))
            found.append(asyncio.run(_of(kind, server, load, changes)))
    return found


async def _of(kind: str, server: Server, load: Load, changes: int) -> Sockets:
    tokens = [token(user) for user in range(1, CLIENTS + 1)]
    async with listening(server, tokens[:1]):  # what the first one brings along is nobody's weight
        await asyncio.sleep(1)
    rest = cpu.resident(server.pid)
    async with listening(server, tokens) as heard:
        await asyncio.sleep(1)
        kib = (cpu.resident(server.pid) - rest) / CLIENTS / 1024
        before = server.used()
        await asyncio.sleep(IDLE_SECONDS)
        idle = cpu.between(before, server.used()) / IDLE_SECONDS / CLIENTS / 1e3
        spent = [await _change(server, load, heard, number) for number in range(1, changes + 1)]
    return Sockets(kind, CLIENTS, statistics.median(spent[1:]), kib, idle)


async def _change(server: Server, load: Load, heard: Heard, number: int) -> float:
    """Change the event, wait until everybody has heard of it; gives microseconds for one message to one client."""
    before = server.used()
    ask = Ask("PUT", _EVENT, orjson.dumps({"title": f"Planning, as of change {number}"}).decode())
    await asyncio.to_thread(send, load, server, 200, [ask])
    await heard.until(b"changed", number * CLIENTS)
    await heard.until(b"notification", number * (CLIENTS - 1))
    return cpu.between(before, server.used()) / (2 * CLIENTS - 1) / 1e3


def shared_with_all(event: str) -> list[Ask]:
    """What shares an event with all clients but the first, whose it is."""
    shares = []
    for first in range(2, CLIENTS + 1, _SHARED_AT_ONCE):
        some = range(first, min(first + _SHARED_AT_ONCE, CLIENTS + 1))
        people = [{"user_id": user, "role": "viewer"} for user in some]
        shares.append(Ask("POST", f"{event}/share", orjson.dumps({"users": people}).decode()))
    return shares


def send(load: Load, server: Server, expected: int, asks: list[Ask]) -> Outcome:
    """Send requests of the first client, one after the other."""
    return load.run(Plan(server.port, server.token, 1, 60.0, expected, asks))
