"""The whole calendar as it was at an instant: the events that one sees now, each with what it was then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from convene.domain.content import EventContent
from convene.domain.content_json import from_json, may_happen
from convene.domain.errors import TooMuch
from convene.domain.searching import searchable, term
from convene.domain.series import occurrences
from convene.operations.access import TRASH_LIFE
from convene.operations.agenda import OCCURRENCES_MAX, Entry, ListPlace, Span, closed, occurrences_of, page
from convene.operations.identity import SignedIn
from convene.storage import lists, past
from convene.storage.lists import EventFilter
from convene.storage.past import PastRow
from convene.storage.unit_of_work import UnitOfWork

#: How many events that have been changed since are read at the most.
CHANGED_MAX = 20_000
_PAUSE_AFTER = 50


async def list_events_as_of(
    work: UnitOfWork, me: SignedIn, chosen: EventFilter, moment: datetime, *, after: ListPlace | None, most: int
) -> Sequence[Entry]:
    """List by start what `me` would have seen at an instant, with the roles, owners and calendars of now.

    What was not made yet or lay in the trash then is left out; what lies in one's own trash now is there again.

    Raises:
        TooMuch: more than 10,000 events or occurrences, or 20,000 events that have been changed since.
    """
    window = closed(chosen.window) if chosen.window else None
    # In this order, an event that is changed between the two statements is found twice, never missed.
    heads = await lists.list_events(work, me.user_id, chosen._replace(unchanged_since=moment), most=OCCURRENCES_MAX + 1)
    rows = await past.changed_since(
        work, me.user_id, chosen, moment, trashed_since=work.now - TRASH_LIFE, most=CHANGED_MAX + 1
    )
    if len(rows) > CHANGED_MAX:
        raise TooMuch("events that have been changed since as_of", CHANGED_MAX)
    unchanged = {head.id for head in heads}
    entries = occurrences_of(heads, window) if window else [Entry(head, None) for head in heads]
    entries += await _as_they_were([row for row in rows if row.id not in unchanged], chosen, window)
    if len(entries) > OCCURRENCES_MAX:
        raise TooMuch("events and occurrences then", OCCURRENCES_MAX)
    return page(entries, after, most)


async def _as_they_were(rows: Sequence[PastRow], chosen: EventFilter, window: Span | None) -> list[Entry]:
    entries: list[Entry] = []
    read = 0
    for row in rows:
        if window is not None and not may_happen(row.data, *window):
            continue
        content = from_json(row.data)
        if _fits(row, content, chosen):
            entries.extend(_entries(row, content, window))
        if len(entries) > OCCURRENCES_MAX:
            break
        read += 1
        if read % _PAUSE_AFTER == 0:
            await asyncio.sleep(0)  # others have their turn meanwhile
    return entries


def _entries(row: PastRow, content: EventContent, window: Span | None) -> Sequence[Entry]:
    schedule = content.schedule
    if window is None:
        return [Entry(row.head(content), None)]
    after, before = window
    if schedule.rule is None:
        return [Entry(row.head(content), None)] if schedule.starts_at < before and schedule.ends_at > after else ()
    found = occurrences(content, after, before, limit=OCCURRENCES_MAX)
    if not found:
        return ()
    head = row.head(content)
    return [Entry(head, occurrence) for occurrence in found]


def _fits(row: PastRow, content: EventContent, chosen: EventFilter) -> bool:
    """Whether an event was what the filter asks for; that it is whose it asks for has been seen to."""
    if chosen.q is not None and term(chosen.q) not in searchable(content):
        return False
    if chosen.is_recurring is not None and chosen.is_recurring != (content.schedule.rule is not None):
        return False
    return chosen.updated_since is None or row.updated_at >= chosen.updated_since
