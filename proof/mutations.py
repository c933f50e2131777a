"""Mutants of the rules that matter most: whoever got one of them wrong would be told so by a test.

Each room is tried with the tests that concern it (`proof.mutating` runs them, `proof.mutants` says what is changed).
A mutant that no test notices is listed in `survivors.toml` with the reason why nobody can, or need; one that is not
listed there, and one that is listed and not to be found any more, is a failure.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from zlib import crc32

from proof.mutants import SOURCE, Mutant, mutants
from proof.parts import Options, Result, new_database, say

SURVIVORS = Path(__file__).with_name("survivors.toml")
#: The least that has to be noticed of each room, in percent.
KILLED_AT_LEAST = 90
#: Of each subject quick attacks try so few, always the same ones.
_QUICKLY = 5
_ROOT = Path(__file__).parents[1]
_COLUMNS = ("room", "mutants", "killed", "of them by time", "survived", "killed, %")
_QUIETLY = ("-q", "-s", "-p", "no:cacheprovider")


@dataclass(frozen=True, slots=True)
class Subject:
    """Rooms that are tried together, and the tests that concern them."""

    rooms: tuple[str, ...]
    tests: tuple[str, ...]


SUBJECTS = {
    "recurrence": Subject(
        (
            "domain/recurrence.py",
            "domain/patterns.py",
            "domain/pattern_parts.py",
            "domain/pattern_values.py",
            "domain/pattern_words.py",
            "domain/expansion.py",
            "domain/rule_plan.py",
            "domain/calendar_days.py",
        ),
        (
            "tests/domain/test_expansion.py",
            "tests/domain/test_patterns.py",
            "tests/domain/test_pattern_words.py",
            "tests/domain/test_series.py",
        ),
    ),
    "rights": Subject(
        ("domain/roles.py", "operations/access.py"),
        (
            "tests/api/test_permissions.py",
            "tests/api/test_sharing.py",
            "tests/api/test_trash.py",
            "tests/api/test_transfer_privacy.py",
            "tests/api/test_half_privacy.py",
            "tests/api/test_split_rollback.py",
            "tests/api/test_split_series.py",
            "tests/api/test_preconditions.py",
            "tests/api/test_checks.py",
            "tests/api/test_turns.py",
        ),
    ),
    "merging": Subject(
        ("domain/merge.py", "domain/atoms.py", "domain/text_merge.py", "domain/override_merge.py"),
        (
            "tests/domain/test_merge.py",
            "tests/domain/test_text_merge.py",
            "tests/domain/test_fields.py",
            "tests/api/test_merging.py",
            "tests/api/test_series_merging.py",
        ),
    ),
    "conflicts": Subject(
        ("domain/conflicts.py", "domain/day_times.py"),
        ("tests/domain/test_conflicts.py", "tests/domain/test_day_times.py"),
    ),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: `by` is the test that noticed it, empty where it computed or waited for too long."""

    mutant: Mutant
    killed: bool
    by: str
    seconds: float


class NotJudgedError(Exception):
    """There is no verdict: the tests fail without a mutant, or could not be run."""


#: For each room the mutants that survive, by name, and why.
Listed = Mapping[str, Mapping[str, str]]


async def run(options: Options) -> Result:
    """Try all mutants, those of a subject one after another, with what the machine has to spare."""
    listed: Listed = tomllib.loads(SURVIVORS.read_text("utf-8"))
    cores = asyncio.Semaphore(os.cpu_count() or 1)

    async def attack(name: str) -> tuple[list[Verdict], list[str]]:
        async with cores:
            return await _attack(name, options, listed)

    found = await asyncio.gather(*map(attack, SUBJECTS))
    verdicts = sorted((one for some, _ in found for one in some), key=lambda one: one.mutant.room)
    failures = [one for _, some in found for one in some]
    by_room = {room: list(some) for room, some in groupby(verdicts, key=lambda one: one.mutant.room)}
    rows = tuple(_row(room, some) for room, some in by_room.items())
    if not options.quick:
        failures += [
            f"{row[0]}: less than {KILLED_AT_LEAST} % were noticed" for row in rows if row[-1] < KILLED_AT_LEAST
        ]
    return Result(_COLUMNS, rows, tuple(failures), told=survivors(verdicts, listed))


async def _attack(name: str, options: Options, listed: Listed) -> tuple[list[Verdict], list[str]]:
    """Try the mutants of a subject; gives what became of them, and what is wrong with that."""
    subject = SUBJECTS[name]
    made = [one for room in subject.rooms for one in made_of(room)]
    failures = gone(subject.rooms, made, listed)
    chosen = sample(made) if options.quick else made
    say(f"mutations: {name}, {len(chosen)} of {len(made)}")
    try:
        verdicts = await judged(subject.tests, chosen, options.artifacts / f"mutations-{name}.jsonl")
    except NotJudgedError as why:
        return [], [*failures, f"{name}: {why}"]
    return verdicts, failures + unexpected(verdicts, listed)


