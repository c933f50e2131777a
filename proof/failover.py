"""The loss of a database server under load: the standby takes over by itself, with every acknowledged write.

Two processes of Convene, a primary with a synchronous standby (`cluster`). In each round the primary is ended as by a
power cut while people act as in `histories`; the standby is promoted, and the dead node comes back as its standby
before the next round. The same rules judge all rounds together.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from bisect import bisect_left
from collections.abc import Sequence

from tests.findings import findings
from tests.process.servers import both_serving

from convene.storage import schema
from proof.cluster import LEAD_SECONDS, Cluster, cluster, missing
from proof.crashes import SETTINGS, Attack, Lives, is_write
from proof.parts import Options, Result, say
from proof.recording import Call

_COLUMNS = (
    "rounds",
    "calls",
    "writes acknowledged",
    "never answered",
    "versions",
    "longest without a write, s",
    "broken",
)
#: Time for the lead to run out, for the standby to notice, and to write for a while afterwards.
SECONDS_AFTER = LEAD_SECONDS + 12.0
ROUNDS, QUICK_ROUNDS = 5, 1


async def run(options: Options) -> Result:
    """Lose the primary so many times."""
    if lacking := missing():
        return Result(not_run=f"not installed here: {', '.join(lacking)}")
    if "postgresql" not in options.kinds:
        return Result(not_run="there is nothing to take over from SQLite")
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    path = options.artifacts / "failover.jsonl"
    with cluster() as nodes:
        attack = Attack("failover", nodes.url, rounds, random.Random(options.seed), path)
        await asyncio.to_thread(schema.migrate, nodes.url)
        lives = Lives(attack)
        found = await _lose(nodes, attack, lives)
    lives.world.recorder.close()
    pause = longest_pause(lives.world.recorder.calls)
    say(f"failover: {rounds} rounds, {len(found)} promises broken; {path}")
    return Result(_COLUMNS, ((rounds, *lives.counts(), f"{pause:.1f}", len(found)),), tuple(found))


async def _lose(nodes: Cluster, attack: Attack, lives: Lives) -> list[str]:
    found = []
    with both_serving(attack.url, **SETTINGS) as servers:
        async with lives.at(servers):
            for number in range(1, attack.rounds + 1):
                lost = await asyncio.to_thread(nodes.primary)
                await lives.act(lost.kill, seconds_after=SECONDS_AFTER)
                found += [f"after failover {number}, convene check: {one}" for one in await findings(attack.url)]
                lost.start()
                await asyncio.to_thread(nodes.wait_until_whole)
                if (writing := await asyncio.to_thread(nodes.primary)) is lost:
                    found.append(f"failover {number}: {writing.name} was lost, and writes again")
            found += await lives.judge()
    return found


def longest_pause(calls: Sequence[Call]) -> float:
    """Seconds from the last acknowledged write, or the first try after it, to the next, at the longest."""
    ends = sorted(call.end for call in calls if is_write(call) and call.end is not None)
    begins = sorted(call.begin for call in calls)
    pauses = []
    for earlier, later in itertools.pairwise(ends):
        tries = begins[bisect_left(begins, earlier) : bisect_left(begins, later)]
        pauses.append(later - (tries[0] if tries else earlier))  # without one, it was in flight already
    return max(pauses, default=0.0)
