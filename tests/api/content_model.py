"""What an event is, in plain Python: how it takes place, is changed, cut and merged. The API is compared with it.

Time is counted in whole hours from the first of January 2045, in UTC, and series repeat daily.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

DAY = 24
_BEGINNING = datetime(2045, 1, 1, tzinfo=UTC)

#: What an occurrence can have of its own, besides its time.
OWN = ("title", "location", "status")
SCALARS = (*OWN, "free_busy_status")

Fields = Mapping[str, Any]


class Refused(Exception):
    """The calendar refuses: with this status, and for this reason if there is only one."""

    def __init__(self, status: int, reason: str | None = None) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


class Unsure(Exception):
    """Either answer is right: a series was moved on one side, and its occurrences were changed on the other."""


class Schedule(NamedTuple):
    """When an event takes place; so many times, or None for once."""

    start: int
    hours: int
    times: int | None

    @property
    def names(self) -> range:
        """The starts of its occurrences, by which they are named."""
        return range(self.start, self.start + DAY * (self.times or 1), DAY)

    def reaches(self, hour: int) -> bool:
        """Whether anything starts then or later."""
        return self.names[-1] >= hour


class Occurrence(NamedTuple):
    """One taking place, with what is shown of it."""

    name: int
    start: int
    end: int
    shown: Fields


@dataclass(frozen=True)
class Content:
    """What an event is in one version; `own` is what its occurrences have of their own."""

    title: str
    schedule: Schedule
    location: str | None = None
    status: str = "confirmed"
    free_busy_status: str = "busy"
    tags: frozenset[str] = frozenset()
    own: Mapping[int, Fields] = field(default_factory=dict)

    def occurrences(self) -> list[Occurrence]:
        """All that take place, by start."""
        found = []
        for name in self.schedule.names:
            own = self.own.get(name, {})
            if not own.get("excluded"):
                start = own.get("start", name)
                end = start + own.get("hours", self.schedule.hours)
                found.append(Occurrence(name, start, end, {one: own.get(one, getattr(self, one)) for one in OWN}))
        return sorted(found, key=lambda one: (one.start, one.name))

    def busy(self) -> list[tuple[int, int]]:
        """The time that it takes up."""
        if self.free_busy_status == "free":
            return []
        return [(one.start, one.end) for one in self.occurrences() if one.shown["status"] != "cancelled"]


def overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether two stretches of time overlap; they do not where one ends as the other begins."""
    return a[0] < b[1] and b[0] < a[1]


# -- changing ------------------------------------------------------------------------------------------------


def changed(content: Content, fields: Fields) -> Content:
    """Put fields onto a content; `start`, `hours` and `times` are those of the schedule."""
    plain = {name: value for name, value in fields.items() if name in (*SCALARS, "tags")}
    schedule = content.schedule._replace(**{name: fields[name] for name in Schedule._fields if name in fields})
    return rescheduled(replace(content, **plain), schedule)


def rescheduled(content: Content, schedule: Schedule) -> Content:
    """Give a content another schedule, and take along what its occurrences have of their own."""
    if schedule == content.schedule:
        return content
    by = schedule.start - content.schedule.start
    names = schedule.names if schedule.times else ()
    moved = {name + by: own for name, own in content.own.items() if name + by in names}
    stayed = {name: own for name, own in content.own.items() if name + by not in names and name in names}
    kept = {name: _without(own, start=name) for name, own in (stayed | moved).items()}
    return replace(content, schedule=schedule, own={name: own for name, own in kept.items() if own})


def changed_occurrence(content: Content, name: int, fields: Fields) -> Content:
    """Put fields onto one occurrence, which keeps only what differs from the series; a deleted one stays so."""
    need_occurrence(content, name)
    if content.own.get(name, {}).get("excluded"):
        raise Refused(409, "not-possible")
    regular = {**{key: getattr(content, key) for key in OWN}, "start": name, "hours": content.schedule.hours}
    sent = {key: value for key, value in fields.items() if key in regular}
    before = {key: value for key, value in content.own.get(name, {}).items() if key not in sent}
    own = {**before, **_without(sent, **regular)}
    others = {other: value for other, value in content.own.items() if other != name}
    return replace(content, own=others | ({name: own} if own else {}))


def without_occurrence(content: Content, name: int) -> Content:
    """Take one occurrence out."""
    need_occurrence(content, name)
    if content.own.get(name, {}).get("excluded"):
        raise Refused(422)
    return replace(content, own={**content.own, name: {"excluded": True}})


def halves(content: Content, name: int) -> tuple[Content, Content]:
    """Cut a series before an occurrence."""
    need_occurrence(content, name)
    start, hours, count = content.schedule
    before = (name - start) // DAY
    earlier, later = Schedule(start, hours, before), Schedule(name, hours, (count or 0) - before)
    return (
        replace(content, schedule=earlier, own={key: own for key, own in content.own.items() if key < name}),
        replace(content, schedule=later, own={key: own for key, own in content.own.items() if key >= name}),
    )


