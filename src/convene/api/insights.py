"""Insights over HTTP: their shapes and the route."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query, Response

from convene.api.answers import answer
from convene.api.declared import SIGNED_IN, problems
from convene.api.dependencies import Me, ReadWork
from convene.api.planned import feature_router
from convene.api.responses import Answer
from convene.api.windows import From, To, read_window
from convene.domain.errors import Invalid
from convene.domain.zones import zone
from convene.operations import agenda
from convene.operations.insights import Insights, insights

router = feature_router("insights", "/api/v1/insights")
_HOUR = timedelta(hours=1)


class WeekHours(Answer):
    """One week of the window."""

    week: str
    """ISO 8601, such as 2026-W47."""
    starts: date
    """Its Monday, which may lie before the window."""
    hours: float


class CalendarHours(Answer):
    """One of the caller's calendars."""

    calendar_id: int
    name: str
    hours: float


class Collaborator(Answer):
    """Somebody who sees busy events that the caller sees."""

    user_id: int
    username: str
    display_name: str | None
    events: int
    """How many; a series is one."""


class InsightsAnswer(Answer):
    """Where the caller's time goes, and with whom."""

    weeks: list[WeekHours]
    """All weeks of the window, in order."""
    calendars: list[CalendarHours]
    heat: list[list[float]]
    """Hours by hour of the day (0 to 23), for each day of the week from Monday on."""
    collaborators: list[Collaborator]
    """The most frequent ones first, twenty at most."""


@router.get("", response_model=InsightsAnswer, responses=problems(*SIGNED_IN))
async def read_insights(
    me: Me,
    work: ReadWork,
    from_: From = None,
    to: To = None,
    time_zone: Annotated[
        str | None, Query(max_length=64, description="An IANA name: whose weeks, days and hours; the caller's without.")
    ] = None,
) -> Response:
    """Count the caller's busy time between `from` and `to`, 400 days at most: not what is free or cancelled."""
    tz = _zone(time_zone or me.time_zone)
    window = read_window(from_, to, tz)
    if window is None:
        raise Invalid.at("?from", "is required")
    return answer(_insights_json(await insights(work, me, agenda.closed(window), tz)))


def _zone(name: str) -> ZoneInfo:
    try:
        return zone(name)
    except Invalid as error:
        raise Invalid.at("?time_zone", error.faults[0].detail) from error


def _insights_json(found: Insights) -> dict[str, Any]:
    return {
        "weeks": [
            {"week": _week(monday), "starts": monday.isoformat(), "hours": _hours(taken)}
            for monday, taken in found.spread.weeks
        ],
        "calendars": [
            {"calendar_id": row.id, "name": row.name, "hours": _hours(taken)} for row, taken in found.calendars
        ],
        "heat": [[_hours(taken) for taken in day] for day in found.spread.heat],
        "collaborators": [one._asdict() for one in found.collaborators],
    }


def _week(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year:04}-W{week:02}"


def _hours(taken: timedelta) -> float:
    return round(taken / _HOUR, 4)
