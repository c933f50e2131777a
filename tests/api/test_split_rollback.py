"""Going back past a split, and restoring a half: no occurrence comes twice because of it."""

from __future__ import annotations

import pytest

from tests.api.steps import calendar, change_part, path_of, read, refusal, starts, titles
from tests.people import Json, Person

SECOND, THIRD, FOURTH = (f"2027-03-0{day}T09:00:00" for day in (2, 3, 4))
MARCH = ("2027-03-01", "2027-03-31")


@pytest.fixture
async def series(alice: Person) -> Json:
    """A series on the first four days of March 2027, at nine."""
    return await alice.creates("Stand-up", recurrence_pattern={"frequency": "daily", "count": 4})


async def days(person: Person) -> list[str]:
    """On which days of March anything takes place."""
    return [start[8:10] for start in starts(await calendar(person, *MARCH))]


async def split_in_vain(person: Person, series: Json, method: str, path: str, fields: Json = None) -> str:
    """Make sure that something is refused because the series was split, and give the reason in words."""
    before = await calendar(person, *MARCH)
    problem = refusal(await person.request(method, f"{path_of(series)}/{path}", json=fields), 409, "not-possible")
    assert problem["reason"] == "series_split"
    assert await calendar(person, *MARCH) == before
    return str(problem["detail"])


