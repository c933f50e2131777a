"""Once a day: throwing away what nobody can have back.

Each process does it, at an hour that chance chooses when it starts; what another has done already costs it next to
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from random import SystemRandom

import structlog

from convene.operations import upkeep
from convene.storage.unit_of_work import Units

DAY_SECONDS = 24 * 3600.0

_log = structlog.get_logger("convene.housekeeping")


@asynccontextmanager
async def running(units: Units, *, every: float = DAY_SECONDS) -> AsyncIterator[None]:
    """Prune every so many seconds while the block runs."""
    task = asyncio.create_task(_prune_again_and_again(units, every))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _prune_again_and_again(units: Units, every: float) -> None:
    await asyncio.sleep(SystemRandom().uniform(0, every))
    while True:
        try:
            _log.info("pruned", **asdict(await upkeep.prune(units)))
        except Exception:  # noqa: BLE001 - an outer edge: a day on which it fails must not be the last one
            _log.exception("pruning failed")
        await asyncio.sleep(every)
