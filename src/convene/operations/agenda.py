"""Reading a calendar: lists of events, occurrences in a window, the trash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from convene.domain.errors import Invalid, TooMuch
from convene.domain.series import Occurrence, occurrences
from convene.domain.zones import away
from convene.operations.access import TRASH_LIFE, ViewableEvent
from convene.operations.identity import SignedIn
from convene.storage import lists
from convene.storage.events import EventHead
from convene.storage.lists import EventFilter
from convene.storage.unit_of_work import UnitOfWork

WINDOW_MAX = timedelta(days=400)
OCCURRENCES_MAX = 10_000

Place = tuple[datetime, int, datetime | None]
Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: an event, or one occurrence of it."""

    head: EventHead
    occurrence: Occurrence | None

    @property
    def place(self) -> Place:
        """Where it stands in its list: lists are sorted by this, and a page begins after one of these."""
        if self.occurrence is None:
            return self.head.starts_at, self.head.id, None
        return self.occurrence.starts_at, self.head.id, self.occurrence.recurrence_id


def window(after: datetime | None, before: datetime | None) -> Window | None:
    """Make a window of two instants; one that is not said is as far from the other as it may be.

    Raises:
        Invalid: the end is not after the start.
        TooMuch: it is longer than 400 days.
    """
    if after is None and before is not None:
        after = away(before, -WINDOW_MAX)
    if after is None:
        return None
    before = before or away(after, WINDOW_MAX)
    if before <= after:
        raise Invalid.at("?to", "must be after from")
    if before - after > WINDOW_MAX:
        raise TooMuch("days between from and to", WINDOW_MAX.days)
    return after, before


async def list_events(
    work: UnitOfWork, me: SignedIn, chosen: EventFilter, *, after: Place | None, most: int
) -> Sequence[Entry]:
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
        return [Entry(head, None) for head in heads]
    heads = await lists.list_events(work, me.user_id, chosen, most=OCCURRENCES_MAX + 1)
    if len(heads) > OCCURRENCES_MAX:
        raise TooMuch("events that may occur between from and to", OCCURRENCES_MAX)
    return page(occurrences_of(heads, chosen.window), after, most)


async def list_occurrences(event: ViewableEvent, span: Window, *, after: Place | None, most: int) -> Sequence[Entry]:
    """List the occurrences of one event in a window.

    Raises:
        TooMuch: more than 10,000.
    """
    return page(occurrences_of([event.head], span), after, most)


async def list_trash(
    work: UnitOfWork, me: SignedIn, *, after: tuple[datetime, int] | None, most: int
) -> Sequence[EventHead]:
    """List what `me` has thrown away in the last 30 days, newest first."""
    last = after or (work.now + timedelta(days=1), 0)
    return await lists.trashed_events(work, me.user_id, work.now - TRASH_LIFE, last, most)


def occurrences_of(heads: Iterable[EventHead], span: Window) -> list[Entry]:
    """Find all occurrences of some events in a window, in no order.

    Raises:
        TooMuch: there are more than 10,000.
    """
    entries: list[Entry] = []
    for head in heads:
        entries.extend(_expanded(head, span))
        if len(entries) > OCCURRENCES_MAX:
            raise TooMuch("occurrences between from and to", OCCURRENCES_MAX)
    return entries


def _expanded(head: EventHead, span: Window) -> Iterator[Entry]:
    after, before = span
    if head.is_recurring:
        found = occurrences(head.content(), after, before, limit=OCCURRENCES_MAX)
        yield from (Entry(head, occurrence) for occurrence in found)
    elif head.start_time < before and head.end_time > after:
        yield Entry(head, None)


def page(entries: list[Entry], after: Place | None, most: int) -> list[Entry]:
    """Sort a list and cut the page out of it that begins after a place."""
    entries.sort(key=_sort_key)
    if after is None:
        return entries[:most]
    key = _key(after)
    return [entry for entry in entries if _sort_key(entry) > key][:most]


def _sort_key(entry: Entry) -> tuple[datetime, int, datetime]:
    return _key(entry.place)


def _key(place: Place) -> tuple[datetime, int, datetime]:
    return place[0], place[1], place[2] or datetime.min  # noqa: DTZ901 - a wall time that sorts first
