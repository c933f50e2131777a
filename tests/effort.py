"""What a piece of work costs, whatever else the machine and this process are doing."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_ATTEMPTS = 3


@dataclass(slots=True)
class Effort:
    """What was measured; filled when the block ends."""

    cpu_seconds: float = 0.0


@contextmanager
def effort() -> Iterator[Effort]:
    """Measure the CPU time of this process within the block.

    Without the collector of garbage: what it goes through is the heap of the whole run, half a second at times,
    and not what the block has made.
    """
    measured = Effort()
    gc.disable()
    began = time.process_time()
    try:
        yield measured
    finally:
        measured.cpu_seconds = time.process_time() - began
        gc.enable()


def costs_less(work: Callable[[], object], cpu_seconds: float) -> bool:
    """Whether some work costs less; tried again if it did not, because something else may have slowed it."""
    for _ in range(_ATTEMPTS):
        with effort() as measured:
            work()
        if measured.cpu_seconds < cpu_seconds:
            return True
    return False
