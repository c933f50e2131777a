"""Lists of events: what a user sees is one scan of one index, joined to events.

With a window that is `permissions (user_id, ends_at, starts_at)`, without `permissions (user_id, starts_at, event_id)`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, exists, literal_column, or_, tuple_
from sqlalchemy.sql.elements import ColumnElement

from convene.domain.searching import term
from convene.storage.events import JOINED, SEEN_BY, EventHead
from convene.storage.statements import Statement
from convene.storage.tables import event_versions, events, permissions
from convene.storage.types import filter_only
from convene.storage.unit_of_work import UnitOfWork


class EventFilter(NamedTuple):
    """What to list; None means any. `window` is a half-open pair of instants, None where it has no start or no end.

    `unchanged_since` leaves out what has been changed after an instant: the others were then as they are now.
    `may_block` says whether they may take up time.
    """

    window: tuple[datetime | None, datetime | None] | None = None
    q: str | None = None
    role: str | None = None
    owner_id: int | None = None
    calendar_id: int | None = None
    is_recurring: bool | None = None
    updated_since: datetime | None = None
    unchanged_since: datetime | None = None
    may_block: bool | None = None

    def values(self) -> dict[str, Any]:
        """The filters that are set, as values of a statement."""
        found = {name: value for name, value in self._asdict().items() if value is not None and name != "window"}
        if self.q is not None:
            found["q"] = "%" + term(self.q).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        after, before = self.window or (None, None)
        edges = {"after": after, "before": before}
        return found | {name: edge for name, edge in edges.items() if edge is not None}


_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "q": events.c.search_text.like(bindparam("q"), escape="\\"),
    "role": permissions.c.role == bindparam("role"),
    "owner_id": events.c.owner_id == bindparam("owner_id"),
    "calendar_id": events.c.calendar_id == bindparam("calendar_id"),
    "is_recurring": events.c.is_recurring == bindparam("is_recurring"),
    "updated_since": events.c.updated_at >= bindparam("updated_since", type_=events.c.updated_at.type),
    "unchanged_since": events.c.updated_at <= bindparam("unchanged_since", type_=events.c.updated_at.type),
    "may_block": events.c.may_block == bindparam("may_block"),
    "after": permissions.c.ends_at > bindparam("after", type_=permissions.c.ends_at.type),
    "before": filter_only(permissions.c.starts_at) < bindparam("before", type_=permissions.c.starts_at.type),
    # As one comparison of pairs, an index can be entered here; as an OR, each page would read all pages before it.
    "last": tuple_(permissions.c.starts_at, permissions.c.event_id)
    > tuple_(
        bindparam("last", type_=permissions.c.starts_at.type), bindparam("last_id", type_=permissions.c.event_id.type)
    ),
}
#: What an index finds or bounds. By anything else, all that somebody sees may be looked through.
_BY_INDEX = frozenset(("after", "before", "last", "last_id"))
# One statement for each set of filters that is in use: there are few, and each is compiled once.
_LISTS: dict[frozenset[str], Statement] = {}


def _list_statement(names: frozenset[str]) -> Statement:
    start = permissions.c.starts_at
    if names not in _LISTS:
        _LISTS[names] = Statement(
            JOINED.where(
                *SEEN_BY,
                events.c.deleted_at.is_(None),
                *(condition for name, condition in _CONDITIONS.items() if name in names),
            )
            .order_by(filter_only(start) if "before" in names else start, permissions.c.event_id)
            .limit(bindparam("most")),
            is_long=not names <= _BY_INDEX,
        )
    return _LISTS[names]


async def list_events(
    work: UnitOfWork,
    user_id: int,
    chosen: EventFilter,
    *,
    last: tuple[datetime, int] | None = None,
    most: int,
) -> list[EventHead]:
    """List the events that a user sees, in order of (starts_at, id), after the place `last`, at most `most`."""
    values = chosen.values()
    if last is not None:
        values["last"], values["last_id"] = last
    statement = _list_statement(frozenset(values))
    rows = await work.all(statement, {**values, "me": user_id, "most": most})
    return [EventHead._make(row) for row in rows]


#: A half that was rejoined is in its series again: nobody has thrown it away.
_WAS_REJOINED = exists().where(
    event_versions.c.event_id == events.c.id,
    event_versions.c.version_number == events.c.version,
    event_versions.c.kind == literal_column("'rejoined'"),
)
_TRASH = Statement(
    JOINED.where(
        *SEEN_BY,
        ~_WAS_REJOINED,
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


async def trashed_events(
    work: UnitOfWork, owner_id: int, since: datetime, last: tuple[datetime, int], most: int
) -> list[EventHead]:
    """List what an owner has thrown away since an instant, newest first, after the place `last`."""
    values = {"me": owner_id, "since": since, "last": last[0], "last_id": last[1], "most": most}
    return [EventHead._make(row) for row in await work.all(_TRASH, values)]
