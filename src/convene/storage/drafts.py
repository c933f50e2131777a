"""What somebody wants to write by one statement, alone or together with others: see `group_commit`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from convene.storage.statements import Statement, Values

#: How many are written by one statement at most, and of how many bytes in all, unless one alone has more.
MOST = 32
BYTES_MAX = 256 * 1024
#: How many rows one statement tells at most of what is in the way of several.
ROWS_MAX = 512
_ALL = 2**31 - 1


class Draft(NamedTuple):
    """What somebody wants to write by one statement, which others may write theirs by too.

    Attributes:
        statement: takes what is to be written as `drafts`, a list in JSON; each row that it gives begins with a name.
        owner_id: whose it is.
        name: is in the JSON, too.
        json: one element of the list.
        begins, ends: the time that it takes up.
        size: in bytes; with BYTES_MAX it goes by itself.
    """

    statement: Statement
    owner_id: int
    name: str
    json: bytes
    begins: datetime
    ends: datetime
    size: int

    def goes_with(self, other: Draft) -> bool:
        """Whether one statement can write both."""
        if self.statement is not other.statement:
            return False
        return self.owner_id != other.owner_id or self.ends <= other.begins or self.begins >= other.ends


def listed(drafts: Sequence[Draft]) -> Values:
    """The values of a statement that writes several; `each` is how many rows tell of one of them at most."""
    written = b",".join([draft.json for draft in drafts]).decode()
    return {"drafts": f"[{written}]", "each": ROWS_MAX // len(drafts) if len(drafts) > 1 else _ALL}
