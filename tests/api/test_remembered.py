"""Lists that are read again: what was written before is given again only where nothing has changed since."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime

from convene.api.remembered import BYTES_MAX, ENTRY_MAX, Remembered
from convene.operations.agenda import Entry
from convene.storage.events import EventHead
from tests.api.steps import calendar, change_part, pages, path_of, read
from tests.people import Json, Person

EVENTS = "/api/v1/events"
MARCH = ("2027-03-01", "2027-03-31")


async def lists_as_read(event: Json, *people: Person) -> bool:
    """Whether people read an event as its newest version is, which is written each time, and lists show the same."""
    for person in people:
        now = await read(person, event)
        newest = (await pages(person, f"{path_of(event)}/history"))[0]["version_number"]
        if now != await read(person, event, version=newest):
            return False
        if [now] != await pages(person, EVENTS) or [now] != await calendar(person, *MARCH):
            return False
    return True


async def test_a_list_that_was_read_shows_all_that_happened_since(alice: Person, ben: Person):
    event = await alice.creates("Planning", description="Agenda")
    await alice.shares(event, ben, "viewer")
    assert await lists_as_read(event, alice, ben)
    await alice.changes(event, title="Planning of spring")
    assert await lists_as_read(event, alice, ben)
    await alice.shares(event, ben, "editor")
    assert await lists_as_read(event, alice, ben)
    assert (await alice.post(f"{path_of(event)}/rollback/1")).status_code == 200
    assert await lists_as_read(event, alice, ben)
    handed_over = await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})
    assert handed_over.status_code == 200, handed_over.text
    assert await lists_as_read(event, alice, ben)


async def test_a_list_that_was_read_shows_which_halves_one_sees_since(alice: Person, ben: Person):
    daily = {"frequency": "daily", "count": 4}
    series = await alice.creates("Stand-up", recurrence_pattern=daily)
    await alice.shares(series, ben, "viewer")
    third = (await calendar(ben, *MARCH))[2]
    later = await change_part(alice, series, "following", third["occurrence"], title="Walk")
    assert [one["continued_by"] for one in (await calendar(ben, *MARCH))[:2]] == [later["id"]] * 2
    await alice.delete(f"{path_of(later)}/permissions/{ben.id}")
    assert [one["continued_by"] for one in await calendar(ben, *MARCH)] == [None] * 2


async def test_each_occurrence_is_remembered_as_itself(alice: Person):
    series = await alice.creates("Stand-up", recurrence_pattern={"frequency": "daily", "count": 3})
    first = await calendar(alice, *MARCH)
    assert await calendar(alice, *MARCH) == first
    assert len({one["start_time"] for one in first}) == len({one["occurrence"] for one in first}) == 3
    await change_part(alice, series, "this", first[1]["occurrence"], title="Walk")
    assert [one["title"] for one in await calendar(alice, *MARCH)] == ["Stand-up", "Walk", "Stand-up"]


# -- how much is remembered ----------------------------------------------------------------------------------


_SINCE = datetime(2027, 3, 1, tzinfo=UTC)


def entry(number: int) -> Entry:
    """An entry of a list: the event of a number."""
    nothing = EventHead._make([None] * len(EventHead._fields))
    return Entry(nothing._replace(id=number, uid=f"{number}@convene", version=1, updated_at=_SINCE), None)


class Writer:
    """Counts what it is asked to write."""

    def __init__(self, length: int) -> None:
        self._length = length
        self.times = 0

    def __call__(self, _: Entry) -> bytes:
        self.times += 1
        return b"x" * self._length


def test_what_is_remembered_takes_no_more_memory_than_it_may():
    remembered = Remembered(Writer(700))
    tracemalloc.start()
    for number in range(20_000):
        remembered(entry(number))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert BYTES_MAX / 2 < taken < BYTES_MAX


def test_what_is_asked_for_again_and_again_is_not_forgotten():
    often, writer = entry(0), Writer(700)
    remembered = Remembered(writer)
    for number in range(1, 20_000):
        remembered(entry(number))
        remembered(often)
    assert writer.times == 20_000


def test_what_is_long_is_written_each_time():
    long, writer = entry(0), Writer(ENTRY_MAX + 1)
    remembered = Remembered(writer)
    remembered(long)
    remembered(long)
    assert writer.times == 2
