"""Names of people: what a username may be, and when two names are the same."""

from __future__ import annotations

import re
import unicodedata

from convene.domain.errors import Invalid

# Without the letters that nobody can see (fillers of Hangul): they would make two names of one for the eye.
_USERNAME = re.compile(r"(?:[^\W\u115f\u1160]|[.-]){3,50}")


def username(sent: str) -> str:
    """Put a username into the form in which it is kept (NFKC).

    Raises:
        Invalid: not 3 to 50 letters, digits, `.`, `_` or `-`, of any script.
    """
    normal = unicodedata.normalize("NFKC", sent)
    if not _USERNAME.fullmatch(normal):
        raise Invalid.at("/username", "must be 3 to 50 letters, digits, '.', '_' or '-'")
    return normal


def folded(name: str) -> str:
    """The form in which names and addresses are compared: two names are the same when their folded forms are."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
