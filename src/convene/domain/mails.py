"""What is written in a mail: its subject, and the same as plain text and as HTML.

All that people have written is put on one line, and escaped where it stands in HTML. Knows nothing of how mail is sent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from convene.domain.content import EventContent
from convene.domain.digests import DayEntry, day_at
from convene.domain.notices import NoticeKind
from convene.domain.zones import wall_time, zone

_SUBJECT_MAX = 150
_LINES_MAX = 100
#: The topic of a digest, beside those of notices, which are their kinds.
DIGEST = "digest"
#: What one gets no more of when one unsubscribes.
ABOUT: dict[str, str] = {
    NoticeKind.SHARED: "events that are shared with you",
    NoticeKind.ROLE_CHANGED: "changes of your role",
    NoticeKind.ACCESS_REMOVED: "events that are taken away from you",
    NoticeKind.CHANGED: "changes of events",
    NoticeKind.MERGED: "edits that are merged with yours",
    NoticeKind.ROLLED_BACK: "events that are rolled back",
    NoticeKind.DELETED: "events that are deleted",
    NoticeKind.RESTORED: "events that are restored",
    NoticeKind.HANDED_OVER: "events that are handed over",
    NoticeKind.SHELVED: "edits of yours that could not be merged",
    NoticeKind.REMINDER: "reminders",
    NoticeKind.WEBHOOK_DISABLED: "webhooks that were switched off",
    DIGEST: "the day's events",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
#: Letters that change the direction of what stands around them: a title must not turn the rest of a line around.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it is written; `unsubscribe` is a link that ends mails of its kind."""

    subject: str
    text: str
    html: str
    unsubscribe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a mail says: a heading, what there is to tell, a link to where one reads on, and how to get no more."""

    heading: str
    lines: Sequence[str]
    link: str
    topic: str
    unsubscribe: str


def one_line(text: str) -> str:
    """Put a text on one line, without letters that are not shown or turn others around."""
    plain = " ".join(text.split())
    return "".join(one for one in plain if unicodedata.category(one) != "Cc" and one not in _TURNING)


def write_mail(draft: Draft) -> Mail:
    """Write a mail."""
    heading = one_line(draft.heading)
    lines = [one_line(line) for line in draft.lines[:_LINES_MAX]]
    if len(draft.lines) > _LINES_MAX:
        lines.append(f"and {len(draft.lines) - _LINES_MAX} more")
    subject = heading if len(heading) <= _SUBJECT_MAX else f"{heading[:_SUBJECT_MAX]}…"
    about = ABOUT[draft.topic]
    return Mail(subject, _text(heading, lines, draft, about), _html(heading, lines, draft, about), draft.unsubscribe)


def _text(heading: str, lines: Sequence[str], draft: Draft, about: str) -> str:
    said = [heading, "", *(f"* {line}" for line in lines), *([""] if lines else ())]
    end = [f"Open Convene: {draft.link}", "", "-- ", f"No more mail about {about}: {draft.unsubscribe}"]
    return "\n".join([*said, *end, ""])


def _html(heading: str, lines: Sequence[str], draft: Draft, about: str) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    listed = f"<ul>{items}</ul>" if items else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(heading)}</title></head>\n"
        '<body style="font-family: sans-serif; line-height: 1.5; color: #222; max-width: 36em">\n'
        f'<p style="font-size: 1.15em">{escape(heading)}</p>\n{listed}\n'
        f'<p><a href="{escape(draft.link)}">Open Convene</a></p>\n'
        f'<p style="font-size: 0.85em; color: #666"><a href="{escape(draft.unsubscribe)}" style="color: #666">'
        f"No more mail about {escape(about)}</a></p>\n</body></html>\n"
    )


# -- times, as people write them -----------------------------------------------------------------------------


def date_in_words(day: date) -> str:
    """Write a date: `Monday, 1 March 2027`."""
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_in_words(moment: datetime, tz: ZoneInfo) -> str:
    """Write an instant as the clocks of a zone show it: `Monday, 1 March 2027, 10:00`."""
    wall = wall_time(moment, tz)[0]
    return f"{date_in_words(wall.date())}, {wall:%H:%M}"


def times_in_words(content: EventContent, tz: ZoneInfo) -> str:
    """Write when an event takes place, for somebody in a zone; of a series, when it first does."""
    schedule = content.schedule
    again = ", and again" if schedule.rule is not None else ""
    if schedule.all_day:
        own_zone = zone(schedule.zone)
        first, last = day_at(schedule.starts_at, own_zone), day_at(schedule.ends_at, own_zone) - timedelta(days=1)
        until = f" to {date_in_words(last)}" if last > first else ""
        return f"{date_in_words(first)}{until}{again}"
    begins, ends = (wall_time(moment, tz)[0] for moment in (schedule.starts_at, schedule.ends_at))
    same_day = begins.date() == ends.date()
    until = f"-{ends:%H:%M}" if same_day else f" to {moment_in_words(schedule.ends_at, tz)}"
    return f"{moment_in_words(schedule.starts_at, tz)}{until} ({tz.key}){again}"


def entry_in_words(entry: DayEntry) -> str:
    """Write a line of a day: `09:00-10:00 Planning (Room 1)`."""
    where = f" ({entry.location})" if entry.location else ""
    return f"{_span_in_words(entry)} {entry.title}{where}"


def _span_in_words(entry: DayEntry) -> str:
    if entry.all_day or (entry.begins is None and entry.ends is None):
        return "all day"
    if entry.begins is None:
        return f"until {entry.ends:%H:%M}"
    return f"from {entry.begins:%H:%M}" if entry.ends is None else f"{entry.begins:%H:%M}-{entry.ends:%H:%M}"
