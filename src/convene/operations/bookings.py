"""Whether time is free: the wanted occurrences against all that their owner has, under the lock of the agenda.

Two single events are always compared. As soon as one of the two is a series, they are compared from two years before
now on; a series that is booked, until two years after now (or after its start, if that is later), in steps. What is
booked first does not matter to the past. When an owner's series are so many that comparing takes too long, the booking
is refused; otherwise the answer says until when was looked (`checked_until`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from convene.domain import conflicts
from convene.domain.conflicts import CLASHES_MAX, Busy, Overlaps, ScheduleClash, Window
from convene.domain.content import EventContent
from convene.domain.day_times import DayTimes, times_of
from convene.domain.errors import AgendaTooFull, BatchClash, BatchConflict, ScheduleConflict
from convene.domain.series import bounds
from convene.domain.zones import away
from convene.operations.effort import Candidate, Effort, taken_in
from convene.operations.identity import SignedIn
from convene.storage import events, sharing
from convene.storage.events import EventHead
from convene.storage.unit_of_work import UnitOfWork

HORIZON = timedelta(days=731)
STEP = timedelta(days=92)
_FEW = 2
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
        AgendaTooFull: the owner has too much in that time to be compared.
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
    """Look for what is in the way of a booking; the instant says until when was looked.

    Raises:
        AgendaTooFull: the owner has too much in that time to be compared.
    """
    after, until = _span(booking.content, work.now, bounds(booking.content))
    if not booking.content.may_block or until < after:
        return None, until
    heads = await events.busy_events(work, booking.owner_id, after, until, but=booking.replaces)
    met = await _met(work, booking, heads, (after, until))
    if met is not None:
        return await _explain(work, booking, *met, checked_until=until), until
    say_until(work, until)
    return None, until


async def fits(work: UnitOfWork, booking: Booking, heads: Sequence[EventHead]) -> bool:
    """Whether a booking of a single event fits in beside all that may take up its time."""
    span = bounds(booking.content)
    if heads and await _met(work, booking, heads, span) is not None:
        return False
    say_until(work, span[1])
    return True


async def _met(
    work: UnitOfWork, booking: Booking, heads: Sequence[EventHead], span: tuple[datetime, datetime]
) -> tuple[list[Busy], Overlaps] | None:
    """Find the first step in which a booking meets what is taken: what it wants there, and what it meets."""
    taken, effort = _candidates(work, heads), Effort()
    for start, end in _steps(*span) if taken else ():
        wanted = await _new_time(booking, Window(start, end), effort)
        if not wanted:
            continue
        others = await taken_in(taken, _around(wanted, start, end), effort, among=_day_times(wanted))
        found = conflicts.overlaps(wanted, others, limit=CLASHES_MAX)
        if found.pairs:
            return wanted, found
    return None


def say_until(work: UnitOfWork, until: datetime) -> None:
    """Let the answer say until when was looked; of several bookings, the earliest such instant."""
    work.compared_until = until if work.compared_until is None else min(until, work.compared_until)


def _candidates(work: UnitOfWork, heads: Sequence[EventHead]) -> list[Candidate]:
    return [Candidate(head, work.now - HORIZON) for head in heads]


def _day_times(wanted: Sequence[Busy]) -> DayTimes:
    """The times of the day that are wanted; None for a few occurrences, which are compared as quickly."""
    return times_of((one.starts_at, one.ends_at) for one in wanted) if len(wanted) > _FEW else None


def _around(wanted: Sequence[Busy], start: datetime, end: datetime) -> Window:
    return Window(max(start, min(one.starts_at for one in wanted)), min(end, max(one.ends_at for one in wanted)))


async def _new_time(booking: Booking, within: Window, effort: Effort) -> list[Busy]:
    """Find the times in a window that a booking takes up and its event did not."""
    wanted = await _busy(booking.content, within, effort, booking.replaces or None)
    if booking.had is None or not wanted:
        return wanted
    around = Window(min(one.starts_at for one in wanted), max(one.ends_at for one in wanted))
    had = await _busy(booking.had, around, effort, booking.replaces)
    begins = sorted(had, key=lambda one: one.starts_at)
    starts, latest_ends = [one.starts_at for one in begins], list(accumulate((one.ends_at for one in begins), max))

    def is_new(one: Busy) -> bool:
        earlier = bisect_right(starts, one.starts_at)
        return earlier == 0 or latest_ends[earlier - 1] < one.ends_at

    return [one for one in wanted if is_new(one)]


async def _explain(
    work: UnitOfWork, booking: Booking, wanted: Sequence[Busy], found: Overlaps, *, checked_until: datetime
) -> ScheduleClash | None:
    """Name what is in the way, hide what the asker may not see, and find room nearby if that is not too much."""
    if not await _may_be_told(work, booking):
        return ScheduleClash(conflicts=(), more=False, nearest_free=(), checked_until=checked_until)
    first, last = wanted[0].starts_at, max(one.ends_at for one in wanted)
    start = away(first, -_ROOM_BEFORE)
    if first >= work.now:
        start = max(start, work.now)  # nobody wants to be offered a time that has passed
    window = Window(start, away(last, _ROOM_AFTER))
    heads = await events.busy_events(work, booking.owner_id, min(start, first), window.end, but=booking.replaces)
    taken = _candidates(work, heads)
    visible = await _visible(work, booking, [one.head.id for one in taken])
    try:
        stretches = await taken_in(taken, Window(min(start, first), window.end), Effort(), visible=visible)
    except AgendaTooFull:
        in_the_way = {(other.starts_at, other.event_id): other for _, other in found.pairs}
        known = tuple(replace(one, visible=one.event_id in visible) for one in in_the_way.values())
        return ScheduleClash(conflicts=known, more=found.more, nearest_free=(), checked_until=checked_until)
    return conflicts.clash(wanted, stretches, window=window, checked_until=checked_until)


async def _may_be_told(work: UnitOfWork, booking: Booking) -> bool:
    """Whether the owner lets the asker know when they are busy: those whose role they have given themselves.

    Nobody is asked before an event is handed to them: those who had a role on it before could look around in the new
    owner's agenda by trying to move it.
    """
    if booking.owner_id == booking.me.user_id:
        return True
    permission = await sharing.find_permission(work, booking.replaces, booking.me.user_id)
    return permission is not None and permission.granted_by == booking.owner_id


async def _visible(work: UnitOfWork, booking: Booking, event_ids: Sequence[int]) -> frozenset[int]:
    if booking.owner_id == booking.me.user_id:
        return frozenset(event_ids)
    return await sharing.visible_of(work, booking.me.user_id, event_ids)


async def refuse_batch_overlap(work: UnitOfWork, owner_id: int, contents: Sequence[EventContent]) -> None:
    """Let a batch pass if its events overlap neither each other nor what the owner has.

    Raises:
        BatchConflict: they do; every clash names the place of its event in the batch.
        AgendaTooFull: the batch or what the owner has in its time is too much to be compared.
    """
    all_wanted = [_wanted(place, one, work.now) for place, one in enumerate(contents) if one.may_block]
    wanted = [one for one in all_wanted if one.after <= one.until]
    if not wanted:
        return
    cut = [one.until for one in wanted if one.is_cut]
    checked_until, effort = min(cut) if cut else max(one.until for one in wanted), Effort()
    for members in _stretches(wanted):
        after, until = members[0].after, max(one.until for one in members)
        taken = _candidates(work, await events.busy_events(work, owner_id, after, until))
        for start, end in _steps(after, until):
            clashes, more = await _batch_clashes(members, taken, Window(start, end), effort)
            if clashes:
                raise BatchConflict(clashes, more=more, checked_until=checked_until)
    say_until(work, checked_until)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One event of a batch, the span in which it is compared, and whether it goes on after that."""

    place: int
    content: EventContent
    after: datetime
    until: datetime

    is_cut: bool


