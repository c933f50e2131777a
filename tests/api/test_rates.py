"""How often somebody may ask: by user, by address, and more strictly where accounts and passwords are at stake."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from convene.api.rates import GUESSES
from tests.api.signing_in import try_to_sign_in
from tests.people import PASSWORD, Api, Person, running_api

PER_MINUTE = 50
EVENTS = "/api/v1/events"


@pytest.fixture(scope="module")
async def strict(database_url: str) -> AsyncIterator[Api]:
    """The application with limits on."""
    async with running_api(database_url, rate_limit_per_minute=PER_MINUTE) as api:
        yield api


@pytest.fixture
async def alice(api: Api, strict: Api) -> Person:
    """Registered where nothing is counted, asking where everything is."""
    return known(strict, await api.person("alice"))


@pytest.fixture
async def ben(api: Api, strict: Api) -> Person:
    return known(strict, await api.person("ben"))


@pytest.fixture(autouse=True)
async def within_one_minute() -> None:
    """Counts begin anew with each minute of the clock: a test does not begin just before."""
    left = 60 - time.time() % 60
    if left < 5:
        await asyncio.sleep(left + 0.01)


def known(api: Api, person: Person) -> Person:
    return Person(api, api.client(person.tokens["access_token"]), person.account, person.tokens)


def somebody_at(api: Api, address: str) -> Person:
    """Somebody who is not signed in, at an address of their own."""
    return Person(api, api.client(address=address), {})


def registration(name: str) -> dict[str, Any]:
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD}


async def statuses(person: Person, times: int) -> list[int]:
    return [(await person.get(EVENTS)).status_code for _ in range(times)]


async def test_a_user_may_ask_so_often_in_a_minute_and_no_more(alice: Person, ben: Person):
    assert await statuses(alice, PER_MINUTE) == [200] * PER_MINUTE
    refused = await alice.get(EVENTS)
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/quota-exceeded")
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert refused.json()["violated-policies"] == ["user"]
    assert (await ben.get(EVENTS)).status_code == 200


async def test_every_answer_says_where_one_stands(alice: Person):
    await alice.get(EVENTS)
    answer = await alice.get(EVENTS)
    assert answer.headers["ratelimit-policy"] == f'"user";q={PER_MINUTE};w=60'
    name, left, seconds = answer.headers["ratelimit"].split(";")
    assert (name, left) == ('"user"', f"r={PER_MINUTE - 2}")
    assert 1 <= int(seconds.removeprefix("t=")) <= 61


async def test_nothing_is_written_by_a_request_too_many(alice: Person):
    await statuses(alice, PER_MINUTE)
    free = {"title": "x", "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z"}
    assert (await alice.post(EVENTS, free)).status_code == 429


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/nowhere", EVENTS])
async def test_an_address_may_ask_so_often_without_signing_in(strict: Api, path: str):
    nobody = somebody_at(strict, f"192.0.2.{len(path)}")
    answers = [(await nobody.client.get(path)).status_code for _ in range(PER_MINUTE + 2)]
    assert 429 not in answers[:PER_MINUTE]
    assert answers[PER_MINUTE:] == [429, 429]


async def test_a_bad_token_counts_for_the_address(strict: Api):
    guesser = Person(strict, strict.client("guessed", address="198.51.100.1"), {})
    assert (await statuses(guesser, PER_MINUTE + 1))[-2:] == [401, 429]


async def test_one_who_is_signed_in_does_not_pay_for_neighbours(strict: Api, alice: Person):
    neighbour = somebody_at(strict, "127.0.0.1")
    await statuses(neighbour, PER_MINUTE + 1)
    assert (await neighbour.get(EVENTS)).status_code == 429
    assert (await alice.get(EVENTS)).status_code == 200


async def test_addresses_of_one_ipv6_network_are_one(strict: Api):
    for number in range(PER_MINUTE):
        await somebody_at(strict, f"2001:db8:1:2::{number:x}").get(EVENTS)
    assert (await somebody_at(strict, "2001:db8:1:2:ffff::1").get(EVENTS)).status_code == 429
    assert (await somebody_at(strict, "2001:db8:1:3::1").get(EVENTS)).status_code == 401


async def test_what_watches_over_the_server_is_not_counted(strict: Api):
    nobody = somebody_at(strict, "192.0.2.200")
    assert {(await nobody.get("/health/ready")).status_code for _ in range(PER_MINUTE + 5)} == {200}


async def test_accounts_are_made_less_often(strict: Api):
    nobody = somebody_at(strict, "192.0.2.201")
    names = [f"new-{time.time_ns()}-{number}" for number in range(PER_MINUTE // 10 + 1)]
    answers = [await nobody.post("/api/v1/auth/register", registration(name)) for name in names]
    assert [one.status_code for one in answers] == [201] * (PER_MINUTE // 10) + [429]


async def test_an_address_may_sign_in_less_often(strict: Api, alice: Person):
    nobody = somebody_at(strict, "192.0.2.202")
    answers = [await try_to_sign_in(nobody, alice.username, PASSWORD) for _ in range(PER_MINUTE // 5 + 1)]
    assert [one.status_code for one in answers] == [200] * (PER_MINUTE // 5) + [429]


async def test_a_password_cannot_be_guessed_from_many_addresses(strict: Api, alice: Person):
    guessers = [somebody_at(strict, f"203.0.113.{number}") for number in range(GUESSES + 1)]
    answers = [await try_to_sign_in(one, alice.username.upper(), "a guess") for one in guessers]
    assert [one.status_code for one in answers] == [401] * GUESSES + [429]
    assert (await try_to_sign_in(guessers[0], alice.username, PASSWORD)).status_code == 429
    assert (await alice.get(EVENTS)).status_code == 200


async def test_a_password_cannot_be_guessed_twice_as_often_by_name_and_by_address(strict: Api, alice: Person):
    called = [alice.username, alice.account["email"].upper()] * (GUESSES // 2)
    answers = [
        await try_to_sign_in(somebody_at(strict, f"198.51.100.{50 + number}"), name, "a guess")
        for number, name in enumerate([*called, *called[:2]])
    ]
    assert [one.status_code for one in answers] == [401] * GUESSES + [429, 429]
    sent = {"current_password": "a guess", "new_password": "another horse"}
    assert (await alice.post("/api/v1/auth/password", sent)).status_code == 429


async def test_guesses_at_once_are_counted_as_well(strict: Api, alice: Person):
    guessers = [somebody_at(strict, f"203.0.113.{100 + number}") for number in range(GUESSES * 3)]
    answers = await asyncio.gather(*(try_to_sign_in(one, alice.username, "a guess") for one in guessers))
    assert [one.status_code for one in answers].count(401) == GUESSES


async def test_whether_an_account_exists_cannot_be_told_from_its_quota(strict: Api):
    nobody = [somebody_at(strict, f"203.0.113.{150 + number}") for number in range(GUESSES + 1)]
    answers = [await try_to_sign_in(one, "nobody-has-this-name", "a guess") for one in nobody]
    assert [one.status_code for one in answers] == [401] * GUESSES + [429]


async def test_a_password_that_is_right_uses_nothing_up(strict: Api, alice: Person):
    for number in range(GUESSES + 5):
        somebody = somebody_at(strict, f"203.0.113.{200 + number}")
        assert (await try_to_sign_in(somebody, alice.username, PASSWORD)).status_code == 200


async def test_the_current_password_cannot_be_guessed_with_a_stolen_token(alice: Person):
    sent = {"current_password": "a guess", "new_password": "another horse"}
    answers = [(await alice.post("/api/v1/auth/password", sent)).status_code for _ in range(GUESSES + 1)]
    assert answers == [422] * GUESSES + [429]
