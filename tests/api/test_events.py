"""Single events: creating, reading, changing, and sending back what was read."""

from __future__ import annotations

import pytest

from tests.api.steps import invalid, path_of, read
from tests.people import Json, Person

MEETING = {"title": "Planning", "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:30:00Z"}


# -- creating ------------------------------------------------------------------------------------------------


async def test_a_new_event_has_all_that_was_said(alice: Person):
    said = {
        **MEETING,
        "description": "The next quarter\nand the one after",
        "location": "Room 4",
        "time_zone": "UTC",
        "all_day": False,
        "status": "tentative",
        "free_busy_status": "free",
        "tags": ["work", "quarter"],
    }
    event = (await alice.post("/api/v1/events", said)).json()
    assert event.items() >= {**said, "tags": ["quarter", "work"]}.items()
    assert (event["owner_id"], event["role"], event["updated_by"]) == (alice.id, "owner", alice.id)


async def test_what_is_not_said_has_a_default(alice: Person):
    event = (await alice.post("/api/v1/events", MEETING)).json()
    expected: Json = {
        "description": None,
        "location": None,
        "time_zone": "UTC",
        "all_day": False,
        "status": "confirmed",
        "free_busy_status": "busy",
        "tags": [],
        "is_recurring": False,
        "recurrence_pattern": None,
        "overrides": {},
        "version": 1,
        "split_from": None,
        "continued_by": None,
    }
    assert event.items() >= expected.items()
    assert event["created_at"] == event["updated_at"]


async def test_the_answer_to_creating_says_where_the_event_is_and_in_which_version(alice: Person):
    created = await alice.post("/api/v1/events", MEETING)
    assert created.headers["etag"] == '"1"'
    assert created.headers["location"] == path_of(created.json())
    assert (await alice.get(created.headers["location"])).json() == created.json()


async def test_every_event_has_an_identifier_for_other_calendars(alice: Person):
    assert (await alice.creates())["uid"] != (await alice.creates())["uid"]


