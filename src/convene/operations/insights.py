"""Where one's time goes, and with whom: what is busy in a window, counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from convene.domain.errors import TooMuch
from convene.domain.hours import Span, Spread, clipped, spread
from convene.domain.series import occurrences
from convene.operations.agenda import OCCURRENCES_MAX
from convene.operations.identity import SignedIn
from convene.storage import calendars, lists, sharing
from convene.storage.calendars import CalendarRow
from convene.storage.events import EventHead
from convene.storage.lists import EventFilter
from convene.storage.sharing import Companion
from convene.storage.unit_of_work import UnitOfWork

COLLABORATORS_MOST = 20
_PAUSE_AFTER = 50


@dataclass(frozen=True, slots=True)
class Insights:
    """Where one's time goes, and with whom.

    Attributes:
        calendars: one's own, all of them, each with the time in it.
        collaborators: who else sees the most of one's busy events, own and shared ones, by how many.
    """

    spread: Spread
    calendars: Sequence[tuple[CalendarRow, timedelta]]
    collaborators: Sequence[Companion]


async def insights(work: UnitOfWork, me: SignedIn, window: Span, tz: ZoneInfo) -> Insights:
    """Count one's time in a window.

    Time is one's own: an event takes up that of its owner, as in bookings, and nothing if it is free or cancelled.

    Raises:
        TooMuch: more than 10,000 events or occurrences that may take time; never a silent cut.
    """
    chosen = EventFilter(window=window, may_block=True)
    heads = await lists.list_events(work, me.user_id, chosen, most=OCCURRENCES_MAX + 1)
    if len(heads) > OCCURRENCES_MAX:
        raise TooMuch("busy events between from and to", OCCURRENCES_MAX)
    taken = await _taken(heads, window)
    own = [head for head in heads if head.owner_id == me.user_id]
    by_calendar: dict[int, timedelta] = {}
    for head in own:
        hours = sum((end - start for start, end in taken[head.id]), timedelta(0))
        by_calendar[head.calendar_id] = by_calendar.get(head.calendar_id, timedelta(0)) + hours
    rows = await calendars.own_calendars(work, me.user_id)
    busy = [event_id for event_id, spans in taken.items() if spans]
    return Insights(
        spread=spread([span for head in own for span in taken[head.id]], window, tz),
        calendars=[(row, by_calendar.get(row.id, timedelta(0))) for row in rows],
        collaborators=await sharing.companions(work, me.user_id, busy, most=COLLABORATORS_MOST),
    )


async def _taken(heads: Sequence[EventHead], window: Span) -> dict[int, list[Span]]:
    """The time that each event takes up in a window."""
    taken: dict[int, list[Span]] = {}
    count = 0
    for place, head in enumerate(heads):
        taken[head.id] = [clipped(span, window) for span in _busy(head, window)]
        count += len(taken[head.id])
        if count > OCCURRENCES_MAX:
            raise TooMuch("busy occurrences between from and to", OCCURRENCES_MAX)
        if place % _PAUSE_AFTER == 0:
            await asyncio.sleep(0)  # others have their turn meanwhile
    return taken


def _busy(head: EventHead, window: Span) -> list[Span]:
    after, before = window
    if head.is_recurring:
        found = occurrences(head.content(), after, before, limit=OCCURRENCES_MAX)
        return [(one.starts_at, one.ends_at) for one in found if one.blocks]
    overlaps = head.start_time < before and head.end_time > after
    return [(head.start_time, head.end_time)] if overlaps else []
