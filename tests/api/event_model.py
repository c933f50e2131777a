"""Events in the model: their versions, how they were split, what is asked of them and what comes to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.api.content_model import Content, Fields


class Version(NamedTuple):
    """One version; a `kind` of None may be any."""

    content: Content
    kind: str | None
    by: str
    base: int | None = None


class Written(NamedTuple):
    """What a request writes: a version of the event, or none; the later half of it, if it is split; older halves.

    `shows` is the event that the answer shows: a later half where only that is concerned. None for the one that was
    asked for, or for a later half that is new.
    """

    version: Version | None
    later: Version | None = None
    name: int = 0
    halves: tuple[tuple[int, Version], ...] = ()
    shows: int | None = None


class Cut(NamedTuple):
    """The first version of an event that is only a half, before which occurrence that ends, and what continues it."""

    version: int
    name: int
    later_id: int


class Edit(NamedTuple):
    """A change as it is asked for.

    `scope` and `name` say of what part. `base` and `match` are the versions that are said to be merged with, or to be
    the newest. `seen_as` is the occurrence that is sent back.
    """

    fields: Fields
    scope: str = "all"
    name: int = 0
    base: int | None = None
    match: int | None = None
    allow: bool = False
    seen_as: int | None = None


@dataclass
class Event:
    """An event with all its versions; `roles` are those of everybody but the owner."""

    owner: str
    versions: list[Version]
    roles: dict[str, str] = field(default_factory=dict)
    split_from: int | None = None
    continued_by: int | None = None
    trashed: bool = False
    cuts: list[Cut] = field(default_factory=list)

    @property
    def newest(self) -> int:
        return len(self.versions)

    @property
    def head(self) -> Content:
        return self.versions[-1].content

    def number(self, base: str) -> int:
        """Say which version an edit begins with that is based on an old one, or on the newest."""
        back = {"old": 1, "old match": 1, "older": 3, "oldest": self.newest}.get(base, 0)
        return max(self.newest - back, 1)

    def cuts_since(self, base: int | None) -> list[Cut]:
        """How it was split after a version."""
        return [] if base is None else [cut for cut in self.cuts if cut.version > base]

    def role_of(self, who: str) -> str | None:
        return "owner" if who == self.owner else self.roles.get(who)
