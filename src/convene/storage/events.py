"""Events as rows: the head of each, who sees it, and its versions, written together.

What user U sees between A and B is one scan of `permissions (user_id, ends_at, starts_at)`, joined to events.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import and_, bindparam, func, insert, literal_column, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from convene.domain.content import (
    EventContent,
    FreeBusy,
    Json,
    Schedule,
    Status,
    override_from_json,
    override_to_json,
    to_json,
)
from convene.domain.patterns import pattern_from_json, pattern_to_json
from convene.domain.series import bounds
from convene.storage.statements import Statement, Values, inserting
from convene.storage.tables import agendas, calendars, event_versions, events, permissions
from convene.storage.types import transaction_position
from convene.storage.unit_of_work import UnitOfWork


class EventHead(NamedTuple):
    """The newest state of an event as stored, and the role of the one who asked."""

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
    duration: float
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

    def with_content(self, content: EventContent) -> EventHead:
        """The same event with another content: an older version of it, or half of it."""
        columns = content_columns(content)
        return self._replace(**{name: columns[name] for name in _CONTENT if name in EventHead._fields})

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
                duration=timedelta(seconds=self.duration),
                zone=self.time_zone,
                all_day=self.all_day,
                fold=self.fold,
                rule=pattern_from_json(rule) if rule else None,
            ),
            overrides=tuple(override_from_json(key, own) for key, own in (self.overrides or {}).items()),
        )


_CONTENT = (
    *("title", "description", "location", "status", "free_busy_status", "tags"),
    *("start_local", "duration", "time_zone", "fold", "all_day", "is_recurring", "recurrence_pattern", "overrides"),
    *("start_time", "end_time", "starts_at", "ends_at", "may_block"),
)
_HEAD = (*(events.c[name] for name in EventHead._fields if name != "role"), permissions.c.role)


def content_columns(content: EventContent) -> dict[str, Any]:
    """The columns of a head that follow from its content."""
    schedule = content.schedule
    starts_at, ends_at = bounds(content)
    return {
        "title": content.title,
        "description": content.description,
        "location": content.location,
        "status": content.status.value,
        "free_busy_status": content.free_busy_status.value,
        "tags": list(content.tags) or None,
        "start_local": schedule.start.isoformat(),
        "duration": schedule.duration.total_seconds(),
        "time_zone": schedule.zone,
        "fold": schedule.fold,
        "all_day": schedule.all_day,
        "is_recurring": schedule.rule is not None,
        "recurrence_pattern": pattern_to_json(schedule.rule) if schedule.rule else None,
        "overrides": {own.occurrence.isoformat(): override_to_json(own) for own in content.overrides} or None,
        "start_time": schedule.starts_at,
        "end_time": schedule.ends_at,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "may_block": content.may_block,
    }


# -- the lock ------------------------------------------------------------------------------------------------

_LOCK = Statement(
    update(agendas)
    .where(agendas.c.user_id == bindparam("owner"))
    .values(revision=agendas.c.revision + 1)
    .returning(
        select(func.min(calendars.c.id)).where(calendars.c.owner_id == agendas.c.user_id).scalar_subquery()
    )
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
    .values(revision=agendas.c.revision + 1)
    .returning(agendas.c.user_id)
)


async def lock_agenda(work: UnitOfWork, owner_id: int) -> int:
    """Take the lock on all that a user owns, and give their first calendar, where new events go.

    It is the first statement of a transaction that writes what the user owns.
    """
    row = await work.one(_LOCK, {"owner": owner_id})
    assert row is not None  # noqa: S101 - every user is registered with an agenda and a calendar
    return int(row[0])


async def lock_event(work: UnitOfWork, event_id: int, user_id: int) -> int | None:
    """Take the lock on the agenda that an event belongs to, if the user sees the event; gives its owner.

    Whoever waited for the lock reads again under it: the event may have changed hands meanwhile.
    """
    row = await work.one(_LOCK_OF_EVENT, {"event_id": event_id, "me": user_id})
    return None if row is None else int(row[0])


# -- reading -------------------------------------------------------------------------------------------------

_SEEN_BY = (permissions.c.user_id == bindparam("me"), permissions.c.revoked_at.is_(None))
_JOINED = select(*_HEAD).join(permissions, permissions.c.event_id == events.c.id)
_OPEN = Statement(_JOINED.where(events.c.id == bindparam("event_id"), *_SEEN_BY))
_BUSY = Statement(
    _JOINED.where(
        *_SEEN_BY,
        permissions.c.role == literal_column("'owner'"),
        permissions.c.starts_at < bindparam("before", type_=permissions.c.starts_at.type),
        permissions.c.ends_at > bindparam("after", type_=permissions.c.ends_at.type),
        events.c.may_block,
        events.c.deleted_at.is_(None),
        events.c.id != bindparam("but"),
    )
)
_TRASH = Statement(
    _JOINED.where(
        *_SEEN_BY,
        events.c.owner_id == bindparam("me"),
        events.c.deleted_at > bindparam("since", type_=events.c.deleted_at.type),
        or_(
            events.c.deleted_at < bindparam("last", type_=events.c.deleted_at.type),
            and_(
                events.c.deleted_at == bindparam("last", type_=events.c.deleted_at.type),
                events.c.id < bindparam("last_id"),
            ),
        ),
    )
    .order_by(events.c.deleted_at.desc(), events.c.id.desc())
    .limit(bindparam("most"))
)


async def find_event(work: UnitOfWork, event_id: int, user_id: int) -> EventHead | None:
    """Find an event, in the trash too, if a user sees it."""
    row = await work.one(_OPEN, {"event_id": event_id, "me": user_id})
    return EventHead._make(row) if row else None


async def busy_events(
    work: UnitOfWork, owner_id: int, after: datetime, before: datetime, *, but: int = 0
) -> list[EventHead]:
    """List the events of an owner that may take up time between two instants, except one."""
    values = {"me": owner_id, "after": after, "before": before, "but": but}
    return [EventHead._make(row) for row in await work.all(_BUSY, values)]


async def trashed_events(
    work: UnitOfWork, owner_id: int, since: datetime, last: tuple[datetime, int], most: int
) -> list[EventHead]:
    """List what an owner has thrown away since an instant, newest first, after the place `last`."""
    values = {"me": owner_id, "since": since, "last": last[0], "last_id": last[1], "most": most}
    return [EventHead._make(row) for row in await work.all(_TRASH, values)]


class EventFilter(NamedTuple):
    """What to list; None means any. `window` is a half-open pair of instants."""

    window: tuple[datetime, datetime] | None = None
    q: str | None = None
    role: str | None = None
    owner_id: int | None = None
    calendar_id: int | None = None
    is_recurring: bool | None = None
    updated_since: datetime | None = None

    def values(self) -> dict[str, Any]:
        """The filters that are set, as values of a statement."""
        found = {name: value for name, value in self._asdict().items() if value is not None and name != "window"}
        if self.q is not None:
            found["q"] = "%" + self.q.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        if self.window is not None:
            found["after"], found["before"] = self.window
        return found


_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "q": or_(
        *(
            func.lower(column).like(bindparam("q"), escape="\\")
            for column in (events.c.title, events.c.description, events.c.location)
        )
    ),
    "role": permissions.c.role == bindparam("role"),
    "owner_id": events.c.owner_id == bindparam("owner_id"),
    "calendar_id": events.c.calendar_id == bindparam("calendar_id"),
    "is_recurring": events.c.is_recurring == bindparam("is_recurring"),
    "updated_since": events.c.updated_at >= bindparam("updated_since", type_=events.c.updated_at.type),
    "after": permissions.c.ends_at > bindparam("after", type_=permissions.c.ends_at.type),
    "before": permissions.c.starts_at < bindparam("before", type_=permissions.c.starts_at.type),
    "last": or_(
        permissions.c.starts_at > bindparam("last", type_=permissions.c.starts_at.type),
        and_(
            permissions.c.starts_at == bindparam("last", type_=permissions.c.starts_at.type),
            permissions.c.event_id > bindparam("last_id"),
        ),
    ),
}
# One statement for each set of filters that is in use: there are few, and each is compiled once.
_LISTS: dict[frozenset[str], Statement] = {}


def _list_statement(names: frozenset[str]) -> Statement:
    if names not in _LISTS:
        _LISTS[names] = Statement(
            _JOINED.where(
                *_SEEN_BY,
                events.c.deleted_at.is_(None),
                *(condition for name, condition in _CONDITIONS.items() if name in names),
            )
            .order_by(permissions.c.starts_at, permissions.c.event_id)
            .limit(bindparam("most"))
        )
    return _LISTS[names]


async def list_events(
    work: UnitOfWork, user_id: int, chosen: EventFilter, *, last: tuple[datetime, int] | None = None, most: int
) -> list[EventHead]:
    """List the events that a user sees, in order of (starts_at, id), after the place `last`, at most `most`."""
    values = chosen.values()
    if last is not None:
        values["last"], values["last_id"] = last
    statement = _list_statement(frozenset(values))
    rows = await work.all(statement, {**values, "me": user_id, "most": most})
    return [EventHead._make(row) for row in rows]


# -- writing -------------------------------------------------------------------------------------------------

_NEW = ("calendar_id", "owner_id", "uid", "version", *_CONTENT, "split_from", "created_at", "updated_at", "updated_by")
_INSERT = Statement(inserting(events, *_NEW).returning(events.c.id))
_INSERT_OWNER = Statement(
    insert(permissions).values(
        event_id=bindparam("event_id"),
        user_id=bindparam("owner_id"),
        role="owner",
        starts_at=bindparam("starts_at", type_=permissions.c.starts_at.type),
        ends_at=bindparam("ends_at", type_=permissions.c.ends_at.type),
        position=transaction_position(),
        created_at=bindparam("created_at", type_=permissions.c.created_at.type),
        updated_at=bindparam("updated_at", type_=permissions.c.updated_at.type),
        granted_by=bindparam("updated_by"),
    )
)
_VERSION = (
    *("event_id", "version_number", "kind", "data", "base_version", "created_by", "created_at", "change_description"),
)
_INSERT_VERSION = Statement(inserting(event_versions, *_VERSION))


def _insert_at_once() -> Statement:
    """PostgreSQL's form of the three inserts: one statement, one round trip."""
    new = inserting(events, *_NEW).returning(events.c.id).cte("new")
    permission = (
        insert(permissions)
        .from_select(
            ["event_id", "user_id", "role", "starts_at", "ends_at"]
            + ["position", "created_at", "updated_at", "granted_by"],
            select(
                new.c.id,
                bindparam("owner_id", type_=events.c.owner_id.type),
                literal_column("'owner'"),
                bindparam("starts_at", type_=permissions.c.starts_at.type),
                bindparam("ends_at", type_=permissions.c.ends_at.type),
                transaction_position(),
                bindparam("created_at", type_=permissions.c.created_at.type),
                bindparam("updated_at", type_=permissions.c.updated_at.type),
                bindparam("updated_by", type_=permissions.c.granted_by.type),
            ),
        )
        .cte("permission")
    )
    version = insert(event_versions).from_select(
        list(_VERSION),
        select(
            new.c.id,
            bindparam("version", type_=event_versions.c.version_number.type),
            bindparam("kind", type_=event_versions.c.kind.type),
            bindparam("data", type_=event_versions.c.data.type),
            bindparam("base_version", type_=event_versions.c.base_version.type),
            bindparam("updated_by", type_=event_versions.c.created_by.type),
            bindparam("created_at", type_=event_versions.c.created_at.type),
            bindparam("change_description", type_=event_versions.c.change_description.type),
        ),
    )
    return Statement(version.add_cte(permission).returning(event_versions.c.event_id))


