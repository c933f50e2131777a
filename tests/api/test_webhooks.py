"""Webhooks: who is told what by machine, how that is signed, tried again and given up. The sockets are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from convene.delivery.bus import Bus
from convene.delivery.channels import Webhooks
from convene.delivery.dispatcher import Dispatcher
from convene.delivery.outbound import Outbound, sending
from convene.operations import accounts, deliveries
from convene.storage import deliveries as rows
from convene.storage.claims import Claimed
from convene.storage.unit_of_work import Units
from tests.api.steps import invalid, pages, path_of, refusal
from tests.api.test_trash import later
from tests.databases import KINDS, fresh_database
from tests.people import Api, Json, Person, running_api
from tests.receiver import Receiver, receiving, status

WEBHOOKS = "/api/v1/webhooks"


@pytest.fixture(scope="module", params=KINDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of this module: the application of the other tests refuses to deliver to this machine."""
    with fresh_database(request.param) as url:
        yield url


@pytest.fixture(scope="module")
async def api(database_url: str) -> AsyncIterator[Api]:
    async with running_api(database_url, webhook_allow_private_targets=True) as api:
        yield api


@pytest.fixture
def strict(own_api: Api) -> Api:
    """The application as it is in production."""
    return own_api


@pytest.fixture
async def impatient(own_database: str) -> AsyncIterator[Api]:
    """An application that waits for a second."""
    async with running_api(own_database, webhook_allow_private_targets=True, webhook_timeout_seconds=1) as api:
        yield api


async def waiting(api: Api) -> int:
    """How many messages to webhooks are still to arrive, as the metrics tell it."""
    number, _ = (await deliveries.backlog(api.app.services.units)).get("webhook", (0, 0.0))
    return number


@asynccontextmanager
async def dispatching_later(api: Api, by: timedelta) -> AsyncIterator[None]:
    """One more dispatcher, for which it is later already."""
    with later(api, by):
        units = api.app.services.units
    async with (
        sending(allow_private=True, timeout=5) as outbound,
        Dispatcher(units, Bus(), [Webhooks(units, outbound)]).running(),
    ):
        yield


async def log_of(person: Person, webhook: Json) -> list[Json]:
    """What went to a webhook, the newest first."""
    return await pages(person, f"{WEBHOOKS}/{webhook['id']}/deliveries")


async def settled(person: Person, webhook: Json, wanted: Callable[[list[Json]], bool]) -> list[Json]:
    """Wait until the log says something."""
    log: list[Json] = []
    for _ in range(500):
        log = await log_of(person, webhook)
        if wanted(log):
            return log
        await asyncio.sleep(0.02)
    raise AssertionError(log)


def all_tried(times: int) -> Callable[[list[Json]], bool]:
    return lambda log: bool(log) and all(one["attempts"] == times for one in log)


async def test_whoever_has_a_webhook_hears_of_what_happens_there_too(alice: Person, ben: Person):
    async with receiving() as receiver:
        webhook = await ben.adds_webhook(receiver.url)
        await alice.shares(await alice.creates("Planning"), ben, "viewer")
        [message] = await receiver.hears(1)
        said = message.verified(webhook["secret"])
        [told] = (await ben.get("/api/v1/notifications")).json()
        assert said == {"type": "shared", "timestamp": told["updated_at"], "data": told}
        assert message.headers["content-type"] == "application/json"
        [delivery] = await settled(ben, webhook, all_tried(1))
    assert delivery["message_id"] == message.id
    assert (delivery["status"], delivery["status_code"], delivery["error"]) == ("delivered", 204, None)
    assert delivery["next_attempt_at"] is None


