"""EventContent as canonical JSON, as it is stored, and back: what is read equals what was written.

Reading trusts its input: it is only for what Convene stored itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from convene.domain.content import OVERRIDABLE, UNSET, EventContent, FreeBusy, Override, Schedule, Status
from convene.domain.durations import format_duration, parse_duration
from convene.domain.json_types import Json, JsonObject
from convene.domain.patterns import pattern_from_json, pattern_to_json
from convene.domain.zones import away, iso8601

#: Further from UTC than the clocks of any zone are, now and before there were zones.
MARGIN = timedelta(days=1)


def to_json(content: EventContent) -> JsonObject:
    """Write a content as canonical JSON, which `from_json` reads back to an equal value."""
    return {
        "title": content.title,
        "description": content.description,
        "location": content.location,
        "status": str(content.status),
        "free_busy_status": str(content.free_busy_status),
        "tags": list(content.tags),
        "schedule": schedule_to_json(content.schedule),
        "overrides": {own.occurrence.isoformat(): override_to_json(own) for own in content.overrides},
    }


def from_json(data: Mapping[str, Json]) -> EventContent:
    """Read what `to_json` wrote."""
    overrides = data["overrides"]
    return EventContent(
        title=_text(data["title"]),
        description=_optional_text(data["description"]),
        location=_optional_text(data["location"]),
        status=Status(_text(data["status"])),
        free_busy_status=FreeBusy(_text(data["free_busy_status"])),
        tags=tuple(_text(tag) for tag in _items(data["tags"])),
        schedule=schedule_from_json(_object(data["schedule"])),
        overrides=tuple(override_from_json(key, _object(own)) for key, own in _object(overrides).items()),
    )


def may_happen(data: Mapping[str, Json], after: datetime, before: datetime) -> bool:
    """Say of a stored content, without reading all of it, whether it may happen in a window; yes for every series."""
    schedule = _object(data["schedule"])
    if schedule["recurrence_pattern"] is not None:
        return True
    start = datetime.fromisoformat(_text(schedule["start"])).replace(tzinfo=UTC)
    if away(start, -MARGIN) >= before:
        return False
    return away(start, parse_duration(_text(schedule["duration"])) + MARGIN) > after


def schedule_to_json(schedule: Schedule) -> JsonObject:
    """Write a schedule: local start, duration, zone, and the rule in RFC 8984's names or null."""
    data: JsonObject = {
        "start": iso8601(schedule.start),
        "duration": format_duration(schedule.duration),
        "time_zone": schedule.zone,
        "all_day": schedule.all_day,
        "recurrence_pattern": pattern_to_json(schedule.rule) if schedule.rule else None,
    }
    if schedule.fold:
        data["fold"] = 1
    return data


def schedule_from_json(data: Mapping[str, Json]) -> Schedule:
    """Read what `schedule_to_json` wrote."""
    rule = data["recurrence_pattern"]
    return Schedule(
        start=datetime.fromisoformat(_text(data["start"])),
        duration=parse_duration(_text(data["duration"])),
        zone=_text(data["time_zone"]),
        all_day=data["all_day"] is True,
        fold=1 if data.get("fold") else 0,
        rule=pattern_from_json(_object(rule)) if rule is not None else None,
    )


def override_to_json(own: Override) -> JsonObject:
    """Write an override without its occurrence, which is its key: only what is set."""
    if own.excluded:
        return {"excluded": True}
    data: JsonObject = {}
    for name in OVERRIDABLE:
        value = getattr(own, name)
        if value is not UNSET:
            data[name] = value.value if isinstance(value, StrEnum) else value
    if own.start is not UNSET:
        data["start"] = own.start.isoformat()
    if own.duration is not UNSET:
        data["duration"] = format_duration(own.duration)
    return data


def override_from_json(occurrence: str, data: Mapping[str, Json]) -> Override:
    """Read what `override_to_json` wrote under the key `occurrence`."""
    return Override(
        occurrence=datetime.fromisoformat(occurrence),
        excluded=data.get("excluded") is True,
        title=_text(data["title"]) if "title" in data else UNSET,
        description=_optional_text(data["description"]) if "description" in data else UNSET,
        location=_optional_text(data["location"]) if "location" in data else UNSET,
        status=Status(_text(data["status"])) if "status" in data else UNSET,
        free_busy_status=FreeBusy(_text(data["free_busy_status"])) if "free_busy_status" in data else UNSET,
        start=datetime.fromisoformat(_text(data["start"])) if "start" in data else UNSET,
        duration=parse_duration(_text(data["duration"])) if "duration" in data else UNSET,
    )


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _optional_text(value: Json) -> str | None:
    return None if value is None else _text(value)


def _items(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value
