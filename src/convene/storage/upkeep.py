"""Walking over all events, and knowing how many there are: for operators and upkeep, not for requests."""

from __future__ import annotations

from sqlalchemy import bindparam, literal_column, select, text, update

from convene.storage.delivery_tables import reminders
from convene.storage.events import STORED, EventHead
from convene.storage.positions import transaction_position
from convene.storage.statements import Statement, Values
from convene.storage.tables import events, metadata, permissions
from convene.storage.unit_of_work import UnitOfWork

DERIVED = ("start_time", "end_time", "starts_at", "ends_at")
_TIME = events.c.starts_at.type

_PAGE = Statement(
    select(*STORED, literal_column("'owner'"))
    .where(events.c.id > bindparam("last"))
    .order_by(events.c.id)
    .limit(bindparam("most"))
)
_OWNED = Statement(
    select(events.c.id, events.c.title)
    .where(events.c.owner_id == bindparam("of_owner"), events.c.id > bindparam("last"), events.c.deleted_at.is_(None))
    .order_by(events.c.id)
    .limit(bindparam("most"))
)
_SAVE = Statement(
    update(events)
    .where(events.c.id == bindparam("event_id"), events.c.version == bindparam("seen"))
    .values({name: bindparam(f"new_{name}", type_=_TIME) for name in DERIVED})
)
_COPY = Statement(
    update(permissions)
    .where(permissions.c.event_id == bindparam("of_event"))
    .values(
        starts_at=bindparam("new_starts_at", type_=_TIME),
        ends_at=bindparam("new_ends_at", type_=_TIME),
        position=transaction_position(),
    )
)
_LOOK_AGAIN = Statement(
    update(reminders).where(reminders.c.event_id == bindparam("of_event")).values(due_at=bindparam("now", type_=_TIME))
)

#: Tables of PostgreSQL with more than twice the rows that it knew of when it last looked; -1 is for never. With some
#: hundreds, no plan is bad; and rows of queues come and go: it is growth that counts, not change.
_GROWN = Statement(
    text(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace "
        "AND pg_has_role(relowner, 'USAGE') AND pg_stat_get_live_tuples(oid) > 2 * greatest(reltuples, 0) + 500"
    )
)
#: What another process looks at already is left to it.
_LOOK = {name: Statement(text(f"ANALYZE (SKIP_LOCKED) {name}")) for name in metadata.tables}


async def look_at_what_has_grown(work: UnitOfWork) -> list[str]:
    """Let PostgreSQL look at tables that have grown much, so that all connections make plans anew; gives which.

    On SQLite, where a plan depends on no numbers, there is nothing to do.
    """
    if work.dialect_name != "postgresql":
        return []
    grown = [name for (name,) in await work.all(_GROWN) if name in _LOOK]
    for name in grown:
        await work.all(_LOOK[name])
    return grown


async def page_of_events(work: UnitOfWork, last: int, most: int) -> list[EventHead]:
    """Read events with ids above one, whoever owns them."""
    return [EventHead(*row) for row in await work.all(_PAGE, {"last": last, "most": most})]


async def page_of_owned(work: UnitOfWork, owner_id: int, last: int, most: int) -> list[tuple[int, str]]:
    """Read ids above one, and titles, of the events of a user that do not lie in the trash."""
    return [(row[0], row[1]) for row in await work.all(_OWNED, {"of_owner": owner_id, "last": last, "most": most})]


async def save_derived(work: UnitOfWork, head: EventHead, columns: Values) -> bool:
    """Write what is derived from a content: on the head, where it is copied to, and for when its reminders wait.

    Returns:
        False where the head has moved meanwhile; nothing is written then.
    """
    values = {f"new_{name}": columns[name] for name in DERIVED} | {"of_event": head.id, "now": work.now}
    if not await work.run(_SAVE, {**values, "event_id": head.id, "seen": head.version}):
        return False
    await work.run(_COPY, values)
    await work.run(_LOOK_AGAIN, values)
    return True
