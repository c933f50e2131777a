"""Live channels between two processes, on all three buses: what happens on one is heard on the other."""

from __future__ import annotations

import asyncio
import json
import signal
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import Any, NamedTuple

import ormsgpack
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.databases import fresh_database
from tests.process.callers import ServedApi, calling
from tests.process.ears import Ear, listening
from tests.process.outside import outside
from tests.process.servers import Server, both_serving, serving
from tests.valkey import Valkey, valkey_server

BUSES = ("sqlite", "postgresql", "valkey")


class Pair(NamedTuple):
    """Two servers on one database, and the Valkey that is their bus, if it is."""

    kind: str
    url: str
    one: Server
    other: Server
    valkey: Valkey | None

    async def cut(self) -> None:
        """Take the bus away: Valkey for as long as it is not mended, PostgreSQL's listeners until they come back."""
        if self.valkey is not None:
            self.valkey.stop()
            return
        async with outside(self.url) as connection:
            await connection.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'convene bus' AND datname = current_database()"
            )

    def mend(self) -> None:
        """Bring the bus back."""
        if self.valkey is not None:
            self.valkey.start()


@pytest.fixture(scope="module", params=BUSES)
def bus(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with ExitStack() as stack:
        kind = "postgresql" if request.param == "valkey" else request.param
        url = stack.enter_context(fresh_database(kind))
        valkey = stack.enter_context(valkey_server()) if request.param == "valkey" else None
        settings = {"REDIS_URL": valkey.url} if valkey else {}
        one, other = stack.enter_context(both_serving(url, **settings))
        yield Pair(request.param, url, one, other, valkey)


@pytest.fixture
async def here(bus: Pair) -> AsyncIterator[ServedApi]:
    async with calling(bus.one.url) as api:
        yield api


async def test_a_change_on_one_process_is_heard_on_the_other_within_a_tenth_of_a_second(bus: Pair, here: ServedApi):
    alice, ben = await here.person("alice"), await here.person("ben")
    event = await alice.creates("Planning")
    async with listening(bus.other, ben) as ear:
        waited = []
        for number in range(15):
            began = time.perf_counter()
            role = ("viewer", "editor")[number % 2]
            await alice.shares(event, ben, role)
            heard = await ear.next("notification")
            waited.append(time.perf_counter() - began)
            assert heard["notification"]["role"] == role
    assert statistics.median(waited) < 0.1, waited


async def test_missed_notifications_come_first_and_none_comes_twice(bus: Pair, here: ServedApi):
    alice, ben = await here.person("alice"), await here.person("ben")
    cursor = (await ben.get("/api/v1/notifications")).headers["X-Cursor"]
    titles = [f"Event {number}" for number in range(6)]
    for title in titles[:3]:
        await alice.shares(await alice.creates(title), ben)
    async with listening(bus.other, ben, f"?after={cursor}") as ear:
        heard = [await ear.next("notification") for _ in range(3)]
        for title in titles[3:]:
            await alice.shares(await alice.creates(title), ben)
        heard += [await ear.next("notification") for _ in range(3)]
    assert [one["notification"]["title"] for one in heard] == titles
    async with listening(bus.one, ben, f"?after={heard[3]['cursor']}") as ear:
        again = [await ear.next("notification") for _ in range(2)]
    assert [one["notification"]["title"] for one in again] == titles[4:]


async def test_ones_own_other_devices_hear_that_an_event_changed(bus: Pair, here: ServedApi):
    alice = await here.person("alice")
    async with listening(bus.other, alice) as ear:
        event = await alice.creates("Planning")
        assert (await ear.next("changed"))["event_id"] == event["id"]


async def test_who_looks_at_an_event_is_seen_on_both_processes(bus: Pair, here: ServedApi):
    alice, ben = await here.person("alice"), await here.person("ben")
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    # A look at the file of SQLite carries no messages: there, one sees those of one's own process.
    there = bus.one if bus.kind == "sqlite" else bus.other
    async with listening(bus.one, alice) as first, listening(there, ben) as second:
        await first.socket.send(json.dumps({"type": "watch", "event_id": event["id"]}))
        assert await _seen(first) == [(alice.username, False)]
        await second.socket.send(json.dumps({"type": "watch", "event_id": event["id"], "editing": True}))
        assert await _seen(first) == [(alice.username, False), (ben.username, True)]
        await second.socket.close()
        assert await _seen(first) == [(alice.username, False)]


async def _seen(ear: Ear) -> list[tuple[str, bool]]:
    return [(one["username"], one["editing"]) for one in (await ear.next("presence"))["people"]]


async def test_a_crowd_that_comes_at_once_is_shown_together(bus: Pair, here: ServedApi):
    alice = await here.person("alice")
    event = await alice.creates("Planning")
    async with AsyncExitStack() as stack:
        ears = [await stack.enter_async_context(listening(bus.one, alice)) for _ in range(40)]
        for ear in ears:
            await ear.socket.send(json.dumps({"type": "watch", "event_id": event["id"]}))
        await ears[-1].next("presence")
        await ears[0].socket.send(json.dumps({"type": "ping"}))
        assert (await ears[0].kinds_until("pong")).count("presence") < 20


async def test_a_stranger_cannot_watch_an_event(bus: Pair, here: ServedApi):
    alice, stranger = await here.person("alice"), await here.person("stranger")
    event = await alice.creates("Planning")
    async with listening(bus.one, stranger) as ear:
        await ear.socket.send(json.dumps({"type": "watch", "event_id": event["id"]}))
        assert (await ear.next("error"))["detail"] == "there is no such event"


async def test_whoever_loses_access_watches_no_more(bus: Pair, here: ServedApi):
    alice, ben = await here.person("alice"), await here.person("ben")
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    async with listening(bus.one, alice) as first, listening(bus.one, ben) as second:
        for ear in (first, second):
            await ear.socket.send(json.dumps({"type": "watch", "event_id": event["id"]}))
        while len(await _seen(first)) < 2:
            pass
        await alice.delete(f"/api/v1/events/{event['id']}/permissions/{ben.id}")
        assert await _seen(first) == [(alice.username, False)]
        assert (await second.next("unwatched"))["event_id"] == event["id"]
        await first.socket.send(json.dumps({"type": "watch", "event_id": event["id"], "editing": True}))
        assert await _seen(first) == [(alice.username, True)]
        await second.socket.send(json.dumps({"type": "ping"}))
        assert "presence" not in await second.kinds_until("pong")


async def test_a_session_that_ends_ends_its_sockets_everywhere(bus: Pair, here: ServedApi):
    alice = await here.person("alice")
    async with listening(bus.one, alice) as first, listening(bus.other, alice) as second:
        await alice.post("/api/v1/auth/logout")
        assert await first.closed() == 4401
        assert await second.closed() == 4401


async def test_a_token_may_come_as_the_first_message_and_must_be_good(bus: Pair, here: ServedApi):
    alice = await here.person("alice")
    address = bus.one.url.replace("http://", "ws://") + "/ws/notifications"
    async with connect(address, proxy=None) as socket:
        await socket.send(json.dumps({"type": "auth", "token": alice.tokens["access_token"]}))
        await Ear(socket).next("ready")
    async with connect(address, proxy=None) as socket:
        await socket.send(json.dumps({"type": "auth", "token": "nonsense"}))
        assert await Ear(socket).closed() == 4401
    async with connect(f"{address}?token={alice.tokens['access_token']}", proxy=None) as socket:
        await Ear(socket).next("ready")


@pytest.mark.parametrize(
    ("frame", "code"), [("no json", 1007), ("[1]", 1007), ("x" * 70_000, 1009), ("[" * 5_000, 1007)]
)
async def test_a_frame_that_cannot_be_read_ends_the_connection(bus: Pair, here: ServedApi, frame: str, code: int):
    alice = await here.person("alice")
    async with listening(bus.one, alice) as ear:
        await ear.socket.send(frame)
        assert await ear.closed() == code


async def test_a_client_that_talks_too_much_is_sent_away(bus: Pair, here: ServedApi):
    alice = await here.person("alice")
    async with listening(bus.one, alice) as ear:
        for _ in range(101):
            await ear.socket.send('{"type": "ping"}')
        assert await ear.closed() == 1008


async def test_the_stream_tells_the_same_as_the_socket(here: ServedApi):
    alice, ben = await here.person("alice"), await here.person("ben")
    cursor = (await ben.get("/api/v1/notifications")).headers["X-Cursor"]
    await alice.shares(await alice.creates("Missed"), ben)
    async with ben.client.stream("GET", "/api/v1/stream", headers={"Last-Event-ID": cursor}) as stream:
        lines = stream.aiter_lines()
        first = await _notification(lines)
        await alice.shares(await alice.creates("Live"), ben)
        second = await _notification(lines)
    assert [first["notification"]["title"], second["notification"]["title"]] == ["Missed", "Live"]
    response = await ben.get("/api/v1/notifications", after=first["cursor"])
    assert [one["title"] for one in response.json()] == ["Live"]


async def _notification(lines: AsyncIterator[str]) -> Any:
    async with asyncio.timeout(10):
        while True:
            line = await anext(lines)
            if line.startswith("data: ") and '"type":"notification"' in line:
                return json.loads(line[6:])


@pytest.mark.parametrize("bus", ["postgresql", "valkey"], indirect=True)
async def test_what_happens_while_the_bus_is_cut_off_is_heard_all_the_same(bus: Pair, here: ServedApi):
    alice, ben = await here.person("alice"), await here.person("ben")
    async with listening(bus.other, ben) as ear:
        await bus.cut()
        await alice.shares(await alice.creates("While it is away"), ben)
        assert (await ear.next("notification"))["notification"]["title"] == "While it is away"
        bus.mend()
        await alice.shares(await alice.creates("When it is back"), ben)
        assert (await ear.next("notification"))["notification"]["title"] == "When it is back"


async def test_a_server_that_stops_says_so_to_its_sockets():
    with fresh_database("sqlite") as url, serving(url) as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            async with listening(server, alice) as ear:
                server.ask_to_stop()
                assert await ear.closed() == 1012
        assert await asyncio.to_thread(server.wait_for_end) in {0, -signal.SIGTERM}


async def test_a_server_that_stops_does_not_wait_for_its_streams():
    with fresh_database("sqlite") as url, serving(url) as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            async with alice.client.stream("GET", "/api/v1/stream") as stream:
                lines = stream.aiter_lines()
                assert await anext(lines) == "retry: 2000"
                began = time.monotonic()
                server.ask_to_stop()
                said = [line async for line in lines if line]
            assert 'data: {"type":"ended","reason":"the server is stopping"}' in said
        assert await asyncio.to_thread(server.wait_for_end) in {0, -signal.SIGTERM}
        assert time.monotonic() - began < 5


async def test_messagepack_tells_the_same_as_json(bus: Pair, here: ServedApi):
    alice, ben = await here.person("alice"), await here.person("ben")
    async with listening(bus.one, ben) as ear:
        address = bus.one.url.replace("http://", "ws://") + f"/ws/notifications?token={ben.tokens['access_token']}"
        async with connect(address, subprotocols=[Subprotocol("convene.msgpack")], proxy=None) as socket:
            await socket.send(ormsgpack.packb({"type": "ping"}))
            assert [(await _unpacked(socket))["type"] for _ in range(2)] == ["ready", "pong"]
            await alice.shares(await alice.creates("Planning"), ben)
            told = [await _unpacked(socket) for _ in range(2)]
        assert told == [await ear.next(message["type"]) for message in told]
        assert {message["type"] for message in told} == {"changed", "notification"}


async def _unpacked(socket: ClientConnection) -> Any:
    return ormsgpack.unpackb(await socket.recv(decode=False))
