"""The work of a request, counted instead of timed: statements, and calls of Python functions, in a pinned scenario.

Time on a machine with neighbours is noise; what is counted is the same each time. A test holds get, list and create to
what is recorded in `work.json`: whoever makes them do more, or less, records it anew, and the difference is there for
review. Calls are all that the task of the request makes, libraries' included; comprehensions are none, because some
versions of Python call them and some do not. What goes on beside requests is left out,
and of several requests the one with the fewest calls counts: on a busy machine a thread may have ended before the loop
waits for it, and then the request tells itself of that.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from io import StringIO
from itertools import repeat
from pathlib import Path
from types import FrameType
from typing import Any

from starlette.types import ASGIApp, Message, Scope
from tests.people import running_api
from tests.process.recording import recorded

from bench.filling import KEY, Filling, fill, token
from bench.load import Ask
from bench.servers import empty_database
from bench.speed import creates
from convene.api.lines import configure

RECORD = Path(__file__).with_name("work.json")
COUNTED = 9
_WARM_UP = 3
_FILLING = Filling(people=2, events_each=60)
_WINDOW = "from=2027-01-01T00:00:00Z&to=2027-02-15T00:00:00Z&limit=50"
_SCENARIOS: dict[str, Callable[[], Iterator[Ask]]] = {
    "get": lambda: repeat(Ask("GET", f"/api/v1/events/{_FILLING.event_id(0)}")),
    "list of 50": lambda: repeat(Ask("GET", f"/api/v1/events?{_WINDOW}")),
    "create": creates,
}
_TOKEN = token()
_asking: ContextVar[bool] = ContextVar("asking", default=False)


@dataclass(frozen=True, slots=True)
class Work:
    """What one request makes the process do."""

    database: str
    scenario: str
    statements: int
    calls: int


def measure(kinds: Sequence[str], postgres: str) -> list[Work]:
    """Count on each kind of database."""
    found: list[Work] = []
    for kind in kinds:
        with empty_database(kind, postgres) as url:
            found += count(kind, url)
    return found


def count(kind: str, database_url: str) -> list[Work]:
    """Count on a new database."""
    fill(database_url, _FILLING)
    configure(as_json=True, debug=False)  # as in production
    with redirect_stderr(StringIO()):
        return asyncio.run(_count(kind, database_url))


async def _count(kind: str, database_url: str) -> list[Work]:
    found = []
    # With a limit that nobody reaches: its accounting belongs to the work.
    async with running_api(database_url, secret_key=KEY, rate_limit_per_minute=1_000_000) as api:
        for name, scenario in _SCENARIOS.items():
            asks = scenario()
            for _ in range(_WARM_UP):
                await answered(api.app, next(asks))
            calls = [await _calls(api.app, next(asks)) for _ in range(COUNTED)]
            async with recorded(api) as statements:
                await answered(api.app, next(asks))
            found.append(Work(kind, name, len(statements), min(calls)))
    return found


async def _calls(app: ASGIApp, ask: Ask) -> int:
    asking = _asking.set(True)
    try:
        with _counting() as calls:
            await answered(app, ask)
    finally:
        _asking.reset(asking)
    return calls[0]


@contextmanager
def _counting() -> Iterator[list[int]]:
    """Count calls of Python functions by tasks that ask; a coroutine that goes on counts as called again."""
    calls = [0]

    def note(frame: FrameType, happened: str, _argument: object) -> None:
        if happened == "call" and _asking.get() and not frame.f_code.co_name.endswith("comp>"):
            calls[0] += 1

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


async def answered(app: ASGIApp, ask: Ask) -> None:
    """Ask as a server would, without one: its work is not ours."""
    path, _, query = ask.path.partition("?")
    body = ask.body.encode()
    said = {"host": "127.0.0.1", "authorization": f"Bearer {_TOKEN}"}
    if body:
        said |= {"content-type": "application/json", "content-length": str(len(body))}
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": ask.method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in said.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        assert message.get("status", 200) < 300, message

    await app(scope, receive, send)


def record(found: Sequence[Work]) -> None:
    """Write down what was counted, of each kind of database that was."""
    kept = recorded_work() | {(one.database, one.scenario): one for one in found}
    RECORD.write_text(json.dumps([asdict(one) for one in kept.values()], indent=2) + "\n", "ascii")


def recorded_work() -> dict[tuple[str, str], Work]:
    """What was written down, by database and scenario."""
    rows: list[dict[str, Any]] = json.loads(RECORD.read_text("ascii")) if RECORD.exists() else []
    return {(row["database"], row["scenario"]): Work(**row) for row in rows}
