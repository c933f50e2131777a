"""Many events at once: all or none, and every fault named by its place."""

from __future__ import annotations

from tests.api.steps import calendar, invalid, path_of, refusal, titles
from tests.people import Json, Person

EVENTS = "/api/v1/events"
BATCH = "/api/v1/events/batch"


def event(day: int, hour: int = 9, **fields: Json) -> Json:
    """An event on a day of March 2045, an hour long."""
    times = {"start_time": f"2045-03-{day:02}T{hour:02}:00:00Z", "end_time": f"2045-03-{day:02}T{hour + 1:02}:00:00Z"}
    return {"title": f"day {day}", **times, **fields}


async def test_the_events_of_a_batch_are_created_in_its_order(alice: Person):
    response = await alice.post(BATCH, {"events": [event(3), event(1), event(2, recurrence_pattern="weekly")]})
    assert response.status_code == 201
    created = response.json()
    assert titles(created) == ["day 3", "day 1", "day 2"]
    assert [one["version"] for one in created] == [1, 1, 1]
    for one in created:
        assert (await alice.get(path_of(one))).json() == one
        assert [version["kind"] for version in (await alice.get(f"{path_of(one)}/history")).json()] == ["created"]


async def test_a_batch_may_be_a_bare_array(alice: Person):
    response = await alice.post(BATCH, [event(1), event(2)])
    assert (response.status_code, titles(response.json())) == (201, ["day 1", "day 2"])


async def test_every_fault_in_a_batch_is_named_by_its_place(alice: Person):
    faulty = [event(1), {"title": "x"}, event(2, end_time="2045-03-02T09:00:00Z"), event(3, time_zone="Mars")]
    assert invalid(await alice.post(BATCH, {"events": faulty})) == ["/events/1/start_time", "/events/1/end_time"]
    [_, _, *senseless] = faulty
    assert invalid(await alice.post(BATCH, {"events": senseless})) == ["/events/0/end_time", "/events/1/time_zone"]
    pattern = event(4, recurrence_pattern={"frequency": "daily", "interval": 0})
    assert invalid(await alice.post(BATCH, [event(1), pattern])) == ["/events/1/recurrence_pattern/interval"]
    assert (await alice.get(EVENTS)).json() == []


async def test_events_of_a_batch_clash_with_each_other(alice: Person):
    refused = await alice.post(BATCH, [event(1), event(2), event(1, title="again"), event(2, title="and again")])
    problem = refusal(refused, 409, "schedule-conflict")
    assert [(one["index"], one["other_index"], one["title"], one["event_id"]) for one in problem["conflicts"]] == [
        (0, 2, "again", None),
        (1, 3, "and again", None),
    ]
    assert (await alice.get(EVENTS)).json() == []


async def test_series_in_a_batch_clash_with_each_other(alice: Person):
    daily = event(1, recurrence_pattern={"frequency": "daily", "count": 40})
    refused = await alice.post(BATCH, [daily, event(20, title="single")])
    [conflict] = refusal(refused, 409, "schedule-conflict")["conflicts"]
    assert (conflict["index"], conflict["other_index"], conflict["title"]) == (0, 1, "single")
    assert (await alice.post(BATCH, [daily, event(20, hour=10)])).status_code == 201


async def test_events_of_a_batch_clash_with_what_is_there(alice: Person):
    [taken] = (await alice.post(BATCH, [event(2, title="Taken")])).json()
    problem = refusal(await alice.post(BATCH, [event(1), event(2)]), 409, "schedule-conflict")
    assert problem["conflicts"] == [
        {
            "index": 1,
            "other_index": None,
            "event_id": taken["id"],
            "title": "Taken",
            "start_time": taken["start_time"],
            "end_time": taken["end_time"],
        }
    ]
    assert titles((await alice.get(EVENTS)).json()) == ["Taken"]


async def test_a_batch_may_overlap_if_that_is_wanted(alice: Person):
    response = await alice.post(BATCH, [event(1), event(1)], params={"on_conflict": "allow"})
    assert response.status_code == 201


async def test_what_takes_no_time_does_not_clash_in_a_batch(alice: Person):
    free = [event(1, free_busy_status="free"), event(1, status="cancelled"), event(1)]
    assert (await alice.post(BATCH, free)).status_code == 201


async def test_a_batch_of_a_thousand_is_created_and_read_back(alice: Person):
    batch = [event(1 + n % 28, n // 28 % 23, free_busy_status="free", title=f"n{n}") for n in range(1000)]
    response = await alice.post(BATCH, {"events": batch})
    assert response.status_code == 201
    assert titles(response.json()) == [f"n{n}" for n in range(1000)]
    assert len({one["id"] for one in response.json()}) == 1000
    found = await calendar(alice, "2045-03-01", "2045-03-31", limit=200)
    assert sorted(titles(found)) == sorted(titles(batch))


async def test_a_busy_batch_of_a_thousand_is_compared_with_itself(alice: Person):
    def minutes(n: int) -> Json:
        day, hour, minute = 1 + n // 96, n // 4 % 24, n % 4 * 15
        start = f"2045-03-{day:02}T{hour:02}:{minute:02}"
        return {"title": f"n{n}", "start_time": f"{start}:00Z", "end_time": f"{start[:-1]}{minute % 10 + 4}:00Z"}

    batch = [minutes(n) for n in range(1000)]
    refused = await alice.post(BATCH, [*batch[:999], batch[0]])
    [conflict] = refusal(refused, 409, "schedule-conflict")["conflicts"]
    assert (conflict["index"], conflict["other_index"]) == (0, 999)
    assert (await alice.post(BATCH, batch)).status_code == 201


async def test_more_than_a_thousand_are_refused(alice: Person):
    batch = [event(1, free_busy_status="free")] * 1001
    assert invalid(await alice.post(BATCH, {"events": batch})) == ["/events"]
    assert invalid(await alice.post(BATCH, {"events": []})) == ["/events"]
    assert (await alice.get(EVENTS)).json() == []
