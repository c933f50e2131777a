"""The past of an event: its versions, what differs between them, who set what, and going back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from convene.domain.content import EventContent
from convene.domain.content_json import from_json
from convene.domain.errors import NotFound
from convene.domain.fields import FieldChange, blame, field_changes, restore_fields
from convene.operations import events as whole
from convene.operations.access import EditableEvent, ViewableEvent
from convene.operations.halves import refuse_revival, rejoin
from convene.operations.versions import GONE, Kind, Reason, content_at
from convene.storage import history
from convene.storage.events import EventHead
from convene.storage.history import AuthoredRow, ChangeRow, ShelvedRow, VersionRow
from convene.storage.unit_of_work import UnitOfWork

#: Ids and version numbers are below this: pages that begin at the newest begin here.
NEWEST = 2**31 - 1
NEWEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two versions of an event, as clients see the fields."""

    event_id: int
    version_1: int
    version_2: int
    changes: Sequence[FieldChange]


@dataclass(frozen=True, slots=True)
class Blame:
    """Who set a field last."""

    field: str
    version: AuthoredRow


async def list_versions(
    work: UnitOfWork, event: ViewableEvent, *, below: int | None, most: int
) -> Sequence[VersionRow]:
    """List the versions of an event, newest first, those below a number."""
    return await history.list_versions(work, event.id, below=below or NEWEST, most=most)


async def read_version(work: UnitOfWork, event: ViewableEvent, number: int) -> VersionRow:
    """Read one version.

    Raises:
        NotFound: the event never had it.
    """
    row = await history.find_version(work, event.id, number)
    if row is None:
        raise NotFound("version", number)
    return row


async def event_at_version(work: UnitOfWork, event: ViewableEvent, number: int) -> EventHead:
    """Show an event as it was in a version; role, owner and sharing are those of now.

    Raises:
        NotFound: the event never had it.
    """
    return _head_at(event, await read_version(work, event, number))


async def event_as_of(work: UnitOfWork, event: ViewableEvent, moment: datetime) -> EventHead:
    """Show an event as it was at an instant.

    Raises:
        NotFound: it did not exist yet, or lay in the trash then.
    """
    row = await history.version_as_of(work, event.id, moment)
    if row is None or row.kind in GONE:
        raise NotFound("event", event.id)
    return _head_at(event, row)


def _head_at(event: ViewableEvent, row: VersionRow) -> EventHead:
    head = event.head.with_content(from_json(row.data))
    return head._replace(version=row.version_number, updated_at=row.created_at, updated_by=row.created_by)


async def list_changes(
    work: UnitOfWork,
    event: ViewableEvent,
    *,
    field: str | None,
    user_id: int | None,
    page: tuple[int | None, int],
) -> Sequence[ChangeRow]:
    """List what was changed, field by field, newest first; `page` is (below which id, how many)."""
    chosen = {name: value for name, value in (("field", field), ("user_id", user_id)) if value is not None}
    below, most = page
    return await history.list_changes(work, event.id, chosen=chosen, below=below or NEWEST_ID, most=most)


async def compare(work: UnitOfWork, event: ViewableEvent, a: int | None, b: int | None) -> Comparison:
    """Compare two versions; without numbers the last two, without the second the newest.

    Raises:
        NotFound: the event never had one of them.
    """
    newest = event.head.version
    second = newest if b is None else b
    first = max(second - 1, 1) if a is None else a
    before = await content_at(work, event.head, first)
    after = await content_at(work, event.head, second)
    return Comparison(event.id, first, second, field_changes(before, after))


async def blame_fields(work: UnitOfWork, event: ViewableEvent) -> Sequence[Blame]:
    """Say for each field who set it last, in which version."""
    logged = await history.last_changes(work, event.id)
    versions = {row.version_number: row for row in await history.authors_of_fields(work, event.id)}
    return [Blame(field, versions[number]) for field, number in blame(event.content, logged).items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How to go back.

    Attributes:
        fields: which ones go back; None: all of them.
        rejoin: later halves that were split off since, and that nobody has changed, go.
        allow_overlap: book the time although it is taken; counts for the owner alone.
    """

    fields: Sequence[str] | None = None
    rejoin: bool = False
    allow_overlap: bool = False


async def roll_back(work: UnitOfWork, event: EditableEvent, number: int, way: Way) -> EventHead:
    """Make a new version with the content, or some of the fields, of an older one.

    Raises:
        NotFound: the event never had that version.
        Invalid: there is no such field.
        NotPossibleNow: it would take place beside the later half that was split off since.
        ScheduleConflict: its time has been taken meanwhile.
    """
    old = await content_at(work, event.head, number)
    content: EventContent = old if way.fields is None else restore_fields(event.content, old, way.fields)
    if way.rejoin:
        event = await rejoin(work, event, number, content)
    await refuse_revival(work, event, number, content)
    reason = Reason(kind=Kind.ROLLED_BACK, base_version=number)
    allow_overlap = whole.may_overlap(event, asked=way.allow_overlap)
    return await whole.settle(work, event, content, reason, allow_overlap=allow_overlap)


async def list_shelved(work: UnitOfWork, event: ViewableEvent, *, below: int | None, most: int) -> Sequence[ShelvedRow]:
    """List one's own edits of an event that could not be merged, newest first."""
    return await history.list_shelved(work, event.id, event.me.user_id, below=below or NEWEST_ID, most=most)


async def drop_shelved(work: UnitOfWork, event: ViewableEvent, shelf_id: int) -> None:
    """Throw one of one's own shelved edits away.

    Raises:
        NotFound: there is none with this id.
    """
    if not await history.unshelve(work, event.id, event.me.user_id, shelf_id):
        raise NotFound("shelved edit", shelf_id)
