"""When Python looks for garbage that only holds itself."""

from __future__ import annotations

import gc
from typing import TypeVar

#: A thousand listeners are told by a task each: to look through them all after 700, as usual, cost as much as telling.
COLLECTED_AFTER = 20_000

_T = TypeVar("_T")


def settled(made: _T) -> _T:
    """Give back what was made, and from now on look for garbage seldom, and not among what there is already."""
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER)
    return made
