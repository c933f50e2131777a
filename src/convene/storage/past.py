"""Events as they were: one statement for all that a user sees and that has been changed after an instant.

What has not been changed since is in `lists`: it was then as it is now. The bounds of a permission are those of now, so
no index finds what was in a window then; the user's permissions are read once, and of each event's versions the last
one of that time is found by its key.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, literal_column, or_, select
from sqlalchemy.sql.elements import ColumnElement

from convene.domain.content import EventContent
from convene.domain.json_types import Json
from convene.storage.events import SEEN_BY, EventHead, content_columns, if_seen
from convene.storage.lists import EventFilter
from convene.storage.statements import Statement
from convene.storage.tables import event_versions, events, permissions
from convene.storage.unit_of_work import UnitOfWork


class PastRow(NamedTuple):
    """What stays the same about an event, the role of the one who asked, and the version that was newest then."""

    id: int
    calendar_id: int
    owner_id: int
    uid: str
    split_from: int | None
    continued_by: int | None
    created_at: datetime
    role: str
    split_from_seen: int | None
    continued_by_seen: int | None
    version: int
    updated_at: datetime
    updated_by: int
    data: dict[str, Json]

    def head(self, content: EventContent) -> EventHead:
        """The event with what it was then, `content`, which is `data` read."""
        row = {**content_columns(content), **self._asdict(), "deleted_at": None}
        return EventHead._make(row[name] for name in EventHead._fields)


_MOMENT = bindparam("moment", type_=events.c.updated_at.type)
_earlier = event_versions.alias("earlier")
_NEWEST_THEN = (
    select(_earlier.c.version_number)
    .where(_earlier.c.event_id == events.c.id, _earlier.c.created_at <= _MOMENT)
    .order_by(_earlier.c.version_number.desc())
    .limit(1)
    .correlate(events)
    .scalar_subquery()
)
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "role": permissions.c.role == bindparam("role"),
    "owner_id": events.c.owner_id == bindparam("owner_id"),
    "calendar_id": events.c.calendar_id == bindparam("calendar_id"),
}
_CHANGED: dict[frozenset[str], Statement] = {}


def _changed_statement(names: frozenset[str]) -> Statement:
    if names not in _CHANGED:
        changed = (
            select(
                *(events.c[name] for name in PastRow._fields[:7]),
                permissions.c.role,
                if_seen(events.c.split_from).label("split_from_seen"),
                if_seen(events.c.continued_by).label("continued_by_seen"),
                _NEWEST_THEN.label("newest"),
            )
            .join(permissions, permissions.c.event_id == events.c.id)
            .where(
                *SEEN_BY,
                events.c.updated_at > _MOMENT,
                events.c.created_at <= _MOMENT,
                # What is in the trash now, its owner still sees there.
                or_(
                    events.c.deleted_at.is_(None),
                    and_(
                        permissions.c.role == literal_column("'owner'"),
                        events.c.deleted_at > bindparam("trashed_since", type_=events.c.deleted_at.type),
                    ),
                ),
                *(_CONDITIONS[name] for name in sorted(names)),
            )
            # It also keeps PostgreSQL from looking for the newest version again for each version that there is.
            .limit(bindparam("most"))
            .subquery("changed")
        )
        then = (event_versions.c[name] for name in ("version_number", "created_at", "created_by", "data"))
        its_version = and_(
            event_versions.c.event_id == changed.c.id, event_versions.c.version_number == changed.c.newest
        )
        _CHANGED[names] = Statement(
            select(*(column for column in changed.c if column is not changed.c.newest), *then)
            .join(event_versions, its_version)
            .where(event_versions.c.kind.not_in((literal_column("'deleted'"), literal_column("'rejoined'")))),
            is_long=True,
        )
    return _CHANGED[names]


async def changed_since(
    work: UnitOfWork, user_id: int, chosen: EventFilter, moment: datetime, *, trashed_since: datetime, most: int
) -> list[PastRow]:
    """List what a user sees and was there at an instant, but has been changed after it; in no order, at most `most`.

    Of the filter, only those count that are about what does not change: role, owner and calendar, which are of now.
    """
    values = {name: value for name, value in chosen.values().items() if name in _CONDITIONS}
    statement = _changed_statement(frozenset(values))
    asked = {**values, "me": user_id, "moment": moment, "trashed_since": trashed_since, "most": most}
    return [PastRow._make(row) for row in await work.all(statement, asked)]
