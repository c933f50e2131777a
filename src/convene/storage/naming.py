"""What all tables share: their metadata, how constraints are named, a column that names a user, a partial index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, MetaData, text

from convene.storage.types import BigId

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def user_id_column(name: str, *, nullable: bool = False) -> Column[int]:
    """Make a column that says whose, or by whom."""
    return Column(name, BigId, ForeignKey("users.id"), nullable=nullable)


def where(condition: str) -> dict[str, Any]:
    """Say of which rows alone an index is, on either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
