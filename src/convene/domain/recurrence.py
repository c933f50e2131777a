"""The rule of a series as a value: RFC 8984's RecurrenceRule, which says what RFC 5545's RRULE says.

Knows which parts may stand together and the limits that a rule must keep, so that a rule which makes no sense cannot
be built. `patterns` reads and writes it, `expansion` runs it; when the series starts is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from convene.domain.errors import Fault, Invalid

MAX_INTERVAL = 1_000
MAX_COUNT = 5_000
MAX_TIMES_A_DAY = 24

#: Where a client finds the rule in an event: pointers to its parts begin so.
POINTER = "/recurrence_pattern"


class Frequency(StrEnum):
    """How often: the period that the rule steps over."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


#: RFC 8984 day names; the index is `datetime.weekday()`.
WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")

#: The parts of a rule: field, RFC 8984 name, RFC 5545 name; in the order in which both are written.
PARTS = (
    ("frequency", "frequency", "FREQ"),
    ("interval", "interval", "INTERVAL"),
    ("first_day_of_week", "firstDayOfWeek", "WKST"),
    ("by_day", "byDay", "BYDAY"),
    ("by_month_day", "byMonthDay", "BYMONTHDAY"),
    ("by_month", "byMonth", "BYMONTH"),
    ("by_year_day", "byYearDay", "BYYEARDAY"),
    ("by_week_no", "byWeekNo", "BYWEEKNO"),
    ("by_hour", "byHour", "BYHOUR"),
    ("by_minute", "byMinute", "BYMINUTE"),
    ("by_second", "bySecond", "BYSECOND"),
    ("by_set_position", "bySetPosition", "BYSETPOS"),
    ("count", "count", "COUNT"),
    ("until", "until", "UNTIL"),
)
_NAMES = {field: name for field, name, _ in PARTS}


@dataclass(frozen=True, slots=True)
class Numbers:
    """What numbers a part may hold: `low` to `high`, and when `signed` also `-high` to `-low`, from the end."""

    low: int
    high: int
    signed: bool = False

    def allow(self, number: int) -> bool:
        """Whether a number may stand here."""
        return self.low <= (abs(number) if self.signed else number) <= self.high

    def __str__(self) -> str:
        return f"from {self.low} to {self.high}" + (f" or from -{self.high} to -{self.low}" if self.signed else "")


#: RFC 5545, 3.3.10. Second 60 is left out: a wall time cannot hold it, and 3.3.12 has it read as 59.
NUMBERS = {
    "interval": Numbers(1, MAX_INTERVAL),
    "count": Numbers(1, MAX_COUNT),
    "by_month_day": Numbers(1, 31, signed=True),
    "by_month": Numbers(1, 12),
    "by_year_day": Numbers(1, 366, signed=True),
    "by_week_no": Numbers(1, 53, signed=True),
    "by_hour": Numbers(0, 23),
    "by_minute": Numbers(0, 59),
    "by_second": Numbers(0, 59),
    "by_set_position": Numbers(1, 366, signed=True),
}
NTH = Numbers(1, 53, signed=True)


@dataclass(frozen=True, slots=True)
class NDay:
    """A weekday (0 is Monday), every one of the period or only the `nth` (negative counts from the end)."""

    weekday: int
    nth: int | None = None

    @property
    def order(self) -> tuple[int, int]:
        """The key by which canonical rules are sorted: by weekday, the plain day before its nth ones."""
        return self.weekday, self.nth or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceRule:
    """One rule in canonical form: sorted tuples without duplicates, `until` inclusive and in wall time.

    At most one of `count` and `until` is set. `until` is a naive wall time in the zone of the event.

    Raises:
        Invalid: on building one whose parts are out of range or may not stand together (RFC 5545, 3.3.10); pointers
            are those of RFC 8984's names (`/recurrence_pattern/byDay`).
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

    def __post_init__(self) -> None:
        faults = [Fault(f"{POINTER}/{_NAMES[field]}", detail) for field, detail in _faults(self)]
        if faults:
            raise Invalid(*faults)

    @property
    def limits_time(self) -> bool:
        """Whether the rule says itself at what hours, minutes or seconds it occurs."""
        return bool(self.by_hour or self.by_minute or self.by_second)

    @property
    def limits_days(self) -> bool:
        """Whether the rule says itself on which days it occurs."""
        return bool(self.by_day or self.by_month_day or self.by_month or self.by_year_day or self.by_week_no)


def _faults(rule: RecurrenceRule) -> Iterator[tuple[str, str]]:
    """What is wrong with a rule: pairs of field and reason."""
    yield from _number_faults(rule)
    yield from _day_faults(rule)
    if rule.count is not None and rule.until is not None:
        yield "until", "a series ends by count or by until, not by both"
    if rule.by_set_position and not (rule.limits_days or rule.limits_time):
        yield "by_set_position", "chooses among what another by-part gives; add one, such as byDay"
    times = max(len(rule.by_hour), 1) * max(len(rule.by_minute), 1) * max(len(rule.by_second), 1)
    if times > MAX_TIMES_A_DAY:
        place = "by_hour" if rule.by_hour else "by_minute" if rule.by_minute else "by_second"
        yield place, f"would occur {times} times a day; at most {MAX_TIMES_A_DAY} are possible"


def _number_faults(rule: RecurrenceRule) -> Iterator[tuple[str, str]]:
    numbers: tuple[tuple[str, tuple[int, ...]], ...] = (
        ("interval", (rule.interval,)),
        ("count", () if rule.count is None else (rule.count,)),
        ("by_month_day", rule.by_month_day),
        ("by_month", rule.by_month),
        ("by_year_day", rule.by_year_day),
        ("by_week_no", rule.by_week_no),
        ("by_hour", rule.by_hour),
        ("by_minute", rule.by_minute),
        ("by_second", rule.by_second),
        ("by_set_position", rule.by_set_position),
    )
    for field, values in numbers:
        if values and not all(map(NUMBERS[field].allow, values)):
            yield field, f"must be {NUMBERS[field]}"


def _day_faults(rule: RecurrenceRule) -> Iterator[tuple[str, str]]:
    yearly = rule.frequency is Frequency.YEARLY
    nths = [day.nth for day in rule.by_day if day.nth is not None]
    if nths and rule.frequency not in (Frequency.MONTHLY, Frequency.YEARLY):
        yield (
            "by_day",
            f"a {rule.frequency} rule cannot say which weekday of the period, such as the first Monday",
        )
    elif nths and rule.by_week_no:
        yield "by_day", "a rule with byWeekNo cannot say which weekday of the year"
    elif not all(map(NTH.allow, nths)):
        yield "by_day", f"which weekday of the period must be {NTH}"
    if rule.by_week_no and not yearly:
        yield "by_week_no", "only yearly rules have week numbers"
    if rule.by_year_day and not yearly:
        yield "by_year_day", "only yearly rules have days of the year"
    if rule.by_month_day and rule.frequency is Frequency.WEEKLY:
        yield "by_month_day", "a weekly rule has no days of the month"
