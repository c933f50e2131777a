"""Judges a recording: which promises it proves broken, from nothing but the calls, their answers and the final state.

A call took effect at some moment between its begin and its end, if it did at all: one that was refused did not, one
that was answered with success did, and one that was never answered may have. So one call comes *before* another if it
ended before the other began, and of calls that overlap in time nothing is known. The rules:

1. No call is answered with an error of the server's own (5xx).
2. Every chain of versions counts 1, 2, 3 without gap or repetition.
3. Every acknowledged write is in its event's chain exactly once, in the version that it was told, by its author, with
   what it sent; a refused one is not there, and one that was never answered at most once. No version is nobody's.
4. Order: a write that comes before another write of the event has the lower version, and a read never shows a version
   older than one that was acknowledged, or shown, before it, nor one whose write began only after the read had ended.
5. Nothing is lost: a version differs from the one before it in what its author sent and in nothing else; an edit that
   began with an older version overwrites no field that somebody else has set since (what it sent as it stood in that
   version is no change); a rollback has the whole content of the version that it goes back to.
6. No two exclusive bookings of one owner overlap, at any moment: all versions of all events of an owner are gone
   through in the order in which they were written.
7. Who was revoked reads and writes nothing of the event: nothing that begins after the revocation was acknowledged
   succeeds or shows it, unless they may have been given a role again meanwhile. And who was given a role is not
   refused from then on, until somebody may have taken it.
8. Who follows changes misses nothing: all pages put together, in their order, are exactly what the user sees in the
   end, no page shows an older version of an event than an earlier page, and no cursor is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from proof.recording import READS, Call, Final, Version, named
from proof.roles import granted, revoked

#: What is compared of two neighbouring versions: times are one thing.
_ATOMS = {"title": ("title",), "location": ("location",), "times": ("start_time", "end_time")}
_NEVER = float("inf")
_GONE = 410


def broken(calls: Sequence[Call], final: Final) -> list[str]:
    """List, in one line each, where the rules are broken."""
    rules = (
        *(_errors, _chains, _acknowledged, _order, _losses),
        *(_overlaps, revoked, granted, _followed, _cursors),
    )
    return [f"{rule.__name__.strip('_')}: {found}" for rule in rules for found in rule(calls, final)]


def _errors(calls: Sequence[Call], final: Final) -> Iterator[str]:  # noqa: ARG001 - all rules are asked alike
    for call in calls:
        if call.status is not None and call.status >= 500:
            yield f"{named(call)} was answered with {call.status}"


def _chains(calls: Sequence[Call], final: Final) -> Iterator[str]:  # noqa: ARG001
    for event, chain in final.chains.items():
        numbers = [number for number, _ in chain]
        if numbers != list(range(1, len(chain) + 1)):
            yield f"the versions of event {event} are {numbers}"


# -- writes --------------------------------------------------------------------------------------------------


def _acknowledged(calls: Sequence[Call], final: Final) -> Iterator[str]:
    places: defaultdict[str, list[tuple[int | None, int | None]]] = defaultdict(list)
    for event, chain in final.chains.items():
        for number, version in chain:
            places[version.token or (str(version.fields["title"]) if number == 1 else "")].append((event, number))
    for call in calls:
        if call.token:
            found = places[call.token]
            told = [(call.event, call.version)]
            if call.succeeded and found != told:
                yield f"{named(call)} was told version {call.version}, and is in {found}"
            if not call.succeeded and len(found) > (call.status is None):
                yield f"{named(call)} was answered with {call.status}, and is in {found}"
        if call.op in _KINDS and call.succeeded and call.version is not None:
            written = _version(final, call.event, call.version)
            if written is None or not _is_of(written, call, final):
                yield f"{named(call)} was told version {call.version}, which is not its"
    yield from _nobodys(calls, final)


_KINDS = {"create": "created", "roll back": "rolled back", "restore": "restored"}


def _is_of(version: Version, call: Call, final: Final) -> bool:
    if call.op == "roll back":  # to what is there already makes no version
        target = _version(final, call.event, call.base)
        return target is not None and version.fields == target.fields
    sent = {name: version.fields[name] for name in call.sent}
    return (version.kind, version.by, sent) == (_KINDS[call.op], call.user, dict(call.sent))


def _nobodys(calls: Sequence[Call], final: Final) -> Iterator[str]:
    """Versions that no call can have made."""
    told: set[tuple[int | None, int | None]] = {(call.event, call.version) for call in calls if call.succeeded}
    unanswered = {call.token for call in calls if call.status is None and call.token}
    deletes: defaultdict[int | None, list[Call]] = defaultdict(list)
    others: defaultdict[int | None, int] = defaultdict(int)
    for call in calls:
        if call.op == "delete" and (call.succeeded or call.status is None):
            deletes[call.event].append(call)
        if call.op in {"roll back", "restore", "create"} and call.status is None:
            others[call.event] += 1
    for event, chain in final.chains.items():
        deleted = sum(version.kind == "deleted" for _, version in chain)
        certain = sum(call.succeeded for call in deletes[event])
        if not certain <= deleted <= len(deletes[event]):
            yield f"event {event} was deleted {certain} times, and has {deleted} versions that say so"
        free = others[event] + others[None]
        strays = [
            number
            for number, version in chain
            if (event, number) not in told and version.token not in unanswered and version.kind != "deleted"
        ]
        if len(strays) > free:
            yield f"versions {strays} of event {event} are nobody's"


class _Shown(NamedTuple):
    """A version that an answer has told of; `makes` if the call made it."""

    call: Call
    version: int
    makes: bool


def _all_shown(calls: Sequence[Call]) -> Mapping[int, list[_Shown]]:
    """For each event all that told of its versions, but pages of changes, which have a rule of their own."""
    shown: defaultdict[int, list[_Shown]] = defaultdict(list)
    for call in calls:
        if call.succeeded and call.event is not None and call.version is not None:
            # To go back to what is there already makes no version.
            shown[call.event].append(_Shown(call, call.version, makes=call.op != "roll back"))
        elif call.op in READS and call.op != "changes" and call.succeeded:
            for event, version in call.seen:
                shown[event].append(_Shown(call, version, makes=False))
    return shown


def _order(calls: Sequence[Call], final: Final) -> Iterator[str]:  # noqa: ARG001
    for event, all_shown in _all_shown(calls).items():
        begun = {one.version: one.call.begin for one in all_shown if one.makes}
        newest, ended, place = 0, sorted(all_shown, key=lambda one: one.call.end or _NEVER), 0
        for one in sorted(all_shown, key=lambda one: one.call.begin):
            while ended[place].call.end is not None and (ended[place].call.end or 0) < one.call.begin:
                newest = max(newest, ended[place].version)
                place += 1
            if one.version < newest + one.makes:
                yield f"{named(one.call)} has version {one.version} of event {event}, after version {newest}"
            if begun.get(one.version, 0) > (one.call.end or _NEVER):
                yield f"{named(one.call)} shows version {one.version} of event {event} before it was begun"


def _losses(calls: Sequence[Call], final: Final) -> Iterator[str]:
    for call in calls:
        if call.op != "edit" or not call.succeeded or call.version is None:
            continue
        before, after = _version(final, call.event, call.version - 1), _version(final, call.event, call.version)
        base = _version(final, call.event, call.base) if call.base else None
        if before is None or after is None:
            yield f"{named(call)} has no version {call.version} after another"
            continue
        for atom, names in _ATOMS.items():
            was, now = _of(before, names), _of(after, names)
            wanted = tuple(call.sent[name] for name in names) if names[0] in call.sent else was
            if base is not None and wanted == _of(base, names):  # sent as it was read
                wanted = was
            if now != wanted:
                yield f"{named(call)} made {atom} of version {call.version} {now}, not {wanted}"
            if base is not None and wanted != was != _of(base, names):
                yield f"{named(call)} has overwritten {atom} {was}, set since version {call.base}"


def _of(version: Version, names: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(version.fields[name] for name in names)


def _version(final: Final, event: int | None, number: int | None) -> Version | None:
    chain = final.chains.get(event or 0, ())
    found = [version for one, version in chain[(number or 1) - 1 : number] if one == number]
    return found[0] if found else None


# -- bookings ------------------------------------------------------------------------------------------------


def _overlaps(calls: Sequence[Call], final: Final) -> Iterator[str]:  # noqa: ARG001
    for owner in sorted(set(final.owners.values())):
        written = sorted(
            (version.at, event, number, version)
            for event, chain in final.chains.items()
            if final.owners[event] == owner
            for number, version in chain
            if number <= final.settled.get(event, len(chain))
        )
        taken: dict[int, tuple[str, str]] = {}
        for _, event, number, version in written:
            taken.pop(event, None)
            start, end = version.fields["start_time"], version.fields["end_time"]
            if version.kind == "deleted" or version.fields["free_busy_status"] != "busy":
                continue
            for other, (begins, ends) in taken.items():
                if start < ends and begins < end:
                    yield f"version {number} of event {event} of user {owner} overlaps event {other} at {start}"
            taken[event] = (start, end)


# -- following changes ---------------------------------------------------------------------------------------


def _followed(calls: Sequence[Call], final: Final) -> Iterator[str]:
    pages: defaultdict[int, list[Call]] = defaultdict(list)
    for call in calls:
        if call.op == "changes" and call.succeeded:
            pages[call.user].append(call)
    for user, of_user in pages.items():
        copy: dict[int, int] = {}
        newest: dict[int, int] = {}
        for page in sorted(of_user, key=lambda one: one.begin):
            for event, version in page.seen:
                if version < newest.get(event, 0):
                    yield f"{named(page)} shows version {version} of event {event} after {newest[event]}"
                copy[event] = newest[event] = version
            for event in page.removed:
                copy.pop(event, None)
        seen = final.visible.get(user, {})
        for event in sorted(copy.keys() | seen.keys()):
            if copy.get(event) != seen.get(event):
                yield (
                    f"user {user} follows changes and has version {copy.get(event)} of event {event}, "
                    f"but sees {seen.get(event)}"
                )


def _cursors(calls: Sequence[Call], final: Final) -> Iterator[str]:  # noqa: ARG001 - all rules are asked alike
    for call in calls:
        if call.op == "changes" and call.status == _GONE:
            yield f"{named(call)} is told that their cursor is gone"
