"""Wall time and IANA zone to instant and back, with the gaps and overlaps of daylight saving time.

Follows RFC 5545, 3.3.5: a wall time that a zone skips takes the offset before the gap, one that comes twice means
the first. The rules of the zones come from the pinned package `tzdata`, so that every machine agrees.
Knows nothing of events.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import orjson

from convene.domain.errors import Invalid

#: Instants that Convene accepts, in UTC. Three days short of what `datetime` can hold, so that no change of zone,
#: of daylight saving or of padding can leave the range: whatever is accepted can be read back everywhere.
EARLIEST = datetime(1, 1, 4, tzinfo=UTC)
LATEST = datetime(9999, 12, 28, tzinfo=UTC)
#: The end of what has no end; later than every instant that is accepted.
FAR_FUTURE = datetime(9999, 12, 31, tzinfo=UTC)

#: Since then, no zone has been away from UTC by seconds; Liberia was the last.
_WHOLE_MINUTES = datetime(1973, 1, 1, tzinfo=UTC)
#: As clocks anywhere show them: no offset is a day or more.
_EARLIEST_WALL, _LATEST_WALL = EARLIEST - timedelta(days=1), LATEST + timedelta(days=1)


@cache
def _names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


@lru_cache(1024)  # there are some 600; what raises is not kept
def zone(name: str) -> ZoneInfo:
    """Find a zone by its exact IANA name.

    Raises:
        Invalid: there is no such zone (`/time_zone`). Only names from the list are ever opened as files.
    """
    if name not in _names():
        raise Invalid.at("/time_zone", f"unknown time zone {name[:64]!r}; use an IANA name such as Europe/Berlin")
    # By itself, ZoneInfo prefers the machine's files: other rules on each, and a `localtime` that is nowhere else.
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def instant(wall: datetime, tz: ZoneInfo, fold: int = 0) -> datetime:
    """Say when a naive wall time happens, in UTC.

    In a gap the offset before it counts (so 02:30 becomes the instant that clocks call 03:30); in an overlap `fold`
    chooses the first (0) or the second (1) pass (PEP 495).
    """
    if wall.fold != fold:
        wall = wall.replace(fold=fold)
    return datetime.combine(wall, wall.time(), tz).astimezone(UTC)


def wall_time(moment: datetime, tz: ZoneInfo) -> tuple[datetime, int]:
    """Say what clocks in a zone show at an instant: the naive wall time, and 1 in the second pass of an overlap."""
    local = moment.astimezone(tz)
    wall = without_zone(local)
    return (wall.replace(fold=0), 1) if wall.fold else (wall, 0)


def without_zone(moment: datetime) -> datetime:
    """What a clock shows, without where it is: `replace(tzinfo=None)` in a quarter of its time."""
    return datetime.combine(moment, moment.time())


def as_if_utc(wall: datetime) -> datetime:
    """A wall time as if clocks showed UTC there, to be compared with bounds."""
    return datetime.combine(wall, wall.time(), UTC)


def check_range(moment: datetime, pointer: str) -> datetime:
    """Let an instant pass if it can be shown in every zone.

    Raises:
        Invalid: before `EARLIEST` or after `LATEST`.
    """
    if not EARLIEST <= moment <= LATEST:
        raise Invalid.at(pointer, "must lie between the years 1 and 9999, three days from either end, in UTC")
    return moment


def in_utc(sent: datetime, pointer: str) -> datetime:
    """Read a time with any offset as an instant in UTC.

    Raises:
        Invalid: before `EARLIEST` or after `LATEST`.
    """
    # What no offset could bring back into the range is refused before it is converted, which would overflow.
    wall = as_if_utc(sent)
    if not _EARLIEST_WALL <= wall <= _LATEST_WALL:
        return check_range(wall, pointer)
    return check_range(sent.astimezone(UTC), pointer)


def away(moment: datetime, by: timedelta) -> datetime:
    """Say which instant lies so far away, at most at `EARLIEST` or `FAR_FUTURE`: a look around stays in the range."""
    if by > FAR_FUTURE - moment:
        return FAR_FUTURE
    return EARLIEST if -by > moment - EARLIEST else moment + by


def offsets(name: str, after: datetime, before: datetime) -> frozenset[timedelta]:
    """Find all offsets that a zone has between two instants, and two days around them.

    Looked up day by day: no zone has changed its offset twice within a day.
    """
    first, last = away(after, timedelta(days=-2)), away(before, timedelta(days=2))
    return _offsets(name, first.date(), min((last - first).days + 1, (FAR_FUTURE - first).days))


@lru_cache(4096)
def _offsets(name: str, first: date, days: int) -> frozenset[timedelta]:
    tz, midnight = zone(name), datetime(first.year, first.month, first.day, tzinfo=UTC)
    found = {(midnight + timedelta(days=day)).astimezone(tz).utcoffset() for day in range(days + 1)}
    return frozenset(offset for offset in found if offset is not None)


def iso8601(moment: datetime) -> str:
    """Write a time as its `isoformat` does, in a third of the time; an offset must have whole minutes."""
    return orjson.dumps(moment)[1:-1].decode()


def rfc3339(moment: datetime, tz: ZoneInfo) -> str:
    """Write an instant with the offset of a zone, `Z` for UTC (RFC 3339).

    Offsets with seconds (local mean time, mostly before about 1900) cannot be written in RFC 3339: such an instant is
    given in UTC, which is the same moment.
    """
    if tz.key == "UTC":
        return utc_rfc3339(moment)
    local = moment.astimezone(tz)
    if moment >= _WHOLE_MINUTES:
        return iso8601(local)
    text = local.isoformat()
    return text if text[-6] in "+-" else utc_rfc3339(moment)


def utc_rfc3339(moment: datetime) -> str:
    """Write an instant in UTC with a `Z`."""
    return iso8601(without_zone(moment if moment.tzinfo is UTC else moment.astimezone(UTC))) + "Z"
