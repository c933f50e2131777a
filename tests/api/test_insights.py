"""Insights: how many hours, in which weeks and calendars, at which hours, and with whom."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.steps import delete_part, invalid, move_to_zone, path_of, refusal
from tests.people import Json, Person

INSIGHTS = "/api/v1/insights"
NOVEMBER = {"from": "2026-11-16", "to": "2026-11-29"}


async def november(person: Person, **params: str) -> Json:
    answer = await person.get(INSIGHTS, **{**NOVEMBER, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def busy(person: Person, day: int, start: str, end: str, **fields: Any) -> Json:
    return await person.creates("Work", f"2026-11-{day:02}T{start}:00Z", f"2026-11-{day:02}T{end}:00Z", **fields)


def heat(found: Json) -> dict[tuple[int, int], float]:
    """The hours of the week in which anything is busy, Monday first."""
    return {(day, hour): hours for day, row in enumerate(found["heat"]) for hour, hours in enumerate(row) if hours}


def hours(found: Json) -> list[float]:
    return [week["hours"] for week in found["weeks"]]


async def test_hours_are_counted_by_week_calendar_and_hour(alice: Person):
    await busy(alice, 17, "09:30", "12:00")
    await busy(alice, 26, "09:00", "10:00")
    found = await november(alice)
    assert found["weeks"] == [
        {"week": "2026-W47", "starts": "2026-11-16", "hours": 2.5},
        {"week": "2026-W48", "starts": "2026-11-23", "hours": 1.0},
    ]
    [calendar] = (await alice.get("/api/v1/calendars")).json()
    assert found["calendars"] == [{"calendar_id": calendar["id"], "name": "Calendar", "hours": 3.5}]
    assert heat(found) == {(1, 9): 0.5, (1, 10): 1.0, (1, 11): 1.0, (3, 9): 1.0}
    assert [len(row) for row in found["heat"]] == [24] * 7


async def test_where_nothing_is_busy_there_are_weeks_of_nothing(alice: Person):
    found = await november(alice)
    assert (hours(found), heat(found), found["collaborators"]) == ([0.0, 0.0], {}, [])


async def test_a_series_counts_by_its_occurrences(alice: Person):
    series = await busy(alice, 16, "09:00", "10:00", recurrence_pattern="FREQ=DAILY;COUNT=20")
    await delete_part(alice, series, "this", "2026-11-18T09:00:00")
    await alice.put(
        path_of(series), {"status": "cancelled"}, params={"scope": "this", "occurrence": "2026-11-25T09:00:00"}
    )
    assert hours(await november(alice)) == [6.0, 6.0]


async def test_free_and_cancelled_time_does_not_count(alice: Person, ben: Person):
    for fields in ({"free_busy_status": "free"}, {"status": "cancelled"}):
        await alice.shares(await busy(alice, 17, "09:00", "10:00", **fields), ben)
    await alice.creates("Holiday", "2026-11-16", "2026-11-20", all_day=True)
    await busy(alice, 18, "09:00", "10:00", status="tentative")
    found = await november(alice)
    assert (hours(found), found["collaborators"]) == ([1.0, 0.0], [])


async def test_only_the_time_inside_the_window_counts(alice: Person):
    await alice.creates("Long", "2026-11-01T00:00:00Z", "2026-12-31T00:00:00Z")
    assert hours(await november(alice)) == [168.0, 168.0]
    found = (await alice.get(INSIGHTS, **{"from": "2026-11-17T09:30:00Z", "to": "2026-11-17T11:00:00Z"})).json()
    assert (hours(found), heat(found)) == ([1.5], {(1, 9): 0.5, (1, 10): 1.0})


async def test_hours_are_those_of_the_callers_clocks_or_of_a_zone_that_is_asked_for(alice: Person):
    await busy(alice, 22, "23:00", "23:30")
    assert heat(await november(alice)) == {(6, 23): 0.5}
    assert heat(await november(alice, time_zone="Asia/Kolkata")) == {(0, 4): 0.5}
    assert hours(await november(alice, time_zone="Asia/Kolkata")) == [0.0, 0.5]
    await move_to_zone(alice, "Europe/Berlin")
    assert heat(await november(alice)) == {(0, 0): 0.5}


async def test_the_time_of_others_is_not_ones_own_but_one_meets_them_there(alice: Person, ben: Person, carla: Person):
    mine, theirs = await busy(alice, 17, "09:00", "10:00"), await busy(ben, 17, "09:00", "11:00")
    series = await busy(alice, 18, "09:00", "10:00", recurrence_pattern="FREQ=DAILY;COUNT=5")
    elsewhere = await alice.creates("Elsewhere", "2027-11-17T09:00:00Z", "2027-11-17T10:00:00Z")
    for event, owner, person in (
        (mine, alice, ben),
        (theirs, ben, alice),
        (series, alice, carla),
        (elsewhere, alice, carla),
    ):
        await owner.shares(event, person, "viewer")
    await carla.patch("/api/v1/auth/me", {"display_name": "Carla"})
    found = await november(alice)
    assert hours(found) == [6.0, 0.0]
    assert found["collaborators"] == [
        {"user_id": ben.id, "username": ben.username, "display_name": None, "events": 2},
        {"user_id": carla.id, "username": carla.username, "display_name": "Carla", "events": 1},
    ]
    assert [one["events"] for one in (await november(ben))["collaborators"]] == [2]
    await alice.delete(f"{path_of(mine)}/permissions/{ben.id}")
    assert [one["events"] for one in (await november(alice))["collaborators"]] == [1, 1]


async def test_strangers_count_for_nothing(alice: Person, stranger: Person):
    await busy(alice, 17, "09:00", "10:00")
    found = await november(stranger)
    assert (hours(found), found["collaborators"]) == ([0.0, 0.0], [])


async def test_what_makes_no_sense_is_refused(alice: Person):
    assert invalid(await alice.get(INSIGHTS)) == ["?from"]
    for zone in ("Mars/Olympus", "x" * 65):
        assert invalid(await alice.get(INSIGHTS, **NOVEMBER, time_zone=zone)) == ["?time_zone"]
    refusal(await alice.get(INSIGHTS, **{"from": "2026-01-01", "to": "2028-01-01"}), 422, "too-much")
    assert invalid(await alice.get(INSIGHTS, **{"from": "2026-02-01", "to": "2026-01-01"})) == ["?to"]


async def test_too_many_occurrences_are_refused_never_cut(alice: Person):
    for start in range(30):
        times = {"start": f"2026-01-01T00:{start:02}:00Z", "end": f"2026-01-01T00:{start:02}:30Z"}
        await alice.creates("Busy", **times, recurrence_pattern="FREQ=DAILY;COUNT=400")
    year = {"from": "2026-01-01", "to": "2026-12-31"}
    refusal(await alice.get(INSIGHTS, **year), 422, "too-much")


@pytest.mark.parametrize("start", ["0001-01-04T00:00:00Z", "9999-12-27T00:00:00Z"])
async def test_the_ends_of_time_have_insights_too(alice: Person, start: str):
    window = {"from": start, "to": start.replace("T00", "T23")}
    for zone in ("Pacific/Apia", "Pacific/Kiritimati"):
        assert (await alice.get(INSIGHTS, **window, time_zone=zone)).status_code == 200


@pytest.mark.parametrize(("said", "missing"), [("from", "?to"), ("to", "?from")])
async def test_insights_need_both_edges_of_a_window(alice: Person, said: str, missing: str):
    assert invalid(await alice.get(INSIGHTS, **{said: "2027-03-01"})) == [missing]
