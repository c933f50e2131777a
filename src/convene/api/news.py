"""The shapes of notifications and of sync: what is read, what is answered, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from convene.api.responses import Answer, Event
from convene.api.schemas import Body, Id
from convene.domain.notices import NoticeKind
from convene.domain.roles import Role


class ReadUpTo(Body):
    """The newest notification that has been seen."""

    up_to: Id | None = None
    """All of them without."""


class WantedChannels(Body):
    """On which channels to hear of a kind."""

    live: Annotated[bool, Field(strict=True)]
    email: Annotated[bool, Field(strict=True)]


class PreferencesUpdate(Body):
    """What to hear of, by kind; kinds that are not named stay as they are."""

    kinds: dict[NoticeKind, WantedChannels]

    def wanted(self) -> dict[NoticeKind, tuple[bool, bool]]:
        """As the operation reads it."""
        return {kind: (channels.live, channels.email) for kind, channels in self.kinds.items()}


class FieldChange(Answer):
    """A field before and after."""

    field: str
    old_value: JsonValue
    new_value: JsonValue


class Notification(Answer):
    """Something that happened to an event that the caller sees, or saw."""

    id: int
    kind: NoticeKind
    message: str
    """What happened, in words."""
    event_id: int | None
    title: str
    actor_id: int | None
    actor: str | None
    actor_display_name: str | None
    role: Role | None
    version: int | None
    edits: int
    """How many edits have been folded into it."""
    changes: list[FieldChange]
    created_at: datetime
    updated_at: datetime
    read_at: datetime | None
    begins_at: datetime | None
    """Of a reminder: when what it reminds of begins."""


class Channels(Answer):
    """On which channels one hears of a kind."""

    live: bool
    email: bool


class PreferencesAnswer(Answer):
    """What one wants to hear of, by kind."""

    kinds: dict[NoticeKind, Channels]
    sends_mail: bool
    """Whether this server sends any mail; without, `email` and digests are remembered only."""


class ChangesAnswer(Answer):
    """What has changed since a cursor."""

    changed: list[Event]
    removed: list[int]
    """Ids of events that the caller sees no more."""
    cursor: str
    """For `?since=`."""
    more: bool
    """Whether there is more to read with the new cursor at once."""
