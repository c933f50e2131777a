"""Quotas that several processes share, and what becomes of them when Redis goes away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import redis.asyncio as redis
from websockets.asyncio.client import connect

from convene.api.quotas import PATIENCE_SECONDS, Counts, Quota, Standing
from convene.api.rates import GUESSES
from convene.delivery.valkey import RedisSums
from convene.domain.errors import TooOften
from tests.api.signing_in import try_to_sign_in
from tests.databases import fresh_database
from tests.people import PASSWORD, Api, Person, running_api
from tests.process.callers import calling
from tests.process.ears import Ear
from tests.process.servers import serving
from tests.valkey import Valkey, valkey_server

PER_MINUTE = 50
EVENTS = "/api/v1/events"
Apis = tuple[Api, Api, Valkey]


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with valkey_server() as valkey:
        yield valkey


@pytest.fixture
async def apis(new_sqlite: str, valkey: Valkey) -> AsyncIterator[Apis]:
    """The application twice, on one database and one Valkey."""
    settings = {"rate_limit_per_minute": PER_MINUTE, "redis_url": valkey.url}
    async with running_api(new_sqlite, **settings) as here, running_api(new_sqlite, **settings) as there:
        left = 60 - time.time() % 60
        if left < 15:
            await asyncio.sleep(left + 0.01)
        yield here, there, valkey


def at(api: Api, person: Person) -> Person:
    """The same person, asking another process."""
    return Person(api, api.client(person.tokens["access_token"]), person.account, person.tokens)


async def statuses(person: Person, times: int) -> list[int]:
    return [(await person.get(EVENTS)).status_code for _ in range(times)]


async def comes_to_be_refused(person: Person) -> bool:
    """Ask now and then, but not so often that it is too often by itself: counts are exchanged once a second, by a
    machine that may be busy.
    """
    for _ in range(PER_MINUTE - 10):
        if await statuses(person, 1) == [429]:
            return True
        await asyncio.sleep(0.25)
    return False


async def test_what_was_asked_of_one_process_counts_on_the_other(apis: Apis):
    here, there, _ = apis
    alice = await here.person("alice")
    assert set(await statuses(alice, PER_MINUTE)) == {200}
    assert await comes_to_be_refused(at(there, alice))


async def test_a_password_cannot_be_guessed_on_several_processes_at_once(apis: Apis):
    here, there, _ = apis
    alice = await here.person("alice")
    guessers = [(here, there)[number % 2].client(address=f"192.0.2.{number}") for number in range(GUESSES * 3)]
    tries = (try_to_sign_in(Person(here, client, {}), alice.username, "a guess") for client in guessers)
    answers = [one.status_code for one in await asyncio.gather(*tries)]
    assert answers.count(401) <= GUESSES
    assert answers.count(429) >= GUESSES * 2


async def test_a_burst_on_an_exact_quota_asks_redis_once_for_all_who_wait(valkey: Valkey):
    quota = Quota("guesses", GUESSES, 900)
    here, there = (Counts(RedisSums(valkey.url, patience=PATIENCE_SECONDS)) for _ in range(2))
    async with here.running("one"), there.running("one"), redis.from_url(valkey.url) as inside:
        tries = [(here, there)[number % 2].count_exactly(quota, "alice") for number in range(400)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        let_through = [one for one in outcomes if not isinstance(one, TooOften)]
        assert len(let_through) == GUESSES
        assert all(isinstance(one, Standing) for one in let_through)
        assert (await inside.info("stats"))[
            "total_connections_received"
        ] <= 6  # two each, ours, and the start's question
    assert (here.outages, there.outages) == (0, 0)


async def test_without_redis_requests_go_through_and_each_process_counts_alone(
    apis: Apis, capsys: pytest.CaptureFixture[str]
):
    here, there, valkey = apis
    alice = await here.person("alice")
    valkey.stop()
    assert await statuses(alice, PER_MINUTE + 1) == [200] * PER_MINUTE + [429]
    began = time.monotonic()
    assert (await try_to_sign_in(there.nobody(), alice.username, PASSWORD)).status_code == 200
    assert (await try_to_sign_in(there.nobody(), alice.username, PASSWORD)).status_code == 200
    assert time.monotonic() - began < 2
    assert (await at(there, alice).get(EVENTS)).status_code == 200
    await asyncio.sleep(2.5)
    told = [line for line in capsys.readouterr().err.splitlines() if "counts its own requests alone" in line]
    assert len(told) <= 2  # once each


async def test_when_redis_is_back_quotas_are_shared_again(apis: Apis):
    here, there, valkey = apis
    alice = await here.person("alice")
    valkey.stop()
    await statuses(alice, PER_MINUTE)
    await asyncio.sleep(1.5)
    valkey.start()
    assert await comes_to_be_refused(at(there, alice))


async def test_connecting_counts_as_asking():
    with fresh_database("sqlite") as url, serving(url, RATE_LIMIT_PER_MINUTE=40) as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            address = f"{server.url.replace('http://', 'ws://')}/ws/notifications?token={alice.tokens['access_token']}"
            for _ in range(40):
                async with connect(address, proxy=None) as socket:
                    await Ear(socket).next("ready")
            async with connect(address, proxy=None) as socket:
                assert await Ear(socket).closed() == 4429
            assert (await alice.get(EVENTS)).status_code == 429
