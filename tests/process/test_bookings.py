"""Bookings that exclude each other, asked for at once: one wins, whichever process each request reaches."""

from __future__ import annotations

from itertools import cycle, pairwise
from typing import Any

from tests.people import Person
from tests.process.callers import ServedApi, all_at_once, statuses
from tests.process.servers import rounds

EVENTS = "/api/v1/events"
MANY = 100
LIMIT = 200


def at(minute: int, **fields: Any) -> dict[str, Any]:
    """An hour that begins so many minutes after nine: any two of them overlap within the hour."""
    start, end = f"2027-03-01T09:{minute:02}:00Z", f"2027-03-01T10:{minute:02}:00Z"
    return {"title": f"Booking {minute}", "start_time": start, "end_time": end, **fields}


async def overlaps(person: Person) -> list[tuple[Any, Any]]:
    """Pairs of a person's busy occurrences, neighbours in time, that overlap: there must never be one."""
    busy = (await person.get(EVENTS, limit=LIMIT, **{"from": "2027-03-01", "to": "2027-04-30"})).json()
    assert len(busy) < LIMIT
    return [(one, later) for one, later in pairwise(busy) if later["start_time"] < one["end_time"]]


async def test_of_100_overlapping_bookings_one_succeeds(alice: Person):
    answers = await all_at_once(alice.post(EVENTS, at(number % 60)) for number in range(MANY))
    assert statuses(answers) == {201: 1, 409: MANY - 1}
    assert len((await alice.get(EVENTS)).json()) == 1


async def test_of_100_overlapping_bookings_through_two_processes_one_succeeds(alice: Person, there: ServedApi):
    doors = cycle((alice, there.known(alice)))
    answers = await all_at_once(next(doors).post(EVENTS, at(number % 60)) for number in range(MANY))
    assert statuses(answers) == {201: 1, 409: MANY - 1}
    assert len((await alice.get(EVENTS)).json()) == 1


async def test_whoever_is_refused_is_told_what_won(alice: Person, there: ServedApi):
    doors = cycle((alice, there.known(alice)))
    answers = await all_at_once(next(doors).post(EVENTS, at(number)) for number in range(10))
    [won] = [answer.json() for answer in answers if answer.status_code == 201]
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["type"] for problem in lost} == {"/problems/schedule-conflict"}
    assert [problem["conflicts"][0]["event_id"] for problem in lost] == [won["id"]] * len(lost)


async def test_of_overlapping_series_one_succeeds(alice: Person, there: ServedApi):
    """Every second day meets every third day on the seventh, however far apart they begin."""
    doors = cycle((alice, there.known(alice)))
    series = [
        at(0, recurrence_pattern="FREQ=DAILY;INTERVAL=2;COUNT=20"),
        at(0, recurrence_pattern="FREQ=DAILY;INTERVAL=3;COUNT=15"),
        {
            **at(30, recurrence_pattern="FREQ=WEEKLY;COUNT=5"),
            "start_time": "2027-03-07T09:30:00Z",
            "end_time": "2027-03-07T10:30:00Z",
        },
    ]
    answers = await all_at_once(next(doors).post(EVENTS, series[number % 3]) for number in range(30))
    assert statuses(answers) == {201: 1, 409: 29}
    assert await overlaps(alice) == []


async def test_a_batch_and_single_bookings_never_overlap(alice: Person, there: ServedApi):
    """The batch takes four hours, each of the others takes one of them: all of the batch gets through, or none."""
    doors = cycle((alice, there.known(alice)))
    for day in range(1, 1 + rounds(3, 20)):
        hours = [
            {
                "title": "Booking",
                "start_time": f"2027-03-{day:02}T{hour:02}:00",
                "end_time": f"2027-03-{day:02}T{hour + 1:02}:00",
            }
            for hour in range(9, 13)
        ]
        [batch, *singles] = await all_at_once(
            [
                next(doors).post(f"{EVENTS}/batch", {"events": hours}),
                *(next(doors).post(EVENTS, hour) for hour in hours for _ in range(2)),
            ]
        )
        won = statuses(singles)[201]
        assert (batch.status_code, won) in {(201, 0), *((409, count) for count in range(1, 5))}
        assert len((await alice.get(EVENTS, **{"from": f"2027-03-{day:02}", "to": f"2027-03-{day:02}"})).json()) in {
            won,
            4,
        }
    assert await overlaps(alice) == []


async def test_an_editors_move_and_the_owners_bookings_never_overlap(alice: Person, ben: Person, there: ServedApi):
    """Ben moves Alice's event to an hour that she books in the same moment: it is her time, so only one may have it."""
    elsewhere = there.known(ben)
    for day in range(1, 1 + rounds(4, 25)):
        here, hour = f"2027-03-{day:02}T06:00:00Z", f"2027-03-{day:02}T09:00:00Z"
        event = await alice.creates("Moved by Ben", here, f"2027-03-{day:02}T07:00:00Z")
        await alice.shares(event, ben)
        times = {"start_time": hour, "end_time": f"2027-03-{day:02}T10:00:00Z"}
        answers = await all_at_once(
            [
                elsewhere.put(f"{EVENTS}/{event['id']}", times),
                alice.post(EVENTS, {"title": "Booked by Alice", **times}),
                alice.post(EVENTS, {"title": "Booked by Alice", **times}),
            ]
        )
        assert sorted(answer.status_code for answer in answers)[1:] == [409, 409], [one.text for one in answers]
    assert await overlaps(alice) == []


async def test_of_events_restored_into_taken_time_one_succeeds(alice: Person, there: ServedApi):
    """Time in the trash is free, so many events lie there on top of each other; one of them can come back."""
    doors = cycle((alice, there.known(alice)))
    trashed = []
    for minute in range(8):
        event = (await alice.post(EVENTS, at(minute))).json()
        assert (await alice.delete(f"{EVENTS}/{event['id']}")).status_code == 204
        trashed.append(event["id"])
    answers = await all_at_once(next(doors).post(f"{EVENTS}/{event_id}/restore") for event_id in trashed)
    assert statuses(answers) == {200: 1, 409: 7}
