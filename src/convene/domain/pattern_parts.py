"""Taking a recurrence pattern apart: from an object, an RRULE or a bare word to what was said about each part.

Values are not looked into here, only names and places: every name is known, and nothing is said twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from convene.domain.errors import Fault, Invalid
from convene.domain.json_types import Json
from convene.domain.pattern_values import FAULTS_MAX, shown
from convene.domain.pattern_words import (
    DEFAULTS,
    FIELDS,
    FREQUENCIES,
    NOT_AT_ALL,
    RRULE_FIELDS,
    STARTS,
    TOO_OFTEN,
    folded,
)

#: The longest text that is looked at.
TEXT_MAX = 4_000
#: An object with more members than this is not a pattern.
MEMBERS_MAX = 40

_OTHER_LINES = re.compile(r"\s*(DTSTART|DTEND|DURATION|EXDATE|RDATE|EXRULE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about one part, and where: `label` names the part inside an RRULE, where no pointer leads."""

    pointer: str
    value: Json
    label: str = ""

    def blame(self, wrong: Invalid) -> tuple[Fault, ...]:
        """Put faults whose pointers begin at the value to the place of the value."""
        if self.label:
            return tuple(Fault(self.pointer, f"{self.label}: {fault.detail}") for fault in wrong.faults)
        return wrong.below(self.pointer).faults


#: What was said, by the field of `RecurrenceRule`.
Parts = dict[str, Said]


def take_apart(value: Json, pointer: str) -> Parts:
    """Find what a pattern says about each part; nothing at all for null, empty text and empty objects.

    Raises:
        Invalid: it is no pattern, or has parts that are unknown, said twice, or not supported.
    """
    if isinstance(value, dict):
        if [folded(key) for key in list(value)[:2]] == ["rrule"]:
            key, value = next(iter(value.items()))
            pointer = f"{pointer}/{_segment(key)}"
        else:
            return _object_parts(value, pointer)
    if value is None:
        return {}
    if not isinstance(value, str):
        raise Invalid.at(pointer, "must be an object, an RRULE such as FREQ=WEEKLY;BYDAY=MO, or null")
    if len(value) > TEXT_MAX:
        raise Invalid.at(pointer, f"has {len(value)} characters; at most {TEXT_MAX} are possible")
    if not value.strip():
        return {}
    word = folded(value)
    if word in FREQUENCIES or word in NOT_AT_ALL or word in TOO_OFTEN:
        return {"frequency": Said(pointer, value)}
    return _rrule_parts(value, pointer)


def _object_parts(value: dict[str, Json], pointer: str) -> Parts:
    if len(value) > MEMBERS_MAX:
        raise Invalid.at(pointer, f"has {len(value)} members; at most {MEMBERS_MAX} are possible")
    parts: Parts = {}
    faults: list[Fault] = []
    for key, entry in value.items():
        name, place = folded(key), f"{pointer}/{_segment(key)}"
        field = FIELDS.get(name)
        if name in DEFAULTS:
            if entry is not None and not (isinstance(entry, str) and folded(entry) == DEFAULTS[name]):
                faults.append(Fault(place, f"is only understood as {DEFAULTS[name]}"))
        elif field is None:
            faults.append(Fault(place, _unknown(name, key)))
        elif entry in (None, "", []):
            pass
        elif field in parts:
            faults.append(Fault(place, f"says again what {parts[field].pointer} says"))
        else:
            parts[field] = Said(place, entry)
    if faults:
        raise Invalid(*faults[:FAULTS_MAX])
    return parts


def _unknown(name: str, key: str) -> str:
    if name in STARTS:
        return "is not part of a pattern: a series begins at start_time"
    return f"{shown(key)} is not a part of a recurrence pattern"


def _rrule_parts(text: str, pointer: str) -> Parts:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) != 1 or _OTHER_LINES.match(lines[0]):
        raise Invalid.at(
            pointer,
            "must be the RRULE alone: a series begins at start_time, and occurrences are deleted singly",
        )
    rule = lines[0][6:] if lines[0][:6].upper() == "RRULE:" else lines[0]
    if "=" not in rule:
        raise Invalid.at(pointer, f"{shown(text)} is neither daily, weekly, monthly or yearly nor an RRULE")
    parts: Parts = {}
    faults: list[Fault] = []
    for part in rule.removesuffix(";").split(";"):
        name, _, entry = (piece.strip() for piece in part.partition("="))
        field = RRULE_FIELDS.get(name.upper())
        if name.lower() in DEFAULTS and name.upper() != "@TYPE":
            if folded(entry) != DEFAULTS[name.lower()]:
                faults.append(Fault(pointer, f"{name.upper()} is only understood as {DEFAULTS[name.lower()]}"))
        elif field is None:
            faults.append(Fault(pointer, f"{shown(part)} is not a part of an RRULE (RFC 5545, 3.3.10)"))
        elif not entry:
            faults.append(Fault(pointer, f"{name.upper()} has no value"))
        elif field in parts:
            faults.append(Fault(pointer, f"{name.upper()} is there twice"))
        else:
            parts[field] = Said(pointer, entry, name.upper())
    if faults:
        raise Invalid(*faults[:FAULTS_MAX])
    return parts


def _segment(key: str) -> str:
    """Write a member's name as a segment of a JSON Pointer (RFC 6901), cut short, without what cannot be encoded."""
    text = key[:64].encode("utf-8", "backslashreplace").decode()
    return text.replace("~", "~0").replace("/", "~1")
