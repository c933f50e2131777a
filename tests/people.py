"""People who use the API: each a signed-in client whose every answer is compared with the OpenAPI document."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any
from uuid import uuid4

import httpx2

from convene.api.dependencies import Application
from convene.app import create_app
from convene.settings import Settings
from tests.contract import Contract

# httpx2 tries to import this for each request, and looking for it each time costs a fifth of what the request does.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]

PASSWORD = "correct horse battery staple"
Json = Any


def settings_for(url: str, **more: Any) -> Settings:
    """Settings for tests: cheap password hashing, a fixed key."""
    fixed: dict[str, Any] = {"secret_key": "only-for-tests-" + "0123456789abcdef" * 2, "environment": "test"}
    cheap = {"password_time_cost": 1, "password_memory_kib": 8, "rate_limit_per_minute": 0}
    return Settings(_env_file=None, database_url=url, **(fixed | cheap | more))


@cache
def unstarted_app() -> Application:
    """The application as it describes itself; never started."""
    return create_app(settings_for("sqlite:///never-opened.db"))


@cache
def contract() -> Contract:
    """What the application promises. Made once: it takes as long as fifty people signing in, and is always the same."""
    return Contract(unstarted_app().openapi())


class Api:
    """The application in this process, and what its OpenAPI document promises."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.contract = contract()
        self.document = self.contract.document

    def client(self, token: str | None = None, address: str = "127.0.0.1") -> httpx2.AsyncClient:
        """A client of its own, signed in or not."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 123)),
            base_url="http://convene.test",
            headers=headers,
        )

    async def person(self, name: str) -> Person:
        """Register somebody new whose name begins so, and sign them in."""
        username = f"{name}-{uuid4().hex[:10]}"
        stranger = Person(self, self.client(), {"username": username})
        sent = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
        account = await stranger.post("/api/v1/auth/register", json=sent)
        assert account.status_code == 201, account.text
        signed_in = await stranger.post("/api/v1/auth/login", json={"username": username, "password": PASSWORD})
        assert signed_in.status_code == 200, signed_in.text
        tokens = signed_in.json()
        return Person(self, self.client(tokens["access_token"]), account.json(), tokens)

    def nobody(self) -> Person:
        """Somebody without a token."""
        return Person(self, self.client(), {})


class Person:
    """A client of the API with a name."""

    def __init__(self, api: Api, client: httpx2.AsyncClient, account: Json, tokens: Json = None) -> None:
        self.api = api
        self.client = client
        self.account = account
        self.tokens = tokens

    @property
    def id(self) -> int:
        return int(self.account["id"])

    @property
    def username(self) -> str:
        return str(self.account["username"])

    async def request(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        """Ask, and compare the answer with the OpenAPI document."""
        response = await self.client.request(method, path, **arguments)
        self.api.contract.check(response)
        return response

    async def get(self, path: str, **params: Any) -> httpx2.Response:
        return await self.request("GET", path, params=params)

    async def post(self, path: str, json: Json = None, **arguments: Any) -> httpx2.Response:
        return await self.request("POST", path, json=json, **arguments)

    async def put(self, path: str, json: Json, **arguments: Any) -> httpx2.Response:
        return await self.request("PUT", path, json=json, **arguments)

    async def patch(self, path: str, json: Json, **arguments: Any) -> httpx2.Response:
        return await self.request("PATCH", path, json=json, **arguments)

    async def delete(self, path: str, **arguments: Any) -> httpx2.Response:
        return await self.request("DELETE", path, **arguments)

    async def creates(self, title: str = "Planning", start: str = "", end: str = "", **fields: Json) -> Json:
        """Create an event (by default free time, so that it clashes with nothing) and give it."""
        times = {"start_time": start or "2027-03-01T09:00:00Z", "end_time": end or "2027-03-01T10:00:00Z"}
        free = {} if start else {"free_busy_status": "free"}
        response = await self.post("/api/v1/events", {"title": title, **times, **free, **fields})
        assert response.status_code == 201, response.text
        return response.json()

    async def changes(self, event: Json, /, **fields: Json) -> Json:
        """Change an event and give it."""
        response = await self.put(f"/api/v1/events/{event['id']}", fields)
        assert response.status_code == 200, response.text
        return response.json()

    async def shares(self, event: Json, person: Person, role: str = "editor") -> None:
        """Give somebody a role on an event."""
        sent = {"user_id": person.id, "role": role}
        response = await self.post(f"/api/v1/events/{event['id']}/share", sent)
        assert response.status_code == 201, response.text

    async def adds_webhook(self, url: str, **fields: Json) -> Json:
        """Ask to be told by machine, and give the webhook with its secret."""
        response = await self.post("/api/v1/webhooks", {"url": url, **fields})
        assert response.status_code == 201, response.text
        return response.json()


@asynccontextmanager
async def running_api(url: str, **more: Any) -> AsyncIterator[Api]:
    """The application on a database, in this process, started and stopped as a server does."""
    app = create_app(settings_for(url, **more))
    async with app.router.lifespan_context(app):
        yield Api(app)
