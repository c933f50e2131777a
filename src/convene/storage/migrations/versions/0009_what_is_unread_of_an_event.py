"""What nobody has read yet of an event is found by itself, however much was told of the event before.

Revision: 0009
Follows: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_UNREAD = sa.text("read_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_notifications_unread_of_event",
        "notifications",
        ["event_id", "user_id"],
        sqlite_where=_UNREAD,
        postgresql_where=_UNREAD,
    )


def downgrade() -> None:
    op.drop_index("ix_notifications_unread_of_event", table_name="notifications")
