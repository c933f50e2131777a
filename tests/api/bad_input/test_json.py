"""Bodies that are no JSON, or JSON in which something would get lost, at every operation that takes a body."""

from __future__ import annotations

import pytest

from convene.api.limits import ACCOUNT_BODY_MAX
from tests.api.bad_input.refusals import JSON, OK, Operation, check_refusal, operations_in, places
from tests.effort import effort
from tests.people import Api, Json, Person

UNREADABLE = {
    "half an object": b"{",
    "a comma too many": b'{"title": "x",}',
    "single quotes": b"{'title': 'x'}",
    "two documents": b"{} {}",
    "a comment": b"/* */ {}",
    "no JSON at all": b"title=x",
    "NUL": b"\x00",
    "a control character in text": b'{"title": "a\nb"}',
    "NaN": b'{"title": NaN}',
    "Infinity": b'{"interval": Infinity}',
    "-Infinity": b'{"recurrence_pattern": {"interval": -Infinity}}',
    "a number without end": b'{"base_version": ' + b"9" * 5000 + b"}",
    "bytes that are no UTF-8": b'{"title": "\xff\xfe"}',
    "a surrogate in UTF-8": b'{"title": "\xed\xa0\x80"}',
    "half a letter": b'{"title": "\xc3"}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "UTF-32": '{"title": "x"}'.encode("utf-32"),
    "arrays nested without end": b"[" * 10_000 + b"]" * 10_000,
    "objects nested without end": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "nested without end inside": b'{"title": "x", "overrides": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "nested a million times": b"[" * 1_000_000,
}
NO_OBJECTS = [b"1", b"true", b'"text"', b"1e400", b"[[]]", b"[1]", b'["title"]', b"[null]"]
DEEP = [300, 900, 990, 1100, 5000]


@pytest.fixture(scope="session")
def operations(api: Api) -> list[Operation]:
    """All operations that take a body."""
    found = [operation for operation in operations_in(api.document) if operation.takes_body]
    assert len(found) > 12
    return found


@pytest.fixture
def ids(alice: Person, event: Json) -> dict[str, str]:
    """Of things that are there, so that the body is what is wrong."""
    return {"event_id": str(event["id"]), "user_id": str(alice.id), "version_number": "1"}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_is_no_json_is_refused(
    alice: Person, operations: list[Operation], ids: dict[str, str], content: bytes
):
    for operation in operations:
        answer = await alice.request(operation.method, operation.address(ids), content=content, headers=JSON)
        too_large = len(content) > ACCOUNT_BODY_MAX and "/auth/" in operation.path
        assert check_refusal(answer)["status"] == (413 if too_large else 400), operation


async def test_what_is_no_object_is_refused(alice: Person, operations: list[Operation], ids: dict[str, str]):
    for operation in operations:
        for content in NO_OBJECTS:
            answer = await alice.request(operation.method, operation.address(ids), content=content, headers=JSON)
            assert places(answer), operation


async def test_a_missing_body_is_refused(alice: Person, operations: list[Operation], ids: dict[str, str]):
    for operation in operations:
        if operation.path.endswith(("/rollback/{version_number}", "/notifications/read")):  # nothing said means all
            continue
        for content in (b"", b"null"):
            answer = await alice.request(operation.method, operation.address(ids), content=content, headers=JSON)
            assert places(answer), operation


async def test_a_member_that_is_there_twice_is_refused(alice: Person, operations: list[Operation], ids: dict[str, str]):
    for operation in operations:
        for content in (b'{"title": "a", "title": "b"}', b'{"title": "a", "\\u0074itle": "a"}'):
            answer = await alice.request(operation.method, operation.address(ids), content=content, headers=JSON)
            assert places(answer) == ["/title"], operation


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b'{"a": 1, "a": 2, "a": 3}', ["/a"]),
        (b'{"events": [{"title": "x"}, {"tags": [], "title": "x", "tags": []}]}', ["/events/1/tags"]),
        (b'[{"a/b": {"~": 1, "~": 1}}]', ["/0/a~1b/~0"]),
        (b'{"recurrence_pattern": {"count": 1, "count": 2}}', ["/recurrence_pattern/count"]),
        (b'{"a": {"b": 1, "b": 2}, "c": 1, "a": 3}', ["/a"]),
        (b'{"": 1, "": 2}', ["/"]),
    ],
)
async def test_where_a_member_is_there_twice_is_said(alice: Person, content: bytes, where: list[str]):
    answer = await alice.request("POST", "/api/v1/events/batch", content=content, headers=JSON)
    assert places(answer) == where


@pytest.mark.parametrize("depth", DEEP)
async def test_what_is_nested_deeply_inside_of_a_field_is_refused(alice: Person, event: Json, depth: int):
    nests = (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth)
    for field in (b"recurrence_pattern", b"title", b"tags", b"start_time", b"overrides_"):
        for nest in nests:
            content = b'{"%s": %s}' % (field, nest)
            for method, path in (("POST", "/api/v1/events"), ("PUT", f"/api/v1/events/{event['id']}")):
                check_refusal(await alice.request(method, path, content=content, headers=JSON))


async def test_a_byte_order_mark_is_passed_over(ben: Person):
    content = b"\xef\xbb\xbf" + b'{"display_name": "Ben"}'
    answer = await ben.request("PATCH", "/api/v1/auth/me", content=content, headers=JSON)
    assert answer.json()["display_name"] == "Ben"


async def test_tens_of_thousands_of_unknown_fields_are_refused_at_once(
    alice: Person, operations: list[Operation], ids: dict[str, str]
):
    content = b"{" + b",".join(b'"a%x":1' % number for number in range(60_000)) + b"}"
    for operation in operations:
        with effort() as measured:
            answer = await alice.request(operation.method, operation.address(ids), content=content, headers=JSON)
        assert measured.cpu_seconds < 0.5, operation
        if "/auth/" in operation.path:
            assert check_refusal(answer)["status"] == 413
        else:
            assert places(answer), operation
        assert len(answer.content) < 1000


async def test_a_thousand_faults_are_counted_and_the_first_hundred_named(alice: Person):
    batch = [{**OK, "titel": "x", "start_time": "never"} for _ in range(500)]
    problem = (await alice.post("/api/v1/events/batch", batch)).json()
    assert len(problem["errors"]) == 100
    assert problem["detail"].endswith("and 999 more")
