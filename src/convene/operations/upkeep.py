"""What an operator does to all events: repairing what is derived from the truth, throwing away what nobody can have."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from convene.operations import idempotency
from convene.operations.access import TRASH_LIFE
from convene.storage import pruning, upkeep
from convene.storage.events import content_columns
from convene.storage.pruning import Old, Stretch
from convene.storage.unit_of_work import UnitOfWork, Units

#: Processes' clocks may differ: what one of them might still restore is not thrown away by another.
_DOUBT = timedelta(days=1)
#: For how long who lost access to an event can learn so from sync.
TOMBSTONE_LIFE = TRASH_LIFE
READ_LIFE = timedelta(days=90)
UNREAD_LIFE = timedelta(days=365)
LOG_LIFE = timedelta(days=30)
_PAGE = 500
_BREATH = 0.005
_Counts = TypeVar("_Counts")


async def reindex(units: Units) -> int:
    """Derive every event's instants anew from its wall time and zone; gives how many were different.

    Zone rules change: an event at nine in a zone that drops daylight saving happens an hour later than was worked
    out when it was written. Nothing that people wrote changes, so no version is made; reminders are looked at anew.
    Others may write meanwhile: what they have changed is read again.
    """
    changed, last = 0, 0
    while True:
        async with units.writing() as work:
            heads = await upkeep.page_of_events(work, last, _PAGE)
            if not heads:
                return changed
            for head in heads:
                columns = content_columns(head.content())
                if any(columns[name] != getattr(head, name) for name in upkeep.DERIVED):
                    if not await upkeep.save_derived(work, head, columns):
                        break
                    changed += 1
                last = head.id


async def look_at_what_has_grown(units: Units) -> list[str]:
    """Let the database look at tables that have grown much since it last did; gives which.

    A plan that PostgreSQL made for 30 events took 9 s for 11,000 that were imported. Autovacuum would look within a
    minute; looking takes 50 ms, and asking what has grown 0.2.
    """
    async with units.reading() as work:
        return await upkeep.look_at_what_has_grown(work)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much was thrown away."""

    events: int
    permissions: int
    notifications: int
    sessions: int
    answers: int
    deliveries: int


async def prune(units: Units) -> Pruned:
    """Throw away what nobody can have back, or asks for.

    That is old trash, traces of lost access, old notifications, ended sessions, what went to webhooks, and answers that
    were kept for requests that are sent again.

    Safe at any time, in any number of processes at once. A cursor of `/changes` from before what was thrown away is
    answered with 410 from then on.
    """

    async def of_events(work: UnitOfWork, stretch: Stretch) -> tuple[int, int]:
        dead = await pruning.prune_events(work, stretch, work.now - TRASH_LIFE - _DOUBT)
        return dead, await pruning.prune_lost_access(work, stretch, work.now - TOMBSTONE_LIFE - _DOUBT)

    async def of_notifications(work: UnitOfWork, stretch: Stretch) -> tuple[int]:
        read_before, told_before = work.now - READ_LIFE, work.now - UNREAD_LIFE
        return (await pruning.prune_notifications(work, stretch, read_before=read_before, told_before=told_before),)

    events = await _stretch_by_stretch(units, pruning.stretch_of_events, of_events)
    notifications = await _stretch_by_stretch(units, pruning.stretch_of_notifications, of_notifications)
    return Pruned(
        events=sum(dead for dead, _ in events),
        permissions=sum(lost for _, lost in events),
        notifications=sum(count for (count,) in notifications),
        sessions=await _prune_old(units, pruning.SESSIONS, _DOUBT),
        answers=await _prune_old(units, pruning.ANSWERS, idempotency.LIFE),
        deliveries=await _prune_old(units, pruning.DELIVERIES, LOG_LIFE),
    )


async def _prune_old(units: Units, old: Old, life: timedelta) -> int:
    """Throw away rows by nothing but their age; gives how many."""
    count, last = 0, _PAGE
    while last >= _PAGE:  # what two people call by one name goes together
        async with units.writing() as work:
            last = await pruning.prune_old(work, old, work.now - life, _PAGE)
        count += last
        await asyncio.sleep(_BREATH)  # others write, too
    return count


async def _stretch_by_stretch(
    units: Units,
    next_stretch: Callable[[UnitOfWork, int, int], Awaitable[Stretch | None]],
    work_on: Callable[[UnitOfWork, Stretch], Awaitable[_Counts]],
) -> list[_Counts]:
    counts: list[_Counts] = []
    last = 0
    while True:
        async with units.reading() as work:
            stretch = await next_stretch(work, last, _PAGE)
        if stretch is None:
            return counts
        async with units.writing() as work:
            counts.append(await work_on(work, stretch))
        last = stretch[1]
        await asyncio.sleep(_BREATH)  # others write, too
