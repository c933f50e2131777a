"""Accounts: registering, the profile, passwords, finding people.

These take `units` instead of one unit of work, because hashing a password happens between transactions, never in one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from convene.domain import names, zones
from convene.domain.content import UNSET, Unset
from convene.domain.errors import Invalid, NameTaken, NotFound, RegistrationClosed
from convene.operations.identity import Identities, SignedIn
from convene.operations.passwords import Passwords
from convene.storage import accounts, deliveries
from convene.storage.accounts import UserRow
from convene.storage.errors import Duplicate
from convene.storage.unit_of_work import UnitOfWork, Units

#: What else belongs into the transaction that makes or changes an account.
BeforeCommit = Callable[[UnitOfWork, UserRow], Awaitable[None]]

SEARCH_MIN = 3
SEARCH_MOST = 20
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a new user says."""

    username: str
    email: str
    password: str
    display_name: str | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """What a user changes about themselves; UNSET stays."""

    email: str | Unset = UNSET
    display_name: str | Unset | None = UNSET
    time_zone: str | Unset = UNSET


async def _nothing_more(_work: UnitOfWork, _user: UserRow) -> None: ...


def refuse_closed(registration: Literal["open", "closed"]) -> None:
    """Let somebody pass who wants to make an account by themselves, where they may.

    Raises:
        RegistrationClosed: here the operator makes all accounts.
    """
    if registration == "closed":
        raise RegistrationClosed


async def register(
    units: Units, passwords: Passwords, new: Registration, before_commit: BeforeCommit = _nothing_more
) -> UserRow:
    """Make an account with an agenda and a first calendar.

    Raises:
        NameTaken: somebody has the username or the address, compared without regard to case.
    """
    username = names.username(new.username)
    zones.zone(new.time_zone)
    async with units.reading() as work:
        await _refuse_taken(work, username, new.email)  # spares the hashing; the unique keys decide
    hashed = await passwords.hash(new.password)
    try:
        async with units.writing() as work:
            values = {
                "username": username,
                "username_folded": names.folded(username),
                "email": new.email,
                "email_folded": names.folded(new.email),
                "display_name": new.display_name,
                "hashed_password": hashed,
                "is_active": True,
                "time_zone": new.time_zone,
                "created_at": work.now,
                "updated_at": work.now,
            }
            user_id = await accounts.insert_user(work, values)
            user = await _user(work, user_id)
            await before_commit(work, user)
            return user
    except Duplicate as error:
        raise _name_taken(error) from error


async def _refuse_taken(work: UnitOfWork, username: str, email: str) -> None:
    for field, name in (("username", username), ("email", email)):
        if await accounts.find_login(work, names.folded(name)) is not None:
            raise NameTaken(field)


def _name_taken(error: Duplicate) -> NameTaken:
    return NameTaken("email" if "email" in error.where else "username")


async def my_profile(work: UnitOfWork, me: SignedIn) -> UserRow:
    """Read one's own account."""
    return await _user(work, me.user_id)


async def change_profile(units: Units, identities: Identities, me: SignedIn, change: ProfileChange) -> UserRow:
    """Change what the user says about themselves.

    Raises:
        NameTaken: somebody has the new address.
    """
    if change.time_zone is not UNSET:
        zones.zone(change.time_zone)
    try:
        async with units.writing() as work:
            user = await _locked(work, me.user_id)
            user = user._replace(
                email=user.email if change.email is UNSET else change.email,
                display_name=user.display_name if change.display_name is UNSET else change.display_name,
                time_zone=user.time_zone if change.time_zone is UNSET else change.time_zone,
                updated_at=work.now,
            )
            await accounts.save_user(work, user, names.folded(user.email))
    except Duplicate as error:
        raise _name_taken(error) from error
    identities.forget_user(me.user_id)
    return user


