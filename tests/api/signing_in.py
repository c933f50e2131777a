"""Steps of people who register and sign in, told apart from what a test says about them."""

from __future__ import annotations

from uuid import uuid4

import httpx2

from tests.people import PASSWORD, Json, Person


def unique() -> str:
    """A beginning that no other name has; letters and digits that no alphabet folds."""
    return f"x{uuid4().hex[:10]}"


def address(name: str) -> str:
    """An address at which nobody reads."""
    return f"{name}@example.com"


async def register(visitor: Person, username: str, **more: Json) -> httpx2.Response:
    """Ask for an account."""
    sent = {"username": username, "email": address(unique()), "password": PASSWORD, **more}
    return await visitor.post("/api/v1/auth/register", sent)


async def try_to_sign_in(visitor: Person, name: str, password: str = PASSWORD) -> httpx2.Response:
    """Send a name and a password."""
    return await visitor.post("/api/v1/auth/login", {"username": name, "password": password})


async def sign_in(person: Person, password: str = PASSWORD) -> Person:
    """Sign in on another device: the same person with a session of its own."""
    response = await try_to_sign_in(person.api.nobody(), person.username, password)
    assert response.status_code == 200, response.text
    tokens = response.json()
    return Person(person.api, person.api.client(tokens["access_token"]), person.account, tokens)


async def refresh(person: Person, token: str | None = None) -> httpx2.Response:
    """Use up a refresh token: the person's own, or another."""
    sent = {"refresh_token": token or person.tokens["refresh_token"]}
    return await person.api.nobody().post("/api/v1/auth/refresh", sent)


async def is_signed_in(person: Person) -> bool:
    """Whether the person's access token is good."""
    response = await person.get("/api/v1/auth/me")
    assert response.status_code in {200, 401}, response.text
    return response.status_code == 200
