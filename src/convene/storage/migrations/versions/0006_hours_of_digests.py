"""At which hour of which zone somebody wants a digest. Until now nobody could ask for one.

Revision: 0006
Follows: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM digests")
    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hour", sa.Integer(), nullable=False))
        batch_op.add_column(sa.Column("time_zone", sa.String(length=64), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.drop_column("time_zone")
        batch_op.drop_column("hour")
