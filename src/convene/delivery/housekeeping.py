"""Once a day: throwing away what nobody can have back. Every few seconds: letting the database know what has grown.

Each process does both, beginning when chance wants it to; what another has done already costs it next to nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from random import SystemRandom

import structlog

from convene.domain.errors import Unavailable
from convene.ending import end
from convene.operations import upkeep
from convene.storage.unit_of_work import Units

DAY_SECONDS = 24 * 3600.0
LOOK_SECONDS = 2.0

_log = structlog.get_logger("convene.housekeeping")

Duty = Callable[[Units], Awaitable[None]]


@asynccontextmanager
async def running(units: Units, *, every: float = DAY_SECONDS) -> AsyncIterator[None]:
    """Prune every so many seconds while the block runs, and look at what has grown."""
    duties = ((_prune, every), (_look, LOOK_SECONDS))
    tasks = [asyncio.create_task(_again_and_again(units, duty, pause)) for duty, pause in duties]
    try:
        yield
    finally:
        await end(tasks)


async def _again_and_again(units: Units, duty: Duty, every: float) -> None:
    await asyncio.sleep(SystemRandom().uniform(0, every))
    while True:
        try:
            await duty(units)
        except Unavailable as error:
            _log.warning("housekeeping waits for the database", error=repr(error))
        except Exception:  # noqa: BLE001 - an outer edge: a day on which it fails must not be the last one
            _log.exception("housekeeping failed", duty=duty.__name__)
        await asyncio.sleep(every)


async def _prune(units: Units) -> None:
    _log.info("pruned", **asdict(await upkeep.prune(units)))


async def _look(units: Units) -> None:
    for table in await upkeep.look_at_what_has_grown(units):
        _log.info("looked at what has grown", table=table)
