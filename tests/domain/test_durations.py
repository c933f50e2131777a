from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convene.domain.durations import format_duration, parse_duration
from tests import hypothesis_profiles  # noqa: F401 - registers the profiles


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(minutes=45), "PT45M"),
        (timedelta(days=1, hours=2), "P1DT2H"),
        (timedelta(days=3), "P3D"),
        (timedelta(seconds=1, milliseconds=500), "PT1.5S"),
        (timedelta(microseconds=1), "PT0.000001S"),
        (timedelta(0), "P0D"),
    ],
)
def test_a_duration_is_written_in_its_shortest_form(duration, text):
    assert format_duration(duration) == text


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3660)))
def test_a_duration_is_read_back_as_it_was(duration):
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1D", "PT1.S", "P-1D", "PT1H1H"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="^" + text + "$"):
        parse_duration(text)
