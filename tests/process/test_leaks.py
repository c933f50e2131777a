"""What a secret event is called reaches those who see it on every channel, and nobody else on any.

A marker stands in the title, the description, the place and the tags. Everything that each person is given, by every
route in JSON and in MessagePack, by socket, stream, webhook and mail, is kept and looked through. Ben, who sees the
event, hears of it on each channel: what is looked through is what would tell.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from websockets.exceptions import ConnectionClosed

from convene import clock
from tests.api.mail.mailing import wants_mail
from tests.api.requests import EVENT, REQUESTS
from tests.people import Json, Person
from tests.post_office import Mailbox, mailbox
from tests.process.callers import calling
from tests.process.ears import listening
from tests.process.servers import Server, serving
from tests.process.test_mails import settings
from tests.receiver import Receiver, receiving

MARKER = "okapi-7f3a91c2"
#: What Ben hears of it, and what outsiders must not.
LIVE_CHANNELS = ("socket", "stream", "webhook", "mail")
FORMS = ("application/json", "application/msgpack")


@dataclass
class Given:
    """All that somebody was given, by channel."""

    person: Person
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def channels_with(self, marker: str) -> set[str]:
        return {channel for channel, texts in self.said.items() if any(marker in text for text in texts)}


@dataclass
class Scene:
    """An owner, one who sees the secret event, and those who do not see it: each with all that they were given."""

    server: Server
    box: Mailbox
    receiver: Receiver
    alice: Person
    ben: Given
    outsiders: dict[str, Given]

    def collect(self) -> None:
        """Sort what came by webhook and by mail to those whom it came to."""
        for given in (self.ben, *self.outsiders.values()):
            mails = self.box.to(given.person.account["email"])
            given.said["mail"] = [f"{mail.subject} {mail.text} {mail.part('html')} {mail.message}" for mail in mails]
            mine = [one for one in self.receiver.messages if one.path.endswith(given.person.username)]
            given.said["webhook"] = [one.body.decode() for one in mine]


async def _hear(server: Server, given: Given, ready: asyncio.Event) -> None:
    with suppress(ConnectionClosed):
        async with listening(server, given.person) as ear:
            ready.set()
            async for message in ear.socket:
                given.said["socket"].append(str(message))


async def _follow(given: Given, ready: asyncio.Event) -> None:
    async with given.person.client.stream("GET", "/api/v1/stream") as stream:
        ready.set()
        async for line in stream.aiter_lines():
            given.said["stream"].append(line)


@asynccontextmanager
async def _on_all_channels(scene: Scene) -> AsyncIterator[None]:
    """Everybody listens and follows, has a webhook, and wants each kind of mail."""
    tasks = []
    for given in (scene.ben, *scene.outsiders.values()):
        await given.person.adds_webhook(f"{scene.receiver.url}/{given.person.username}")
        kinds = (await given.person.get("/api/v1/notifications/preferences")).json()["kinds"]
        await wants_mail(given.person, **dict.fromkeys(kinds, True))
        ready = (asyncio.Event(), asyncio.Event())
        tasks += [asyncio.create_task(_hear(scene.server, given, ready[0]))]
        tasks += [asyncio.create_task(_follow(given, ready[1]))]
        await asyncio.gather(*(one.wait() for one in ready))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def scene(new_database: str) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        box, receiver = await stack.enter_async_context(mailbox()), await stack.enter_async_context(receiving())
        server = stack.enter_context(serving(new_database, WEBHOOK_ALLOW_PRIVATE_TARGETS="true", **settings(box)))
        api = await stack.enter_async_context(calling(server.url))
        alice, ben = await api.person("alice"), Given(await api.person("ben"))
        outsiders = {who: Given(await api.person(who)) for who in ("stranger", "revoked", "companion", "left")}
        yield Scene(server, box, receiver, alice, ben, outsiders)


async def _tell_ben_alone(scene: Scene) -> Json:
    """Alice's event becomes a secret when some have lost it: it is renamed, changed, split, rolled back and due."""
    alice, path = scene.alice, EVENT.format
    start = clock.now() + timedelta(minutes=11)
    times = (start.isoformat(), (start + timedelta(minutes=30)).isoformat())
    event = await alice.creates("Meeting", *times, recurrence_pattern={"frequency": "daily", "count": 9})
    others = scene.outsiders
    for given in (scene.ben, others["revoked"], others["left"]):
        await alice.shares(event, given.person, "editor")
        await given.person.put(f"{path(event_id=event['id'])}/reminders", {"minutes": [10]})
    open_to_all = await alice.creates("Open", "2027-05-03T09:00:00Z", "2027-05-03T10:00:00Z")
    await alice.shares(open_to_all, others["companion"].person, "editor")
    await alice.delete(f"{path(event_id=event['id'])}/permissions/{others['revoked'].person.id}")
    leaving = others["left"].person
    await leaving.delete(f"{path(event_id=event['id'])}/permissions/{leaving.id}")
    secret = {"title": f"{MARKER} title", "description": f"{MARKER} text", "location": MARKER, "tags": [MARKER]}
    event = await alice.changes(event, **secret, change_description=f"{MARKER} why")
    await alice.changes(event, location=f"{MARKER}, elsewhere")
    name = (start + timedelta(days=4)).isoformat()
    params = {"scope": "following", "occurrence": name}
    later = await alice.put(path(event_id=event["id"]), {"title": f"{MARKER} later"}, params=params)
    assert later.status_code == 200, later.text
    await alice.post(f"{path(event_id=later.json()['id'])}/rollback/1")
    await _bump_into(scene, open_to_all, later.json())
    await alice.shares(await alice.creates(f"{MARKER} invitation"), scene.ben.person)  # mail about changes waits
    return event


