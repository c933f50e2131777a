"""Reminders: when somebody wants to hear that an event begins, worked out from its content as it is now.

A reminder is due so many minutes before each occurrence. `done_until` is how far it has been told: what was due until
then is over, whatever the event looks like now, and what is due after it is still to come, also when the event moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from convene.domain.content import UNSET, EventContent, Status
from convene.domain.series import Occurrence, bounds, occurrences
from convene.domain.zones import FAR_FUTURE

MINUTES_MAX = 40_320
REMINDERS_MAX = 5
#: Who was away tells no more of what began longer ago.
LATE = timedelta(minutes=15)
_FIRST_WINDOW = timedelta(days=8)
_LAST_WINDOW = timedelta(days=400)
_WINDOWS = 12
_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Beginning:
    """An occurrence that begins: what it is called, and when."""

    title: str
    at: datetime


def beginnings(content: EventContent, minutes: int, done_until: datetime, now: datetime) -> list[Beginning]:
    """What a reminder has to tell of now, in order: due after `done_until`, and not begun for too long."""
    before = timedelta(minutes=minutes)
    after = max(done_until + before, now - LATE)
    until = now + before
    if until <= after:
        return []
    return [
        Beginning(title_of(content, one), one.starts_at)
        for one in occurrences(content, after, until + timedelta(microseconds=1), limit=_LIMIT)
        if after < one.starts_at <= until and not is_cancelled(content, one)
    ]


def next_look(content: EventContent, minutes: int, done_until: datetime) -> datetime | None:
    """When a reminder has to be looked at next: when it is due, or so far ahead that looking further is for then.

    None when nothing is to come. A rule that has an occurrence every few years is looked at in between.
    """
    before = timedelta(minutes=minutes)
    after, window = done_until + before, _FIRST_WINDOW
    ends_at = bounds(content)[1]
    for _ in range(_WINDOWS):
        if after >= ends_at:
            return None
        until = min(after + window, FAR_FUTURE)
        found = (
            one.starts_at
            for one in occurrences(content, after, until, limit=_LIMIT)
            if one.starts_at > after and not is_cancelled(content, one)
        )
        first = next(found, None)
        if first is not None:
            return first - before
        after, window = until, min(window * 4, _LAST_WINDOW)
    return after - before


def title_of(content: EventContent, one: Occurrence) -> str:
    """What an occurrence is called."""
    return content.title if one.own is None or one.own.title is UNSET else one.own.title


def is_cancelled(content: EventContent, one: Occurrence) -> bool:
    """Whether an occurrence does not take place, although it stays visible."""
    status = content.status if one.own is None or one.own.status is UNSET else one.own.status
    return status is Status.CANCELLED
