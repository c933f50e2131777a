"""The drill: a copy is made under load, the database is destroyed and made anew of the copy, and compared.

What was acknowledged before the copy was begun is in it, what was begun after it had ended is not, and each event's
versions are the beginning of those that it had; nothing disagrees; a cursor from before is refused (410), and who
copies anew has exactly what they see; and people who were signed in go on where the copy ends.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.api.steps import pages
from tests.findings import findings
from tests.people import Person
from tests.postgres_guard import find_programs
from tests.process.callers import calling
from tests.process.private_postgres import private_postgres
from tests.process.servers import both_serving, convene, serving
from tests.synced_copy import Copy

from proof.checker import broken
from proof.parts import Options, Result, new_database, say
from proof.people import EVENTS, Follower, Someone, World, gather, read_chain, read_final, until
from proof.recording import Call, Final, Recorder, Version

_COLUMNS = (
    "database", "rounds", "writes acknowledged", "versions", "of them in the copies",
    "cursors refused", "promises broken",
)  # fmt: skip
_PEOPLE = 5
_TOOLS = {"PATH": f"{find_programs()[1]}:{os.environ['PATH']}"}
#: For how long people act before the copy, and again after it.
LOAD_SECONDS = (0.3, 1.5)
ROUNDS, QUICK_ROUNDS = 10, 1


Chains = Mapping[int, tuple[tuple[int, Version], ...]]


@dataclass(slots=True)
class Drill:
    """What one round came to."""

    writes: int = 0
    versions: int = 0
    copied: int = 0
    refused: int = 0


async def run(options: Options) -> Result:
    """Destroy and restore, on each database, again and again."""
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    rows, failures = [], []
    for kind in options.kinds:
        done, found = Drill(), []
        for number in range(1, rounds + 1):
            chance = random.Random(f"{options.seed}-{kind}-{number}")
            path = options.artifacts / f"restore-{kind}-{number}.jsonl"
            async with _place(kind) as (here, there):
                found += [f"{kind}, round {number}: {one}" for one in await _drill(here, there, chance, path, done)]
        rows.append((kind, rounds, done.writes, done.versions, done.copied, done.refused, len(found)))
        failures += [f"{one}, seed {options.seed}" for one in found]
        say(f"restore on {kind}: {rounds} rounds, {len(found)} promises broken")
    return Result(_COLUMNS, tuple(rows), tuple(failures))


@asynccontextmanager
async def _place(kind: str) -> AsyncIterator[tuple[str, str]]:
    """A database, and the URL of one that is not there yet: on PostgreSQL on another server."""
    async with new_database(kind) as url, AsyncExitStack() as stack:
        if kind == "sqlite":
            yield url, url
        else:
            yield url, f"{stack.enter_context(private_postgres()).dsn}/postgres"


async def _drill(here: str, there: str, chance: random.Random, path: Path, done: Drill) -> list[str]:
    recorder = Recorder(path)
    with TemporaryDirectory(prefix="convene-proof-") as folder:
        file = Path(folder) / "copy"
        with both_serving(here) as servers:
            async with AsyncExitStack() as stack:
                world = World(await gather(stack, [server.url for server in servers], _PEOPLE), recorder)
                followers = [Follower(world, doors) for doors in world.people]
                made = await _copied_under_load(world, followers, chance, lambda: _run("backup", file, here))
                final = await read_final(world, followers)
        recorder.close()
        if here.startswith("sqlite"):
            for left in Path(here.removeprefix("sqlite:///")).parent.glob("convene.db*"):
                left.unlink()
        await asyncio.to_thread(_run, "restore", file, there)
    found = broken(recorder.calls, final)
    found += [f"convene check of what was restored: {one}" for one in await findings(there)]
    with serving(there) as server:
        async with calling(server.url) as api:
            people = {doors[0].id: api.known(doors[0]) for doors in world.people}
            chains = await _chains(people, world.owners)
            found += _differences(recorder.calls, final, chains, made)
            found += await _followed_anew(people.values(), made.cursors, done)
            found += await _goes_on(people, chains, final.owners)
    done.writes += sum(call.succeeded and call.version is not None for call in recorder.calls)
    done.versions += sum(map(len, final.chains.values()))
    done.copied += sum(map(len, chains.values()))
    return found


def _run(command: str, file: Path, url: str) -> None:
    ended = convene(command, str(file), database_url=url, **_TOOLS)
    assert ended.returncode == 0, ended.stderr


@dataclass(frozen=True, slots=True)
class Made:
    """When a copy was begun and had ended, on the clock of the recording, and cursors from before."""

    begun: float
    ended: float
    cursors: tuple[str | None, ...]


async def _copied_under_load(
    world: World, followers: Sequence[Follower], chance: random.Random, back_up: Callable[[], None]
) -> Made:
    over: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        for place, doors in enumerate(world.people):
            actor = Someone(world, doors, f"{chance.random()}-{place}")
            tasks.create_task(until(lambda: bool(over), actor.act))
        await asyncio.sleep(chance.uniform(*LOAD_SECONDS))
        for follower in followers:
            await follower.catch_up()
        begun = time.monotonic()
        await asyncio.to_thread(back_up)
        ended = time.monotonic()
        await asyncio.sleep(chance.uniform(*LOAD_SECONDS))
        over.append(ended)
    return Made(begun, ended, tuple(follower.cursor for follower in followers))


async def _chains(people: Mapping[int, Person], owners: Mapping[int, int]) -> Chains:
    """All versions that are there now; an event in the trash is taken out of it, which makes one more."""
    chains = {}
    for event, owner in owners.items():
        chain = await read_chain(people[owner], event)
        if not chain:
            await people[owner].post(f"{EVENTS}/{event}/restore?on_conflict=allow")
            chain = (await read_chain(people[owner], event))[:-1]
        chains[event] = chain
    return chains


def _differences(calls: Sequence[Call], final: Final, chains: Chains, made: Made) -> Iterator[str]:
    for event, chain in chains.items():
        if chain != final.chains[event][: len(chain)]:
            yield f"event {event} is not the beginning of what it was"
    for call in calls:
        if not call.succeeded or call.version is None or call.end is None:
            continue
        there = call.version <= len(chains.get(call.event or 0, ()))
        if call.end < made.begun and not there:
            yield f"version {call.version} of event {call.event} was acknowledged before the copy, and is not in it"
        if call.begin > made.ended and there and call.op != "roll back":
            yield f"version {call.version} of event {call.event} was written after the copy, and is in it"


async def _followed_anew(people: Iterable[Person], cursors: Sequence[str | None], done: Drill) -> list[str]:
    found = []
    for person, cursor in zip(people, cursors, strict=True):
        answer = await person.get("/api/v1/changes", since=cursor)
        if answer.status_code == 410:
            done.refused += 1
        else:
            found.append(f"a cursor from before was answered with {answer.status_code}")
        copy = Copy(person)
        await copy.catch_up()
        seen = {event["id"]: event["version"] for event in await pages(person, EVENTS, limit=200)}
        if {event: shown["version"] for event, shown in copy.events.items()} != seen:
            found.append(f"user {person.id} copied anew and does not have what they see")
    return found


async def _goes_on(people: Mapping[int, Person], chains: Chains, owners: Mapping[int, int]) -> list[str]:
    """Whoever owns an event goes on with the version after the last one that was copied."""
    found = []
    for event in (event for event, chain in chains.items() if chain):
        answer = await people[owners[event]].put(f"{EVENTS}/{event}", {"location": "after the restoring"})
        if answer.status_code != 200:
            found.append(f"event {event} cannot be changed after the restoring: {answer.status_code}")
    return found
