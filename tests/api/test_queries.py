"""Queries: a name with a typo is not lost, what contradicts itself is refused, and a cursor is good for one list."""

from __future__ import annotations

import pytest

from tests.api.bad_input.refusals import operations_in, places
from tests.api.steps import invalid, next_page, path_of
from tests.people import Api, Person

#: What answers only to those who are not asked here, or does not end.
ELSEWHERE = {"/api/v1/stream"}


async def test_a_parameter_that_a_request_does_not_have_is_named(alice: Person, api: Api):
    event = await alice.creates()
    ids = {"event_id": str(event["id"]), "user_id": str(alice.id)}
    operations = [one for one in operations_in(api.document) if one.path.startswith("/api/")]
    for operation in operations:
        query = "from=2027-01-01&to=2027-01-02&" if operation.path.endswith("/occurrences") else ""
        if operation.takes_body or operation.path.endswith(("/logout", "/restore")) or operation.path in ELSEWHERE:
            continue
        answer = await alice.request(operation.method, f"{operation.address(ids)}?{query}colour=red")
        assert answer.status_code == 404 or "?colour" in places(answer), operation


async def test_a_typo_is_named_beside_everything_else_that_is_wrong(alice: Person):
    refused = await alice.request("GET", "/api/v1/events?limmit=5&limit=none&frm=2027-01-01")
    assert sorted(places(refused)) == ["?frm", "?limit", "?limmit"]
    wrong = await alice.post("/api/v1/events?on_conflit=allow", {})
    assert "?on_conflit" in places(wrong)


async def test_who_is_not_signed_in_hears_that_first(api: Api):
    assert (await api.nobody().get("/api/v1/events", colour="red")).status_code == 401


async def test_what_is_said_twice_is_refused(alice: Person):
    for query in ("limit=1&limit=2", "q=a&q=a"):
        assert places(await alice.request("GET", f"/api/v1/events?{query}")) == [f"?{query[: query.index('=')]}"]


@pytest.mark.parametrize(
    ("path", "query", "place"),
    [
        ("/api/v1/events", "from=2027-01-01&start_date=2027-01-02", "?start_date"),
        ("/api/v1/events", "from=2027-01-01&to=2027-01-02&end_date=2027-01-02", "?end_date"),
        ("{event}", "version=1&as_of=2999-01-01T00:00:00Z", "?version"),
        ("/api/v1/notifications", "after=x&cursor=y", "?cursor"),
        ("/api/v1/notifications", "after=x&unread=true", "?unread"),
    ],
)
async def test_what_contradicts_itself_is_refused(alice: Person, path: str, query: str, place: str):
    event = await alice.creates()
    assert places(await alice.request("GET", f"{path.format(event=path_of(event))}?{query}")) == [place]


async def test_whoever_watches_over_a_server_may_add_to_the_query(api: Api):
    assert (await api.nobody().get("/health/live", t="1")).status_code == 200


async def test_a_cursor_is_good_for_the_filters_that_it_came_with(alice: Person):
    for number in range(3):
        await alice.creates(f"Planning {number}", location="Hall")
    first = await alice.get("/api/v1/events", q="planning", limit=1)
    address = str(next_page(first))
    cursor = address.rpartition("cursor=")[2]
    for other in ({}, {"q": "hall"}, {"q": "planning", "role": "owner"}):
        assert invalid(await alice.get("/api/v1/events", cursor=cursor, **other)) == ["?cursor"]
    for limit in (1, 2):
        page = await alice.get("/api/v1/events", q="planning", cursor=cursor, limit=limit)
        assert [one["title"] for one in page.json()] == ["Planning 1", "Planning 2"][:limit]
