"""MessagePack wherever JSON is, both ways."""

from __future__ import annotations

from typing import Any

import httpx2
import ormsgpack
import pytest

from convene.api.negotiation import MSGPACK, preferred
from tests.people import Person

EVENT = {"title": "Planning", "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z"}


async def ask(person: Person, method: str, path: str, sent: Any = None, **headers: str) -> httpx2.Response:
    """Ask in MessagePack."""
    kinds = {"Accept": "application/msgpack", "Content-Type": "application/msgpack"}
    body = None if sent is None else sent if isinstance(sent, bytes) else ormsgpack.packb(sent)
    return await person.client.request(method, path, content=body, headers={**kinds, **headers})


@pytest.mark.parametrize("kind", MSGPACK)
async def test_a_body_and_its_answer_may_be_messagepack(alice: Person, kind: str):
    answer = await ask(alice, "POST", "/api/v1/events", EVENT, **{"Accept": kind, "Content-Type": kind})
    assert answer.status_code == 201
    assert answer.headers["content-type"] == kind
    assert answer.headers["vary"] == "Accept"
    created = ormsgpack.unpackb(answer.content)
    assert created == (await alice.get(f"/api/v1/events/{created['id']}")).json()


async def test_lists_and_problems_come_in_messagepack_too(alice: Person):
    await alice.creates("Planning")
    listed = await ask(alice, "GET", "/api/v1/events")
    assert [event["title"] for event in ormsgpack.unpackb(listed.content)] == ["Planning"]
    missing = await ask(alice, "GET", "/api/v1/events/999999999")
    assert missing.status_code == 404
    assert ormsgpack.unpackb(missing.content)["type"].endswith("/not-found")


async def test_an_answer_without_a_body_stays_without(alice: Person):
    event = await alice.creates("Planning")
    answer = await ask(alice, "DELETE", f"/api/v1/events/{event['id']}")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("application/msgpack", "application/msgpack"),
        ("application/x-msgpack, application/json;q=0.5", "application/x-msgpack"),
        ("application/json, application/msgpack;q=0.9", None),
        ("application/msgpack;q=0, */*", None),
        ("*/*", None),
        ("", None),
        ("application/msgpack;q=nonsense", None),
        ("application/msgpack, */*;q=0.1", "application/msgpack"),
    ],
)
def test_the_quality_decides(accept: str, chosen: str | None):
    assert preferred(accept) == chosen


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",  # never used
        b"\xdf\xff\xff\xff\xff",  # a map of four billion entries that are not there
        b"\xc6\xff\xff\xff\xffx",  # four gigabytes of bytes that are not there
        b"\x91" * 3_000 + b"\xc0",  # nested too deeply
        ormsgpack.packb({"title": b"bytes"}),
        ormsgpack.packb({"title": float("nan")}),
        ormsgpack.packb({"title": float("inf")}),
        b"\x81\x01\x02",  # a key that is no text
        b"\xd4\x05\x00",  # an extension
    ],
    ids=["empty", "unused", "huge map", "huge bytes", "deep", "bytes", "nan", "infinite", "key", "extension"],
)
async def test_what_json_cannot_say_is_refused(alice: Person, body: bytes):
    answer = await ask(alice, "POST", "/api/v1/events", body)
    assert answer.status_code in {400, 422}, answer.content
    problem = ormsgpack.unpackb(answer.content)
    assert problem["type"].startswith("/problems/")
    assert (await alice.get("/api/v1/events")).json() == []


async def test_wrong_types_are_named_as_in_json(alice: Person):
    answer = await ask(alice, "POST", "/api/v1/events", {**EVENT, "title": 7})
    assert answer.status_code == 422
    assert ormsgpack.unpackb(answer.content)["errors"][0]["pointer"] == "/title"


async def test_json_that_says_it_is_messagepack_is_refused(alice: Person):
    answer = await ask(alice, "POST", "/api/v1/events", b'{"title": "x"}')
    assert answer.status_code in {400, 422}


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(alice: Person):
    answer = await ask(alice, "POST", "/api/v1/events", {**EVENT, "description": "x" * 5_000_000})
    assert answer.status_code == 413


def map_of(*members: tuple[str, Any]) -> bytes:
    """A map as a client may write it, with members of one name."""
    return bytes([0x80 + len(members)]) + b"".join(ormsgpack.packb(one) for member in members for one in member)


@pytest.mark.parametrize("spacer", [1.5, "x" * 300, [1, {"a": {}}], 2**40, -7, None, {}, [[]], ["y" * 40] * 20])
async def test_a_member_that_is_there_twice_is_refused_as_in_json(alice: Person, spacer: Any):
    sent = map_of(*EVENT.items(), ("unknown", spacer), ("title", "Party"))
    answer = await ask(alice, "POST", "/api/v1/events", sent, Accept="application/json")
    assert answer.status_code == 422
    assert [(one["pointer"], one["detail"]) for one in answer.json()["errors"]] == [("/title", "is there twice")]
    assert (await alice.get("/api/v1/events")).json() == []


async def test_a_member_that_is_there_twice_is_named_by_its_place(alice: Person):
    inner = map_of(("a", 1), ("b", 2), ("a/b", 3), ("a/b", 4))
    sent = bytes([0x81]) + ormsgpack.packb("events") + bytes([0x92]) + ormsgpack.packb({"a": 1}) + inner
    answer = await ask(alice, "POST", "/api/v1/events/batch", sent, Accept="application/json")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/events/1/a~1b"]
