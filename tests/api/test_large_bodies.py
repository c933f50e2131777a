"""Bodies larger than they may be, and large bodies from those who have no right to send any."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator

import ormsgpack
import pytest
from starlette.types import Message

from convene.api.limits import ACCOUNT_BODY_MAX
from tests.api.bad_input.refusals import JSON, Operation, check_refusal, operations_in
from tests.people import PASSWORD, Api, Person

KIBIBYTE = 1024
PIECE = 64 * KIBIBYTE
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="session")
def account_operations(api: Api) -> list[Operation]:
    found = [one for one in operations_in(api.document) if one.takes_body and "/auth/" in one.path]
    assert len(found) == 5
    return found


async def _in_pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content[:PIECE]
    yield content[PIECE:]


# -- accounts ------------------------------------------------------------------------------------------------


async def test_a_body_about_an_account_is_small(alice: Person, account_operations: list[Operation]):
    content = b"{}".ljust(ACCOUNT_BODY_MAX + 1)
    for operation in account_operations:
        for sent in (content, _in_pieces(content)):
            answer = await alice.request(operation.method, operation.path, content=sent, headers=JSON)
            assert check_refusal(answer)["status"] == 413, operation
        fits = await alice.request(operation.method, operation.path, content=content[:-1], headers=JSON)
        assert fits.status_code in {200, 422}, operation


async def test_other_forms_of_a_body_about_an_account_are_small_too(nobody: Person, alice: Person):
    form = f"username={alice.username}&password={PASSWORD.replace(' ', '+')}&scope=".encode()
    fits = form.ljust(ACCOUNT_BODY_MAX, b"x")
    assert (await nobody.request("POST", "/api/v1/auth/login", content=fits, headers=FORM)).status_code == 200
    too_large = await nobody.request("POST", "/api/v1/auth/login", content=fits + b"x", headers=FORM)
    assert check_refusal(too_large)["status"] == 413
    packed = ormsgpack.packb({"username": "x" * ACCOUNT_BODY_MAX, "password": PASSWORD})
    kind = {"Content-Type": "application/msgpack"}
    assert (await nobody.request("POST", "/api/v1/auth/login", content=packed, headers=kind)).status_code == 413


async def test_the_other_paths_of_accounts_have_the_same_limit(nobody: Person):
    content = b"{}".ljust(ACCOUNT_BODY_MAX + 1)
    for path in ("/auth/register", "/api/auth/register", "/api/v1/auth/register/"):
        assert (await nobody.request("POST", path, content=content, headers=JSON)).status_code == 413


# -- without a right -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["application/json", "application/msgpack"])
@pytest.mark.parametrize("token", [None, "wrong"])
async def test_a_token_that_is_not_good_is_refused_whatever_the_body(api: Api, kind: str, token: str | None):
    somebody = Person(api, api.client(token), {})
    for operation in (one for one in operations_in(api.document) if one.takes_body and "/auth/" not in one.path):
        path = operation.address({"event_id": "1", "user_id": "1", "webhook_id": "1"})
        answer = await somebody.request(operation.method, path, content=b"\xc1{", headers={"Content-Type": kind})
        assert check_refusal(answer)["status"] == 401, operation


@pytest.mark.parametrize("kind", [b"application/json", b"application/msgpack"])
async def test_a_body_without_a_right_is_taken_to_its_end_but_not_kept(api: Api, kind: bytes):
    left, statuses = 48, list[int]()

    async def receive() -> Message:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": b" " * PIECE, "more_body": left > 0}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert left == 0, "answered while the body still came: the connection would be reset"
            statuses.append(message["status"])

    headers = [(b"content-type", kind), (b"content-length", str(48 * PIECE).encode())]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/events", "query_string": b"", "headers": headers}
    tracemalloc.start()
    try:
        await api.app(scope, receive, send)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert statuses == [401]
    assert peak < 8 * PIECE


async def test_whoever_asks_before_sending_is_refused_without_being_asked_for_the_body(api: Api):
    async def receive() -> Message:
        raise AssertionError("asked for the body")

    sent = list[Message]()

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", b"3000000"), (b"expect", b"100-continue")]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/events", "query_string": b"", "headers": headers}
    await api.app(scope, receive, send)
    assert sent[0]["status"] == 401
    assert (b"connection", b"close") in sent[0]["headers"], "what was announced may come all the same"
