"""How one text became another, line by line, in bounded time.

The algorithm is E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (Algorithmica 1, 1986),
with a
budget: where two texts have so little in common that looking further would cost too much, the part that
differs counts as one edit. `difflib` is not used: without its junk heuristic 10,000 equal lines take it
minutes, with it the outcome depends on how often a line occurs anywhere in the text. Knows nothing of
events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Steps that one comparison may take; about 20 ms.
BUDGET = 100_000

_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines `lo` to `hi` (exclusive) of the old text were replaced by `lines`."""

    lo: int
    hi: int
    lines: tuple[str, ...]

    @property
    def keeps_count(self) -> bool:
        """Whether as many lines came as went."""
        return self.hi - self.lo == len(self.lines)


def edits(old: Sequence[str], new: Sequence[str]) -> list[Edit]:
    """List the edits that make `new` of `old`, in order, with an unchanged line between any two."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    found: list[Edit] = []
    at_old = at_new = head
    inner = _runs(old[head : len(old) - tail], new[head : len(new) - tail])
    for x, y, length in [*inner, (len(old) - tail - head, len(new) - tail - head, 0)]:
        lo, hi = head + x, head + y
        if lo > at_old or hi > at_new:
            found.append(Edit(at_old, lo, tuple(new[at_new:hi])))
        at_old, at_new = lo + length, hi + length
    return found


def unified(old: str | None, new: str | None) -> str:
    """Write the difference as a unified diff with three lines of context; empty when there is none.

    None has no lines at all, "" has one that is empty.
    """
    before = [] if old is None else old.split("\n")
    after = [] if new is None else new.split("\n")
    found = edits(before, after)
    if not found:
        return ""
    out = ["--- old_value", "+++ new_value"]
    shift = 0
    for group in _hunks(found):
        lo, hi = max(group[0].lo - _CONTEXT, 0), min(group[-1].hi + _CONTEXT, len(before))
        growth = sum(len(edit.lines) - (edit.hi - edit.lo) for edit in group)
        out.append(f"@@ -{_range(lo, hi)} +{_range(lo + shift, hi + shift + growth)} @@")
        at = lo
        for edit in group:
            out += [" " + line for line in before[at : edit.lo]]
            out += ["-" + line for line in before[edit.lo : edit.hi]]
            out += ["+" + line for line in edit.lines]
            at = edit.hi
        out += [" " + line for line in before[at:hi]]
        shift += growth
    return "\n".join(out)


def _hunks(found: Sequence[Edit]) -> list[list[Edit]]:
    hunks = [[found[0]]]
    for edit in found[1:]:
        if edit.lo - hunks[-1][-1].hi <= 2 * _CONTEXT:
            hunks[-1].append(edit)
        else:
            hunks.append([edit])
    return hunks


def _range(lo: int, hi: int) -> str:
    # As diff -u has it: lines count from 1, a count of 1 is left out, and an empty range names the line
    # before it.
    if hi - lo == 1:
        return f"{lo + 1}"
    return f"{lo + 1 if hi > lo else lo},{hi - lo}"


def _runs(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int, int]]:
    """Find runs `(start in a, start in b, length)` of equal lines that keep as many lines as possible.

    They are in order. None are found when either is empty, or when the budget is spent.
    """
    if not a or not b:
        return []
    spent, trail = 0, []
    # furthest[k]: how far along `a` one can come on diagonal k (x - y == k) with the edits made so far.
    furthest = {1: 0}
    for depth in range(len(a) + len(b) + 1):
        trail.append(furthest.copy())
        for k in range(-depth, depth + 1, 2):
            x = _step(furthest, k, depth)
            y = start = x - k
            while x < len(a) and y < len(b) and a[x] == b[y]:
                x, y = x + 1, y + 1
            furthest[k] = x
            if x >= len(a) and y >= len(b):
                return _walk_back(trail, x, y)
            spent += 2 + y - start
            if spent > BUDGET:
                return []
    raise AssertionError  # pragma: no cover - depth len(a) + len(b) replaces everything


def _step(furthest: dict[int, int], k: int, depth: int) -> int:
    if k == -depth or (k != depth and furthest[k - 1] < furthest[k + 1]):
        return furthest[k + 1]
    return furthest[k - 1] + 1


def _walk_back(trail: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int, int]]:
    runs: list[tuple[int, int, int]] = []
    for depth in range(len(trail) - 1, -1, -1):
        before, k = trail[depth], x - y
        start = _step(before, k, depth)
        if x > start:
            runs.append((start, start - k, x - start))
        if k == -depth or (k != depth and before[k - 1] < before[k + 1]):
            x, y = start, start - k - 1
        else:
            x, y = start - 1, start - k
    runs.reverse()
    return runs
