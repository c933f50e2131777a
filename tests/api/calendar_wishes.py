"""What people may want to do to a calendar, drawn at random."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.api.compared_calendar import NAMES
from tests.api.content_model import DAY, Content, Schedule

EVENTS_MAX = 6

# Drawn from small worlds on purpose: edits have to meet in one field, and bookings in one hour.
people = st.sampled_from(NAMES)
roles = st.sampled_from(["viewer", "editor", "editor"])
scopes = st.sampled_from(["all", "this", "following"])
places = st.sampled_from([0, 1, 1, 2, 3])
starts = st.sampled_from([0, 1, 2, 3, 5, DAY, DAY + 1, DAY + 2])
schedules = st.builds(Schedule, starts, st.integers(1, 3), st.sampled_from([None, 2, 3, 4]))
own_fields: dict[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from(["Planning", "Retrospective", "Lunch"]),
    "location": st.sampled_from([None, "Room 1", "Room 2"]),
    "status": st.sampled_from(["confirmed", "confirmed", "tentative", "cancelled"]),
}
series_fields: dict[str, st.SearchStrategy[Any]] = {
    "free_busy_status": st.sampled_from(["busy", "busy", "free"]),
    "tags": st.frozensets(st.sampled_from(["a", "b", "c"]), max_size=2),
}
contents = st.builds(Content, schedule=schedules, **own_fields, **series_fields)


class Attempt(NamedTuple):
    """On which event, by somebody with which role on it, and whether taken time may be taken again."""

    pick: int
    role: str | None
    allow: bool


class Wish(NamedTuple):
    """What to change: fields, in which occurrence, and on which version it is based."""

    fields: dict[str, Any]
    place: int
    base: str


attempts = st.builds(
    Attempt,
    st.integers(0, EVENTS_MAX),
    st.sampled_from(["owner", "owner", "editor", "editor", "editor", "viewer", None]),
    st.sampled_from([False, False, True]),
)


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """Some fields to change; `shift` moves the start of what is changed, and comes with `hours`."""
    fields: dict[str, Any] = draw(st.fixed_dictionaries({}, optional={**own_fields, **series_fields}))
    if draw(st.booleans()):
        fields |= {"shift": draw(st.sampled_from([-3, -1, 0, 1, 4, DAY])), "hours": draw(st.integers(1, 3))}
    if draw(st.integers(0, 3)) == 0:
        fields["times"] = draw(st.sampled_from([None, 1, 2, 4]))
    bases = ["newest", "none", "none", "old", "old", "old", "older", "oldest", "match", "old match", "future"]
    return Wish(fields, draw(places), draw(st.sampled_from(bases)))
