"""Crashes under load: what was acknowledged is there afterwards, and nothing is there by half.

People act at random as in `histories`, all their calls are recorded over all crashes, and the same rules judge them.
After each crash everything that is stored is compared with everything else, as `convene check` does.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.findings import findings
from tests.people import Person
from tests.process.callers import calling
from tests.process.private_postgres import private_postgres
from tests.process.servers import Server, both_serving

from convene.storage import schema
from proof import wal
from proof.checker import broken
from proof.parts import Options, Result, new_database, say
from proof.people import Follower, Someone, World, after, gather, read_final, until
from proof.recording import Call, Recorder, write_final

_COLUMNS = ("what crashes", "rounds", "calls", "writes acknowledged", "never answered", "versions", "promises broken")
_PEOPLE = 6
#: Rounds may take longer than an access token lives.
SETTINGS = {"ACCESS_TOKEN_EXPIRE_MINUTES": 1440, "DATABASE_TIMEOUT_SECONDS": 5}
#: As in production; the server of the tests would lose what was not yet on the disk.
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
#: For how long people act before something crashes.
LOAD_SECONDS = (0.5, 2.0)
ROUNDS, QUICK_ROUNDS = 50, 3


@dataclass(frozen=True, slots=True)
class Attack:
    """What crashes, how often, and where it is recorded."""

    name: str
    url: str
    rounds: int
    chance: random.Random
    path: Path


async def run(options: Options) -> Result:
    """Crash whatever can crash, each so many times."""
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    rows, failures = [], []
    for name, attack in ATTACKS.items():
        if not any(kind in name.lower() for kind in options.kinds):
            continue
        chance = random.Random(f"{options.seed}-{name}")
        path = options.artifacts / f"crashes-{'-'.join(name.lower().split())}.jsonl"
        row, found = await attack(lambda url: Attack(name, url, rounds, chance, path))  # noqa: B023 - called at once
        rows.append((name, rounds, *row, len(found)))
        failures += [f"{name}, seed {options.seed}: {one}" for one in found]
        say(f"crashes: {name}, {rounds} rounds, {len(found)} promises broken; {path}")
    return Result(_COLUMNS, tuple(rows), tuple(failures))


Made = Callable[[str], Attack]
Outcome = tuple[tuple[int, ...], list[str]]


class Lives:
    """People, and what they have done through all crashes so far."""

    def __init__(self, attack: Attack) -> None:
        self.attack = attack
        self.world = World([], Recorder(attack.path, crashing=True))
        self.followers: list[Follower] = []
        self._people: list[Person] = []

    @asynccontextmanager
    async def at(self, servers: tuple[Server, ...]) -> AsyncIterator[None]:
        """Let everybody have a door at each of some processes."""
        async with AsyncExitStack() as stack:
            urls = [server.url for server in servers]
            if not self._people:
                self.world.people = await gather(stack, urls, _PEOPLE)
                self._people = [doors[0] for doors in self.world.people]
                self.followers = [Follower(self.world, doors) for doors in self.world.people]
            else:
                apis = [await stack.enter_async_context(calling(url)) for url in urls]
                self.world.people[:] = [[api.known(person) for api in apis] for person in self._people]
            for follower, doors in zip(self.followers, self.world.people, strict=True):
                follower.move_to(doors)
            yield

    async def act(self, crash: Callable[[], None], *, seconds_after: float = 0.0) -> None:
        """Let all act; crash something in the middle of it, and let them go on for a while."""
        chance = self.attack.chance
        before = chance.uniform(*LOAD_SECONDS)
        seed, over = f"{chance.random()}", after(before + seconds_after)
        async with asyncio.TaskGroup() as tasks:
            for place, doors in enumerate(self.world.people):
                for hand in range(2):
                    actor = Someone(self.world, doors, f"{seed}-{place}-{hand}")
                    tasks.create_task(until(over, actor.act, pause=0.001))
            for follower in self.followers:
                tasks.create_task(until(over, follower.catch_up, pause=0.05))
            await asyncio.sleep(before)
            await asyncio.to_thread(crash)

    async def judge(self) -> list[str]:
        """Read all that is there now, and hold it against all that was said."""
        final = await read_final(self.world, self.followers)
        write_final(final, self.attack.path)
        self.versions = sum(len(chain) for chain in final.chains.values())
        return broken(self.world.recorder.calls, final)

    def counts(self) -> tuple[int, ...]:
        calls = self.world.recorder.calls
        unanswered = sum(call.status is None for call in calls)
        return len(calls), sum(map(is_write, calls)), unanswered, self.versions


def is_write(call: Call) -> bool:
    """Whether a call wrote something, and was told so."""
    return call.succeeded and (call.version is not None or call.op in {"share", "revoke", "delete"})


async def _disagreeing(attack: Attack, crash: int) -> list[str]:
    return [f"after crash {crash}, convene check: {one}" for one in await findings(attack.url)]


# -- kill -9 of servers --------------------------------------------------------------------------------------


async def _servers(kind: str, made: Made) -> Outcome:
    """One of two processes, or both."""
    async with new_database(kind) as url:
        attack = made(url)
        lives, found = Lives(attack), []
        for number in range(1, attack.rounds + 1):
            with both_serving(url, **SETTINGS) as servers:
                async with lives.at(servers):
                    doomed = servers[: attack.chance.choice((1, 2))]
                    await lives.act(lambda doomed=doomed: _kill(doomed), seconds_after=0.2)  # type: ignore[misc]
            found += await _disagreeing(attack, number)
        with both_serving(url, **SETTINGS) as servers:
            async with lives.at(servers):
                found += await lives.judge()
    lives.world.recorder.close()
    return lives.counts(), found


def _kill(servers: tuple[Server, ...]) -> None:
    for server in servers:
        server.kill()


async def _sqlite_servers(made: Made) -> Outcome:
    return await _servers("sqlite", made)


async def _postgresql_servers(made: Made) -> Outcome:
    return await _servers("postgresql", made)


# -- kill -9 of PostgreSQL -----------------------------------------------------------------------------------


async def _postgresql(made: Made) -> Outcome:
    """The database itself, started again on the data that lie on the disk; the processes of Convene go on."""
    with private_postgres() as postgres:
        await asyncio.to_thread(postgres.shut_down)
        await asyncio.to_thread(postgres.start_again, **_DURABLE)
        attack = made(f"{postgres.dsn}/postgres")
        await asyncio.to_thread(schema.migrate, attack.url)
        lives, found = Lives(attack), []

        def crash() -> None:
            postgres.crash(at_once=attack.chance.random() < 0.5)
            postgres.start_again()

        with both_serving(attack.url, **SETTINGS) as servers:
            async with lives.at(servers):
                for number in range(1, attack.rounds + 1):
                    await lives.act(crash, seconds_after=0.5)
                    found += await _disagreeing(attack, number)
                found += await lives.judge()
    lives.world.recorder.close()
    return lives.counts(), found


# -- power cuts ----------------------------------------------------------------------------------------------


async def _sqlite_power(made: Made) -> Outcome:
    """SQLite's files as they lie on the disk, the log cut off somewhere behind what is certainly there."""
    async with new_database("sqlite") as url:
        attack = made(url)
        lives, found = Lives(attack), []
        cuts: list[wal.Cut] = []
        with both_serving(url, **SETTINGS) as servers, _folder(attack) as folder:
            async with lives.at(servers):
                for number in range(1, attack.rounds + 1):
                    place = folder / str(number)
                    pids = [server.pid for server in servers]
                    await lives.act(lambda: cuts.append(wal.copy(url, place, pids)))  # noqa: B023 - called at once
                    for cut in (cuts[-1], cuts[-1].shortened(attack.chance)):
                        found += [f"power cut {number}: {one}" for one in await findings(cut.url)]
                        found += [f"power cut {number}: {one}" for one in cut.broken(lives.world.recorder.calls)]
                        cuts.append(cut)
                found += await lives.judge()
            whole = wal.versions(url)
            for cut in cuts:
                found += [f"{cut.file.parent.name}: {one}" for one in cut.no_beginning_of(whole)]
    lives.world.recorder.close()
    return lives.counts(), found


@contextmanager
def _folder(attack: Attack) -> Iterator[Path]:
    folder = Path(attack.url.removeprefix("sqlite:///")).parent / "cuts"
    folder.mkdir()
    yield folder


ATTACKS = {
    "servers on SQLite": _sqlite_servers,
    "servers on PostgreSQL": _postgresql_servers,
    "PostgreSQL itself": _postgresql,
    "power cuts of SQLite": _sqlite_power,
}
