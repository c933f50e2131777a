"""The shapes of answers, for the OpenAPI document. Answers are written by `representation`; tests compare the two."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from convene.api.fields import without_defaults
from convene.domain.content import FreeBusy, Status
from convene.domain.roles import Role

When = datetime | date


class Answer(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra=without_defaults)


class Event(Answer):
    """An event as the caller sees it; in a window, one occurrence of it."""

    id: int
    uid: str
    """RFC 5545 UID."""
    title: str
    description: str | None
    start_time: When
    """With the offset of `time_zone`; a date when all-day."""
    end_time: When
    """Exclusive."""
    time_zone: str
    all_day: bool
    location: str | None
    status: Status
    free_busy_status: FreeBusy
    tags: list[str]
    is_recurring: bool
    recurrence_pattern: dict[str, JsonValue] | None
    """RFC 8984 RecurrenceRule."""
    overrides: dict[str, dict[str, JsonValue]]
    """What single occurrences have of their own, by the wall time at which the series would have them start."""
    owner_id: int
    calendar_id: int
    version: int
    role: Role
    """Of the caller."""
    split_from: int | None
    """The event that was the earlier half, when the series was split, if the caller sees it."""
    continued_by: int | None
    """The event that is the later half, if the caller sees it."""
    created_at: datetime
    updated_at: datetime
    updated_by: int


class EventOrOccurrence(Event):
    """An event, or one occurrence of a series."""

    occurrence: str = Field(default="", description="Occurrences only: its name, for `?occurrence=`.")
    series_start: When = Field(default=date.min, description="Occurrences only: the start of the series.")


class Slot(Answer):
    """Free time."""

    start_time: datetime
    end_time: datetime


class Taken(Slot):
    """Taken time; `event_id` and `title` only of events that the caller may see."""

    event_id: int | None
    title: str | None


class Check(Answer):
    """What would conflict."""

    free: bool
    conflicts: list[Taken]
    more: bool
    nearest_free: list[Slot]
    checked_until: datetime


class User(Answer):
    """One's own account."""

    id: int
    username: str
    email: str
    display_name: str | None
    time_zone: str
    is_active: bool
    created_at: datetime
    updated_at: datetime


class Person(Answer):
    """Somebody else."""

    id: int
    username: str
    display_name: str | None


class TokenAnswer(Answer):
    """RFC 6749, 5.1."""

    access_token: str
    refresh_token: str = Field(default="", description="In a cookie instead, when `X-Convene-Page` asks for that.")
    token_type: Literal["bearer"]
    expires_in: int
    """Seconds."""


class Registration(Answer):
    """Whether people make accounts by themselves; where it is closed, the operator makes them."""

    registration: Literal["open", "closed"]


class Session(Answer):
    """A signed-in device."""

    id: str
    user_agent: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool
    """The one that is asking."""


class SharedWith(Answer):
    """What sharing did to one person."""

    user_id: int
    username: str
    role: Role
    permission_level: Role
    status: Literal["granted", "updated", "unchanged"]


class ShareAnswer(Answer):
    """What sharing did."""

    event_id: int
    shared_with: list[SharedWith]
    message: str


class Permission(Answer):
    """What somebody is to an event."""

    id: int
    event_id: int
    user_id: int
    username: str
    display_name: str | None
    role: Role
    permission_level: Role
    created_at: datetime
    updated_at: datetime


class Version(Answer):
    """A version of an event."""

    id: int
    event_id: int
    version_number: int
    kind: Literal["created", "updated", "merged", "rolled back", "deleted", "restored", "transferred", "rejoined"]
    base_version: int | None
    created_by: int
    author: str
    author_display_name: str | None
    created_at: datetime
    change_description: str | None
    data: dict[str, JsonValue]
    """The fields as they were."""


class Change(Answer):
    """One changed field."""

    id: int
    event_id: int
    version_id: int
    version_number: int
    field_name: str
    old_value: JsonValue
    new_value: JsonValue
    created_by: int
    created_at: datetime


class FieldDifference(Answer):
    """One field that differs."""

    field: str
    old_value: JsonValue
    new_value: JsonValue
    change_type: Literal["added", "removed", "modified"]
    text_diff: str = Field(default="", description="Long text only: a unified diff.")


class ComparisonAnswer(Answer):
    """Two versions and what differs."""

    version_1: int
    version_2: int
    changes: list[FieldDifference]


class Difference(Answer):
    """What differs between two versions."""

    event_id: int
    comparison: ComparisonAnswer


class FieldBlame(Answer):
    """Who set a field last."""

    version_number: int
    kind: str
    created_by: int
    author: str
    author_display_name: str | None
    created_at: datetime


class BlameAnswer(Answer):
    """Who set each field last."""

    event_id: int
    fields: dict[str, FieldBlame]


class Clash(Answer):
    """A field that two edits changed: what it was, what one made of it, what the other did."""

    field: str
    base: JsonValue
    ours: JsonValue
    theirs: JsonValue


class Shelved(Answer):
    """An edit that could not be merged, kept for its author."""

    id: int
    event_id: int
    base_version: int
    current_version: int
    data: dict[str, JsonValue]
    conflicts: list[Clash]
    created_at: datetime


class HealthCheck(Answer):
    """One thing that was looked at."""

    status: Literal["ok", "unavailable", "interrupted"]
    ms: float | None = None
    """How long it took to answer."""
    detail: str | None = None


class Health(Answer):
    """Whether the server can serve."""

    status: Literal["ok", "unavailable"]
    database: Literal["ok", "unavailable"]
    version: str
    checks: dict[str, HealthCheck] | None = None
    """`database`, `migrations`, and `bus`, without which news travel slowly and nothing else happens."""
