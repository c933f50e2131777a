"""What storage itself can meet, besides the domain's errors. `operations` turns `Duplicate` into what it means."""

from __future__ import annotations

from convene.domain.errors import ConveneError


class Duplicate(ConveneError):
    """A row with this key is there already; `where` names the constraint or the columns, as the driver says it."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


class SchemaMismatch(Exception):
    """The database cannot be served by this code: not migrated, newer than the code, or no Convene database."""


class BackupRefused(Exception):
    """A database cannot be copied to where it was asked for, or not be made of what was given."""
