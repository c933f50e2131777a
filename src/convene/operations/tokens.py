"""Tokens: signed JWTs (RFC 7519) with a pinned algorithm, an issuer, a type and the session they belong to.

The owner of PyJWT. A token says who is asking; whether the session still lives is `identity`'s question.
"""

from __future__ import annotations

import hmac
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import jwt

from convene.domain.errors import BadToken

ISSUER = "convene"
_REQUIRED = ["exp", "iat", "iss", "sub", "sid", "typ"]
_ID = re.compile(r"[0-9a-f]{32}")
Kind = Literal["access", "refresh"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `token_id` is set for refresh tokens."""

    user_id: int
    session_id: str
    expires_at: float
    token_id: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets when it signs in; `expires_in` seconds is the life of the access token."""

    access_token: str
    refresh_token: str
    expires_in: int


def new_id() -> str:
    """Make an id that cannot be guessed: 128 random bits in hex."""
    return os.urandom(16).hex()  # what `secrets` does behind five calls


class Tokens:
    """Makes and verifies tokens with one key and one algorithm."""

    def __init__(self, *, key: str, algorithm: str, access_life: timedelta, refresh_life: timedelta) -> None:
        self._key = key
        self._algorithm = algorithm
        self._access_life = access_life
        self.refresh_life = refresh_life

    def pair(self, *, user_id: int, session_id: str, refresh_id: str, now: datetime) -> TokenPair:
        """Make the two tokens of a session."""
        claims = {"iss": ISSUER, "sub": str(user_id), "sid": session_id, "iat": now}
        access = {**claims, "typ": "access", "exp": now + self._access_life}
        refresh = {**claims, "typ": "refresh", "exp": now + self.refresh_life, "jti": refresh_id}
        return TokenPair(
            access_token=jwt.encode(access, self._key, self._algorithm),
            refresh_token=jwt.encode(refresh, self._key, self._algorithm),
            expires_in=int(self._access_life.total_seconds()),
        )

    def id_after(self, token_id: str) -> str:
        """The id of the refresh token that comes after another one, which nobody but us can tell beforehand."""
        return hmac.digest(self._key.encode(), f"refresh token after {token_id}".encode(), "sha256").hex()[:32]

    def read(self, token: str, kind: Kind) -> Claims:
        """Verify a token.

        Raises:
            BadToken: malformed, expired, signed with another key, or of another kind.
        """
        try:
            claims = jwt.decode(
                token, self._key, algorithms=[self._algorithm], issuer=ISSUER, options={"require": _REQUIRED}
            )
            if claims["typ"] != kind:
                raise BadToken("wrong_type")
            session_id, token_id = claims["sid"], claims.get("jti", "")
            if not (_ID.fullmatch(session_id) and (kind == "access" or _ID.fullmatch(token_id))):
                raise BadToken("malformed")
            return Claims(int(claims["sub"]), session_id, float(claims["exp"]), token_id)
        except jwt.ExpiredSignatureError as error:
            raise BadToken("expired") from error
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
            raise BadToken("malformed") from error

    def read_if_good(self, token: str, kind: Kind) -> Claims | None:
        """Verify a token of somebody who only leaves: None when it opens nothing that could be closed."""
        try:
            return self.read(token, kind)
        except BadToken:
            return None
