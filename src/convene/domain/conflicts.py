"""Which busy times overlap, and where there is room instead.

Intervals are half-open: what ends at ten and what begins at ten do not overlap, and an interval without
length (an all-day event on a day that its zone skipped) overlaps nothing. Time that is not busy never comes
here: `busy` leaves it out. Instants are aware. Knows nothing of where busy time is stored.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import islice

from convene.domain.content import UNSET
from convene.domain.series import Occurrence

#: How many clashing times one refusal names.
CLASHES_MAX = 50

#: Free times are offered on the quarters of the clock; every zone's offset today is a multiple of them.
STEP = timedelta(minutes=15)

_GRID_ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """One stretch of taken time and what takes it.

    Attributes:
        event_id: None for an event that has not been stored yet.
        recurrence_id: the wall time that names the occurrence of a series (see `Override.occurrence`).
        visible: whether the person who asks may learn which event it is; it clashes all the same.
    """

    event_id: int | None
    title: str
    recurrence_id: datetime
    starts_at: datetime
    ends_at: datetime
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Pairs of times that overlap, in the order in which the overlaps begin; `more` when there are others."""

    pairs: tuple[tuple[Busy, Busy], ...]
    more: bool


@dataclass(frozen=True, slots=True)
class OverlapsWithin:
    """As `Overlaps`, each time with the place of its event in the list; the smaller place comes first."""

    pairs: tuple[tuple[int, Busy, int, Busy], ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Where to look for free time: from an instant until another."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleClash:
    """Why a booking was refused.

    Attributes:
        conflicts: the taken times in its way, in order, each once, at most `CLASHES_MAX`; `more` if there are others.
        nearest_free: start and end of free times, those nearest to the first wanted time that clashes first.
        checked_until: the instant up to which a series was compared with what is taken.
    """

    conflicts: tuple[Busy, ...]
    more: bool
    nearest_free: tuple[Interval, ...]
    checked_until: datetime


def busy(
    occurrences: Iterable[Occurrence], *, event_id: int | None, title: str, visible: bool = True
) -> Iterator[Busy]:
    """Pick the occurrences of one event that take up time; one with a title of its own goes by that."""
    return (
        Busy(
            event_id=event_id,
            title=title if one.own is None or one.own.title is UNSET else one.own.title,
            recurrence_id=one.recurrence_id,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            visible=visible,
        )
        for one in occurrences
        if one.blocks
    )


# -- what overlaps -------------------------------------------------------------------------------------------


def overlaps(wanted: Sequence[Busy], taken: Sequence[Busy], *, limit: int) -> Overlaps:
    """Find which wanted times overlap which taken ones; those of one side may overlap each other.

    Costs O(n log n) and a constant for each pair found, of which there are at most `limit`.
    """
    pairs = ((a, b) if i < j else (b, a) for i, a, j, b in _sweep((wanted, taken)))
    found = tuple(islice(pairs, limit + 1))
    return Overlaps(found[:limit], len(found) > limit)


def overlaps_within(events: Sequence[Sequence[Busy]], *, limit: int) -> OverlapsWithin:
    """Find which of many events overlap each other, as `overlaps` does; one never clashes with itself."""
    pairs = ((i, a, j, b) if i < j else (j, b, i, a) for i, a, j, b in _sweep(events))
    found = tuple(islice(pairs, limit + 1))
    return OverlapsWithin(found[:limit], len(found) > limit)


def _sweep(groups: Sequence[Sequence[Busy]]) -> Iterator[tuple[int, Busy, int, Busy]]:
    """Walk through time and yield each pair from two different groups at the start of the later one.

    What is running is kept by group, so that a daily series of month-long events is not compared with itself at
    every step: each look at a group either yields a pair or removes the group until its next start.
    """
    starts = sorted(
        (one.starts_at, group, place)
        for group, many in enumerate(groups)
        for place, one in enumerate(many)
        if one.ends_at > one.starts_at
    )
    running: dict[int, list[tuple[datetime, int]]] = {}
    for now, group, place in starts:
        one = groups[group][place]
        for other, heap in list(running.items()):
            if other == group:
                continue
            while heap and heap[0][0] <= now:
                heappop(heap)
            if not heap:
                del running[other]
            for _, other_place in heap:
                yield other, groups[other][other_place], group, one
        heappush(running.setdefault(group, []), (one.ends_at, place))


# -- why not, and when instead -------------------------------------------------------------------------------


def clash(
    wanted: Sequence[Busy], taken: Sequence[Busy], *, window: Window, checked_until: datetime
) -> ScheduleClash | None:
    """Say what is in the way of some wanted times, or None; `taken` is without the event itself.

    Free time is looked for in `window`, for the first wanted time that clashes, and away from the others too.
    """
    all_wanted, all_taken = _union(wanted), _union(taken)
    in_the_way = [one for one in sorted(taken, key=_in_time) if _hits(one, all_wanted)]
    if not in_the_way:
        return None
    first = next(one for one in sorted(wanted, key=_in_time) if _hits(one, all_taken))
    others = [one for one in wanted if one is not first]
    return ScheduleClash(
        conflicts=tuple(in_the_way[:CLASHES_MAX]),
        more=len(in_the_way) > CLASHES_MAX,
        nearest_free=nearest_free(first.starts_at, first.ends_at - first.starts_at, [*taken, *others], window=window),
        checked_until=checked_until,
    )


def nearest_free(
    wanted_start: datetime, duration: timedelta, taken: Iterable[Busy], *, window: Window, count: int = 3
) -> tuple[Interval, ...]:
    """Find the free times of a duration inside a window that begin nearest to a wanted start, nearest first.

    They may begin at the wanted start, where something ends, so as to end where something begins, or on a
    quarter of the clock; they overlap nothing that is taken, but may overlap each other. Costs O(n log n).
    """
    rooms = _rooms(_union(taken), duration, window)
    # Every room has a start to offer, unless it is the only one: rooms further off than `count` cannot matter.
    here = bisect_right(rooms, wanted_start, key=lambda room: room.first)
    starts = {
        start for room in rooms[max(here - count - 1, 0) : here + count] for start in room.starts(wanted_start, count)
    }
    nearest = sorted(starts, key=lambda start: (abs(start - wanted_start), start))[:count]
    return tuple((start, start + duration) for start in nearest)


@dataclass(frozen=True, slots=True)
class _Room:
    """From `first` to `last` (inclusive) all starts are possible; `edges` are those beside taken time."""

    first: datetime
    last: datetime
    edges: tuple[datetime, ...]

    def starts(self, wanted: datetime, count: int) -> Iterator[datetime]:
        """Name the starts to offer, among them the `count` nearest to the wanted one."""
        yield from self.edges
        pivot = min(max(wanted, self.first), self.last)
        if pivot == wanted:
            yield wanted
        at = (pivot - _GRID_ORIGIN) // STEP
        lowest = max(at - count, -((_GRID_ORIGIN - self.first) // STEP))
        highest = min(at + count, (self.last - _GRID_ORIGIN) // STEP)
        yield from (_GRID_ORIGIN + step * STEP for step in range(lowest, highest + 1))


def _rooms(taken: Iterable[Interval], duration: timedelta, window: Window) -> list[_Room]:
    rooms: list[_Room] = []
    free_from, after_taken = window.start, False
    for start, end in [*taken, (datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))]:
        free_until = min(start, window.end)
        # Compared as durations: an instant near the year 1 or 9999 could not be moved by one.
        if free_until - free_from >= duration:
            last = free_until - duration
            edges = (*((free_from,) if after_taken else ()), *((last,) if start <= window.end else ()))
            rooms.append(_Room(free_from, last, edges))
        if end >= free_from:
            free_from, after_taken = end, True
    return rooms


def _union(taken: Iterable[Busy]) -> list[Interval]:
    """Melt times that overlap or touch into one; sorted, with gaps between."""
    union: list[Interval] = []
    for one in sorted(taken, key=_in_time):
        if one.ends_at <= one.starts_at:
            continue
        if union and one.starts_at <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], one.ends_at))
        else:
            union.append((one.starts_at, one.ends_at))
    return union


def _hits(one: Busy, union: Sequence[Interval]) -> bool:
    before_end = bisect_left(union, one.ends_at, key=lambda taken: taken[0])
    return before_end > 0 and one.starts_at < one.ends_at and union[before_end - 1][1] > one.starts_at


def _in_time(one: Busy) -> tuple[datetime, datetime]:
    return one.starts_at, one.ends_at