_INSERT_AT_ONCE = _insert_at_once()


class NewEvent(NamedTuple):
    """What an event is born with, besides its content."""

    content: EventContent
    uid: str
    owner_id: int
    calendar_id: int
    created_by: int
    split_from: int | None = None
    change_description: str | None = None


async def insert_events(work: UnitOfWork, new: Sequence[NewEvent]) -> list[int]:
    """Write new events, each with its owner's permission and its first version; gives their ids in order."""
    rows = [_new_row(work, event) for event in new]
    if work.dialect_name == "postgresql":
        return [int(row[0]) for row in await work.each(_INSERT_AT_ONCE, rows)]
    ids = [int(row[0]) for row in await work.each(_INSERT, rows)]
    for row, event_id in zip(rows, ids, strict=True):
        row |= {"event_id": event_id, "version_number": 1}
    await work.many(_INSERT_OWNER, rows)
    await work.many(_INSERT_VERSION, [{**row, "created_by": row["updated_by"]} for row in rows])
    return ids


def _new_row(work: UnitOfWork, event: NewEvent) -> dict[str, Any]:
    return {
        **content_columns(event.content),
        "calendar_id": event.calendar_id,
        "owner_id": event.owner_id,
        "uid": event.uid,
        "version": 1,
        "split_from": event.split_from,
        "created_at": work.now,
        "updated_at": work.now,
        "updated_by": event.created_by,
        "kind": "created",
        "data": to_json(event.content),
        "base_version": None,
        "change_description": event.change_description,
    }


