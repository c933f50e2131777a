"""The halves of series that were split, as those must see them who edit, roll back or restore what was whole before.

An edit of a version from before a split is an edit of all that the series was then. It is brought forward through
every split: base and result are put under the schedule that the series had when it was split, and cut where it was cut.
Each half then merges its own part with what has become of it since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from convene.domain import series
from convene.domain.content import EventContent
from convene.domain.errors import NotPossibleNow
from convene.operations.access import EditableEvent, TrashedEvent, open_later_half, reopened
from convene.operations.versions import Edit, Kind, Reason, Sides, merged, save, stored_content
from convene.storage import events, splits, writes
from convene.storage.events import EventHead
from convene.storage.splits import SplitRow
from convene.storage.unit_of_work import UnitOfWork

#: How many later halves one edit reaches: each of them is read, merged and written under one lock.
HALVES_MAX = 100


async def merged_halves(work: UnitOfWork, edit: Edit, base: EventContent) -> list[tuple[EditableEvent, EventContent]]:
    """Merge an edit of an older version into its event and into each later half that it concerns.

    Returns:
        What there is to write: the events with their contents, the one that was edited before its later halves; it
        is left out if the edit concerns these alone.

    Raises:
        EditConflict: some half has another content for the same.
        NotPossibleNow: a half cannot be changed along, or the edit is of the schedule, which is one no more.
    """
    event, ours = edit.event, edit.ours
    since = await _splits_since(work, event.head, edit.base_version)
    if not since or ours.schedule != base.schedule:
        content = await merged(work, edit, Sides(base, ours, event.content), event.head)
        if since:
            detail = "the series was split since that version: change the schedule of each half by itself"
            raise NotPossibleNow("series_split", detail)
        return [(event, content)]
    if len(since) > HALVES_MAX:
        detail = f"the series was split more than {HALVES_MAX} times since that version; read it again"
        raise NotPossibleNow("series_split", detail)
    found: list[tuple[EditableEvent, EventContent]] = []
    for part in await _shared_out(work, edit, _Part(event.id, base, ours), since):
        half = event if part.event_id == event.id else await open_later_half(work, event, part.event_id)
        found.append((half, await merged(work, edit, Sides(part.base, part.ours, half.content), half.head)))
    return found


async def was_split_since(work: UnitOfWork, event: EditableEvent, version: int) -> bool:
    """Whether occurrences that an event had in a version are in a later half now."""
    return bool(await _splits_since(work, event.head, version))


async def _splits_since(work: UnitOfWork, head: EventHead, version: int) -> list[SplitRow]:
    return [] if head.continued_by is None else await splits.splits_since(work, head.id, version)


@dataclass(frozen=True, slots=True)
class _Part:
    """What of an edit concerns one half."""

    event_id: int
    base: EventContent
    ours: EventContent


async def _shared_out(work: UnitOfWork, edit: Edit, part: _Part, since: Sequence[SplitRow]) -> list[_Part]:
    """Cut an edit as its event was cut, and what went to later halves as those were; parts without changes go."""
    later: list[_Part] = []
    for split in since:
        if split.earlier_id == part.event_id:
            whole = await stored_content(work, part.event_id, split.version_number - 1)
            part = await _brought_under(work, edit, part, whole)
            name = datetime.fromisoformat(split.occurrence)
            base, base_later = series.split(part.base, name)
            ours, ours_later = series.split(part.ours, name)
            if base_later != ours_later:
                later += await _shared_out(work, edit, _Part(split.later_id, base_later, ours_later), since)
            part = replace(part, base=base, ours=ours)
    return later if part.base == part.ours else [part, *later]


async def _brought_under(work: UnitOfWork, edit: Edit, part: _Part, whole: EventContent) -> _Part:
    """Give both sides of an edit the schedule that somebody else gave the series before it was split."""
    if part.base.schedule == whole.schedule:
        return part
    base = series.rescheduled(part.base, whole.schedule)
    ours = await merged(work, edit, Sides(part.base, part.ours, base), edit.event.head)
    return replace(part, base=base, ours=ours)


# -- going back ----------------------------------------------------------------------------------------------


async def rejoin(work: UnitOfWork, event: EditableEvent, version: int, content: EventContent) -> EditableEvent:
    """Take later halves that were split off after a version back into the event that goes back to it.

    Gives the event as it is then. A content that leaves the schedule alone takes nothing back.

    Raises:
        NotPossibleNow: `me` may not change such a half, or somebody has changed it since.
    """
    if content.schedule == event.content.schedule:
        return event
    since = await _splits_since(work, event.head, 0)
    for split in since:
        if split.earlier_id != event.id or split.version_number <= version or split.deleted_at is not None:
            continue
        half = await open_later_half(work, event, split.later_id)
        if half.head.version > 1 or _splits_of(half.id, since):
            detail = f"a later half (event {half.id}) has been changed since the series was split; nothing of that goes"
            raise NotPossibleNow("series_split", detail)
        await save(work, half, half.content, Reason(kind=Kind.REJOINED, deleted_at=work.now))
        await writes.unlink_half(work, half.head)
    return await reopened(work, event)


async def refuse_revival(work: UnitOfWork, event: EditableEvent, version: int, content: EventContent) -> None:
    """Let an event go back to the schedule that it had in a version, unless a later half has taken that over.

    Raises:
        NotPossibleNow: the event would take place beside its later half, which does not lie in the trash.
    """
    if content.schedule == event.content.schedule:
        return
    since = await _splits_since(work, event.head, 0)
    for split in since:
        if split.earlier_id == event.id and (version < split.version_number or _reaches(content, split)):
            await _refuse_beside(work, event, [split, *_splits_of(split.later_id, since)])


async def refuse_doubling(work: UnitOfWork, event: TrashedEvent) -> None:
    """Let an event come out of the trash, unless another half takes place at its time: one that went back meanwhile.

    Raises:
        NotPossibleNow: it does.
    """
    since = await _splits_since(work, event.head, 0)
    for split in since:
        if split.earlier_id == event.head.id and _reaches(event.head.content(), split):
            await _refuse_beside(work, event, [split, *_splits_of(split.later_id, since)])
    if event.head.split_from is not None:
        for ended, earlier in await splits.earlier_halves(work, event.head.id):
            if series.reaches(earlier.content().schedule, ended):
                raise _beside(earlier.id, await events.find_event(work, earlier.id, event.me.user_id))


def _reaches(content: EventContent, split: SplitRow) -> bool:
    return series.reaches(content.schedule, datetime.fromisoformat(split.occurrence))


def _splits_of(event_id: int, since: Sequence[SplitRow]) -> list[SplitRow]:
    """List the splits of an event and of its later halves."""
    found: list[SplitRow] = []
    halves = [event_id]
    for half in halves:
        own = [split for split in since if split.earlier_id == half]
        found += own
        halves += [split.later_id for split in own]
    return found


async def _refuse_beside(work: UnitOfWork, event: EditableEvent | TrashedEvent, halves: Sequence[SplitRow]) -> None:
    for half in halves:
        if half.deleted_at is None:
            raise _beside(half.later_id, await events.find_event(work, half.later_id, event.me.user_id))


def _beside(event_id: int, seen: EventHead | None) -> NotPossibleNow:
    name = "" if seen is None else f" (event {event_id})"
    detail = f"the series was split, and its other half{name} would take place beside it; delete or shorten that first"
    return NotPossibleNow("series_split", detail)
