"""The metrics of all worker processes behind one port, whichever of them is asked.

Each writes its samples into a folder that they share, every few seconds; who is asked gives its own as they are now and
those of the others as they were last written, each with the label `worker`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Any

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from convene.ending import end
from convene.parent import is_gone

WRITE_SECONDS = 3.0


class Colleagues(Collector):
    """The samples of this worker and of the others, told apart by the number of their process."""

    def __init__(self, own: CollectorRegistry, folder: Path) -> None:
        self._own = own
        self._folder = folder
        self._file = folder / f"{os.getpid()}.json"
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def exposition(self) -> bytes:
        """All samples of all workers in Prometheus' text format."""
        return generate_latest(self._registry)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let the others know while the block runs."""
        task = asyncio.create_task(self._write_again_and_again())
        try:
            yield
        finally:
            await end([task])
            self._file.unlink(missing_ok=True)
            if is_gone():
                rmtree(self._folder, ignore_errors=True)  # the others do so, too

    async def _write_again_and_again(self) -> None:
        while not is_gone():
            self._write()
            await asyncio.sleep(WRITE_SECONDS)

    def _write(self) -> None:
        draft = self._file.with_suffix(".draft")
        draft.write_bytes(orjson.dumps([_plain(metric) for metric in self._own.collect()]))
        draft.rename(self._file)

    def collect(self) -> Iterator[Metric]:
        """Give the samples of all, family by family."""
        families: dict[str, Metric] = {}
        _add(families, map(_plain, self._own.collect()), str(os.getpid()))
        for file in sorted(self._folder.glob("*.json")):
            if file != self._file and _lives(int(file.stem)):
                with suppress(FileNotFoundError):  # it has stopped in this moment
                    _add(families, orjson.loads(file.read_bytes()), file.stem)
        yield from families.values()


def _plain(metric: Metric) -> list[Any]:
    samples = [[sample.name, sample.labels, sample.value] for sample in metric.samples]
    return [metric.name, metric.documentation, metric.type, samples]


def _add(families: dict[str, Metric], metrics: Iterable[list[Any]], worker: str) -> None:
    for name, about, kind, samples in metrics:
        family = families.setdefault(name, Metric(name, about, kind))
        for sample, labels, value in samples:
            family.add_sample(sample, {**labels, "worker": worker}, value)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):  # gone, or gone and its number somebody else's
        return False
    return True