def head_of_new(work: UnitOfWork, new: NewEvent, event_id: int) -> EventHead:
    """The head of an event that this unit of work has just written, as its owner sees it."""
    row = _new_row(work, new)
    unset = {"continued_by": None, "deleted_at": None, "role": "owner"}
    return EventHead._make(({**row, **unset, "id": event_id})[name] for name in EventHead._fields)


_ADVANCE = Statement(
    update(events)
    .where(events.c.id == bindparam("event_id"), events.c.version == bindparam("seen"))
    .values(
        {
            **{name: bindparam(f"new_{name}", type_=events.c[name].type) for name in _CONTENT},
            "version": events.c.version + 1,
            "updated_at": bindparam("at", type_=events.c.updated_at.type),
            "updated_by": bindparam("by", type_=events.c.updated_by.type),
            "deleted_at": bindparam("deleted", type_=events.c.deleted_at.type),
        }
    )
    .returning(events.c.version)
)
_TOUCH = Statement(
    update(permissions)
    .where(permissions.c.event_id == bindparam("seen_event"))
    .values(
        starts_at=bindparam("new_starts_at", type_=permissions.c.starts_at.type),
        ends_at=bindparam("new_ends_at", type_=permissions.c.ends_at.type),
        position=transaction_position(),
    )
)


