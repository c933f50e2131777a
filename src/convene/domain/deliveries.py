"""What comes of trying to deliver something, on any channel, and when it is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

#: Delays double from the first to the last; together they make almost a day.
ATTEMPTS_MAX = 15
_FIRST_DELAY = timedelta(seconds=5)
_JITTER = 0.2


class Result(StrEnum):
    """What an attempt meant for its delivery."""

    DELIVERED = "delivered"
    POSTPONED = "postponed"
    GIVEN_UP = "given_up"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one attempt: a status code, or why there is none.

    Attributes:
        refused: whoever refused it will refuse it again.
        withheld: it was not even tried, because nobody wants it any more, or nobody may have it.
    """

    status_code: int | None = None
    error: str | None = None
    duration_ms: int = 0
    refused: bool = False
    withheld: bool = False

    @property
    def arrived(self) -> bool:
        """Whether the message has been taken."""
        return self.status_code is not None and 200 <= self.status_code < 300

    def delay(self, attempts: int, chance: float) -> timedelta | None:
        """How long to wait after so many attempts; None when there will be no other one."""
        if self.arrived or self.refused or self.withheld:
            return None
        return retry_delay(attempts, chance)

    def result(self, *, again: bool) -> Result:
        """What it meant, knowing whether there will be another attempt."""
        if self.arrived:
            return Result.DELIVERED
        if self.withheld:
            return Result.WITHHELD
        return Result.POSTPONED if again else Result.GIVEN_UP


def retry_delay(attempts: int, chance: float) -> timedelta | None:
    """How long to wait after so many failed attempts, None when it was the last.

    Args:
        chance: from 0 to 1; spreads what failed together by a fifth either way.
    """
    if attempts >= ATTEMPTS_MAX:
        return None
    times: int = 2 ** (attempts - 1)
    return _FIRST_DELAY * times * (1 - _JITTER + 2 * _JITTER * chance)
