"""Whether time is free: the wanted occurrences against all that their owner has, under the lock of the agenda.

A single event is compared whole. A series is compared from two years before now (or its start, if later) until two
years after both, in steps; when an owner's series are so many that comparing takes too long, the comparison ends
early. Either way the answer says until when it looked (`checked_until`).
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate

from convene.domain import conflicts
from convene.domain.conflicts import CLASHES_MAX, Busy, ScheduleClash, Window
from convene.domain.content import EventContent
from convene.domain.errors import BatchClash, BatchConflict, ScheduleConflict
from convene.domain.series import Occurrence, bounds, occurrences
from convene.domain.zones import away
from convene.operations.identity import SignedIn
from convene.storage import events, sharing
from convene.storage.events import EventHead
from convene.storage.unit_of_work import UnitOfWork

HORIZON = timedelta(days=731)
STEP = timedelta(days=92)
OCCURRENCES_MAX = 100_000
_ROOM_BEFORE = timedelta(days=7)
_ROOM_AFTER = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Booking:
    """Time that is asked for: whose, and by whom.

    Attributes:
        replaces: the stored event whose time this will be, 0 for none.
        had: what that event took up until now. Only time that is new has to be free, or nobody could shorten one of
            two events that overlap, or cancel it.
    """

    owner_id: int
    me: SignedIn
    content: EventContent
    replaces: int = 0
    had: EventContent | None = None


async def refuse_overlap(work: UnitOfWork, booking: Booking) -> None:
    """Let a booking pass if its time is free. The caller holds the lock of the owner's agenda.

    Raises:
        ScheduleConflict: it is not.
    """
    clash, _ = await find_clash(work, booking)
    if clash is not None:
        raise ScheduleConflict(clash)


async def refuse_overlap_unexplained(work: UnitOfWork, booking: Booking) -> None:
    """Let a booking in somebody else's agenda pass if its time is free, and say no more than that it is not.

    Raises:
        ScheduleConflict: it is not; names neither what is in the way nor free times.

    """
    clash, _ = await find_clash(work, booking)
    if clash is not None:
        raise ScheduleConflict(replace(clash, conflicts=(), more=False, nearest_free=()))


async def find_clash(work: UnitOfWork, booking: Booking) -> tuple[ScheduleClash | None, datetime]:
    """Look for what is in the way of a booking; the instant says until when was looked."""
    content = booking.content
    after, until = _span(content, work.now)
    if not content.may_block:
        return None, until
    taken = await events.busy_events(work, booking.owner_id, after, until, but=booking.replaces)
    examined = 0
    for start, end in _steps(after, until):
        wanted = _new_time(booking, start, end)
        others = [one for head in taken for one in _busy_of(head, start, end)]
        if wanted and others and conflicts.overlaps(wanted, others, limit=1).pairs:
            return await _explain(work, booking, wanted, checked_until=until), until
        examined += len(wanted) + len(others)
        if examined > OCCURRENCES_MAX:
            return None, end
        await asyncio.sleep(0)  # the lock is held, but the loop serves other requests
    return None, until


def _new_time(booking: Booking, after: datetime, before: datetime) -> list[Busy]:
    """Find the times in a window that a booking takes up and its event did not."""
    wanted = list(_busy(booking.content, after, before, booking.replaces or None))
    if booking.had is None or not wanted:
        return wanted
    had = list(
        _busy(booking.had, min(one.starts_at for one in wanted), max(one.ends_at for one in wanted), booking.replaces)
    )
    begins = sorted(had, key=lambda one: one.starts_at)
    starts, latest_ends = [one.starts_at for one in begins], list(accumulate((one.ends_at for one in begins), max))

    def is_new(one: Busy) -> bool:
        earlier = bisect_right(starts, one.starts_at)
        return earlier == 0 or latest_ends[earlier - 1] < one.ends_at

    return [one for one in wanted if is_new(one)]


async def _explain(
    work: UnitOfWork, booking: Booking, wanted: Sequence[Busy], *, checked_until: datetime
) -> ScheduleClash | None:
    """Name what is in the way, hide what the asker may not see, and find room nearby."""
    first, last = wanted[0].starts_at, max(one.ends_at for one in wanted)
    start = away(first, -_ROOM_BEFORE)
    if first >= work.now:
        start = max(start, work.now)  # nobody wants to be offered a time that has passed
    window = Window(start, away(last, _ROOM_AFTER))
    taken = await events.busy_events(work, booking.owner_id, min(start, first), window.end, but=booking.replaces)
    visible = await _visible(work, booking, [head.id for head in taken])
    stretches = [
        one for head in taken for one in _busy_of(head, min(start, first), window.end, visible=head.id in visible)
    ]
    return conflicts.clash(wanted, stretches, window=window, checked_until=checked_until)


async def _visible(work: UnitOfWork, booking: Booking, event_ids: Sequence[int]) -> frozenset[int]:
    if booking.owner_id == booking.me.user_id:
        return frozenset(event_ids)
    return await sharing.visible_of(work, booking.me.user_id, event_ids)


async def refuse_batch_overlap(work: UnitOfWork, owner_id: int, contents: Sequence[EventContent]) -> None:
    """Let a batch pass if its events overlap neither each other nor what the owner has.

    Raises:
        BatchConflict: they do; every clash names the place of its event in the batch.
    """
    spans = [_span(content, work.now) for content in contents]
    after, until = min(span[0] for span in spans), max(span[1] for span in spans)
    taken = await events.busy_events(work, owner_id, after, until)
    examined = 0
    for start, end in _steps(after, until):
        groups = [list(_busy(content, start, end, None)) for content in contents]
        groups.append([one for head in taken for one in _busy_of(head, start, end)])
        found = conflicts.overlaps_within(groups, limit=CLASHES_MAX)
        clashes = tuple(
            BatchClash(index, other, None if place == len(contents) else place)
            for index, _, place, other in found.pairs
        )
        if clashes:
            raise BatchConflict(clashes, more=found.more, checked_until=until)
        examined += sum(map(len, groups))
        if examined > OCCURRENCES_MAX:
            return
        await asyncio.sleep(0)


def _span(content: EventContent, now: datetime) -> tuple[datetime, datetime]:
    """Between which instants a content is compared."""
    starts_at, ends_at = bounds(content)
    if content.schedule.rule is None:
        return starts_at, ends_at
    return max(starts_at, now - HORIZON), min(ends_at, away(max(starts_at, now), HORIZON))


def _steps(after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while after < until:
        before = min(away(after, STEP), until)
        yield after, before
        after = before


def _busy(content: EventContent, after: datetime, before: datetime, event_id: int | None) -> Iterator[Busy]:
    if not content.may_block:
        return iter(())
    found: list[Occurrence] = occurrences(content, after, before, limit=OCCURRENCES_MAX)
    return conflicts.busy(found, event_id=event_id, title=content.title)


def _busy_of(head: EventHead, after: datetime, before: datetime, *, visible: bool = True) -> Iterator[Busy]:
    if head.is_recurring:
        found = occurrences(head.content(), after, before, limit=OCCURRENCES_MAX)
        yield from conflicts.busy(found, event_id=head.id, title=head.title, visible=visible)
    elif head.start_time < before and head.end_time > after:
        yield Busy(
            event_id=head.id,
            title=head.title,
            recurrence_id=datetime.fromisoformat(head.start_local),
            starts_at=head.start_time,
            ends_at=head.end_time,
            visible=visible,
        )
