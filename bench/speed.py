"""CPU a request of Convene, of the floor beneath it and of the typical way, side by side in one run.

One person gets and lists, over as many connections as there are; creating is done by as many people in turn, as a team
does it, and once more by one alone, whose events have to wait for each other.

The candidates take turns (A B C A B C ...), so that whatever the machine does meanwhile meets all alike; each figure is
the median of its rounds. Only ratios of one run mean something on another machine.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import orjson

from bench.filling import APART, FIRST, SHARED_EVERY, ZONE, Filling, fill, token
from bench.load import Ask, Load
from bench.servers import CONVENE, CONVENE_DEFAULT, FLOOR, ROOT, TYPICAL, Candidate, Server, empty_database, running
from bench.stands import Effort, Line, Scenario, Stand, take_turns
from bench.typical_models import fill_typical
from convene.domain.zones import instant, utc_rfc3339, zone

QUICK_CANDIDATES = (FLOOR, CONVENE, TYPICAL)
CANDIDATES = (FLOOR, CONVENE, CONVENE_DEFAULT, TYPICAL)
#: As many people as there are connections at most: nobody books thirty-two things at once.
FILLING = Filling(people=32, events_each=1_000)
LISTED = 50
CONNECTIONS = (1, 32)


def _gets() -> Iterator[Ask]:
    chance = random.Random(1)
    while True:
        yield Ask("GET", f"/api/v1/events/{FILLING.event_id(chance.randrange(FILLING.events_each))}")


def _lists() -> Iterator[Ask]:
    """Windows with exactly 50 events: 45 of one's own, and 5 that somebody shares at the same times."""
    chance = random.Random(2)
    own = LISTED * SHARED_EVERY // (SHARED_EVERY + 1)
    while True:
        first = FIRST + APART * SHARED_EVERY * chance.randrange((FILLING.events_each - own) // SHARED_EVERY)
        edges = [utc_rfc3339(instant(wall, zone(ZONE))) for wall in (first, first + APART * own)]
        yield Ask("GET", "/api/v1/events?" + urlencode({"from": edges[0], "to": edges[1], "limit": LISTED}))


def creates(tokens: Sequence[str] = ("",), year: int = 2031) -> Iterator[Ask]:
    """Events of an hour, one after the other from the beginning of a year on, of all who hold the tokens in turn."""
    for number in itertools.count():
        start = datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=number // len(tokens))
        body = {
            "title": f"Review {number}",
            "description": "Bring the figures of last month, and the list of what is still open.",
            "location": "Room 4",
            "tags": ["planning", "team"],
            "start_time": utc_rfc3339(start),
            "end_time": utc_rfc3339(start + timedelta(hours=1)),
            "time_zone": ZONE,
        }
        yield Ask("POST", "/api/v1/events", orjson.dumps(body).decode(), tokens[number % len(tokens)])


def _creates_of_all() -> Iterator[Ask]:
    return creates([token(user) for user in FILLING.users])


def _shared() -> Iterator[int]:
    """The numbers of events that somebody else sees."""
    return itertools.cycle(range(0, FILLING.events_each, SHARED_EVERY))


def _unshared() -> Iterator[int]:
    return (number + 1 for number in _shared())


def _changes(numbers: Iterator[int]) -> Iterator[Ask]:
    for change, number in enumerate(numbers):
        body = orjson.dumps({"title": f"Planning, as of change {change}"}).decode()
        yield Ask("PUT", f"/api/v1/events/{FILLING.event_id(number)}", body)


SCENARIOS = {
    "get": Scenario(200, _gets),
    f"list of {LISTED}": Scenario(200, _lists),
    "create": Scenario(201, _creates_of_all),
    "create, one person": Scenario(201, lambda: creates(year=2071)),
}
#: What is asked of two checkouts of Convene besides: the floor and the typical way cannot do it.
OF_CONVENE = {
    "get shared": Scenario(200, lambda: (Ask("GET", f"/api/v1/events/{FILLING.event_id(n)}") for n in _shared())),
    "change": Scenario(200, lambda: _changes(_unshared())),
    "change shared": Scenario(200, lambda: _changes(_shared())),
}


def measure(
    candidates: Sequence[Candidate], kinds: Sequence[str], postgres: str, effort: Effort, say: Callable[[str], None]
) -> list[Line]:
    """Measure candidates on each kind of database."""
    lines: list[Line] = []
    for kind in kinds:
        say(f"{kind}: {len(candidates)} servers, each on a database with {FILLING.total:,} events")
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="convene-bench-")))
            load = stack.enter_context(Load())
            servers = [_started(candidate, kind, postgres, folder, stack) for candidate in candidates]
            asked = SCENARIOS | OF_CONVENE if candidates[-1].checkout != ROOT else SCENARIOS
            stands = [Stand(server.candidate.name, server, load, asked, CONNECTIONS) for server in servers]
            for scenario, connections in itertools.product(asked, CONNECTIONS):
                say(f"{kind}: {scenario}, {connections} connections")
                lines.append(take_turns(stands, kind, scenario, connections, effort))
    return lines


def _started(candidate: Candidate, kind: str, postgres: str, folder: Path, stack: contextlib.ExitStack) -> Server:
    url = stack.enter_context(empty_database(kind, postgres))
    if candidate.checkout == ROOT:
        (fill_typical if candidate is TYPICAL else fill)(url, FILLING)
        return stack.enter_context(running(candidate, url, folder))
    theirs = _filled_elsewhere(candidate.checkout, url)
    server = stack.enter_context(running(candidate, url, folder))
    server.token = theirs
    return server


def _filled_elsewhere(checkout: Path, url: str) -> str:
    """Let another checkout fill a database, because its schema may be another, and give a token that it takes."""
    filling = f"Filling(people={FILLING.people}, events_each={FILLING.events_each})"
    command = f"from bench.filling import Filling, fill, token; fill({url!r}, {filling}); print(token())"
    paths = os.pathsep.join((str(checkout / "src"), str(checkout)))
    environment = {**os.environ, "PYTHONPATH": paths}
    filled = subprocess.run(
        [sys.executable, "-c", command], cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return filled.stdout.split()[-1]
