"""What comparing costs: it is counted, bounded, and lets the loop serve other requests meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property

from convene.domain import conflicts
from convene.domain.conflicts import Busy, Window
from convene.domain.content import EventContent
from convene.domain.day_times import DayTimes, may_meet, times_of_series
from convene.domain.errors import AgendaTooFull
from convene.domain.recurrence import RecurrenceRule
from convene.domain.series import Occurrence, occurrences
from convene.domain.zones import away
from convene.storage.events import EventHead

#: What one comparison may cost: an occurrence costs 1, about 10 us, and as much again to compare it.
EFFORT_MAX = 100_000
#: What looking at a series costs, whether or not it occurs; and so many overrides cost 1 more.
_LOOK = 4
_OVERRIDES = 4
_PAUSE_AFTER = 200


class Effort:
    """What one comparison has cost until now."""

    def __init__(self) -> None:
        self._spent = 0
        self._since_pause = 0

    async def spend(self, cost: int) -> None:
        """Charge for work done, and let other requests have their turn now and then: the lock is held, not the loop.

        Raises:
            AgendaTooFull: it was more than one comparison may cost.
        """
        self._spent += cost
        if self._spent > EFFORT_MAX:
            raise AgendaTooFull(EFFORT_MAX)
        self._since_pause += cost
        if self._since_pause >= _PAUSE_AFTER:
            self._since_pause = 0
            await asyncio.sleep(0)

    async def occurrences(self, content: EventContent, within: Window) -> list[Occurrence]:
        """Find the occurrences in a window, in order; a dense series is expanded piece by piece.

        Raises:
            AgendaTooFull: as `spend`.
        """
        rule = content.schedule.rule
        look = 1 if rule is None else _LOOK + len(content.overrides) // _OVERRIDES
        found: list[Occurrence] = []
        after = within.start
        while after < within.end:
            before = within.end if rule is None else min(away(after, _piece(rule)), within.end)
            piece = occurrences(content, after, before, limit=EFFORT_MAX)
            await self.spend(look + len(piece))
            # What runs on from one piece into the next has been found there.
            found += piece if after == within.start else [one for one in piece if one.starts_at >= after]
            after = before
        return found


def _piece(rule: RecurrenceRule) -> timedelta:
    """For how long a rule can be expanded between two pauses."""
    times_a_day = max(len(rule.by_hour), 1) * max(len(rule.by_minute), 1) * max(len(rule.by_second), 1)
    return timedelta(days=_PAUSE_AFTER // times_a_day)


class Candidate:
    """An event that may be in the way; its content is read once, when it is first needed.

    Attributes:
        since: from when on it is compared if it is a series.
    """

    def __init__(self, head: EventHead, since: datetime) -> None:
        self.head = head
        self.since = since

    @cached_property
    def _content(self) -> EventContent:
        return self.head.content()

    async def busy(self, within: Window, effort: Effort, *, visible: bool, among: DayTimes = None) -> list[Busy]:
        """Find the time that it takes in a window.

        Args:
            among: the times of the day that matter; of a series that never takes place then, nothing is found.

        Raises:
            AgendaTooFull: as `Effort.spend`.
        """
        head = self.head
        if head.is_recurring:
            within = Window(max(within.start, self.since), within.end)
            if among and not may_meet(among, times_of_series(self._content, within.start, within.end)):
                await effort.spend(_LOOK)
                return []
            found = await effort.occurrences(self._content, within)
            return list(conflicts.busy(found, event_id=head.id, title=head.title, visible=visible))
        await effort.spend(1)
        if head.start_time >= within.end or head.end_time <= within.start:
            return []
        await effort.spend(1)
        return [
            Busy(
                event_id=head.id,
                title=head.title,
                recurrence_id=datetime.fromisoformat(head.start_local),
                starts_at=head.start_time,
                ends_at=head.end_time,
                visible=visible,
            )
        ]


async def taken_in(
    taken: Sequence[Candidate],
    within: Window,
    effort: Effort,
    *,
    visible: frozenset[int] | None = None,
    among: DayTimes = None,
) -> list[Busy]:
    """Expand what is taken in a window; where the times of the day that matter are known, only what may be then.

    Raises:
        AgendaTooFull: as `Effort.spend`.
    """
    found: list[Busy] = []
    for one in taken:
        if one.head.starts_at < within.end and one.head.ends_at > within.start:
            is_visible = visible is None or one.head.id in visible
            found += await one.busy(within, effort, visible=is_visible, among=among)
    return found
