"""Readers of what clients send, by themselves: whatever they are given, they read it right or refuse it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import ormsgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from convene.api.bodies import read_json
from convene.api.fields import parse_when
from convene.api.negotiation import as_json
from convene.api.packed_members import count_values, said_twice
from convene.domain.errors import Invalid
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=40), inner, max_size=20),
    max_leaves=40,
)


# -- MessagePack ---------------------------------------------------------------------------------------------


@given(value=VALUES)
def test_messagepack_is_read_as_the_json_that_it_stands_for(value: Any):
    packed = bytearray(ormsgpack.packb(value))
    assert read_json(as_json(packed)) == value
    assert said_twice(packed) == []


@given(value=VALUES)
def test_values_are_counted_before_they_are_read(value: Any):
    assert count_values(bytearray(ormsgpack.packb(value)), 10_000) == counted(value)


def counted(value: Any) -> int:
    """How many values there are in one, it and the names of members included."""
    if isinstance(value, dict):
        return 1 + sum(1 + counted(member) for member in value.values())
    return 1 + sum(map(counted, value)) if isinstance(value, list) else 1


@given(members=st.lists(st.tuples(st.sampled_from("ab~/"), VALUES), max_size=15))
def test_what_a_map_says_twice_is_found_wherever_it_is(members: list[tuple[str, Any]]):
    packed = bytearray([0x80 | len(members)])
    for name, value in members:
        packed += ormsgpack.packb(name) + ormsgpack.packb(value)
    names = [name for name, _ in members]
    again = [name for place, name in enumerate(names) if name in names[:place]]
    written = {"~": "~0", "/": "~1"}
    assert said_twice(packed) == [f"/{written.get(name, name)}" for name in again]
    assert said_twice(bytearray([0x91]) + packed) == [f"/0/{written.get(name, name)}" for name in again]


@given(value=VALUES, data=st.data())
def test_spoilt_messagepack_is_read_or_refused(value: Any, data: st.DataObject):
    packed = bytearray(ormsgpack.packb(value))
    at = data.draw(st.integers(0, len(packed) - 1), label="at")
    packed[at : at + data.draw(st.integers(0, 2), label="instead of")] = data.draw(
        st.binary(max_size=3), label="put in"
    )
    read_or_refused(packed)


@given(packed=st.binary(min_size=1, max_size=60))
def test_any_bytes_are_read_as_messagepack_or_refused(packed: bytes):
    read_or_refused(bytearray(packed))


def read_or_refused(packed: bytearray) -> None:
    """Require that bytes give JSON, or one of the two errors that become a 4xx."""
    try:
        written = as_json(packed)
    except (ValueError, Invalid):
        return
    assert ormsgpack.unpackb(packed) == json.loads(written)


# -- JSON ----------------------------------------------------------------------------------------------------

#: Whole numbers of any size too, which one reader of JSON keeps and another makes floats of.
ANY_JSON = st.recursive(
    SCALARS | st.integers() | st.text(st.sampled_from('":\\ {}[]a'), max_size=12),
    lambda inner: st.lists(inner, max_size=6) | st.lists(st.tuples(st.sampled_from('ab:"\\'), inner), max_size=4),
    max_leaves=12,
)


def spelt(value: Any, between: str) -> str:
    """Write JSON in which members may come twice: lists of pairs are objects."""
    if isinstance(value, list) and value and all(isinstance(one, tuple) for one in value):
        members = (f"{json.dumps(name)}{between}:{between}{spelt(member, between)}" for name, member in value)
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{between}{','.join(spelt(one, between) for one in value)}]"
    return json.dumps(value)


def says_twice(value: Any) -> bool:
    """Whether an object in it has two members of one name."""
    if not isinstance(value, list):
        return False
    names = [one[0] for one in value if isinstance(one, tuple)]
    return len(set(names)) < len(names) or any(says_twice(one[1] if isinstance(one, tuple) else one) for one in value)


@given(value=ANY_JSON, between=st.sampled_from(["", " ", "\n\t"]))
@example(value=[("a", 2**70), ("b", [("a", '":')])], between="")
@example(value=[("a", 1), ("b", [[("a", 1), ("a", 2)]])], between="")
@example(value=[("a", 1), ("a", 2), ("\\" * 9, 3)], between="")
def test_json_is_read_to_the_last_digit_and_no_member_is_lost(value: Any, between: str):
    body = spelt(value, between).encode()
    if says_twice(value):
        with pytest.raises(Invalid, match="twice"):
            read_json(body)
    else:
        read, expected = read_json(body), json.loads(body)
        assert (read, repr(read)) == (expected, repr(expected))


@pytest.mark.parametrize("nest", [b"[%s]", b'{"a":%s}'], ids=["arrays", "objects"])
def test_how_deep_a_body_may_be_nested_does_not_depend_on_how_long_it_is(nest: bytes):
    def is_read(body: bytes) -> bool:
        try:
            read_json(body)
        except HTTPException:
            return False
        return True

    opening, closing = nest.split(b"%s")
    for depth in (1, 100, 300, 600, 900, 990, 1010, 1024, 1100):
        body = opening * depth + b"1" + closing * depth
        assert is_read(body) == is_read(body + b" " * 10_000), depth


# -- times ---------------------------------------------------------------------------------------------------

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(timezones=OFFSETS | st.just(UTC))


@given(moment=INSTANTS)
def test_an_instant_is_read_as_it_is_written_however_clients_write_it(moment: datetime):
    text = moment.isoformat()
    ways = {text, text.replace("T", " "), text.replace("T", "t"), text.replace("+", " "), text.replace(".", ",")}
    if text.endswith("+00:00"):
        ways |= {f"{text[:-6]}Z", f"{text[:-6]}z"}
    else:
        ways.add(text[:-3] + text[-2:])  # the offset without its colon
    for way in ways:
        read = parse_when(way)
        assert (read, type(read)) == (moment, datetime)
        assert isinstance(read, datetime)
        assert read.utcoffset() == moment.utcoffset()


@given(wall=st.datetimes(), digits=st.integers(1, 9))
def test_parts_of_a_second_are_read_to_the_microsecond_and_cut_off_there(wall: datetime, digits: int):
    fraction = f"{wall.microsecond:06}999"[:digits]
    expected = wall.replace(microsecond=int(f"{fraction[:6]:0<6}"))
    assert parse_when(f"{wall.isoformat(timespec='seconds')}.{fraction}") == expected


@given(wall=st.datetimes())
def test_wall_times_may_leave_the_seconds_out_and_dates_the_time(wall: datetime):
    assert parse_when(wall.isoformat(timespec="minutes")) == wall.replace(second=0, microsecond=0)
    read = parse_when(wall.date().isoformat())
    assert (read, type(read)) == (wall.date(), date)


@given(text=st.text(st.sampled_from("0123456789-:.,+TtZz W"), max_size=70) | st.text(max_size=70))
def test_any_text_is_read_as_a_time_or_refused(text: str):
    try:
        read = parse_when(text)
    except ValueError:
        return
    assert isinstance(read, date)
    assert read.isoformat()[:10] == text[:10]


@pytest.mark.parametrize("value", [0, 1.5, True, None, [], {}, b"2027-03-01"])
def test_nothing_but_text_is_a_time(value: Any):
    with pytest.raises(ValueError, match="must be a date"):
        parse_when(value)
