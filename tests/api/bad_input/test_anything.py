"""Whatever is sent to whatever takes a body: an answer as described, never an error of ours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.api.bad_input.refusals import OK, Operation, operations_in, send
from tests.people import Api, Json, Person

MOMENTS = st.datetimes().map(lambda moment: moment.isoformat()) | st.dates().map(lambda day: day.isoformat())
OFFSETS = st.sampled_from(["", "Z", "+14:00", "-12:00", "+00:00"])
TIMES = st.builds(lambda moment, offset: moment + offset, MOMENTS, OFFSETS)
RULES = st.builds(
    lambda frequency, rest: f"FREQ={frequency};{rest}",
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.from_regex(r"(INTERVAL|COUNT|BYMONTH|BYMONTHDAY|BYSETPOS|UNTIL|BYDAY)=-?[0-9A-Z,]{1,9}", fullmatch=True),
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | TIMES
    | RULES
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "title", "description", "start_time", "end_time", "time_zone", "all_day", "location", "status", "tags",
        "is_recurring", "recurrence_pattern", "base_version", "version", "events", "users", "fields", "user_id",
        "role", "username", "email", "password", "display_name", "refresh_token", "current_password", "overrides",
    ]
)  # fmt: skip
OBJECTS = st.dictionaries(FIELDS, ANY_JSON, max_size=5)
BODIES = OBJECTS.map(lambda fields: {**OK, **fields}) | OBJECTS | st.lists(OBJECTS, max_size=3) | ANY_JSON


@pytest.fixture(scope="session")
async def someone(api: Api) -> Person:
    """Somebody whose calendar may end up as it will."""
    return await api.person("someone")


@pytest.fixture(scope="session")
async def their_event(someone: Person) -> Json:
    return await someone.creates()


@pytest.fixture(scope="session")
def operations(api: Api) -> list[Operation]:
    """All that take a body, but for those after which nobody could go on."""
    last = ("/transfer", "/password")
    return [one for one in operations_in(api.document) if one.takes_body and not one.path.endswith(last)]


@settings(max_examples=2 * settings().max_examples)
@given(data=st.data(), body=BODIES)
async def test_anything_at_all_gets_an_answer_as_described(
    someone: Person, their_event: Json, operations: list[Operation], data: st.DataObject, body: Json
):
    operation = data.draw(st.sampled_from(operations), label="operation")
    path = operation.address({"event_id": str(their_event["id"]), "user_id": str(someone.id)})
    answer = await send(someone, operation.method, path, body)  # which compares it with the document
    assert answer.status_code < 500, answer.text
    listed = await someone.get("/api/v1/events", limit=200)
    assert listed.status_code == 200, listed.text


@given(fields=st.dictionaries(FIELDS, TIMES | RULES | ANY_JSON, max_size=4))
async def test_an_event_that_is_accepted_can_be_read_back_and_listed(someone: Person, fields: Json):
    answer = await send(someone, "POST", "/api/v1/events?on_conflict=allow", {**OK, **fields})
    assert answer.status_code in {201, 422}, answer.text
    if answer.status_code == 201:
        path = f"/api/v1/events/{answer.json()['id']}"
        assert (await someone.get(path)).json() == answer.json()
        occurrences = await someone.get(f"{path}/occurrences", **{"from": answer.json()["start_time"]})
        assert occurrences.status_code in {200, 422}, occurrences.text
        assert (await someone.get(f"{path}/history")).status_code == 200
