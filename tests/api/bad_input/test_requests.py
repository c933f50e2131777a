"""Whole requests that cannot be: too large, of a strange kind, with strange paths, queries, cursors and headers."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from convene.api.limits import BODY_MAX
from tests.api.bad_input.refusals import JSON, OK, Operation, check_refusal, operations_in, places, send
from tests.api.steps import pages
from tests.people import Api, Json, Person

MEGABYTE = 1024 * 1024
KINDS = [
    "text/plain", "text/json", "application/x-json", "application/jsonp", "application/json-patch+json", "json", "",
    "application/xml", "application/octet-stream", "image/png", "application/vnd.api+json", "*/*", ";", "x" * 10_000,
    "application/jsonapplication/json", "application/json,application/json",
]  # fmt: skip
FORMS = ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x"]
BAD_IDS = [
    "abc",
    "0",
    "-1",
    "1.5",
    "1e3",
    "0x1",
    "1_0",
    "%00",
    "1%00",
    "%ED%A0%80",
    "%D9%A3",
    "9" * 30,
    "null",
    "%2e%2e",
]
BAD_CURSORS = [
    *(
        "",
        "x",
        "%00",
        "=",
        "====",
        "bm9uc2Vuc2U",
        "W10",
        "e30",
        "bnVsbA",
        "MQ",
        "W251bGxd",
        "WzFd",
        "%ff",
        "ü",
        "x" * 301,
    ),
    *("W1tdXQ", "W3RydWVd", "WzEuNV0", "WyJ4Il0"),
]


@pytest.fixture(scope="session")
def operations(api: Api) -> list[Operation]:
    return operations_in(api.document)


@pytest.fixture
async def ids(alice: Person, event: Json) -> dict[str, str]:
    webhook = await alice.adds_webhook("https://example.com/hook")
    return {"event_id": str(event["id"]), "user_id": str(alice.id), "webhook_id": str(webhook["id"])}


# -- size and kind -------------------------------------------------------------------------------------------


async def _in_pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // MEGABYTE):
        yield b" " * MEGABYTE


async def test_ten_megabytes_are_refused_said_or_not(alice: Person, operations: list[Operation], ids: dict[str, str]):
    content = b" " * (10 * MEGABYTE)
    for operation in (one for one in operations if one.takes_body):
        path = operation.address(ids)
        said = await alice.request(operation.method, path, content=content, headers=JSON)
        assert check_refusal(said)["status"] == 413, operation
        not_said = await alice.request(operation.method, path, content=_in_pieces(len(content)), headers=JSON)
        assert "content-length" not in not_said.request.headers
        assert check_refusal(not_said)["status"] == 413, operation


async def _pieces_taken(api: Api, *headers: tuple[bytes, bytes]) -> int:
    """How many megabytes are taken from somebody who wants to send twenty, and has no right to."""
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b" " * MEGABYTE, "more_body": taken < 20}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] in {401, 413}

    kind = (b"content-type", b"application/json")
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/events",
        "query_string": b"",
        "headers": [kind, *headers],
    }
    await api.app(scope, receive, send)
    return taken


async def test_a_refused_body_is_taken_to_its_end_so_that_its_sender_reads_the_answer(api: Api):
    assert await _pieces_taken(api, (b"content-length", b"20971520")) == 20
    assert await _pieces_taken(api, (b"transfer-encoding", b"chunked")) == 20


async def test_a_refused_body_is_not_taken_from_whoever_asks_first_or_never_ends(api: Api):
    assert await _pieces_taken(api, (b"content-length", b"20971520"), (b"expect", b"100-continue")) == 0
    assert await _pieces_taken(api, (b"content-length", b"999999999999")) == 0


async def test_a_form_of_ten_megabytes_is_refused(nobody: Person):
    for kind in FORMS:
        sent = {"content": _in_pieces(10 * MEGABYTE), "headers": {"Content-Type": kind}}
        assert check_refusal(await nobody.request("POST", "/api/v1/auth/login", **sent))["status"] in {400, 413}


async def test_the_limit_is_exact(alice: Person):
    for size, status in ((BODY_MAX, 422), (BODY_MAX + 1, 413)):
        answer = await alice.request("POST", "/api/v1/events", content=b"{}".ljust(size), headers=JSON)
        assert check_refusal(answer)["status"] == status


async def test_a_kind_of_body_that_is_not_read_is_refused(
    alice: Person, operations: list[Operation], ids: dict[str, str]
):
    for operation in (one for one in operations if one.takes_body):
        kinds = KINDS if operation.path.endswith("/login") else [*KINDS, *FORMS]
        for kind in kinds:
            sent = {"content": json.dumps(OK).encode(), "headers": {"Content-Type": kind}}
            answer = await alice.request(operation.method, operation.address(ids), **sent)
            assert check_refusal(answer)["status"] == 415, f"{operation} {kind[:50]}"


async def test_a_body_without_a_kind_is_refused(alice: Person):
    answer = await alice.request("POST", "/api/v1/events", content=json.dumps(OK).encode())
    assert check_refusal(answer)["status"] == 415


@pytest.mark.parametrize(
    "kind",
    ["application/json;", "application/json; charset=utf-16", 'APPLICATION/JSON; x="', "application/json ;q=\xff"],
)
async def test_parameters_of_the_kind_do_not_matter(ben: Person, kind: str):
    headers = {"Content-Type": kind.encode("latin-1")}
    answer = await ben.request("POST", "/api/v1/events/check", content=json.dumps(OK).encode(), headers=headers)
    assert answer.status_code == 200


async def test_a_broken_form_is_refused(nobody: Person):
    parts = b'--x\r\nContent-Disposition: form-data; name="username"; filename="a"\r\n\r\nada\r\n--x--\r\n'
    for kind, content in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"garbage"),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("multipart/form-data; boundary=x", parts),
        ("multipart/form-data; boundary=" + "x" * 1000, b"x"),
        ("application/x-www-form-urlencoded", b"a=1&" * 100_000),
        ("application/x-www-form-urlencoded", b"\xff=\xff"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"a=1"),
    ):
        sent = {"content": content, "headers": {"Content-Type": kind}}
        check_refusal(await nobody.request("POST", "/api/v1/auth/login", **sent))


# -- paths ---------------------------------------------------------------------------------------------------


async def test_what_is_no_id_in_a_path_is_refused(alice: Person, operations: list[Operation], ids: dict[str, str]):
    for operation in operations:
        for name in operation.of("path"):
            for bad in BAD_IDS:
                path = operation.address({**ids, name: bad})
                answer = await send(alice, operation.method, path, {"user_id": 1, "role": "viewer"})
                assert check_refusal(answer)["status"] in {404, 405, 422}, path


@pytest.mark.parametrize(
    "path",
    [
        *("/%00", "/api/v1/%00", "/api/v1/events%00", "/api/v1/events/%2e%2e/%2e%2e/etc/passwd", "/%ED%A0%80", "/%ff"),
        *("/docs/assets/%00", "/docs/assets/..%2f..%2fapp.py", "/docs/assets/%2e%2e/%2e%2e/app.py", "/docs/assets"),
        *("/docs/assets/" + "x" * 300, "/docs/assets/" + "x" * 5000, "/docs/assets/" + "x/" * 2000, "/docs/assets/%ff"),
        *("/api/v1/" + "events/" * 1000, "/api/v1/events//1", "/api/v2/events", "//", "/api", "/api/v1", "/..", "/;x"),
    ],
)
async def test_a_strange_path_leads_nowhere(alice: Person, path: str):
    for method in ("GET", "POST", "DELETE"):
        assert check_refusal(await alice.request(method, path))["status"] in {404, 405}


# -- queries -------------------------------------------------------------------------------------------------

#: What no parameter means, and what only those of text take.
NEVER = ["%00", "a%00b", "x" * 5000]
NOT_NUMBERS = ["", "abc", "1.5", "1e308", "9" * 30, "-9" * 10, "NaN", "null", "[]", "1;2", "%ED%A0%80"]


def _is_text(schema: Json) -> bool:
    kinds = schema.get("anyOf", [schema])
    return any(kind.get("type") == "string" and not {"format", "enum", "pattern"} & set(kind) for kind in kinds)


async def test_what_a_parameter_cannot_be_is_refused_with_its_name(
    alice: Person, operations: list[Operation], event: Json, trashed: Json
):
    tried = 0
    for operation in operations:
        event_id = trashed["id"] if operation.path.endswith("/restore") else event["id"]
        address = operation.address({"event_id": str(event_id), "user_id": str(alice.id)})
        for name, schema in operation.query:
            window = "&from=2027-01-01" if "from" in operation.of("query") and name != "from" else ""
            for value in NEVER if _is_text(schema) else [*NEVER, *NOT_NUMBERS]:
                path = f"{address}?{name}={value}{window}"
                named = places(await alice.request(operation.method, path))
                assert f"?{name}" in named, f"{operation} {path[:200]} names {named}"
                tried += 1
    assert tried > 200


async def test_a_limit_is_between_one_and_two_hundred(alice: Person, operations: list[Operation], ids: dict[str, str]):
    lists = [one for one in operations if "limit" in one.of("query")]
    assert len(lists) > 6
    for operation in lists:
        for limit in ("0", "-1", "201", "1000000", "1.5", "", "ten", "%00", "9" * 30):
            path = f"{operation.address(ids)}?limit={limit}{operation.window}"
            assert "?limit" in places(await alice.request("GET", path)), path
        assert (await alice.request("GET", f"{operation.address(ids)}?limit=200{operation.window}")).status_code == 200


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ("from=2027-05-02&to=2027-05-01", "?to"),
        ("from=2027-05-02T00:00:00Z&to=2027-05-02T00:00:00Z", "?to"),
        ("start_date=2027-05-02&end_date=2027-04-01", "?to"),
        ("from=0001-01-01", "?from"),
        ("to=9999-12-31", "?to"),
        ("from=0001-01-01T00:00:00%2B14:00", "?from"),
        ("to=9999-12-31T23:59:59-14:00", "?to"),
        ("updated_since=0001-01-01T00:00:00%2B14:00", "?updated_since"),
        ("updated_since=2027-05-01", "?updated_since"),
        ("updated_since=2027-05-01T09:00:00", "?updated_since"),
        ("role=admin", "?role"),
        ("owner_id=0", "?owner_id"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(alice: Person, params: str, place: str):
    assert place in places(await alice.request("GET", f"/api/v1/events?{params}"))


async def test_a_window_is_four_hundred_days_at_most(alice: Person):
    refused = await alice.get("/api/v1/events", **{"from": "2027-01-01", "to": "2028-03-01"})
    assert (check_refusal(refused)["type"], refused.json()["limit"]) == ("/problems/too-much", 400)


@pytest.mark.parametrize(
    ("edge", "after", "before"),
    [
        *(("0001-01-04", 3, 0), ("0001-01-05T00:00:00Z", 3, 0)),
        *(("9999-12-27", 0, 3), ("9999-12-26T00:00:00Z", 0, 3)),
    ],
)
async def test_a_window_at_an_end_of_time_has_all_or_nothing(
    alice: Person, event: Json, edge: str, after: int, before: int
):
    for path in ("/api/v1/events", f"/api/v1/events/{event['id']}/occurrences"):
        assert len(await pages(alice, path, **{"from": edge})) == after
        assert len(await pages(alice, path, to=edge)) == before


async def test_a_part_of_a_series_is_named_by_one_of_its_occurrences(alice: Person, event: Json):
    path = f"/api/v1/events/{event['id']}"
    assert places(await alice.delete(path, params={"scope": "this"})) == ["?occurrence"]
    for occurrence in ("2027-03-09T09:00:00Z", "2027-03-01", "2027-03-01T09:00:01Z", "0001-01-01T00:00:00+14:00"):
        params = {"scope": "this", "occurrence": occurrence}
        for answer in (await alice.delete(path, params=params), await alice.put(path, {"title": "x"}, params=params)):
            assert places(answer) == ["?occurrence"], occurrence


# -- cursors -------------------------------------------------------------------------------------------------


async def test_a_made_up_cursor_is_refused(alice: Person, operations: list[Operation], ids: dict[str, str]):
    for operation in (one for one in operations if "cursor" in one.of("query")):
        for cursor in BAD_CURSORS:
            path = f"{operation.address(ids)}?cursor={cursor}{operation.window}"
            assert places(await alice.request("GET", path)) == ["?cursor"], path


async def test_a_cursor_of_another_list_is_refused(ben: Person, api: Api):
    events = [await ben.creates(f"Talk {number}") for number in range(3)]
    one, other = (f"/api/v1/events/{event['id']}" for event in events[:2])
    for event in events[:2]:
        await ben.changes(event, title="Changed", location="Elsewhere")
        for name in ("carla", "dora"):
            await ben.shares(event, await api.person(name))
    trash = [await ben.creates("Thrown away") for _ in range(2)]
    for event in trash:
        await ben.delete(f"/api/v1/events/{event['id']}")
    lists = ["/api/v1/events", "/api/v1/events/trash"]
    lists += [f"{path}/{part}" for path in (one, other) for part in ("history", "changelog", "permissions")]
    cursors = {path: (await ben.get(path, limit=1)).links["next"]["url"].rpartition("cursor=")[2] for path in lists}
    for path in lists:
        for origin, cursor in cursors.items():
            answer = await ben.get(path, cursor=cursor)
            assert answer.status_code == (200 if path == origin else 422), f"{origin} at {path}"


async def test_a_cursor_with_parts_that_cannot_be_is_refused(alice: Person, event: Json):
    history, listed = f"/api/v1/events/{event['id']}/history", "/api/v1/events"
    moment = "2027-01-01T00:00:00+00:00"
    written: list[Json] = [
        *([history, None], [history, True], [history, 1.5], [history, "1"], [history, [1]], [history], [history, 1, 1]),
        *([listed, None, 1, None], [listed, "2027-01-01", 1, None], [listed, moment, None, None]),
        *([listed, moment, 2**63, None], [listed, moment, 1, "x"], [listed, moment, 1, moment], [listed, moment, 1]),
        *([listed, "0001-01-01T00:00:00+14:00", 1, None], [listed, "9999-12-31T23:59:59-14:00", 1, None], {listed: 1}),
    ]
    for place in written:
        cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
        path = history if history in place else listed
        assert places(await alice.get(path, cursor=cursor)) == ["?cursor"], place


# -- headers -------------------------------------------------------------------------------------------------


async def test_huge_and_strange_headers_do_no_harm(alice: Person, event: Json):
    path = f"/api/v1/events/{event['id']}"
    huge = "x" * 60_000
    for name in ("If-Match", "If-None-Match"):
        answer = await alice.request("PUT" if name == "If-Match" else "GET", path, headers={name: huge})
        assert places(answer)[0] in {f"header:{name.lower()}", ""}
    for match in (
        '"0"',
        '"-1"',
        '"²"',
        '""',
        '"',
        "1",
        '"1',
        'W/"1"',
        '"1e0"',
        '"9999999999999"',
        ",,,",
        '"\xff"',
        "x",
    ):
        answer = await alice.put(path, {"title": "x"}, headers={"If-Match": match.encode("latin-1")})
        assert check_refusal(answer)["status"] == 412, match
    strange = {
        "Idempotency-Key": huge,
        "Accept": huge,
        "User-Agent": huge,
        "Accept-Language": "\x01",
        "X-Request-ID": huge,
    }
    for name, value in strange.items():
        assert (await alice.request("GET", path, headers={name: value})).status_code == 200, name
        assert (await alice.request("POST", "/api/v1/events", json={}, headers={name: value})).status_code == 422, name
