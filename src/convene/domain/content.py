"""EventContent: the value that is versioned. What is edited, stored, diffed, merged, rolled back and exported.

Truth is wall time, IANA zone and duration (RFC 8984); instants in UTC are derived from them. An override is kept
under the wall time at which its occurrence would start (RFC 8984 recurrenceOverrides, RFC 5545 RECURRENCE-ID); an
exclusion is an override too, so that two people cannot exclude and change one occurrence without noticing.
A value that makes no sense cannot be built. Knows nothing of versions, people or storage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Final, Literal

from convene.domain.errors import Invalid
from convene.domain.recurrence import RecurrenceRule
from convene.domain.zones import EARLIEST, FAR_FUTURE, LATEST, as_if_utc, check_range, instant, wall_time, zone

TITLE_MAX = 255
DESCRIPTION_MAX = 20_000
LOCATION_MAX = 500
TAG_MAX = 50
TAGS_MAX = 30
OVERRIDES_MAX = 1_000
#: Characters in all overrides together: each version of a series holds all of them.
OVERRIDES_TEXT_MAX = 131_072
SINGLE_DURATION_MAX = timedelta(days=3_660)
SERIES_DURATION_MAX = timedelta(days=366)


class Unset(Enum):
    """The one value that says "nothing was said about this field", as None says "no value"."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


class Status(StrEnum):
    """RFC 8984 status of an event; a cancelled one stays visible and blocks no time."""

    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"


class FreeBusy(StrEnum):
    """RFC 8984 freeBusyStatus: whether the event takes up its owner's time."""

    BUSY = "busy"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When an event happens: one atom for merging, because its parts only make sense together.

    Attributes:
        start: naive wall time in `zone`; midnight when `all_day`. For a series, its first occurrence.
        duration: elapsed time (RFC 5545, 3.8.5.3: exact, not nominal); whole days when `all_day`.
        zone: IANA name.
        fold: 1 when `start` is the second pass of a wall time that comes twice (PEP 495); single events only.

    Raises:
        Invalid: on building one that ends at or before its start, is too long, or leaves the range of instants.
    """

    start: datetime
    duration: timedelta
    zone: str
    all_day: bool = False
    fold: Literal[0, 1] = 0
    rule: RecurrenceRule | None = None
    #: The first start as an instant in UTC.
    starts_at: datetime = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.duration <= timedelta(0):
            raise Invalid.at("/end_time", "must be after start_time")
        longest = SERIES_DURATION_MAX if self.rule else SINGLE_DURATION_MAX
        if self.duration > longest:
            raise Invalid.at("/end_time", f"an event lasts at most {longest.days} days")
        if not EARLIEST <= as_if_utc(self.start) <= LATEST:
            raise Invalid.at("/start_time", "must lie between the years 1 and 9999, three days from either end")
        starts_at = check_range(instant(self.start, zone(self.zone), self.fold), "/start_time")
        if LATEST - starts_at < self.duration:
            raise Invalid.at("/end_time", "must lie before the end of the year 9999")
        if self.fold and self.rule:
            raise Invalid.at("/start_time", "a series cannot begin in the second pass of a repeated hour")
        # Kept: creating an event asks for it eight times.
        object.__setattr__(self, "starts_at", starts_at)

    def end_of(self, starts_at: datetime, duration: timedelta | None = None) -> datetime:
        """Say when an occurrence that starts at an instant ends: exact time, or midnights later when all-day.

        Args:
            starts_at: in UTC.
            duration: its own, if it has one. Whatever would end after `FAR_FUTURE` ends there.
        """
        lasts = self.duration if duration is None else duration
        if LATEST - starts_at < lasts:
            return FAR_FUTURE
        if not self.all_day:
            return starts_at + lasts
        tz = zone(self.zone)
        # From the midnight of the day that clocks show: Samoa had no 30 December 2011, so a whole day there takes
        # place on the 31st and has to end with it.
        day = wall_time(starts_at, tz)[0].replace(hour=0, minute=0, second=0, microsecond=0)
        return instant(day + lasts, tz)

    @property
    def ends_at(self) -> datetime:
        """The end of the first occurrence as an instant in UTC."""
        return self.end_of(self.starts_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What one occurrence of a series has of its own. UNSET fields are those of the series.

    Attributes:
        occurrence: the wall time at which the series would have this occurrence start; its name for ever.
        excluded: the occurrence does not take place; then nothing else is set.
        start, duration: as in `Schedule`; the zone and all-day are those of the series.
    """

    occurrence: datetime
    excluded: bool = False
    title: str | Unset = UNSET
    description: str | Unset | None = UNSET
    location: str | Unset | None = UNSET
    status: Status | Unset = UNSET
    free_busy_status: FreeBusy | Unset = UNSET
    start: datetime | Unset = UNSET
    duration: timedelta | Unset = UNSET

    @property
    def text_length(self) -> int:
        """How many characters of its own it has."""
        texts = (self.title, self.description, self.location)
        return sum(len(text) for text in texts if isinstance(text, str))


#: Fields that an occurrence can have of its own, besides its time.
OVERRIDABLE = ("title", "description", "location", "status", "free_busy_status")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContent:
    """One state of an event, complete.

    Attributes:
        tags: sorted, without duplicates.
        overrides: sorted by occurrence, one for each; empty unless `schedule.rule` is set.
    """

    title: str
    schedule: Schedule
    description: str | None = None
    location: str | None = None
    status: Status = Status.CONFIRMED
    free_busy_status: FreeBusy = FreeBusy.BUSY
    tags: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        if not self.overrides:
            return
        if len(self.overrides) > OVERRIDES_MAX:
            raise Invalid.at("", f"a series has at most {OVERRIDES_MAX} changed or excluded occurrences")
        if sum(own.text_length for own in self.overrides) > OVERRIDES_TEXT_MAX:
            detail = f"its changed occurrences have at most {OVERRIDES_TEXT_MAX} characters of their own"
            raise Invalid.at("", detail)

    def override_at(self, occurrence: datetime) -> Override | None:
        """Find what one occurrence has of its own."""
        return next((own for own in self.overrides if own.occurrence == occurrence), None)

    @property
    def may_block(self) -> bool:
        """Whether any of its time may be busy: what a search for conflicts has to look at."""
        return blocks(self.status, self.free_busy_status) or any(
            not own.excluded and (own.status is not UNSET or own.free_busy_status is not UNSET)
            for own in self.overrides
        )


def blocks(status: Status, free_busy: FreeBusy) -> bool:
    """Whether time with this status is taken: busy and not cancelled."""
    return free_busy is FreeBusy.BUSY and status is not Status.CANCELLED
