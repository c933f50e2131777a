"""Merging two edits of one text, line by line.

Both sides are compared with the base in the same way, so nothing depends on who is called ours. When two
edits
clash:

* they touch the same lines in different ways; or
* they lie side by side, with no unchanged line between, and both change the number of lines there. Who
  comes first would be a guess, and so would be whether what was added still makes sense beside what was
  taken away.

Git lets all neighbouring edits clash. Descriptions are agendas and lists more than programs: two people who
each put a line right, one below the other, are merged here, and so are one who corrects the last line and
one who adds another. Knows nothing of events.
"""

from __future__ import annotations

from convene.domain.text_diff import Edit, edits


def merge_lines(base: str, ours: str, theirs: str) -> str | None:
    """Merge two edits of a text; None when they clash."""
    lines = base.split("\n")
    both = _interleave(edits(lines, ours.split("\n")), edits(lines, theirs.split("\n")))
    if both is None:
        return None
    merged: list[str] = []
    at = 0
    for edit in both:
        merged += lines[at : edit.lo]
        merged += edit.lines
        at = edit.hi
    return "\n".join(merged + lines[at:])


def _interleave(ours: list[Edit], theirs: list[Edit]) -> list[Edit] | None:
    """Put the edits of both sides into one order, those that both made once; None when two of them clash."""
    merged: list[Edit] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        our, their = ours[i], theirs[j]
        if our == their:
            merged.append(our)
            i, j = i + 1, j + 1
        elif _clash(our, their):
            return None
        elif (our.lo, our.hi) < (their.lo, their.hi):
            merged.append(our)
            i += 1
        else:
            merged.append(their)
            j += 1
    return merged + ours[i:] + theirs[j:]


def _clash(a: Edit, b: Edit) -> bool:
    if a.lo < b.hi and b.lo < a.hi:
        return True
    touching = b.lo in (a.lo, a.hi) or a.lo == b.hi
    return touching and not (a.keeps_count or b.keeps_count)
