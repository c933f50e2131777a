"""The words in which clients say how an event repeats, beside those of RFC 8984 and RFC 5545.

Names of parts are compared without regard to case, `_` and `-`: `byDay`, `by_day` and `BYDAY` are one. Numbers for
weekdays count from 0 for Monday, as in Python and dateutil; that a client counts otherwise shows at once, because a
series has to begin on one of its days.
"""

from __future__ import annotations

from typing import Final

from convene.domain.recurrence import PARTS, WEEKDAYS, Frequency

#: Other names of a part, folded by `folded`, by the field of `RecurrenceRule`.
_SYNONYMS: Final = {
    "frequency": ("freq", "type", "repeat", "repeats", "recurrence", "recurrencetype"),
    "interval": ("every", "repeatevery"),
    "first_day_of_week": ("wkst", "weekstart"),
    "by_day": ("byweekday", "byweekdays", "days", "daysofweek", "dayofweek", "weekdays", "weekday"),
    "by_month_day": ("bymonthdays", "monthday", "monthdays", "dayofmonth", "daysofmonth"),
    "by_month": ("bymonths", "month", "months", "monthofyear", "monthsofyear"),
    "by_year_day": ("byyeardays", "yeardays", "dayofyear", "daysofyear"),
    "by_week_no": ("weeknumbers",),
    "by_hour": ("byhours",),
    "by_minute": ("byminutes",),
    "by_second": ("byseconds",),
    "by_set_position": ("bysetpos",),
    "count": ("occurrences", "endafter", "occurrencecount", "maxoccurrences", "repeatcount"),
    "until": ("enddate", "end", "ends", "endson", "untildate", "repeatuntil", "recurrenceenddate"),
}

#: The field of `RecurrenceRule` for each folded name of a part.
FIELDS: Final = {name: field for field, canonical, _ in PARTS for name in (canonical.lower(), *_SYNONYMS[field])}

#: Parts that an RRULE (RFC 5545, 3.3.10) can have.
RRULE_FIELDS: Final = {rrule: field for field, _, rrule in PARTS}

#: What RFC 8984 and RFC 7529 allow to be said besides, and the only value in which it is understood.
DEFAULTS: Final = {"@type": "recurrencerule", "rscale": "gregorian", "skip": "omit"}

#: What some clients put beside a pattern, and what is the event's own.
STARTS: Final = frozenset(("start", "starts", "startson", "startdate", "starttime", "dtstart"))

FREQUENCIES: Final = {
    **{frequency.value: frequency for frequency in Frequency},
    "day": Frequency.DAILY,
    "week": Frequency.WEEKLY,
    "month": Frequency.MONTHLY,
    "year": Frequency.YEARLY,
    "annual": Frequency.YEARLY,
    "annually": Frequency.YEARLY,
}
TOO_OFTEN: Final = frozenset(("hourly", "minutely", "secondly"))

#: Frequencies and patterns that say that an event does not repeat.
NOT_AT_ALL: Final = frozenset(("", "none", "null", "never", "no", "once"))

_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_SHORT = (("mon",), ("tue", "tues"), ("wed",), ("thu", "thur", "thurs"), ("fri",), ("sat",), ("sun",))
DAYS: Final = {
    name: weekday for weekday in range(7) for name in (WEEKDAYS[weekday], _DAY_NAMES[weekday], *_DAY_SHORT[weekday])
}

_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
MONTHS: Final = {name: month for month, full in enumerate(_MONTH_NAMES, start=1) for name in (full, full[:3])}


#: No word that is understood is longer.
LONGEST = 64


def folded(name: str) -> str:
    """Take from the name of a part what people write differently: case, `_`, `-` and spaces."""
    return name[:LONGEST].strip().lower().replace("_", "").replace("-", "").replace(" ", "")
