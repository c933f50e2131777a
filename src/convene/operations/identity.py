"""Who is asking: an access token to the person behind it, remembered for a few seconds.

Verifying a JWT costs as much as a query, and asking the database about the session costs another; a token is verified
once and its session asked about every five seconds, which bounds how long an ended session can go on elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from convene.domain.errors import BadToken
from convene.operations.tokens import Claims, Tokens
from convene.storage import accounts
from convene.storage.accounts import UserRow
from convene.storage.unit_of_work import UnitOfWork, Units

_T = TypeVar("_T")

RECHECK_SECONDS = 5.0
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a live session; only `Identities` makes one. Or one for whom an operator acts, who has none."""

    user_id: int
    session_id: str
    username: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class _Seen:
    me: SignedIn
    at: float


def acting_for(user: UserRow) -> SignedIn:
    """Let an operator do something in the name of somebody, who may be switched off."""
    return SignedIn(user.id, "", user.username, user.time_zone)


async def living_sessions(work: UnitOfWork, session_ids: Sequence[str]) -> frozenset[str]:
    """Choose those sessions that have not ended and whose users are active."""
    return await accounts.living_sessions(work, session_ids)


class Identities:
    """Remembers verified tokens and live sessions, both bounded."""

    def __init__(self, units: Units, tokens: Tokens) -> None:
        self._units = units
        self._tokens = tokens
        self._claims: dict[str, Claims] = {}
        self._sessions: dict[str, _Seen] = {}
        self._forgotten = 0

    async def of(self, token: str) -> SignedIn:
        """Find who holds an access token.

        Raises:
            BadToken: there is no token or it is not good, its session has ended, or its user is switched off.
        """
        return (await self.until(token))[0]

    async def until(self, token: str) -> tuple[SignedIn, float]:
        """Find who holds an access token, and when it expires (seconds since the epoch).

        Raises:
            BadToken: as `of`.
        """
        claims = self._claims.get(token)
        if claims is None:
            if not token:
                raise BadToken("missing")
            claims = self._tokens.read(token, "access")
            _remember(self._claims, token, claims)
        elif claims.expires_at <= time.time():
            del self._claims[token]
            raise BadToken("expired")
        seen = self._sessions.get(claims.session_id)
        if seen is None or time.monotonic() - seen.at > RECHECK_SECONDS:
            seen = await self._ask(claims)
        if seen.me.user_id != claims.user_id:
            raise BadToken("malformed")
        return seen.me, claims.expires_at

    def forget(self, session_id: str) -> None:
        """Ask the database again before this session is believed."""
        self._forgotten += 1
        self._sessions.pop(session_id, None)

    def forget_user(self, user_id: int) -> None:
        """Ask again about every session of a user."""
        self._forgotten += 1
        for session_id in [key for key, seen in self._sessions.items() if seen.me.user_id == user_id]:
            self.forget(session_id)

    async def _ask(self, claims: Claims) -> _Seen:
        asked_at, forgotten = time.monotonic(), self._forgotten
        async with self._units.reading() as work:
            found = await accounts.find_session(work, claims.session_id)
        self._sessions.pop(claims.session_id, None)
        if found is None or found[0].revoked_at is not None:
            raise BadToken("revoked")
        user = found[1]
        if not user.is_active:
            raise BadToken("revoked")
        seen = _Seen(SignedIn(user.id, claims.session_id, user.username, user.time_zone), asked_at)
        if forgotten == self._forgotten:  # what ended while we asked may have been read as it was before
            _remember(self._sessions, claims.session_id, seen)
        return seen


def _remember(known: dict[str, _T], key: str, value: _T) -> None:
    if len(known) >= REMEMBERED:
        known.pop(next(iter(known)))  # the oldest
    known[key] = value
