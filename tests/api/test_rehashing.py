"""Passwords that were hashed with other figures than today's are hashed anew when their owners sign in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from convene.storage import accounts
from tests.api.signing_in import is_signed_in, sign_in, try_to_sign_in
from tests.people import PASSWORD, Api, Person, running_api


@pytest.fixture
async def stronger(database_url: str) -> AsyncIterator[Api]:
    """The same database served with stronger figures."""
    async with running_api(database_url, password_memory_kib=16, password_time_cost=2) as api:
        yield api


def at(api: Api, person: Person) -> Person:
    """The same person at another server."""
    return Person(api, api.client(person.tokens["access_token"]), person.account, person.tokens)


async def stored(person: Person) -> accounts.UserRow:
    async with person.api.app.services.units.reading() as work:
        user = await accounts.find_user(work, person.id)
        assert user is not None
        return user


async def test_signing_in_hashes_the_password_by_todays_figures(alice: Person, stronger: Api):
    before = await stored(alice)
    phone = await sign_in(at(stronger, alice))
    after = await stored(alice)
    assert "$m=8,t=1,p=1$" in before.hashed_password
    assert "$m=16,t=2,p=1$" in after.hashed_password
    assert after._replace(hashed_password=before.hashed_password) == before
    assert await is_signed_in(phone)
    assert await is_signed_in(alice)
    assert (await try_to_sign_in(stronger.nobody(), alice.username)).status_code == 200


async def test_a_hash_of_todays_figures_stays(alice: Person):
    before = await stored(alice)
    await sign_in(alice)
    assert await stored(alice) == before


async def test_a_wrong_password_hashes_nothing(alice: Person, stronger: Api):
    before = await stored(alice)
    assert (await try_to_sign_in(stronger.nobody(), alice.username, "wrong password")).status_code == 401
    assert await stored(alice) == before


async def test_who_signs_in_on_many_devices_at_once_gets_in_on_all(alice: Person, stronger: Api):
    answers = await asyncio.gather(*(try_to_sign_in(stronger.nobody(), alice.username) for _ in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6


async def test_who_changes_the_password_while_it_is_hashed_anew_changes_it(alice: Person, stronger: Api):
    change = {"current_password": PASSWORD, "new_password": "another horse"}
    changed, *_ = await asyncio.gather(
        alice.post("/api/v1/auth/password", change),
        *(try_to_sign_in(stronger.nobody(), alice.username) for _ in range(6)),
    )
    assert changed.status_code == 204
    assert (await try_to_sign_in(stronger.nobody(), alice.username)).status_code == 401
    assert (await try_to_sign_in(stronger.nobody(), alice.username, "another horse")).status_code == 200
