"""The checker of histories: each rule finds a small history that breaks it, and nothing in one that does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from proof.checker import broken
from proof.recording import Call, Final, Version

ALICE, BEN = 1, 2
EVENT, OTHER = 7, 8
TEN, ELEVEN = ("2027-03-01T10:00:00Z", "2027-03-01T11:00:00Z"), ("2027-03-01T11:00:00Z", "2027-03-01T12:00:00Z")


def fields(title: str, times: tuple[str, str] = TEN, location: str | None = None, busy: str = "busy") -> dict[str, Any]:
    start, end = times
    return {"title": title, "location": location, "start_time": start, "end_time": end, "free_busy_status": busy}


def call(op: str, begin: float, **more: Any) -> Call:
    """A call of a second by Alice about the event, answered with success."""
    return Call(**{"op": op, "begin": begin, "user": ALICE, "end": begin + 1, "status": 200, "event": EVENT, **more})


def create(begin: float, title: str = "first", times: tuple[str, str] = TEN, **more: Any) -> Call:
    sent = {"title": title, "start_time": times[0], "end_time": times[1]}
    return call("create", begin, token=title, sent=sent, **{"version": 1, "status": 201, **more})


def edit(begin: float, token: str, version: int | None, **more: Any) -> Call:
    return call("edit", begin, token=token, **{"version": version, "sent": {"title": token}, **more})


def born(title: str = "first", times: tuple[str, str] = TEN, at: str = "01", **more: Any) -> Version:
    return Version("created", ALICE, at, None, None, fields(title, times, **more))


def edited(token: str, at: str = "02", by: int = ALICE, **more: Any) -> Version:
    return Version("updated", by, at, token, None, {**fields(token), **more})


def final(*versions: Version, others: Mapping[int, tuple[Version, ...]] | None = None, **more: Any) -> Final:
    chains = {EVENT: versions, **(others or {})}
    return Final(
        **{
            "owners": dict.fromkeys(chains, ALICE),
            "chains": {event: tuple(enumerate(chain, 1)) for event, chain in chains.items()},
            "settled": {},
            "visible": {},
            **more,
        }
    )


CREATED, SECOND, THIRD = create(0), edit(2, "second", 2), edit(4, "third", 3)
GOOD = final(born(), edited("second"), edited("third", "03"))
SHARED = call("share", 10, whom=BEN, status=201)
REVOKED = call("revoke", 20, whom=BEN, status=204)


def get(begin: float, version: int = 3, **more: Any) -> Call:
    return call("get", begin, **{"seen": ((EVENT, version),), **more})


def follow(begin: float, *seen: tuple[int, int], **more: Any) -> Call:
    return call("changes", begin, user=BEN, event=None, seen=seen, **more)


def test_a_history_in_which_all_went_well_breaks_no_rule():
    calls = [CREATED, SECOND, THIRD, get(6), SHARED, get(12, user=BEN), REVOKED, get(22, user=BEN, status=404, seen=())]
    assert broken(calls, GOOD) == []


BASE = [CREATED, SECOND, THIRD]
MOVED = {"title": "third", "start_time": ELEVEN[0], "end_time": ELEVEN[1]}
FAULTS: dict[str, tuple[list[Call], Final, str]] = {
    "an error of the server": ([*BASE, edit(6, "fourth", None, status=500)], GOOD, "errors"),
    "a chain with a gap": (
        BASE,
        replace(GOOD, chains={EVENT: tuple(one for one in GOOD.chains[EVENT] if one[0] != 2)}),
        "chains",
    ),
    "an acknowledged edit that is not there": ([*BASE, edit(6, "fourth", 4)], GOOD, "acknowledged"),
    "an acknowledged edit that is there twice": (
        BASE,
        final(born(), edited("second"), edited("third", "03"), edited("third", "04")),
        "acknowledged",
    ),
    "an acknowledged edit in another version": (
        [CREATED, edit(2, "third", 2), edit(4, "second", 3)],
        GOOD,
        "acknowledged",
    ),
    "a refused edit that is there": ([CREATED, SECOND, edit(4, "third", None, status=409)], GOOD, "acknowledged"),
    "an acknowledged event that is not there": (
        [*BASE, create(6, "gone", event=OTHER, times=ELEVEN)],
        GOOD,
        "acknowledged",
    ),
    "a new event that says something else": ([create(0, times=ELEVEN), SECOND, THIRD], GOOD, "acknowledged"),
    "a version that nobody wrote": ([CREATED, SECOND], GOOD, "acknowledged"),
    "a deletion that is not there": ([*BASE, call("delete", 6, status=204)], GOOD, "acknowledged"),
    "a later write in an earlier version": (
        [CREATED, edit(4, "second", 2), edit(2, "third", 3)],
        GOOD,
        "order",
    ),
    "a read that shows an older version than was acknowledged": ([*BASE, get(6, 2)], GOOD, "order"),
    "a read that shows an older version than was read before": (
        [CREATED, SECOND, replace(THIRD, end=20), get(6, 3), get(8, 2)],
        GOOD,
        "order",
    ),
    "a read that shows what was written after it": ([*BASE, get(2.5, 3, end=3.5)], GOOD, "order"),
    "an edit that loses a field of another": (
        BASE,
        final(born(), edited("second", location="Room 4"), edited("third", "03")),
        "losses",
    ),
    "an edit that overwrites what was set since it began": (
        [CREATED, SECOND, edit(4, "third", 3, base=1)],
        GOOD,
        "losses",
    ),
    "an edit that sets again what it had read": (
        [CREATED, SECOND, edit(4, "third", 3, base=1, sent={"title": "first", "location": "Room 4"})],
        final(born(), edited("second"), replace(edited("third", "03"), fields=fields("first", location="Room 4"))),
        "losses",
    ),
    "a rollback to something else": ([*BASE, call("roll back", 6, base=1, version=3)], GOOD, "acknowledged"),
    "bookings that overlap": (
        [*BASE, create(6, "other", event=OTHER)],
        final(*(one for _, one in GOOD.chains[EVENT]), others={OTHER: (born("other", at="04"),)}),
        "overlaps",
    ),
    "bookings that overlapped for a while": (
        [CREATED, SECOND, edit(4, "third", 3, sent=MOVED), create(1, "other", event=OTHER)],
        final(
            born(),
            edited("second"),
            edited("third", "03", start_time=ELEVEN[0], end_time=ELEVEN[1]),
            others={OTHER: (born("other", at="015"),)},
        ),
        "overlaps",
    ),
    "a read after the revocation": ([*BASE, SHARED, REVOKED, get(22, user=BEN)], GOOD, "revoked"),
    "a list after the revocation": (
        [*BASE, SHARED, REVOKED, call("list", 22, event=None, user=BEN, seen=((EVENT, 3),))],
        GOOD,
        "revoked",
    ),
    "an edit after the revocation": (
        [CREATED, SECOND, SHARED, REVOKED, edit(22, "third", 3, user=BEN)],
        final(born(), edited("second"), edited("third", "03", by=BEN)),
        "revoked",
    ),
    "a change told after the revocation": (
        [*BASE, SHARED, REVOKED, follow(22, (EVENT, 3)), follow(24, removed=(EVENT,))],
        GOOD,
        "revoked",
    ),
    "a refusal after sharing": ([*BASE, SHARED, get(12, user=BEN, status=404, seen=())], GOOD, "granted"),
    "a change that was never told": (
        [*BASE, SHARED, follow(12, (EVENT, 2))],
        replace(GOOD, visible={BEN: {EVENT: 3}}),
        "followed",
    ),
    "a removal that was never told": ([*BASE, SHARED, follow(12, (EVENT, 3)), REVOKED], GOOD, "followed"),
    "a cursor that is refused": (
        [*BASE, SHARED, follow(12, status=410), follow(14, (EVENT, 3))],
        replace(GOOD, visible={BEN: {EVENT: 3}}),
        "cursors",
    ),
    "changes in the wrong order": (
        [*BASE, SHARED, follow(12, (EVENT, 3)), follow(14, (EVENT, 2)), follow(16, (EVENT, 3))],
        replace(GOOD, visible={BEN: {EVENT: 3}}),
        "followed",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_history_that_breaks_a_rule_is_found(name: str):
    calls, end, rule = FAULTS[name]
    assert rule in {found.partition(":")[0] for found in broken(calls, end)}


ELSEWHERE = {OTHER: (born("other", ELEVEN, at="04"),)}
ALLOWED: dict[str, tuple[list[Call], Final]] = {
    "writes that overlap in time, in any order": ([CREATED, edit(2, "second", 2, end=9), edit(3, "third", 3)], GOOD),
    "the other order": ([CREATED, edit(3, "second", 2, end=9), edit(2, "third", 3, end=9)], GOOD),
    "an edit that was never answered and is there": (
        [CREATED, SECOND, edit(4, "third", None, status=None, end=None)],
        GOOD,
    ),
    "an edit that was never answered and is not": ([*BASE, edit(6, "x", None, status=None, end=None)], GOOD),
    "a version that was read before somebody went back to it": (
        [
            CREATED,
            SECOND,
            edit(4, "third", None, status=None, end=None),
            get(6),
            call("roll back", 8, base=3, version=3),
        ],
        GOOD,
    ),
    "a refused edit that is not there": ([*BASE, edit(6, "fourth", None, status=409)], GOOD),
    "a read beside a write": ([CREATED, SECOND, replace(THIRD, end=20), get(5, 2), get(6, 3)], GOOD),
    "an older edit of another field": (
        [CREATED, SECOND, edit(4, "third", 3, base=1, sent={"location": "Room 4"})],
        final(born(), edited("second"), replace(edited("third", "03"), fields=fields("second", location="Room 4"))),
    ),
    "an older edit that sends back what it has read": (
        [CREATED, SECOND, edit(4, "third", 3, base=1, sent={"title": "first", "location": "Room 4"})],
        final(born(), edited("second"), replace(edited("third", "03"), fields=fields("second", location="Room 4"))),
    ),
    "bookings one after the other": (
        [*BASE, create(6, "other", event=OTHER, times=ELEVEN)],
        final(*(one for _, one in GOOD.chains[EVENT]), others=ELSEWHERE),
    ),
    "bookings of two people": (
        [*BASE, create(6, "other", event=OTHER, user=BEN)],
        final(
            *(one for _, one in GOOD.chains[EVENT]),
            others={OTHER: (replace(born("other", at="04"), by=BEN),)},
            owners={EVENT: ALICE, OTHER: BEN},
        ),
    ),
    "a read beside the revocation": ([*BASE, SHARED, REVOKED, get(20.5, user=BEN)], GOOD),
    "a read after a role was given again": (
        [*BASE, SHARED, REVOKED, replace(SHARED, begin=22, end=23), get(24, user=BEN)],
        GOOD,
    ),
    "a read after a role may have been given again": (
        [*BASE, SHARED, REVOKED, replace(SHARED, begin=20.5, end=None, status=None), get(24, user=BEN)],
        GOOD,
    ),
    "a refusal beside the revocation": (
        [*BASE, SHARED, replace(REVOKED, status=None, end=None), get(24, user=BEN, status=404, seen=())],
        GOOD,
    ),
    "changes told page by page": (
        [*BASE, SHARED, follow(12, (EVENT, 2)), follow(14, (EVENT, 3))],
        replace(GOOD, visible={BEN: {EVENT: 3}}),
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_a_history_that_is_allowed_breaks_no_rule(name: str):
    calls, end = ALLOWED[name]
    assert broken(calls, end) == []
