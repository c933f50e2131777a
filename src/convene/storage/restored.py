"""A database whose order of changes is not its own any more: a dump that was restored on another PostgreSQL server.

There `position` is the id of a transaction, and ids are counted by the server. On another one they begin elsewhere:
rows could stand at places that will not come for years, and nobody who follows changes would see them. So all that was
there before begins anew at the first place, under a new epoch: whoever comes with an old cursor gets 410 and copies
everything once more.
"""

from __future__ import annotations

from datetime import datetime
from secrets import token_hex

from sqlalchemy import Connection, select, update

from convene.domain.digests import due_after
from convene.domain.zones import zone
from convene.storage.delivery_tables import deliveries, delivery_places, digests, reminders, webhooks
from convene.storage.positions import cluster_identity
from convene.storage.tables import database_identity, event_versions, notifications, permissions

_FIRST = 1
_LAST = 2**63 - 1


def begin_order_anew_if_moved(connection: Connection) -> None:
    """Make the order of changes that of this server, if another one wrote it. SQLite's travels with the file."""
    stored, actual = connection.execute(select(database_identity.c.cluster, cluster_identity())).one()
    if stored == actual:
        return
    if stored:
        begin_order_anew(connection)
    connection.execute(update(database_identity).values(cluster=actual))


def give_up_what_was_due(connection: Connection, now: datetime) -> None:
    """Send nothing that was due before an instant: webhooks, mails, reminders and digests."""
    due = deliveries.c.due_at.is_not(None)
    connection.execute(update(deliveries).where(due).values(due_at=None, error="given up: restored from a copy"))
    connection.execute(update(webhooks).values(busy_until=None, paused_until=None))
    connection.execute(update(reminders).values(done_until=now, due_at=now, told=None))
    late = select(digests.c.user_id, digests.c.hour, digests.c.time_zone).where(digests.c.due_at <= now)
    for user_id, hour, name in connection.execute(late).all():
        next_one = due_after(now, hour, zone(name))
        connection.execute(update(digests).where(digests.c.user_id == user_id).values(due_at=next_one))


def begin_order_anew(connection: Connection) -> None:
    """Let all that is there stand at the first place of an order of changes with a name of its own."""
    for table in (permissions, event_versions, notifications):
        connection.execute(update(table).values(position=_FIRST))
    # Those who make deliveries begin after all that; reminders are looked at once more, whatever they have seen.
    connection.execute(update(webhooks).values(since_position=_FIRST))
    connection.execute(
        update(delivery_places).where(delivery_places.c.position >= 0).values(position=_FIRST, row_id=_LAST)
    )
    connection.execute(update(reminders).values(due_at=reminders.c.done_until))
    connection.execute(update(database_identity).values(epoch=token_hex(16), position=_FIRST, pruned_position=0))
