"""A crowd at one process whose pool is small: everybody is answered, nobody waits for somebody who waits for them.

The known way to freeze is a request that holds one connection while it waits for a second one, to look up who is
asking or to take a lock. So all here arrive with tokens that the server has never seen.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import urlsplit

import httpx2
import orjson
import pytest

from tests.people import PASSWORD, Person
from tests.process.callers import ServedApi, all_at_once, calling, statuses
from tests.process.servers import Server, rounds, serving

EVENTS = "/api/v1/events"
POOL = 4
PEOPLE = 11
CROWD = 300
SECONDS = 60.0


@pytest.fixture(scope="module")
def small_server(database_url: str) -> Iterator[Server]:
    """A server with few connections."""
    with serving(database_url, DATABASE_POOL_SIZE=POOL) as server:
        yield server


@pytest.fixture
async def api(small_server: Server) -> AsyncIterator[ServedApi]:
    async with calling(small_server.url) as api:
        yield api


async def signs_in_again(person: Person) -> Person:
    """The same person with a token that no request has carried yet."""
    sent = {"username": person.username, "password": PASSWORD}
    tokens = (await person.post("/api/v1/auth/login", sent)).json()
    return Person(person.api, person.api.client(tokens["access_token"]), person.account, tokens)


async def people_with_an_event_each(api: ServedApi) -> list[tuple[Person, str]]:
    """Some people, each with an event that the next one may edit, and the path of the event that each may edit."""
    people = [await api.person("guest") for _ in range(PEOPLE)]
    events = [await person.creates("Common") for person in people]
    for number, event in enumerate(events):
        await people[number].shares(event, people[(number + 1) % PEOPLE])
    return [(person, f"{EVENTS}/{events[number - 1]['id']}") for number, person in enumerate(people)]


def what_a_guest_does(person: Person, path: str, number: int) -> Awaitable[httpx2.Response]:
    """The request of the guest with a number: reading, listing, creating, changing and so on in turn."""
    hour = {"title": f"Guest {number}", "start_time": "2027-05-03T09:00:00Z", "end_time": "2027-05-03T10:00:00Z"}
    requests: tuple[Callable[[], Awaitable[httpx2.Response]], ...] = (
        lambda: person.get(path),
        lambda: person.get(EVENTS, **{"from": "2027-01-01", "to": "2027-12-31"}),
        lambda: person.post(EVENTS, {**hour, "free_busy_status": "free"}),
        lambda: person.put(path, {"title": f"Guest {number}"}),
        lambda: person.post(EVENTS, hour),
        lambda: person.get(f"{path}/history"),
        lambda: person.put(path, {"description": f"Guest {number}", "base_version": 1}),
        lambda: person.get("/api/v1/auth/me"),
    )
    return requests[number % len(requests)]()


async def test_a_crowd_many_times_the_pool_is_answered(api: ServedApi):
    guests = await people_with_an_event_each(api)
    for _ in range(rounds(1, 10)):
        chosen = [guests[number % PEOPLE] for number in range(CROWD)]
        fresh = await asyncio.wait_for(asyncio.gather(*(signs_in_again(person) for person, _ in chosen)), SECONDS)
        started = time.monotonic()
        answers = await asyncio.wait_for(
            all_at_once(what_a_guest_does(fresh[number], chosen[number][1], number) for number in range(CROWD)), SECONDS
        )
        assert len(answers) == CROWD
        assert set(statuses(answers)) <= {200, 201, 409}, [one.text for one in answers if one.is_server_error]
        assert time.monotonic() - started < SECONDS


async def test_a_crowd_that_wants_one_lock_does_not_keep_others_waiting_for_ever(api: ServedApi):
    """All connections are taken by writers of one agenda, again and again; readers get their turn between them."""
    alice, ben = await api.person("alice"), await api.person("ben")
    event = await alice.creates()
    ben = await signs_in_again(ben)
    answers = await asyncio.wait_for(
        all_at_once(
            [
                *(alice.put(f"{EVENTS}/{event['id']}", {"title": f"Title {number}"}) for number in range(100)),
                *(ben.get(EVENTS) for _ in range(20)),
            ]
        ),
        SECONDS,
    )
    assert statuses(answers) == {200: 120}


async def test_many_register_and_sign_in_at_once(api: ServedApi):
    """Hashing happens in few threads and outside transactions, so it keeps no connection from anybody."""
    people = await asyncio.wait_for(asyncio.gather(*(api.person("new") for _ in range(30))), SECONDS)
    assert len({person.id for person in people}) == 30


async def test_whoever_hangs_up_leaves_no_connection_behind(api: ServedApi):
    """More people than there are connections hang up in the middle of their requests; then others are served."""
    alice = await api.person("alice")
    address = urlsplit(api.url)
    body = orjson.dumps({"title": "Hung up", "start_time": "2027-05-03T09:00:00Z", "end_time": "2027-05-03T10:00:00Z"})
    head = (
        f"POST {EVENTS}?on_conflict=allow HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {alice.tokens['access_token']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    for _ in range(5 * POOL):
        with socket.create_connection((str(address.hostname), int(address.port or 0))) as caller:
            caller.sendall(head.encode() + body)
    answers = await asyncio.wait_for(all_at_once(alice.post(EVENTS, {}) for _ in range(2 * POOL)), SECONDS)
    assert statuses(answers) == {422: 2 * POOL}
    hung_up = (await alice.get(EVENTS, limit=200)).json()
    for event in hung_up:
        assert len((await alice.get(f"{EVENTS}/{event['id']}/history")).json()) == 1


async def test_a_process_that_writes_all_the_time_does_not_shut_another_one_out(here: ServedApi, there: ServedApi):
    """SQLite gives its lock to whoever asks in the right moment; those who ask seldom must get it too."""
    busy, patient = [await here.person("busy") for _ in range(10)], await there.person("patient")
    done = asyncio.Event()

    async def write_all_the_time(person: Person) -> None:
        while not done.is_set():
            await person.creates()

    async with asyncio.TaskGroup() as writing:
        for person in busy:
            writing.create_task(write_all_the_time(person))
        for _ in range(rounds(10, 100)):
            await asyncio.wait_for(patient.creates(), SECONDS / 6)
        done.set()
