"""Comparing everything that is stored about events with everything else, without changing it.

An event's versions count from 1 without a gap, and the newest is what the event is now; each line of the change log is
a difference between two neighbours; whoever sees the event has its bounds, and one of them owns it. What is derived
from a content is derived anew.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import orjson

from convene.domain.content import EventContent
from convene.domain.content_json import from_json
from convene.domain.errors import ConveneError
from convene.domain.fields import field_changes
from convene.domain.json_types import Json
from convene.operations.versions import GONE
from convene.storage import audit
from convene.storage.audit import StoredChange, StoredHead, StoredPermission, StoredVersion
from convene.storage.events import CONTENT_COLUMNS, content_columns
from convene.storage.unit_of_work import Units
from convene.storage.upkeep import DERIVED

_ALL = 2**63
_OFFSET = re.compile(r"(Z|[+-]\d\d:\d\d)$")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree, and where."""

    place: str
    fault: str

    def __str__(self) -> str:
        return f"{self.place}: {self.fault}"


class _OfEvent(Protocol):
    @property
    def event_id(self) -> int: ...
    @property
    def number(self) -> int: ...


_R = TypeVar("_R", bound=_OfEvent)


class _Rows(Generic[_R]):
    """Rows in the order of their events, taken event by event."""

    def __init__(self, rows: AsyncIterator[_R]) -> None:
        self._rows = rows
        self._next: _R | None = None

    async def of(self, event_id: int, until: int = _ALL) -> AsyncIterator[_R]:
        """Take the next rows of an event, up to a number; rows of no event at all are passed over."""
        if self._next is None:
            self._next = await anext(self._rows, None)
        while (row := self._next) is not None and row.event_id <= event_id:
            if row.event_id == event_id:
                if row.number > until:
                    return
                yield row
            self._next = await anext(self._rows, None)


@dataclass(frozen=True, slots=True)
class _Stored:
    """All that is stored of events beside their heads, and where the order of changes ends."""

    versions: _Rows[StoredVersion]
    changes: _Rows[StoredChange]
    permissions: _Rows[StoredPermission]
    end: int
    ordered: bool


async def audit_all(units: Units) -> AsyncIterator[Finding]:
    """Find what does not agree, in one consistent state of the database, while others go on writing.

    What is held in memory does not grow with the database.
    """
    place = "the database"
    async with units.snapshot() as work:
        try:
            async for one in audit.contradictions(work):
                yield Finding(f"{one.table} {one.key}".strip(), one.fault)
            stored = _Stored(
                _Rows(audit.versions(work)),
                _Rows(audit.changes(work)),
                _Rows(audit.all_permissions(work)),
                await audit.end_of_positions(work),
                # Ids of transactions on PostgreSQL are in another order than their locks.
                ordered=work.dialect_name == "sqlite",
            )
            async for head in audit.heads(work):
                place = f"event {head.event_id}"
                async for fault in _faults_of(head, stored):
                    yield Finding(place, fault)
        except ValueError as error:  # a value that is none of its kind; the page of rows is as near as one comes
            yield Finding(f"some rows after {place}", f"cannot be read: {error}")


async def _faults_of(head: StoredHead, stored: _Stored) -> AsyncIterator[str]:
    last: StoredVersion | None = None
    content: EventContent | None = None
    async for version in stored.versions.of(head.event_id):
        number, before = version.number, content
        gap = number != (last.number + 1 if last else 1)
        if gap:
            yield f"there is no version {last.number + 1 if last else 1} before version {number}"
        content = _content(version.data)
        if content is None:
            yield f"version {number} cannot be read"
        if not 0 <= version.position < stored.end:
            yield f"version {number} stands at a position that has not come yet"
        lines = [line async for line in stored.changes.of(head.event_id, until=number)]
        if content is not None and (before is not None or number == 1) and not gap:
            for fault in _log_faults(version, (before or content, content), lines):
                yield fault
        last = version
    async for line in stored.changes.of(head.event_id):
        yield f"the change log tells of version {line.number}, which is not there"
    for fault in _head_faults(head, last, content):
        yield fault
    async for fault in _permission_faults(head, last, stored):
        yield fault


def _content(data: str) -> EventContent | None:
    try:
        return from_json(orjson.loads(data))
    except (AttributeError, KeyError, TypeError, ValueError, ConveneError):
        return None


def _log_faults(
    version: StoredVersion, sides: tuple[EventContent, EventContent], lines: Sequence[StoredChange]
) -> Iterator[str]:
    """Compare the lines of one version with the difference between it and the one before it."""
    changed = {one.field: (_walls(one.old_value), _walls(one.new_value)) for one in field_changes(*sides)}
    logged = {line.field: (_walls(line.old_value), _walls(line.new_value)) for line in lines}
    if len(logged) != len(lines):
        yield f"version {version.number}: a field is in the change log twice"
    for name in sorted(changed.keys() | logged.keys()):
        if changed.get(name) != logged.get(name):
            yield f"version {version.number}: the change log is not what was changed of {name}"
    for line in lines:
        if (line.number, line.created_by, line.created_at) != (version.number, version.created_by, version.created_at):
            yield f"version {version.number}: a line of the change log is of another version"


def _walls(value: Json) -> Json:
    """An instant as wall time: its offset was that of the zone's rules when it was written."""
    return _OFFSET.sub("", value) if isinstance(value, str) else value


def _head_faults(head: StoredHead, last: StoredVersion | None, content: EventContent | None) -> Iterator[str]:
    if last is None:
        yield "has no version"
        return
    if head.version != last.number:
        yield f"is said to be in version {head.version}, the newest is {last.number}"
    if (head.updated_by, head.updated_at) != (last.created_by, last.created_at):
        yield "was changed by somebody else, or at another time, than its newest version says"
    if (head.deleted_at is not None) != (last.kind in GONE):
        yield f"lies in the trash or not, unlike its newest version, which was {last.kind}"
    if head.calendar_owner != head.owner_id:
        yield "lies in a calendar of somebody else than its owner"
    derived = None if content is None else content_columns(content)
    for name, value in zip(CONTENT_COLUMNS, head.content, strict=True):
        if derived is not None and derived[name] != value:
            hint = "; `convene reindex` mends it if the rules of its zone have changed" if name in DERIVED else ""
            yield f"{name} is not that of its newest version{hint}"


async def _permission_faults(head: StoredHead, last: StoredVersion | None, stored: _Stored) -> AsyncIterator[str]:
    bounds = dict(zip(CONTENT_COLUMNS, head.content, strict=True))
    owners = []
    async for one in stored.permissions.of(head.event_id):
        if one.role == "owner" and one.revoked_at is None:
            owners.append(one.number)
        if (one.starts_at, one.ends_at) != (bounds["starts_at"], bounds["ends_at"]):
            yield f"user {one.number} has other bounds of it than it has"
        if not 0 <= one.position < stored.end:
            yield f"user {one.number} has it at a position that has not come yet"
        elif stored.ordered and last is not None and one.position < last.position:
            yield f"user {one.number} has it at a position before its newest version"
    if owners != [head.owner_id]:
        named = ", ".join(f"user {one}" for one in owners) or "nobody"
        yield f"belongs to user {head.owner_id}, but its permissions name {named} as its owner"
