"""Reading a calendar: lists of events, occurrences in a window, the trash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from convene.domain.errors import Invalid, TooMuch
from convene.domain.series import Occurrence, occurrences
from convene.domain.zones import LATEST, away
from convene.operations.access import TRASH_LIFE, ViewableEvent
from convene.operations.identity import SignedIn
from convene.storage import lists
from convene.storage.events import EventHead
from convene.storage.lists import EventFilter
from convene.storage.unit_of_work import UnitOfWork

WINDOW_MAX = timedelta(days=400)
OCCURRENCES_MAX = 10_000

#: A window that is open at one end is looked through in steps, which grow while a page is not full; so many a page.
_STEP = timedelta(days=31)
_STEPS_MAX = 12
#: A wall time that sorts first.
_FIRST = datetime.min  # noqa: DTZ901

ListPlace = tuple[datetime, int, datetime | None]
#: Half-open; None where it has no start, or no end.
OpenWindow = tuple[datetime | None, datetime | None]
#: Half-open, with a start and an end.
Span = tuple[datetime, datetime]


class Entry(NamedTuple):
    """One line of a list: an event, or one occurrence of it."""

    head: EventHead
    occurrence: Occurrence | None

    @property
    def place(self) -> ListPlace:
        """Where it stands in its list: lists are sorted by this, and a page begins after one of these."""
        if self.occurrence is None:
            return self.head.starts_at, self.head.id, None
        return self.occurrence.starts_at, self.head.id, self.occurrence.recurrence_id


class Listed(NamedTuple):
    """A part of a list, and the place up to which was looked, if there may be more although nothing more was found."""

    entries: Sequence[Entry]
    looked_until: ListPlace | None = None


class _Heads(Protocol):
    """The events to list that a window meets, at most so many, by start."""

    async def __call__(self, window: OpenWindow, most: int) -> Sequence[EventHead]: ...


def window(after: datetime | None, before: datetime | None) -> OpenWindow | None:
    """Make a window of two instants; None if neither is said.

    Raises:
        Invalid: the end is not after the start.
        TooMuch: it is longer than 400 days.
    """
    if after is None and before is None:
        return None
    if after is not None and before is not None:
        if before <= after:
            raise Invalid.at("?to", "must be after from")
        if before - after > WINDOW_MAX:
            raise TooMuch("days between from and to", WINDOW_MAX.days)
    return after, before


def closed(asked: OpenWindow) -> Span:
    """Make sure that a window has both a start and an end.

    Raises:
        Invalid: it is open at one end.
    """
    after, before = asked
    if after is None or before is None:
        raise Invalid.at("?from" if after is None else "?to", "is required here")
    return after, before


async def list_events(
    work: UnitOfWork, me: SignedIn, chosen: EventFilter, *, after: ListPlace | None, most: int
) -> Listed:
    """List what `me` sees, by start: events, or with a window the occurrences in it.

    Args:
        after: the place of the last entry that was read; None begins.
        most: how many at the most.

    Raises:
        TooMuch: more than 10,000 occurrences in the window, or events that may occur there; never a silent cut.
    """
    if chosen.window is None:
        last = (after[0], after[1]) if after else None
        heads = await lists.list_events(work, me.user_id, chosen, last=last, most=most)
        return Listed([Entry(head, None) for head in heads])

    async def seen(window: OpenWindow, most: int) -> Sequence[EventHead]:
        return await lists.list_events(work, me.user_id, chosen._replace(window=window), most=most)

    return await _listed(seen, chosen.window, after, most)


async def list_occurrences(event: ViewableEvent, asked: OpenWindow, *, after: ListPlace | None, most: int) -> Listed:
    """List the occurrences of one event in a window.

    Raises:
        TooMuch: more than 10,000.
    """
    head = event.head

    async def this_one(window: OpenWindow, most: int) -> Sequence[EventHead]:
        start, end = window
        meets = (start is None or head.ends_at > start) and (end is None or head.starts_at < end)
        return [head][:most] if meets else []

    return await _listed(this_one, asked, after, most)


async def list_trash(
    work: UnitOfWork, me: SignedIn, *, after: tuple[datetime, int] | None, most: int
) -> Sequence[EventHead]:
    """List what `me` has thrown away in the last 30 days, newest first."""
    last = after or (work.now + timedelta(days=1), 0)
    return await lists.trashed_events(work, me.user_id, work.now - TRASH_LIFE, last, most)


async def _listed(heads: _Heads, asked: OpenWindow, after: ListPlace | None, most: int) -> Listed:
    start, end = asked
    if start is None or end is None:
        return await _walk(heads, asked, after, most)
    return Listed(page(await _meeting(heads, (start, end)), after, most))


async def _walk(heads: _Heads, asked: OpenWindow, after: ListPlace | None, most: int) -> Listed:
    """Look through a window that is open at one end, from the place `after` on."""
    first, end = asked[0], asked[1] or LATEST
    found: list[Entry] = []
    for number in range(_STEPS_MAX):
        # What has no length at the very start of a step does not meet it.
        start = first if after is None or (first and after[0] < first) else away(after[0], -timedelta.resolution)
        if start and start >= end:
            return Listed(found)
        until = min(away(start, min(_STEP * 2**number, WINDOW_MAX)), end) if start else None
        try:
            here = await _meeting(heads, (start, until)) if start and until else []
        except TooMuch:
            if number == 0:
                raise
            break  # the next page begins here with a short step
        found += page(here, after, most - len(found))
        if len(found) == most or until == end:
            return Listed(found)
        after = (until, 0, None) if until else None
        if not here:
            coming = await heads((until, end), 1)
            if not coming:
                return Listed(found)
            after = (max(until, coming[0].starts_at) if until else coming[0].starts_at, 0, None)
    return Listed(found, after)


async def _meeting(heads: _Heads, span: Span) -> list[Entry]:
    found = await heads(span, OCCURRENCES_MAX + 1)
    if len(found) > OCCURRENCES_MAX:
        raise TooMuch("events that may occur between from and to", OCCURRENCES_MAX)
    return occurrences_of(found, span)


def occurrences_of(heads: Iterable[EventHead], span: Span) -> list[Entry]:
    """Find all occurrences of some events in a window, in no order.

    Raises:
        TooMuch: there are more than 10,000.
    """
    after, before = span
    entries: list[Entry] = []
    for head in heads:
        if head.is_recurring:
            found = occurrences(head.content(), after, before, limit=OCCURRENCES_MAX)
            entries.extend(Entry(head, occurrence) for occurrence in found)
        elif head.start_time < before and head.end_time > after:
            entries.append(Entry(head, None))
        if len(entries) > OCCURRENCES_MAX:
            raise TooMuch("occurrences between from and to", OCCURRENCES_MAX)
    return entries


def page(entries: list[Entry], after: ListPlace | None, most: int) -> list[Entry]:
    """Sort a list and cut the page out of it that begins after a place."""
    entries.sort(key=_sort_key)
    if after is None:
        return entries[:most]
    key = _key(after)
    return [entry for entry in entries if _sort_key(entry) > key][:most]


def _sort_key(entry: Entry) -> tuple[datetime, int, datetime]:
    """The key of its place, without the place: pages are sorted more often than anything else."""
    head, occurrence = entry
    if occurrence is None:
        return head.starts_at, head.id, _FIRST
    return occurrence.starts_at, head.id, occurrence.recurrence_id


def _key(place: ListPlace) -> tuple[datetime, int, datetime]:
    return place[0], place[1], place[2] or _FIRST
