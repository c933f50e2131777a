"""Where time goes: busy spans spread over the hours of the week and the weeks of a window, by the clocks of a zone.

Weeks are those of ISO 8601: they begin on Monday, and the first one of a year has its first Thursday. Spans are
half-open.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
_HOUR = timedelta(hours=1)
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Spread:
    """Where time goes.

    Attributes:
        weeks: by the Monday, in order; weeks of the window in which nothing is busy too.
        heat: seven days from Monday on, of 24 hours each: how much time falls into each hour of the week.
    """

    weeks: tuple[tuple[date, timedelta], ...]
    heat: tuple[tuple[timedelta, ...], ...]


def spread(spans: Sequence[Span], window: Span, tz: ZoneInfo) -> Spread:
    """Spread spans over the hours of a window; what lies outside of it does not count, what overlaps counts twice.

    Costs as much as there are spans and hours, not as the spans are long.
    """
    edges = _hours(window, tz)
    busy = [_NONE] * len(edges)
    whole = [0] * (len(edges) + 1)
    for start, end in (clipped(span, window) for span in spans):
        if start >= end:
            continue
        first, last = bisect_right(edges, start) - 1, bisect_left(edges, end) - 1
        if first == last:
            busy[first] += end - start
            continue
        busy[first] += edges[first + 1] - start
        busy[last] += end - edges[last]
        whole[first + 1] += 1
        whole[last] -= 1
    weeks: dict[date, timedelta] = {}
    heat = [[_NONE] * 24 for _ in range(7)]
    covering = 0
    for place, edge in enumerate(edges):
        covering += whole[place]
        until = edges[place + 1] if place + 1 < len(edges) else window[1]
        taken = busy[place] + covering * (until - edge)
        local = edge.astimezone(tz)
        monday = local.date() - timedelta(days=local.weekday())
        weeks[monday] = weeks.get(monday, _NONE) + taken
        heat[local.weekday()][local.hour] += taken
    return Spread(tuple(weeks.items()), tuple(map(tuple, heat)))


def clipped(span: Span, window: Span) -> Span:
    """The part of a span that lies in a window; nothing lies in it when that ends before it starts."""
    return max(span[0], window[0]), min(span[1], window[1])


def _hours(window: Span, tz: ZoneInfo) -> list[datetime]:
    """The instants in a window at which the clocks of a zone begin another hour, after its beginning."""
    edges = [window[0]]
    while edges[-1] < window[1]:
        local = edges[-1].astimezone(tz)
        edges.append(
            edges[-1] + _HOUR - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        )
    return edges[:-1]
