"""The tables of what goes out by itself: webhooks, deliveries, reminders, digests; `tables` has the calendar."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from convene.storage.naming import metadata, user_id_column, where
from convene.storage.types import BigId, Json, UtcDateTime

# What somebody does not want to hear of: one event, or one kind on one channel (live, email).
notification_mutes = Table(
    "notification_mutes",
    metadata,
    user_id_column("user_id"),
    Column("event_id", BigId, ForeignKey("events.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("user_id", "event_id"),
    Index(None, "event_id"),
)
notification_preferences = Table(
    "notification_preferences",
    metadata,
    user_id_column("user_id"),
    Column("kind", String(30), nullable=False),
    Column("live", Boolean, nullable=False),
    Column("email", Boolean, nullable=False),
    PrimaryKeyConstraint("user_id", "kind"),
)

# Where somebody wants to be told by machine, and how that has been going.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", BigId, primary_key=True),
    user_id_column("user_id"),
    Column("url", String(2000), nullable=False),
    Column("kinds", Json),  # NULL is all
    Column("active", Boolean, nullable=False),
    Column("switched_off", String(20)),
    Column("secret", String(64), nullable=False),
    # The secret before the last rotation signs too, until then.
    Column("former_secret", String(64)),
    Column("former_until", UtcDateTime),
    # What was told before it was there, or while it was switched off, does not concern it.
    Column("since_position", BigId, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", UtcDateTime),
    # One process delivers to it until then, unless it is done earlier; a process that dies leaves it to others then.
    Column("busy_until", UtcDateTime),
    Column("paused_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "user_id"),
    sqlite_autoincrement=True,
)

# What goes out, and how that went. It is due until it has arrived or been given up: `due_at` says when to try.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("message_id", String(40), nullable=False, unique=True),
    user_id_column("user_id"),
    Column("channel", String(10), nullable=False),
    Column("webhook_id", BigId, ForeignKey("webhooks.id")),
    Column("event_id", BigId, ForeignKey("events.id")),
    Column("notification_id", BigId),  # no foreign key: the bell forgets earlier than the log
    Column("kind", String(30), nullable=False),
    Column("payload", Text),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime),
    Column("attempted_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("status_code", Integer),
    Column("error", String(200)),
    Column("duration_ms", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Index(
        "ix_deliveries_due",
        "channel",
        "due_at",
        **where("due_at IS NOT NULL"),
    ),
    Index(None, "webhook_id", "id"),
    Index(None, "event_id"),
    Index(None, "notification_id"),
    Index(None, "created_at"),
    Index(None, "user_id", "created_at"),
    sqlite_autoincrement=True,
)

# How far each reader that makes deliveries of what has been written has come, in the order of changes.
delivery_places = Table(
    "delivery_places",
    metadata,
    Column("reader", String(20), primary_key=True),
    Column("position", BigId, nullable=False),
    Column("row_id", BigId, nullable=False),
)

reminders = Table(
    "reminders",
    metadata,
    Column("event_id", BigId, ForeignKey("events.id"), nullable=False),
    user_id_column("user_id"),
    Column("minutes", Integer, nullable=False),
    # Everything that was to be told until then has been told.
    Column("done_until", UtcDateTime, nullable=False),
    # When to look at it next; NULL when there is nothing to wait for, as the event stands.
    Column("due_at", UtcDateTime),
    # The beginnings that were told before they came; NULL is all that was due, as the event stood.
    Column("told", Json),
    PrimaryKeyConstraint("event_id", "user_id", "minutes"),
    Index(None, "user_id"),
    Index(
        "ix_reminders_due",
        "due_at",
        **where("due_at IS NOT NULL"),
    ),
)

# Who wants a mail about each day, at which hour of which zone, and when the next one is due.
digests = Table(
    "digests",
    metadata,
    Column("user_id", BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("hour", Integer, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Index(None, "due_at"),
)
