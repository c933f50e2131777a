"""Reminders: asking for them, and telling them once and only once, whatever the number of processes.

What is due is told in the transaction that remembers it as told. Events that change are noticed by following versions,
as the live channels do: whoever changes an event pays nothing for the reminders of others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from convene.domain.content import EventContent
from convene.domain.reminders import NEXT_PART, Beginning, beginnings, next_look, postponed, remembered, untold
from convene.domain.zones import utc_rfc3339
from convene.operations.access import ViewableEvent
from convene.operations.following import Reader, follow
from convene.storage import events, reminders
from convene.storage.reminders import ReminderRow, Reminding
from convene.storage.unit_of_work import UnitOfWork, Units

#: So many are looked at under one lock, each for a few milliseconds.
_BATCH = 20


async def list_reminders(work: UnitOfWork, event: ViewableEvent) -> list[int]:
    """List how many minutes before an event begins one wants to hear of it."""
    return [row.minutes for row in await reminders.list_reminders(work, event.id, event.me.user_id)]


async def set_reminders(work: UnitOfWork, event: ViewableEvent, minutes: Sequence[int]) -> list[int]:
    """Replace one's reminders of an event. Those that stay are not told again; new ones begin now."""
    user_id = event.me.user_id
    present = {row.minutes for row in await reminders.list_reminders(work, event.id, user_id)}
    await reminders.delete_reminders(work, event.id, user_id, sorted(present - set(minutes)))
    rows = [ReminderRow(event.id, user_id, one, work.now, None, None) for one in sorted(set(minutes) - present)]
    new = [_looked_at(row, event.content, beginnings(event.content, row.minutes, work.now), work.now) for row in rows]
    await reminders.insert_reminders(work, new)
    return sorted(set(minutes))


async def delete_reminders(work: UnitOfWork, event: ViewableEvent) -> None:
    """Take all one's reminders of an event away."""
    await reminders.delete_reminders(work, event.id, event.me.user_id, None)


# -- what a dispatcher does ----------------------------------------------------------------------------------


async def notice_changes(units: Units) -> None:
    """Let the reminders of events that have changed be worked out anew."""
    await follow(units, _CHANGES)


_CHANGES = Reader("reminders", reminders.any_changed, reminders.wake_changed)


async def tell_due(units: Units) -> bool:
    """Tell the reminders that are due; says whether there may be more."""
    async with units.reading() as work:
        if not await reminders.any_due(work):
            return False
    async with units.writing() as work:
        rows = await reminders.lock_due(work, _BATCH)
        for row in rows:
            await _tell(work, row)
            await asyncio.sleep(0)  # the lock is held, not the loop
        return len(rows) == _BATCH


async def _tell(work: UnitOfWork, row: ReminderRow) -> None:
    head = await events.find_event(work, row.event_id, row.user_id)
    if head is None:  # whoever lost access hears no more, also when they get it back
        await reminders.delete_reminders(work, row.event_id, row.user_id, [row.minutes])
        return
    if head.deleted_at is not None:  # should it be restored, that is a version, and is noticed
        await reminders.move(work, row._replace(due_at=None))
        return
    content = head.content()
    # Whoever looked last may have had a clock that is ahead of ours: what lies between would never be looked at.
    now = max(work.now, row.done_until)
    found = beginnings(content, row.minutes, now)
    left = set(postponed(found, row.minutes, row.done_until, _told(row), now))
    for one in untold(found, row.minutes, row.done_until, _told(row), now):
        await reminders.remind(work, Reminding(row.user_id, head.id, head.version, one.title, one.at))
    row = _looked_at(row, content, [one for one in found if one not in left], now)
    if left:
        row = row._replace(due_at=min(row.due_at or max(left).at, now + NEXT_PART))
    await reminders.move(work, row)


def _looked_at(row: ReminderRow, content: EventContent, found: Sequence[Beginning], now: datetime) -> ReminderRow:
    """A reminder for which all that begins within its lead is told."""
    told = [utc_rfc3339(one) for one in remembered(found, _told(row), now)]
    return row._replace(done_until=now, due_at=next_look(content, row.minutes, now), told=told)


def _told(row: ReminderRow) -> set[datetime] | None:
    return None if row.told is None else {datetime.fromisoformat(one) for one in row.told}
