"""Values as JSON bytes, with the field names that clients were promised.

Answers are built as plain dictionaries and written by orjson: the response models of `responses` describe them in the
OpenAPI document, and the tests compare every answer with that description. Validating each answer while it is served
would cost more than all the rest of a request.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from convene.api.answers import written
from convene.domain.conflicts import Busy
from convene.domain.content_json import from_json, override_to_json
from convene.domain.errors import BatchClash
from convene.domain.fields import FieldChange, field_view
from convene.domain.series import Occurrence
from convene.domain.zones import iso8601, rfc3339, utc_rfc3339, zone
from convene.operations.agenda import Entry
from convene.operations.history import Blame, Comparison
from convene.operations.sharing import Shared
from convene.operations.tokens import TokenPair
from convene.storage.accounts import SessionRow, UserRow
from convene.storage.events import EventHead
from convene.storage.history import ChangeRow, ShelvedRow, VersionRow
from convene.storage.sharing import PermissionRow

JsonObject = dict[str, Any]


# -- events --------------------------------------------------------------------------------------------------


def event_json(head: EventHead) -> JsonObject:
    """One event."""
    start, end = _times(head)
    return {
        "id": head.id,
        "calendar_id": head.calendar_id,
        "uid": head.uid,
        "title": head.title,
        "description": head.description,
        "start_time": start,
        "end_time": end,
        "time_zone": head.time_zone,
        "all_day": head.all_day,
        "location": head.location,
        "status": head.status,
        "free_busy_status": head.free_busy_status,
        "tags": head.tags or [],
        "is_recurring": head.is_recurring,
        "recurrence_pattern": head.recurrence_pattern,
        "overrides": head.overrides or {},
        "owner_id": head.owner_id,
        "version": head.version,
        "role": head.role,
        "split_from": head.split_from_seen,
        "continued_by": head.continued_by_seen,
        # orjson writes instants in UTC five times as fast as Python, and lists have many of them.
        "created_at": head.created_at,
        "updated_at": head.updated_at,
        "updated_by": head.updated_by,
    }


def new_event_json(new: EventHead) -> Callable[[int, int], bytes]:
    """Write one that is still to be created, and give what completes it by its id and its calendar's."""
    said = event_json(new)
    del said["id"], said["calendar_id"]
    members = written(said)[1:]
    return lambda event_id, calendar_id: b'{"id":%d,"calendar_id":%d,' % (event_id, calendar_id) + members


def _times(head: EventHead) -> tuple[str, str]:
    if head.all_day:
        start = date.fromisoformat(head.start_local[:10])
        return start.isoformat(), (start + timedelta(microseconds=head.duration)).isoformat()
    tz = zone(head.time_zone)
    return rfc3339(head.start_time, tz), rfc3339(head.end_time, tz)


def entry_json(entry: Entry) -> JsonObject:
    """One line of a list: an event, or an occurrence with its own fields and times."""
    body = event_json(entry.head)
    if entry.occurrence is None:
        return body
    return body | _occurrence_fields(entry.head, entry.occurrence, body["start_time"])


def _occurrence_fields(head: EventHead, occurrence: Occurrence, series_start: str) -> JsonObject:
    tz = zone(head.time_zone)
    if head.all_day:
        start = occurrence.starts_at.astimezone(tz).date().isoformat()
        end = occurrence.ends_at.astimezone(tz).date().isoformat()
        name = occurrence.recurrence_id.date().isoformat()
    else:
        start, end = rfc3339(occurrence.starts_at, tz), rfc3339(occurrence.ends_at, tz)
        name = iso8601(occurrence.recurrence_id)
    fields: JsonObject = {"start_time": start, "end_time": end, "occurrence": name, "series_start": series_start}
    if occurrence.own is not None:
        own = override_to_json(occurrence.own)
        fields |= {key: value for key, value in own.items() if key not in {"start", "duration"}}
    # Each occurrence carries its own fields; the overrides of all the others belong to the series.
    fields["overrides"] = {}
    return fields


# -- conflicts -----------------------------------------------------------------------------------------------


def busy_json(one: Busy) -> JsonObject:
    """Taken time; which event takes it is said only to those who may see it."""
    return {
        "event_id": one.event_id if one.visible else None,
        "title": one.title if one.visible else None,
        "start_time": utc_rfc3339(one.starts_at),
        "end_time": utc_rfc3339(one.ends_at),
    }


def batch_clash_json(one: BatchClash) -> JsonObject:
    """A clash in a batch: the place of the event, and what is in its way, stored or in the batch itself."""
    return {"index": one.index, "other_index": one.other_index, **busy_json(one.other)}