async def test_each_webhook_hears_of_its_kinds_alone_once(alice: Person, ben: Person):
    async with receiving() as some, receiving() as everything:
        await ben.adds_webhook(some.url, kinds=["changed", "deleted"])
        await ben.adds_webhook(everything.url)
        event = await alice.creates("Planning")
        await alice.shares(event, ben)
        await alice.changes(event, title="Party")
        await alice.delete(path_of(event))
        assert [one.json["type"] for one in await everything.hears(3)] == ["shared", "changed", "deleted"]
        assert [one.json["type"] for one in await some.hears(2)] == ["changed", "deleted"]
        await asyncio.sleep(0.3)
        assert (len(everything.messages), len(some.messages)) == (3, 2)
        assert len({one.id for one in everything.messages + some.messages}) == 5


async def test_nobody_hears_what_is_anothers_nor_what_was_told_before(alice: Person, ben: Person, stranger: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    async with receiving() as mine, receiving() as theirs:
        await stranger.adds_webhook(theirs.url)
        await alice.adds_webhook(theirs.url)  # who acts is not told
        await ben.adds_webhook(mine.url)
        await alice.changes(event, title="Party")
        assert [one.json["type"] for one in await mine.hears(1)] == ["changed"]
        await asyncio.sleep(0.2)
        assert (len(mine.messages), theirs.messages) == (1, [])


async def test_a_secret_is_shown_when_it_is_made_and_never_again(alice: Person):
    webhook = await alice.adds_webhook("https://hooks.invalid/x")
    assert webhook["secret"].startswith("whsec_")
    path = f"{WEBHOOKS}/{webhook['id']}"
    assert "secret" not in (await alice.get(path)).json()
    assert "secret" not in (await alice.get(WEBHOOKS)).json()[0]
    assert (await alice.post(f"{path}/rotate")).json()["secret"] != webhook["secret"]


async def test_for_a_day_after_a_rotation_both_secrets_sign(api: Api, alice: Person):
    async with receiving() as receiver:
        webhook = await alice.adds_webhook(receiver.url)
        path = f"{WEBHOOKS}/{webhook['id']}"
        renewed = (await alice.post(f"{path}/rotate")).json()
        await alice.post(f"{path}/test")
        [message] = await receiver.hears(1)
        for secret in (webhook["secret"], renewed["secret"]):
            assert message.verified(secret)["type"] == "ping"
        [delivery] = await settled(alice, webhook, all_tried(1))
        receiver.answer = lambda _: status(500)
        assert (await alice.post(f"{path}/deliveries/{delivery['id']}/redeliver")).status_code == 202
        await settled(alice, webhook, all_tried(1))
        async with dispatching_later(api, timedelta(hours=25)):
            late = (await receiver.hears(3))[2]
    assert [one.count("v1,") for one in (message.headers["webhook-signature"], late.headers["webhook-signature"])] == [
        2,
        1,
    ]


async def test_what_does_not_arrive_is_tried_again_later_under_the_same_id_and_signed_anew(api: Api, alice: Person):
    async with receiving(lambda _: status(503)) as receiver:
        webhook = await alice.adds_webhook(receiver.url)
        await alice.post(f"{WEBHOOKS}/{webhook['id']}/test")
        [waiting] = await settled(alice, webhook, all_tried(1))
        assert (waiting["status"], waiting["status_code"], waiting["error"]) == ("waiting", 503, "answered 503")
        assert waiting["attempted_at"] < waiting["next_attempt_at"]
        receiver.answer = lambda _: status(200)
        async with dispatching_later(api, timedelta(seconds=10)):
            first, second = await receiver.hears(2)
            [delivery] = await settled(alice, webhook, all_tried(2))
    assert (delivery["status"], delivery["status_code"]) == ("delivered", 200)
    assert first.id == second.id
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


async def test_after_a_day_of_attempts_a_message_is_given_up(api: Api, alice: Person):
    async with receiving(lambda _: status(500)) as receiver:
        webhook = await alice.adds_webhook(receiver.url)
        await alice.post(f"{WEBHOOKS}/{webhook['id']}/test")
        after = timedelta()
        [delivery] = await settled(alice, webhook, all_tried(1))
        for attempts in range(1, 15):
            after += timedelta(seconds=6 * 2 ** (attempts - 1))
            async with dispatching_later(api, after):
                [delivery] = await settled(alice, webhook, all_tried(attempts + 1))
        ids = {one.id for one in receiver.messages}
    assert (delivery["status"], delivery["next_attempt_at"], len(ids)) == ("failed", None, 1)


async def test_an_endpoint_that_is_gone_is_switched_off_at_once_and_its_owner_is_told(alice: Person):
    async with receiving(lambda _: status(410)) as receiver:
        webhook = await alice.adds_webhook(receiver.url)
        path = f"{WEBHOOKS}/{webhook['id']}"
        await alice.post(f"{path}/test")
        [delivery] = await settled(alice, webhook, all_tried(1))
    assert (delivery["status"], delivery["status_code"]) == ("failed", 410)
    off = (await alice.get(path)).json()
    assert (off["active"], off["switched_off"]) == (False, "gone")
    [told] = (await alice.get("/api/v1/notifications")).json()
    assert (told["kind"], told["event_id"]) == ("webhook_disabled", None)
    assert receiver.url in told["message"]
    refusal(await alice.post(f"{path}/test"), 409, "not-possible")
    on = (await alice.patch(path, {"active": True})).json()
    assert (on["active"], on["switched_off"]) == (True, None)


async def test_an_endpoint_that_fails_for_days_is_switched_off(api: Api, alice: Person, ben: Person):
    async with receiving(lambda _: status(500)) as receiver:
        webhook = await ben.adds_webhook(receiver.url)
        event = await alice.creates("Planning")
        await alice.shares(event, ben)
        await settled(ben, webhook, all_tried(1))
        async with dispatching_later(api, timedelta(days=3, minutes=1)):
            await settled(ben, webhook, lambda log: log[0]["status"] == "failed")
    off = (await ben.get(f"{WEBHOOKS}/{webhook['id']}")).json()
    assert (off["active"], off["switched_off"]) == (False, "failing")


async def test_an_endpoint_that_hangs_holds_up_neither_others_nor_its_owners_others(alice: Person):
    async with receiving(lambda _: None) as hanging, receiving() as receiver:
        stuck, well = await alice.adds_webhook(hanging.url), await alice.adds_webhook(receiver.url)
        for _ in range(3):
            await alice.post(f"{WEBHOOKS}/{stuck['id']}/test")
        await hanging.hears(1)
        await alice.post(f"{WEBHOOKS}/{well['id']}/test")
        await receiver.hears(1, seconds=3)
        await asyncio.sleep(0.3)
        assert len(hanging.messages) == 1  # one at a time
        assert (await alice.delete(f"{WEBHOOKS}/{stuck['id']}")).status_code == 204


async def test_whoever_has_many_slow_endpoints_has_a_share_of_the_places(alice: Person, ben: Person):
    async with receiving() as slow, receiving() as receiver:
        slow.seconds = 2
        for _ in range(6):
            webhook = await alice.adds_webhook(slow.url)
            await alice.post(f"{WEBHOOKS}/{webhook['id']}/test")
        well = await ben.adds_webhook(receiver.url)
        await ben.post(f"{WEBHOOKS}/{well['id']}/test")
        await receiver.hears(1, seconds=3)
        await slow.hears(4)
        await asyncio.sleep(0.3)
        assert len(slow.messages) == 4
        await slow.hears(6)


async def test_an_endpoint_with_many_messages_lets_others_have_their_turn(alice: Person):
    async with receiving() as slow, receiving() as receiver:
        slow.seconds = 0.1
        for webhook in [await alice.adds_webhook(slow.url) for _ in range(4)]:
            for _ in range(25):
                await alice.post(f"{WEBHOOKS}/{webhook['id']}/test")
        other = await alice.adds_webhook(receiver.url)
        await alice.post(f"{WEBHOOKS}/{other['id']}/test")
        # What all have been told since comes later.
        for webhook in (await alice.get(WEBHOOKS)).json()[:4]:
            for _ in range(25):
                await alice.post(f"{WEBHOOKS}/{webhook['id']}/test")
        await receiver.hears(1, seconds=20)
        assert len(slow.messages) < 160
        for webhook in (await alice.get(WEBHOOKS)).json():
            await alice.delete(f"{WEBHOOKS}/{webhook['id']}")


class BrokenChannel(Webhooks):
    """A way out whose rows cannot be read."""

    name = "broken"

    async def fill(self) -> None:
        raise RuntimeError("a row that nobody can read")

    async def claim(self, most: int) -> list[Claimed]:  # noqa: ARG002 - it does not come that far
        raise RuntimeError("a row that nobody can read")


@asynccontextmanager
async def due_again(api: Api, alice: Person) -> AsyncIterator[tuple[Units, Outbound, Receiver]]:
    """A message that was refused once and is due again, in units of work of that later time."""
    async with receiving(lambda _: status(503)) as receiver, sending(allow_private=True, timeout=5) as outbound:
        webhook = await alice.adds_webhook(receiver.url)
        await alice.post(f"{WEBHOOKS}/{webhook['id']}/test")
        await settled(alice, webhook, all_tried(1))
        with later(api, timedelta(minutes=1)):
            units = api.app.services.units
        yield units, outbound, receiver


async def test_what_is_wrong_with_one_channel_holds_up_no_other(api: Api, alice: Person):
    async with due_again(api, alice) as (units, outbound, receiver):
        broken, sound = BrokenChannel(units, outbound), Webhooks(units, outbound)
        async with Dispatcher(units, Bus(), [broken, sound]).running():
            await receiver.hears(2)


async def test_a_dispatcher_that_is_asked_to_stop_takes_nothing_more_in_hand(api: Api, alice: Person):
    async with due_again(api, alice) as (units, outbound, receiver):
        dispatcher = Dispatcher(units, Bus(), [Webhooks(units, outbound)])
        async with dispatcher.running():
            dispatcher.stop()
            await asyncio.sleep(0.5)
    assert len(receiver.messages) == 1


async def test_many_messages_reach_an_endpoint_in_order_each_once(alice: Person, ben: Person):
    async with receiving() as receiver:
        await ben.adds_webhook(receiver.url, kinds=["shared"])
        titles = [f"Event {number}" for number in range(12)]
        for title in titles:
            await alice.shares(await alice.creates(title), ben)
        messages = await receiver.hears(12)
        assert [one.json["data"]["title"] for one in messages] == titles


async def test_a_webhook_that_is_switched_off_hears_nothing_and_not_what_it_missed(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    async with receiving() as receiver:
        webhook = await ben.adds_webhook(receiver.url, active=False)
        path = f"{WEBHOOKS}/{webhook['id']}"
        await alice.delete(path_of(event))
        assert (await ben.patch(path, {"active": True})).json()["active"] is True
        await alice.post(f"{path_of(event)}/restore")
        assert [one.json["type"] for one in await receiver.hears(1)] == ["restored"]


async def test_what_waits_for_a_webhook_that_is_switched_off_is_given_up(alice: Person):
    async with receiving(lambda _: status(500)) as receiver:
        webhook = await alice.adds_webhook(receiver.url)
        await alice.post(f"{WEBHOOKS}/{webhook['id']}/test")
        await settled(alice, webhook, all_tried(1))
        await alice.patch(f"{WEBHOOKS}/{webhook['id']}", {"active": False})
        [delivery] = await log_of(alice, webhook)
    assert (delivery["status"], delivery["error"]) == ("failed", "switched off")


async def test_redelivering_sends_the_same_message_again(alice: Person):
    async with receiving() as receiver:
        webhook = await alice.adds_webhook(receiver.url)
        await alice.post(f"{WEBHOOKS}/{webhook['id']}/test")
        [delivery] = await settled(alice, webhook, all_tried(1))
        again = f"{WEBHOOKS}/{webhook['id']}/deliveries/{delivery['id']}/redeliver"
        assert (await alice.post(again)).json()["status"] == "waiting"
        first, second = await receiver.hears(2)
    assert (first.id, first.body) == (second.id, second.body)


async def test_redelivering_what_is_on_its_way_sends_it_again_afterwards(alice: Person):
    async with receiving() as receiver:
        receiver.seconds = 0.5
        webhook = await alice.adds_webhook(receiver.url)
        path = f"{WEBHOOKS}/{webhook['id']}"
        await alice.post(f"{path}/test")
        await receiver.hears(1)
        [delivery] = await log_of(alice, webhook)
        assert (await alice.post(f"{path}/deliveries/{delivery['id']}/redeliver")).status_code == 202
        first, second = await receiver.hears(2)
        assert first.id == second.id
        await settled(alice, webhook, lambda log: log[0]["status"] == "delivered")


async def test_what_fails_after_its_webhook_was_switched_off_is_given_up(impatient: Api):
    alice = await impatient.person("alice")
    async with receiving(lambda _: None) as receiver:
        webhook = await alice.adds_webhook(receiver.url)
        path = f"{WEBHOOKS}/{webhook['id']}"
        await alice.post(f"{path}/test")
        await receiver.hears(1)
        await alice.patch(path, {"active": False})
        [delivery] = await settled(alice, webhook, all_tried(1))
        assert (delivery["status"], delivery["next_attempt_at"]) == ("failed", None)
        assert await waiting(impatient) == 0
        await alice.patch(path, {"active": True})
        await alice.post(f"{path}/test")
        await receiver.hears(2, seconds=3)  # nobody holds it any more


async def test_what_waits_for_somebody_who_is_switched_off_is_given_up(impatient: Api):
    alice = await impatient.person("alice")
    async with receiving(lambda _: status(503)) as receiver:
        webhook = await alice.adds_webhook(receiver.url)
        await alice.post(f"{WEBHOOKS}/{webhook['id']}/test")
        await settled(alice, webhook, all_tried(1))
        assert await waiting(impatient) == 1
        await accounts.deactivate(impatient.app.services.units, alice.username)
        assert await waiting(impatient) == 0
        async with impatient.app.services.units.reading() as work:
            [delivery] = await rows.list_deliveries(work, webhook["id"], below=1_000, most=9)
    assert (delivery.due_at, delivery.error) == (None, "switched off")


async def test_what_is_being_made_while_somebody_is_switched_off_is_given_up_too(impatient: Api):
    alice = await impatient.person("alice")
    hook = await alice.adds_webhook("http://127.0.0.1:9/nobody")
    units = impatient.app.services.units
    async with units.writing() as work:  # as whoever makes deliveries of what was told
        await rows.place_of(work, rows.WEBHOOKS, locked=True)
        in_an_hour = work.now + timedelta(hours=1)
        new = rows.NewDelivery(
            "msg_late", alice.id, "webhook", "changed", in_an_hour, webhook_id=hook["id"], payload=""
        )
        await rows.insert_delivery(work, new)
        switched_off = asyncio.create_task(accounts.deactivate(units, alice.username))
        await asyncio.wait([switched_off], timeout=0.3)
    await switched_off
    async with units.reading() as work:
        [late] = await rows.list_deliveries(work, hook["id"], below=1_000, most=9)
    assert (late.due_at, late.error) == (None, "switched off")


async def test_a_webhook_that_is_sent_elsewhere_has_never_failed(api: Api, alice: Person):
    async with receiving(lambda _: status(500)) as old, receiving(lambda _: status(500)) as new:
        webhook = await alice.adds_webhook(old.url)
        path = f"{WEBHOOKS}/{webhook['id']}"
        await alice.post(f"{path}/test")
        await settled(alice, webhook, all_tried(1))
        await alice.patch(path, {"url": new.url})
        async with dispatching_later(api, timedelta(days=3, minutes=1)):
            await settled(alice, webhook, all_tried(2))
    assert len(new.messages) == 1
    assert (await alice.get(path)).json()["active"]


async def test_what_becomes_of_a_message_to_the_old_address_says_nothing_of_the_new_one(alice: Person):
    async with receiving(lambda _: status(410)) as old, receiving() as new:
        old.seconds = 0.5
        webhook = await alice.adds_webhook(old.url)
        path = f"{WEBHOOKS}/{webhook['id']}"
        await alice.post(f"{path}/test")
        await old.hears(1)
        await alice.patch(path, {"url": new.url})
        await settled(alice, webhook, all_tried(1))
        await alice.post(f"{path}/test")
        await new.hears(1, seconds=3)


async def test_a_webhook_belongs_to_its_owner_alone(alice: Person, stranger: Person):
    webhook = await alice.adds_webhook("https://hooks.invalid/x", active=False)
    path = f"{WEBHOOKS}/{webhook['id']}"

    async def tries() -> list[httpx2.Response]:
        asked = [await stranger.get(path), await stranger.get(f"{path}/deliveries")]
        asked += [await stranger.patch(path, {"active": True}), await stranger.delete(path)]
        return asked + [await stranger.post(f"{path}/{verb}") for verb in ("rotate", "test", "deliveries/1/redeliver")]

    for answer in await tries():
        refusal(answer, 404, "not-found")
    assert (await stranger.get(WEBHOOKS)).json() == []
    assert (await alice.get(path)).json()["active"] is False


async def test_changing_what_is_heard_and_where(alice: Person):
    webhook = await alice.adds_webhook("https://hooks.invalid/x", kinds=["shared", "changed", "shared"])
    assert webhook["kinds"] == ["changed", "shared"]
    path = f"{WEBHOOKS}/{webhook['id']}"
    changed = (await alice.patch(path, {"url": "https://hooks.invalid/y", "kinds": None})).json()
    assert (changed["url"], changed["kinds"], changed["active"]) == ("https://hooks.invalid/y", None, True)
    assert (await alice.delete(path)).status_code == 204
    refusal(await alice.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"url": "ftp://example.com"}, "/url"),
        ({"url": "https://user@example.com"}, "/url"),
        ({"url": "x" * 3000}, "/url"),
        ({}, "/url"),
        ({"url": "https://example.com", "kinds": []}, "/kinds"),
        ({"url": "https://example.com", "kinds": ["nonsense"]}, "/kinds/0"),
        ({"url": "https://example.com", "active": "yes"}, "/active"),
        ({"url": "https://example.com", "secret": "mine"}, "/secret"),
    ],
)
async def test_a_webhook_that_makes_no_sense_is_refused(alice: Person, fields: dict[str, Any], pointer: str):
    assert invalid(await alice.post(WEBHOOKS, fields)) == [pointer]


async def test_nobody_has_webhooks_without_number(alice: Person):
    for _ in range(20):
        await alice.adds_webhook("https://hooks.invalid/x", active=False)
    refusal(await alice.post(WEBHOOKS, {"url": "https://hooks.invalid/x"}), 409, "not-possible")


async def test_a_private_address_is_refused_where_it_is_not_allowed(strict: Api):
    async with receiving() as receiver:
        alice = await strict.person("alice")
        assert invalid(await alice.post(WEBHOOKS, {"url": receiver.url})) == ["/url"]
        named = await alice.adds_webhook(receiver.url.replace("127.0.0.1", "2130706433"))
        await alice.post(f"{WEBHOOKS}/{named['id']}/test")
        [delivery] = await settled(alice, named, all_tried(1))
        assert (delivery["error"], receiver.messages) == ("leads to a private address", [])