def made_of(room: str) -> list[Mutant]:
    """All mutants of a room of Convene."""
    return mutants(room, (SOURCE / room).read_text("utf-8"))


def sample(made: Iterable[Mutant]) -> list[Mutant]:
    """Choose a few mutants, which stay the same whatever becomes of others."""
    return sorted(made, key=lambda one: crc32(f"{one.room} {one.name}".encode()))[:_QUICKLY]


async def judged(tests: Sequence[str], chosen: Sequence[Mutant], verdicts: Path) -> list[Verdict]:
    """Run tests with each of some mutants.

    Raises:
        NotJudgedError: the tests fail without a mutant, or cannot be run.
    """
    async with new_database("sqlite") as url:
        template = Path(url.removeprefix("sqlite:///"))
        return await asyncio.to_thread(_judged, tests, chosen, verdicts, template)


def _judged(tests: Sequence[str], chosen: Sequence[Mutant], verdicts: Path, template: Path) -> list[Verdict]:
    digest = _digest(tests)
    known = _known(verdicts, digest)
    left = [one for one in chosen if one not in known]
    said = _try(tests, left, verdicts, template) if left else ""
    known = _known(verdicts, digest)
    if not all(one in known for one in chosen):
        raise NotJudgedError(said)
    return [known[one] for one in chosen]


def _try(tests: Sequence[str], left: Sequence[Mutant], verdicts: Path, template: Path) -> str:
    """Add the verdicts on some mutants to those that are there; gives what was said where there are none."""
    wanted = verdicts.with_suffix(".mutants.json")
    wanted.write_text(json.dumps([asdict(one) for one in left]), "utf-8")
    files = {"mutants": wanted, "verdicts": verdicts, "template": template}
    options = [part for name, file in files.items() for part in (f"--{name}", str(file))]
    pytest = [sys.executable, "-m", "pytest", *tests, *_QUIETLY, "-p", "proof.mutating", *options]
    environment = os.environ | {"CONVENE_HYPOTHESIS": "mutants", "PYTHONPATH": str(SOURCE.parent)}
    run = subprocess.run(
        ["nice", "-n", "19", *pytest], cwd=_ROOT, env=environment, capture_output=True, text=True, check=False
    )
    broken = [line["broken"] for line in map(json.loads, verdicts.read_text("utf-8").splitlines()) if "broken" in line]
    return f"without a mutant, {broken[-1]}" if broken else f"{run.stdout[-2_000:]}{run.stderr[-2_000:]}"


def _known(verdicts: Path, digest: str) -> dict[Mutant, Verdict]:
    """The verdicts that a run before this one came to, unless anything has changed since: it takes an hour."""
    lines = [json.loads(line) for line in verdicts.read_text("utf-8").splitlines()] if verdicts.exists() else []
    if lines[:1] != [{"digest": digest}]:
        verdicts.write_text(json.dumps({"digest": digest}) + "\n", "utf-8")
        return {}
    found = [Verdict(Mutant(**line.pop("mutant")), **line) for line in lines[1:] if "mutant" in line]
    return {one.mutant: one for one in found}


def _digest(tests: Sequence[str]) -> str:
    """What verdicts depend on: Convene, all tests, and what makes and places mutants."""
    ours = [file for folder in (SOURCE, _ROOT / "tests", _ROOT / "proof") for file in folder.rglob("*.py")]
    content = b"".join(file.read_bytes() for file in sorted({*ours, *(_ROOT / test for test in tests)}))
    return sha256(content).hexdigest()


# -- what it comes to ----------------------------------------------------------------------------------------


def unexpected(verdicts: Iterable[Verdict], listed: Listed) -> list[str]:
    """Name the mutants that survived and are not listed, and those that are listed and were killed."""
    return [
        f"{one.mutant.room}: {one.mutant.name} " + ("is listed as a survivor, and killed" if one.killed else "survived")
        for one in verdicts
        if one.killed == (one.mutant.name in listed.get(one.mutant.room, {}))
    ]


def gone(rooms: Iterable[str], made: Iterable[Mutant], listed: Listed) -> list[str]:
    """Name what is listed as a survivor and is not among the mutants."""
    names = {(one.room, one.name) for one in made}
    return [
        f"{room}: {name} is listed, and no mutant"
        for room in rooms
        for name in listed.get(room, {})
        if (room, name) not in names
    ]


def survivors(verdicts: Iterable[Verdict], listed: Listed) -> tuple[str, ...]:
    """Tell which mutants survived, and why."""
    found = ((one.mutant.room, one.mutant.name) for one in verdicts if not one.killed)
    return tuple(
        f"* `{room}`, `{name}`: {listed.get(room, {}).get(name, '**nobody knows why**')}" for room, name in found
    )


def _row(room: str, verdicts: Sequence[Verdict]) -> tuple[str, int, int, int, int, float]:
    killed = [one for one in verdicts if one.killed]
    by_time = sum(not one.by for one in killed)
    percent = round(100 * len(killed) / len(verdicts), 1)
    return room, len(verdicts), len(killed), by_time, len(verdicts) - len(killed), percent
