"""Clients of the live channel that do not read what they are sent."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.databases import fresh_database
from tests.people import Person
from tests.process.callers import ServedApi, calling
from tests.process.ears import listening
from tests.process.servers import Server, serving

#: How much the system keeps for a connection, and how much is told at once, is not known: told is until it is too much.
CHARACTERS, ROUNDS = 19_000, 2_000


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_database("sqlite") as url, serving(url) as server:
        yield server


@pytest.fixture
async def api(server: Server) -> AsyncIterator[ServedApi]:
    async with calling(server.url) as api:
        yield api


def _narrow(server: Server) -> socket.socket:
    """A connection whose reader keeps next to nothing for itself."""
    host, port = server.url.removeprefix("http://").split(":")
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    narrow.connect((host, int(port)))
    narrow.settimeout(0)  # asyncio's are
    return narrow


async def _tell_until(api: ServedApi, listeners: int, alice: Person, ben: Person) -> None:
    """Have somebody told more and more, until only so many listen."""
    event = await alice.creates("Minutes")
    for number in range(ROUNDS):
        await alice.shares(event, ben, ("viewer", "editor")[number % 2])
        await alice.changes(event, description=f"{number}" + "\N{BALLOON}" * CHARACTERS)
        if number % 10 == 0 and await _listen(api, listeners):
            return
    raise AssertionError("whoever does not read is still told")


async def _listen(api: ServedApi, number: int) -> bool:
    told = (await api.nobody().client.get("/metrics")).text
    return f"convene_listeners {number}.0" in told.splitlines()


async def test_whoever_does_not_read_is_sent_away_and_holds_up_nobody(server: Server, api: ServedApi):
    alice, ben, carol = await api.person("alice"), await api.person("ben"), await api.person("carol")
    slow: dict[str, Any] = {"sock": _narrow(server), "max_queue": 1, "ping_interval": None}
    async with listening(server, ben, **slow) as asleep, listening(server, carol) as awake:
        await _tell_until(api, 1, alice, ben)
        await alice.shares(await alice.creates("Lunch"), carol)
        assert (await awake.next("notification"))["notification"]["title"] == "Lunch"
        assert await asleep.closed() == 1013


async def test_whoever_never_reads_again_is_forgotten(server: Server, api: ServedApi):
    alice, ben = await api.person("alice"), await api.person("ben")
    slow: dict[str, Any] = {"sock": _narrow(server), "max_queue": 1, "ping_interval": None, "close_timeout": 0.1}
    async with listening(server, ben, **slow):
        await _tell_until(api, 0, alice, ben)
