"""A POST that is sent again under its Idempotency-Key acts once and is answered the same."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from itertools import product
from typing import Any
from uuid import uuid4

import httpx2
import ormsgpack
import pytest

from convene.api.idempotency import KEY, WITHOUT_KEY
from tests.api.requests import REQUESTS, Stage, invite_everybody, prepare, set_the_stage
from tests.api.signing_in import is_signed_in, try_to_sign_in
from tests.people import PASSWORD, Api, Person
from tests.routes import Route, all_routes

EVENTS = "/api/v1/events"
POSTS = [route for route in all_routes() if route.method == "POST" and route.name not in WITHOUT_KEY]


def hour(title: str, at: int) -> dict[str, Any]:
    """An hour of busy time."""
    times = {"start_time": f"2045-03-02T{at:02}:00:00Z", "end_time": f"2045-03-02T{at + 1:02}:00:00Z"}
    return {"title": title, **times}


def new_key() -> str:
    return uuid4().hex


async def send(person: Person, path: str, body: Any = None, key: str = "", **params: str) -> httpx2.Response:
    """Send a POST under a key."""
    return await person.post(path, body, headers={"Idempotency-Key": key}, params=params)


def is_replayed(answer: httpx2.Response) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


def told(answer: httpx2.Response) -> tuple[int, bytes, dict[str, str]]:
    """All that an answer says, but what names the request."""
    own = {"x-request-id", "idempotent-replayed", "content-length"}
    return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k not in own}


async def titles(person: Person) -> list[str]:
    return [event["title"] for event in (await person.get(EVENTS)).json()]


@pytest.fixture(scope="module")
async def people(api: Api) -> dict[str, Person]:
    return await invite_everybody(api)


@pytest.fixture
async def stage(people: dict[str, Person]) -> Stage:
    return await set_the_stage(people)


@pytest.mark.parametrize("route", POSTS, ids=lambda route: route.name)
async def test_every_post_is_answered_the_same_when_it_is_sent_again(stage: Stage, route: Route):
    request, key, me = REQUESTS[str(route)], new_key(), stage.people["owner"]
    if "password" in route.path:
        me = await stage.people["owner"].api.person("forgetful")
    path = route.path.format_map(await prepare(stage, route))
    body = request.body(stage, me) if request.body else None
    first = await send(me, path, body, key)
    again = await send(me, path, body, key)
    assert first.status_code == request.status, first.text
    assert told(again) == told(first)
    assert (is_replayed(first), is_replayed(again)) == (False, True)


async def test_an_event_is_created_once_and_keeps_its_headers(alice: Person):
    key = new_key()
    answers = [await send(alice, EVENTS, hour("Once", 9), key) for _ in range(3)]
    assert await titles(alice) == ["Once"]
    assert {one.headers["location"] for one in answers} == {f"{EVENTS}/{answers[0].json()['id']}"}
    assert {one.headers["etag"] for one in answers} == {'"1"'}


async def test_twenty_requests_at_once_have_one_effect(alice: Person):
    key = new_key()
    answers = await asyncio.gather(*(send(alice, EVENTS, hour("Once", 9), key) for _ in range(20)))
    found = Counter(one.status_code for one in answers)
    assert found[201] >= 1
    assert set(found) <= {201, 409}
    assert all(one.json()["type"] == "/problems/still-running" for one in answers if one.status_code == 409)
    assert await titles(alice) == ["Once"]
    assert is_replayed(await send(alice, EVENTS, hour("Once", 9), key))


async def test_another_body_under_the_key_is_refused(alice: Person):
    key = new_key()
    await send(alice, EVENTS, hour("One", 9), key)
    refused = await send(alice, EVENTS, hour("Other", 12), key)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/key-reused")
    assert await titles(alice) == ["One"]


async def test_another_path_and_another_query_under_the_key_are_refused(alice: Person):
    key = new_key()
    await send(alice, EVENTS, hour("One", 9), key)
    assert (await send(alice, EVENTS, hour("One", 9), key, on_conflict="allow")).status_code == 422
    assert (await send(alice, f"{EVENTS}/batch", {"events": [hour("One", 9)]}, key)).status_code == 422
    assert await titles(alice) == ["One"]


async def test_a_promised_path_and_the_canonical_one_are_the_same(alice: Person):
    key = new_key()
    await send(alice, EVENTS, hour("One", 9), key)
    assert is_replayed(await send(alice, "/events/", hour("One", 9), key))


async def test_keys_are_ones_own(alice: Person, ben: Person):
    key = new_key()
    await send(alice, EVENTS, hour("Of Alice", 9), key)
    assert (await send(ben, EVENTS, hour("Of Ben", 9), key)).status_code == 201
    assert (await titles(alice), await titles(ben)) == (["Of Alice"], ["Of Ben"])


async def test_a_refusal_is_judged_anew_when_it_is_sent_again(alice: Person):
    key = new_key()
    blocking = (await alice.post(EVENTS, hour("In the way", 9))).json()
    assert (await send(alice, EVENTS, hour("Wanted", 9), key)).status_code == 409
    await alice.delete(f"{EVENTS}/{blocking['id']}")
    after = await send(alice, EVENTS, hour("Wanted", 9), key)
    assert (after.status_code, is_replayed(after)) == (201, False)


async def test_what_cannot_be_is_refused_under_a_key_too(alice: Person):
    key = new_key()
    assert (await send(alice, EVENTS, {"title": ""}, key)).status_code == 422
    assert (await send(alice, EVENTS, hour("Mended", 9), key)).status_code == 201


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "tab\tinside", "é"])
async def test_a_key_that_cannot_be_one_is_refused(alice: Person, key: str):
    refused = await alice.post(EVENTS, hour("One", 9), headers={"Idempotency-Key": key.encode()})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "header:idempotency-key")
    assert await titles(alice) == []


async def test_every_key_that_the_schema_allows_is_taken(alice: Person):
    tries = ["".join(letters) for length in (1, 2, 3) for letters in product('a" ', repeat=length)]
    allowed = [key for key in tries if re.search(KEY, key)]
    assert set(tries) - set(allowed) == {key for key in tries if key != key.strip() or key == '""'}
    for key in allowed:
        made = await send(alice, EVENTS, hour("Under a key", 9), key, on_conflict="allow")
        assert made.status_code == 201, key


async def test_two_keys_are_none(alice: Person):
    headers = [*alice.client.headers.items(), ("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    refused = await alice.client.post(EVENTS, json=hour("One", 9), headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "header:idempotency-key")
    assert await titles(alice) == []


async def test_a_key_may_be_a_string_of_structured_fields(alice: Person):
    key = new_key()
    await send(alice, EVENTS, hour("One", 9), f'"{key}"')
    assert is_replayed(await send(alice, EVENTS, hour("One", 9), key))


async def test_an_answer_is_replayed_in_the_form_that_is_asked_for(alice: Person):
    key = new_key()
    first = await send(alice, EVENTS, hour("One", 9), key)
    packed = await alice.client.post(
        EVENTS, json=hour("One", 9), headers={"Idempotency-Key": key, "Accept": "application/msgpack"}
    )
    assert is_replayed(packed)
    assert ormsgpack.unpackb(packed.content) == first.json()


async def test_who_may_not_is_refused_under_anothers_key(alice: Person, stranger: Person, nobody: Person):
    key = new_key()
    event = await alice.creates("Planning")
    share = f"{EVENTS}/{event['id']}/share"
    await send(alice, share, {"user_id": stranger.id, "role": "viewer"}, key)
    assert (await send(stranger, share, {"user_id": stranger.id, "role": "viewer"}, key)).status_code == 403
    assert (await send(nobody, share, {"user_id": stranger.id, "role": "viewer"}, key)).status_code == 401


async def test_an_account_is_made_once_and_told_only_to_who_asked_for_it(nobody: Person):
    key, name = new_key(), f"new-{uuid4().hex[:10]}"
    sent = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    first = await send(nobody, "/api/v1/auth/register", sent, key)
    again = await send(nobody, "/api/v1/auth/register", sent, key)
    assert (again.status_code, again.json(), is_replayed(again)) == (201, first.json(), True)
    other = await send(nobody, "/api/v1/auth/register", {**sent, "password": "a guess at it"}, key)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/name-taken")


async def test_a_password_is_changed_once(alice: Person):
    key, sent = new_key(), {"current_password": PASSWORD, "new_password": "another horse"}
    assert (await send(alice, "/api/v1/auth/password", sent, key)).status_code == 204
    assert is_replayed(await send(alice, "/api/v1/auth/password", sent, key))
    assert (await try_to_sign_in(alice, alice.username, "another horse")).status_code == 200


async def test_tokens_are_not_kept(alice: Person):
    key = new_key()
    sent = {"username": alice.username, "password": PASSWORD}
    one, other = [(await send(alice, "/api/v1/auth/login", sent, key)).json() for _ in range(2)]
    assert one["refresh_token"] != other["refresh_token"]


async def test_signing_out_twice_is_signing_out(alice: Person):
    key = new_key()
    assert (await send(alice, "/api/v1/auth/logout", None, key)).status_code == 204
    assert (await send(alice, "/api/v1/auth/logout", None, key)).status_code == 401
    assert not await is_signed_in(alice)


async def test_a_change_takes_no_notice_of_a_key(alice: Person):
    event = await alice.creates("Planning")
    for title in ("One", "Other"):
        await alice.put(f"{EVENTS}/{event['id']}", {"title": title}, headers={"Idempotency-Key": "same"})
    assert await titles(alice) == ["Other"]
