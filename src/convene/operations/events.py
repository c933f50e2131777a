"""Events: creating, changing whole ones, deleting, restoring. Occurrences and halves of series are in `series`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from convene.domain.changes import EventChange, changed, new_content
from convene.domain.content import EventContent
from convene.domain.errors import Fault, Invalid
from convene.domain.moments import When
from convene.domain.occurrence_changes import occurrence_name, shown
from convene.domain.patches import in_full
from convene.domain.roles import Role
from convene.domain.series import has_occurrences
from convene.operations import bookings
from convene.operations.access import EditableEvent, OwnedEvent, TrashedEvent, ViewableEvent
from convene.operations.bookings import Booking
from convene.operations.halves import merged_halves, refuse_doubling
from convene.operations.identity import SignedIn
from convene.operations.tokens import new_id
from convene.operations.versions import Edit, Kind, Reason, content_at, save
from convene.storage import alone, events, writes
from convene.storage.alone import CreatedEvent
from convene.storage.events import EventHead
from convene.storage.unit_of_work import UnitOfWork
from convene.storage.writes import NewEvent

BATCH_MAX = 1_000
#: How often somebody whose time is free tries to be quicker than others before they wait for the lock.
_TRIES = 2

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A change of an event and how it is meant.

    Attributes:
        base_version: the version that the author saw: merge me. None: put me on the newest.
        seen_as: which occurrence of a series the author had before them, as clients name it; None: the event itself.
        allow_overlap: book the time although it is taken; counts for the owner alone.
    """

    change: EventChange
    base_version: int | None = None
    seen_as: When | None = None
    allow_overlap: bool = False
    description: str | None = None


#: Writes down a new event but for its id and the id of its calendar, and gives what makes the answer with these.
Saying = Callable[[EventHead], Callable[[int, int], Answer]]


async def create(
    work: UnitOfWork, me: SignedIn, change: EventChange, say: Saying[Answer], *, allow_overlap: bool
) -> Answer:
    """Create an event in one's own calendar.

    Args:
        work: the transaction.
        me: whose calendar.
        change: the fields of the event.
        say: makes of the new event what is given back; when that cannot be said, nothing is written.
        allow_overlap: book the time although it is taken.

    Raises:
        Invalid: the fields make no sense.
        ScheduleConflict: its time is taken.
    """
    content = new_content(change, default_zone=me.time_zone)
    if not allow_overlap and (answered := await _created_alone(work, me, content, say)) is not None:
        return answered
    calendar_id = await events.lock_agenda(work, me.user_id)
    if not allow_overlap:
        await bookings.refuse_overlap(work, Booking(me.user_id, me, content))
    [head] = await writes.insert_events(work, [_new_event(me, content, calendar_id)])
    return say(head)(head.id, head.calendar_id)


async def _created_alone(work: UnitOfWork, me: SignedIn, content: EventContent, say: Saying[Answer]) -> Answer | None:
    """Create a single event without holding the lock, if its time is free and nobody else writes meanwhile.

    One statement instead of five, or two beside a series (`storage.alone`). Otherwise nothing is written, and whoever
    holds the lock decides. Only of single events it is known without a clock what they have to be compared with. What
    was written by one statement stays, whatever fails after it: the answer is written before, or somebody would be told
    500 of an event that exists.
    """
    if not content.may_block or content.schedule.rule is not None or (write := work.alone) is None:
        return None
    new = _new_event(me, content, calendar_id=0)
    for _ in range(_TRIES):
        bookings.say_until(work, content.schedule.ends_at)
        draft = alone.ready_event(work, new, event_id=0)
        answer = say(draft.head)
        found = await alone.insert_event_if_free(write, draft)
        if isinstance(found, CreatedEvent):
            return answer(*found)
        work.forget_now()  # it was read before the agenda was looked at
        if found.was_overtaken:
            continue
        if not await bookings.fits(work, Booking(me.user_id, me, content), found.busy):
            break
        ready = alone.ready_event(work, new._replace(calendar_id=found.calendar_id), found.next_id)
        answered = say(ready.head)(ready.head.id, ready.head.calendar_id)
        if await alone.insert_event_if_unchanged(write, ready, found.revision):
            return answered
        work.forget_now()
    work.forget_now()  # it is read again when the lock is held
    return None


async def create_batch(
    work: UnitOfWork, me: SignedIn, changes: Sequence[EventChange], *, allow_overlap: bool
) -> list[EventHead]:
    """Create up to 1,000 events, all or none.

    Raises:
        Invalid: some make no sense; every fault names the place of its event.
        BatchConflict: the time of some is taken, by each other or by what the user has.
    """
    contents = _batch_contents(changes, me.time_zone)
    calendar_id = await events.lock_agenda(work, me.user_id)
    if not allow_overlap:
        await bookings.refuse_batch_overlap(work, me.user_id, contents)
    return await writes.insert_events(work, [_new_event(me, content, calendar_id) for content in contents])


def _batch_contents(changes: Sequence[EventChange], default_zone: str) -> list[EventContent]:
    contents: list[EventContent] = []
    faults: list[Fault] = []
    for index, change in enumerate(changes):
        try:
            contents.append(new_content(change, default_zone=default_zone))
        except Invalid as error:
            faults.extend(error.below(f"/events/{index}").faults)
    if faults:
        raise Invalid(*faults)
    return contents


