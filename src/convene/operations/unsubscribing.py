"""Unsubscribing: by a signed link, without signing in. Whoever has the link may do this and nothing else."""

from __future__ import annotations

from convene.domain.errors import NotFound
from convene.domain.mails import DIGEST
from convene.domain.notices import NoticeKind
from convene.operations.links import Subscription
from convene.storage import accounts, digests, preferences
from convene.storage.unit_of_work import UnitOfWork, Units


async def unsubscribe(units: Units, one: Subscription) -> None:
    """Send somebody no more mails of a kind; where else they hear of it stays as it is.

    Raises:
        NotFound: there is no such user.
    """
    async with units.writing() as work:
        if await accounts.lock_user(work, one.user_id) is None:
            raise NotFound("link", "to unsubscribe")
        if one.topic == DIGEST:
            await digests.delete_digest(work, one.user_id)
        else:
            await _without_mail(work, one.user_id, NoticeKind(one.topic))


async def _without_mail(work: UnitOfWork, user_id: int, kind: NoticeKind) -> None:
    said = await preferences.read_preferences(work, user_id)
    live = said[kind][0] if kind in said else True
    await preferences.write_preferences(work, user_id, {**said, kind: (live, False)})
