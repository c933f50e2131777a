"""Many users at once, through several processes, at random: recorded, and judged by `checker`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

from tests.process.servers import Server, both_serving, convene

from proof.checker import broken
from proof.parts import Options, Result, new_database, say
from proof.people import Follower, Someone, World, after, gather, read_final, until
from proof.recording import READS, Call, Final, Recorder, write_final

_COLUMNS = (
    "database", "processes", "people", "seconds", "calls", "writes acknowledged", "refused", "reads", "pages",
    "versions", "promises broken",
)  # fmt: skip
#: How many do something at once for each user: users race against themselves, too.
_HANDS = 2
SECONDS, QUICK_SECONDS = 60.0, 5.0


async def run(options: Options) -> Result:
    """Let people act for a while on each database, and judge what was recorded."""
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    pairs, people = (1, 4) if options.quick else (2, 10)
    rows, failures = [], []
    for kind in options.kinds:
        path = options.artifacts / f"history-{kind}.jsonl"
        async with new_database(kind) as url:
            with servers(url, pairs) as serving:
                calls, final = await history(serving, people, seconds, f"{options.seed}-{kind}", path)
            checked = await asyncio.to_thread(convene, "check", database_url=url)
        found = broken(calls, final)
        if checked.returncode:
            found += [f"convene check: {line}" for line in checked.stdout.splitlines() or [checked.stderr]]
        failures += [f"{kind}, seed {options.seed}: {one}" for one in found]
        rows.append((kind, 2 * pairs, people, f"{seconds:.0f}", *_counts(calls, final), len(found)))
        say(f"histories on {kind}: {len(calls)} calls, {len(found)} promises broken; {path}")
    return Result(_COLUMNS, tuple(rows), tuple(failures))


@contextmanager
def servers(url: str, pairs: int) -> Iterator[list[Server]]:
    """Several processes on one database."""
    with ExitStack() as stack:
        yield [server for _ in range(pairs) for server in stack.enter_context(both_serving(url))]


async def history(
    serving: Sequence[Server], people: int, seconds: float, seed: str, path: Path
) -> tuple[list[Call], Final]:
    """Let people act, and record it; gives the calls and what is there in the end."""
    recorder = Recorder(path)
    async with AsyncExitStack() as stack:
        stack.callback(recorder.close)
        world = World(await gather(stack, [server.url for server in serving], people), recorder)
        followers = [Follower(world, doors) for doors in world.people]
        actors = [
            Someone(world, doors, f"{seed}-{place}-{hand}")
            for place, doors in enumerate(world.people)
            for hand in range(_HANDS)
        ]
        over = after(seconds)
        async with asyncio.TaskGroup() as tasks:
            for actor in actors:
                tasks.create_task(until(over, actor.act))
            for follower in followers:
                tasks.create_task(until(over, follower.catch_up, pause=0.02))
        final = await read_final(world, followers)
    write_final(final, path)
    return recorder.calls, final


def _counts(calls: Sequence[Call], final: Final) -> tuple[int, int, int, int, int, int]:
    kinds = Counter(
        "page" if call.op == "changes" else "read" if call.op in READS else "write" if call.succeeded else "refused"
        for call in calls
    )
    versions = sum(len(chain) for chain in final.chains.values())
    return len(calls), kinds["write"], kinds["refused"], kinds["read"], kinds["page"], versions
