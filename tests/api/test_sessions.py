"""Sessions: rotation of refresh tokens, signing out here and on other devices, and that the ended ones are over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import pytest

from convene.operations import accounts
from tests.api.signing_in import is_signed_in, refresh, sign_in
from tests.people import PASSWORD, Api, Json, Person, running_api

SESSIONS = "/api/v1/auth/sessions"
NEW_PASSWORD = {"current_password": PASSWORD, "new_password": "another horse"}


async def sessions(person: Person) -> list[Json]:
    """The person's signed-in devices."""
    response = await person.get(SESSIONS)
    assert response.status_code == 200, response.text
    return list(response.json())


async def current(person: Person) -> str:
    """The id of the session that is asking."""
    [session] = [session["id"] for session in await sessions(person) if session["current"]]
    return str(session)


# -- refresh tokens ------------------------------------------------------------------------------------------


async def test_a_refresh_token_gives_new_tokens_of_the_same_session(alice: Person):
    answer = await refresh(alice)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    fresh = Person(alice.api, alice.api.client(tokens["access_token"]), alice.account, tokens)
    assert tokens["refresh_token"] != alice.tokens["refresh_token"]
    assert await current(fresh) == await current(alice)
    assert (await refresh(fresh)).status_code == 200


async def test_a_refresh_token_used_again_ends_the_session_and_its_access_tokens(alice: Person):
    first = (await refresh(alice)).json()
    second = (await refresh(alice, first["refresh_token"])).json()
    assert await is_signed_in(alice)
    stolen = await refresh(alice, first["refresh_token"])
    assert (stolen.status_code, stolen.json()["reason"]) == (401, "reused")
    assert (await refresh(alice, second["refresh_token"])).json()["reason"] == "revoked"
    for tokens in (alice.tokens, first, second):
        assert not await is_signed_in(Person(alice.api, alice.api.client(tokens["access_token"]), {}))


async def test_a_reused_refresh_token_ends_no_other_session(alice: Person):
    phone = await sign_in(alice)
    await refresh(alice)
    await refresh(alice)
    assert not await is_signed_in(alice)
    assert await is_signed_in(phone)
    assert (await refresh(phone)).status_code == 200


