"""JSON Merge Patch (RFC 7396) of what is an object in an event, and overrides that are sent back as they were read.

Pure: no clock, no storage.
"""

from __future__ import annotations

from convene.domain.changes import EventChange
from convene.domain.content import UNSET, EventContent
from convene.domain.content_json import override_to_json
from convene.domain.errors import Invalid
from convene.domain.json_types import Json, JsonObject
from convene.domain.patterns import pattern_to_json


def patched(target: Json, patch: Json) -> Json:
    """Put a patch onto a value: members that are null go, the others are patched in turn (RFC 7396, 2)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = patched(result.get(name), value)
    return result


def in_full(change: EventChange, base: EventContent, *, of_occurrence: bool) -> EventChange:
    """Write out a change that says of objects only what is to be another, and leave out overrides as they were read.

    Args:
        base: what the author began with.
        of_occurrence: they had one occurrence of it before them, which is shown without any overrides.

    Raises:
        Invalid: the overrides are not as they were read: single occurrences are changed by themselves.
    """
    pattern, overrides = change.recurrence_pattern, change.overrides
    own: JsonObject = {own.occurrence.isoformat(): override_to_json(own) for own in base.overrides}
    if change.is_patch and isinstance(pattern, dict):
        pattern = patched(pattern_to_json(base.schedule.rule) if base.schedule.rule else {}, pattern)
    if change.is_patch and isinstance(overrides, dict):
        overrides = patched(own, overrides)
    if overrides is not UNSET and (overrides or {}) != own and not (of_occurrence and not overrides):
        raise Invalid.at("/overrides", "cannot be changed here; change an occurrence with ?scope=this&occurrence=")
    return change._replace(recurrence_pattern=pattern, overrides=UNSET, is_patch=False)
