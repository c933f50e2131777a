"""What judges the tests, judged: mutants are made, noticed and missed as they should be."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
from proof.mutants import Mutant, mutants, mutated
from proof.mutations import SUBJECTS, SURVIVORS, NotJudgedError, Verdict, gone, judged, made_of, survivors, unexpected


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        ("return a < b", {"a <= b", "a >= b", "return None"}),
        ("return a == b", {"a != b", "return None"}),
        ("return a in b", {"a not in b", "return None"}),
        ("return a + b", {"a - b", "return None"}),
        ("return a and b", {"a or b", "return None"}),
        ("return not a", {"return a", "return None"}),
        ("return -1", {"return 1", "return -2", "return None"}),
        ("return True", {"return False"}),
        ("return 'x'", {"return 'XXxXX'"}),
        ("if a:\n  f()", {"not a", "pass"}),
        ("a += b", {"a -= b", "pass"}),
        ("a[b] = c", {"pass"}),
        ("raise a", {"pass"}),
        ("yield a", {"pass"}),
        ("return [b for b in a if b]", {"[b for b in a if not b]", "return None"}),
        ("'''Text.'''\na: int = b", set()),
        ("return f'{a}: text'", {"return None"}),
    ],
)
def test_mutants_are_what_somebody_might_get_wrong(body: str, changes: set[str]):
    source = "def f(a, b):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    made = mutants("room.py", source)
    assert {one.change.split(" → ")[1].removeprefix("return ") for one in made} == {
        change.removeprefix("return ") for change in changes
    }
    assert len({ast.unparse(mutated(source, one)) for one in made} | {ast.unparse(ast.parse(source))}) == len(made) + 1


def test_defaults_methods_and_values_have_mutants_and_fields_and_types_have_none():
    source = """
A = 1
B = str | None
class C:
    field: int = 2
    @property
    def d(self, e=3): ...
"""
    assert [one.name for one in mutants("room.py", source)] == ["A: A = 1 → A = 2", "C.d: self, e=3 → self, e=4"]


def test_what_is_written_elsewhere_gives_a_mutant_no_other_name():
    function = "def f(a):\n    return a > 1 and a > 1\n"
    names = [one.name for one in mutants("room.py", function)]
    assert [one.name for one in mutants("room.py", "def g(b):\n    return b > 2\n\n" + function)][
        -len(names) :
    ] == names
    assert len(set(names)) == len(names)


def test_what_is_listed_as_a_survivor_is_a_mutant_and_has_a_reason():
    listed = tomllib.loads(SURVIVORS.read_text("utf-8"))
    rooms = [room for subject in SUBJECTS.values() for room in subject.rooms]
    assert set(listed) <= set(rooms)
    assert gone(rooms, [one for room in rooms for one in made_of(room)], listed) == []
    assert [name for some in listed.values() for name, reason in some.items() if len(reason) < 10] == []


TESTS = """
from convene.domain.conflicts import CLASHES_MAX
from convene.domain.pattern_words import DAYS
from convene.domain.roles import Role
from convene.domain.text_merge import merge_lines
{constants}

def test_an_editor_may_do_what_a_viewer_may():
    assert Role.EDITOR.allows(Role.VIEWER)

def test_mondays_are_known():
    assert DAYS["mo"] == 0

def test_both_lines_are_corrected():
    assert merge_lines("a\\nb", "A\\nb", "a\\nB") == "A\\nB"

def test_fifty_are_told():
    assert CLASHES_MAX == 50
"""


async def judged_by(tmp_path: Path, mutants: list[Mutant], constants: str = "") -> dict[str, str]:
    (tmp_path / "test_small.py").write_text(TESTS.format(constants=constants), "utf-8")
    tests = [str(tmp_path / "test_small.py")]
    found = await judged(tests, mutants, tmp_path / "verdicts.jsonl")
    assert await judged(tests, mutants, tmp_path / "verdicts.jsonl") == found, "they were remembered"
    return {one.mutant.change: one.by.rpartition("::")[2] if one.killed else "survived" for one in found}


async def test_a_mutant_is_killed_by_a_test_that_fails_or_by_the_time_that_it_takes(tmp_path: Path):
    rank = "return _RANK[self] >= _RANK[needed]"
    tried = {
        f"{rank} → return _RANK[self] > _RANK[needed]": "survived",
        f"{rank} → return None": "test_an_editor_may_do_what_a_viewer_may",
        "WEEKDAYS = ('mo', 'tu', 'we', 'th', 'fr', 'sa', 'su') → "
        "WEEKDAYS = ('XXmoXX', 'tu', 'we', 'th', 'fr', 'sa', 'su')": "test_mondays_are_known",
        "CLASHES_MAX = 50 → CLASHES_MAX = 51": "test_fifty_are_told",
        "i += 1 → pass": "",
        "return (self.days[day], self.times[at]) → return None": "survived",
    }
    rooms = ("roles", "conflicts", "recurrence", "text_merge", "rule_plan")
    chosen = [one for room in (f"domain/{room}.py" for room in rooms) for one in made_of(room) if one.change in tried]
    assert await judged_by(tmp_path, chosen) == tried


async def test_tests_that_fail_without_a_mutant_judge_nothing(tmp_path: Path):
    with pytest.raises(NotJudgedError, match="test_nothing_is_right"):
        await judged_by(tmp_path, made_of("domain/roles.py"), "def test_nothing_is_right(): assert False")


def test_survivors_have_to_be_listed_and_the_listed_ones_to_survive():
    mutant = Mutant("room.py", "f", "a → b", 0, 0)
    lives, dies = Verdict(mutant, killed=False, by="", seconds=1), Verdict(mutant, killed=True, by="t", seconds=1)
    listed = {"room.py": {"f: a → b": "there is no b"}}
    assert unexpected([lives], listed) == unexpected([dies], {}) == []
    assert unexpected([lives], {}) == ["room.py: f: a → b survived"]
    assert unexpected([dies], listed) == ["room.py: f: a → b is listed as a survivor, and killed"]
    assert survivors([lives, dies], listed) == ("* `room.py`, `f: a → b`: there is no b",)
    assert gone(["room.py"], [], listed) == ["room.py: f: a → b is listed, and no mutant"]
    assert gone(["room.py"], [mutant], listed) == []