async def test_title_start_and_end_are_needed(alice: Person):
    assert sorted(invalid(await alice.post("/api/v1/events", {}))) == ["/end_time", "/start_time", "/title"]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"title": " "}, "/title"),
        ({"title": None}, "/title"),
        ({"end_time": "2027-03-01T09:00:00Z"}, "/end_time"),
        ({"end_time": "2027-03-01T08:00:00Z"}, "/end_time"),
        ({"end_time": "2037-04-01T09:00:00Z"}, "/end_time"),
        ({"start_time": "2027-02-30T09:00:00Z"}, "/start_time"),
        ({"start_time": 1803891600}, "/start_time"),
        ({"start_time": None}, "/start_time"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"time_zone": "../etc/passwd"}, "/time_zone"),
        ({"status": "postponed"}, "/status"),
        ({"free_busy_status": "maybe"}, "/free_busy_status"),
        ({"all_day": "yes"}, "/all_day"),
        ({"tags": ["a", 1]}, "/tags/1"),
        ({"titel": "Planning"}, "/titel"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_name(alice: Person, fields: Json, place: str):
    assert place in invalid(await alice.post("/api/v1/events", {**MEETING, **fields}))
    assert (await alice.get("/api/v1/events")).json() == []


async def test_nobody_creates_events_in_the_name_of_others(alice: Person, ben: Person):
    event = (await alice.post("/api/v1/events", {**MEETING, "owner_id": ben.id, "role": "viewer", "version": 9})).json()
    assert (event["owner_id"], event["role"], event["version"]) == (alice.id, "owner", 1)
    assert (await ben.get("/api/v1/events")).json() == []


# -- reading -------------------------------------------------------------------------------------------------


async def test_an_event_that_has_not_changed_is_not_sent_again(alice: Person):
    event = await alice.creates()
    path = path_of(event)
    for tags in ('"1"', 'W/"1"', '"7", "1"', "*"):
        unchanged = await alice.request("GET", path, headers={"If-None-Match": tags})
        assert (unchanged.status_code, unchanged.headers["etag"]) == (304, '"1"'), tags
    await alice.changes(event, title="Other")
    changed = await alice.request("GET", path, headers={"If-None-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')


async def test_everybody_reads_an_event_with_their_own_role(alice: Person, ben: Person, carla: Person):
    event = await alice.creates()
    await alice.shares(event, ben, "editor")
    await alice.shares(event, carla, "viewer")
    roles = [(await read(person, event))["role"] for person in (alice, ben, carla)]
    assert roles == ["owner", "editor", "viewer"]


# -- changing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_only_the_fields_that_are_sent_change(alice: Person, method: str):
    event = await alice.creates(description="Agenda", location="Room 4", tags=["work"])
    changed = await alice.request(method, path_of(event), json={"title": "Other", "tags": ["b", "a", "b"]})
    expected = {**event, "title": "Other", "tags": ["a", "b"], "version": 2, "updated_at": changed.json()["updated_at"]}
    assert (changed.status_code, changed.json(), changed.headers["etag"]) == (200, expected, '"2"')
    assert await read(alice, event) == expected


async def test_a_change_may_come_as_a_merge_patch(alice: Person):
    event = await alice.creates()
    headers = {"Content-Type": "application/merge-patch+json"}
    changed = await alice.request("PATCH", path_of(event), content=b'{"title": "Other"}', headers=headers)
    assert changed.json()["title"] == "Other"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_null_clears_what_can_be_empty(alice: Person, method: str):
    event = await alice.creates(
        description="Agenda", location="Room 4", tags=["work"], recurrence_pattern={"frequency": "daily", "count": 3}
    )
    nothing = {"description": None, "location": None, "tags": None, "recurrence_pattern": None}
    cleared = (await alice.request(method, path_of(event), json=nothing)).json()
    assert cleared.items() >= {**nothing, "tags": [], "is_recurring": False}.items()


@pytest.mark.parametrize(
    "field", ["title", "start_time", "end_time", "time_zone", "all_day", "status", "free_busy_status"]
)
async def test_null_is_refused_where_a_value_is_needed(alice: Person, field: str):
    event = await alice.creates()
    assert invalid(await alice.patch(path_of(event), {field: None})) == [f"/{field}"]
    assert await read(alice, event) == event


async def test_moving_the_start_alone_keeps_the_end(alice: Person):
    event = await alice.creates(start="2027-03-01T09:00:00Z", end="2027-03-01T10:00:00Z")
    longer = await alice.changes(event, start_time="2027-03-01T08:00:00Z")
    assert (longer["start_time"], longer["end_time"]) == ("2027-03-01T08:00:00Z", "2027-03-01T10:00:00Z")
    assert invalid(await alice.put(path_of(event), {"start_time": "2027-03-01T10:00:00Z"})) == ["/end_time"]


async def test_what_the_author_says_about_a_change_is_kept(alice: Person):
    event = await alice.creates()
    await alice.changes(event, title="Other", change_description="as agreed on Monday")
    [newest, first] = (await alice.get(f"{path_of(event)}/history")).json()
    assert (newest["change_description"], first["change_description"]) == ("as agreed on Monday", None)


# -- sending back what was read ------------------------------------------------------------------------------

EVERY_KIND: dict[str, Json] = {
    "a plain one": {},
    "one with everything": {"description": "a\r\nb", "location": "", "tags": ["x"], "status": "cancelled"},
    "one with microseconds": {"start_time": "2027-03-01T09:00:00.123456Z"},
    "one in another zone": {"time_zone": "Asia/Kathmandu"},
    "one over a change of clocks": {
        "time_zone": "Europe/Berlin",
        "start_time": "2027-03-28T00:30:00+01:00",
        "end_time": "2027-03-28T05:00:00+02:00",
    },
    "one whose wall time is skipped": {
        "time_zone": "Europe/Berlin",
        "start_time": "2027-03-28T02:30:00",
        "end_time": "2027-03-28T04:00:00",
    },
    "one in the second pass of an hour": {
        "time_zone": "America/New_York",
        "start_time": "2027-11-07T01:30:00-05:00",
        "end_time": "2027-11-07T01:45:00-05:00",
    },
    "one from the first pass into the second": {
        "time_zone": "America/New_York",
        "start_time": "2027-11-07T01:30:00-04:00",
        "end_time": "2027-11-07T01:30:00-05:00",
    },
    "one in local mean time": {
        "time_zone": "Europe/Amsterdam",
        "start_time": "1880-01-01T12:00:00",
        "end_time": "1880-01-01T13:00:00",
    },
    "the first one": {
        "time_zone": "Asia/Tokyo",
        "start_time": "0001-01-04T00:00:00Z",
        "end_time": "0001-01-04T01:00:00Z",
    },
    "the last one": {
        "time_zone": "Pacific/Apia",
        "start_time": "9999-12-27T00:00:00Z",
        "end_time": "9999-12-27T23:00:00Z",
    },
    "an all-day one": {"start_time": "2027-03-28", "end_time": "2027-03-29", "time_zone": "Europe/Berlin"},
    "one of several days": {"start_time": "2027-10-30", "end_time": "2027-11-02", "time_zone": "Europe/Berlin"},
    "a busy all-day one": {"start_time": "2027-03-01", "end_time": "2027-03-02", "free_busy_status": "busy"},
    "an endless series": {"recurrence_pattern": {"frequency": "weekly", "byDay": ["mo"]}},
    "a counted series": {"recurrence_pattern": {"frequency": "daily", "count": 5}},
    "a series with a last day": {"recurrence_pattern": {"frequency": "daily", "until": "2027-04-01"}},
    "a series from the RFC": {"recurrence_pattern": "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9;WKST=SU"},
    "a series that begins in a gap": {
        "time_zone": "Europe/Berlin",
        "start_time": "2027-03-28T02:30:00",
        "end_time": "2027-03-28T04:00:00",
        "recurrence_pattern": "daily",
    },
    "a series before a repeated hour": {
        "time_zone": "America/New_York",
        "start_time": "2027-11-07T01:30:00-04:00",
        "end_time": "2027-11-07T01:30:00-05:00",
        "recurrence_pattern": "daily",
    },
    "an all-day series": {
        "start_time": "2027-03-28",
        "end_time": "2027-03-30",
        "time_zone": "Europe/Berlin",
        "recurrence_pattern": {"frequency": "weekly", "until": "2027-12-31"},
    },
}
every_kind = pytest.mark.parametrize("fields", EVERY_KIND.values(), ids=EVERY_KIND.keys())


@every_kind
async def test_sending_back_an_event_unchanged_changes_nothing(alice: Person, fields: Json):
    event = (await alice.post("/api/v1/events", {**MEETING, **fields})).json()
    assert (await read(alice, event)) == event
    for method in ("PUT", "PATCH"):
        again = await alice.request(method, path_of(event), json=event)
        assert (again.status_code, again.json()) == (200, event), again.text
    assert len((await alice.get(f"{path_of(event)}/history")).json()) == 1


@every_kind
async def test_sending_an_event_back_with_another_title_changes_nothing_else(alice: Person, fields: Json):
    event = (await alice.post("/api/v1/events", {**MEETING, **fields})).json()
    renamed = await alice.changes(event, **{**event, "title": "Renamed"})
    assert renamed == {**event, "title": "Renamed", "version": 2, "updated_at": renamed["updated_at"]}
    log = (await alice.get(f"{path_of(event)}/changelog")).json()
    assert [change["field_name"] for change in log] == ["title"]


@every_kind
async def test_a_copy_of_an_event_is_like_it(alice: Person, ben: Person, fields: Json):
    event = (await alice.post("/api/v1/events", {**MEETING, **fields})).json()
    copy = (await ben.post("/api/v1/events", event)).json()
    own = ("id", "uid", "owner_id", "calendar_id", "created_at", "updated_at", "updated_by")
    assert copy == {**event, **{name: copy[name] for name in own}}
