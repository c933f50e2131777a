"""One event, a thousand collaborators, each with an open WebSocket: what a change of it costs, and when all have heard.

A change writes a notification for everybody but who made it, in its own transaction; another one within a minute folds
into those that are there. CPU is that of the server, and of PostgreSQL's processes for its connections, from the
request until the last has heard; how long the answer and the last one take is wall time.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from bench import cpu
from bench.filling import Filling, token
from bench.listening import Heard, listening
from bench.load import Ask, Load
from bench.servers import Server
from bench.sockets import CLIENTS, send, shared_with_all
from bench.stands import filled_server


@dataclass(frozen=True, slots=True)
class Fanout:
    """The medians of all changes of one kind: milliseconds."""

    database: str
    change: str
    answer_ms: float
    heard_ms: float
    server_ms: float
    database_ms: float


@dataclass(frozen=True, slots=True)
class _Scene:
    server: Server
    load: Load
    heard: Heard


def measure(kinds: Sequence[str], postgres: str, events: int, say: Callable[[str], None]) -> list[Fanout]:
    """Measure on each kind of database, with so many events that each change twice."""
    found: list[Fanout] = []
    filling = Filling(people=CLIENTS, events_each=events + 1)
    paths = [f"/api/v1/events/{filling.event_id(number)}" for number in range(events + 1)]
    for kind in kinds:
        say(f"{kind}: changes of which {CLIENTS:,} hear")
        with filled_server(kind, postgres, filling) as (server, load):
            for path in paths:
                send(load, server, 201, shared_with_all(path))
            found += asyncio.run(_of(kind, server, load, paths))
    return found


async def _of(kind: str, server: Server, load: Load, paths: Sequence[str]) -> list[Fanout]:
    found = []
    async with listening(server, [token(user) for user in range(1, CLIENTS + 1)]) as heard:
        await asyncio.sleep(1)
        scene = _Scene(server, load, heard)
        for again, change in enumerate(("first change", "another one within a minute")):
            turns = [await _change(scene, path, 1 + number + again * len(paths)) for number, path in enumerate(paths)]
            found.append(Fanout(kind, change, *map(statistics.median, zip(*turns[1:], strict=True))))
    return found


async def _change(scene: _Scene, path: str, number: int) -> tuple[float, float, float, float]:
    """Change an event and wait until everybody has heard of it."""
    server, ask = scene.server, Ask("PUT", path, orjson.dumps({"title": f"As of change {number}"}).decode())
    before, database_before = server.used(), await asyncio.to_thread(server.database_used)
    began = time.monotonic()
    answering = asyncio.create_task(_ask(scene, ask))
    await scene.heard.until(b"changed", number * CLIENTS)
    await scene.heard.until(b"notification", number * (CLIENTS - 1))
    heard, answered = time.monotonic(), await answering
    server_ms = cpu.between(before, server.used()) / 1e6
    database_ms = cpu.between(database_before, await asyncio.to_thread(server.database_used)) / 1e6
    return (answered - began) * 1e3, (heard - began) * 1e3, server_ms, database_ms


async def _ask(scene: _Scene, ask: Ask) -> float:
    """Send a request; gives the time of its answer."""
    await asyncio.to_thread(send, scene.load, scene.server, 200, [ask])
    return time.monotonic()
