"""Signing in and out: sessions, and the tokens that belong to them.

These take `units` instead of one unit of work, because a password is verified between transactions, never in one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from convene.domain import names
from convene.domain.errors import BadCredentials, BadToken, NotFound
from convene.operations.identity import Identities, SignedIn
from convene.operations.passwords import Passwords
from convene.operations.tokens import TokenPair, Tokens, new_id
from convene.storage import accounts
from convene.storage.accounts import SessionRow, UserRow
from convene.storage.unit_of_work import UnitOfWork, Units

_USER_AGENT_MAX = 200


async def whose_password(units: Units, name: str) -> str:
    """Say whose password somebody tries: the same whether they type the username or the address, and in which case.

    A name that nobody has stands for itself, so that whether there is such an account cannot be told from it.
    """
    async with units.reading() as work:
        user = await accounts.find_login(work, names.folded(name))
    return f"name {names.folded(name)}" if user is None else password_of(user.id)


def password_of(user_id: int) -> str:
    """Say that it is the password of a user that somebody tries."""
    return f"user {user_id}"


async def log_in(
    units: Units, passwords: Passwords, tokens: Tokens, credentials: tuple[str, str], *, user_agent: str
) -> TokenPair:
    """Begin a session for a username or e-mail address and a password.

    Raises:
        BadCredentials: they are wrong or the account is switched off; in the same time, and saying the same.
    """
    while True:
        user, rehashed = await _verified(units, passwords, credentials)
        async with units.writing() as work:
            present = await accounts.lock_user(work, user.id)
            if present is None or not present.is_active:
                raise BadCredentials
            if present.hashed_password != user.hashed_password:
                continue  # another password, or the same one hashed anew by somebody who was faster
            if rehashed is not None:
                await accounts.save_rehashed(work, user.id, rehashed)
            session = _new_session(work, user.id, tokens, user_agent)
            await accounts.insert_session(work, session)
            return tokens.pair(user_id=user.id, session_id=session.id, refresh_id=session.refresh_id, now=work.now)


async def _verified(units: Units, passwords: Passwords, credentials: tuple[str, str]) -> tuple[UserRow, str | None]:
    """Find whose name and password these are; and the password hashed anew, if it was by other figures than today's.

    Nothing is locked meanwhile: a new password and switching off end all sessions, and one that begins in that moment
    must not slip through. Whoever writes looks again.

    Raises:
        BadCredentials: nobody's, or those of an account that is switched off.
    """
    name, password = credentials
    async with units.reading() as work:
        user = await accounts.find_login(work, names.folded(name))
    if not await passwords.verify(user.hashed_password if user else None, password):
        raise BadCredentials
    if user is None or not user.is_active:
        raise BadCredentials
    outdated = passwords.is_outdated(user.hashed_password)
    return user, await passwords.hash(password) if outdated else None


def _new_session(work: UnitOfWork, user_id: int, tokens: Tokens, user_agent: str) -> SessionRow:
    return SessionRow(
        id=new_id(),
        user_id=user_id,
        refresh_id=new_id(),
        user_agent=user_agent[:_USER_AGENT_MAX] or None,
        created_at=work.now,
        last_used_at=work.now,
        expires_at=work.now + tokens.refresh_life,
        revoked_at=None,
    )


async def refresh(
    units: Units, tokens: Tokens, identities: Identities, token: str, *, grace: timedelta | None = None
) -> TokenPair:
    """Give new tokens for a refresh token, which is used up.

    Args:
        grace: how long after it was used up the last token is taken again, by somebody who may not have got the answer.

    Raises:
        BadToken: it is not good; if it had been used before, somebody else holds a copy, and the session is ended.
    """
    claims = tokens.read(token, "refresh")
    following = tokens.id_after(claims.token_id)
    async with units.writing() as work:
        found = await accounts.find_session(work, claims.session_id)
        if found is None or found[0].revoked_at is not None or not found[1].is_active:
            raise BadToken("revoked")
        session = found[0]
        if session.user_id != claims.user_id:
            raise BadToken("malformed")
        if session.expires_at <= work.now:
            raise BadToken("expired")
        until = work.now + tokens.refresh_life
        taken = await accounts.rotate_session(
            work, session.id, seen=claims.token_id, following=following, expires_at=until
        )
        if not taken and grace is not None:
            taken = await _was_just_used_up(work, session.id, following, grace)
        if not taken:
            await accounts.revoke_session(work, session.user_id, session.id)
        now = work.now
    if not taken:
        identities.forget(claims.session_id)
        raise BadToken("reused")
    return tokens.pair(user_id=session.user_id, session_id=session.id, refresh_id=following, now=now)


async def _was_just_used_up(work: UnitOfWork, session_id: str, following: str, grace: timedelta) -> bool:
    """Whether the token before `following` was the last one that was used up, not long ago.

    The session is read again: another request may have used the token up since it was first read.
    """
    found = await accounts.find_session(work, session_id)
    if found is None or found[0].revoked_at is not None:
        return False
    return found[0].refresh_id == following and work.now - found[0].last_used_at <= grace


async def log_out(
    units: Units, tokens: Tokens, identities: Identities, me: SignedIn | None, refresh_token: str | None
) -> None:
    """End the session that is asking, and the one that a refresh token names, which may be used up or none of ours.

    Their tokens die here at once and everywhere within five seconds. What has ended already stays so.
    """
    leaving = {(me.user_id, me.session_id)} if me else set()
    if refresh_token and (claims := tokens.read_if_good(refresh_token, "refresh")):
        leaving.add((claims.user_id, claims.session_id))
    if not leaving:
        return
    async with units.writing() as work:
        for user_id, session_id in sorted(leaving):
            await accounts.revoke_session(work, user_id, session_id)
    for _, session_id in leaving:
        identities.forget(session_id)


async def end_session(units: Units, identities: Identities, me: SignedIn, session_id: str) -> None:
    """End one of one's own sessions.

    Raises:
        NotFound: there is no such live session of this user.
    """
    async with units.writing() as work:
        ended = await accounts.revoke_session(work, me.user_id, session_id)
    identities.forget(session_id)
    if not ended:
        raise NotFound("session", session_id)


async def list_sessions(work: UnitOfWork, me: SignedIn) -> Sequence[SessionRow]:
    """List one's own signed-in devices, the last used first."""
    return await accounts.live_sessions(work, me.user_id)
