"""What a process has used: CPU time to the nanosecond, and the peak of its memory.

Wall time on a machine with neighbours is noise; CPU time is not. Linux keeps it for each process, threads that have
ended included, behind a clock that anybody may read; elsewhere psutil's hundredths of a second have to do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

_IS_LINUX = sys.platform.startswith("linux")
_CLOCK_OF_PROCESS = 2  # CPUCLOCK_SCHED of a whole process: what clock_getcpuclockid(3) makes of a pid


def used(pid: int) -> int:
    """Nanoseconds of CPU, user and system, that a process has used since it began."""
    if _IS_LINUX:
        return time.clock_gettime_ns((~pid << 3) | _CLOCK_OF_PROCESS)
    times = psutil.Process(pid).cpu_times()
    return int((times.user + times.system) * 1e9)


def family(pid: int) -> list[int]:
    """A process and its children, and theirs."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def used_by(pids: Iterable[int]) -> dict[int, int]:
    """What each of several processes has used."""
    return {pid: used(pid) for pid in pids}


def between(before: dict[int, int], after: dict[int, int]) -> int:
    """Nanoseconds used from one reading to a later one; a process that is new began at nothing."""
    return sum(spent - before.get(pid, 0) for pid, spent in after.items())


def resident(pid: int) -> int:
    """Bytes of memory that a process holds now."""
    return _status(pid, "VmRSS")


def forget_peak(pid: int) -> None:
    """Let the kernel begin anew to note the most memory that a process held (`man proc`, clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")


def peak(pid: int) -> int:
    """The most bytes that a process has held since it began, or since `forget_peak`."""
    return _status(pid, "VmHWM")


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    kib = next(line for line in lines if line.startswith(f"{name}:")).split()[1]
    return int(kib) * 1024
