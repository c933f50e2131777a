"""The shapes of request bodies, read into the values that operations take.

Unknown fields are refused, because a typo must not be lost silently. What an answer carries and nobody can set is
ignored, so that a client may send back what it read; `version` is then read as `base_version`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from convene.api.fields import WITHOUT_NUL, Email, When, name, or_bare, or_bare_or_one, text, without_defaults
from convene.domain.changes import EventChange
from convene.domain.content import (
    DESCRIPTION_MAX,
    LOCATION_MAX,
    TAG_MAX,
    TAGS_MAX,
    TITLE_MAX,
    UNSET,
    FreeBusy,
    Status,
)
from convene.domain.roles import Role
from convene.operations.accounts import ProfileChange, Registration
from convene.operations.events import BATCH_MAX
from convene.operations.sharing import SHARE_MAX, Invitee

ID_MAX = 2**63 - 1
PASSWORD_MAX = 128
#: No body has half as many; hundreds of thousands of unknown ones would take seconds to name.
MEMBERS_MAX = 50
Id = Annotated[int, Field(ge=1, le=ID_MAX, strict=True)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=PASSWORD_MAX), WITHOUT_NUL]


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_crowds(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sends
        if isinstance(data, dict) and len(data) > MEMBERS_MAX:
            raise ValueError(f"has {len(data)} members; at most {MEMBERS_MAX} are possible")
        return data


# -- events --------------------------------------------------------------------------------------------------

_READ_ONLY = frozenset(
    {
        *("id", "uid", "owner_id", "calendar_id", "role", "created_at", "updated_at", "updated_by", "overrides"),
        *("series_start", "split_from", "continued_by"),
    }
)


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
    recurrence_pattern: JsonValue = None
    """RFC 8984 RecurrenceRule, an RRULE string, or one of the simple dialects; null for none."""

    _ignored: ClassVar[frozenset[str]] = _READ_ONLY

    @model_validator(mode="before")
    @classmethod
    def _read_what_was_sent(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sends
        if not isinstance(data, dict):
            return data
        known = {key: value for key, value in data.items() if key not in cls._ignored}
        legacy = known.pop("recurrence_type", None)
        if legacy is not None and known.get("recurrence_pattern") is None:
            known["recurrence_pattern"] = legacy
        return known

    def change(self) -> EventChange:
        """The fields that were sent, as the operations read them."""
        sent = {field: getattr(self, field) for field in _CHANGE_FIELDS & self.model_fields_set}
        if "tags" in sent:
            sent["tags"] = tuple(sent["tags"] or ())
        return EventChange(**sent)


_CHANGE_FIELDS = frozenset(EventChange.__dataclass_fields__)


class EventCreate(EventFields):
    """A new event: `title`, `start_time` and `end_time` are required."""

    title: name(TITLE_MAX)  # type: ignore[valid-type]
    start_time: When
    end_time: When

    _ignored: ClassVar[frozenset[str]] = _READ_ONLY | {"version", "base_version", "occurrence"}


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
    """Which fields to roll back; all of them without."""

    fields: Annotated[list[text(100)], Field(min_length=1, max_length=100)] | None = None  # type: ignore[valid-type]


# -- sharing -------------------------------------------------------------------------------------------------


class _RoleBody(Body):
    @model_validator(mode="before")
    @classmethod
    def _read_permission_level(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sends
        if isinstance(data, dict) and "permission_level" in data and "role" not in data:
            data = dict(data)
            data["role"] = data.pop("permission_level")
        if isinstance(data, dict) and isinstance(data.get("role"), str):
            data = {**data, "role": data["role"].lower()}
        return data


class GrantableRole(_RoleBody):
    """A role that can be given: `viewer` or `editor`."""

    role: Role

    @model_validator(mode="after")
    def _refuse_owner(self) -> Self:
        if self.role is Role.OWNER:
            raise ValueError("role must be viewer or editor; hand the event over to make somebody its owner")
        return self


class ShareWith(GrantableRole):
    """Somebody to share with, by exactly one of id, username and e-mail address, and the role."""

    user_id: Id | None = None
    username: text(200) | None = None  # type: ignore[valid-type]
    email: text(254) | None = None  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if sum(value is not None for value in (self.user_id, self.username, self.email)) != 1:
            raise ValueError("name the person by one of user_id, username and email")
        return self

    def invitee(self) -> Invitee:
        """As the operation reads it."""
        return Invitee(role=self.role, user_id=self.user_id, username=self.username, email=self.email)


class Share(Body):
    """People to share with: `users`, or one of them by itself, or a bare array."""

    model_config = ConfigDict(json_schema_extra=or_bare_or_one)

    users: Annotated[list[ShareWith], Field(min_length=1, max_length=SHARE_MAX)]

    @model_validator(mode="before")
    @classmethod
    def _read_forms(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sends
        if isinstance(data, list):
            return {"users": data}
        if isinstance(data, dict) and "users" not in data:
            return {"users": [data]}
        return data


class Transfer(Body):
    """The collaborator who becomes the owner."""

    user_id: Id


# -- accounts ------------------------------------------------------------------------------------------------


class Register(Body):
    """A new account."""

    username: text(200)  # type: ignore[valid-type]
    """3 to 50 letters, digits, `.`, `_` or `-`; unique without regard to case."""
    email: Email
    password: Password
    display_name: text(100) | None = None  # type: ignore[valid-type]
    full_name: text(100) | None = None  # type: ignore[valid-type]
    """Read as `display_name`."""
    time_zone: Annotated[str, StringConstraints(max_length=64)] = "UTC"

    def registration(self) -> Registration:
        """As the operation reads it."""
        return Registration(
            username=self.username,
            email=self.email,
            password=self.password,
            display_name=self.display_name or self.full_name,
            time_zone=self.time_zone,
        )


class Login(Body):
    """A username or an e-mail address, in either field, and the password."""

    username: text(254) | None = None  # type: ignore[valid-type]
    email: text(254) | None = None  # type: ignore[valid-type]
    password: text(PASSWORD_MAX)  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _needs_name(self) -> Self:
        if self.username is None and self.email is None:
            raise ValueError("username or email is required")
        return self

    def credentials(self) -> tuple[str, str]:
        """Name and password."""
        return self.username or self.email or "", self.password


class ProfileUpdate(Body):
    """What to change about oneself; the others stay."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    email: Email = ""
    display_name: text(100) | None = None  # type: ignore[valid-type]
    time_zone: Annotated[str, StringConstraints(max_length=64)] = ""

    def change(self) -> ProfileChange:
        """As the operation reads it."""
        sent = self.model_fields_set
        return ProfileChange(
            email=self.email if "email" in sent else UNSET,
            display_name=self.display_name if "display_name" in sent else UNSET,
            time_zone=self.time_zone if "time_zone" in sent else UNSET,
        )


class PasswordChange(Body):
    """The current and the new password."""

    current_password: text(PASSWORD_MAX)  # type: ignore[valid-type]
    new_password: Password
