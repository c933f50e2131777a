"""How long a change made through one process takes to be heard at a socket of another, on each bus. Wall time."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from tests.valkey import valkey_server

from bench.filling import Filling, fill, token
from bench.listening import Heard, listening
from bench.load import Ask, Load, Plan
from bench.servers import CONVENE, Server, empty_database, running

BUSES = ("sqlite", "postgresql", "valkey")
_FILLING = Filling(people=2, events_each=20)
_EVENT = f"/api/v1/events/{_FILLING.event_id(0)}"  # shared with the second user
_APART = 0.05


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from sending a change to hearing of it: half of all took at most so long, and 95 of 100."""

    bus: str
    median_ms: float
    late_ms: float


def measure(postgres: str, changes: int, say: Callable[[str], None]) -> list[Latency]:
    """Measure each bus; Valkey rings for PostgreSQL."""
    found = []
    for bus in BUSES:
        say(f"two processes, {bus} between them")
        with contextlib.ExitStack() as stack:
            load = stack.enter_context(Load())
            one, other = stack.enter_context(_two(bus, postgres))
            found.append(asyncio.run(_of(bus, one, other, load, changes)))
    return found


@contextlib.contextmanager
def _two(bus: str, postgres: str) -> Iterator[tuple[Server, Server]]:
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(empty_database("sqlite" if bus == "sqlite" else "postgresql", postgres))
        fill(url, _FILLING)
        redis = {"REDIS_URL": stack.enter_context(valkey_server()).url} if bus == "valkey" else {}
        candidate = dataclasses.replace(CONVENE, environment={**CONVENE.environment, **redis})
        folders = (Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="convene-bench-"))) for _ in range(2))
        one, other = (stack.enter_context(running(candidate, url, folder)) for folder in folders)
        yield one, other


async def _of(bus: str, one: Server, other: Server, load: Load, changes: int) -> Latency:
    async with listening(other, [token(2)]) as heard:
        await asyncio.sleep(1)
        took = [await _change(one, load, heard, number) for number in range(1, changes + 1)][1:]
    return Latency(bus, statistics.median(took), statistics.quantiles(took, n=20)[-1])


async def _change(one: Server, load: Load, heard: Heard, number: int) -> float:
    ask = Ask("PUT", _EVENT, orjson.dumps({"title": f"Planning, as of change {number}"}).decode())
    began = time.monotonic()
    sending = asyncio.create_task(asyncio.to_thread(load.run, Plan(one.port, one.token, 1, 60.0, 200, [ask])))
    await heard.until(b"notification", number)
    took = (time.monotonic() - began) * 1e3
    await sending
    await asyncio.sleep(_APART)
    return took
