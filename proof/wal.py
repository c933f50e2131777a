"""SQLite's files as a power cut leaves them: the database, and a log that ends somewhere.

What the log held when a transaction was acknowledged is on the disk (`synchronous = FULL`), as is what has been copied
back into the database; what comes after that may be there, in part, or not at all. So a log is cut off at any byte
behind what has been copied back. What was acknowledged is lost then, which no power cut does; but what is left must be
the beginning of the history, whole transactions one after the other.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from proof.recording import Call

_HEADER = 32
_FRAME_HEADER = 24
#: In the index of the log: up to which frame is being, or has been, copied back (nBackfillAttempted in SQLite's wal.c).
_BACKFILL = slice(128, 132)

Written = dict[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Cut:
    """A copy of a database and its log as they lay there at some moment.

    Attributes:
        taken: that moment, on the clock of the recording.
        surely: how many bytes of the log are on the disk for certain.
        whole: whether nothing was cut off.
    """

    file: Path
    taken: float
    surely: int
    whole: bool = True

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    @property
    def log(self) -> Path:
        return self.file.with_name(f"{self.file.name}-wal")

    def shortened(self, chance: random.Random) -> Cut:
        """Another copy, whose log is cut off at a random byte."""
        folder = self.file.parent.with_name(f"{self.file.parent.name}-cut")
        folder.mkdir()
        other = replace(self, file=folder / self.file.name, whole=False)
        for path in (self.file, self.log):
            shutil.copy(path.with_name(f"{path.name}.as-it-lay"), folder / path.name)
        size = other.log.stat().st_size
        os.truncate(other.log, chance.randint(min(self.surely, size), size))
        return other

    def broken(self, calls: Sequence[Call]) -> list[str]:
        """What was acknowledged before the copy was made, and is not in it; only of one that was not cut off."""
        if not self.whole:
            return []
        there = versions(self.url)
        told = [call for call in calls if call.succeeded and call.version is not None and call.event is not None]
        return [
            f"version {call.version} of event {call.event} was acknowledged before, and is lost"
            for call in told
            if call.end is not None and call.end < self.taken and (call.event, call.version) not in there
        ]

    def no_beginning_of(self, whole: Written) -> list[str]:
        """Where it is not exactly what was there when the last transaction in it had been written."""
        there = versions(self.url)
        with closing(sqlite3.connect(self.file)) as file:
            [(last,)] = file.execute("SELECT position FROM database_identity").fetchall()
        expected = {version for version, position in whole.items() if position <= last}
        return [
            f"version {number} of event {event} is {'missing' if (event, number) in expected else 'of later'}"
            for event, number in sorted(there.keys() ^ expected)
        ]


def copy(url: str, folder: Path, pids: Sequence[int]) -> Cut:
    """Copy a database and its log at one moment: whoever writes to it is held up meanwhile."""
    source = Path(url.removeprefix("sqlite:///"))
    folder.mkdir()
    target = folder / source.name
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        taken = time.monotonic()
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(f"{source}{suffix}", f"{target}{suffix}.as-it-lay")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    for suffix in ("", "-wal"):
        shutil.copy(f"{target}{suffix}.as-it-lay", f"{target}{suffix}")
    index = Path(f"{target}-shm.as-it-lay").read_bytes()
    frames = int.from_bytes(index[_BACKFILL], "little")
    with target.open("rb") as file:
        page = int.from_bytes(file.read(18)[16:], "big") or 65_536
    return Cut(target, taken, _HEADER + frames * (_FRAME_HEADER + page) if frames else 0)


def versions(url: str) -> Written:
    """All versions in a database, as (event, number), with their positions."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
        rows = file.execute("SELECT event_id, version_number, position FROM event_versions").fetchall()
    return {(event, number): position for event, number, position in rows}