def _new_event(me: SignedIn, content: EventContent, calendar_id: int) -> NewEvent:
    return NewEvent(
        content=content,
        uid=f"{new_id()}@convene",
        owner_id=me.user_id,
        calendar_id=calendar_id,
        created_by=me.user_id,
    )


async def revise(work: UnitOfWork, event: EditableEvent, revision: Revision) -> EventHead:
    """Change an event: for a series, all of it.

    Raises:
        Invalid: the result would make no sense, or there is no such base version.
        EditConflict: somebody else has changed the same meanwhile; see `versions.merged`.
        ScheduleConflict: the new time is taken.
    """
    base, revision = await begin(work, event, revision)
    ours = changed(base, revision.change, seen(base, revision))
    return await put(work, event, revision, base, ours)


def seen(base: EventContent, revision: Revision) -> EventContent | None:
    """Say what the author of a revision had before them, if it was an occurrence of `base`.

    Raises:
        Invalid: there is no such occurrence.
    """
    if revision.seen_as is None:
        return None
    return shown(base, occurrence_name(base.schedule, revision.seen_as, "/occurrence"))


async def begin(work: UnitOfWork, event: ViewableEvent, revision: Revision) -> tuple[EventContent, Revision]:
    """Read the content that a revision starts from, and give the revision with its change in full.

    Raises:
        Invalid: `base_version` is newer than the newest, or the change is of what cannot be changed.
    """
    newest = event.head.version
    number = newest if revision.base_version is None else revision.base_version
    if not 1 <= number <= newest:
        raise Invalid.at("/base_version", f"there is no version {number}; the newest is {newest}")
    base = await content_at(work, event.head, number)
    change = in_full(revision.change, base, of_occurrence=revision.seen_as is not None)
    return base, replace(revision, change=change)


async def put(
    work: UnitOfWork, event: EditableEvent, revision: Revision, base: EventContent, ours: EventContent
) -> EventHead:
    """Make `ours`, an edit of `base`, the newest content; merged with the newest one if that is not `base`.

    If the series was split since, the edit reaches its later halves too. Gives the head of the event, or of the later
    half if it is there that all of the edit went.

    Raises:
        EditConflict, ScheduleConflict, Invalid: as `revise`.
        NotPossibleNow: a later half that the edit concerns cannot be changed along.
    """
    base_version, description = revision.base_version, revision.description
    allow_overlap = may_overlap(event, asked=revision.allow_overlap)
    if base_version is None or base_version == event.head.version:
        reason = Reason(kind=Kind.UPDATED, base_version=base_version, description=description)
        return await settle(work, event, ours, reason, allow_overlap=allow_overlap)
    heads: list[EventHead] = []
    for half, content in await merged_halves(work, Edit(event, base_version, ours), base):
        kind = Kind.UPDATED if content == ours else Kind.MERGED
        number = base_version if half.id == event.id else None
        reason = Reason(kind=kind, base_version=number, description=description)
        heads.append(await settle(work, half, content, reason, allow_overlap=allow_overlap))
    return heads[0] if heads else event.head


def may_overlap(event: EditableEvent, *, asked: bool) -> bool:
    """Whether an edit may take time that is taken: it is the owner's, so nobody else's wish counts."""
    return asked and event.role is Role.OWNER


async def settle(
    work: UnitOfWork, event: EditableEvent, content: EventContent, reason: Reason, *, allow_overlap: bool
) -> EventHead:
    """Write a content if it differs from the newest, after asking whether the time that it newly takes is free.

    Raises:
        Invalid: it would leave a series without occurrences.
        ScheduleConflict: its time is taken.
    """
    before = event.content
    if content == before:
        return event.head
    if not has_occurrences(content):
        raise Invalid.at("/recurrence_pattern", "would leave no occurrence; delete the event instead")
    if not allow_overlap and takes_other_time(before, content):
        booking = Booking(event.head.owner_id, event.me, content, replaces=event.id, had=before)
        await bookings.refuse_overlap(work, booking)
    return await save(work, event, content, reason)


def takes_other_time(before: EventContent, after: EventContent) -> bool:
    """Whether an edit may take up time that the event did not take before."""
    return after.may_block and (
        (before.schedule, before.overrides, before.status, before.free_busy_status)
        != (after.schedule, after.overrides, after.status, after.free_busy_status)
    )


async def delete(work: UnitOfWork, event: OwnedEvent) -> None:
    """Put an event into the trash, from where its owner can restore it for 30 days."""
    await save(work, event, event.content, Reason(kind=Kind.DELETED, deleted_at=work.now))


async def restore(work: UnitOfWork, event: TrashedEvent, *, allow_overlap: bool) -> EventHead:
    """Take an event out of the trash.

    Raises:
        NotPossibleNow: another half of the series takes place at its time now; may be allowed as any overlap.
        ScheduleConflict: its time has been taken meanwhile.
    """
    content = event.head.content()
    if not allow_overlap:
        await refuse_doubling(work, event)
        await bookings.refuse_overlap(work, Booking(event.head.owner_id, event.me, content, replaces=event.head.id))
    return await save(work, event, content, Reason(kind=Kind.RESTORED))
