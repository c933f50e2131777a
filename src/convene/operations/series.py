"""Changing and deleting a part of a series: one occurrence, or one and all that follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from convene.domain import series
from convene.domain.changes import changed
from convene.domain.content import EventContent
from convene.domain.errors import Invalid
from convene.domain.moments import When
from convene.domain.occurrence_changes import changed_occurrence, occurrence_name
from convene.operations import bookings
from convene.operations import events as whole
from convene.operations.access import EditableEvent, OwnedEvent
from convene.operations.bookings import Booking
from convene.operations.events import Revision
from convene.operations.halves import was_split_since
from convene.operations.tokens import new_id
from convene.operations.versions import Edit, Kind, Reason, Sides, merged, save
from convene.storage import reminders, sharing, splits, writes
from convene.storage.events import EventHead
from convene.storage.sharing import Grant
from convene.storage.unit_of_work import UnitOfWork
from convene.storage.writes import NewEvent


async def revise_one(work: UnitOfWork, event: EditableEvent, occurrence: When, revision: Revision) -> EventHead:
    """Change one occurrence of a series, named as clients name it in what they have read; the others stay.

    Raises:
        Invalid: it is no occurrence, or the field belongs to the whole series.
        NotPossibleNow: the occurrence had been taken out of what the author began with.
        EditConflict, ScheduleConflict: as `events.revise`.
    """
    base, revision = await whole.begin(work, event, revision)
    name = named(base, occurrence)
    return await whole.put(work, event, revision, base, changed_occurrence(base, name, revision.change))


async def revise_following(work: UnitOfWork, event: EditableEvent, occurrence: When, revision: Revision) -> EventHead:
    """Change an occurrence and all that follow: the series is split, and the head of its later half is given.

    The later half is a new event of the same owner, shared with the same people; the halves know each other. From
    the first occurrence on, "all that follow" is the whole series, and nothing is split.

    Raises:
        Invalid, EditConflict, ScheduleConflict: as `events.revise`.
    """
    base, revision = await whole.begin(work, event, revision)
    name = named(base, occurrence)
    if name == base.schedule.start:
        return await whole.revise(work, event, revision)
    base_later = series.split(base, name)[1]
    # If it was no occurrence, the author had before them at least the pattern of the whole series.
    with_whole_rule = replace(base_later, schedule=replace(base_later.schedule, rule=base.schedule.rule))
    later = changed(base_later, revision.change, whole.seen(base, revision) or with_whole_rule)
    if later == base_later:
        return event.head
    base_version = revision.base_version or event.head.version
    if base.schedule != event.content.schedule or await was_split_since(work, event, base_version):
        # Cutting a schedule that somebody else has changed meanwhile is nobody's wish: it is one atom, and clashes.
        return await whole.put(work, event, revision, base, later)
    earlier, newest_later = series.split(event.content, name)
    later = await merged(work, Edit(event, base_version, later), Sides(base_later, later, newest_later), event.head)
    if later == newest_later:
        return event.head
    if not series.has_occurrences(later):
        raise Invalid.at("?occurrence", "no occurrence is left from there on")
    allowed = whole.may_overlap(event, asked=revision.allow_overlap)
    allow_overlap = allowed or not whole.takes_other_time(newest_later, later)
    if not series.has_occurrences(earlier):
        reason = Reason(kind=Kind.UPDATED, base_version=revision.base_version, description=revision.description)
        return await whole.settle(work, event, later, reason, allow_overlap=allow_overlap)
    head = await _split(work, event, (earlier, later), name, revision)
    if not allow_overlap:
        booking = Booking(head.owner_id, event.me, later, replaces=head.id, had=newest_later)
        await bookings.refuse_overlap(work, booking)
    return head


async def _split(
    work: UnitOfWork,
    event: EditableEvent,
    halves: tuple[EventContent, EventContent],
    name: datetime,
    revision: Revision,
) -> EventHead:
    earlier, later = halves
    reason = Reason(kind=Kind.UPDATED, base_version=revision.base_version, description=revision.description)
    head = await save(work, event, earlier, reason)
    new = NewEvent(
        content=later,
        uid=f"{new_id()}@convene",
        owner_id=head.owner_id,
        calendar_id=head.calendar_id,
        created_by=event.me.user_id,
        split_from=head.id,
        continued_by=event.head.continued_by,
        change_description=revision.description,
    )
    [made] = await writes.insert_events(work, [new])
    await writes.link_halves(work, head.id, made.id, event.head.continued_by)
    await splits.record_split(work, made.id, head, name)
    await _share_alike(work, event, made.id, later)
    return made._replace(role=head.role, continued_by_seen=event.head.continued_by_seen)


async def _share_alike(work: UnitOfWork, event: EditableEvent, later_id: int, later: EventContent) -> None:
    people = await sharing.collaborators(work, event.id)
    grants = [Grant(later_id, user_id, role, granted_by) for user_id, role, granted_by in people]
    await sharing.grant(work, grants, series.bounds(later), frozenset())
    if event.head.continued_by is not None:  # what continued the whole series continues its later half now
        await sharing.move_neighbours(work, later_id, [event.head.owner_id, *(one.user_id for one in grants)])
    await reminders.copy_reminders(work, event.id, later_id)


async def delete_one(work: UnitOfWork, event: OwnedEvent, occurrence: When) -> None:
    """Take one occurrence out of a series; the last one takes the series into the trash.

    Raises:
        Invalid: it is no occurrence.
    """
    name = named(event.content, occurrence)
    await _shorten(work, event, series.excluding(event.content, name))


async def delete_following(work: UnitOfWork, event: OwnedEvent, occurrence: When) -> None:
    """End a series before an occurrence; from the first one on, the series goes into the trash.

    Raises:
        Invalid: as `delete_one`.
    """
    content = event.content
    name = named(content, occurrence)
    if name == content.schedule.start:
        await whole.delete(work, event)
        return
    await _shorten(work, event, series.split(content, name)[0])


async def _shorten(work: UnitOfWork, event: OwnedEvent, content: EventContent) -> None:
    if not series.has_occurrences(content):
        await whole.delete(work, event)
        return
    await save(work, event, content, Reason(kind=Kind.UPDATED))


def named(content: EventContent, occurrence: When) -> datetime:
    """Find the occurrence that a client means.

    Raises:
        Invalid: the event does not repeat, or not then.
    """
    if content.schedule.rule is None:
        raise Invalid.at("?scope", "the event does not repeat; leave scope and occurrence out")
    return occurrence_name(content.schedule, occurrence, "?occurrence")
