"""Whether people make accounts by themselves is the operator's to say."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api.signing_in import register, try_to_sign_in, unique
from tests.api.steps import refusal
from tests.people import Api, Person, running_api

REGISTRATION = "/api/v1/auth/registration"


@pytest.fixture
async def closed(database_url: str) -> AsyncIterator[Api]:
    """A server on the same database, on which nobody makes an account by themselves."""
    async with running_api(database_url, registration="closed") as api:
        yield api


async def test_everybody_may_ask_whether_they_can_sign_up(nobody: Person, closed: Api):
    assert (await nobody.get(REGISTRATION)).json() == {"registration": "open"}
    assert (await closed.nobody().get(REGISTRATION)).json() == {"registration": "closed"}


async def test_where_registration_is_closed_nobody_makes_an_account(nobody: Person, closed: Api):
    name = unique()
    refused = refusal(await register(closed.nobody(), name), 403, "registration-closed")
    assert "ask whoever runs this server" in refused["detail"]
    assert (await try_to_sign_in(closed.nobody(), name)).status_code == 401
    assert (await register(nobody, name)).status_code == 201


async def test_where_registration_is_closed_nobody_learns_which_names_are_taken(alice: Person, closed: Api):
    refusal(await register(closed.nobody(), alice.username), 403, "registration-closed")


async def test_those_who_have_an_account_sign_in_as_ever(alice: Person, closed: Api):
    assert (await try_to_sign_in(closed.nobody(), alice.username)).status_code == 200
