"""The shapes of request bodies, read into the values that operations take; those about events are in `event_schemas`.

Unknown fields are refused, because a typo must not be lost silently.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from convene.api.fields import WITHOUT_NUL, Email, or_bare_or_one, text, without_defaults
from convene.domain.content import UNSET
from convene.domain.names import folded
from convene.domain.roles import Role
from convene.operations.accounts import ProfileChange, Registration
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

    role: Annotated[Role, WithJsonSchema({"type": "string", "enum": [Role.VIEWER, Role.EDITOR]})]

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
        if self.username is not None and self.email is not None and folded(self.username) != folded(self.email):
            raise ValueError("username and email name an account each; send one of them")
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
