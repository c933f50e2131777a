"""Handing all that somebody owns over to somebody else: for operators, when a person leaves.

Each event goes as its owner would hand it over, in a transaction of its own, so that whatever stops this leaves every
event with one of the two. What lies in the trash stays there. The former owner stays an editor.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from convene.domain.errors import AgendaTooFull, NotFound, NotPossibleNow, RoleTooLow, ScheduleConflict
from convene.operations import access, sharing
from convene.operations.accounts import named_user
from convene.operations.identity import SignedIn, acting_for
from convene.storage import upkeep
from convene.storage.accounts import UserRow
from convene.storage.unit_of_work import Units

_PAGE = 100


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What has become of an event: given, perhaps into `taken` time; or not, because of what `refused` says."""

    event_id: int
    title: str
    taken: bool = False
    refused: str = ""


async def hand_all_over(units: Units, giver: str, taker: str, *, into_taken_time: bool) -> AsyncIterator[HandedOver]:
    """Hand every event of one user, named by username or e-mail address, over to another one.

    Args:
        into_taken_time: also what overlaps what the new owner has, or cannot be compared with it; else that stays.

    Raises:
        NotFound: nobody has one of the names.
        NotPossibleNow: both are the same, or the new owner is switched off.
    """
    async with units.reading() as work:
        one, other = await named_user(work, giver), await named_user(work, taker)
    if one.id == other.id:
        raise NotPossibleNow("owner_already", f"{giver} and {taker} are the same person")
    if not other.is_active:
        raise NotPossibleNow("user_inactive", f"{other.username} is switched off")
    last = 0
    while True:
        async with units.reading() as work:
            page = await upkeep.page_of_owned(work, one.id, last, _PAGE)
        for event_id, title in page:
            handed = await _hand_over(units, acting_for(one), (event_id, title), other, into_taken_time=into_taken_time)
            if handed is not None:
                yield handed
        if len(page) < _PAGE:
            return
        last = page[-1][0]


async def _hand_over(
    units: Units, me: SignedIn, event: tuple[int, str], taker: UserRow, *, into_taken_time: bool
) -> HandedOver | None:
    """Hand one event over; None when it has been deleted or given to somebody since it was found."""
    overlaps = ""
    for regardless in (False, True):
        try:
            await _give(units, me, event[0], taker, regardless=regardless)
        except (ScheduleConflict, AgendaTooFull) as error:
            overlaps = (
                "the time is taken" if isinstance(error, ScheduleConflict) else "their calendar is too full to compare"
            )
            if not into_taken_time:
                return HandedOver(*event, refused=overlaps)
        except NotPossibleNow as error:
            return HandedOver(*event, refused=error.detail)
        except (NotFound, RoleTooLow):
            return None
        else:
            break
    return HandedOver(*event, taken=bool(overlaps))


async def _give(units: Units, me: SignedIn, event_id: int, taker: UserRow, *, regardless: bool) -> None:
    async with units.writing() as work:
        event = await access.open_to_give(work, me, event_id, taker.id)
        present = await sharing.admit(work, event, taker)
        if not regardless:
            await sharing.refuse_taken_time(work, event, taker.id)
        await sharing.give(work, event, present, f"handed over to {taker.username} by the operator")