async def _bump_into(scene: Scene, open_to_all: Json, secret: Json) -> None:
    """The companion tries to put the event that they may edit where the secret one is: refused, in so many words."""
    companion = scene.outsiders["companion"]
    times = {"start_time": secret["start_time"], "end_time": secret["end_time"]}
    refused = await companion.person.put(f"/api/v1/events/{open_to_all['id']}", times)
    tried = await companion.person.post("/api/v1/events/check", {"event_id": open_to_all["id"], **times})
    assert (refused.status_code, tried.status_code) == (409, 200)
    assert refused.json()["conflicts"]
    companion.said["conflict"] += [refused.text, tried.text]


async def _ask_everything(given: Given, event: Json) -> None:
    """Read by each route, in both forms, what there is of an event, and lists, searches and the past too."""
    ids = {"event_id": event["id"], "user_id": given.person.id, "version_number": 2, "version_1": 1, "version_2": 3}
    ids |= {"calendar_id": event["calendar_id"], "webhook_id": 1, "notification_id": 1, "delivery_id": 1, "shelf_id": 1}
    for route, request in REQUESTS.items():
        method, path = route.split(" ")
        if method == "GET" and "session" not in path:
            await _keep(given, path.format(**ids), request.query or {})
    window = {"from": "2026-01-01", "to": "2027-01-30"}
    moment = clock.now().isoformat()
    for query in (window, {"q": "okapi"}, {"as_of": moment}, {"as_of": moment, **window}, {"owner_id": "1"}):
        await _keep(given, "/api/v1/events", query)
    for query in ({"version": "2"}, {"as_of": moment}):
        await _keep(given, EVENT.format(event_id=event["id"]), query)
    await _keep(given, "/api/v1/insights", window)


async def _keep(given: Given, path: str, query: dict[str, str]) -> None:
    for form in FORMS:
        answer = await given.person.client.get(path, params=query, headers={"Accept": form})
        assert answer.status_code < 500, answer.text
        given.said[form].append(answer.content.decode("utf-8", "replace"))


async def _until(holds: Callable[[], bool], scene: Scene) -> None:
    async with asyncio.timeout(60):
        while not holds():
            scene.collect()
            await asyncio.sleep(0.1)


async def test_nobody_is_given_what_they_do_not_see_on_any_channel(scene: Scene):
    async with _on_all_channels(scene):
        event = await _tell_ben_alone(scene)
        await _until(lambda: scene.ben.channels_with(MARKER) >= set(LIVE_CHANNELS), scene)
        for given in (scene.ben, *scene.outsiders.values()):
            await _ask_everything(given, event)
        await asyncio.sleep(1)  # what comes to some must not come to others a little later
        scene.collect()
    assert scene.ben.channels_with(MARKER) == {*LIVE_CHANNELS, *FORMS}
    for who, given in scene.outsiders.items():
        assert given.channels_with(MARKER) == set(), who
        assert given.said["application/json"], who
