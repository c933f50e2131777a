"""Reading the single values of a recurrence pattern: numbers, weekdays, months and the end, as clients write them.

Each reader takes any JSON value and either gives what it means or raises `Invalid` with pointers that begin at the
value itself (`""`, `/0`). Lists are bounded before they are looked at. Knows no rule as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar
from zoneinfo import ZoneInfo

from convene.domain.errors import Fault, Invalid
from convene.domain.expansion import END_OF_TIME
from convene.domain.json_types import Json
from convene.domain.pattern_words import DAYS, FREQUENCIES, MONTHS, TOO_OFTEN, folded
from convene.domain.recurrence import NTH, NUMBERS, WEEKDAYS, Frequency, NDay, Numbers
from convene.domain.zones import EARLIEST, LATEST, check_range, instant, wall_time

#: The longest list that a part may have. No pattern in use comes near, and a rule has to be compared quickly.
ENTRIES_MAX = 100
#: A fault for each of a thousand wrong entries helps nobody.
FAULTS_MAX = 20

_T = TypeVar("_T")

_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_WEEKDAY = re.compile(r"([+-]?[0-9]{1,3})?([a-z]+)")
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_MOMENT = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})[T ]([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(?: ?(Z|[+-][0-9]{2}:?[0-9]{2}))?"
)


def shown(text: str) -> str:
    """Quote what a client wrote inside a reason: short, and free of what cannot be encoded."""
    return ascii(text) if len(text) <= 40 else ascii(text[:40]) + "..."


def integer(value: Json, numbers: Numbers) -> int:
    """Read a whole number, also as text or as a float without a fraction, and not `true`."""
    number: int | None = None
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        number = int(value)
    if number is None or not numbers.allow(number):
        raise Invalid.at("", f"must be a whole number {numbers}")
    return number


def one_of(field: str) -> Callable[[Json], int]:
    """Make the reader of a part that is one number."""
    return lambda value: integer(value, NUMBERS[field])


def numbers_of(field: str) -> Callable[[Json], tuple[int, ...]]:
    """Make the reader of a part that is a list of numbers; it gives them sorted, each once."""
    numbers = NUMBERS[field]
    return lambda value: tuple(sorted(set(entries(value, lambda entry: integer(entry, numbers)))))


def entries(value: Json, reader: Callable[[Json], _T]) -> list[_T]:
    """Read a list, also as text with commas or as its single entry.

    Raises:
        Invalid: it is too long, or entries are wrong; the first `FAULTS_MAX` of them are named.
    """
    listed = isinstance(value, list)
    # One cut too many is enough to see that there are too many.
    several = value if isinstance(value, list) else value.split(",", ENTRIES_MAX) if isinstance(value, str) else [value]
    if len(several) > ENTRIES_MAX:
        raise Invalid.at("", f"has more than {ENTRIES_MAX} entries")
    read: list[_T] = []
    faults: list[Fault] = []
    for index, entry in enumerate(several):
        try:
            read.append(reader(entry))
        except Invalid as wrong:
            faults += wrong.below(f"/{index}" if listed else "").faults
    if faults:
        raise Invalid(*faults[:FAULTS_MAX])
    return read


def frequency(value: Json) -> Frequency:
    """Read how often: a word in any case."""
    word = folded(value) if isinstance(value, str) and len(value) <= 40 else None
    if word in TOO_OFTEN:
        raise Invalid.at("", f"{word} events are not possible; a daily one can repeat within the day by byHour")
    if word is None or word not in FREQUENCIES:
        raise Invalid.at("", "must be daily, weekly, monthly or yearly")
    return FREQUENCIES[word]


def weekday(value: Json) -> int:
    """Read a weekday by name, by two or three letters, or by number (0 is Monday); 0 is Monday in the result."""
    if isinstance(value, str):
        day = DAYS.get(value.strip().lower()) if len(value) <= 40 else None
        if day is None:
            raise Invalid.at("", f"{shown(value)} is not a weekday; write {', '.join(WEEKDAYS)} or whole names")
        return day
    return integer(value, Numbers(0, 6))


def weekdays(value: Json) -> tuple[NDay, ...]:
    """Read byDay: weekdays, also with a number before (`-1FR`), and RFC 8984's `{"day", "nthOfPeriod"}`."""
    return tuple(sorted(set(entries(value, _nday)), key=lambda day: day.order))


