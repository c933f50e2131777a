"""What was acknowledged is there after the server is killed; what is in hand is answered before it stops."""

from __future__ import annotations

import asyncio
import random
import signal
from itertools import count

import httpx2

from tests.people import Person
from tests.process.callers import ServedApi, all_at_once, calling, statuses
from tests.process.outside import holding_agenda
from tests.process.servers import Server, both_serving, rounds, serving

EVENTS = "/api/v1/events"
WRITERS = 6
DISCONNECTED = (httpx2.NetworkError, httpx2.RemoteProtocolError)


class Diary:
    """What one writer was told: each event's newest version and title, by id."""

    def __init__(self) -> None:
        self.told: dict[int, tuple[int, str]] = {}
        self.begun = asyncio.Event()

    async def write(self, person: Person) -> None:
        """Create an event and change it three times, again and again, until the server is gone."""
        try:
            for number in count():
                event = await self._note(await person.post(EVENTS, _free(f"Event {number}")))
                for change in range(3):
                    title = f"Event {number}, change {change}"
                    event = await self._note(await person.put(f"{EVENTS}/{event}", {"title": title}))
        except DISCONNECTED:
            return

    async def _note(self, answer: httpx2.Response) -> int:
        assert answer.is_success, answer.text
        event = answer.json()
        self.told[event["id"]] = event["version"], event["title"]
        self.begun.set()
        return int(event["id"])


def _free(title: str) -> dict[str, str]:
    times = {"start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z"}
    return {"title": title, "free_busy_status": "free", **times}


Written = list[tuple[Person, Diary]]


async def killed_while_writing(server: Server, api: ServedApi) -> Written:
    """Let people write, and kill the server in the middle of it."""
    people = [await api.person("writer") for _ in range(WRITERS)]
    diaries = [Diary() for _ in people]
    async with asyncio.TaskGroup() as writing:
        for person, diary in zip(people, diaries, strict=True):
            writing.create_task(diary.write(person))
        await asyncio.gather(*(diary.begun.wait() for diary in diaries))
        await asyncio.sleep(random.uniform(0, 0.4))
        server.kill()
    return list(zip(people, diaries, strict=True))


async def lost(api: ServedApi, written: Written) -> list[str]:
    """Titles that were acknowledged in a version which is not there, or is another one, or follows a gap."""
    missing = []
    for person, diary in written:
        reader = api.known(person)
        for event_id, (version, title) in diary.told.items():
            versions = (await reader.get(f"{EVENTS}/{event_id}/history")).json()
            titles = {one["version_number"]: one["data"]["title"] for one in versions}
            if titles.get(version) != title or list(titles) != list(range(len(titles), 0, -1)):
                missing.append(title)
    return missing


async def test_whatever_was_acknowledged_survives_kill_9(new_database: str):
    written: Written = []
    for _ in range(rounds(1, 20)):
        with serving(new_database) as server:
            async with calling(server.url) as api:
                assert await lost(api, written) == []
                written = await killed_while_writing(server, api)
    with serving(new_database) as server:
        async with calling(server.url) as api:
            assert await lost(api, written) == []


async def test_a_killed_server_does_not_disturb_the_other_one(new_database: str):
    """The survivor goes on without a single error, writes what it is asked to, and has what the dead one promised."""
    with both_serving(new_database) as (dying, surviving):
        async with calling(dying.url) as doomed, calling(surviving.url) as api:
            alice, diary = await api.person("alice"), Diary()
            async with asyncio.TaskGroup() as tasks:
                steady = tasks.create_task(diary.write(alice))
                written = await killed_while_writing(dying, doomed)
                await asyncio.sleep(0.3)
                steady.cancel()
            assert await lost(api, [*written, (alice, diary)]) == []


async def test_a_server_that_is_asked_to_stop_answers_what_is_in_hand(new_database: str):
    with serving(new_database) as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            await all_at_once(alice.get(EVENTS) for _ in range(11))  # connections that are open are heard at once
            async with asyncio.TaskGroup() as tasks, holding_agenda(new_database, alice.id):
                waiting = [tasks.create_task(alice.post(EVENTS, _free(f"Event {n}"))) for n in range(10)]
                await asyncio.sleep(0.1)
                assert (await alice.get(EVENTS)).json() == []  # it answers, so those above have arrived too
                server.ask_to_stop()
                await asyncio.sleep(0.3)
                assert not any(answer.done() for answer in waiting)
            assert statuses(answer.result() for answer in waiting) == {201: 10}
        assert server.wait_for_end() == -signal.SIGTERM  # by the signal, after all was done
