"""What requests of a user with 1,000 events cost among 10,000, 100,000 and 1,000,000 events of all users.

One more user has 20,000 events, whatever the others have: requests of theirs are measured beside.

The databases are filled side by side and their servers take turns. On PostgreSQL the same operations also run here,
each statement under EXPLAIN (ANALYZE, BUFFERS): rows and pages are counted, not timed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import orjson

from bench.explaining import Counted, explained
from bench.filling import FIRST, ZONE, Filling, fill, token
from bench.load import Ask, Load
from bench.servers import CONVENE, empty_database, running
from bench.stands import Effort, Line, Scenario, Stand, take_turns

TOTALS = (10_000, 100_000, 1_000_000)
QUICK_TOTALS = (10_000, 30_000)
EVENTS_EACH = 1_000
SERIES_EACH = 10
CROWDED = 20_000
#: Few enough that the warm-up changes each of them, whatever a change costs.
_CHANGED = 10


@dataclass(frozen=True, slots=True)
class Filled:
    """How long filling a database took."""

    database: str
    total: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Growth:
    """The figures of one kind of database, by scenario, and what was counted, by total (PostgreSQL only)."""

    database: str
    filled: list[Filled]
    lines: list[Line]
    counted: list[Counted]


def scenarios(filling: Filling) -> dict[str, Scenario]:
    """What is asked, with the ids that the events have in a filling."""

    def cycle(path: str) -> Callable[[], Iterator[Ask]]:
        numbers = itertools.cycle(range(EVENTS_EACH - SERIES_EACH))
        return lambda: (Ask("GET", path.format(filling.event_id(number * 7 % EVENTS_EACH))) for number in numbers)

    crowded = token(filling.users.stop)
    weekly = {"frequency": "weekly"}
    return {
        "list a month": Scenario(200, _months),
        "list a month of 20,000": Scenario(200, _months, token=crowded),
        "check a single event": Scenario(200, lambda: _checks(None)),
        "check one of 20,000": Scenario(200, lambda: _checks(None), token=crowded),
        "check a weekly series": Scenario(200, lambda: _checks(weekly), warm_up=20),
        "check a series of 20,000": Scenario(200, lambda: _checks(weekly), warm_up=20, token=crowded),
        "get": Scenario(200, cycle("/api/v1/events/{}")),
        "change": Scenario(200, lambda: _changes(filling), warm_up=_CHANGED),
        "history": Scenario(200, cycle("/api/v1/events/{}/history")),
        "diff": Scenario(200, lambda: _diffs(filling)),
        "changes, a page of all": Scenario(200, lambda: itertools.repeat(Ask("GET", "/api/v1/changes"))),
        "a month as it was": Scenario(200, lambda: _months("&as_of=2026-12-15T00:00:00Z")),
        "share": Scenario(201, lambda: _shares(filling)),
    }


def _changes(filling: Filling) -> Iterator[Ask]:
    for number in itertools.count():
        body = orjson.dumps({"title": f"Planning, as of change {number}"}).decode()
        yield Ask("PUT", f"/api/v1/events/{filling.event_id(number % _CHANGED)}", body)


def _diffs(filling: Filling) -> Iterator[Ask]:
    """Of those that were changed at least once."""
    for number in itertools.cycle(range(_CHANGED)):
        yield Ask("GET", f"/api/v1/events/{filling.event_id(number)}/diff/1/2")


def _months(more: str = "") -> Iterator[Ask]:
    for number in itertools.cycle(range(17)):
        first = date(2027 + number // 12, number % 12 + 1, 1)
        last = first + timedelta(days=29)  # inclusive
        yield Ask("GET", f"/api/v1/events?from={first}&to={last}&limit=200{more}")


def _checks(rule: dict[str, str] | None) -> Iterator[Ask]:
    """Odd hours that are free of everything: no answer is cut short by a conflict."""
    for number in itertools.cycle(range(500)):
        start = FIRST.replace(hour=11) + timedelta(days=number)
        body = {
            "title": "Review",
            "start_time": start.isoformat(),
            "end_time": (start + timedelta(hours=1)).isoformat(),
            "time_zone": ZONE,
            "recurrence_pattern": rule,
        }
        yield Ask("POST", "/api/v1/events/check", orjson.dumps(body).decode())


def _shares(filling: Filling) -> Iterator[Ask]:
    """Events with people who have no role on them yet."""
    for user, number in itertools.product(range(3, 11), range(EVENTS_EACH)):
        body = orjson.dumps({"user_id": user, "role": "viewer"}).decode()
        yield Ask("POST", f"/api/v1/events/{filling.event_id(number)}/share", body)


def measure(
    totals: Sequence[int], kinds: Sequence[str], postgres: str, effort: Effort, say: Callable[[str], None]
) -> list[Growth]:
    """Measure every total on each kind of database."""
    return [_of_kind(kind, totals, postgres, effort, say) for kind in kinds]


def _of_kind(kind: str, totals: Sequence[int], postgres: str, effort: Effort, say: Callable[[str], None]) -> Growth:
    fillings = [Filling(total // EVENTS_EACH, EVENTS_EACH, SERIES_EACH) for total in totals]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="convene-bench-")))
        load = stack.enter_context(Load())
        urls = [stack.enter_context(empty_database(kind, postgres)) for _ in fillings]
        filled = []
        for url, filling in zip(urls, fillings, strict=True):
            filled.append(Filled(kind, filling.total, fill(url, filling)))
            fill(url, Filling(1, CROWDED, SERIES_EACH, users_before=filling.people, events_before=filling.total))
            say(f"{kind}: filled with {filling.total:,} events in {filled[-1].seconds:.0f} s")
        counted = (
            []
            if kind == "sqlite"
            else [asyncio.run(explained(url, f.total)) for url, f in zip(urls, fillings, strict=True)]
        )
        stands = [
            Stand(
                f"{filling.total:,}", stack.enter_context(running(CONVENE, url, folder)), load, scenarios(filling), (1,)
            )
            for url, filling in zip(urls, fillings, strict=True)
        ]
        lines = []
        for scenario in scenarios(fillings[0]):
            say(f"{kind}: {scenario}")
            lines.append(take_turns(stands, kind, scenario, 1, effort))
    return Growth(kind, filled, lines, counted)