def free_json(slot: tuple[datetime, datetime]) -> JsonObject:
    """Free time."""
    return {"start_time": utc_rfc3339(slot[0]), "end_time": utc_rfc3339(slot[1])}


# -- people --------------------------------------------------------------------------------------------------


def user_json(user: UserRow) -> JsonObject:
    """One's own account."""
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "display_name": user.display_name,
        "time_zone": user.time_zone,
        "is_active": user.is_active,
        "created_at": utc_rfc3339(user.created_at),
        "updated_at": utc_rfc3339(user.updated_at),
    }


def person_json(user: UserRow) -> JsonObject:
    """Somebody else: what everybody may know."""
    return {"id": user.id, "username": user.username, "display_name": user.display_name}


def tokens_json(pair: TokenPair) -> JsonObject:
    """What a client gets when it signs in (RFC 6749, 5.1)."""
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "token_type": "bearer",
        "expires_in": pair.expires_in,
    }


def session_json(session: SessionRow, current: str) -> JsonObject:
    """A signed-in device."""
    return {
        "id": session.id,
        "user_agent": session.user_agent,
        "created_at": utc_rfc3339(session.created_at),
        "last_used_at": utc_rfc3339(session.last_used_at),
        "expires_at": utc_rfc3339(session.expires_at),
        "current": session.id == current,
    }


def permission_json(row: PermissionRow) -> JsonObject:
    """What somebody is to an event; identified inside the event by the user, so `id` is the user's."""
    return {
        "id": row.user_id,
        "event_id": row.event_id,
        "user_id": row.user_id,
        "username": row.username,
        "display_name": row.display_name,
        "role": row.role,
        "permission_level": row.role,
        "created_at": utc_rfc3339(row.created_at),
        "updated_at": utc_rfc3339(row.updated_at),
    }


def shared_json(event_id: int, shared: list[Shared]) -> JsonObject:
    """What sharing did."""
    people = [
        {
            "user_id": one.user.id,
            "username": one.user.username,
            "role": one.role.value,
            "permission_level": one.role.value,
            "status": one.status.value,
        }
        for one in shared
    ]
    names = ", ".join(one.user.username for one in shared)
    return {"event_id": event_id, "shared_with": people, "message": f"shared with {names}"}


# -- history -------------------------------------------------------------------------------------------------


def version_json(row: VersionRow) -> JsonObject:
    """A version and what the event was in it, as clients see the fields."""
    return {
        "id": row.version_number,
        "event_id": row.event_id,
        "version_number": row.version_number,
        "kind": row.kind,
        "base_version": row.base_version,
        "created_by": row.created_by,
        "author": row.author,
        "author_display_name": row.author_display_name,
        "created_at": utc_rfc3339(row.created_at),
        "change_description": row.change_description,
        "data": field_view(from_json(row.data)),
    }


def change_json(row: ChangeRow) -> JsonObject:
    """One changed field in the log."""
    return {
        "id": row.id,
        "event_id": row.event_id,
        "version_id": row.version_number,
        "version_number": row.version_number,
        "field_name": row.field_name,
        "old_value": row.old_value,
        "new_value": row.new_value,
        "created_by": row.created_by,
        "created_at": utc_rfc3339(row.created_at),
    }


def diff_json(comparison: Comparison) -> JsonObject:
    """What differs between two versions."""
    return {
        "event_id": comparison.event_id,
        "comparison": {
            "version_1": comparison.version_1,
            "version_2": comparison.version_2,
            "changes": [_field_change_json(one) for one in comparison.changes],
        },
    }


def _field_change_json(one: FieldChange) -> JsonObject:
    body = {
        "field": one.field,
        "old_value": one.old_value,
        "new_value": one.new_value,
        "change_type": one.change_type,
    }
    return body if one.text_diff is None else {**body, "text_diff": one.text_diff}


def blame_json(event_id: int, blamed: list[Blame]) -> JsonObject:
    """Who set each field last."""
    return {
        "event_id": event_id,
        "fields": {
            one.field: {
                "version_number": one.version.version_number,
                "kind": one.version.kind,
                "created_by": one.version.created_by,
                "author": one.version.author,
                "author_display_name": one.version.author_display_name,
                "created_at": utc_rfc3339(one.version.created_at),
            }
            for one in blamed
        },
    }


def shelved_json(row: ShelvedRow) -> JsonObject:
    """An edit that could not be merged, whole, with what it clashed with."""
    return {
        "id": row.id,
        "event_id": row.event_id,
        "base_version": row.base_version,
        "current_version": row.current_version,
        "data": field_view(from_json(row.data)),
        "conflicts": row.conflicts,
        "created_at": utc_rfc3339(row.created_at),
    }
