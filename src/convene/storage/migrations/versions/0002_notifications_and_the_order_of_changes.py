"""Notifications and the order of changes.

Revision: 0002
Follows: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from convene.storage import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notification_preferences",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("email", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notification_preferences_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_notification_preferences")),
    )
    op.create_table(
        "notification_mutes",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_notification_mutes_event_id_events")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notification_mutes_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "event_id", name=op.f("pk_notification_mutes")),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=True),
        sa.Column("from_version", sa.Integer(), nullable=True),
        sa.Column("version_number", sa.Integer(), nullable=True),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.Column("read_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_notifications_actor_id_users")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_notifications_event_id_events")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notifications_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notifications_position_id"), ["position", "id"], unique=False)
        batch_op.create_index(
            "ix_notifications_unread",
            ["user_id", "event_id"],
            unique=False,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_notifications_user_id_position_id"), ["user_id", "position", "id"], unique=False
        )

        batch_op.create_index(batch_op.f("ix_notifications_event_id"), ["event_id"], unique=False)

    with op.batch_alter_table("notification_mutes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notification_mutes_event_id"), ["event_id"], unique=False)

    with op.batch_alter_table("events", schema=None) as batch_op:
        for column in ("split_from", "continued_by"):
            batch_op.create_index(
                f"ix_events_{column}",
                [column],
                unique=False,
                sqlite_where=sa.text(f"{column} IS NOT NULL"),
                postgresql_where=sa.text(f"{column} IS NOT NULL"),
            )

    with op.batch_alter_table("database_identity", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "pruned_position",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                server_default="0",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("cluster", sa.String(length=32), server_default="", nullable=False))

    with op.batch_alter_table("event_versions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
            )
        )
        batch_op.create_index(batch_op.f("ix_event_versions_position"), ["position"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("event_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_versions_position"))
        batch_op.drop_column("position")

    with op.batch_alter_table("database_identity", schema=None) as batch_op:
        batch_op.drop_column("cluster")
        batch_op.drop_column("pruned_position")

    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_continued_by")
        batch_op.drop_index("ix_events_split_from")

    with op.batch_alter_table("notification_mutes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notification_mutes_event_id"))

    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notifications_event_id"))
        batch_op.drop_index(batch_op.f("ix_notifications_user_id_position_id"))
        batch_op.drop_index(
            "ix_notifications_unread",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_notifications_position_id"))

    op.drop_table("notifications")
    op.drop_table("notification_mutes")
    op.drop_table("notification_preferences")
