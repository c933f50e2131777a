"""Fields of events with values of the wrong kind, too long, unknown, or missing."""

from __future__ import annotations

import pytest

from tests.api.bad_input.refusals import OK, UNSTORABLE, places, refused_every_way, send, ways
from tests.people import Json, Person

WRONG: dict[str, list[Json]] = {
    "title": ["", " ", "\t\n", "x" * 256, 0, 1.5, True, [], ["x"], {}, None],
    "description": ["x" * 20_001, 0, True, [], {}],
    "location": ["x" * 501, 0, False, [], {}],
    "all_day": ["true", "false", "", 0, 1, 0.0, [], {}, None],
    "is_recurring": ["true", "no", 0, 1, [], {}, None],
    "status": ["", "CONFIRMED", "maybe", 0, True, [], {}, None],
    "free_busy_status": ["", "Busy", "tentative", 1, [], None],
    "tags": ["x", 1, {}, {"x": 1}, [""], [" "], [1], [None], [[]], ["x" * 51], ["x"] * 31],
    "recurrence_pattern": [True, False, 0, 1, 1e308, 2**70, "nonsense", [1], [None, None], {"x": 1}, {"count": 1}],
}
NEVER_NULL = ("title", "start_time", "end_time", "time_zone", "all_day", "is_recurring", "status", "free_busy_status")
TEXTS = ("title", "description", "location", "status", "free_busy_status", "start_time", "recurrence_pattern")
UNKNOWN = ["titel", "Title", " title", "", "x" * 300, "a/b", "m~n", "~1", "function-x", "\x00", "__proto__", "self"]
NO_VERSIONS: list[Json] = [0, -1, 1.0, 1e308, -1e308, 2**31, 2**70, -(2**70), True, False, "1", " 1", "", [], [1], {}]

# JSON says nothing of what 1e400 is; Python makes an infinity of it.
PATTERNS: list[tuple[Json, str]] = [
    ("FREQ=DAILY;INTERVAL=0", ""),
    ("FREQ=DAILY;INTERVAL=-1", ""),
    ("FREQ=DAILY;COUNT=0", ""),
    ("FREQ=DAILY;COUNT=5001", ""),
    ("FREQ=DAILY;COUNT=5;UNTIL=20280101", ""),
    ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", ""),  # never
    ("FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31", ""),
    ("FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6", ""),
    ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=366", ""),
    ("FREQ=HOURLY", ""),
    ("FREQ=SECONDLY;INTERVAL=1", ""),
    ("FREQ=DAILY;FREQ=WEEKLY", ""),
    ("FREQ=DAILY;UNTIL=20200101T000000Z", ""),  # before it begins
    ("FREQ=DAILY;UNTIL=99999999", ""),
    ("FREQ=DAILY\r\nDTSTART:20270501T090000Z", ""),
    ({"frequency": "daily", "interval": 0}, "/interval"),
    ({"frequency": "daily", "interval": 2**70}, "/interval"),
    ({"frequency": "daily", "interval": 1e308}, "/interval"),
    ({"frequency": "daily", "interval": 1.5}, "/interval"),
    ({"frequency": "daily", "interval": True}, "/interval"),
    ({"frequency": "daily", "count": float("1e308")}, "/count"),
    ({"frequency": "daily", "until": 20280101}, "/until"),
    ({"frequency": "daily", "until": "0001-01-01T00:00:00+14:00"}, "/until"),
    ({"frequency": "daily", "byMonth": ["2"], "byMonthDay": [30]}, ""),
    ({"frequency": "weekly", "byDay": [{"day": "sa", "nthOfPeriod": 2**70}]}, "/byDay/0/nthOfPeriod"),
    ({"frequency": "weekly", "byDay": ["sa"] * 100_000}, "/byDay"),
    ({"frequency": "weekly", "exclude": ["2027-05-08"]}, "/exclude"),
    ({"frequency": {"frequency": {"frequency": "daily"}}}, "/frequency"),
    ({"rrule": {"rrule": {"rrule": "FREQ=DAILY"}}}, ""),
    ("FREQ=DAILY;BYDAY=" + "MO," * 10_000, ""),
]


@pytest.mark.parametrize("field", WRONG)
async def test_a_value_of_the_wrong_kind_is_refused(alice: Person, event: Json, field: str):
    for value in WRONG[field]:
        for method, path, body, above in ways(event, {**OK, field: value}):
            named = places(await send(alice, method, path, body))
            said = f"{method} {path} with {ascii(value)[:99]} names {named}"
            assert any(place.startswith(f"{above}/{field}") for place in named), said


