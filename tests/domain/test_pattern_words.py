"""The words in which clients say how an event repeats: every one of them is understood, and means one thing."""

from __future__ import annotations

import pytest

from convene.domain.errors import Invalid
from convene.domain.json_types import Json
from convene.domain.patterns import pattern_from_json, pattern_to_json, read_pattern, to_rrule
from tests.domain.series_strategies import wall

START = wall("2025-01-06T09:00")


def read(pattern: Json) -> Json:
    """The canonical form of a pattern, which says the same as its RRULE."""
    rule = read_pattern(pattern, start=START, zone="UTC", all_day=False)
    if rule is None:
        return None
    written = to_rrule(rule, zone="UTC", all_day=False)
    assert pattern_from_json(pattern_to_json(rule)) == rule
    assert read_pattern(written, start=START, zone="UTC", all_day=False) == rule
    return pattern_to_json(rule)


@pytest.mark.parametrize(
    ("names", "value", "canonical"),
    [
        ("interval every repeatEvery repeat_every", 2, {"interval": 2}),
        ("firstDayOfWeek first_day_of_week wkst weekStart", "su", {"firstDayOfWeek": "su"}),
        (
            "byDay by_day BYDAY byWeekday byWeekdays days daysOfWeek dayOfWeek weekdays weekday",
            "mo",
            {"byDay": [{"day": "mo"}]},
        ),
        ("byMonthDay byMonthDays monthDay monthDays dayOfMonth daysOfMonth", 6, {"byMonthDay": [6]}),
        ("byMonth byMonths month months monthOfYear monthsOfYear", 1, {"byMonth": ["1"]}),
        ("byYearDay byYearDays yearDays dayOfYear daysOfYear", 6, {"byYearDay": [6]}),
        ("byWeekNo weekNumbers by-week-no", 2, {"byWeekNo": [2]}),
        ("byHour byHours", 9, {"byHour": [9]}),
        ("byMinute byMinutes", 0, {"byMinute": [0]}),
        ("bySecond bySeconds", 0, {"bySecond": [0]}),
        ("count occurrences endAfter occurrenceCount maxOccurrences repeatCount", 3, {"count": 3}),
        (
            "until endDate end ends endsOn untilDate repeatUntil recurrenceEndDate",
            "2025-12-31",
            {"until": "2025-12-31T23:59:59"},
        ),
    ],
)
def test_a_part_may_go_by_each_of_its_names(names: str, value: Json, canonical: dict[str, Json]):
    for name in names.split():
        assert read({"frequency": "yearly", name: value}) == {"frequency": "yearly", **canonical}, name


def test_a_position_may_go_by_each_of_its_names():
    for name in ("bySetPosition", "bySetPos", "by_set_pos"):
        assert read({"frequency": "yearly", "byDay": "mo", name: 1}) == {
            "frequency": "yearly",
            "byDay": [{"day": "mo"}],
            "bySetPosition": [1],
        }


def test_how_often_may_go_by_each_of_its_names():
    for name in ("frequency", "freq", "type", "repeat", "repeats", "recurrence", "recurrenceType"):
        assert read({name: "weekly"}) == {"frequency": "weekly"}, name


@pytest.mark.parametrize(
    ("words", "frequency"),
    [
        ("daily day", "daily"),
        ("weekly week", "weekly"),
        ("monthly month", "monthly"),
        ("yearly year annual annually", "yearly"),
    ],
)
def test_how_often_is_said_in_each_of_these_words(words: str, frequency: str):
    for word in words.split():
        assert read(word) == read({"frequency": word}) == {"frequency": frequency}


@pytest.mark.parametrize("word", ["none", "null", "never", "no", "once", "No-ne", ""])
def test_that_an_event_does_not_repeat_is_said_in_each_of_these_words(word: str):
    assert read(word) is None
    assert read({"frequency": word}) is None


@pytest.mark.parametrize("word", ["hourly", "minutely", "secondly"])
def test_what_repeats_within_the_day_is_refused_by_its_name(word: str):
    patterns: tuple[Json, ...] = (word, {"frequency": word}, f"FREQ={word}")
    for pattern in patterns:
        with pytest.raises(Invalid, match=f"{word} events are not possible; a daily one can repeat within the day"):
            read(pattern)


@pytest.mark.parametrize("name", ["start", "starts", "startsOn", "start_date", "startTime", "dtstart"])
def test_where_a_series_begins_is_not_a_part_of_its_pattern(name: str):
    with pytest.raises(Invalid) as caught:
        read({"frequency": "daily", name: "2025-01-06"})
    assert caught.value.faults[0].detail == "is not part of a pattern: a series begins at start_time"


DAYS = [
    "mo mon monday Monday",
    "tu tue tues tuesday",
    "we wed wednesday",
    "th thu thur thurs thursday",
    "fr fri friday",
    "sa sat saturday",
    "su sun sunday",
]


@pytest.mark.parametrize(("number", "names"), list(enumerate(DAYS)))
def test_a_weekday_may_go_by_each_of_its_names_and_by_its_number(number: int, names: str):
    canonical = {"frequency": "weekly", "byDay": [{"day": names[:2]}]}
    assert read({"frequency": "weekly", "days": [number]}) == canonical
    for name in names.split():
        assert read({"frequency": "weekly", "days": [name]}) == canonical, name


MONTHS = [
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip


@pytest.mark.parametrize(("number", "name"), list(enumerate(MONTHS, start=1)))
def test_a_month_may_go_by_its_name_in_whole_or_cut_short_and_by_its_number(number: int, name: str):
    canonical = {"frequency": "monthly", "byMonth": [str(number)]}
    for said in (name, name[:3], name.upper(), number, str(number)):
        assert read({"frequency": "monthly", "byMonth": [said]}) == canonical, said


@pytest.mark.parametrize(
    ("name", "value"), [("@type", "RecurrenceRule"), ("rscale", "GREGORIAN"), ("skip", "omit"), ("skip", None)]
)
def test_what_goes_without_saying_may_be_said(name: str, value: Json):
    assert read({"frequency": "daily", name: value}) == {"frequency": "daily"}


def test_rrules_may_say_what_goes_without_saying_except_for_what_only_json_has():
    assert read("FREQ=DAILY;RSCALE=GREGORIAN;SKIP=OMIT") == {"frequency": "daily"}
    with pytest.raises(Invalid, match="is not a part of an RRULE"):
        read("FREQ=DAILY;@TYPE=RecurrenceRule")
