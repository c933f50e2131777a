"""Splits of series. Of those that were made before, nothing is known: their halves are edited each for itself.

Revision: 0003
Follows: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "splits",
        sa.Column(
            "later_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("earlier_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["earlier_id"], ["events.id"], name=op.f("fk_splits_earlier_id_events"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["later_id"], ["events.id"], name=op.f("fk_splits_later_id_events"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("later_id", name=op.f("pk_splits")),
    )
    with op.batch_alter_table("splits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_splits_earlier_id"), ["earlier_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("splits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_splits_earlier_id"))

    op.drop_table("splits")
