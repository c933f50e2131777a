"""The kinds of values in request bodies: text that can be stored, times as clients write them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, JsonValue, StringConstraints, WithJsonSchema

from convene.domain.names import folded

ADDRESS_MAX = 254

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: What Python reads by itself, and most clients write.
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{6})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII)
_DATE_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2})?(?:[.,](\d{1,9}))?([Zz]|[+\- ]\d{2}:?\d{2})?")


def parse_when(value: Any) -> datetime | date:  # noqa: ANN401 - whatever a client sends
    """Read a date, a wall time or an instant (RFC 3339; seconds may be left out, parts of a microsecond are cut off).

    A space stands for the plus of an offset, which many clients forget to escape in a query.

    Raises:
        ValueError: anything else; numbers too, because nobody can tell seconds from milliseconds.
    """
    if type(value) is date or isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) > 64:
        raise ValueError("must be a date (2026-03-01) or a date and time (2026-03-01T09:30:00+01:00)")
    if _RFC_3339.fullmatch(value):
        return datetime.fromisoformat(value)
    if _DATE.fullmatch(value):
        return date.fromisoformat(value)
    found = _DATE_TIME.fullmatch(value)
    if found is None:
        raise ValueError("must be a date (2026-03-01) or a date and time (2026-03-01T09:30:00+01:00)")
    day, minute, second, fraction, offset = found.groups()
    text = f"{day}T{minute}{second or ':00'}"
    if fraction:
        text += f".{fraction[:6]:0<6}"
    return datetime.fromisoformat(text + (offset or "").upper().replace(" ", "+"))


_WHEN_SCHEMA = {
    "anyOf": [{"type": "string", "format": kind} for kind in ("date-time", "date-time-local", "date")],
    "description": "RFC 3339; without an offset it is wall time in the event's zone. A date for all-day events. "
    "A wall time that the zone skips when clocks go forward has the offset before the gap: 02:30 comes back as 03:30. "
    "One that comes twice when they go back means the first time; with an offset, either can be said.",
}
When = Annotated[datetime | date, BeforeValidator(parse_when), WithJsonSchema(_WHEN_SCHEMA)]


def _parse_instant(value: Any) -> datetime:  # noqa: ANN401 - whatever a client sends
    moment = parse_when(value)
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError("must be a date and time with an offset")
    return moment


Instant = Annotated[
    datetime,
    BeforeValidator(_parse_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "RFC 3339, with an offset."}),
]


def _digits(value: Any) -> Any:  # noqa: ANN401 - whatever a client sends
    # Pydantic would read 1_0 and 1.0 too, and somebody would find another event than they asked for.
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        raise ValueError("must be a whole number, in digits")
    return value


#: Of a number in a path or a query, after its bounds: before them, Pydantic does not know how to describe them.
DIGITS = BeforeValidator(_digits)


def _storable(value: str | None) -> str | None:
    if value is None or value.isprintable():
        return value
    if "\x00" in value:
        raise ValueError("must not contain NUL")
    # Lines end with LF: a client that writes CRLF would seem to have changed every line of a text, and nothing merges.
    return value.replace("\r\n", "\n")


#: PostgreSQL cannot keep NUL in text, nor look for it.
WITHOUT_NUL = AfterValidator(_storable)


def _telling(value: str) -> str:
    stored = _storable(value)
    if not stored or not stored.strip():
        raise ValueError("must not be blank")
    return stored


#: The largest pattern that makes sense has some hundred values. Up to here, the domain says what is wrong with more.
_PATTERN_VALUES_MAX = 150_000


def _of_few_values(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    waiting, count = [value], 1
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            count += len(one)
            if count > _PATTERN_VALUES_MAX:  # before anything is done for each of them
                raise ValueError(f"has more than {_PATTERN_VALUES_MAX} values")
            waiting.extend(one.values() if isinstance(one, dict) else one)
    return value


#: JSON that is read by the domain, not by a schema.
Pattern = Annotated[JsonValue, BeforeValidator(_of_few_values)]


def text(longest: int) -> Any:  # noqa: ANN401 - a type made at run time
    """Text of at most so many characters that both databases can keep."""
    return Annotated[str, StringConstraints(max_length=longest), WITHOUT_NUL]


def name(longest: int) -> Any:  # noqa: ANN401 - a type made at run time
    """Text that says something."""
    return Annotated[
        str,
        StringConstraints(min_length=1, max_length=longest),
        AfterValidator(_telling),  # one function: Pydantic takes as long to call one as the function takes
    ]


def _address(value: str) -> str:
    try:
        normal = validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError("must be an e-mail address") from error
    if len(folded(normal)) > ADDRESS_MAX:  # one letter may stand for eighteen
        raise ValueError(f"has more than {ADDRESS_MAX} characters when written out")
    return normal


Email = Annotated[
    str,
    StringConstraints(max_length=ADDRESS_MAX),
    WITHOUT_NUL,
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "format": "email"}),
]


# -- JSON schemas that say more than types can ---------------------------------------------------------------


def without_defaults(schema: dict[str, Any]) -> None:
    """Say no defaults where they only stand for "not said": a client that filled them in would say too much."""
    for one in schema["properties"].values():
        one.pop("default", None)


def or_bare(schema: dict[str, Any]) -> None:
    """Say that the one array of an object may be sent by itself, too."""
    wrapped = {key: schema.pop(key) for key in ("type", "properties", "required", "additionalProperties")}
    [array] = wrapped["properties"].values()
    schema["anyOf"] = [wrapped, {key: value for key, value in array.items() if key != "title"}]


def or_bare_or_one(schema: dict[str, Any]) -> None:
    """Say that it may, and a single item of it, too."""
    or_bare(schema)
    schema["anyOf"].append(schema["anyOf"][1]["items"])
