"""Keys between processes: one effect from two servers at once, and one when a server dies before it answers."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from uuid import uuid4

import httpx2

from tests.people import Json, Person
from tests.process.callers import ServedApi, calling
from tests.process.outside import outside
from tests.process.servers import serving

EVENTS = "/api/v1/events"
HOUR = {"title": "Once", "start_time": "2045-03-02T09:00:00Z", "end_time": "2045-03-02T10:00:00Z"}


async def create(person: Person, key: str) -> httpx2.Response:
    return await person.post(EVENTS, HOUR, headers={"Idempotency-Key": key}, params={"on_conflict": "allow"})


async def events_of(person: Person) -> Json:
    return (await person.get(EVENTS)).json()


async def test_two_servers_that_get_one_key_at_once_act_once(here: ServedApi, there: ServedApi):
    for _ in range(5):
        alice = await here.person("alice")
        both, key = (alice, there.known(alice)), uuid4().hex
        answers = await asyncio.gather(*(create(both[number % 2], key) for number in range(20)))
        assert set(Counter(one.status_code for one in answers)) <= {201, 409}
        created = {one.json()["id"] for one in answers if one.status_code == 201}
        assert [event["id"] for event in await events_of(alice)] == list(created)


async def test_a_request_whose_server_died_before_it_answered_acts_once(new_database: str):
    key = uuid4().hex
    with serving(new_database) as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            sent = asyncio.create_task(create(alice, key))
            async with outside(new_database) as connection:
                for _ in range(100_000):
                    if await connection.rows("SELECT id FROM events"):
                        break
                    await asyncio.sleep(0)
            server.kill()
            with suppress(httpx2.NetworkError, httpx2.RemoteProtocolError):
                await sent  # or not: whoever sent it does not know whether it went through
    with serving(new_database) as server:
        async with calling(server.url) as api:
            again = await create(api.known(alice), key)
            assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
            assert [event["id"] for event in await events_of(api.known(alice))] == [again.json()["id"]]
