"""What happened, said to a person in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from convene.domain.errors import ConveneError, Invalid, NameTaken, NotFound, NotPossibleNow, Unavailable
from convene.domain.json_types import Json
from convene.domain.notices import NoticeKind

_SHOWN = 60
_LISTED = 3

_FIELDS = {
    "start_time": "the start",
    "end_time": "the end",
    "time_zone": "the time zone",
    "all_day": "all-day",
    "recurrence_pattern": "how it repeats",
    "free_busy_status": "free or busy",
}

_SENTENCES = {
    NoticeKind.SHARED: "{actor} shared “{title}” with you as {role}",
    NoticeKind.ROLE_CHANGED: "{actor} made you {role} of “{title}”",
    NoticeKind.ACCESS_REMOVED: "{actor} took “{title}” away from you",
    NoticeKind.CHANGED: "{actor} changed “{title}”",
    NoticeKind.MERGED: "{actor}'s edit of “{title}” was merged with yours",
    NoticeKind.ROLLED_BACK: "{actor} rolled “{title}” back",
    NoticeKind.DELETED: "{actor} deleted “{title}”",
    NoticeKind.RESTORED: "{actor} restored “{title}”",
    NoticeKind.HANDED_OVER: "{actor} handed “{title}” over",
    NoticeKind.SHELVED: "Your edit of “{title}” could not be merged; it is kept on your shelf",
    NoticeKind.REMINDER: "“{title}” begins {soon}",
    NoticeKind.WEBHOOK_DISABLED: "Your webhook {title} takes no messages any more and was switched off",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field and its values before and after, as clients see them."""

    field: str
    old_value: Json
    new_value: Json


def folded(changes: Iterable[Difference]) -> tuple[Difference, ...]:
    """What a run of changes comes to: for each field the first value and the last, none where they are equal."""
    found: dict[str, Difference] = {}
    for change in changes:
        first = found.get(change.field, change)
        found[change.field] = Difference(change.field, first.old_value, change.new_value)
    return tuple(one for one in found.values() if one.old_value != one.new_value)


def sentence(
    kind: NoticeKind, *, actor: str | None, title: str, role: str | None, until: timedelta | None = None
) -> str:
    """Say what happened; of a reminder, `until` is how long it was before the beginning when it was told."""
    soon = in_time(until) if until is not None else "soon"
    return _SENTENCES[kind].format(actor=actor or "Somebody", title=title, role=role or "", soon=soon)


def in_time(until: timedelta) -> str:
    """Say how soon: `now`, `in 15 minutes`, `in 2 hours`, `in 3 days`."""
    minutes = round(until / timedelta(minutes=1))
    if minutes <= 0:
        return "now"
    for size, name in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes % size == 0 or minutes >= 2 * size:
            count = round(minutes / size)
            return f"in {count} {name}{'' if count == 1 else 's'}"
    return "soon"


def in_lines(changes: Sequence[Difference]) -> list[str]:
    """Say what changed, each difference in a line of its own."""
    return [_one(change) for change in changes]


def in_words(changes: Sequence[Difference]) -> str:
    """Say what changed: `title from “A” to “B”; location set to “Hall”; and 2 more`."""
    said = in_lines(changes[:_LISTED])
    if len(changes) > _LISTED:
        said.append(f"and {len(changes) - _LISTED} more")
    return "; ".join(said)


def _one(change: Difference) -> str:
    name = _FIELDS.get(change.field, change.field.replace("overrides/", "the occurrence of "))
    old, new = _shown(change.old_value), _shown(change.new_value)
    if old is None and new is None:
        return f"{name} changed"
    if old is None:
        return f"{name} set to {new}"
    if new is None:
        return f"{name} cleared (was {old})"
    return f"{name} from {old} to {new}"


def _shown(value: Json) -> str | None:
    """A value short enough for a line; None for nothing, and for what is too deep to show in one."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        value = ", ".join(str(one) for one in value)
    if not isinstance(value, str) or not value:
        return None
    line = " ".join(value.split())
    return f"“{line}”" if len(line) <= _SHOWN else f"“{line[:_SHOWN]}…”"


def refused(error: ConveneError) -> str:
    """Tell an operator why something was refused."""
    match error:
        case Invalid():
            return "; ".join(f"{fault.pointer} {fault.detail}" for fault in error.faults)
        case NameTaken():
            return f"the {error.field} is taken"
        case NotFound():
            return f"there is no {error.kind} {error.key}"
        case NotPossibleNow():
            return error.detail
        case Unavailable():
            return f"the database is not available ({error.reason})"
        case _:
            return type(error).__name__
