"""The heads of events as rows: locking, and reading one or what is busy. Lists are in `lists`, writing in `writes`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, case, func, literal_column, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from convene.domain.content import EventContent, FreeBusy, Schedule, Status
from convene.domain.content_json import override_from_json, override_to_json
from convene.domain.json_types import Json
from convene.domain.patterns import pattern_from_json, pattern_to_json
from convene.domain.searching import searchable
from convene.domain.series import bounds
from convene.domain.zones import iso8601
from convene.storage.statements import Statement
from convene.storage.tables import agendas, calendars, events, permissions
from convene.storage.types import filter_only
from convene.storage.unit_of_work import UnitOfWork

_MICROSECOND = timedelta(microseconds=1)


class EventHead(NamedTuple):
    """The newest state of an event as stored, and what it is to the one who asked: their role, the halves they see."""

    id: int
    calendar_id: int
    owner_id: int
    uid: str
    version: int
    title: str
    description: str | None
    location: str | None
    status: str
    free_busy_status: str
    tags: list[str] | None
    start_local: str
    duration: int
    time_zone: str
    fold: Literal[0, 1]
    all_day: bool
    is_recurring: bool
    recurrence_pattern: dict[str, Json] | None
    overrides: dict[str, dict[str, Json]] | None
    start_time: datetime
    end_time: datetime
    starts_at: datetime
    ends_at: datetime
    split_from: int | None
    continued_by: int | None
    created_at: datetime
    updated_at: datetime
    updated_by: int
    deleted_at: datetime | None
    role: str
    split_from_seen: int | None = None
    continued_by_seen: int | None = None

    def with_content(self, content: EventContent) -> EventHead:
        """The same event with another content: an older version of it, or half of it."""
        columns = content_columns(content)
        return self._replace(**{name: columns[name] for name in CONTENT_COLUMNS if name in EventHead._fields})

    def content(self) -> EventContent:
        """The head as the value that is edited."""
        rule = self.recurrence_pattern
        return EventContent(
            title=self.title,
            description=self.description,
            location=self.location,
            status=Status(self.status),
            free_busy_status=FreeBusy(self.free_busy_status),
            tags=tuple(self.tags or ()),
            schedule=Schedule(
                start=datetime.fromisoformat(self.start_local),
                duration=timedelta(microseconds=self.duration),
                zone=self.time_zone,
                all_day=self.all_day,
                fold=self.fold,
                rule=pattern_from_json(rule) if rule else None,
            ),
            overrides=tuple(override_from_json(key, own) for key, own in (self.overrides or {}).items()),
        )


CONTENT_COLUMNS = (
    "title", "description", "location", "status", "free_busy_status", "tags",
    "start_local", "duration", "time_zone", "fold", "all_day", "is_recurring", "recurrence_pattern", "overrides",
    "start_time", "end_time", "starts_at", "ends_at", "may_block", "search_text",
)  # fmt: skip
#: What is stored of a head, whoever asks.
STORED = tuple(events.c[name] for name in EventHead._fields if name in events.c)
_other_half = permissions.alias("other_half")


def if_seen(half: ColumnElement[int | None]) -> ColumnElement[int | None]:
    """The other half of a split series, for who sees it; looked for only where there is one."""
    seen = select(_other_half.c.event_id).where(
        _other_half.c.event_id == half,
        _other_half.c.user_id == permissions.c.user_id,
        _other_half.c.revoked_at.is_(None),
    )
    return case((half.is_not(None), seen.correlate(events, permissions).scalar_subquery()))


HEAD = (*STORED, permissions.c.role, if_seen(events.c.split_from), if_seen(events.c.continued_by))


def content_columns(content: EventContent) -> dict[str, Any]:
    """The columns of a head that follow from its content."""
    schedule = content.schedule
    starts_at, ends_at = bounds(content)
    return {
        "title": content.title,
        "description": content.description,
        "location": content.location,
        "status": str(content.status),
        "free_busy_status": str(content.free_busy_status),
        "tags": list(content.tags) or None,
        "start_local": iso8601(schedule.start),
        "duration": schedule.duration // _MICROSECOND,
        "time_zone": schedule.zone,
        "fold": schedule.fold,
        "all_day": schedule.all_day,
        "is_recurring": schedule.rule is not None,
        "recurrence_pattern": pattern_to_json(schedule.rule) if schedule.rule else None,
        "overrides": {own.occurrence.isoformat(): override_to_json(own) for own in content.overrides} or None,
        "start_time": schedule.starts_at,
        "end_time": ends_at if schedule.rule is None else schedule.ends_at,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "may_block": content.may_block,
        "search_text": searchable(content),
    }


# -- the lock ------------------------------------------------------------------------------------------------

FIRST_CALENDAR = select(func.min(calendars.c.id)).where(calendars.c.owner_id == agendas.c.user_id).scalar_subquery()


def locked(until: ColumnElement[datetime]) -> dict[str, ColumnElement[Any]]:
    """What taking the lock writes, for whoever will write nothing that is dated later than `until`."""
    latest = case((agendas.c.dated_until > until, agendas.c.dated_until), else_=until)
    return {"revision": agendas.c.revision + literal_column("1"), "dated_until": latest}


_LOCKED = locked(bindparam("dated_until", type_=agendas.c.dated_until.type))
_LOCK = Statement(
    update(agendas).where(agendas.c.user_id == bindparam("owner")).values(_LOCKED).returning(FIRST_CALENDAR)
)
_LOCK_OF_EVENT = Statement(
    update(agendas)
    .where(
        agendas.c.user_id
        == select(events.c.owner_id)
        .join(permissions, permissions.c.event_id == events.c.id)
        .where(
            events.c.id == bindparam("event_id"),
            permissions.c.user_id == bindparam("me"),
            permissions.c.revoked_at.is_(None),
        )
        .scalar_subquery()
    )
    .values(_LOCKED)
    .returning(agendas.c.user_id)
)


async def lock_agenda(work: UnitOfWork, owner_id: int) -> int:
    """Take the lock on all that a user owns, and give their first calendar, where new events go.

    It is the first statement of a transaction that writes what the user owns.
    """
    row = await work.one(_LOCK, {"owner": owner_id, "dated_until": work.dated_until()})
    assert row is not None  # noqa: S101 - every user is registered with an agenda and a calendar
    return int(row[0])


async def lock_event(work: UnitOfWork, event_id: int, user_id: int) -> int | None:
    """Take the lock on the agenda that an event belongs to, if the user sees the event; gives its owner.

    Whoever waited for the lock reads again under it: the event may have changed hands meanwhile.
    """
    values = {"event_id": event_id, "me": user_id, "dated_until": work.dated_until()}
    row = await work.one(_LOCK_OF_EVENT, values)
    return None if row is None else int(row[0])


# -- reading -------------------------------------------------------------------------------------------------

SEEN_BY = (permissions.c.user_id == bindparam("me"), permissions.c.revoked_at.is_(None))
JOINED = select(*HEAD).join(permissions, permissions.c.event_id == events.c.id)
_OPEN = Statement(JOINED.where(events.c.id == bindparam("event_id"), *SEEN_BY))
OWN = permissions.join(events, permissions.c.event_id == events.c.id)


def may_be_busy(
    owner: ColumnElement[int], *, after: ColumnElement[datetime], before: ColumnElement[datetime]
) -> tuple[ColumnElement[bool], ...]:
    """Which of the permissions in `OWN` are for events that may take up time of their owner between two instants."""
    return (
        permissions.c.user_id == owner,
        permissions.c.revoked_at.is_(None),
        permissions.c.role == literal_column("'owner'"),
        filter_only(permissions.c.starts_at) < before,
        permissions.c.ends_at > after,
        events.c.may_block,
        events.c.deleted_at.is_(None),
    )


_AT_THAT_TIME = may_be_busy(
    bindparam("me", type_=permissions.c.user_id.type),
    after=bindparam("after", type_=permissions.c.ends_at.type),
    before=bindparam("before", type_=permissions.c.starts_at.type),
)
_beside = events.alias("beside")
_OWNERS_BESIDE = Statement(
    select(_beside.c.owner_id)
    .join(events, or_(_beside.c.id == events.c.split_from, _beside.c.id == events.c.continued_by))
    .where(events.c.id == bindparam("event_id"))
)
_BUSY = Statement(
    select(*STORED, permissions.c.role).select_from(OWN).where(*_AT_THAT_TIME, events.c.id != bindparam("but"))
)


async def find_event(work: UnitOfWork, event_id: int, user_id: int) -> EventHead | None:
    """Find an event, in the trash too, if a user sees it."""
    row = await work.one(_OPEN, {"event_id": event_id, "me": user_id})
    return EventHead._make(row) if row else None


async def owners_beside(work: UnitOfWork, event_id: int) -> set[int]:
    """Find who owns the halves before and after an event."""
    return {row[0] for row in await work.all(_OWNERS_BESIDE, {"event_id": event_id})}


async def busy_events(
    work: UnitOfWork, owner_id: int, after: datetime, before: datetime, *, but: int = 0
) -> list[EventHead]:
    """List the events of an owner that may take up time between two instants, except one; without halves."""
    values = {"me": owner_id, "after": after, "before": before, "but": but}
    return [EventHead(*row) for row in await work.all(_BUSY, values)]
