"""Clients of the live channel that do not read what they are sent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.databases import fresh_database
from tests.people import Person
from tests.process.callers import ServedApi, calling
from tests.process.ears import listening
from tests.process.servers import Server, serving

#: So many changes, each told with so many characters of four bytes, are more than the system keeps for one connection;
#: so many after them are more than the server does.
LONG, CHARACTERS, SHORT = 90, 19_000, 200


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


async def _say_much(alice: Person, ben: Person) -> None:
    event = await alice.creates("Minutes")
    await alice.shares(event, ben)
    for number in range(LONG):
        await alice.changes(event, description=f"{number}" + "\N{BALLOON}" * CHARACTERS)
    for number in range(SHORT):
        await alice.shares(event, ben, ("viewer", "editor")[number % 2])


async def test_whoever_does_not_read_is_sent_away_and_holds_up_nobody(server: Server, api: ServedApi):
    alice, ben, carol = await api.person("alice"), await api.person("ben"), await api.person("carol")
    slow: dict[str, Any] = {"sock": _narrow(server), "max_queue": 1, "ping_interval": None}
    async with listening(server, ben, **slow) as asleep, listening(server, carol) as awake:
        await _say_much(alice, ben)
        await alice.shares(await alice.creates("Lunch"), carol)
        assert (await awake.next("notification"))["notification"]["title"] == "Lunch"
        assert await asleep.closed() == 1013


async def test_whoever_never_reads_again_is_forgotten(server: Server, api: ServedApi):
    alice, ben = await api.person("alice"), await api.person("ben")
    slow: dict[str, Any] = {"sock": _narrow(server), "max_queue": 1, "ping_interval": None, "close_timeout": 0.1}
    async with listening(server, ben, **slow):
        await _say_much(alice, ben)
        assert await _nobody_listens_soon(api)


async def _nobody_listens_soon(api: ServedApi) -> bool:
    for _ in range(100):
        if "convene_listeners 0.0" in (await api.nobody().client.get("/metrics")).text.splitlines():
            return True
        await asyncio.sleep(0.1)
    return False
