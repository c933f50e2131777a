"""Reading and writing a recurrence pattern. (Contract; the full reader comes with the expander.)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convene.domain.recurrence import RecurrenceRule


def pattern_to_json(rule: RecurrenceRule) -> dict[str, Any]:
    raise NotImplementedError


def pattern_from_json(data: Mapping[str, Any]) -> RecurrenceRule:
    raise NotImplementedError
