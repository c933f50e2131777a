"""Steps that many tests take: reading a calendar page by page, changing a part of a series, being refused."""

from __future__ import annotations

import httpx2

from tests.people import Json, Person


def path_of(event: Json) -> str:
    """Where an event is."""
    return f"/api/v1/events/{event['id']}"


def refusal(response: httpx2.Response, status: int, slug: str) -> Json:
    """Make sure that a request was refused for this reason, and give the problem."""
    assert response.status_code == status, response.text
    problem = response.json()
    assert problem["type"].endswith(f"/{slug}"), problem
    return problem


def invalid(response: httpx2.Response) -> list[str]:
    """Make sure that a request made no sense, and give the places of what was wrong."""
    return [fault["pointer"] for fault in refusal(response, 422, "invalid")["errors"]]


def next_page(response: httpx2.Response) -> str | None:
    """The address of the next page, None on the last one (RFC 8288)."""
    link = response.headers.get("link")
    if link is None:
        return None
    address, _, relation = str(link).partition(">; ")
    assert relation == 'rel="next"'
    return address.removeprefix("<")


async def pages(person: Person, path: str, **params: str | int) -> list[Json]:
    """Read a whole list, page by page."""
    response = await person.get(path, **params)
    assert response.status_code == 200, response.text
    entries: list[Json] = response.json()
    while address := next_page(response):
        response = await person.request("GET", address)
        assert response.status_code == 200, response.text
        entries += response.json()
    return entries


async def calendar(person: Person, start: str, end: str, **params: str | int) -> list[Json]:
    """All that a person sees between two times."""
    return await pages(person, "/api/v1/events", **{"from": start, "to": end, **params})


async def occurrences(person: Person, event: Json, start: str, end: str) -> list[Json]:
    """The occurrences of one event between two times."""
    return await pages(person, f"{path_of(event)}/occurrences", **{"from": start, "to": end})


async def read(person: Person, event: Json, **params: str | int) -> Json:
    """Read an event."""
    response = await person.get(path_of(event), **params)
    assert response.status_code == 200, response.text
    return response.json()


async def try_part(
    person: Person, event: Json, scope: str, occurrence: str, fields: Json, /, **params: str
) -> httpx2.Response:
    """Try to change a part of a series."""
    params = {"scope": scope, "occurrence": occurrence, **params}
    return await person.put(path_of(event), fields, params=params)


async def change_part(person: Person, event: Json, scope: str, occurrence: str, /, **fields: Json) -> Json:
    """Change a part of a series, and give the event that has it."""
    response = await try_part(person, event, scope, occurrence, fields)
    assert response.status_code == 200, response.text
    return response.json()


async def delete_part(person: Person, event: Json, scope: str, occurrence: str) -> None:
    """Delete a part of a series."""
    response = await person.delete(path_of(event), params={"scope": scope, "occurrence": occurrence})
    assert response.status_code == 204, response.text


async def move_to_zone(person: Person, time_zone: str) -> None:
    """Let a person live in a zone."""
    response = await person.patch("/api/v1/auth/me", {"time_zone": time_zone})
    assert response.status_code == 200, response.text


def starts(entries: list[Json]) -> list[str]:
    """When the entries of a list start."""
    return [entry["start_time"] for entry in entries]


def titles(entries: list[Json]) -> list[str]:
    """What the entries of a list are called."""
    return [entry["title"] for entry in entries]
