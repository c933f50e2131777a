"""What the process counts about itself, for Prometheus. The owner of prometheus_client, with `colleagues`.

A request adds to plain numbers, for about a microsecond; they become samples when somebody asks for them. Labels are
bounded: routes by their templates, what is no route of ours as `other`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import accumulate
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from convene.api.colleagues import Colleagues

MEDIA_TYPE = CONTENT_TYPE_LATEST
#: Upper bounds of the histogram's buckets, in seconds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

Read = Callable[[], float]
Labels = tuple[str, ...]


class _Latency:
    """How long requests of one route took: how many up to each bound, and the sum of seconds."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0


class Metrics(Collector):
    """The counters of one application, with a registry of its own."""

    def __init__(self, folder: Path | None = None) -> None:
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._latencies: dict[tuple[str, str], _Latency] = {}
        self._problems: Counter[Labels] = Counter()
        self._merges = 0
        self._watched: dict[tuple[str, str, bool], dict[str, Read]] = {}
        self._counters: dict[tuple[str, str, Labels], Counter[Labels]] = {}
        self._families: dict[tuple[str, str, str], Callable[[], Mapping[str, float]]] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._colleagues = Colleagues(self._registry, folder) if folder else None

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that has been answered."""
        if method not in _METHODS:
            method = "other"  # a client may make up as many as it likes
        self._requests[method, route, status] += 1
        latency = self._latencies.get((method, route))
        if latency is None:
            latency = self._latencies[method, route] = _Latency()
        latency.counts[bisect_left(BUCKETS, seconds)] += 1
        latency.seconds += seconds

    def refused(self, slug: str) -> None:
        """Count a problem that somebody was told: conflicts of edits and of bookings are among them."""
        self._problems[(slug,)] += 1

    def merged(self) -> None:
        """Count an edit that went together with what others had done meanwhile."""
        self._merges += 1

    def watch(self, name: str, about: str, read: Read, *, label: str = "", counts: bool = False) -> None:
        """Let a number be read whenever somebody asks: queue depths, ages, connections.

        `label` tells several of one name apart (`state="idle"` is written `idle`); `counts` says that it only grows.
        """
        self._watched.setdefault((name, about, counts), {})[label] = read

    def watch_counter(self, name: str, about: str, labels: Labels, counter: Counter[Labels]) -> None:
        """Let a counter by labels be read whenever somebody asks."""
        self._counters[name, about, labels] = counter

    def watch_family(self, name: str, about: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Let numbers by label be read whenever somebody asks, whichever labels there are by then."""
        self._families[name, about, label] = read

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return self._colleagues.exposition() if self._colleagues else generate_latest(self._registry)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Share them with the other workers behind the same port while the block runs, if there are any."""
        if self._colleagues is None:
            yield
            return
        async with self._colleagues.running():
            yield

    def collect(self) -> Iterator[Metric]:
        """Give every metric that is ours."""
        requests = CounterMetricFamily(
            "convene_requests", "Requests that were answered.", labels=("method", "route", "status")
        )
        for (method, route, status), number in list(self._requests.items()):
            requests.add_metric((method, route, str(status)), number)
        yield requests
        yield self._latency()
        counters = {
            ("convene_problems", "Problems that were told, by the end of their type.", ("type",)): self._problems,
            **self._counters,
        }
        for (name, about, labels), counter in counters.items():
            family = CounterMetricFamily(name, about, labels=labels)
            for values, number in list(counter.items()):
                family.add_metric(values, number)
            yield family
        yield CounterMetricFamily("convene_merges", "Edits that were merged with those of others.", self._merges)
        yield from self._read_watched()

    def _latency(self) -> HistogramMetricFamily:
        family = HistogramMetricFamily(
            "convene_request_seconds",
            "From the head of a request to its answer.",
            labels=("method", "route"),
        )
        bounds = [*(str(bound) for bound in BUCKETS), "+Inf"]
        for (method, route), latency in list(self._latencies.items()):
            buckets = list(zip(bounds, map(float, accumulate(latency.counts)), strict=True))
            family.add_metric((method, route), buckets, latency.seconds)
        return family

    def _read_watched(self) -> Iterator[Metric]:
        for (name, about, counts), reads in self._watched.items():
            labels = ("state",) if any(reads) else ()
            made = CounterMetricFamily if counts else GaugeMetricFamily
            family = made(name, about, labels=labels)
            for label, read in reads.items():
                family.add_metric((label,) if labels else (), read())
            yield family
        for (name, about, label), read_all in self._families.items():
            family = GaugeMetricFamily(name, about, labels=(label,))
            for value, number in read_all().items():
                family.add_metric((value,), number)
            yield family