def _stretches(wanted: Sequence[_Wanted]) -> Iterator[list[_Wanted]]:
    """Part a batch where nothing of it is for longer than a step."""
    members: list[_Wanted] = []
    until = datetime.min.replace(tzinfo=UTC)
    for one in sorted(wanted, key=lambda one: one.after):
        if members and one.after > away(until, STEP):
            yield members
            members = []
        members.append(one)
        until = max(until, one.until) if len(members) > 1 else one.until
    yield members


async def _batch_clashes(
    members: Sequence[_Wanted], taken: Sequence[Candidate], step: Window, effort: Effort
) -> tuple[tuple[BatchClash, ...], bool]:
    places: list[int] = []
    groups: list[list[Busy]] = []
    await effort.spend(1)
    for one in members:
        if one.after < step.end and one.until > step.start:
            within = Window(max(step.start, one.after), step.end)
            places.append(one.place)
            groups.append(await _busy(one.content, within, effort, None))
    wanted = [busy for group in groups for busy in group]
    if not wanted:
        return (), False
    groups.append(await taken_in(taken, _around(wanted, step.start, step.end), effort, among=_day_times(wanted)))
    found = conflicts.overlaps_within(groups, limit=CLASHES_MAX)
    clashes = [
        _batch_clash((places[one], mine), (None if two == len(places) else places[two], other))
        for one, mine, two, other in found.pairs
    ]
    return tuple(clashes), found.more


def _batch_clash(one: tuple[int, Busy], two: tuple[int | None, Busy]) -> BatchClash:
    """Tell a clash of the event that comes first in the batch; members are in the order of time."""
    if two[0] is None or one[0] < two[0]:
        return BatchClash(one[0], two[1], two[0])
    return BatchClash(two[0], one[1], one[0])


def _wanted(place: int, content: EventContent, now: datetime) -> _Wanted:
    whole = bounds(content)
    after, until = _span(content, now, whole)
    return _Wanted(place, content, after, until, is_cut=until < whole[1])


def _span(content: EventContent, now: datetime, whole: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    """Between which instants a content is compared, which as a whole is between others."""
    starts_at, ends_at = whole
    if content.schedule.rule is None:
        return starts_at, ends_at
    return max(starts_at, now - HORIZON), min(ends_at, away(max(starts_at, now), HORIZON))


def _steps(after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while after < until:
        before = min(away(after, STEP), until)
        yield after, before
        after = before


async def _busy(content: EventContent, within: Window, effort: Effort, event_id: int | None) -> list[Busy]:
    if not content.may_block:
        return []
    found = await effort.occurrences(content, within)
    return list(conflicts.busy(found, event_id=event_id, title=content.title))
