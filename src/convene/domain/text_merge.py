"""Merging two edits of one text, line by line.

Both sides are compared with the base in the same way, so nothing depends on who is called ours. Two edits
clash when they touch the same line in different ways, or when they lie side by side, with no unchanged line
between, and

* both change how many lines there are: who comes first would be a guess, and so would be whether what was
  added still makes sense beside what was taken away; or
* one adds or takes away a line equal to the one that the other changed: which of the two was meant would be a
  guess.

Git lets all neighbouring edits clash. Descriptions are agendas and lists more than programs: two people who
each put a line right, one below the other, are merged here, and so are one who corrects the last line and
one who adds another. Knows nothing of events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convene.domain.text_diff import Edit, edits


def merge_lines(base: str, ours: str, theirs: str) -> str | None:
    """Merge two edits of a text; None when they clash."""
    lines = base.split("\n")
    both = _interleave(lines, list(_by_line(lines, ours)), list(_by_line(lines, theirs)))
    if both is None:
        return None
    merged: list[str] = []
    at = 0
    for edit in both:
        merged += lines[at : edit.lo]
        merged += edit.lines
        at = edit.hi
    return "\n".join(merged + lines[at:])


def _by_line(base: Sequence[str], text: str) -> Iterator[Edit]:
    """List the edits that make a text of the base, line for line where one keeps the number of lines.

    So two people who changed some of the same lines alike, and others beside them, do not clash.
    """
    for edit in edits(base, text.split("\n")):
        if edit.keeps_count:
            yield from (Edit(at, at + 1, (line,)) for at, line in enumerate(edit.lines, edit.lo))
        else:
            yield edit


def _interleave(base: Sequence[str], ours: list[Edit], theirs: list[Edit]) -> list[Edit] | None:
    """Put the edits of both sides into one order, those that both made once; None when two of them clash."""
    merged: list[Edit] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        our, their = ours[i], theirs[j]
        if our == their:
            merged.append(our)
            i, j = i + 1, j + 1
        elif _clash(base, *sorted((our, their), key=lambda edit: (edit.lo, edit.hi))):
            return None
        elif (our.lo, our.hi) < (their.lo, their.hi):
            merged.append(our)
            i += 1
        else:
            merged.append(their)
            j += 1
    return merged + ours[i:] + theirs[j:]


def _clash(base: Sequence[str], first: Edit, second: Edit) -> bool:
    if first.hi != second.lo:
        return first.hi > second.lo
    if first.keeps_count and second.keeps_count:
        return False
    if not first.keeps_count and not second.keeps_count:
        return True
    corrected, other = (first, second) if first.keeps_count else (second, first)
    return base[corrected.lo] in (*other.lines, *base[other.lo : other.hi])
