"""Ending with the process that began this one: a worker must not go on when nobody watches over it any more."""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import sys
from pathlib import Path
from shutil import rmtree

_PR_SET_PDEATHSIG = 1


def end_with(parent: int, folder: Path) -> None:
    """Be asked to stop (SIGTERM) when the process ends that began this one, however that happens; on Linux alone.

    A parent that was killed leaves a folder, which goes with the last of those whom it began.

    A parent that has ended before is asked about afterwards: the kernel tells only of what comes.
    """
    if sys.platform != "linux":
        return
    atexit.register(_clear_up, parent, folder)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _clear_up(parent: int, folder: Path) -> None:
    if os.getppid() != parent:
        rmtree(folder, ignore_errors=True)  # the others do so at the same time
