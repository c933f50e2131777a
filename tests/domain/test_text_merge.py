"""The laws of merging text by line, and of the diff beneath it."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convene.domain.text_diff import edits, unified
from convene.domain.text_merge import merge_lines
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.domain.strategies import edited_texts, texts
from tests.effort import costs_less


@st.composite
def texts_with_two_edits(draw: st.DrawFn) -> tuple[str, str, str]:
    base = draw(texts)
    return base, draw(edited_texts(base)), draw(edited_texts(base))


@st.composite
def numbered_lines_with_two_edits(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    """Lines that are all different, and two edits whose new lines say whose they are."""
    base = [f"line {number}" for number in range(draw(st.integers(1, 10)))]
    sides = []
    for side in ("ours", "theirs"):
        lines = base.copy()
        for number in range(draw(st.integers(0, 3))):
            place = draw(st.integers(0, len(lines)))
            added = [f"{side} {number}.{i}" for i in range(draw(st.integers(0, 2)))]
            lines[place : place + draw(st.integers(0, 2))] = added
        sides.append(lines or ["nothing left of " + side])
    return base, sides[0], sides[1]


# -- laws ----------------------------------------------------------------------------------------------------


@given(texts, texts)
def test_edits_lead_from_one_text_to_the_other(old: str, new: str):
    before = old.split("\n")
    after, at = [], 0
    found = edits(before, new.split("\n"))
    for edit in found:
        after += [*before[at : edit.lo], *edit.lines]
        at = edit.hi
    assert [*after, *before[at:]] == new.split("\n")
    assert all(one.hi < other.lo for one, other in pairwise(found))


@given(texts, texts)
def test_edits_are_as_few_as_possible(old: str, new: str):
    a, b = old.split("\n"), new.split("\n")
    touched = sum(edit.hi - edit.lo + len(edit.lines) for edit in edits(a, b))
    assert touched == len(a) + len(b) - 2 * longest_common(a, b)


def longest_common(a: list[str], b: list[str]) -> int:
    best = [0] * (len(b) + 1)
    for line in a:
        row = [0]
        for j, other in enumerate(b):
            row.append(best[j] + 1 if line == other else max(best[j + 1], row[j]))
        best = row
    return best[-1]


@given(texts_with_two_edits())
def test_swapping_the_sides_changes_nothing(three: tuple[str, str, str]):
    base, ours, theirs = three
    assert merge_lines(base, ours, theirs) == merge_lines(base, theirs, ours)


@given(texts_with_two_edits())
def test_who_changed_nothing_does_not_matter(three: tuple[str, str, str]):
    base, one, _ = three
    assert merge_lines(base, base, one) == merge_lines(base, one, base) == merge_lines(base, one, one) == one


@given(numbered_lines_with_two_edits())
def test_no_line_that_was_added_is_lost_and_none_that_was_removed_comes_back(
    three: tuple[list[str], list[str], list[str]],
):
    base, ours, theirs = three
    text = merge_lines(*("\n".join(lines) for lines in three))
    if text is not None:
        merged = text.split("\n")
        assert set(merged) == (set(ours) & set(theirs)) | (set(ours) - set(base)) | (set(theirs) - set(base))
        assert len(merged) == len(set(merged))
        for side in (ours, theirs):
            assert [line for line in merged if line in side] == [line for line in side if line in merged]


@given(numbered_lines_with_two_edits())
def test_merging_an_edit_again_never_does_it_twice(three: tuple[list[str], list[str], list[str]]):
    # Lines that occur twice are left out: no line diff can tell which of two equal lines is the new one.
    base, ours, theirs = ("\n".join(lines) for lines in three)
    merged = merge_lines(base, ours, theirs)
    if merged is not None:
        assert merge_lines(base, ours, merged) in (merged, None)


@given(texts, texts)
def test_a_unified_diff_can_be_applied(old: str, new: str):
    assert patched(old, unified(old, new)) == new


def patched(old: str, diff: str) -> str:
    before, after, at = old.split("\n"), [], 0
    for line in diff.split("\n")[2:]:
        header = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line)
        if header:
            start = int(header[1]) - (header[2] != "0")
            after += before[at:start]
            at = start
            assert len(after) == int(header[3]) - (header[4] != "0")
        elif line.startswith("+"):
            after.append(line[1:])
        else:
            assert line[1:] == before[at]
            at += 1
            if line.startswith(" "):
                after.append(line[1:])
    return "\n".join(after + before[at:])


# -- what it means for people --------------------------------------------------------------------------------

LIST = "- salad\n- bread\n- wine"


def test_two_people_correct_neighbouring_lines():
    assert merge_lines(LIST, "- green salad\n- bread\n- wine", "- salad\n- rye bread\n- wine") == (
        "- green salad\n- rye bread\n- wine"
    )


def test_one_corrects_the_last_line_and_another_adds_one():
    assert merge_lines(LIST, "- salad\n- bread\n- red wine", LIST + "\n- cake") == (
        "- salad\n- bread\n- red wine\n- cake"
    )


def test_two_people_who_add_in_one_place_clash():
    assert merge_lines(LIST, LIST + "\n- cake", LIST + "\n- cheese") is None


def test_two_people_who_add_the_same_add_it_once():
    assert merge_lines(LIST, LIST + "\n- cake", "- soup\n" + LIST + "\n- cake") == "- soup\n" + LIST + "\n- cake"


def test_what_follows_an_edit_that_both_made_is_kept():
    both, ours, theirs = "- soup\n- bread\n- wine", "- soup\n- bread\n- red wine", "- soup\n- bread\n- wine\n- cake"
    assert merge_lines(LIST, ours, theirs) == "- soup\n- bread\n- red wine\n- cake"
    assert merge_lines(LIST, ours, both) == merge_lines(LIST, both, ours) == ours


def test_adding_below_a_line_that_another_takes_away_clashes():
    assert merge_lines(LIST, "- salad\n- bread", LIST + "\n- cheese") is None


def test_changing_one_of_two_equal_lines_clashes_with_adding_the_other():
    assert merge_lines("- tea", "- coffee", "- tea\n- milk\n- tea") is None


def test_texts_that_are_all_new_are_one_edit():
    old, new = [f"old {n}" for n in range(2_000)], [f"new {n}" for n in range(2_000)]
    assert [(edit.lo, edit.hi) for edit in edits(old, new)] == [(0, 2_000)]


def worst_texts() -> list[tuple[str, str, str]]:
    dice = random.Random(1)
    few = ["\n".join(dice.choices("ab", k=9_000)) for _ in range(3)]
    many = ["\n".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=9_000)) for _ in range(3)]
    equal = ["a\n" * 9_000, "a\n" * 8_000, "a\n" * 9_500]
    around = ["x\n" + "a\n" * 9_000 + "y", "a\n" * 9_500 + "z", "w\n" + "a\n" * 8_500 + "v"]
    shuffled = [f"{n:04}" for n in range(4_000)]
    orders = ["\n".join(dice.sample(shuffled, len(shuffled))) for _ in range(3)]
    return [(one[0], one[1], one[2]) for one in (few, many, equal, around, orders)]


@pytest.mark.parametrize("three", worst_texts(), ids=("few", "many", "equal", "around", "orders"))
def test_the_worst_texts_take_bounded_time(three: tuple[str, str, str]):
    # Some 60 ms on an idle machine; room for more, so that a busy one does not fail.
    assert costs_less(lambda: merge_lines(*three), 0.5)
