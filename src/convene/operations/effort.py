"""What comparing costs: it is counted, bounded, and lets the loop serve other requests meanwhile."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import cached_property

from convene.domain import conflicts
from convene.domain.conflicts import Busy, Window
from convene.domain.content import EventContent
from convene.domain.errors import AgendaTooFull
from convene.domain.series import occurrences
from convene.storage.events import EventHead

#: What one comparison may cost: an occurrence costs 1, about 25 us.
EFFORT_MAX = 100_000
#: What looking at a series costs, whether or not it occurs.
LOOK = 4
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


class Candidate:
    """An event that may be in the way; its content is read once, when it is first needed."""

    def __init__(self, head: EventHead) -> None:
        self.head = head

    @cached_property
    def _content(self) -> EventContent:
        return self.head.content()

    def busy(self, within: Window, *, visible: bool) -> list[Busy]:
        """Find the time that it takes in a window."""
        head = self.head
        if head.is_recurring:
            found = occurrences(self._content, within.start, within.end, limit=EFFORT_MAX)
            return list(conflicts.busy(found, event_id=head.id, title=head.title, visible=visible))
        if head.start_time >= within.end or head.end_time <= within.start:
            return []
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
