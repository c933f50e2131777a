"""What goes out by mail: making deliveries of what people were told, writing each, and settling what came of it.

A mail is written when it is sent, from what is true then: whoever has lost access, was switched off, or wants no such
mail any more gets nothing. No user asks for this; a dispatcher does.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from convene.domain.deliveries import Outcome, Result
from convene.domain.mails import DIGEST, Draft, Mail, moment_in_words, times_in_words, write_mail
from convene.domain.notices import FOLD_SECONDS, FOLDING, MAILED, NoticeKind
from convene.domain.reminders import LATE
from convene.domain.words import in_lines, sentence
from convene.domain.zones import zone
from convene.operations import digests
from convene.operations.following import Reader, follow
from convene.operations.links import Links, Subscription
from convene.operations.mail_bounds import over_bounds
from convene.operations.notifications import put_into_words
from convene.operations.webhooks import new_message_id
from convene.storage import accounts, claims, deliveries, events, mails, preferences
from convene.storage.accounts import UserRow
from convene.storage.claims import ClaimedMail
from convene.storage.deliveries import DeliveryRow, NewDelivery
from convene.storage.events import EventHead
from convene.storage.notifications import NotificationPlace, NotificationRow
from convene.storage.unit_of_work import UnitOfWork, Units

_BATCH = 200
#: Where mail was switched off for longer, nobody wants to read what happened meanwhile.
_STALE = timedelta(days=1)
#: All attempts together take little more than a day: nobody was there to try what has lain for longer.
_LAIN = timedelta(days=2)
#: An edit may be folded in until a minute has passed; its transaction may end a little later.
_FOLDED_AFTER = timedelta(seconds=FOLD_SECONDS + 5)


class Letter(NamedTuple):
    """A mail, to whom, and under which id."""

    to: str
    message_id: str
    mail: Mail


class Withheld(NamedTuple):
    """Why a mail is not sent."""

    why: str


# -- making deliveries ---------------------------------------------------------------------------------------


async def tell_by_mail(units: Units) -> bool:
    """Make deliveries of what people were told and want by mail; says whether there may be more to make at once."""
    return await follow(units, _MAILS)


async def _any_told(work: UnitOfWork, after: NotificationPlace, below: int) -> bool:
    if after[0] < 0:
        return True  # the place has to be moved to where mail begins
    return await mails.any_told_by_mail(work, after, below, work.now - _STALE)


async def _tell(work: UnitOfWork, after: NotificationPlace, below: int) -> NotificationPlace | None:
    if after[0] < 0:
        return None  # mail begins now; what was told before does not concern it
    rows = await mails.told_by_mail(work, after, below, work.now - _STALE, _BATCH)
    await deliveries.insert_deliveries(work, [_delivery(work, row) for row in rows])
    return (rows[-1].position, rows[-1].id) if len(rows) == _BATCH else None


def _delivery(work: UnitOfWork, row: NotificationRow) -> NewDelivery:
    folds = NoticeKind(row.kind) in FOLDING
    return NewDelivery(
        message_id=new_message_id(),
        user_id=row.user_id,
        channel="email",
        kind=row.kind,
        due_at=max(work.now, row.created_at + _FOLDED_AFTER) if folds else work.now,
        event_id=row.event_id,
        notification_id=row.id,
    )


_MAILS = Reader("email", _any_told, _tell)


# -- delivering them -----------------------------------------------------------------------------------------


async def claim(units: Units, lease: timedelta, most: int) -> list[ClaimedMail]:
    """Claim mails that are due, for as long as the lease lasts."""
    async with units.reading() as work:
        if not await claims.any_mail_due(work):
            return []
    async with units.writing() as work:
        return await claims.claim_mails(work, work.now + lease, most)


async def settle(units: Units, held: ClaimedMail, outcome: Outcome, chance: float) -> Result:
    """Write down what came of an attempt, and when there will be another one.

    Args:
        chance: from 0 to 1, for the delay before the next attempt.
    """
    delay = outcome.delay(held.delivery.attempts + 1, chance)
    async with units.writing() as work:
        await claims.settle_mail(work, held, outcome, None if delay is None else work.now + delay)
    return outcome.result(again=delay is not None)


async def write(units: Units, links: Links, delivery: DeliveryRow) -> Letter | Withheld:
    """Write a mail from what is true now, or say why nobody is to get it."""
    async with units.reading() as work:
        user = await accounts.find_user(work, delivery.user_id)
        if user is None or not user.is_active:
            return Withheld("the account is switched off")
        if work.now - delivery.created_at > _LAIN:
            return Withheld("too late")
        draft = await _draft_of(work, links, delivery, user)
    return draft if isinstance(draft, Withheld) else Letter(user.email, delivery.message_id, write_mail(draft))


async def _draft_of(work: UnitOfWork, links: Links, delivery: DeliveryRow, user: UserRow) -> Draft | Withheld:
    unsubscribe = links.unsubscribe(Subscription(user.id, delivery.kind))
    if delivery.kind == DIGEST:
        digest = await digests.read_day(work, user.id, delivery.payload or "")
        if digest is None:
            return Withheld("not wanted any more, an empty day, or one that is over")
        link = links.event(None)
        return Draft(heading=digest.heading, lines=digest.lines, link=link, topic=DIGEST, unsubscribe=unsubscribe)
    row = await mails.find_notification(work, delivery.notification_id or 0, user.id)
    if row is None or not await _is_wanted(work, row):
        return Withheld("not wanted any more")
    head = await events.find_event(work, row.event_id, user.id) if row.event_id is not None else None
    if reason := _withheld(work, row, head):
        return Withheld(reason)
    if reason := await over_bounds(work, delivery, row):
        return Withheld(reason)
    [told] = await put_into_words(work, [row])
    kind = NoticeKind(row.kind)
    return Draft(
        heading=_heading(row, user),
        lines=[*in_lines(told.words.changes), *_about(kind, head, user)],
        link=links.event(head.id if head else None),
        topic=row.kind,
        unsubscribe=unsubscribe,
    )


async def _is_wanted(work: UnitOfWork, row: NotificationRow) -> bool:
    kind = NoticeKind(row.kind)
    # A reminder was asked for by the user, event by event.
    mutable = row.event_id if kind is not NoticeKind.REMINDER else None
    if mutable is not None and await preferences.is_muted(work, row.user_id, mutable):
        return False
    said = await preferences.read_preferences(work, row.user_id)
    return said[kind][1] if kind in said else kind in MAILED


def _withheld(work: UnitOfWork, row: NotificationRow, head: EventHead | None) -> str | None:
    """Why somebody is not to hear of it any more: nothing of an event goes to those who do not see it."""
    kind = NoticeKind(row.kind)
    if head is None and row.event_id is not None and kind is not NoticeKind.ACCESS_REMOVED:
        return "has no access any more"
    if kind is NoticeKind.REMINDER:
        if head is None or head.deleted_at is not None:
            return "the event is gone"
        if row.begins_at is not None and row.begins_at < work.now - LATE:
            return "too late"
    return None


def _heading(row: NotificationRow, user: UserRow) -> str:
    """What happened; of a reminder with the time, because a mail is read later than it was sent."""
    kind = NoticeKind(row.kind)
    if kind is NoticeKind.REMINDER and row.begins_at is not None:
        return f"“{row.title}” begins on {moment_in_words(row.begins_at, zone(user.time_zone))} ({user.time_zone})"
    return sentence(kind, actor=row.actor, title=row.title, role=row.role)


def _about(kind: NoticeKind, head: EventHead | None, user: UserRow) -> list[str]:
    """When and where it is, for those who may not have it before them."""
    if head is None or kind is NoticeKind.ACCESS_REMOVED:
        return []
    where = [f"where: {head.location}"] if head.location else []
    when = [] if kind is NoticeKind.REMINDER else [f"when: {times_in_words(head.content(), zone(user.time_zone))}"]
    return [*when, *where]
