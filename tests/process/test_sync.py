"""Sync and live news while writers commit late and out of order: nobody who follows them misses anything."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack

from tests.people import Person
from tests.process.callers import ServedApi
from tests.process.ears import Ear, listening
from tests.process.outside import holding_agenda
from tests.process.servers import Server, rounds
from tests.synced_copy import Copy

WRITERS = 6
EVENTS_EACH = rounds(4, 40)
EDITS_EACH = rounds(16, 160)


async def write(writer: Person, reader: Person) -> None:
    """Make events that the reader may see, and change them again and again."""
    for number in range(EVENTS_EACH):
        event = await writer.creates(f"{writer.username} {number}", free_busy_status="free")
        await writer.shares(event, reader, "viewer")
        for edit in range(EDITS_EACH // EVENTS_EACH):
            await writer.changes(event, location=f"Room {edit}")


async def hold_writers_up(database_url: str, writers: list[Person]) -> None:
    """Take one agenda after another for a moment.

    Who waits for it has begun a transaction, and commits after others that began later.
    """
    chance = random.Random(1)
    while True:
        async with holding_agenda(database_url, chance.choice(writers).id):
            await asyncio.sleep(chance.uniform(0, 0.03))
        await asyncio.sleep(0.005)


async def poll(copy: Copy) -> None:
    """Ask for changes all the time."""
    while True:
        await copy.catch_up()


async def test_who_follows_writers_that_commit_late_misses_nothing(
    database_url: str, here: ServedApi, there: ServedApi, two_servers: tuple[Server, Server]
):
    writers = [await here.person("writer") for _ in range(WRITERS)]
    reader = await here.person("reader")
    copy = Copy(there.known(reader))
    async with AsyncExitStack() as stack:
        ear = await stack.enter_async_context(listening(two_servers[1], reader))
        async with asyncio.TaskGroup() as meanwhile:
            beside = [meanwhile.create_task(hold_writers_up(database_url, writers)), meanwhile.create_task(poll(copy))]
            await asyncio.gather(*(write(writer, reader) for writer in writers))
            for task in beside:
                task.cancel()
        await copy.catch_up()
        shared = [await heard_sharing(ear) for _ in range(WRITERS * EVENTS_EACH)]
    titles = sorted(f"{writer.username} {number}" for writer in writers for number in range(EVENTS_EACH))
    assert sorted(event["title"] for event in copy.events.values()) == titles
    assert {event["version"] for event in copy.events.values()} == {1 + EDITS_EACH // EVENTS_EACH}
    assert len(set(copy.heard)) == len(copy.heard), "a change came twice"
    for event_id in copy.events:
        versions = [version for heard, version in copy.heard if heard == event_id]
        assert versions == sorted(versions), "an older state came after a newer one"
    assert sorted(shared) == titles


async def heard_sharing(ear: Ear) -> str:
    """The title of the next event that the listener hears to be shared with them."""
    while True:
        notification = (await ear.next("notification"))["notification"]
        if notification["kind"] == "shared":
            return str(notification["title"])
