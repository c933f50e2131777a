"""The seventh rule of the checker: who may read an event, by what was said of it and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from proof.recording import Call, Final, named

_NEVER = float("inf")


class _Sharing(NamedTuple):
    """All that was done to one user's role on one event."""

    given: list[Call]
    taken: list[Call]


def _sharings(calls: Sequence[Call]) -> Mapping[tuple[int | None, int | None], _Sharing]:
    found: defaultdict[tuple[int | None, int | None], _Sharing] = defaultdict(lambda: _Sharing([], []))
    for call in calls:
        if call.succeeded or call.status is None:
            if call.op == "share":
                found[call.event, call.whom].given.append(call)
            elif call.op == "revoke":
                found[call.event, call.whom].taken.append(call)
    return found


def _touched(call: Call) -> frozenset[int]:
    """Events that the answer to a call tells of."""
    if not call.succeeded:
        return frozenset()
    own = {call.event} if call.event is not None and call.op in {"edit", "roll back", "get", "history"} else set()
    return frozenset(own | {event for event, _ in call.seen})


def revoked(calls: Sequence[Call], final: Final) -> Iterator[str]:  # noqa: ARG001 - all rules are asked alike
    """Whoever has certainly lost their role is shown nothing of the event."""
    sharings = _sharings(calls)
    for call in calls:
        for event in _touched(call):
            sharing = sharings.get((event, call.user))
            if sharing is None:
                continue
            if (taken := _stands(sharing.taken, sharing.given, call)) is not None:
                yield f"{named(call)} shows event {event}, revoked at {taken.end:.6f}"


def granted(calls: Sequence[Call], final: Final) -> Iterator[str]:  # noqa: ARG001 - likewise
    """Whoever certainly has a role is not told that the event is not there."""
    sharings = _sharings(calls)
    absent = _absences(calls)
    for call in calls:
        sharing = sharings.get((call.event, call.user))
        if sharing is None or call.op not in {"get", "history"} or call.status != 404:
            continue
        taken = [*sharing.taken, *absent.get(call.event, ())]
        if (given := _stands(sharing.given, taken, call)) is not None:
            yield f"{named(call)} was refused, although event {call.event} was shared at {given.end:.6f}"


def _stands(done: Sequence[Call], undoing: Sequence[Call], when: Call) -> Call | None:
    """Find what was certainly done before a call, and cannot have been undone before that had ended."""
    for one in done:
        if one.succeeded and one.end is not None and one.end < when.begin:
            later = (other for other in undoing if other.end is None or other.end > one.begin)
            if not any(other.begin < (when.end or _NEVER) for other in later):
                return one
    return None


def _absences(calls: Sequence[Call]) -> Mapping[int | None, list[Call]]:
    """For each event the calls by which it may have come to lie in the trash; nothing there can be shared."""
    found: defaultdict[int | None, list[Call]] = defaultdict(list)
    for call in calls:
        if call.op == "delete" and (call.succeeded or call.status is None):
            found[call.event].append(call)
    return found
