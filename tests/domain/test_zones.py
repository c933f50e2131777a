"""Wall time and instant: gaps, overlaps, and both ends of time."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from convene.domain.errors import Invalid
from convene.domain.zones import (
    EARLIEST,
    FAR_FUTURE,
    LATEST,
    check_range,
    instant,
    iso8601,
    rfc3339,
    utc_rfc3339,
    wall_time,
    zone,
)
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles

ROOT = Path(__file__).parents[2]
wall = datetime.fromisoformat
NAMES = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
ZONES = st.sampled_from(sorted(NAMES))
BERLIN = zone("Europe/Berlin")


def test_a_zone_is_found_by_its_exact_name_only():
    assert zone("Europe/Berlin").key == "Europe/Berlin"
    for name in (
        "europe/berlin",
        "Berlin",
        "",
        "../../etc/passwd",
        "/etc/localtime",
        "localtime",
        "posixrules",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "Europe/Berlin\x00",
        "x" * 10_000,
    ):
        with pytest.raises(Invalid) as caught:
            zone(name)
        [fault] = caught.value.faults
        assert fault.pointer == "/time_zone"
        assert len(fault.detail) < 200


def test_the_rules_are_those_of_the_package_whatever_the_machine_has(tmp_path):
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe/Vilnius").write_bytes(files("tzdata.zoneinfo").joinpath("Asia/Tokyo").read_bytes())
    ask = "import convene.domain.zones as z; print(z.rfc3339(z.EARLIEST.replace(year=2027), z.zone('Europe/Vilnius')))"
    machine = {"PYTHONPATH": str(ROOT / "src"), "PYTHONTZPATH": str(tmp_path)}
    asked = subprocess.run([sys.executable, "-c", ask], env=machine, capture_output=True, text=True, check=True)
    assert asked.stdout == "2027-01-04T02:00:00+02:00\n"


def test_every_zone_of_the_package_can_be_opened():
    assert [zone(name).key for name in NAMES] == NAMES


def test_a_time_in_a_gap_takes_the_offset_before_it():
    """RFC 5545, 3.3.5."""
    assert instant(wall("2025-03-30T02:30"), BERLIN) == wall("2025-03-30T01:30Z")
    assert wall_time(wall("2025-03-30T01:30Z"), BERLIN) == (wall("2025-03-30T03:30"), 0)


def test_a_time_that_comes_twice_means_the_first_unless_the_second_is_asked_for():
    assert instant(wall("2025-10-26T02:30"), BERLIN) == wall("2025-10-26T00:30Z")
    assert instant(wall("2025-10-26T02:30"), BERLIN, 1) == wall("2025-10-26T01:30Z")
    assert wall_time(wall("2025-10-26T01:30Z"), BERLIN) == (wall("2025-10-26T02:30"), 1)


@given(ZONES, st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None)))
def test_an_instant_survives_being_shown_in_any_zone(name, moment):
    moment = moment.replace(tzinfo=UTC)
    shown, fold = wall_time(moment, zone(name))
    assert shown.tzinfo is None
    assert shown.fold == 0
    assert instant(shown, zone(name), fold) == moment


@given(ZONES, st.datetimes(wall("1900-01-01"), wall("2100-01-01")))
def test_wall_times_are_resolved_as_dateutil_resolves_them(name, moment):
    there = zone(name)
    expected = tz.resolve_imaginary(moment.replace(tzinfo=there)).astimezone(UTC)
    assert instant(moment, there) == expected


@given(ZONES, st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None)))
def test_every_wall_time_that_is_accepted_has_an_instant_in_every_zone(name, moment):
    assert abs(instant(moment, zone(name)).replace(tzinfo=None) - moment) < timedelta(hours=24)


@given(ZONES, st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None)))
def test_what_is_written_is_the_same_moment_when_read(name, moment):
    moment = moment.replace(tzinfo=UTC)
    for written in (rfc3339(moment, zone(name)), utc_rfc3339(moment)):
        assert datetime.fromisoformat(written) == moment


def test_instants_are_written_with_the_offset_of_the_zone_or_z():
    moment = wall("2025-01-06T08:00Z")
    assert rfc3339(moment, BERLIN) == "2025-01-06T09:00:00+01:00"
    assert rfc3339(moment, zone("UTC")) == "2025-01-06T08:00:00Z"
    assert utc_rfc3339(moment.astimezone(BERLIN)) == "2025-01-06T08:00:00Z"


def test_local_mean_time_is_written_in_utc_because_rfc_3339_has_no_seconds_in_offsets():
    assert rfc3339(wall("1880-01-01T00:00Z"), BERLIN) == "1880-01-01T00:00:00Z"
    assert rfc3339(wall("1971-12-31T00:00Z"), zone("Africa/Monrovia")) == "1971-12-31T00:00:00Z"


@given(ZONES, st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None)))
def test_times_are_written_as_python_writes_them(name: str, shown: datetime):
    assert iso8601(shown) == shown.isoformat()
    moment = shown.replace(tzinfo=UTC)
    assert utc_rfc3339(moment) == shown.isoformat() + "Z"
    text = moment.astimezone(zone(name)).isoformat()
    if text[-6] in "+-" and name != "UTC":
        assert rfc3339(moment, zone(name)) == text


def test_no_zone_has_been_away_by_seconds_lately():
    """Or what is written in a third of the time would be another instant."""
    days = [datetime(1973, 1, 1, tzinfo=UTC) + timedelta(days=90 * number) for number in range(500)]
    offsets = {name: {day.astimezone(zone(name)).utcoffset() for day in days} for name in NAMES}
    assert all(
        offset % timedelta(minutes=1) == timedelta(0) for found in offsets.values() for offset in found if offset
    )


def test_instants_that_some_zone_could_not_show_are_refused():
    assert check_range(EARLIEST, "/start_time") == EARLIEST
    assert check_range(LATEST, "/start_time") == LATEST
    for moment in (EARLIEST - timedelta(seconds=1), LATEST + timedelta(seconds=1)):
        with pytest.raises(Invalid):
            check_range(moment, "/start_time")
    assert FAR_FUTURE > LATEST
