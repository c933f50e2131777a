"""What is looked through when somebody searches for text, and what is looked for in it.

Both are folded here, not by the databases: SQLite's lower() knows ASCII only, PostgreSQL's depends on the locale with
which it was set up, and neither finds `Straße` by `STRASSE`.
"""

from __future__ import annotations

from convene.domain.content import EventContent
from convene.domain.names import folded


def searchable(content: EventContent) -> str:
    """Write all that people have written about an event and its occurrences, folded."""
    texts = [content.title, content.description, content.location, *content.tags]
    for own in content.overrides:
        texts += [text for text in (own.title, own.description, own.location) if isinstance(text, str)]
    return folded("\n".join(dict.fromkeys(filter(None, texts))))


def term(sought: str) -> str:
    """Write what somebody looks for in the form in which it stands in `searchable`."""
    return folded(sought)
