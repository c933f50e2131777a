"""A recurrence pattern in writing: canonical JSON (RFC 8984), RRULE (RFC 5545), and what clients send for them.

What is stored is canonical: RFC 8984's names, sorted, nothing twice, defaults left out. What is sent may be that, an
RRULE, a bare word such as `daily`, or an object in one of the dialects of `pattern_words`. Nothing that was said is
passed over: what is not understood is refused with its place and a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from convene.domain import pattern_values as values
from convene.domain.errors import Fault, Invalid
from convene.domain.expansion import END_OF_TIME
from convene.domain.json_types import Json, JsonObject
from convene.domain.pattern_parts import Parts, take_apart
from convene.domain.pattern_words import NOT_AT_ALL, folded
from convene.domain.recurrence import PARTS, POINTER, WEEKDAYS, Frequency, NDay, RecurrenceRule
from convene.domain.zones import instant
from convene.domain.zones import zone as zone_named

_T = TypeVar("_T")
_D = TypeVar("_D")

_LISTS = (
    "byMonthDay",
    "byMonth",
    "byYearDay",
    "byWeekNo",
    "byHour",
    "byMinute",
    "bySecond",
    "bySetPosition",
)
_FIELD_BY_POINTER = {f"{POINTER}/{name}": field for field, name, _ in PARTS}


# -- canonical JSON and RRULE --------------------------------------------------------------------------------


def pattern_to_json(rule: RecurrenceRule) -> JsonObject:
    """Write a rule in RFC 8984's names; `byMonth` as text, as there, and `until` as a local time."""
    data: JsonObject = {"frequency": rule.frequency.value}
    if rule.interval != 1:
        data["interval"] = rule.interval
    if rule.first_day_of_week:
        data["firstDayOfWeek"] = WEEKDAYS[rule.first_day_of_week]
    if rule.by_day:
        data["byDay"] = [_nday_to_json(day) for day in rule.by_day]
    for name, numbers in _number_lists(rule):
        if numbers:
            data[name] = [str(number) if name == "byMonth" else number for number in numbers]
    if rule.count is not None:
        data["count"] = rule.count
    if rule.until is not None:
        data["until"] = rule.until.isoformat()
    return data


def _nday_to_json(day: NDay) -> JsonObject:
    plain: JsonObject = {"day": WEEKDAYS[day.weekday]}
    return plain if day.nth is None else {**plain, "nthOfPeriod": day.nth}


def _number_lists(rule: RecurrenceRule) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return (
        ("byMonthDay", rule.by_month_day),
        ("byMonth", rule.by_month),
        ("byYearDay", rule.by_year_day),
        ("byWeekNo", rule.by_week_no),
        ("byHour", rule.by_hour),
        ("byMinute", rule.by_minute),
        ("bySecond", rule.by_second),
        ("bySetPosition", rule.by_set_position),
    )


def pattern_from_json(data: Mapping[str, Json]) -> RecurrenceRule:
    """Read what `pattern_to_json` wrote. Trusts it: only for what Convene stored itself."""
    numbers = {name: _integers(data.get(name, [])) for name in _LISTS}
    count, until = data.get("count"), data.get("until")
    by_day = data.get("byDay", [])
    return RecurrenceRule(
        frequency=Frequency(str(data["frequency"])),
        interval=_integer(data.get("interval", 1)),
        first_day_of_week=WEEKDAYS.index(str(data.get("firstDayOfWeek", "mo"))),
        by_day=tuple(_nday_from_json(day) for day in by_day) if isinstance(by_day, list) else (),
        by_month_day=numbers["byMonthDay"],
        by_month=numbers["byMonth"],
        by_year_day=numbers["byYearDay"],
        by_week_no=numbers["byWeekNo"],
        by_hour=numbers["byHour"],
        by_minute=numbers["byMinute"],
        by_second=numbers["bySecond"],
        by_set_position=numbers["bySetPosition"],
        count=None if count is None else _integer(count),
        until=None if until is None else datetime.fromisoformat(str(until)),
    )


def _integer(value: Json) -> int:
    if not isinstance(value, int | str):
        raise TypeError(value)
    return int(value)


def _integers(value: Json) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(map(_integer, value))


def _nday_from_json(value: Json) -> NDay:
    if not isinstance(value, dict):
        raise TypeError(value)
    nth = value.get("nthOfPeriod")
    return NDay(WEEKDAYS.index(str(value["day"])), None if nth is None else _integer(nth))


