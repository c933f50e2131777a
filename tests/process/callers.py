"""People who call servers in other processes, and many requests at once."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager

import httpx2

from tests.people import Api, Person, unstarted_app

_TLS = ssl.create_default_context()  # nothing here speaks TLS, but every client would make one: 20 ms each
# A server closes what lies idle for 5 s; whoever hangs up earlier never writes into a connection that is being closed.
_LIMITS = httpx2.Limits(max_connections=None, keepalive_expiry=2)
_TIMEOUT = 60.0


class ServedApi(Api):
    """The application in another process, spoken to through sockets."""

    def __init__(self, url: str) -> None:
        super().__init__(unstarted_app())
        self.url = url
        self._clients: list[httpx2.AsyncClient] = []

    def client(self, token: str | None = None, address: str = "127.0.0.1") -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # From another address of this machine, which all of 127.0.0.0/8 are.
        transport = httpx2.AsyncHTTPTransport(verify=_TLS, trust_env=False, limits=_LIMITS, local_address=address)
        client = httpx2.AsyncClient(base_url=self.url, headers=headers, transport=transport, timeout=_TIMEOUT)
        self._clients.append(client)
        return client

    def known(self, person: Person) -> Person:
        """Somebody who has signed in elsewhere: on another server of the same database, or before a restart."""
        return Person(self, self.client(person.tokens["access_token"]), person.account, person.tokens)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def calling(url: str) -> AsyncIterator[ServedApi]:
    """Somebody to call a server with, who hangs up in the end."""
    api = ServedApi(url)
    try:
        yield api
    finally:
        await api.close()


async def all_at_once(requests: Iterable[Awaitable[httpx2.Response]]) -> list[httpx2.Response]:
    """Send requests at once and give their answers in order."""
    return await asyncio.gather(*requests)


def statuses(answers: Iterable[httpx2.Response]) -> Counter[int]:
    """Count the answers by status."""
    return Counter(answer.status_code for answer in answers)
