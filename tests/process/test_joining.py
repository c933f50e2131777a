"""Whoever listens while much else happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.databases import fresh_database
from tests.people import Json
from tests.process.callers import ServedApi, calling
from tests.process.ears import listening
from tests.process.outside import outside
from tests.process.servers import Server, serving

OTHER_DAY = ("2044-03-02T09:00:00Z", "2044-03-02T10:00:00Z")


@pytest.fixture(params=["sqlite"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with fresh_database(request.param) as url, serving(url) as server:
        yield server


@pytest.fixture
async def api(server: Server) -> AsyncIterator[ServedApi]:
    async with calling(server.url) as api:
        yield api


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
async def test_whoever_joins_while_the_tables_are_being_read_misses_nothing(server: Server, api: ServedApi):
    alice, ben = await api.person("alice"), await api.person("ben")
    mine, ours = await alice.creates("Mine"), await alice.creates("Ours", *OTHER_DAY)
    await alice.shares(ours, ben)
    async with listening(server, alice), outside(server.database_url) as connection:
        await connection.rows("BEGIN")
        await connection.rows("LOCK database_identity IN ACCESS EXCLUSIVE MODE")  # what the hub reads first
        await alice.changes(mine, title="Mine again")
        async with listening(server, ben) as second:
            await alice.changes(ours, title="Ours again")
            await connection.rows("ROLLBACK")
            assert (await second.next("changed"))["event_id"] == ours["id"]


async def test_whoever_makes_a_thousand_events_at_once_hears_of_each(server: Server, api: ServedApi):
    alice = await api.person("alice")
    async with listening(server, alice) as ear, alice.client.stream("GET", "/api/v1/stream") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 2000"
        made = await alice.post("/api/v1/events/batch", {"events": [_at(hour) for hour in range(1_000)]})
        ids = {event["id"] for event in made.json()}
        assert {(await ear.next("changed"))["event_id"] for _ in ids} == ids
        assert {await _changed(lines) for _ in ids} == ids


async def test_a_database_that_goes_away_ends_what_needs_it_with_a_try_again(server: Server, api: ServedApi):
    alice = await api.person("alice")
    event = await alice.creates("Planning")
    async with listening(server, alice) as ear:
        with _away(Path(server.database_url.removeprefix("sqlite:///"))):
            await ear.socket.send(f'{{"type": "watch", "event_id": {event["id"]}}}')
            assert await ear.closed() == 1013


@contextmanager
def _away(file: Path) -> Iterator[None]:
    elsewhere = file.rename(file.with_suffix(".away"))
    yield
    elsewhere.rename(file)


def _at(hour: int) -> Json:
    day, hour = divmod(hour, 24)
    start = datetime(2044, 3, 1, hour, tzinfo=UTC) + timedelta(days=day)
    return {"title": "Hour", "start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}


async def _changed(lines: AsyncIterator[str]) -> int:
    async with asyncio.timeout(10):
        while True:
            line = await anext(lines)
            if line.startswith("data: "):
                message = json.loads(line[6:])
                assert message["type"] == "changed"
                return int(message["event_id"])
