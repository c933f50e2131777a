"""PATCH with application/merge-patch+json is RFC 7396 all the way down; overrides are read, not written."""

from __future__ import annotations

import httpx2
import pytest

from tests.api.steps import invalid, path_of, read
from tests.people import Json, Person

WEEKLY = {"frequency": "weekly", "interval": 2, "byDay": [{"day": "mo"}], "count": 5}
UNTIL_JUNE = {"frequency": "weekly", "interval": 2, "byDay": [{"day": "mo"}], "until": "2027-06-01T00:00:00"}
SECOND = {"scope": "this", "occurrence": "2027-03-15T09:00:00"}


@pytest.fixture
async def series(alice: Person) -> Json:
    """Every second Monday, five times."""
    return await alice.creates(recurrence_pattern=WEEKLY)


async def patch(person: Person, event: Json, sent: Json, **params: str) -> httpx2.Response:
    """Send a JSON Merge Patch."""
    kind = {"Content-Type": "application/merge-patch+json"}
    return await person.patch(path_of(event), sent, params=params, headers=kind)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"interval": 3}, {**WEEKLY, "interval": 3}),
        ({"count": 7}, {**WEEKLY, "count": 7}),
        ({"count": None}, {key: value for key, value in WEEKLY.items() if key != "count"}),
        ({"count": None, "until": "2027-06-01T00:00:00"}, UNTIL_JUNE),
        ({"byDay": [{"day": "mo"}, {"day": "we"}]}, {**WEEKLY, "byDay": [{"day": "mo"}, {"day": "we"}]}),
        ({"byMonthDay": None}, WEEKLY),
        ({}, WEEKLY),
        (None, None),
        ("FREQ=DAILY", {"frequency": "daily"}),
    ],
)
async def test_a_pattern_is_patched_member_by_member(alice: Person, series: Json, sent: Json, kept: Json):
    answer = await patch(alice, series, {"recurrence_pattern": sent})
    assert (answer.status_code, answer.json()["recurrence_pattern"]) == (200, kept)


async def test_where_there_is_no_pattern_one_is_made_of_the_members_that_are_there(alice: Person):
    event = await alice.creates()
    answer = await patch(alice, event, {"recurrence_pattern": {"frequency": "daily", "count": None}})
    assert answer.json()["recurrence_pattern"] == {"frequency": "daily"}


async def test_a_patch_of_a_pattern_is_of_the_version_that_was_read(alice: Person, series: Json):
    await patch(alice, series, {"title": "Renamed"})
    answer = await patch(alice, series, {"recurrence_pattern": {"interval": 1}, "base_version": 1})
    assert (answer.json()["recurrence_pattern"].get("interval"), answer.json()["title"]) == (None, "Renamed")


async def test_what_makes_no_sense_together_is_refused(alice: Person, series: Json):
    refused = await patch(alice, series, {"recurrence_pattern": {"until": "2027-06-01T00:00:00"}})
    assert [place[:19] for place in invalid(refused)] == ["/recurrence_pattern"]
    assert await read(alice, series) == series


async def test_following_occurrences_take_a_patch_of_the_whole_pattern(alice: Person, series: Json):
    answer = await patch(alice, series, {"recurrence_pattern": {"count": None}}, **{**SECOND, "scope": "following"})
    assert answer.json()["recurrence_pattern"] == {"frequency": "weekly", "interval": 2, "byDay": [{"day": "mo"}]}


async def test_one_occurrence_takes_a_patch_of_the_pattern_that_says_nothing_new(alice: Person, series: Json):
    same = await patch(alice, series, {"title": "Own", "recurrence_pattern": {"interval": 2}}, **SECOND)
    assert same.status_code == 200
    assert invalid(await patch(alice, series, {"recurrence_pattern": {"interval": 1}}, **SECOND)) == [
        "/recurrence_pattern"
    ]


async def test_as_plain_json_a_pattern_takes_the_place_of_the_one_before(alice: Person, series: Json):
    answer = await alice.patch(path_of(series), {"recurrence_pattern": {"frequency": "weekly"}})
    assert answer.json()["recurrence_pattern"] == {"frequency": "weekly"}


# -- overrides -----------------------------------------------------------------------------------------------


@pytest.fixture
async def with_own(alice: Person, series: Json) -> Json:
    """The series, of which one occurrence has a title of its own."""
    await alice.put(path_of(series), {"title": "Own"}, params=SECOND)
    return await read(alice, series)


async def test_overrides_are_sent_back_as_they_were_read(alice: Person, with_own: Json):
    for sent in (with_own, {"overrides": with_own["overrides"]}):
        for method in (alice.put, alice.patch):
            answer = await method(path_of(with_own), sent)
            assert (answer.status_code, answer.json()) == (200, with_own)
    assert (await patch(alice, with_own, {"overrides": {}})).json() == with_own


async def test_an_occurrence_is_sent_back_as_it_was_read(alice: Person, with_own: Json):
    params = {"from": "2027-03-01", "to": "2027-04-30"}
    for entry in (await alice.get("/api/v1/events", **params)).json():
        answer = await alice.put(path_of(with_own), entry)
        assert (answer.status_code, answer.json()) == (200, with_own)


async def test_the_overrides_of_an_older_version_are_those_that_its_reader_sends_back(alice: Person, series: Json):
    await alice.put(path_of(series), {"title": "Own"}, params=SECOND)
    answer = await alice.put(path_of(series), {**series, "location": "Hall"})
    assert (answer.json()["location"], list(answer.json()["overrides"])) == ("Hall", [SECOND["occurrence"]])


@pytest.mark.parametrize("sent", [None, {}, {"2027-03-15T09:00:00": {"title": "Other"}}, {"2027-03-29T09:00:00": {}}])
async def test_other_overrides_than_those_that_were_read_are_refused(alice: Person, with_own: Json, sent: Json):
    assert invalid(await alice.put(path_of(with_own), {"overrides": sent})) == ["/overrides"]
    assert await read(alice, with_own) == with_own


async def test_a_patch_of_overrides_is_refused(alice: Person, with_own: Json):
    assert invalid(await patch(alice, with_own, {"overrides": {SECOND["occurrence"]: None}})) == ["/overrides"]


async def test_a_new_event_has_no_overrides(alice: Person, with_own: Json):
    assert invalid(await alice.post("/api/v1/events", with_own)) == ["/overrides"]
    copied = await alice.post("/api/v1/events", {**with_own, "overrides": {}})
    assert copied.status_code == 201
