"""The header that says until when a booking was compared with what else is taken."""

from __future__ import annotations

from datetime import datetime

from convene.domain.zones import utc_rfc3339


def compared(until: datetime | None) -> dict[str, str]:
    """The header, if there was a comparison."""
    return {} if until is None else {"X-Conflicts-Checked-Until": utc_rfc3339(until)}
