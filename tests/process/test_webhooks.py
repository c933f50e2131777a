"""Webhooks from several processes, and from one that is killed: every message arrives, under one id."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from urllib.parse import urlsplit

from tests.people import Person
from tests.process.callers import calling
from tests.process.servers import both_serving, rounds, serving
from tests.receiver import Message, Receiver, receiving

SETTINGS = {"WEBHOOK_ALLOW_PRIVATE_TARGETS": "true", "WEBHOOK_TIMEOUT_SECONDS": "1"}
EVENTS = 12


async def shares_many(alice: Person, ben: Person, prefix: str) -> list[str]:
    """Tell ben of many events; gives their titles."""
    titles = [f"{prefix} {number}" for number in range(EVENTS)]
    for title in titles:
        await alice.shares(await alice.creates(title), ben)
    return titles


def ids_of(receiver: Receiver) -> dict[str, set[str]]:
    """Under which ids each notification arrived, by the title of its event."""
    found: dict[str, set[str]] = {}
    for message in receiver.messages:
        found.setdefault(message.json["data"]["title"], set()).add(message.id)
    return found


async def arrived(receiver: Receiver, titles: list[str], *, seconds: float = 40.0) -> None:
    """Wait until every one of some titles has been heard of."""
    missing = set(titles)
    async with asyncio.timeout(seconds):
        while missing := missing - set(ids_of(receiver)):
            await receiver.hears(len(receiver.messages) + 1, seconds=seconds)


async def test_a_server_that_is_killed_while_it_delivers_loses_nothing(new_database: str):
    """Whatever was acknowledged arrives at least once, and what arrives twice has the id that it had."""
    async with receiving() as receiver:
        secret, told = "", []
        people: tuple[Person, Person] | None = None
        for number in range(rounds(2, 10)):
            with serving(new_database, **SETTINGS) as server:
                async with calling(server.url) as api:
                    if people is None:
                        people = await api.person("alice"), await api.person("ben")
                        secret = (await people[1].adds_webhook(receiver.url))["secret"]
                    alice, ben = (api.known(one) for one in people)
                    told += await shares_many(alice, ben, f"Round {number}")
                    await asyncio.sleep(random.uniform(0, 0.2))
                    server.kill()
        with serving(new_database, **SETTINGS):
            await arrived(receiver, told)
    assert {title: len(ids) for title, ids in ids_of(receiver).items()} == dict.fromkeys(told, 1)
    assert all(message.verified(secret) for message in receiver.messages)


async def test_of_two_servers_one_delivers_each_message(new_database: str):
    async with receiving() as receiver:
        with both_serving(new_database, **SETTINGS) as (one, other):
            async with calling(one.url) as here, calling(other.url) as there:
                alice, ben = await here.person("alice"), await here.person("ben")
                await ben.adds_webhook(receiver.url)
                told = await shares_many(alice, ben, "Here")
                told += await shares_many(there.known(alice), ben, "There")
                await arrived(receiver, told)
                await asyncio.sleep(1.5)
    assert Counter(message.json["data"]["title"] for message in receiver.messages) == Counter(told)


async def test_a_server_that_is_asked_to_stop_finishes_what_it_has_in_hand(new_database: str):
    answered = asyncio.Event()

    def slowly(_message: Message) -> bytes | None:
        answered.set()
        return None if len(receiver.messages) > 1 else b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"

    async with receiving(slowly) as receiver:
        with serving(new_database, **SETTINGS) as server:
            async with calling(server.url) as api:
                alice = await api.person("alice")
                webhook = await alice.adds_webhook(receiver.url)
                await alice.post(f"/api/v1/webhooks/{webhook['id']}/test")
                await receiver.hears(1)
            server.ask_to_stop()
            await asyncio.to_thread(server.wait_for_end)
        with serving(new_database, **SETTINGS) as server:
            async with calling(server.url) as api:
                log = await api.known(alice).get(f"/api/v1/webhooks/{webhook['id']}/deliveries")
                assert [one["attempts"] for one in log.json()] == [1]


async def test_a_server_that_drains_its_requests_delivers_nothing_more(new_database: str):
    async with receiving(lambda _: b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n") as receiver:
        with serving(new_database, **SETTINGS) as server:
            async with calling(server.url) as api:
                alice = await api.person("alice")
                webhook = await alice.adds_webhook(receiver.url)
                await alice.post(f"/api/v1/webhooks/{webhook['id']}/test")
                await receiver.hears(1)
            where = urlsplit(server.url)
            _, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: convene.test\r\nContent-Length: 9\r\n\r\n{")
            await writer.drain()
            await asyncio.sleep(0.3)  # until the server has begun to read it
            server.ask_to_stop()
            await asyncio.sleep(8)  # the message would have been tried again after four to six seconds
            assert len(receiver.messages) == 1
            writer.close()
            await asyncio.to_thread(server.wait_for_end)  # while the loop closes what is open
