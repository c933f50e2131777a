"""The schema at one sight. The Alembic chain in `convene/migrations` leads here; `alembic check` proves it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from convene.storage import delivery_tables
from convene.storage.naming import user_id_column, where
from convene.storage.types import BigId, Json, UtcDateTime

#: The same for all tables: those of `delivery_tables` are in it too.
metadata = delivery_tables.deliveries.metadata

users = Table(
    "users",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("username", String(50), nullable=False),
    # Names are unique without regard to case, also outside ASCII: NFKC and case folding, done in Python, because
    # the two databases disagree about lower().
    # Found by its beginning, which is a range of names only where they are in the order of their letters' numbers.
    Column(
        "username_folded",
        String(200).with_variant(String(200, collation="C"), "postgresql"),
        nullable=False,
        unique=True,
    ),
    Column("email", String(254), nullable=False),
    Column("email_folded", String(400), nullable=False, unique=True),
    Column("display_name", String(100)),
    Column("hashed_password", String(200), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

# One narrow row for all that a user owns. `UPDATE agendas SET revision = revision + 1` is the first statement of
# every transaction that writes an event: it is the lock.
agendas = Table(
    "agendas",
    metadata,
    Column("user_id", BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("revision", BigId, nullable=False),
    # No version of what is in it is dated later; null where that is not known.
    Column("dated_until", UtcDateTime),
)

calendars = Table(
    "calendars",
    metadata,
    Column("id", BigId, primary_key=True),
    user_id_column("owner_id"),
    Column("name", String(100), nullable=False),
    Column("color", String(20)),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "owner_id"),
    sqlite_autoincrement=True,
)

# The head of each event: the fields of its newest content, plus what is derived from them for searching.
events = Table(
    "events",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("calendar_id", BigId, ForeignKey("calendars.id"), nullable=False),
    user_id_column("owner_id"),
    Column("uid", String(255), nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", String(255), nullable=False),
    Column("description", Text),
    Column("location", String(500)),
    Column("status", String(20), nullable=False),
    Column("free_busy_status", String(10), nullable=False),
    Column("tags", Json),
    # The truth about when: wall time, zone, duration in microseconds (and which pass of a repeated hour).
    Column("start_local", String(26), nullable=False),
    Column("duration", BigInteger, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("fold", Integer, nullable=False),
    Column("all_day", Boolean, nullable=False),
    Column("is_recurring", Boolean, nullable=False),
    Column("recurrence_pattern", Json),
    Column("overrides", Json),
    # Derived: the first occurrence, and the bounds of the whole series (ends_at padded, see domain.series.bounds).
    Column("start_time", UtcDateTime, nullable=False),
    Column("end_time", UtcDateTime, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("may_block", Boolean, nullable=False),
    Column("search_text", Text, nullable=False),  # see domain.searching
    Column("split_from", BigId, ForeignKey("events.id")),
    Column("continued_by", BigId, ForeignKey("events.id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    user_id_column("updated_by"),
    Column("deleted_at", UtcDateTime),
    UniqueConstraint("owner_id", "uid"),
    Index(None, "owner_id", "deleted_at"),
    Index(None, "calendar_id"),
    # Whoever is referred to cannot be deleted before somebody has looked who refers to it.
    Index(
        "ix_events_split_from",
        "split_from",
        **where("split_from IS NOT NULL"),
    ),
    Index(
        "ix_events_continued_by",
        "continued_by",
        **where("continued_by IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

# Which event began as the later half of which: what `split_from` says as long as no half is split again, and for ever.
splits = Table(
    "splits",
    metadata,
    Column("later_id", BigId, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("earlier_id", BigId, ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("version_number", Integer, nullable=False),  # the first of the earlier half that is only a half
    Column("occurrence", String(26), nullable=False),  # the wall time that named the later half's first one then
    Index(None, "earlier_id"),
)

# Who sees an event, with copies of its bounds: what user U sees between A and B is one scan of one index.
permissions = Table(
    "permissions",
    metadata,
    Column("event_id", BigId, ForeignKey("events.id"), nullable=False),
    user_id_column("user_id"),
    Column("role", String(10), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("position", BigId, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    user_id_column("granted_by"),
    # A revoked permission stays as a tombstone, so that the one who lost it can be told.
    Column("revoked_at", UtcDateTime),
    PrimaryKeyConstraint("event_id", "user_id"),
    CheckConstraint("role IN ('owner', 'editor', 'viewer')", name="role"),
    Index(None, "user_id", "ends_at", "starts_at"),
    Index(None, "user_id", "starts_at", "event_id"),
    Index(None, "user_id", "position", "event_id"),
    sqlite_with_rowid=False,
)

event_versions = Table(
    "event_versions",
    metadata,
    Column("event_id", BigId, ForeignKey("events.id"), nullable=False),
    Column("version_number", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("data", Json, nullable=False),
    Column("base_version", Integer),
    user_id_column("created_by"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("change_description", String(500)),
    # Whoever tells others of versions reads them in this order and remembers how far it came: the log is the outbox.
    Column("position", BigId, nullable=False, server_default="0"),
    PrimaryKeyConstraint("event_id", "version_number"),
    Index(None, "position"),
)

event_change_log = Table(
    "event_change_log",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("event_id", BigId, ForeignKey("events.id"), nullable=False),
    Column("version_number", Integer, nullable=False),
    Column("field_name", String(64), nullable=False),
    Column("old_value", Json),
    Column("new_value", Json),
    user_id_column("created_by"),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "event_id", "id"),
)

# The losing side of a refused merge, kept for its author.
shelved_edits = Table(
    "shelved_edits",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("event_id", BigId, ForeignKey("events.id"), nullable=False),
    user_id_column("author_id"),
    Column("base_version", Integer, nullable=False),
    Column("current_version", Integer, nullable=False),
    Column("data", Json, nullable=False),
    Column("conflicts", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "event_id", "author_id", "id"),
    sqlite_autoincrement=True,
)

# What somebody should hear of; written in the transaction that it tells of.
notifications = Table(
    "notifications",
    metadata,
    Column("id", BigId, primary_key=True),
    user_id_column("user_id"),
    Column("event_id", BigId, ForeignKey("events.id")),
    Column("kind", String(30), nullable=False),
    Column("actor_id", BigId, ForeignKey("users.id")),
    Column("title", String(255), nullable=False),
    Column("role", String(10)),
    Column("from_version", Integer),
    Column("version_number", Integer),
    # How many edits have been folded into it.
    Column("edits", Integer, nullable=False),
    Column("position", BigId, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),
    # Of a reminder: when what it reminds of begins.
    Column("begins_at", UtcDateTime),
    Index(None, "user_id", "position", "id"),
    Index(None, "position", "id"),
    Index(None, "event_id"),
    Index(
        "ix_notifications_invitations",
        "actor_id",
        "created_at",
        **where("kind = 'shared'"),
    ),
    Index(
        "ix_notifications_unread",
        "user_id",
        "event_id",
        **where("read_at IS NULL"),
    ),
    # What an edit is folded into: found without all that was ever told of the event.
    Index(
        "ix_notifications_unread_of_event",
        "event_id",
        "user_id",
        **where("read_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

# A signed-in device. `refresh_id` is the only refresh token that counts: any older one is a sign of theft.
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    user_id_column("user_id"),
    Column("refresh_id", String(32), nullable=False),
    Column("user_agent", String(200)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

# What was answered under an Idempotency-Key; written in the transaction of what it tells of.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String(255), nullable=False),
    user_id_column("user_id"),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("key", "user_id"),
    Index(None, "created_at"),
)

# One row: which database this is, and on SQLite the counter behind `transaction_position()`.
database_identity = Table(
    "database_identity",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", String(32), nullable=False),
    Column("position", BigId, nullable=False),
    # Tombstones up to here have been thrown away: a cursor from before cannot be served any more.
    Column("pruned_position", BigId, nullable=False, server_default="0"),
    # On PostgreSQL, whose transactions are counted by `position`: see storage.restored.
    Column("cluster", String(32), nullable=False, server_default=""),
    CheckConstraint("id = 1", name="one_row"),
)