async def test_a_refresh_token_used_twice_at_once_is_good_once(alice: Person):
    answers = await asyncio.gather(*(refresh(alice) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    assert not await is_signed_in(alice)


# -- signing out ---------------------------------------------------------------------------------------------


async def test_signing_out_ends_the_session_at_once(alice: Person):
    phone = await sign_in(alice)
    assert (await alice.post("/api/v1/auth/logout")).status_code == 204
    refused = await alice.get("/api/v1/auth/me")
    assert (refused.status_code, refused.json()["reason"]) == (401, "revoked")
    assert (await refresh(alice)).json()["reason"] == "revoked"
    assert (await alice.post("/api/v1/auth/logout")).status_code == 401
    assert await is_signed_in(phone)


async def test_a_session_that_ends_while_it_is_being_looked_up_is_over(alice: Person):
    for _ in range(10):
        phone = await sign_in(alice)
        readers = (phone.get("/api/v1/auth/me") for _ in range(5))
        await asyncio.gather(*readers, phone.post("/api/v1/auth/logout"))
        assert not await is_signed_in(phone)


async def test_devices_are_listed_the_last_used_first(alice: Person):
    for agent in ("Phone/1", "x" * 300, ""):
        sent = {"username": alice.username, "password": PASSWORD}
        await alice.api.nobody().post("/api/v1/auth/login", sent, headers={"User-Agent": agent})
    listed = await sessions(alice)
    assert [session["user_agent"] for session in listed[:3]] == [None, "x" * 200, "Phone/1"]
    assert [session["current"] for session in listed] == [False, False, False, True]
    await refresh(alice)
    assert (await sessions(alice))[0]["current"]


async def test_another_device_can_be_signed_out(alice: Person):
    phone = await sign_in(alice)
    ended = await current(phone)
    assert (await alice.delete(f"{SESSIONS}/{ended}")).status_code == 204
    assert not await is_signed_in(phone)
    assert (await refresh(phone)).json()["reason"] == "revoked"
    assert ended not in [session["id"] for session in await sessions(alice)]
    assert (await alice.delete(f"{SESSIONS}/{ended}")).status_code == 404


async def test_one_may_end_ones_own_session_by_its_id(alice: Person):
    assert (await alice.delete(f"{SESSIONS}/{await current(alice)}")).status_code == 204
    assert not await is_signed_in(alice)


async def test_the_devices_of_others_are_nobodys_business(alice: Person, ben: Person):
    theirs = await current(ben)
    assert theirs not in [session["id"] for session in await sessions(alice)]
    refused = await alice.delete(f"{SESSIONS}/{theirs}")
    unknown = await alice.delete(f"{SESSIONS}/{'0' * 32}")
    assert refused.status_code == unknown.status_code == 404
    assert refused.json()["detail"] == unknown.json()["detail"]
    assert await is_signed_in(ben)


# -- passwords -----------------------------------------------------------------------------------------------


async def test_a_new_password_ends_all_other_sessions_and_keeps_this_one(alice: Person):
    phone, tablet = await sign_in(alice), await sign_in(alice)
    assert await is_signed_in(phone)
    assert (await alice.post("/api/v1/auth/password", NEW_PASSWORD)).status_code == 204
    assert await is_signed_in(alice)
    assert (await refresh(alice)).status_code == 200
    for other in (phone, tablet):
        assert not await is_signed_in(other)
        assert (await refresh(other)).json()["reason"] == "revoked"


async def test_a_wrong_current_password_ends_nothing(alice: Person):
    phone = await sign_in(alice)
    await alice.post("/api/v1/auth/password", {**NEW_PASSWORD, "current_password": "a guess"})
    assert await is_signed_in(phone)


async def test_no_session_of_the_old_password_outlives_its_change(api: Api):
    for _ in range(3):
        alice = await api.person("alice")
        sent = {"username": alice.username, "password": PASSWORD}
        intruders = [api.nobody().post("/api/v1/auth/login", sent) for _ in range(8)]
        changed, *answers = await asyncio.gather(alice.post("/api/v1/auth/password", NEW_PASSWORD), *intruders)
        assert changed.status_code == 204
        for tokens in (answer.json() for answer in answers if answer.status_code == 200):
            assert not await is_signed_in(Person(api, api.client(tokens["access_token"]), {}))
        assert len(await sessions(alice)) == 1


# -- several processes ---------------------------------------------------------------------------------------


async def _wait_until_out(people: Iterable[Person], deadline: float) -> None:
    for person in people:
        while await is_signed_in(person):
            assert time.monotonic() < deadline, "a session that has ended elsewhere is still good"
            await asyncio.sleep(0.1)


@pytest.fixture
async def four_people(api: Api) -> list[Person]:
    return [await api.person(name) for name in ("loner", "changer", "victim", "leaver")]


async def test_what_ends_elsewhere_ends_here_within_five_seconds(
    api: Api, database_url: str, alice: Person, four_people: list[Person]
):
    async with running_api(database_url) as elsewhere:
        guests = [*four_people, alice]
        there = [Person(elsewhere, elsewhere.client(one.tokens["access_token"]), one.account) for one in guests]
        phone = await sign_in(four_people[1])
        assert all([await is_signed_in(person) for person in there])
        signs_out, changes_password, is_robbed, is_switched_off = four_people
        await signs_out.post("/api/v1/auth/logout")
        await phone.post("/api/v1/auth/password", NEW_PASSWORD)
        assert [(await refresh(is_robbed)).status_code for _ in range(2)] == [200, 401]
        await accounts.deactivate(api.app.services.units, is_switched_off.username)
        deadline = time.monotonic() + 5.2
        assert not await is_signed_in(changes_password)
        await _wait_until_out(there[:4], deadline)
        await _wait_until_out([is_switched_off], deadline)  # switched off by another program, as `convene user` is
        assert await is_signed_in(there[4])
