"""Posting to places that users have named, and the attacks on who does so. Sockets are real; only the DNS is played."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import pytest

from convene.delivery.outbound import CheckedNetwork, Outbound
from convene.domain.deliveries import Outcome
from tests.receiver import OK, Receiver, receiving, status

PUBLIC = "93.184.215.14"
MIB = 1_048_576


class Names:
    """A DNS that gives one answer after the other, the last one for ever; it counts the questions."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Wires(httpcore2.AnyIOBackend):
    """A network on which everything leads to a receiver of ours; it notes where a connection was to go."""

    def __init__(self) -> None:
        self.connected: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        self.connected.append(host)
        return await super().connect_tcp("127.0.0.1", port, timeout, local_address, socket_options)


def outbound(names: Names, wires: Wires, *, seconds: float = 10.0, allow_private: bool = False) -> Outbound:
    return Outbound(CheckedNetwork(names, wires, allow_private=allow_private), timeout=seconds)


async def post(names: Names, wires: Wires, receiver: Receiver, **options: Any) -> Outcome:
    """Post to a name at the port of a receiver."""
    url = f"http://hooks.example:{urlsplit(receiver.url).port}/hook"
    return await outbound(names, wires, **options).post(url, {"webhook-id": "msg_1"}, b"{}")


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to_and_the_host_keeps_its_name():
    names, wires = Names([PUBLIC], ["127.0.0.1"]), Wires()
    async with receiving() as receiver:
        outcome = await post(names, wires, receiver)
    assert outcome.arrived
    assert (names.asked, wires.connected) == (1, [PUBLIC])
    assert receiver.messages[0].headers["host"].startswith("hooks.example:")


async def test_a_name_that_leads_elsewhere_the_next_time_is_checked_again():
    names, wires = Names([PUBLIC], ["127.0.0.1"]), Wires()
    async with receiving() as receiver:
        assert (await post(names, wires, receiver)).arrived
        outcome = await post(names, wires, receiver)
    assert (outcome.status_code, outcome.error) == (None, "leads to a private address")
    assert wires.connected == [PUBLIC]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1"),
        *("ff02::1", "fec0::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1"),
    ],
)
async def test_an_address_that_is_not_public_is_refused_alone_and_among_others(address: str):
    for answer in ([address], [PUBLIC, address]):
        wires = Wires()
        outcome = await outbound(Names(answer), wires).post("https://hooks.example/", {}, b"{}")
        assert (outcome.error, wires.connected) == ("leads to a private address", [])


@pytest.mark.parametrize("url", ["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/"])
async def test_a_number_that_stands_for_an_address_is_seen_through(url: str):
    wires = Wires()
    outcome = await outbound(Names(["127.0.0.1"]), wires).post(url, {}, b"{}")
    assert (outcome.arrived, wires.connected) == (False, [])


async def test_private_addresses_are_allowed_where_a_setting_says_so():
    async with receiving() as receiver:
        assert (await post(Names(["127.0.0.1"]), Wires(), receiver, allow_private=True)).arrived


async def test_a_redirect_is_an_answer_like_any_other_and_not_followed():
    async with receiving() as inside:
        async with receiving(lambda _: status(307, f"Location: {inside.url}")) as receiver:
            outcome = await post(Names([PUBLIC]), Wires(), receiver)
        assert (outcome.status_code, outcome.error, outcome.arrived) == (307, "answered 307", False)
        assert inside.messages == []


async def test_of_an_answer_of_10_mb_no_more_than_a_little_is_read():
    async with receiving(lambda _: status(200, body=b"x" * 10 * MIB)) as receiver:
        assert (await post(Names([PUBLIC]), Wires(), receiver)).arrived
        await receiver.left()  # we hung up before the end


async def test_whoever_hangs_is_left_after_a_while():
    began = time.monotonic()
    async with receiving(lambda _: None) as receiver:
        outcome = await post(Names([PUBLIC]), Wires(), receiver, seconds=0.3)
    assert (outcome.status_code, outcome.error) == (None, "no answer in time")
    assert 0.3 <= time.monotonic() - began < 8
    assert outcome.duration_ms >= 300


async def test_whoever_drips_is_left_after_the_same_while():
    server = await asyncio.start_server(_drip, "127.0.0.1", 0)
    receiver = Receiver(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    outcome = await post(Names([PUBLIC]), Wires(), receiver, seconds=0.5)
    server.close()
    assert outcome.error == "no answer in time"


async def _drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    try:
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)
    except ConnectionError:
        writer.close()


async def test_whoever_does_not_speak_http_and_whoever_is_not_there_is_told_apart():
    async with receiving(lambda _: b"\x16\x03\x01 nonsense\r\n\r\n") as receiver:
        assert (await post(Names([PUBLIC]), Wires(), receiver)).error == "does not speak HTTP"
    assert (await post(Names([PUBLIC]), Wires(), receiver)).error == "cannot connect"
    assert (await post(Names([]), Wires(), receiver)).error == "cannot connect"


async def test_an_answer_with_headers_without_end_is_given_up():
    async with receiving(lambda _: b"HTTP/1.1 200 OK\r\nX: " + b"x" * MIB) as receiver:
        outcome = await post(Names([PUBLIC]), Wires(), receiver, seconds=3)
    assert not outcome.arrived


async def test_whoever_hangs_holds_up_nobody_else():
    async with receiving(lambda _: OK) as receiver, receiving(lambda _: None) as hanging:
        hung = [asyncio.create_task(post(Names([PUBLIC]), Wires(), hanging, seconds=10)) for _ in range(40)]
        await hanging.hears(40)
        assert (await post(Names([PUBLIC]), Wires(), receiver)).arrived
        assert not any(one.done() for one in hung)
        for one in hung:
            one.cancel()
        await asyncio.gather(*hung, return_exceptions=True)
