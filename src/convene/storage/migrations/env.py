"""Alembic's entry: runs the chain on the connection that `convene.storage.schema` hands over."""

from __future__ import annotations

from alembic import context

from convene.storage.tables import metadata
from convene.storage.types import Json, UtcDateTime


def _render(kind: str, thing: object, _autogen: object) -> str | bool:
    """Write our own types in migrations as what they are, so that a later change of them rewrites no history."""
    if kind == "type" and isinstance(thing, UtcDateTime | Json):
        return f"types.{type(thing).__name__}()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters tables by copying them
    render_item=_render,
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
