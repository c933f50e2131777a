"""`convene check`: it finds nothing in what Convene wrote, and whatever somebody has changed by hand."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import NamedTuple

import pytest

from tests.api.steps import change_part, delete_part, path_of
from tests.databases import SHARED_KINDS, fresh_database
from tests.findings import findings
from tests.people import Json, Person, running_api
from tests.process.commands import Said, run_here
from tests.process.outside import outside

EVENTS = "/api/v1/events"


class Fault(NamedTuple):
    """What somebody does to the rows of one event, and what is then said of it."""

    sql: str
    told: tuple[str, ...]


def head(change: str) -> str:
    return f"UPDATE events SET {change} WHERE id = $event"


def version_2(change: str) -> str:
    return f"UPDATE event_versions SET {change} WHERE event_id = $event AND version_number = 2"


def of_ben(change: str) -> str:
    return f"UPDATE permissions SET {change} WHERE event_id = $event AND user_id = $ben"


OTHER_TIME = "'2031-01-01T00:00:00.000000Z'"
NOT_NEWEST = "{} is not that of its newest version"
FAULTS = {
    "a head that is not its newest version": Fault(
        head("title = 'Another', search_text = 'another'"),
        (NOT_NEWEST.format("title"), NOT_NEWEST.format("search_text")),
    ),
    "other bounds": Fault(
        head(f"ends_at = {OTHER_TIME}"),
        (
            f"{NOT_NEWEST.format('ends_at')}; `convene reindex` mends it if the rules of its zone have changed",
            "user $alice has other bounds of it than it has",
            "user $ben has other bounds of it than it has",
        ),
    ),
    "other bounds of one who sees it": Fault(
        of_ben(f"starts_at = {OTHER_TIME}"), ("user $ben has other bounds of it than it has",)
    ),
    "a version that is lost": Fault(
        "DELETE FROM event_versions WHERE event_id = $event AND version_number = 2",
        ("there is no version 2 before version 3",),
    ),
    "a newest version that is lost": Fault(
        "DELETE FROM event_versions WHERE event_id = $event AND version_number = 3",
        (
            "the change log tells of version 3, which is not there",
            "is said to be in version 3, the newest is 2",
            "was changed by somebody else, or at another time, than its newest version says",
            NOT_NEWEST.format("location"),
            NOT_NEWEST.format("search_text"),
        ),
    ),
    "no version at all": Fault(
        "DELETE FROM event_versions WHERE event_id = $event",
        (
            "the change log tells of version 2, which is not there",
            "the change log tells of version 3, which is not there",
            "has no version",
        ),
    ),
    "a version that cannot be read": Fault(version_2("""data = '{"title": 1}'"""), ("version 2 cannot be read",)),
    "a version that was changed": Fault(
        version_2("data = replace(CAST(data AS TEXT), 'Second', 'Changed')$json"),
        (
            "version 2: the change log is not what was changed of title",
            "version 3: the change log is not what was changed of title",
        ),
    ),
    "a change log that was changed": Fault(
        "UPDATE event_change_log SET old_value = '\"Other\"' WHERE event_id = $event AND version_number = 2",
        ("version 2: the change log is not what was changed of title",),
    ),
    "a change log that is lost": Fault(
        "DELETE FROM event_change_log WHERE event_id = $event AND version_number = 3",
        ("version 3: the change log is not what was changed of location",),
    ),
    "a change log by somebody else": Fault(
        "UPDATE event_change_log SET created_by = $ben WHERE event_id = $event AND version_number = 3",
        ("version 3: a line of the change log is of another version",),
    ),
    "a trash that its history does not know": Fault(
        head(f"deleted_at = {OTHER_TIME}"),
        ("lies in the trash or not, unlike its newest version, which was updated",),
    ),
    "a calendar of somebody else": Fault(
        head("calendar_id = (SELECT id FROM calendars WHERE owner_id = $ben)"),
        ("lies in a calendar of somebody else than its owner",),
    ),
    "an owner too many": Fault(
        of_ben("role = 'owner'"),
        ("belongs to user $alice, but its permissions name user $alice, user $ben as its owner",),
    ),
    "no owner": Fault(
        "UPDATE permissions SET role = 'editor' WHERE event_id = $event AND user_id = $alice",
        ("belongs to user $alice, but its permissions name nobody as its owner",),
    ),
    "a permission at a place that has not come": Fault(
        of_ben("position = 1000000000000"), ("user $ben has it at a position that has not come yet",)
    ),
    "a version at a place that has not come": Fault(
        version_2("position = 1000000000000"), ("version 2 stands at a position that has not come yet",)
    ),
}
#: What somebody does to other rows, and what is then said.
OTHER_FAULTS = {
    f"UPDATE events SET updated_at = {OTHER_TIME} WHERE id = $event": (
        "events id $event: is dated later than its owner's agenda says of all in it"
    ),
    "UPDATE notifications SET id = 7777, version_number = 99 WHERE event_id = $event AND kind = 'shared'": (
        "notifications id 7777: tells of a version that is not there"
    ),
    "UPDATE permissions SET granted_by = 999999 WHERE event_id = $event AND user_id = $ben": (
        "permissions event_id $event, user_id $ben: granted_by names no row of users"
    ),
    "UPDATE permissions SET event_id = 999999 WHERE event_id = $event AND user_id = $ben": (
        "permissions event_id 999999, user_id $ben: event_id names no row of events"
    ),
    "DELETE FROM agendas WHERE user_id = $ben": "users id $ben: has no row in agendas",
    "DELETE FROM calendars WHERE owner_id = $ben": "users id $ben: has no row in calendars",
    "UPDATE database_identity SET pruned_position = 1000000000000": (
        "database_identity id 1: has thrown away what has not come yet"
    ),
}


class Planted(NamedTuple):
    """What was planted in a database, and what the check says then."""

    said: Said
    names: dict[str, dict[str, str]]


async def plant(url: str, sql: str, names: dict[str, str]) -> None:
    """Do something to rows that Convene, and the rules of the database, would never allow."""
    async with outside(url) as connection:
        if url.startswith("postgresql"):
            await connection.rows("SET session_replication_role = replica")
        await connection.rows(Template(sql).substitute(names | {"json": "::json" * url.startswith("postgresql")}))


async def edited_event(alice: Person, ben: Person) -> dict[str, str]:
    """An event in its third version that two people see; gives the ids by name."""
    event = await alice.creates("First")
    await alice.shares(event, ben)
    await alice.changes(event, title="Second")
    await alice.changes(event, title="Second", location="Room 2")
    return {"event": str(event["id"]), "alice": str(alice.id), "ben": str(ben.id)}


async def plant_all(url: str) -> dict[str, dict[str, str]]:
    names = {}
    async with running_api(url) as api:
        alice, ben = await api.person("alice"), await api.person("ben")
        for name, fault in FAULTS.items():
            names[name] = await edited_event(alice, ben)
            await plant(url, fault.sql, names[name])
        for sql in OTHER_FAULTS:
            names[sql] = await edited_event(alice, await api.person("carla"))
            await plant(url, sql, names[sql])
    return names


@pytest.fixture(scope="module", params=SHARED_KINDS)
def planted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    with fresh_database(request.param) as url:
        names = asyncio.run(plant_all(url))
        yield Planted(run_here(tmp_path_factory.mktemp("check"), url, "check"), names)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_an_event_is_found_and_told_of_that_event_alone(planted: Planted, name: str):
    names = planted.names[name]
    said = re.findall(rf"^event {names['event']}: (.*)$", planted.said.out, re.MULTILINE)
    assert said == [Template(one).substitute(names) for one in FAULTS[name].told]


@pytest.mark.parametrize(("sql", "told"), OTHER_FAULTS.items())
def test_rows_that_point_at_nothing_are_found(planted: Planted, sql: str, told: str):
    assert Template(told).substitute(planted.names[sql]) in planted.said.out.splitlines()


def test_whoever_finds_something_says_how_much_and_fails(planted: Planted):
    found = len(planted.said.out.splitlines())
    assert (planted.said.code, planted.said.error) == (1, f"convene: {found} things do not agree\n")


def test_a_row_that_no_program_can_read_is_told_in_one_line(new_sqlite: str, tmp_path: Path):
    async def do() -> None:
        async with running_api(new_sqlite) as api:
            names = await edited_event(await api.person("alice"), await api.person("ben"))
        await plant(new_sqlite, head("start_time = 'never'"), names)

    asyncio.run(do())
    said = run_here(tmp_path, new_sqlite, "check")
    assert said.out.startswith("some rows after the database: cannot be read: ")
    assert said.error == "convene: 1 things do not agree\n"


async def live(alice: Person, ben: Person) -> None:
    """Do with events whatever writes rows."""
    for _ in range(120):  # more than are read at once
        await alice.creates("One of many", recurrence_pattern={"frequency": "daily", "count": 4})
    event = await alice.creates("Stand-up", recurrence_pattern={"frequency": "daily", "count": 4})
    await alice.shares(event, ben)
    later = await change_part(ben, event, "following", "2027-03-03T09:00:00", location="Room 4")
    await change_part(ben, event, "this", "2027-03-02T09:00:00", title="Longer", end_time="2027-03-02T12:00:00Z")
    await alice.changes(event, title="Daily", base_version=1)
    await delete_part(alice, later, "this", "2027-03-03T09:00:00")
    for path in ("rollback/1?on_conflict=allow", "transfer"):
        await alice.post(f"{path_of(later)}/{path}", {"user_id": ben.id} if path == "transfer" else None)
    await alice.delete(path_of(event))
    await alice.post(f"{path_of(event)}/restore")
    await alice.delete(f"{path_of(event)}/permissions/{ben.id}")
    gone: Json = await alice.creates("Gone")
    await alice.delete(path_of(gone))


def test_nothing_is_found_in_what_convene_wrote(new_database: str, tmp_path: Path):
    async def do() -> None:
        async with running_api(new_database) as api:
            await live(await api.person("alice"), await api.person("ben"))

    asyncio.run(do())
    said = run_here(tmp_path, new_database, "check")
    assert (said.code, said.out, said.error) == (0, "everything agrees with everything else\n", "")


def test_a_check_of_a_demonstration_finds_nothing(new_database: str, tmp_path: Path):
    assert run_here(tmp_path, new_database, "demo").code == 0
    assert run_here(tmp_path, new_database, "check").out == "everything agrees with everything else\n"


async def test_a_check_sees_one_state_while_others_write(new_database: str):
    async with running_api(new_database) as api:
        alice, ben = await api.person("alice"), await api.person("ben")
        events = [await alice.creates("Busy") for _ in range(5)]
        over = asyncio.Event()

        async def write(event: Json) -> None:
            await alice.shares(event, ben)
            while not over.is_set():
                event = await alice.changes(event, title=f"Title {event['version']}")

        async with asyncio.TaskGroup() as writing:
            for event in events:
                writing.create_task(write(event))
            for _ in range(10):
                assert await findings(new_database) == []
                await asyncio.sleep(0.02)
            over.set()