def need_occurrence(content: Content, name: int) -> None:
    """Refuse what is no occurrence of a series."""
    if content.schedule.times is None or name not in content.schedule.names:
        raise Refused(422)


def meant(base: Content, name: int, fields: Fields, target: Content) -> Fields:
    """Say what somebody asks of a series, or a part of it, who sends back an occurrence of it with changes.

    What they send as they saw it asks for nothing, and where they moved the occurrence, `target` moves by as much.
    """
    need_occurrence(base, name)
    own = {key: value for key, value in base.own.get(name, {}).items() if key != "excluded"}
    regular = {**{key: getattr(base, key) for key in SCALARS}, "start": name, "hours": base.schedule.hours}
    seen = {**regular, "tags": base.tags, "times": base.schedule.times, **own}
    asked = {key: value for key, value in fields.items() if value != seen[key]}
    if "start" in asked or "hours" in asked:
        asked["start"] = target.schedule.start + fields["start"] - seen["start"]
    return asked


def _without(own: Fields, **same: Any) -> Fields:
    return {key: value for key, value in own.items() if key not in same or same[key] != value}


# -- merging -------------------------------------------------------------------------------------------------


def merged(base: Content, ours: Content, theirs: Content) -> Content:
    """Merge two edits of one content: by field, tags by element, a schedule and each occurrence as one."""
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    plain = {name: _pick(getattr(base, name), getattr(ours, name), getattr(theirs, name)) for name in SCALARS}
    schedule = _pick(base.schedule, ours.schedule, theirs.schedule)
    tags = (base.tags & ours.tags & theirs.tags) | (ours.tags - base.tags) | (theirs.tags - base.tags)
    if base.schedule == ours.schedule == theirs.schedule:
        names = {*base.own, *ours.own, *theirs.own}
        own = {name: _pick(base.own.get(name), ours.own.get(name), theirs.own.get(name)) for name in names}
    elif base.own or ours.own or theirs.own:
        raise Unsure
    else:
        own = {}
    kept = {name: value for name, value in own.items() if value is not None}
    return Content(**plain, schedule=schedule, tags=tags, own=kept)


def under(content: Content, schedule: Schedule) -> Content:
    """Bring one side of an edit under the schedule that somebody else gave the series meanwhile."""
    if content.own and content.schedule != schedule:
        raise Unsure
    return replace(content, schedule=schedule)


def _pick(base: Any, ours: Any, theirs: Any) -> Any:
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    raise Refused(409, "edit-conflict")


# -- as the API writes it ------------------------------------------------------------------------------------


def wall(hour: int) -> str:
    """The name of an occurrence."""
    return (_BEGINNING + timedelta(hours=hour)).replace(tzinfo=None).isoformat()


def instant(hour: int) -> str:
    """An instant."""
    return f"{wall(hour)}Z"


def hour_of(text: str) -> int:
    """Read an instant or the name of an occurrence."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int((moment - _BEGINNING) / timedelta(hours=1))


def body(fields: Fields) -> dict[str, Any]:
    """Write fields as they are sent."""
    sent = {name: value for name, value in fields.items() if name not in (*Schedule._fields, "tags", "own", "schedule")}
    if "tags" in fields:
        sent["tags"] = sorted(fields["tags"])
    if "start" in fields:
        sent |= {"start_time": instant(fields["start"]), "end_time": instant(fields["start"] + fields["hours"])}
    if "times" in fields:
        sent["recurrence_pattern"] = pattern(fields["times"])
    return sent


def body_of(content: Content) -> dict[str, Any]:
    """Write a whole content as it is sent."""
    return body({**vars(content), **content.schedule._asdict()})


def pattern(times: int | None) -> dict[str, Any] | None:
    """Write how often."""
    return None if times is None else {"frequency": "daily", "count": times}


def view(content: Content) -> dict[str, Any]:
    """Write a content as it is answered."""
    return {
        **body_of(content),
        "overrides": {wall(name): _own_view(own) for name, own in content.own.items()},
    }


def _own_view(own: Fields) -> dict[str, Any]:
    written = {name: value for name, value in own.items() if name not in ("start", "hours")}
    if "start" in own:
        written["start"] = wall(own["start"])
    if "hours" in own:
        written["duration"] = f"PT{own['hours']}H"
    return written


def content_of(event: Mapping[str, Any]) -> Content:
    """Read a content from an answer."""
    start, end = hour_of(event["start_time"]), hour_of(event["end_time"])
    repeats = event["recurrence_pattern"]
    return Content(
        **{name: event[name] for name in SCALARS},
        tags=frozenset(event["tags"]),
        schedule=Schedule(start, end - start, repeats["count"] if repeats else None),
        own={hour_of(name): _own_of(own) for name, own in event["overrides"].items()},
    )


def _own_of(own: Fields) -> Fields:
    read = {name: value for name, value in own.items() if name not in ("start", "duration")}
    if "start" in own:
        read["start"] = hour_of(own["start"])
    if "duration" in own:
        read["hours"] = int(own["duration"].removeprefix("PT").removesuffix("H"))
    return read
