"""What storage stores: instants and JSON as they were given, and statements that mean the same on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, delete, func, insert, literal, select, update

from convene.domain.json_types import Json as JsonValue
from convene.domain.zones import EARLIEST, FAR_FUTURE, zone
from convene.storage.engine import make_database, parse_url
from convene.storage.positions import transaction_position
from convene.storage.statements import Statement, inserting
from convene.storage.tables import agendas, database_identity, users
from convene.storage.types import (
    Json,
    JsonList,
    UtcDateTime,
    filter_only,
    in_json_list,
    instant_text,
)
from convene.storage.unit_of_work import UnitOfWork, Units
from tests.databases import KINDS, fresh_database
from tests.process.outside import outside

INSTANTS = (
    EARLIEST,
    datetime(1582, 10, 15, 12, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=timezone(timedelta(hours=2))),
    datetime(2026, 10, 25, 1, 30, 0, 999_999, tzinfo=timezone(-timedelta(hours=11, minutes=30))),
    FAR_FUTURE,
)
VALUES: tuple[JsonValue, ...] = (
    0,
    False,
    "",
    "Ä\u2028🎉\\\"'",
    1.5,
    2**53,
    [],
    {},
    [None],
    {"b": None, "a": [1, {"ü": "x"}]},
)

notes = Table(
    "notes", MetaData(), Column("id", Integer, primary_key=True), Column("at", UtcDateTime), Column("data", Json)
)
INSERT = Statement(inserting(notes, "id", "at", "data"))
ALL = Statement(select(notes.c.id, notes.c.at, notes.c.data).order_by(notes.c.id))
POSITION = Statement(select(transaction_position()))


@pytest.fixture(scope="module", params=KINDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    with fresh_database(request.param) as url:
        yield url


@pytest.fixture(scope="module")
async def units(database_url: str) -> AsyncIterator[Units]:
    """Units of work on a database with one more table, for notes."""
    dialect = parse_url(database_url).drivername
    instant, value = ("TEXT", "TEXT") if dialect == "sqlite" else ("TIMESTAMPTZ", "JSON")
    async with outside(database_url) as connection:
        await connection.rows(f"CREATE TABLE notes (id INTEGER PRIMARY KEY, at {instant}, data {value})")
    database = make_database(database_url)
    await database.open()
    yield Units(database)
    await database.close()


@pytest.fixture
async def work(units: Units) -> AsyncIterator[UnitOfWork]:
    """One transaction on an empty table of notes."""
    async with units.writing() as work:
        await work.run(Statement(delete(notes)))
        yield work


async def note(work: UnitOfWork, number: int, at: datetime | None = None, data: JsonValue = None) -> None:
    await work.run(INSERT, {"id": number, "at": at, "data": data})


# -- instants ------------------------------------------------------------------------------------------------


async def test_instants_come_back_as_they_were(work: UnitOfWork):
    for number, instant in enumerate(INSTANTS):
        await note(work, number, at=instant)
    assert [row[1] for row in await work.all(ALL)] == list(INSTANTS)


async def test_an_instant_in_local_mean_time_whose_offset_has_seconds_comes_back_to_the_second(work: UnitOfWork):
    at = datetime(1890, 1, 1, 12, tzinfo=zone("Europe/Berlin"))
    await note(work, 1, at=at)
    [(_, instant, _)] = await work.all(ALL)
    assert instant == at.astimezone(UTC)


async def test_instants_come_back_aware_and_in_utc(work: UnitOfWork):
    await note(work, 1, at=INSTANTS[2])
    [(_, instant, _)] = await work.all(ALL)
    assert instant.utcoffset() == timedelta(0)


async def test_a_naive_datetime_is_refused(work: UnitOfWork):
    with pytest.raises(ValueError, match="without an offset"):
        await note(work, 1, at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    assert await work.all(ALL) == []


async def test_no_instant_is_none(work: UnitOfWork):
    await note(work, 1)
    assert await work.all(ALL) == [(1, None, None)]


async def test_instants_are_sorted_and_compared_as_times(work: UnitOfWork):
    for number, instant in enumerate(reversed(INSTANTS)):
        await note(work, number, at=instant)
    by_time = Statement(select(notes.c.at).order_by(notes.c.at))
    assert [row[0] for row in await work.all(by_time)] == sorted(INSTANTS)
    later = Statement(select(func.count()).where(notes.c.at > bindparam("at", type_=notes.c.at.type)))
    assert await work.one(later, {"at": INSTANTS[2]}) == (2,)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_sqlites_text_of_instants_sorts_as_they_do(one: datetime, other: datetime):
    assert (instant_text(one) < instant_text(other)) == (one < other)
    assert len(instant_text(one)) == 27
    assert datetime.fromisoformat(instant_text(one)) == one


# -- JSON ----------------------------------------------------------------------------------------------------


async def test_json_comes_back_as_it_was(work: UnitOfWork):
    for number, value in enumerate(VALUES):
        await note(work, number, data=value)
    found = [row[2] for row in await work.all(ALL)]
    assert found == list(VALUES)
    assert [type(value) for value in found] == [type(value) for value in VALUES]
    assert list(found[-1]) == ["b", "a"]  # keys keep their order


async def test_none_is_null_and_no_json(work: UnitOfWork):
    await note(work, 1, data=None)
    await note(work, 2, data=[None])
    empty = Statement(select(notes.c.id).where(notes.c.data.is_(None)))
    assert await work.all(empty) == [(1,)]


# -- statements ----------------------------------------------------------------------------------------------


async def test_statements_give_the_first_row_all_rows_or_their_number(work: UnitOfWork):
    for number in range(3):
        await note(work, number)
    by_number = Statement(select(notes.c.id).order_by(notes.c.id.desc()))
    assert await work.one(by_number) == (2,)
    assert await work.all(by_number) == [(2,), (1,), (0,)]
    assert await work.run(Statement(update(notes).values(data=None))) == 3
    none = Statement(select(notes.c.id).where(notes.c.id == -1))
    assert (await work.one(none), await work.all(none)) == (None, [])
    assert await work.run(Statement(delete(notes).where(notes.c.id == -1))) == 0


async def test_one_statement_for_many_rows_keeps_their_order(work: UnitOfWork):
    returning = Statement(inserting(notes, "id", "data").returning(notes.c.id))
    assert await work.each(returning, [{"id": number, "data": None} for number in (5, 3, 9)]) == [(5,), (3,), (9,)]
    assert await work.each(returning, [{"id": 7, "data": None}]) == [(7,)]
    assert await work.each(returning, []) == []
    await work.many(INSERT, [{"id": number, "at": INSTANTS[0], "data": [number]} for number in (1, 2)])
    await work.many(INSERT, [])
    assert [row[0] for row in await work.all(ALL)] == [1, 2, 3, 5, 7, 9]


async def test_a_value_that_is_missing_is_no_null(work: UnitOfWork):
    with pytest.raises(KeyError):
        await work.run(INSERT, {"id": 1, "at": None})


async def test_lists_of_keys_of_any_length_are_one_value(work: UnitOfWork):
    for number in range(5):
        await note(work, number)
    chosen = Statement(select(notes.c.id).where(in_json_list(notes.c.id, bindparam("keys", type_=JsonList))))
    for keys in ([], [3], [0, 4, 17], list(range(-2_000, 2_000))):
        assert {row[0] for row in await work.all(chosen, {"keys": keys})} == set(keys) & set(range(5))


async def test_lists_of_text_compare_letters_as_they_are(work: UnitOfWork):
    text = literal("Ägypten")
    chosen = Statement(select(text).where(in_json_list(text, bindparam("keys", type_=JsonList), text=True)))
    assert await work.all(chosen, {"keys": ["Ägypten", "b"]}) == [("Ägypten",)]
    assert await work.all(chosen, {"keys": ["ägypten", "Agypten", "%", "'"]}) == []


async def test_filtering_by_a_column_without_its_index_finds_the_same(work: UnitOfWork):
    for number, instant in enumerate(INSTANTS):
        await note(work, number, at=instant)
    plain, filtering = (
        Statement(select(notes.c.id).where(at <= bindparam("at", type_=notes.c.at.type)).order_by(at))
        for at in (notes.c.at, filter_only(notes.c.at))
    )
    assert (
        await work.all(filtering, {"at": INSTANTS[2]})
        == await work.all(plain, {"at": INSTANTS[2]})
        == [(0,), (1,), (2,)]
    )


async def test_text_sorts_by_code_points(work: UnitOfWork):
    words = ["Zebra", "a", "zebra", "Äpfel", "äpfel", "apfel", "_", "1", "🎉"]
    for number, word in enumerate(words):
        await note(work, number, data=word)
    spelled = notes.c.data.cast(users.c.username.type)
    by_text = Statement(select(spelled).order_by(spelled))
    assert [row[0].strip('"') for row in await work.all(by_text)] == sorted(words)


# -- transactions --------------------------------------------------------------------------------------------


async def position(units: Units) -> Any:
    async with units.writing() as work:
        one, other = await work.one(POSITION), await work.one(POSITION)
        assert one == other
        return one


async def test_each_transaction_that_writes_has_a_later_position(units: Units):
    positions = [await position(units) for _ in range(5)]
    assert positions == sorted(set(positions))


async def test_beginning_again_undoes_what_was_written_and_goes_on(units: Units):
    async with units.writing() as work:
        await work.run(Statement(delete(notes)))
        before, first = await work.one(POSITION), work.now
        await note(work, 1)
        await work.begin_again()
        assert await work.one(POSITION) >= before  # type: ignore[operator]
        assert work.now >= first
        await work.run(Statement(delete(notes)))
        await note(work, 2)
    async with units.reading() as work:
        assert [row[0] for row in await work.all(ALL)] == [2]


async def test_now_stays_the_same_in_one_transaction(work: UnitOfWork):
    assert work.now is work.now
    assert work.now.utcoffset() == timedelta(0)


async def test_a_row_that_others_need_cannot_be_taken_away(units: Units):
    """Foreign keys hold on both: on SQLite only where they are switched on, for each connection."""
    orphan = Statement(insert(agendas).values(user_id=-1, revision=0))
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with units.writing() as work:
            await work.run(orphan)
    async with units.reading() as work:
        assert await work.all(Statement(select(agendas.c.user_id).where(agendas.c.user_id == -1))) == []
        assert await work.one(Statement(select(database_identity.c.id))) == (1,)
