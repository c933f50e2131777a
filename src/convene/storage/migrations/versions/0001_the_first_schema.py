"""The first schema.

Revision: 0001
Follows:
"""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from convene.storage import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "database_identity",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_database_identity_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_database_identity")),
    )
    identity = sa.table("database_identity", sa.column("id"), sa.column("epoch"), sa.column("position"))
    op.execute(sa.insert(identity).values(id=1, epoch=uuid4().hex, position=0))
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("username", sa.String(length=50), nullable=False),
        sa.Column(
            "username_folded",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_folded", sa.String(length=400), nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=True),
        sa.Column("hashed_password", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_folded", name=op.f("uq_users_email_folded")),
        sa.UniqueConstraint("username_folded", name=op.f("uq_users_username_folded")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "agendas",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_agendas_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_agendas")),
    )
    op.create_table(
        "calendars",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("color", sa.String(length=20), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_calendars_owner_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("calendars", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendars_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refresh_id", sa.String(length=32), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("last_used_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("calendar_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("location", sa.String(length=500), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("free_busy_status", sa.String(length=10), nullable=False),
        sa.Column("tags", types.Json(), nullable=True),
        sa.Column("start_local", sa.String(length=26), nullable=False),
        sa.Column("duration", sa.BigInteger(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("fold", sa.Integer(), nullable=False),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("is_recurring", sa.Boolean(), nullable=False),
        sa.Column("recurrence_pattern", types.Json(), nullable=True),
        sa.Column("overrides", types.Json(), nullable=True),
        sa.Column("start_time", types.UtcDateTime(), nullable=False),
        sa.Column("end_time", types.UtcDateTime(), nullable=False),
        sa.Column("starts_at", types.UtcDateTime(), nullable=False),
        sa.Column("ends_at", types.UtcDateTime(), nullable=False),
        sa.Column("may_block", sa.Boolean(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("split_from", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("continued_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("deleted_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendars.id"], name=op.f("fk_events_calendar_id_calendars")),
        sa.ForeignKeyConstraint(["continued_by"], ["events.id"], name=op.f("fk_events_continued_by_events")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_events_owner_id_users")),
        sa.ForeignKeyConstraint(["split_from"], ["events.id"], name=op.f("fk_events_split_from_events")),
        sa.ForeignKeyConstraint(["updated_by"], ["users.id"], name=op.f("fk_events_updated_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("owner_id", "uid", name=op.f("uq_events_owner_id_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_calendar_id"), ["calendar_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_owner_id_deleted_at"), ["owner_id", "deleted_at"], unique=False)

    op.create_table(
        "event_change_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("field_name", sa.String(length=64), nullable=False),
        sa.Column("old_value", types.Json(), nullable=True),
        sa.Column("new_value", types.Json(), nullable=True),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_event_change_log_created_by_users")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_event_change_log_event_id_events")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_change_log")),
    )
    with op.batch_alter_table("event_change_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_change_log_event_id_id"), ["event_id", "id"], unique=False)

    op.create_table(
        "event_versions",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("data", types.Json(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("change_description", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_event_versions_created_by_users")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_event_versions_event_id_events")),
        sa.PrimaryKeyConstraint("event_id", "version_number", name=op.f("pk_event_versions")),
    )
    op.create_table(
        "permissions",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("starts_at", types.UtcDateTime(), nullable=False),
        sa.Column("ends_at", types.UtcDateTime(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.Column("granted_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revoked_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'editor', 'viewer')", name=op.f("ck_permissions_role")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_permissions_event_id_events")),
        sa.ForeignKeyConstraint(["granted_by"], ["users.id"], name=op.f("fk_permissions_granted_by_users")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_permissions_user_id_users")),
        sa.PrimaryKeyConstraint("event_id", "user_id", name=op.f("pk_permissions")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("permissions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_permissions_user_id_ends_at_starts_at"), ["user_id", "ends_at", "starts_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_permissions_user_id_position_event_id"), ["user_id", "position", "event_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_permissions_user_id_starts_at_event_id"), ["user_id", "starts_at", "event_id"], unique=False
        )

    op.create_table(
        "shelved_edits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.Column("data", types.Json(), nullable=False),
        sa.Column("conflicts", types.Json(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_shelved_edits_author_id_users")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_shelved_edits_event_id_events")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelved_edits")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("shelved_edits", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_shelved_edits_event_id_author_id_id"), ["event_id", "author_id", "id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("shelved_edits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shelved_edits_event_id_author_id_id"))

    op.drop_table("shelved_edits")
    with op.batch_alter_table("permissions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_permissions_user_id_starts_at_event_id"))
        batch_op.drop_index(batch_op.f("ix_permissions_user_id_position_event_id"))
        batch_op.drop_index(batch_op.f("ix_permissions_user_id_ends_at_starts_at"))

    op.drop_table("permissions")
    op.drop_table("event_versions")
    with op.batch_alter_table("event_change_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_change_log_event_id_id"))

    op.drop_table("event_change_log")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_owner_id_deleted_at"))
        batch_op.drop_index(batch_op.f("ix_events_calendar_id"))

    op.drop_table("events")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_user_id"))

    op.drop_table("sessions")
    with op.batch_alter_table("calendars", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendars_owner_id"))

    op.drop_table("calendars")
    op.drop_table("agendas")
    op.drop_table("users")
    op.drop_table("database_identity")
