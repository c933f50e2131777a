"""No input makes the server answer 5xx, hang, or eat memory: each bomb has a second of its CPU, and 50 MiB."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from tests.databases import SHARED_KINDS, fresh_database
from tests.people import Json, Person
from tests.process.bombs import BOMBS, DENSE
from tests.process.callers import ServedApi, calling
from tests.process.servers import Server, serving

SECONDS = 1.0
#: A thousand requests in one: how much of them is compared is bounded (`operations.effort`), with pauses for others.
MORE_SECONDS = {"a batch of a thousand dense series": 3.0, "a batch of a thousand dense series that are free": 3.0}
MIB = 1_048_576
MORE_MIB = 50


class Cost(NamedTuple):
    """What a server spent: CPU seconds, and bytes at its peak above what it had before."""

    seconds: float
    more: int


class Meter:
    """Looks at a process from outside."""

    def __init__(self, server: Server) -> None:
        self._process = psutil.Process(server.pid)
        self._folder = Path("/proc") / str(server.pid)

    def begin(self) -> None:
        """Forget the peak so far."""
        if self._folder.exists():
            (self._folder / "clear_refs").write_text("5")
        self._rest = self._process.memory_info().rss
        self._spent = sum(self._process.cpu_times()[:2])

    def read(self) -> Cost:
        """What was spent since."""
        return Cost(sum(self._process.cpu_times()[:2]) - self._spent, self._peak() - self._rest)

    def _peak(self) -> int:
        """The most memory since the beginning; where the system does not tell it, the memory of now."""
        if not self._folder.exists():
            return int(self._process.memory_info().rss)
        [peak] = re.findall(r"^VmHWM:\s+(\d+) kB$", (self._folder / "status").read_text(), re.MULTILINE)
        return int(peak) * 1024


@pytest.fixture(scope="module", params=SHARED_KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with fresh_database(request.param) as url, serving(url) as server:
        yield server


@pytest.fixture(scope="module")
async def api(server: Server) -> AsyncIterator[ServedApi]:
    async with calling(server.url) as api:
        yield api


@pytest.fixture(scope="module")
async def alice(api: ServedApi) -> Person:
    return await api.person("alice")


@pytest.fixture(scope="module")
async def targets(alice: Person) -> dict[str, str]:
    """A series with 5,000 occurrences; an event with much text of which every line was changed."""
    event = await alice.creates(
        "Often", recurrence_pattern=DENSE, end="2027-05-01T00:10:00Z", start="2027-05-01T00:00:00Z"
    )
    text = await alice.creates("Long", description="\n".join("abc"[one % 3] for one in range(9_990)))
    await alice.changes(text, description="\n".join("defgh"[one % 5] for one in range(9_990)))
    return {"event": _path(event), "text": _path(text)}


def _path(event: Json) -> str:
    return f"/api/v1/events/{event['id']}"


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_costs_little(name: str, server: Server, alice: Person, targets: dict[str, str]):
    bomb, meter = BOMBS[name](), Meter(server)
    path = bomb.path.replace("{event}", targets["event"]).replace("{text}", targets["text"])
    meter.begin()
    answer = await alice.client.request(bomb.method, path, content=bomb.content or None, headers=bomb.headers)
    cost = meter.read()
    assert answer.status_code < 500, answer.text
    assert cost.seconds < MORE_SECONDS.get(name, SECONDS)
    assert cost.more < MORE_MIB * MIB
