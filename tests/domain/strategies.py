"""Hypothesis strategies for the domain's values.

Drawn from small worlds on purpose: two edits have to meet in the same atom, the same line and the same
occurrence often, or the laws of merging would only ever see edits that pass each other by.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from convene.domain.content import UNSET, EventContent, FreeBusy, Override, Schedule, Status
from convene.domain.recurrence import Frequency, RecurrenceRule
from convene.domain.series import rescheduled

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")

#: A Monday, so that the first day of a week needs no thought; three weeks before clocks change in Europe.
FIRST = datetime(2025, 3, 10, 9)  # noqa: DTZ001 - wall time

titles = st.sampled_from(("Stand-up", "Retro", "Board meeting", "Lunch"))
locations = st.sampled_from((None, "", "Room 1", "Room 2"))
statuses = st.sampled_from(Status)
free_busy = st.sampled_from(FreeBusy)
tag_sets = st.sets(st.sampled_from(("a", "b", "c", "d", "e")), max_size=4).map(lambda tags: tuple(sorted(tags)))

#: Few different lines, so that equal ones repeat, and the empty one among them.
lines = st.sampled_from(("", "a", "b", "c", "d", "- tea", "- coffee"))
texts = st.lists(lines, min_size=1, max_size=8).map("\n".join)
descriptions = st.none() | texts

rules = st.builds(
    RecurrenceRule,
    frequency=st.sampled_from((Frequency.DAILY, Frequency.WEEKLY)),
    interval=st.integers(1, 2),
    count=st.none() | st.integers(1, 6),
)


@st.composite
def schedules(draw: st.DrawFn, recurring: bool | None = None) -> Schedule:
    all_day = draw(st.booleans())
    if recurring is None:
        recurring = draw(st.booleans())
    return Schedule(
        start=FIRST.replace(hour=0 if all_day else draw(st.sampled_from((9, 10))))
        + timedelta(days=draw(st.integers(0, 2))),
        duration=draw(st.sampled_from((timedelta(days=1), timedelta(days=2))))
        if all_day
        else draw(st.sampled_from((timedelta(minutes=30), timedelta(hours=1)))),
        zone=draw(st.sampled_from(ZONES)),
        all_day=all_day,
        rule=draw(rules) if recurring else None,
    )


def occurrences_of(schedule: Schedule) -> list[datetime]:
    """The first starts of a daily or weekly series, by hand."""
    rule = schedule.rule
    if rule is None:
        return []
    step = timedelta(days=rule.interval * (1 if rule.frequency is Frequency.DAILY else 7))
    return [schedule.start + number * step for number in range(min(rule.count or 6, 6))]


@st.composite
def overrides(draw: st.DrawFn, occurrence: datetime, schedule: Schedule) -> Override:
    """Either an exclusion or at least one field that the occurrence has of its own."""
    if draw(st.booleans()):
        return Override(occurrence=occurrence, excluded=True)
    moved = occurrence + (timedelta(days=1) if schedule.all_day else timedelta(hours=2))
    own = Override(
        occurrence=occurrence,
        title=draw(st.just(UNSET) | titles),
        location=draw(st.just(UNSET) | locations),
        description=draw(st.just(UNSET) | st.sampled_from((None, "own"))),
        status=draw(st.just(UNSET) | statuses),
        start=draw(st.just(UNSET) | st.just(moved)),
        duration=draw(st.just(UNSET) | st.just(2 * schedule.duration)),
    )
    return replace(own, title="Own") if own == Override(occurrence=occurrence) else own


@st.composite
def contents(draw: st.DrawFn) -> EventContent:
    schedule = draw(schedules())
    return EventContent(
        title=draw(titles),
        schedule=schedule,
        description=draw(descriptions),
        location=draw(locations),
        status=draw(statuses),
        free_busy_status=draw(free_busy),
        tags=draw(tag_sets),
        overrides=draw(override_sets(schedule)),
    )


@st.composite
def override_sets(draw: st.DrawFn, schedule: Schedule) -> tuple[Override, ...]:
    own = {when: draw(overrides(when, schedule)) for when in occurrences_of(schedule) if draw(st.booleans())}
    return tuple(own[when] for when in sorted(own))


@st.composite
def edited_texts(draw: st.DrawFn, text: str) -> str:
    """The text after a few lines were inserted, removed or changed."""
    edited = text.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(edited)))
        removed = draw(st.integers(0, 2))
        edited[place : place + removed] = draw(st.lists(lines, max_size=2))
    return "\n".join(edited)


EDITS: dict[str, st.SearchStrategy[Any]] = {
    "title": titles,
    "description": descriptions,
    "location": locations,
    "status": statuses,
    "free_busy_status": free_busy,
    "tags": tag_sets,
    "schedule": schedules(),
}


@st.composite
def edited(draw: st.DrawFn, base: EventContent) -> EventContent:
    """The content after somebody changed some atoms; a new schedule takes along the overrides it knows."""
    atoms = draw(st.sets(st.sampled_from([*EDITS, "overrides"]), max_size=4))
    content = base
    for atom in sorted(atoms):
        if atom == "description" and base.description is not None and draw(st.booleans()):
            content = replace(content, description=draw(edited_texts(base.description)))
        elif atom == "overrides":
            content = draw(_with_other_overrides(content))
        elif atom == "schedule":
            content = draw(_moved(content))
        else:
            content = replace(content, **{atom: draw(EDITS[atom])})
    return content


@st.composite
def _moved(draw: st.DrawFn, content: EventContent) -> EventContent:
    """Another schedule; overrides move along, as Convene does it, or go if they lost their occurrence."""
    schedule = draw(schedules())
    shift = draw(st.sampled_from((None, timedelta(hours=1), timedelta(days=1), timedelta(days=7))))
    if shift and not (content.schedule.all_day and shift < timedelta(days=1)):
        schedule = replace(content.schedule, start=content.schedule.start + shift)
    if draw(st.booleans()):
        return rescheduled(content, schedule)
    known = set(occurrences_of(schedule))
    kept = tuple(own for own in content.overrides if own.occurrence in known)
    return replace(content, schedule=schedule, overrides=kept)


@st.composite
def _with_other_overrides(draw: st.DrawFn, content: EventContent) -> EventContent:
    own = {one.occurrence: one for one in content.overrides}
    for when in occurrences_of(content.schedule):
        change = draw(st.sampled_from(("keep", "keep", "set", "drop")))
        if change == "set":
            own[when] = draw(overrides(when, content.schedule))
        elif change == "drop":
            own.pop(when, None)
    return replace(content, overrides=tuple(own[when] for when in sorted(own)))


@st.composite
def bases_with_two_edits(draw: st.DrawFn) -> tuple[EventContent, EventContent, EventContent]:
    """A base and what two people made of it."""
    base = draw(contents())
    return base, draw(edited(base)), draw(edited(base))
