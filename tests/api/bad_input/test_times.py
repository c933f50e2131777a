# ruff: noqa: RUF001 - digits that look like others are the matter here
"""Times that cannot be: whatever could not be read back is not accepted."""

from __future__ import annotations

import pytest

from tests.api.bad_input.refusals import OK, places, refused_every_way, send
from tests.people import Json, Person

NOT_TIMES: list[Json] = [
    "", " ", "tomorrow", "noon", "2027", "2027-05", "2027-W05-1", "05/01/2027", "20270501T090000Z", "1798761600",
    "2027-02-30T09:00:00Z", "2027-13-01T09:00:00Z", "2027-00-01T09:00:00Z", "2027-02-29", "2027-05-01T25:00:00Z",
    "2027-05-01T09:60:00Z", "2027-05-01T09:00:61Z", "2027-05-01T9:00Z", "2027-05-01T", "2027-05-01T09:00:00Q",
    "2027-05-01T09:00:00+99:99", "2027-05-01T09:00:00+24:00", "2027-05-01T09:00:00Europe/Berlin",
    "2027-05-01T09:00:00Z\x00", "2027-05-01\u2003T09:00Z", "２０２７-05-01T09:00:00Z", "2027-05-01T09:00:00Z" * 9,
    "\x00", "\ud800", "9" * 100_000,
    1798761600, 1798761600.5, 0, -1, 1e308, 2**70, True, False, [], {}, ["2027-05-01"],
    {"date": "2027-05-01"}, None,
]  # fmt: skip

OUT_OF_RANGE = [
    "0000-05-01T09:00:00Z", "-0001-05-01T09:00:00Z", "10000-05-01T09:00:00Z", "+12027-05-01T09:00:00Z",
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00-14:00", "0001-01-03T23:59:59Z",
    "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59+14:00", "9999-12-28T00:00:01Z",
    "0001-01-01T00:00:00", "9999-12-31T23:59:59",
]  # fmt: skip

ZONES: list[Json] = [
    "Mars/Olympus", "../../etc/passwd", "../Europe/Berlin", "/etc/localtime", "/usr/share/zoneinfo/UTC", "localtime",
    "posixrules", "posix/UTC", "right/UTC", "zone.tab", "tzdata.zi", "leapseconds", ".", "..", "Europe", "Europe/",
    "europe/berlin", "Europe/Berlin ", "Europe\\Berlin", "Europe//Berlin", "UTC\x00", "UTC\n", "\ud800", "UTC+1",
    "+01:00", "", " ", "x" * 65, "ＵTC", None, 1, 0, True, [], ["UTC"], {},
]  # fmt: skip


@pytest.mark.parametrize("field", ["start_time", "end_time"])
async def test_what_is_no_time_is_refused(alice: Person, event: Json, field: str):
    for moment in NOT_TIMES:
        await refused_every_way(alice, event, {**OK, field: moment}, f"/{field}")


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"])
async def test_what_leaves_the_range_of_times_is_refused_in_any_zone(alice: Person, event: Json, zone: str):
    for moment in OUT_OF_RANGE:
        fields = {**OK, "time_zone": zone}
        await refused_every_way(alice, event, {**fields, "start_time": moment}, "/start_time")
        await refused_every_way(alice, event, {**fields, "end_time": moment}, "/end_time")


async def test_days_at_either_end_of_time_are_refused(alice: Person, event: Json):
    for day in ("0001-01-01", "0001-01-03", "9999-12-31", "9999-12-29", "0000-01-01", "10000-01-01"):
        fields = {**OK, "start_time": day, "end_time": day, "all_day": True}
        await refused_every_way(alice, event, fields, "/start_time")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2027-05-01T10:00:00Z", "2027-05-01T09:00:00Z"),
        ("2027-05-01T10:00:00Z", "2027-05-01T10:00:00Z"),
        ("2027-05-01T10:00:00Z", "2027-05-01T12:00:00+02:00"),
        ("2027-05-01T10:00:00+02:00", "2027-05-01T10:30:00+03:00"),
        ("2027-05-01T10:00:00", "2027-05-01T09:59:59.999999"),
        ("9000-05-01T10:00:00Z", "0100-05-01T10:00:00Z"),
        ("2027-05-01T10:00:00Z", "2037-06-01T10:00:00Z"),  # more than ten years
        ("0100-05-01T10:00:00Z", "9000-05-01T10:00:00Z"),
    ],
)
async def test_an_end_that_does_not_follow_its_start_is_refused(alice: Person, event: Json, start: str, end: str):
    await refused_every_way(alice, event, {**OK, "start_time": start, "end_time": end}, "/end_time")