async def go_back(person: Person, event: Json, version: int, fields: list[str] | None = None) -> Json:
    answer = await person.post(f"{path_of(event)}/rollback/{version}", {"fields": fields} if fields else None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def restore(person: Person, event: Json) -> None:
    answer = await person.post(f"{path_of(event)}/restore")
    assert answer.status_code == 200, answer.text


# -- going back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [None, ["recurrence_pattern"], ["title", "start_time"], ["schedule"]])
async def test_a_series_does_not_become_whole_again_beside_its_later_half(
    alice: Person, series: Json, fields: list[str] | None
):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    detail = await split_in_vain(alice, series, "POST", "rollback/1", {"fields": fields} if fields else None)
    assert f"event {later['id']}" in detail
    assert await days(alice) == ["01", "02", "03", "04"]


async def test_what_is_no_schedule_is_rolled_back_past_a_split(alice: Person, series: Json):
    await change_part(alice, series, "following", THIRD, title="Daily")
    await alice.changes(series, title="Early", location="Room 4")
    back = await go_back(alice, series, 1, ["title", "location"])
    assert (back["title"], back["location"], back["recurrence_pattern"]["count"]) == ("Stand-up", None, 2)
    assert titles(await calendar(alice, *MARCH)) == ["Stand-up", "Stand-up", "Daily", "Daily"]


async def test_a_series_becomes_whole_again_once_its_later_half_is_deleted(alice: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    await alice.delete(path_of(later))
    await go_back(alice, series, 1)
    assert titles(await calendar(alice, *MARCH)) == ["Stand-up"] * 4


async def test_a_series_does_not_become_whole_again_beside_what_its_deleted_half_was_split_into(
    alice: Person, series: Json
):
    later = await change_part(alice, series, "following", SECOND, title="Daily")
    last = await change_part(alice, later, "following", THIRD, title="Last")
    await alice.delete(path_of(later))
    assert f"event {last['id']}" in await split_in_vain(alice, series, "POST", "rollback/1")


async def test_a_half_that_nobody_sees_is_not_named(alice: Person, ben: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    await alice.shares(series, ben)
    assert str(later["id"]) not in await split_in_vain(ben, series, "POST", "rollback/1")


async def test_a_half_is_rolled_back_to_what_it_was_after_the_split(alice: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    for half, version in ((series, 2), (later, 1)):
        await alice.changes(half, recurrence_pattern={"frequency": "daily", "count": 1})
        await go_back(alice, half, version)
    assert await days(alice) == ["01", "02", "03", "04"]


async def test_a_version_in_which_the_series_was_whole_again_is_no_way_around(alice: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    await alice.delete(path_of(later))
    await go_back(alice, series, 1)
    await go_back(alice, series, 2)
    await restore(alice, later)
    await split_in_vain(alice, series, "POST", "rollback/3")


# -- rejoining -----------------------------------------------------------------------------------------------


async def rejoin(person: Person, series: Json, version: int = 1, **fields: Json) -> Json:
    answer = await person.post(f"{path_of(series)}/rollback/{version}", {"rejoin": True, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_split_is_undone_in_one_step_and_leaves_nothing_in_the_trash(alice: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    back = await rejoin(alice, series)
    assert back["continued_by"] is None
    assert titles(await calendar(alice, *MARCH)) == ["Stand-up"] * 4
    assert (await alice.get("/api/v1/events/trash")).json() == []
    assert (await alice.get(path_of(later))).status_code == 404


async def test_an_editor_undoes_a_split_of_theirs(alice: Person, ben: Person, series: Json):
    await alice.shares(series, ben)
    await change_part(ben, series, "following", THIRD, title="Daily")
    await rejoin(ben, series)
    assert titles(await calendar(alice, *MARCH)) == ["Stand-up"] * 4
    assert (await alice.get("/api/v1/events/trash")).json() == []


async def test_undoing_a_split_keeps_what_others_did_to_the_earlier_half(alice: Person, series: Json):
    await change_part(alice, series, "following", THIRD, title="Daily")
    await alice.changes(series, location="Room 4")
    back = await rejoin(alice, series, fields=["recurrence_pattern"])
    assert (back["location"], back["recurrence_pattern"]["count"]) == ("Room 4", 4)
    assert await days(alice) == ["01", "02", "03", "04"]


async def test_a_half_that_was_changed_since_is_not_rejoined(alice: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    await alice.changes(later, location="Room 4")
    detail = await split_in_vain(alice, series, "POST", "rollback/1", {"rejoin": True})
    assert f"event {later['id']}" in detail


async def test_a_half_that_was_split_again_is_not_rejoined(alice: Person, series: Json):
    later = await change_part(alice, series, "following", SECOND, title="Daily")
    await change_part(alice, later, "following", THIRD, title="Last")
    await split_in_vain(alice, series, "POST", "rollback/1", {"rejoin": True})


async def test_rejoining_one_half_leaves_the_next_one(alice: Person, series: Json):
    last = await change_part(alice, series, "following", FOURTH, title="Last")
    await change_part(alice, series, "following", SECOND, title="Middle")
    back = await rejoin(alice, series, 2)
    assert back["continued_by"] == last["id"]
    assert (await read(alice, last))["split_from"] == series["id"]
    assert titles(await calendar(alice, *MARCH)) == ["Stand-up", "Stand-up", "Stand-up", "Last"]


async def test_the_past_shows_a_half_that_was_rejoined_only_until_then(alice: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    await rejoin(alice, series)
    now = (await read(alice, series))["updated_at"]
    shown = (await alice.get("/api/v1/events", as_of=now, **{"from": MARCH[0], "to": MARCH[1]})).json()
    assert titles(shown) == ["Stand-up"] * 4
    assert later["id"] not in {event["id"] for event in shown}


async def test_a_rollback_that_leaves_the_schedule_alone_rejoins_nothing(alice: Person, series: Json):
    await change_part(alice, series, "following", THIRD, title="Daily")
    await rejoin(alice, series, fields=["title"])
    assert titles(await calendar(alice, *MARCH)) == ["Stand-up", "Stand-up", "Daily", "Daily"]


# -- restoring -----------------------------------------------------------------------------------------------


async def test_a_later_half_does_not_come_back_beside_a_series_that_is_whole_again(alice: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    await alice.delete(path_of(later))
    await go_back(alice, series, 1)
    assert f"event {series['id']}" in await split_in_vain(alice, later, "POST", "restore")
    await go_back(alice, series, 2)
    await restore(alice, later)
    assert await days(alice) == ["01", "02", "03", "04"]


async def test_a_series_that_is_whole_again_does_not_come_back_beside_its_later_half(alice: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    await alice.delete(path_of(later))
    await go_back(alice, series, 1)
    await alice.delete(path_of(series))
    await restore(alice, later)
    assert f"event {later['id']}" in await split_in_vain(alice, series, "POST", "restore")


async def test_halves_come_back_one_after_the_other(alice: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    for half in (series, later):
        await alice.delete(path_of(half))
    for half in (later, series):
        await restore(alice, half)
    assert await days(alice) == ["01", "02", "03", "04"]


async def test_whoever_wants_a_half_twice_can_have_it(alice: Person, series: Json):
    later = await change_part(alice, series, "following", THIRD, title="Daily")
    await alice.delete(path_of(later))
    await go_back(alice, series, 1)
    answer = await alice.post(f"{path_of(later)}/restore", params={"on_conflict": "allow"})
    assert answer.status_code == 200
    assert (await read(alice, later))["title"] == "Daily"
