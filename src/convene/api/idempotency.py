"""The header Idempotency-Key: every POST may carry one, and is answered the same when it is sent again.

The key is looked for before the route acts, and the answer is kept in the route's own transaction, so that there is
never an effect without its answer. Not kept are the answers of /auth/login and /auth/refresh, which are secrets;
checking changes nothing, and signing out twice is signing out.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

from convene.api.bodies import receiving
from convene.domain.errors import Invalid, StillRunning
from convene.operations import idempotency
from convene.operations.idempotency import Attempt
from convene.storage.idempotency import KeptAnswer
from convene.storage.unit_of_work import UnitOfWork

HEADER = "Idempotency-Key"
_HEADER = HEADER.lower().encode()
REPLAYED = "Idempotent-Replayed"
KEY_MAX = 255
#: For clients: what a header can hold, without spaces around it, that says something: `""` does not.
KEY = '^([!-~]|[!#-~][ -~]*[!-~]|[!-~][ -~]*[!#-~]|"[ -~]+")$'
_PLACE = "header:idempotency-key"
#: Operations that take no notice of a key; see above.
WITHOUT_KEY = frozenset(("log_in", "refresh", "log_out", "check_event", "end_subscription"))


class Replay(Exception):
    """The request has been answered before; nothing may happen again."""

    def __init__(self, kept: KeptAnswer) -> None:
        super().__init__(kept.key)
        self.kept = kept


class Attempts:
    """The requests under keys that are at work in this process."""

    def __init__(self, secret: str) -> None:
        # Bodies hold passwords: a plain hash of one could be guessed from.
        self._secret = secret.encode()
        self._at_work: set[Attempt | tuple[int, str]] = set()

    @asynccontextmanager
    async def of(self, request: Request, user_id: int | None) -> AsyncIterator[Attempt | None]:
        """The attempt that a request is while the block runs; None when it carries no key.

        Raises:
            Invalid: the key cannot be one.
            StillRunning: the same is at work already.
        """
        key = _key(request)
        if key is None:
            yield None
            return
        attempt = Attempt(key, await self._fingerprint(request), user_id)
        place = attempt if user_id is None else (user_id, key)
        if place in self._at_work:
            raise StillRunning
        self._at_work.add(place)
        try:
            yield attempt
        finally:
            self._at_work.discard(place)

    async def _fingerprint(self, request: Request) -> str:
        url = request.url
        mark = hmac.new(self._secret, f"{request.method} {url.path}?{url.query}\n".encode(), hashlib.sha256)
        with receiving:
            mark.update(await request.body())
        return mark.hexdigest()


def is_asked_for(request: Request) -> bool:
    """Whether a request carries a key, good or not."""
    scope = request.scope
    return scope["method"] == "POST" and _HEADER in dict(scope["headers"])


def _key(request: Request) -> str | None:
    """The key of a request, with quotation marks (RFC 9651, as the draft has it) or without."""
    if not is_asked_for(request):
        return None
    found = request.headers.getlist(HEADER)
    if len(found) > 1:
        raise Invalid.at(_PLACE, "is there more than once")
    said = found[0]
    key = said[1:-1] if len(said) > 1 and said[0] == said[-1] == '"' else said
    if not 0 < len(key) <= KEY_MAX or not key.isascii() or not key.isprintable():
        raise Invalid.at(_PLACE, f"has 1 to {KEY_MAX} printable characters of ASCII")
    return key


async def replay(work: UnitOfWork, attempt: Attempt) -> None:
    """Look for an answer that was kept.

    Raises:
        Replay: there is one.
    """
    kept = await idempotency.begin(work, attempt)
    if kept is not None:
        raise Replay(kept)


async def keep(work: UnitOfWork, attempt: Attempt | None, response: Response, user_id: int | None = None) -> None:
    """Keep the answer to an attempt, in the transaction of what it did; `user_id` is whose it is from now on."""
    owner = user_id if attempt is None or attempt.user_id is None else attempt.user_id
    if attempt is None or owner is None:
        return
    headers = [[name, value] for name, value in response.headers.items() if name != "content-length"]
    body = zlib.compress(bytes(response.body), 1)
    await idempotency.keep(
        work, KeptAnswer(attempt.key, owner, attempt.fingerprint, response.status_code, headers, body, work.now)
    )


def install(app: FastAPI) -> None:
    """Let an application answer again what it has answered before."""

    @app.exception_handler(Replay)
    async def _(_request: Request, replay: Replay) -> Response:
        kept = replay.kept
        headers = {**dict(kept.headers), REPLAYED: "true"}
        return Response(zlib.decompress(kept.body), kept.status, headers)
