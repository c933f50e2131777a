"""Agendas know until when what is in them is dated at the latest.

Revision: 0011
Follows: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from convene.storage.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agendas", sa.Column("dated_until", UtcDateTime))


def downgrade() -> None:
    with op.batch_alter_table("agendas") as table:
        table.drop_column("dated_until")
