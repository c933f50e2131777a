"""How much mail others can cause somebody to get, so that nobody makes a relay of us.

Nobody has confirmed the address that they registered, and the title of an event is what its author says. What is over a
bound stays in the bell and is withheld from mail. The mails that went before are counted by their ids: of many that are
written at once, none is over a bound that another one is not over too.
"""

from __future__ import annotations

from datetime import timedelta

from convene.domain.notices import NoticeKind
from convene.storage import mail_bounds
from convene.storage.deliveries import DeliveryRow
from convene.storage.notifications import NotificationRow
from convene.storage.unit_of_work import UnitOfWork

AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
#: Mails to one person, besides what they have asked for themselves.
MAILS_AN_HOUR, MAILS_A_DAY = 20, 60
INVITATIONS_A_DAY = 100
#: Given and taken again and again, access to one event is told of once an hour.
_ONCE_AN_HOUR = frozenset({NoticeKind.SHARED, NoticeKind.ACCESS_REMOVED, NoticeKind.HANDED_OVER})
_ASKED_FOR = frozenset({NoticeKind.REMINDER, NoticeKind.WEBHOOK_DISABLED})


async def over_bounds(work: UnitOfWork, mail: DeliveryRow, row: NotificationRow) -> str | None:
    """Why a mail about something that somebody was told is one too many; None when it is not."""
    kind = NoticeKind(row.kind)
    if kind in _ASKED_FOR:
        return None
    hour, day = mail.created_at - AN_HOUR, mail.created_at - A_DAY
    if kind in _ONCE_AN_HOUR and await mail_bounds.count_of_the_same(work, mail, hour):
        return "was told of the same within an hour"
    if await mail_bounds.count_caused_by_others(work, mail, hour) >= MAILS_AN_HOUR:
        return "too many mails to this person in an hour"
    if await mail_bounds.count_caused_by_others(work, mail, day) >= MAILS_A_DAY:
        return "too many mails to this person in a day"
    if kind is not NoticeKind.SHARED or row.actor_id is None:
        return None
    invited = await mail_bounds.count_invitations(work, mail, row.actor_id, day)
    return "too many invitations by one person in a day" if invited >= INVITATIONS_A_DAY else None