async def change_password(
    units: Units,
    passwords: Passwords,
    identities: Identities,
    me: SignedIn,
    change: tuple[str, str],
    *,
    before_commit: BeforeCommit = _nothing_more,
) -> None:
    """Set a new password, given (current, new); every other session ends.

    Raises:
        Invalid: the current password is wrong.
    """
    current, new = change
    hashed = None
    while True:
        async with units.reading() as work:
            user = await _user(work, me.user_id)
        if not await passwords.verify(user.hashed_password, current):
            raise _wrong_password()
        hashed = hashed or await passwords.hash(new)
        async with units.writing() as work:
            present = await _locked(work, me.user_id)
            if present.hashed_password != user.hashed_password:
                continue  # somebody was faster: what is current now is asked again
            await _save_password(work, present, hashed, keep=me.session_id)
            await before_commit(work, present)
        break
    identities.forget_user(me.user_id)


def _wrong_password() -> Invalid:
    return Invalid.at("/current_password", "is not the current password")


async def set_password(units: Units, user: UserRow, hashed: str) -> None:
    """Store a hashed password and end all sessions of the user."""
    async with units.writing() as work:
        await _save_password(work, await _locked(work, user.id), hashed)


async def _save_password(work: UnitOfWork, user: UserRow, hashed: str, *, keep: str = "") -> None:
    user = user._replace(hashed_password=hashed)
    await accounts.save_user(work, user, names.folded(user.email))
    await accounts.revoke_sessions(work, user.id, keep=keep)


async def deactivate(units: Units, name: str) -> UserRow:
    """Switch an account off: its sessions end everywhere, nobody can sign in to it, and nothing goes out to it.

    Raises:
        NotFound: nobody has this name or address.
    """
    async with units.writing() as work:
        # Whoever is making deliveries of what was told has finished, or begins when this is done: nothing is left due.
        await deliveries.place_of(work, deliveries.WEBHOOKS, locked=True)
        user = await _locked(work, (await named_user(work, name)).id)
        user = user._replace(is_active=False)
        await accounts.save_user(work, user, names.folded(user.email))
        await accounts.revoke_sessions(work, user.id)
        await deliveries.give_up_all(work, user.id)
    return user


async def activate(units: Units, name: str) -> UserRow:
    """Switch an account on again: its user can sign in as before.

    Raises:
        NotFound: nobody has this name or address.
    """
    async with units.writing() as work:
        user = await _locked(work, (await named_user(work, name)).id)
        user = user._replace(is_active=True)
        await accounts.save_user(work, user, names.folded(user.email))
    return user


async def all_users(units: Units) -> AsyncIterator[UserRow]:
    """List all accounts in order of their names, switched off ones too, some at a time."""
    last = ""
    while True:
        async with units.reading() as work:
            page = await accounts.page_of_users(work, last, _PAGE)
        for user in page:
            yield user
        if len(page) < _PAGE:
            return
        last = names.folded(page[-1].username)


async def named_user(work: UnitOfWork, name: str) -> UserRow:
    """Find a user by username or e-mail address.

    Raises:
        NotFound: nobody has this name or address.
    """
    user = await accounts.find_login(work, names.folded(name))
    if user is None:
        raise NotFound("user", name)
    return user


async def find_people(work: UnitOfWork, q: str) -> Sequence[UserRow]:
    """Find people to share with: by the beginning of a username, or by a whole e-mail address.

    Raises:
        Invalid: fewer than three characters, which would come close to listing everybody.
    """
    sought = q.strip()
    folded = names.folded(sought)
    if min(len(sought), len(folded)) < SEARCH_MIN:  # a fraction such as ½ is folded into three characters
        raise Invalid.at("?q", f"needs at least {SEARCH_MIN} characters")
    if "@" not in folded:
        return await accounts.find_by_prefix(work, folded, SEARCH_MOST)
    user = await accounts.find_login(work, folded)
    return [user] if user and user.is_active else []


async def _user(work: UnitOfWork, user_id: int) -> UserRow:
    user = await accounts.find_user(work, user_id)
    if user is None:
        raise NotFound("user", user_id)
    return user


async def _locked(work: UnitOfWork, user_id: int) -> UserRow:
    user = await accounts.lock_user(work, user_id)
    if user is None:
        raise NotFound("user", user_id)
    return user