async def advance_event(
    work: UnitOfWork, head: EventHead, content: EventContent, *, by: int, deleted_at: datetime | None
) -> EventHead | None:
    """Put a new content on the head of an event, one version further; None when the head has moved.

    The copies of its bounds and the positions of all who see it, or saw it, move along.
    """
    columns = content_columns(content)
    values = {f"new_{name}": value for name, value in columns.items()}
    where = {"event_id": head.id, "seen": head.version, "at": work.now, "by": by, "deleted": deleted_at}
    row = await work.one(_ADVANCE, {**values, **where})
    if row is None:
        return None
    await work.run(_TOUCH, {**values, "seen_event": head.id})
    return head.with_content(content)._replace(
        version=int(row[0]), updated_at=work.now, updated_by=by, deleted_at=deleted_at
    )


async def insert_version(work: UnitOfWork, values: Values) -> None:
    """Write one version row: event_id, version_number, kind, data, base_version, created_by, created_at, ..."""
    await work.run(_INSERT_VERSION, values)


_CONTINUE = Statement(
    update(events).where(events.c.id == bindparam("event_id")).values(continued_by=bindparam("later"))
)
_HAND_OVER = Statement(
    update(events)
    .where(events.c.id == bindparam("event_id"))
    .values(owner_id=bindparam("to_user"), calendar_id=bindparam("to_calendar"))
)


async def link_halves(work: UnitOfWork, earlier: int, later: int) -> None:
    """Let the earlier half of a split series know the later one."""
    await work.run(_CONTINUE, {"event_id": earlier, "later": later})


async def hand_over(work: UnitOfWork, event_id: int, user_id: int, calendar_id: int) -> None:
    """Put an event into another user's agenda and calendar.

    Raises:
        Duplicate: the new owner has an event with the same uid.
    """
    await work.run(_HAND_OVER, {"event_id": event_id, "to_user": user_id, "to_calendar": calendar_id})
