"""Asking what would clash, without writing and without a lock: of a new event, or of a change to one that there is."""

from __future__ import annotations

from datetime import datetime

from convene.domain.changes import EventChange, changed, new_content
from convene.domain.conflicts import ScheduleClash
from convene.domain.errors import Invalid
from convene.domain.moments import When
from convene.domain.occurrence_changes import changed_occurrence
from convene.domain.series import has_occurrences
from convene.operations import bookings
from convene.operations import events as whole
from convene.operations.access import TriedEvent
from convene.operations.bookings import Booking
from convene.operations.events import Revision
from convene.operations.identity import SignedIn
from convene.operations.series import named
from convene.storage.unit_of_work import UnitOfWork

#: What is in the way, and until when was looked.
Checked = tuple[ScheduleClash | None, datetime]


async def check_new(work: UnitOfWork, me: SignedIn, change: EventChange) -> Checked:
    """Say what a new event of `me` would clash with.

    Raises:
        Invalid: as `events.create`.
        AgendaTooFull: there is too much in that time to be compared.
    """
    return await bookings.find_clash(work, Booking(me.user_id, me, new_content(change, default_zone=me.time_zone)))


async def check_change(work: UnitOfWork, event: TriedEvent, revision: Revision, occurrence: When | None) -> Checked:
    """Say what an event would clash with if it were changed: never with itself, and only in time that is new.

    Args:
        occurrence: the one that is changed, as clients name it; None: the event, or all of the series.

    Raises:
        Invalid: as `events.revise` or `series.revise_one`.
        AgendaTooFull: as `check_new`.
    """
    before, revision = await whole.begin(work, event, revision)
    if occurrence is None:
        content = changed(before, revision.change, whole.seen(before, revision))
    else:
        content = changed_occurrence(before, named(before, occurrence), revision.change)
    if not has_occurrences(content):
        raise Invalid.at("/recurrence_pattern", "would leave no occurrence")
    booking = Booking(event.head.owner_id, event.me, content, replaces=event.id, had=before)
    return await bookings.find_clash(work, booking)
