"""One account changed from two sides at once: neither undoes what the other has done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import httpx2

from tests.people import PASSWORD, Person
from tests.process.callers import ServedApi, all_at_once, statuses
from tests.process.outside import Outside, outside

ME = "/api/v1/auth/me"


@asynccontextmanager
async def meanwhile(database_url: str, statement: str) -> AsyncIterator[Outside]:
    """Another process that changes rows, holds them while the block runs, and then commits."""
    async with outside(database_url) as connection:
        await connection.rows("BEGIN IMMEDIATE" if database_url.startswith("sqlite") else "BEGIN")
        await connection.rows(statement)
        yield connection
        await connection.rows("COMMIT")


async def answered_after(database_url: str, statement: str, request: Awaitable[httpx2.Response]) -> httpx2.Response:
    """Let a request wait for another process that changes the same, and give its answer."""
    async with meanwhile(database_url, statement):
        waiting = asyncio.ensure_future(request)
        await asyncio.sleep(0.2)
        assert not waiting.done()
    return await waiting


async def test_changing_the_profile_does_not_switch_an_account_on_again(alice: Person, database_url: str):
    switch_off = f"UPDATE users SET is_active = FALSE WHERE id = {alice.id}"
    await answered_after(database_url, switch_off, alice.patch(ME, {"time_zone": "Europe/Berlin"}))
    async with outside(database_url) as connection:
        [(active, zone)] = await connection.rows(f"SELECT is_active, time_zone FROM users WHERE id = {alice.id}")
    assert not active
    assert zone == "Europe/Berlin"


async def test_changing_the_profile_does_not_bring_an_old_password_back(alice: Person, database_url: str):
    set_password = f"UPDATE users SET hashed_password = 'new' WHERE id = {alice.id}"
    await answered_after(database_url, set_password, alice.patch(ME, {"display_name": "Alice"}))
    async with outside(database_url) as connection:
        assert await connection.rows(f"SELECT hashed_password FROM users WHERE id = {alice.id}") == [("new",)]


async def test_a_new_password_keeps_a_profile_that_changed_meanwhile(alice: Person, database_url: str):
    rename = f"UPDATE users SET display_name = 'Alice' WHERE id = {alice.id}"
    sent = {"current_password": PASSWORD, "new_password": f"{PASSWORD}, newer"}
    await answered_after(database_url, rename, alice.post("/api/v1/auth/password", sent))
    assert (await alice.get(ME)).json()["display_name"] == "Alice"


async def test_nobody_signs_in_with_a_password_that_is_changed_in_the_same_moment(alice: Person, database_url: str):
    """The new password ends all sessions: one that begins just then must not outlive them."""
    set_password = f"UPDATE users SET hashed_password = 'new' WHERE id = {alice.id}"
    sent = {"username": alice.username, "password": PASSWORD}
    answer = await answered_after(database_url, set_password, alice.post("/api/v1/auth/login", sent))
    assert answer.status_code == 401


async def test_of_those_who_register_one_name_at_once_one_succeeds(here: ServedApi, there: ServedApi, ben: Person):
    """Also when they spell it differently."""
    names = [f"{ben.username}-twin", f"{ben.username}-TWIN"]
    asked = [(api, name) for api in (here, there) for name in names]
    answers = await all_at_once(
        api.nobody().post(
            "/api/v1/auth/register",
            {"username": name, "email": f"{number}-{ben.username}@example.com", "password": PASSWORD},
        )
        for number, (api, name) in enumerate(asked)
    )
    assert statuses(answers) == {201: 1, 409: 3}
    assert {answer.json()["field"] for answer in answers if answer.status_code == 409} == {"username"}


async def test_a_refresh_token_used_twice_at_once_is_used_up_once(alice: Person, there: ServedApi):
    """Two who hold one token cannot both be its owner: one gets new tokens, and then the session ends for both."""
    sent = {"refresh_token": alice.tokens["refresh_token"]}
    answers = await all_at_once(
        [person.post("/api/v1/auth/refresh", sent) for person in (alice, there.nobody()) for _ in range(3)]
    )
    assert statuses(answers)[200] <= 1
    assert set(statuses(answers)) <= {200, 401}
    survivors = [answer.json()["access_token"] for answer in answers if answer.status_code == 200]
    for token in survivors:
        async with there.client(token) as client:
            assert (await client.get(ME)).status_code == 401