def to_rrule(rule: RecurrenceRule, *, zone: str, all_day: bool) -> str:
    """Write a rule as the value of an RRULE (RFC 5545, 3.3.10), which `read_pattern` reads back.

    UNTIL is in UTC, a date for all-day series, and in whole seconds: a fraction is rounded up, to keep the last start.
    """
    data = pattern_to_json(rule)
    parts: list[str] = []
    for field, name, rrule in PARTS:
        if field == "until" and rule.until is not None:
            parts.append(f"UNTIL={_until_to_rrule(rule.until, zone_named(zone), all_day=all_day)}")
        elif field == "by_day" and rule.by_day:
            days = (f"{day.nth or ''}{WEEKDAYS[day.weekday].upper()}" for day in rule.by_day)
            parts.append(f"BYDAY={','.join(days)}")
        elif name in data:
            value = data[name]
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value).upper()
            parts.append(f"{rrule}={text}")
    return ";".join(parts)


def _until_to_rrule(until: datetime, tz: ZoneInfo, *, all_day: bool) -> str:
    until = min(until, END_OF_TIME)
    if all_day:
        return until.date().isoformat().replace("-", "")
    moment = instant(until, tz).replace(tzinfo=None)
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return moment.isoformat().replace("-", "").replace(":", "") + "Z"


# -- what clients send ---------------------------------------------------------------------------------------


def read_pattern(value: Json, *, start: datetime, zone: str, all_day: bool) -> RecurrenceRule | None:
    """Read how an event repeats from what a client sent; None when it does not.

    Args:
        value: canonical JSON, an RRULE, one of the dialects, or a list of one of these (Google has such lists).
            `null`, `""`, `"none"`, `{}`, `[]` and a frequency of `none` say that the event does not repeat.
        start: naive wall time at which the series begins; nothing is filled in from it.
        zone: of the event, to understand where the pattern ends.
        all_day: likewise.

    Raises:
        Invalid: it cannot be understood or cannot be; pointers begin with `/recurrence_pattern`. Whether `start` is
            the first occurrence is for `expansion.check_rule` to say.
    """
    pointer = POINTER
    if isinstance(value, list) and len(value) <= 1:
        pointer, value = (f"{POINTER}/0", value[0]) if value else (POINTER, None)
    parts = take_apart(value, pointer)
    often = parts.get("frequency")
    if not parts or (often and isinstance(often.value, str) and folded(often.value) in NOT_AT_ALL):
        return None
    if often is None:
        raise Invalid.at(pointer, "does not say how often: frequency is missing")
    rule = _Reader(parts).rule(partial(values.until, tz=zone_named(zone), all_day=all_day))
    if rule.until is not None and rule.until < start:
        raise Invalid(*parts["until"].blame(Invalid.at("", "lies before the start of the series")))
    if all_day and rule.limits_time:
        field = next(field for field in ("by_hour", "by_minute", "by_second") if field in parts)
        raise Invalid(*parts[field].blame(Invalid.at("", "an all-day event has no times")))
    return rule


class _Reader:
    """Reads all parts before it complains, so that a client learns of every fault at once."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.faults: list[Fault] = []

    def rule(self, until: Callable[[Json], datetime]) -> RecurrenceRule:
        """Build the rule that the parts say.

        Raises:
            Invalid: with the faults of the single parts, else with those of their combination.
        """
        try:
            rule = RecurrenceRule(
                frequency=self._take("frequency", values.frequency, Frequency.DAILY),
                interval=self._take("interval", values.one_of("interval"), 1),
                first_day_of_week=self._take("first_day_of_week", values.weekday, 0),
                by_day=self._take("by_day", values.weekdays, ()),
                by_month_day=self._numbers("by_month_day"),
                by_month=self._take("by_month", values.months, ()),
                by_year_day=self._numbers("by_year_day"),
                by_week_no=self._numbers("by_week_no"),
                by_hour=self._numbers("by_hour"),
                by_minute=self._numbers("by_minute"),
                by_second=self._take("by_second", values.seconds, ()),
                by_set_position=self._numbers("by_set_position"),
                count=self._take("count", values.one_of("count"), None),
                until=self._take("until", until, None),
            )
        except Invalid as together:
            raise Invalid(*self.faults or self._placed(together)) from None
        if self.faults:
            raise Invalid(*self.faults)
        return rule

    def _take(self, field: str, reader: Callable[[Json], _T], default: _D) -> _T | _D:
        said = self.parts.get(field)
        if said is None:
            return default
        try:
            return reader(said.value)
        except Invalid as wrong:
            self.faults += said.blame(wrong)
            return default

    def _numbers(self, field: str) -> tuple[int, ...]:
        return self._take(field, values.numbers_of(field), ())

    def _placed(self, together: Invalid) -> list[Fault]:
        """Turn pointers to the parts of a rule into pointers to where the client said them."""
        placed: list[Fault] = []
        for fault in together.faults:
            placed += self.parts[_FIELD_BY_POINTER[fault.pointer]].blame(Invalid.at("", fault.detail))
        return placed