@pytest.mark.parametrize(("start", "end"), [("2027-05-02", "2027-05-01"), ("2027-05-01", "2027-05-01")])
async def test_an_all_day_event_ends_on_a_later_day(alice: Person, event: Json, start: str, end: str):
    await refused_every_way(alice, event, {**OK, "start_time": start, "end_time": end, "all_day": True}, "/end_time")


async def test_a_day_is_no_time_and_a_time_is_no_day(alice: Person, event: Json):
    await refused_every_way(alice, event, {**OK, "start_time": "2027-05-01", "all_day": False}, "/start_time")
    await refused_every_way(alice, event, {**OK, "end_time": "2027-05-02", "all_day": False}, "/end_time")
    await refused_every_way(alice, event, {**OK, "all_day": True}, "/start_time")


async def test_one_end_alone_can_be_moved_past_the_other_no_more_than_both(alice: Person, event: Json):
    path = f"/api/v1/events/{event['id']}"
    assert places(await send(alice, "PUT", path, {"end_time": "2027-03-01T09:00:00Z"})) == ["/end_time"]
    assert places(await send(alice, "PUT", path, {"start_time": "2027-03-01T10:00:00Z"})) == ["/end_time"]


async def test_what_is_no_zone_is_refused(alice: Person, event: Json):
    account = {"username": "ada", "email": "ada@example.com", "password": "long enough"}
    for zone in ZONES:
        await refused_every_way(alice, event, {**OK, "time_zone": zone}, "/time_zone")
        moved = await send(alice, "PATCH", "/api/v1/auth/me", {"time_zone": zone})
        assert places(moved) == ["/time_zone"], zone
        registered = await send(alice, "POST", "/api/v1/auth/register", {**account, "time_zone": zone})
        assert places(registered) == ["/time_zone"], zone


@pytest.mark.parametrize(
    ("start", "end", "zone"),
    [
        ("0001-01-04T00:00:00Z", "0001-01-04T00:00:01Z", "UTC"),
        ("0001-01-05T00:00:00Z", "0001-01-05T00:00:01Z", "Pacific/Pago_Pago"),
        ("0001-01-05T00:00:00+14:00", "0001-01-05T00:00:01+14:00", "UTC"),
        ("0001-01-04T00:00:00-14:00", "0001-01-04T00:00:01-14:00", "Pacific/Kiritimati"),
        ("9999-12-27T23:59:58Z", "9999-12-27T23:59:59Z", "UTC"),
        ("9999-12-27T09:59:58Z", "9999-12-27T09:59:59Z", "Pacific/Kiritimati"),
        ("9999-12-27T09:59:58-14:00", "9999-12-27T09:59:59-14:00", "Pacific/Pago_Pago"),
    ],
)
async def test_what_is_accepted_at_the_ends_of_time_can_be_read_from_everywhere(
    ben: Person, start: str, end: str, zone: str
):
    event = await ben.creates(start=start, end=end, time_zone=zone)
    for home in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        await ben.patch("/api/v1/auth/me", {"time_zone": home})
        assert (await ben.get("/api/v1/events")).json() == [event]
        assert (await ben.get("/api/v1/events", **{"from": start})).json() == [event]
        assert (await ben.get("/api/v1/events", to=end)).json() == [event]
        asked = {**OK, "start_time": start, "end_time": end, "time_zone": zone}
        assert not (await send(ben, "POST", "/api/v1/events/check", asked)).json()["free"]
