"""The one clock. Only units of work and tokens read it; everything else is handed `now`."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Say what time it is, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place
