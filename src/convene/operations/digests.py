"""Digests: asking for a mail about each day, and sending them once each, whatever the number of processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import orjson

from convene.domain.digests import HOUR_DEFAULT, DayEntry, day_at, due_after, entries_on, padded, span_of
from convene.domain.errors import NotFound, TooMuch
from convene.domain.mails import DIGEST, date_in_words, entry_in_words
from convene.domain.zones import zone
from convene.operations.identity import SignedIn
from convene.operations.webhooks import new_message_id
from convene.storage import accounts, deliveries, digests, lists
from convene.storage.accounts import UserRow
from convene.storage.deliveries import NewDelivery
from convene.storage.digests import DigestRow
from convene.storage.lists import EventFilter
from convene.storage.unit_of_work import UnitOfWork, Units

_BATCH = 50
_EVENTS_MAX = 500


@dataclass(frozen=True, slots=True)
class WantedDigest:
    """Whether somebody wants a mail about each day, and at which hour of which zone."""

    enabled: bool
    hour: int
    time_zone: str


@dataclass(frozen=True, slots=True)
class Day:
    """What a digest says."""

    heading: str
    lines: list[str]


async def read_digest(work: UnitOfWork, me: SignedIn) -> WantedDigest:
    """Read whether one wants digests; without one, the hour and the zone that it would have."""
    row = await digests.find_digest(work, me.user_id)
    if row is not None:
        return WantedDigest(enabled=True, hour=row.hour, time_zone=row.time_zone)
    user = await accounts.find_user(work, me.user_id)
    return WantedDigest(enabled=False, hour=HOUR_DEFAULT, time_zone=_found(user, me).time_zone)


async def ask_for_digest(work: UnitOfWork, me: SignedIn, hour: int, time_zone: str | None) -> WantedDigest:
    """Have a mail about each day at an hour of a zone, of one's own without one; the next is the first.

    Raises:
        Invalid: there is no such zone.
    """
    user = _found(await accounts.lock_user(work, me.user_id), me)
    wanted = WantedDigest(enabled=True, hour=hour, time_zone=user.time_zone if time_zone is None else time_zone)
    due_at = due_after(work.now, hour, zone(wanted.time_zone))
    await digests.write_digest(work, DigestRow(me.user_id, hour, wanted.time_zone, due_at))
    return wanted


async def refuse_digest(work: UnitOfWork, me: SignedIn) -> None:
    """Have no such mails any more."""
    await digests.delete_digest(work, me.user_id)


def _found(user: UserRow | None, me: SignedIn) -> UserRow:
    if user is None:
        raise NotFound("user", me.user_id)
    return user


# -- what a dispatcher does ----------------------------------------------------------------------------------


async def send_due(units: Units) -> bool:
    """Make deliveries of the digests that are due, unless their day is over; says whether there may be more."""
    async with units.reading() as work:
        if not await digests.any_due(work):
            return False
    async with units.writing() as work:
        rows = await digests.lock_due(work, _BATCH)
        for row in rows:
            await _send(work, row)
        return len(rows) == _BATCH


async def _send(work: UnitOfWork, row: DigestRow) -> None:
    tz = zone(row.time_zone)
    day = day_at(row.due_at, tz)
    if work.now < span_of(day, tz)[1]:
        payload = orjson.dumps({"day": day.isoformat(), "time_zone": row.time_zone}).decode()
        new = NewDelivery(new_message_id(), row.user_id, "email", DIGEST, work.now, payload=payload)
        await deliveries.insert_deliveries(work, [new])
    await digests.move(work, row.user_id, due_after(work.now, row.hour, tz))


async def read_day(work: UnitOfWork, user_id: int, payload: str) -> Day | None:
    """Read what somebody has on the day of a digest; None for nothing, a day that is over, and who wants none."""
    if await digests.find_digest(work, user_id) is None:
        return None
    asked = orjson.loads(payload)
    day, tz = date.fromisoformat(asked["day"]), zone(asked["time_zone"])
    if work.now >= span_of(day, tz)[1]:
        return None
    chosen = EventFilter(window=padded(span_of(day, tz)))
    heads = await lists.list_events(work, user_id, chosen, most=_EVENTS_MAX + 1)
    entries: list[DayEntry] = []
    too_many = [f"only {_EVENTS_MAX} events were looked at" for _ in heads[_EVENTS_MAX:]]
    left_out = 0
    for head in heads[:_EVENTS_MAX]:
        try:
            entries += entries_on(head.content(), day, tz)
        except TooMuch as error:
            too_many.append(f"{head.title}: more than {error.limit} times")
            left_out += error.limit
    entries.sort(key=lambda one: (not one.all_day, one.starts_at, one.title))
    lines = [*too_many, *map(entry_in_words, entries)]  # a mail may leave out the last ones
    if not lines:
        return None
    number = len(entries) + left_out
    count = f"{number} events or more" if too_many else "one event" if number == 1 else f"{number} events"
    return Day(f"{date_in_words(day)}: {count}", lines)
