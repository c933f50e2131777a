"""HTTP to places that users have named: to public addresses only, without redirects, within bounds of time and size.

A name is resolved when something is sent, what it leads to is checked, and exactly that address is connected to: an
answer of the DNS that changes in between changes nothing. `Host` and the name in TLS stay those of the URL. Whether an
address is public is the domain's to say. httpcore2 is what httpx2 stands on, without redirects, proxies and cookies.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from functools import cache
from typing import Any

import httpcore2

from convene.domain.deliveries import Outcome
from convene.domain.webhooks import is_public

ANSWER_MAX = 65_536
TIMEOUT_SECONDS = 15.0
_RESOLVERS = 32
_RACE_SECONDS = 5.0

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class TargetRefused(Exception):
    """The name leads to an address that nothing is sent to."""


class SystemResolver:
    """Asks the machine where a name leads; in threads of its own, because an answer can take as long as it likes."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolver")

    async def __call__(self, host: str, port: int) -> list[str]:
        """All addresses that a name leads to, the best first.

        Raises:
            OSError: it leads nowhere.
        """
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _addresses, host, port)
        return list(dict.fromkeys(found))

    def close(self) -> None:
        """Wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to the addresses that it has checked, and to no name."""

    def __init__(self, resolve: Resolve, network: httpcore2.AsyncNetworkBackend, *, allow_private: bool) -> None:
        self._resolve = resolve
        self._network = network
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address that answers.

        Raises:
            TargetRefused: any of the addresses is not public; one that is must not lend its name to one that is not.
        """
        addresses = await self._resolve(host, port)
        if not self._allow_private and not all(map(is_public, addresses)):
            raise TargetRefused
        failure: Exception = OSError("the name leads nowhere")
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    address, port, min(timeout or _RACE_SECONDS, _RACE_SECONDS), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: no URL leads to a socket file."""
        raise TargetRefused

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks to."""
        await self._network.sleep(seconds)


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (TargetRefused, "leads to a private address"),
    (TimeoutError, "no answer in time"),
    (httpcore2.TimeoutException, "no answer in time"),
    (httpcore2.ConnectError, "cannot connect"),
    (httpcore2.NetworkError, "the connection broke"),
    (httpcore2.ProtocolError, "does not speak HTTP"),
    (httpcore2.UnsupportedProtocol, "does not speak HTTP"),
    (socket.gaierror, "there is no such host"),
    (OSError, "cannot connect"),
    (UnicodeError, "there is no such host"),
)
_FAILURES = tuple(kind for kind, _ in _REASONS)


@cache
def _tls() -> ssl.SSLContext:
    """What the machine trusts; to read it takes 20 ms."""
    return ssl.create_default_context()


class Outbound:
    """Posts, and says what came of it."""

    def __init__(self, network: CheckedNetwork, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.timeout = timeout
        # No connection is kept: the next message may have to go to another address.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_tls(), network_backend=network, max_connections=None, max_keepalive_connections=0
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post a body; whatever goes wrong on the way or over there is told, not raised.

        The answer's body is read no further than 64 KiB, and forgotten.
        """
        began = time.monotonic()
        status, reason = None, None
        try:
            async with asyncio.timeout(self.timeout):
                status = await self._post(url, headers, body)
        except _FAILURES as error:
            reason = next(said for kind, said in _REASONS if isinstance(error, kind))
        return Outcome(
            status_code=status,
            error=reason or (None if status is not None and status < 300 else f"answered {status}"),
            duration_ms=round((time.monotonic() - began) * 1000),
        )

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        always = {"User-Agent": "Convene", "Accept": "*/*", "Connection": "close"}
        sent = [*always.items(), *headers.items()]
        read = 0
        async with self._pool.stream("POST", url, headers=sent, content=body) as answer:
            async with aclosing(answer.aiter_stream()) as parts:
                async for part in parts:
                    read += len(part)
                    if read >= ANSWER_MAX:
                        break
            return int(answer.status)

    async def close(self) -> None:
        """Let every connection go."""
        await self._pool.aclose()


@asynccontextmanager
async def sending(*, allow_private: bool, timeout: float) -> AsyncIterator[Outbound]:  # noqa: ASYNC109 - of each post
    """Post over the machine's own network while the block runs."""
    resolver = SystemResolver()
    network = CheckedNetwork(resolver, httpcore2.AnyIOBackend(), allow_private=allow_private)
    outbound = Outbound(network, timeout=timeout)
    try:
        yield outbound
    finally:
        await outbound.close()
        resolver.close()
