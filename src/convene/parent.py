"""Ending with the process that began this one: a worker must not go on when nobody watches over it any more."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
#: The process that this one ends with, once that has been said.
_PARENTS: list[int] = []


def end_with(parent: int) -> None:
    """Be asked to stop (SIGTERM) when the process ends that began this one, however that happens; on Linux alone.

    A parent that has ended before is asked about afterwards: the kernel tells only of what comes.
    """
    if sys.platform != "linux":
        return
    _PARENTS[:] = [parent]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if is_gone():
        os.kill(os.getpid(), signal.SIGTERM)


def is_gone() -> bool:
    """Whether the process that this one ends with has ended, and left what it would have cleared up."""
    return bool(_PARENTS) and os.getppid() != _PARENTS[0]
