"""The end of tasks that go on for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

#: After so long, a task that has not ended is cancelled once more.
AGAIN_SECONDS = 2.0


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait until they have ended.

    To cancel once may be in vain: in Python 3.11 `asyncio.wait_for`, on which libraries wait, loses a cancellation that
    comes when what it waits for has just ended. The task would go on, and whoever waits for it, for ever.

    Raises:
        Exception: what one of them had failed with.
    """
    all_of_them = tuple(tasks)
    left = set(all_of_them)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
    for task in all_of_them:
        if not task.cancelled():
            task.result()
