"""Rate limits: whom each request is counted for, and what its answer says of it.

Signed-in requests count for the user, all others for the address that they come from. Signing in counts once more for
the account, so that a password cannot be guessed from many addresses either. The headers are those of
draft-ietf-httpapi-ratelimit-headers-10; the address is that of the connection, or what a trusted proxy says it is
(`app`), so that nobody can make one up.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, MutableMapping
from contextlib import asynccontextmanager
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from convene.api.problems import problem
from convene.api.quotas import Counts, Quota, Standing
from convene.domain.errors import BadCredentials, ConveneError, TooOften

#: An IPv6 network of this size is one household, and has more addresses than could be counted.
_IPV6_NETWORK = 64
#: How often a password may be wrong before its account takes no more of them for a while, from anywhere.
GUESSES, GUESSES_SECONDS = 10, 15 * 60
#: Sockets that have yet to show a token: from one address, and in all. Each holds a file descriptor of this process.
KNOCKING_MAX, KNOCKING_MAX_IN_ALL = 20, 200
KNOCKING_SECONDS = 10


class Rates:
    """Counts requests; with `per_minute` 0, none."""

    def __init__(self, per_minute: int, counts: Counts) -> None:
        self.counts = counts
        self._on = per_minute > 0
        self._user = Quota("user", per_minute, 60)
        self._address = Quota("address", per_minute, 60)
        self._sign_in = Quota("sign-in", max(1, per_minute // 5), 60)
        self._register = Quota("register", max(1, per_minute // 10), 60)
        self._guesses = Quota("guesses", GUESSES, GUESSES_SECONDS)
        self._knocking: Counter[str] = Counter()

    def of_user(self, scope: Scope, user_id: int) -> None:
        """Count a request of somebody who is signed in.

        Raises:
            TooOften: they have used their quota up.
        """
        self._count(scope, self._user, str(user_id))

    def of_address(self, scope: Scope) -> None:
        """Count a request of somebody who is not signed in.

        Raises:
            TooOften: too many came from there.
        """
        self._count(scope, self._address, address_of(scope))

    def of_sign_in(self, scope: Scope) -> Awaitable[None]:
        """Count somebody who signs in.

        Raises:
            TooOften: too many came from there.
        """
        return self._count_exactly(scope, self._sign_in, address_of(scope))

    def of_registration(self, scope: Scope) -> Awaitable[None]:
        """Count somebody who makes an account.

        Raises:
            TooOften: too many came from there.
        """
        return self._count_exactly(scope, self._register, address_of(scope))

    @asynccontextmanager
    async def knocking(self, scope: Scope) -> AsyncIterator[None]:
        """Count a socket for its address until the block has heard its token; what shows none stays counted.

        How many knock at once is bounded whatever the quotas are: each holds what this process has few of.

        Raises:
            TooOften: too many came from there, or stand there without a token now, or anywhere.
        """
        self.of_address(scope)
        who = address_of(scope)
        if self._knocking[who] >= KNOCKING_MAX or self._knocking.total() >= KNOCKING_MAX_IN_ALL:
            self.counts.refused[("knocking",)] += 1
            raise TooOften("knocking", KNOCKING_SECONDS)
        self._knocking[who] += 1
        try:
            yield
        finally:
            self._knocking[who] -= 1
            self._knocking += Counter()  # forgets those at zero
        self._count(scope, self._address, who, amount=-1)

    @asynccontextmanager
    async def guessing(
        self, scope: Scope, whose: str, wrong: type[ConveneError] = BadCredentials
    ) -> AsyncIterator[None]:
        """Count a password as a guess at `whose` it may be while the block tries it, and for good when it was wrong.

        Counted first, because of many who guess at once none has been wrong yet.

        Raises:
            TooOften: too many were wrong; those who hold the account wait as well, but stay signed in where they are.
        """
        who = blake2b(whose.encode("utf-8", "replace"), digest_size=16).hexdigest()
        await self._count_exactly(scope, self._guesses, who)
        was_wrong = False
        try:
            yield
        except wrong:
            was_wrong = True
            raise
        finally:
            if not was_wrong:
                await self._count_exactly(scope, self._guesses, who, amount=-1)

    def _count(self, scope: Scope, quota: Quota, who: str, amount: int = 1) -> None:
        if self._on:
            try:
                _tell(scope, self.counts.count(quota, who, amount))
            except TooOften as error:
                _tell_none_left(scope, quota, error)
                raise

    async def _count_exactly(self, scope: Scope, quota: Quota, who: str, amount: int = 1) -> None:
        if self._on:
            try:
                _tell(scope, await self.counts.count_exactly(quota, who, amount))
            except TooOften as error:
                _tell_none_left(scope, quota, error)
                raise


def _tell_none_left(scope: Scope, quota: Quota, error: TooOften) -> None:
    _tell(scope, Standing(quota, 0, error.seconds))


def _tell(scope: Scope, standing: Standing) -> None:
    """Let the answer say where its asker stands, for each quota once; `logs` adds the headers."""
    if scope["type"] == "http":
        told: MutableMapping[str, Any] = scope["state"].setdefault("quotas", {})
        told[standing.quota.name] = standing


def rate_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers that tell where the asker stands."""
    headers = []
    for standing in scope["state"].get("quotas", {}).values():
        headers += [
            (b"ratelimit-policy", _policy(*standing.quota)),
            (b"ratelimit", f'"{standing.quota.name}";r={standing.left};t={standing.seconds}'.encode()),
        ]
    return headers


@lru_cache
def _policy(name: str, most: int, seconds: int) -> bytes:
    return f'"{name}";q={most};w={seconds}'.encode()


def address_of(scope: Scope) -> str:
    """Whom an address stands for: itself, or its network where addresses are for nothing."""
    client = scope.get("client")
    return _network(client[0]) if client else "unknown"


@lru_cache(10_000)
def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address  # a socket of this machine has a path
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))


class OutsideRates:
    """ASGI middleware: counts what is outside of the API by address; inside, whoever finds out who is asking does.

    What watches over the server is not counted: it asks often, and must be told also when the server has much to do.
    """

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, if it is not one too many."""
        if scope["type"] == "http" and not scope["path"].startswith(("/api/v1/", "/health", "/metrics")):
            try:
                self._rates.of_address(scope)
            except TooOften as error:
                await problem(error, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)