def _nday(value: Json) -> NDay:
    if isinstance(value, dict):
        return _nday_object(value)
    match = _WEEKDAY.fullmatch(value.strip().lower()) if isinstance(value, str) and len(value) <= 40 else None
    if match is None or match[1] is None:
        return NDay(weekday(value))
    return NDay(weekday(match[2]), _nth(match[1]))


def _nday_object(value: dict[str, Json]) -> NDay:
    if len(value) > 3:
        raise Invalid.at("", "has too many members; an entry has day and nthOfPeriod")
    day, nth = None, None
    for key, entry in value.items():
        name = folded(key)
        if name == "day":
            day = _below("/day", weekday, entry)
        elif name in ("nthofperiod", "nth"):
            nth = None if entry is None else _below("/nthOfPeriod", _nth, entry)
        elif name != "@type" or entry != "NDay":
            raise Invalid.at("", f"{shown(key)} is not known here; an entry has day and nthOfPeriod")
    if day is None:
        raise Invalid.at("/day", "is missing")
    return NDay(day, nth)


def _nth(value: Json) -> int:
    return integer(value, NTH)


def _below(pointer: str, reader: Callable[[Json], _T], value: Json) -> _T:
    try:
        return reader(value)
    except Invalid as wrong:
        raise wrong.below(pointer) from None


def months(value: Json) -> tuple[int, ...]:
    """Read byMonth: numbers, also as text (RFC 8984 has text, for the sake of other calendars), or names."""
    return tuple(sorted(set(entries(value, _month))))


def _month(value: Json) -> int:
    named = MONTHS.get(value.strip().lower()) if isinstance(value, str) and len(value) <= 40 else None
    return named if named is not None else integer(value, NUMBERS["by_month"])


def seconds(value: Json) -> tuple[int, ...]:
    """Read bySecond; the leap second 60 means 59 (RFC 5545, 3.3.12)."""
    read = entries(value, lambda entry: integer(entry, Numbers(0, 60)))
    return tuple(sorted({min(second, 59) for second in read}))


def until(value: Json, tz: ZoneInfo, *, all_day: bool) -> datetime:
    """Read when a series ends: a naive wall time in the zone of the event, included.

    A bare date means the whole of that day. An instant (`Z` or an offset, as RFC 5545 has it) becomes the wall time
    at that moment; of an all-day series only the date counts, as written, because `2025-12-31T00:00:00Z` would be
    the day before in America. A wall time in a gap becomes the one that clocks show at that moment (3.3.5), so that
    `to_rrule` can say it in UTC. Beyond the end of time it is cut down to it: some write 9999-12-31 for "never".
    """
    text = value.strip().upper() if isinstance(value, str) and len(value) <= 40 else ""
    match = _DATE.fullmatch(text) or _MOMENT.fullmatch(text)
    if match is None:
        raise Invalid.at("", "must be a date or a time as in 2025-12-31 or 2025-12-31T18:00:00Z")
    try:
        year, month, day, *clock = match.groups()
        date = datetime(int(year), int(month), int(day), tzinfo=UTC)  # the zone is put right below
        moment = _at(date, clock) if clock else date.replace(hour=23, minute=59, second=59, tzinfo=None)
    except ValueError as impossible:
        raise Invalid.at("", f"is not on the calendar or the clock: {impossible}") from None
    if all_day:
        return _within_time(date.replace(tzinfo=None)).replace(hour=0, minute=0, second=0)
    return _wall(moment, tz)


def _at(day: datetime, clock: Sequence[str | None]) -> datetime:
    """Put hour, minute, second, fraction and offset to a date; naive when there is no offset."""
    hour, minute, second, fraction, offset = (part or "" for part in clock)
    moment = day.replace(
        hour=int(hour),
        minute=int(minute),
        second=59 if second == "60" else int(second or "0"),  # leap seconds: RFC 5545, 3.3.12
        microsecond=int(fraction.ljust(6, "0")[:6]),
        tzinfo=None,
    )
    if not offset:
        return moment
    if offset == "Z":
        return moment.replace(tzinfo=UTC)
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return moment.replace(tzinfo=timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)))


def _wall(moment: datetime, tz: ZoneInfo) -> datetime:
    if moment.tzinfo is None:
        moment = instant(_within_time(moment), tz)
    return _within_time(wall_time(check_range(min(moment, LATEST), ""), tz)[0])


def _within_time(wall: datetime) -> datetime:
    if wall < EARLIEST.replace(tzinfo=None):
        raise Invalid.at("", "lies before the beginning of time")
    return min(wall, END_OF_TIME - timedelta(seconds=1))
