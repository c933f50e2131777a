"""Steps of the tests about double bookings: days of March 2045, taken and asked for."""

from __future__ import annotations

from tests.api.steps import refusal
from tests.people import Json, Person

EVENTS = "/api/v1/events"


def at(start: str, end: str, **fields: Json) -> Json:
    """An event on a day of the year 2045 between two times: `02 09:00` is the second of March at nine."""
    times = {"start_time": f"2045-03-{start.replace(' ', 'T')}:00Z", "end_time": f"2045-03-{end.replace(' ', 'T')}:00Z"}
    return {"title": "Wanted", **times, **fields}


async def book(person: Person, start: str, end: str, title: str = "Taken", **fields: Json) -> Json:
    """Create an event, whose time must be free."""
    response = await person.post(EVENTS, at(start, end, title=title, **fields))
    assert response.status_code == 201, response.text
    return response.json()


async def book_all_the_same(person: Person, start: str, end: str, **fields: Json) -> Json:
    """Create an event, although its time is taken."""
    response = await person.post(EVENTS, at(start, end, **fields), params={"on_conflict": "allow"})
    assert response.status_code == 201, response.text
    return response.json()


async def clash(person: Person, event: Json) -> Json:
    """Try to create an event whose time is taken, make sure that it was not, and give the problem."""
    before = (await person.get(EVENTS)).json()
    problem = refusal(await person.post(EVENTS, event), 409, "schedule-conflict")
    assert (await person.get(EVENTS)).json() == before
    return problem
