"""Windows as clients ask for them: two edges, each an instant, a wall time, or a whole day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Query

from convene.api.dependencies import Me
from convene.api.fields import When
from convene.domain.errors import Invalid
from convene.domain.zones import check_range, in_utc, instant, zone
from convene.operations import agenda

From = Annotated[When | None, Query(alias="from", description="Occurrences from here on.")]
To = Annotated[When | None, Query(description="Occurrences before this; a bare date includes that day.")]


def read_window(after: When | None, before: When | None, tz: ZoneInfo) -> agenda.OpenWindow | None:
    """Read both edges; what has no offset is told by the clocks of a zone, and a bare date is the whole day."""
    return agenda.window(_edge(after, tz, name="from", is_end=False), _edge(before, tz, name="to", is_end=True))


def _edge(edge: datetime | date | None, tz: ZoneInfo, *, name: str, is_end: bool) -> datetime | None:
    if edge is None:
        return None
    if not isinstance(edge, datetime):
        edge = datetime(edge.year, edge.month, edge.day)  # noqa: DTZ001 - wall time
        check_range(edge.replace(tzinfo=zone("UTC")), f"?{name}")
        edge += timedelta(days=1 if is_end else 0)
    if edge.tzinfo is not None:
        return in_utc(edge, f"?{name}")
    check_range(edge.replace(tzinfo=zone("UTC")), f"?{name}")
    return instant(edge, tz)


async def _window(
    me: Me,
    from_: From = None,
    to: To = None,
    start_date: Annotated[When | None, Query(description="The same as `from`.")] = None,
    end_date: Annotated[When | None, Query(description="The same as `to`.")] = None,
) -> agenda.OpenWindow | None:
    if from_ is not None and start_date is not None:
        raise Invalid.at("?start_date", "says again what from says")
    if to is not None and end_date is not None:
        raise Invalid.at("?end_date", "says again what to says")
    return read_window(from_ or start_date, to or end_date, zone(me.time_zone))


AskedWindow = Annotated[agenda.OpenWindow | None, Depends(_window)]
