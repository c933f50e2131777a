"""Who may do what with an event: one table."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is to an event, weakest first."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"

    def allows(self, needed: Role) -> bool:
        """Whether this role may do what `needed` may."""
        return _RANK[self] >= _RANK[needed]


_RANK = {role: rank for rank, role in enumerate(Role)}
