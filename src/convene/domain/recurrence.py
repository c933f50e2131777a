"""The rule of a series as a value: RFC 8984's RecurrenceRule, which says what RFC 5545's RRULE says.

Knows the limits that a rule must keep; `patterns` reads and writes it, `expansion` runs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_INTERVAL = 1_000
MAX_COUNT = 5_000


class Frequency(StrEnum):
    """How often: the period that the rule steps over."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


#: RFC 8984 day names; the index is `datetime.weekday()`.
WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")


@dataclass(frozen=True, slots=True, order=True)
class NDay:
    """A weekday (0 is Monday), every one of the period or only the `nth` (negative counts from the end)."""

    weekday: int
    nth: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceRule:
    """One rule in canonical form: sorted tuples without duplicates, `until` inclusive and in wall time.

    At most one of `count` and `until` is set. `until` is a naive wall time in the zone of the event.
    """

    frequency: Frequency
    interval: int = 1
    first_day_of_week: int = 0
    by_day: tuple[NDay, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()
    by_set_position: tuple[int, ...] = ()
    count: int | None = None
    until: datetime | None = None
