"""What happened to an event, and who should hear of it.

A notice is what an operation says; storage turns it into one notification for each person concerned. Never "event":
an event is a calendar event.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NoticeKind(StrEnum):
    """What happened, from the point of view of the one who hears of it."""

    SHARED = "shared"
    ROLE_CHANGED = "role_changed"
    ACCESS_REMOVED = "access_removed"
    CHANGED = "changed"
    MERGED = "merged"
    ROLLED_BACK = "rolled_back"
    DELETED = "deleted"
    RESTORED = "restored"
    HANDED_OVER = "handed_over"
    SHELVED = "shelved"
    REMINDER = "reminder"
    WEBHOOK_DISABLED = "webhook_disabled"


#: What people get mail of until they say otherwise: not of every change.
MAILED = frozenset(
    {
        NoticeKind.SHARED, NoticeKind.ROLE_CHANGED, NoticeKind.ACCESS_REMOVED, NoticeKind.HANDED_OVER,
        NoticeKind.REMINDER, NoticeKind.WEBHOOK_DISABLED,
    }
)  # fmt: skip
#: Edits of one event follow each other quickly; within this many seconds they fold into one unread notification.
FOLD_SECONDS = 60
FOLDING = frozenset({NoticeKind.CHANGED, NoticeKind.MERGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that happened to an event, or to what its owner has set up (`event_id` None).

    Attributes:
        title: of the event, as it is now; kept, because those who lose access cannot look it up. Of a webhook, its url.
        version: the newest version after it happened; `from_version` the one before.
        to: the one person who hears of it; None for everybody who sees the event, except the actor.
        role: which role was given, for SHARED and ROLE_CHANGED.
        merged_with: people whose edits were merged with the actor's: they hear MERGED instead of CHANGED.
    """

    kind: NoticeKind
    title: str
    event_id: int | None = None
    actor_id: int | None = None
    version: int | None = None
    from_version: int | None = None
    to: int | None = None
    role: str | None = None
    merged_with: frozenset[int] = frozenset()
