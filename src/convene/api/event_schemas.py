"""The shapes of request bodies about events.

What an answer carries and nobody can set is ignored, so that a client may send back what it read; `version` is then
read as `base_version`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, model_validator

from convene.api.fields import Pattern, When, name, or_bare, text, without_defaults
from convene.api.schemas import Body, Id, Version
from convene.domain.changes import EventChange
from convene.domain.content import (
    DESCRIPTION_MAX,
    LOCATION_MAX,
    TAG_MAX,
    TAGS_MAX,
    TITLE_MAX,
    FreeBusy,
    Status,
)
from convene.operations.events import BATCH_MAX

_READ_ONLY = frozenset(
    {
        "id", "uid", "owner_id", "calendar_id", "role", "created_at", "updated_at", "updated_by",
        "series_start", "split_from", "continued_by",
    }
)  # fmt: skip


class EventFields(Body):
    """What can be said about an event. Fields that an answer carries and nobody can set are ignored."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    title: name(TITLE_MAX) = ""  # type: ignore[valid-type]
    description: text(DESCRIPTION_MAX) | None = None  # type: ignore[valid-type]
    start_time: When = None  # type: ignore[assignment]
    end_time: When = None  # type: ignore[assignment]
    time_zone: Annotated[str, StringConstraints(max_length=64)] = ""
    """An IANA name; the user's own zone until it is said."""
    all_day: Annotated[bool, Field(strict=True)] = False
    location: text(LOCATION_MAX) | None = None  # type: ignore[valid-type]
    status: Status = Status.CONFIRMED
    free_busy_status: FreeBusy = FreeBusy.BUSY
    """Whether it takes up time; all-day events are free unless said otherwise."""
    tags: Annotated[list[name(TAG_MAX)], Field(max_length=TAGS_MAX)] | None = None  # type: ignore[valid-type]
    is_recurring: Annotated[bool, Field(strict=True)] = False
    """Follows from `recurrence_pattern`; `false` clears it."""
    recurrence_pattern: Pattern = None
    """RFC 8984 RecurrenceRule, an RRULE string, or one of the simple dialects; null for none."""
    overrides: dict[str, JsonValue] | None = None
    """Only as it was read: single occurrences are changed with `?scope=this`."""

    _ignored: ClassVar[frozenset[str]] = _READ_ONLY

    @model_validator(mode="before")
    @classmethod
    def _read_what_was_sent(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sends
        if not isinstance(data, dict) or (cls._ignored.isdisjoint(data) and "recurrence_type" not in data):
            return data
        known = {key: value for key, value in data.items() if key not in cls._ignored}
        legacy = known.pop("recurrence_type", None)
        if legacy is not None and known.get("recurrence_pattern") is None:
            known["recurrence_pattern"] = legacy
        return known

    def change(self) -> EventChange:
        """The fields that were sent, as the operations read them."""
        said = self.model_fields_set
        values = {**self.__dict__, "tags": tuple(self.tags or ())}
        return EventChange._make([values[field] if field in said else unsaid for field, unsaid in _UNSAID])


_UNSAID = tuple(EventChange._field_defaults.items())


class EventCreate(EventFields):
    """A new event: `title`, `start_time` and `end_time` are required."""

    title: name(TITLE_MAX)  # type: ignore[valid-type]
    start_time: When
    end_time: When

    _ignored: ClassVar[frozenset[str]] = _READ_ONLY | {"version", "base_version", "occurrence"}


class EventCheck(EventFields):
    """A new event, or with `event_id` a change to one that there is.

    Of a new event, `title`, `start_time` and `end_time` are required. A change is put onto the newest version.
    """

    event_id: Id | None = None
    """The event that would be changed. It is not in its own way, and what is not sent stays as it is."""
    occurrence: When | None = None
    """As in a change: the occurrence as which the event was read from a list."""

    _ignored: ClassVar[frozenset[str]] = _READ_ONLY | {"version", "base_version"}


class EventUpdate(EventFields):
    """The fields to change; the others stay. `null` clears."""

    base_version: Version | None = None
    """The version that was read: merge with whatever has happened since. `version` is read the same way."""
    change_description: text(500) | None = None  # type: ignore[valid-type]
    """What the author says about the change; kept in the history."""
    occurrence: When | None = None
    """The occurrence as which the event was read from a list, sent back with it: what is sent as that occurrence
    shows it asks for nothing, and where it was moved, the series moves by as much."""

    @model_validator(mode="before")
    @classmethod
    def _read_version(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sends
        if isinstance(data, dict) and "version" in data:
            data = dict(data)
            version = data.pop("version")
            data.setdefault("base_version", version)
        return data


class EventBatch(Body):
    """Up to 1,000 new events: `events`, or a bare array."""

    model_config = ConfigDict(json_schema_extra=or_bare)

    events: Annotated[list[EventCreate], Field(min_length=1, max_length=BATCH_MAX)]

    @model_validator(mode="before")
    @classmethod
    def _read_bare_array(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sends
        return {"events": data} if isinstance(data, list) else data


class Rollback(Body):
    """Which fields to roll back; all of them without.

    With `rejoin`, later halves that were split off since that version go, unless somebody has changed one since: they
    are in the series again, and in no trash.
    """

    fields: Annotated[list[text(100)], Field(min_length=1, max_length=100)] | None = None  # type: ignore[valid-type]
    rejoin: bool = False
