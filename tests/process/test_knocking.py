"""Strangers at the WebSocket, and those who open more than one person needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from convene.api.rates import KNOCKING_MAX, KNOCKING_MAX_IN_ALL
from convene.delivery.hub import LISTENERS_MAX
from tests.databases import fresh_database
from tests.process.callers import ServedApi, calling
from tests.process.ears import Ear, listening
from tests.process.servers import Server, serving

PER_MINUTE = 15


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without quotas, whose bounds hold all the same."""
    with fresh_database("sqlite") as url, serving(url) as server:
        yield server


@pytest.fixture
async def api(server: Server) -> AsyncIterator[ServedApi]:
    async with calling(server.url) as api:
        yield api


def knocking(server: Server, address: str = "127.0.0.1") -> connect:
    """A socket that has no token in its address."""
    place = server.url.replace("http://", "ws://") + "/ws/notifications"
    return connect(place, proxy=None, local_addr=(address, 0))


async def refusal(server: Server, address: str = "127.0.0.1") -> tuple[int, str]:
    """The status and the quota with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with knocking(server, address):
            pass
    answer = refused.value.response
    assert int(answer.headers["Retry-After"]) >= 1
    [quota] = orjson.loads(answer.body or b"")["violated-policies"]
    return answer.status_code, quota


async def test_few_sockets_of_one_address_may_stand_there_without_a_token(server: Server, api: ServedApi):
    alice = await api.person("alice")
    async with AsyncExitStack() as stack:
        for _ in range(KNOCKING_MAX):
            await stack.enter_async_context(knocking(server))
        assert await refusal(server) == (429, "knocking")
        await stack.enter_async_context(knocking(server, "127.0.0.2"))
        await stack.enter_async_context(listening(server, alice))  # who says at once who they are does not wait


async def test_few_sockets_in_all_may_stand_there_without_a_token(server: Server):
    async with AsyncExitStack() as stack:
        for number in range(KNOCKING_MAX_IN_ALL):
            await stack.enter_async_context(knocking(server, f"127.0.1.{number // KNOCKING_MAX + 1}"))
        assert await refusal(server, "127.0.2.1") == (429, "knocking")


async def test_a_socket_that_has_shown_its_token_makes_room_at_the_door(server: Server, api: ServedApi):
    alice = await api.person("alice")
    async with AsyncExitStack() as stack:
        for _ in range(KNOCKING_MAX + 5):
            socket = await stack.enter_async_context(knocking(server))
            await shows(socket, alice.tokens["access_token"])
            await Ear(socket).next("ready")


async def shows(socket: ClientConnection, token: str) -> None:
    await socket.send(orjson.dumps({"type": "auth", "token": token}).decode())


async def test_sockets_without_a_token_count_for_their_address():
    with fresh_database("sqlite") as url, serving(url, RATE_LIMIT_PER_MINUTE=PER_MINUTE) as server:
        for _ in range(PER_MINUTE):
            async with knocking(server):
                pass
        assert await refusal(server) == (429, "address")


async def test_a_token_that_is_not_good_counts_for_its_address_before_there_is_a_connection():
    with fresh_database("sqlite") as url, serving(url, RATE_LIMIT_PER_MINUTE=PER_MINUTE) as server:
        place = server.url.replace("http://", "ws://") + "/ws/notifications?token=guessed"
        for _ in range(PER_MINUTE):
            async with connect(place, proxy=None) as socket:
                assert await Ear(socket).closed() == 4401
        with pytest.raises(InvalidStatus, match="429"):
            async with connect(place, proxy=None):
                pass


async def test_one_user_has_so_many_sockets_and_streams_and_no_more():
    async with AsyncExitStack() as stack:
        url = stack.enter_context(fresh_database("sqlite"))
        server = stack.enter_context(serving(url, RATE_LIMIT_PER_MINUTE=1_000))
        api = await stack.enter_async_context(calling(server.url))
        alice, ben = await api.person("alice"), await api.person("ben")
        for _ in range(LISTENERS_MAX):
            await stack.enter_async_context(listening(server, alice))
        place = f"{server.url.replace('http://', 'ws://')}/ws/notifications?token={alice.tokens['access_token']}"
        async with connect(place, proxy=None) as socket:
            assert await Ear(socket).closed() == 4429
        refused = await alice.get("/api/v1/stream")
        assert (refused.status_code, refused.json()["violated-policies"]) == (429, ["listeners"])
        await stack.enter_async_context(listening(server, ben))