async def test_a_pattern_that_cannot_be_is_refused(alice: Person, event: Json):
    for pattern, place in PATTERNS:
        fields = {**OK, "recurrence_pattern": pattern}
        for method, path, body, above in ways(event, fields):
            named = places(await send(alice, method, path, body))
            said = f"{method} {path} with {ascii(pattern)[:99]} names {named}"
            assert any(one.startswith(f"{above}/recurrence_pattern{place}") for one in named), said


async def test_a_series_that_does_not_begin_where_it_says_is_refused(alice: Person, event: Json):
    on_sundays = {**OK, "recurrence_pattern": "FREQ=WEEKLY;BYDAY=SU"}  # and it would begin on a Saturday
    await refused_every_way(alice, event, on_sundays, "/start_time")


async def test_null_where_a_value_is_needed_is_refused(alice: Person, event: Json):
    for field in NEVER_NULL:
        await refused_every_way(alice, event, {**OK, field: None}, f"/{field}")


async def test_a_new_event_needs_what_makes_it_one(alice: Person):
    for field in ("title", "start_time", "end_time"):
        body = {name: value for name, value in OK.items() if name != field}
        assert places(await send(alice, "POST", "/api/v1/events", body)) == [f"/{field}"]
        assert places(await send(alice, "POST", "/api/v1/events/batch", [body])) == [f"/events/0/{field}"]


async def test_every_fault_is_told_at_once(alice: Person):
    assert places(await send(alice, "POST", "/api/v1/events", {})) == ["/title", "/start_time", "/end_time"]


async def test_an_unknown_field_is_refused_and_named(alice: Person, event: Json):
    for name in UNKNOWN:
        escaped = name[:64].replace("~", "~0").replace("/", "~1")
        await refused_every_way(alice, event, {**OK, name: "x"}, f"/{escaped}")


async def test_a_name_that_is_no_text_is_refused(alice: Person, event: Json):
    await refused_every_way(alice, event, {**OK, "\ud800": "x"}, "")


async def test_a_repeating_event_says_how_and_a_single_one_does_not(alice: Person):
    for fields in ({"is_recurring": True}, {"is_recurring": True, "recurrence_pattern": None}):
        assert places(await send(alice, "POST", "/api/v1/events", {**OK, **fields})) == ["/recurrence_pattern"]
    both = {**OK, "is_recurring": False, "recurrence_pattern": "FREQ=DAILY"}
    assert places(await send(alice, "POST", "/api/v1/events", both)) == ["/is_recurring"]


@pytest.mark.parametrize("value", UNSTORABLE, ids=ascii)
async def test_text_that_cannot_be_kept_is_refused(alice: Person, event: Json, value: str):
    for field in TEXTS:
        await refused_every_way(alice, event, {**OK, field: value}, f"/{field}")
    await refused_every_way(alice, event, {**OK, "tags": ["good", value]}, "/tags/1")
    pattern = {"frequency": "daily", "byDay": [value]}
    await refused_every_way(alice, event, {**OK, "recurrence_pattern": pattern}, "/recurrence_pattern/byDay/0")
    path = f"/api/v1/events/{event['id']}"
    assert places(await send(alice, "PUT", path, {"change_description": value})) == ["/change_description"]
    assert places(await send(alice, "POST", f"{path}/rollback/1", {"fields": [value]})) == ["/fields/0"]


async def test_what_is_no_version_is_refused(alice: Person, event: Json):
    for number in NO_VERSIONS:
        for field in ("base_version", "version"):
            sent = await send(alice, "PUT", f"/api/v1/events/{event['id']}", {"title": "x", field: number})
            assert places(sent) == ["/base_version"], number


async def test_what_is_no_field_cannot_be_rolled_back(alice: Person, event: Json):
    path = f"/api/v1/events/{event['id']}/rollback/1"
    for fields in ([], ["titel"], ["title", 1], "title", {"title": 1}, [None], ["x" * 101], ["title"] * 101):
        assert places(await send(alice, "POST", path, {"fields": fields}))[0].startswith("/fields")


# -- batches -------------------------------------------------------------------------------------------------


async def test_one_bad_event_in_a_batch_is_named_and_nothing_is_written(alice: Person):
    events = [{**OK, "free_busy_status": "free"} for _ in range(20)]
    for field, value in (("title", None), ("time_zone", "Mars/Olympus"), ("end_time", OK["start_time"])):
        sent = [*events[:13], {**OK, field: value}, *events[14:]]
        assert places(await send(alice, "POST", "/api/v1/events/batch", sent)) == [f"/events/13/{field}"]


async def test_what_is_no_batch_is_refused(alice: Person):
    batches: list[Json] = [[], None, {}, "x", 1, [None], [[]], ["x"], [OK] * 1001]
    for events in batches:
        for place in places(await send(alice, "POST", "/api/v1/events/batch", {"events": events})):
            assert place.startswith("/events"), ascii(events)[:99]
