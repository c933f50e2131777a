"""How much mail somebody got, and how many invitations somebody sent, are counted before each mail.

Revision: 0008
Follows: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INVITATION = sa.text("kind = 'shared'")


def upgrade() -> None:
    op.create_index("ix_deliveries_user_id_created_at", "deliveries", ["user_id", "created_at"])
    op.create_index(
        "ix_notifications_invitations",
        "notifications",
        ["actor_id", "created_at"],
        sqlite_where=_INVITATION,
        postgresql_where=_INVITATION,
    )


def downgrade() -> None:
    op.drop_index("ix_notifications_invitations", table_name="notifications")
    op.drop_index("ix_deliveries_user_id_created_at", table_name="deliveries")
