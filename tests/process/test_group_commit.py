"""What several write at one moment is written together, each hears of their own, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import literal, select

from convene.domain.errors import Unavailable
from convene.storage.drafts import BYTES_MAX, MOST, ROWS_MAX, Draft, listed
from convene.storage.errors import Duplicate
from convene.storage.group_commit import (
    AT_ONCE,
    RUNNING_MAX,
    SLOW_SECONDS,
    GroupCommit,
)
from convene.storage.statements import Row, Statement

PATIENCE = 0.2
FIRST, SECOND = Statement(select(literal(1))), Statement(select(literal(2)))
NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
_names = count()


def draft(owner_id: int, *, hour: int = 0, statement: Statement = FIRST, size: int = 2) -> Draft:
    begins = NINE + timedelta(hours=hour)
    name = f"draft {next(_names)}"
    return Draft(statement, owner_id, name, b"{}", begins, begins + timedelta(hours=1), size)


def now() -> float:
    return asyncio.get_running_loop().time()


class Writer:
    """A database that writes when it is told to, and remembers what it was asked to write together."""

    def __init__(self) -> None:
        self.groups: list[list[Draft]] = []
        self.since: list[float] = []
        self.opens = asyncio.Event()
        self.fails: Callable[[Sequence[Draft]], Exception | None] = lambda _drafts: None

    async def __call__(self, statement: Statement, drafts: Sequence[Draft], since: float) -> list[Row]:
        self.since.append(since)
        assert {one.statement for one in drafts} == {statement}
        self.groups.append([*drafts])
        await self.opens.wait()
        if error := self.fails(drafts):
            raise error
        return [(one.name, number) for one in reversed(drafts) for number in range(2)]

    def sizes(self) -> list[int]:
        return [len(group) for group in self.groups]


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
async def company(writer: Writer) -> GroupCommit:
    return GroupCommit(writer, PATIENCE)


def joins(company: GroupCommit, *drafts: Draft) -> list[asyncio.Task[list[Row]]]:
    return [asyncio.create_task(company.join(one, now())) for one in drafts]


async def turns() -> None:
    """Let everything happen that can without anybody from outside."""
    for _ in range(10):
        await asyncio.sleep(0)


async def is_free(company: GroupCommit, owner_id: int) -> bool:
    await turns()
    if free := company.begin_alone(owner_id):
        company.end(owner_id)
    return free


async def test_those_of_one_moment_are_written_together_and_each_hears_of_their_own(
    company: GroupCommit, writer: Writer
):
    writer.opens.set()
    drafts = [draft(owner) for owner in range(5)]
    told = await asyncio.gather(*joins(company, *drafts))
    assert told == [[(one.name, 0), (one.name, 1)] for one in drafts]
    assert writer.sizes() == [5]


async def test_of_one_owner_those_go_together_who_do_not_meet(company: GroupCommit, writer: Writer):
    one, same_time, next_hour = draft(1), draft(1), draft(1, hour=1)
    joining = joins(company, one, same_time, next_hour)
    await turns()
    assert writer.groups == [[one, next_hour]]
    writer.opens.set()
    await asyncio.gather(*joining)
    assert writer.groups == [[one, next_hour], [same_time]]


async def test_of_one_owner_only_one_statement_is_under_way(company: GroupCommit, writer: Writer):
    assert company.begin_alone(1)
    assert not company.begin_alone(1)
    mine, anothers = joins(company, draft(1), draft(2))
    await turns()
    assert [one.owner_id for group in writer.groups for one in group] == [2]
    assert not company.begin_alone(1), "somebody is in the line"
    company.end(1)
    await turns()
    assert [one.owner_id for group in writer.groups for one in group] == [2, 1]
    writer.opens.set()
    await asyncio.gather(mine, anothers)
    assert await is_free(company, 1)
    assert await is_free(company, 2)


async def test_who_wants_to_write_alone_waits_for_those_before_and_keeps_back_those_behind(
    company: GroupCommit, writer: Writer
):
    assert company.begin_alone(1)
    [before] = joins(company, draft(1))
    alone = asyncio.create_task(company.begin(1, now()))
    await asyncio.sleep(0)
    [behind] = joins(company, draft(1, hour=1))
    await asyncio.sleep(0)
    company.end(1)
    await turns()
    assert writer.sizes() == [1]
    writer.opens.set()
    await before
    await alone
    await turns()
    assert writer.sizes() == [1]
    assert not behind.done()
    company.end(1)
    await behind
    assert await is_free(company, 1)


async def test_who_wants_to_write_alone_and_gives_up_as_it_is_their_turn_leaves_it_to_the_next(company: GroupCommit):
    assert company.begin_alone(1)
    giving_up, next_one = (asyncio.create_task(company.begin(1, now())) for _ in range(2))
    await turns()
    company.end(1)
    giving_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await giving_up
    await next_one
    company.end(1)
    assert await is_free(company, 1)


async def test_who_wants_to_write_alone_waits_no_longer_than_their_patience(company: GroupCommit):
    assert company.begin_alone(1)
    waiting = asyncio.create_task(company.begin(1, now()))
    await asyncio.sleep(PATIENCE * 1.2)
    company.end(1)
    with pytest.raises(Unavailable):
        await waiting
    assert await is_free(company, 1)


async def test_only_who_is_alone_in_the_process_needs_no_group(company: GroupCommit):
    assert company.begin_in_quiet(1)
    assert not company.begin_in_quiet(2)
    assert company.begin_alone(2)
    company.end(1)
    assert not company.begin_in_quiet(1)
    company.end(2)
    assert company.begin_in_quiet(1)


async def test_statements_are_not_mixed(company: GroupCommit, writer: Writer):
    writer.opens.set()
    await asyncio.gather(*joins(company, *(draft(owner, statement=(FIRST, SECOND)[owner % 2]) for owner in range(6))))
    assert sorted(writer.sizes()) == [3, 3]


async def test_groups_grow_while_others_are_under_way_and_have_a_largest_size(company: GroupCommit, writer: Writer):
    joining: list[asyncio.Task[list[Row]]] = []
    for owner in range(AT_ONCE + 2 * MOST + 1):
        joining += joins(company, draft(owner))
        await turns()
    assert writer.sizes() == [1] * AT_ONCE
    writer.opens.set()
    await asyncio.gather(*joining)
    assert writer.sizes() == [1] * AT_ONCE + [MOST, MOST, 1]


async def test_one_owners_many_are_not_all_taken_at_once_nor_looked_at_for_ever(company: GroupCommit, writer: Writer):
    writer.opens.set()
    apart = [draft(1, hour=hour) for hour in range(MOST + 1)]
    meeting = [draft(2) for _ in range(3)]
    await asyncio.gather(*joins(company, *apart, *meeting))
    of_one = [sum(one.owner_id == 1 for one in group) for group in writer.groups]
    assert [size for size in of_one if size] == [MOST, 1]
    assert all(sum(one.owner_id == 2 for one in group) <= 1 for group in writer.groups)


async def test_whoever_gives_up_in_the_line_is_not_written(company: GroupCommit, writer: Writer):
    assert company.begin_alone(1)
    giving_up, staying = joins(company, one := draft(1), two := draft(1))
    await turns()
    giving_up.cancel()
    company.end(1)
    writer.opens.set()
    assert [name for name, _ in await staying] == [two.name] * 2
    assert one not in [written for group in writer.groups for written in group]
    assert giving_up.cancelled()


async def test_whoever_gives_up_while_they_are_written_takes_nothing_from_the_others(
    company: GroupCommit, writer: Writer
):
    giving_up, staying = joins(company, draft(1), draft(2))
    await turns()
    giving_up.cancel()
    writer.opens.set()
    assert len(await staying) == 2
    assert giving_up.cancelled()
    assert await is_free(company, 1)


@pytest.mark.parametrize("error", [Unavailable("database_down"), ZeroDivisionError("a bug of ours")], ids=repr)
async def test_all_hear_what_came_of_a_statement_of_which_nobody_knows_what_it_wrote(
    company: GroupCommit, writer: Writer, error: Exception
):
    writer.fails = lambda _drafts: error
    writer.opens.set()
    told = await asyncio.gather(*joins(company, draft(1), draft(2)), return_exceptions=True)
    assert told == [error, error]
    assert writer.sizes() == [2]
    assert await is_free(company, 1)


async def test_one_who_is_refused_keeps_the_others_from_nothing(company: GroupCommit, writer: Writer):
    refused = draft(1)
    writer.fails = lambda drafts: Duplicate("uid") if refused in drafts else None
    writer.opens.set()
    joining = joins(company, refused, draft(2), draft(3))
    told = await asyncio.gather(*joining, return_exceptions=True)
    assert isinstance(told[0], Duplicate)
    assert [len(one) for one in told[1:] if isinstance(one, list)] == [2, 2]
    assert sorted(writer.sizes()) == [1, 1, 1, 3]
    assert await is_free(company, 1)
    await asyncio.gather(*joins(company, draft(1), draft(2)))
    assert writer.sizes()[-1] == 2


async def test_of_one_owner_those_who_are_by_themselves_after_a_refusal_come_one_after_the_other(
    company: GroupCommit, writer: Writer
):
    refused, also_mine = draft(1), draft(1, hour=1)
    writer.fails = lambda drafts: Duplicate("uid") if refused in drafts else None
    joining = joins(company, refused, also_mine)
    alone = asyncio.create_task(company.begin(1, now()))
    await turns()
    writer.opens.set()
    await asyncio.gather(*joining, return_exceptions=True)
    assert writer.groups == [[refused, also_mine], [refused], [also_mine]]
    await alone
    assert not company.begin_alone(1)
    company.end(1)
    assert await is_free(company, 1)


async def test_what_has_certainly_not_been_written_is_written_by_itself(company: GroupCommit, writer: Writer):
    locked = draft(1)
    writer.fails = lambda drafts: Unavailable("database_locked") if locked in drafts else None
    writer.opens.set()
    told = await asyncio.gather(*joins(company, locked, draft(2)), return_exceptions=True)
    assert isinstance(told[0], Unavailable)
    assert isinstance(told[1], list)


async def test_when_all_are_locked_nobody_waits_for_each_of_the_others(writer: Writer):
    async def write(_statement: Statement, drafts: Sequence[Draft], _since: float) -> list[Row]:
        writer.groups.append([*drafts])
        await asyncio.sleep(PATIENCE * 2 / 3)
        raise Unavailable("database_locked")

    company = GroupCommit(write, PATIENCE)
    told = await asyncio.gather(*joins(company, *(draft(owner) for owner in range(10))), return_exceptions=True)
    assert [type(one) for one in told] == [Unavailable] * 10
    assert writer.sizes() == [10, 1]


async def test_a_group_has_a_largest_size_in_bytes_but_everybody_is_written(company: GroupCommit, writer: Writer):
    writer.opens.set()
    sizes = [BYTES_MAX // 2, BYTES_MAX // 2, 1, 2 * BYTES_MAX, BYTES_MAX]
    await asyncio.gather(*joins(company, *(draft(owner, size=size) for owner, size in enumerate(sizes))))
    written = sorted(sorted(one.owner_id for one in group) for group in writer.groups)
    assert written == [[0, 1], [2], [3], [4]]


async def test_one_of_many_is_told_less_than_one_alone():
    few, many = listed([draft(1)] * 2)["each"], listed([draft(1)] * MOST)["each"]
    assert ROWS_MAX >= 2 * few > MOST * many * 0.9 > 0
    assert listed([draft(1)])["each"] > ROWS_MAX


async def test_what_takes_long_keeps_nobody_else_waiting(company: GroupCommit, writer: Writer):
    slow = [*joins(company, draft(1))]
    await turns()
    slow += joins(company, draft(2))
    await turns()
    assert writer.sizes() == [1] * AT_ONCE
    quick = joins(company, draft(3), draft(4))
    await turns()
    assert writer.sizes() == [1] * AT_ONCE
    await asyncio.sleep(3 * SLOW_SECONDS)
    assert writer.sizes() == [1] * AT_ONCE + [2]
    writer.opens.set()
    await asyncio.gather(*slow, *quick)


async def test_no_more_statements_than_so_many_are_under_way_and_nobody_waits_for_them_for_ever(writer: Writer):
    patience = 2 * RUNNING_MAX * SLOW_SECONDS
    company = GroupCommit(writer, patience)
    joining: list[asyncio.Task[list[Row]]] = []
    for owner in range(RUNNING_MAX):
        joining += joins(company, draft(owner))
        await asyncio.sleep(1.2 * SLOW_SECONDS)
    assert len(writer.groups) == RUNNING_MAX
    first = joins(company, draft(RUNNING_MAX))
    await asyncio.sleep(patience / 4)
    for waiting in (*first, *joins(company, draft(RUNNING_MAX + 1))):
        with pytest.raises(Unavailable):
            await asyncio.wait_for(waiting, 2 * patience)
    assert len(writer.groups) == RUNNING_MAX
    writer.opens.set()
    await asyncio.gather(*joining)
    assert await is_free(company, RUNNING_MAX)


async def test_who_wants_to_write_alone_waits_for_no_place_of_a_group(company: GroupCommit, writer: Writer):
    assert company.begin_alone(9)
    joining = joins(company, draft(1))
    await turns()
    joining += joins(company, draft(2))
    alone = asyncio.create_task(company.begin(9, now()))
    await turns()
    assert len(writer.groups) == AT_ONCE
    company.end(9)
    await turns()
    assert alone.done()
    writer.opens.set()
    await asyncio.gather(*joining)


async def test_whose_statement_is_another_comes_in_their_turn(company: GroupCommit, writer: Writer):
    """Also while two owners always have something more to write."""
    busy = joins(company, *(draft(owner) for owner in (1, 2) for _ in range(20)))
    await turns()
    other = draft(3, statement=SECOND)
    [waiting] = joins(company, other)
    writer.opens.set()
    await asyncio.gather(waiting, *busy)
    assert writer.groups.index([other]) < 4


async def test_nobody_waits_longer_than_their_patience_while_others_take_long(company: GroupCommit, writer: Writer):
    slow = joins(company, draft(1))
    await turns()
    [waiting] = joins(company, draft(1))
    started = now()
    with pytest.raises(Unavailable):
        await waiting
    assert now() - started < 2 * PATIENCE
    writer.opens.set()
    await asyncio.gather(*slow)


async def test_who_has_waited_before_has_less_patience_left_and_comes_first_to_a_connection(
    company: GroupCommit, writer: Writer
):
    since = now() - 10 * PATIENCE
    assert company.begin_alone(1)
    waiting = asyncio.create_task(company.join(draft(1), since))
    started = now()
    with pytest.raises(Unavailable):
        await waiting
    assert now() - started < PATIENCE
    company.end(1)
    writer.opens.set()
    await asyncio.gather(company.join(draft(1), now()), company.join(draft(2), since))
    assert writer.since == [since]


async def test_who_began_to_wait_before_comes_first_in_the_line(company: GroupCommit, writer: Writer):
    assert company.begin_alone(1)
    late, early = draft(1), draft(1, statement=SECOND)
    waiting = [asyncio.create_task(company.join(late, now()))]
    await turns()
    waiting.append(asyncio.create_task(company.join(early, now() - 1)))
    await turns()
    company.end(1)
    writer.opens.set()
    await asyncio.gather(*waiting)
    assert writer.groups == [[early], [late]]


async def test_a_row_that_tells_of_nobody_is_an_error_for_all():
    async def write(_statement: Statement, _drafts: Sequence[Draft], _since: float) -> list[Row]:
        return [("nobody", 1)]

    company = GroupCommit(write, PATIENCE)
    told = await asyncio.gather(*joins(company, draft(1), draft(2)), return_exceptions=True)
    assert [type(one) for one in told] == [KeyError, KeyError]
    assert await is_free(company, 1)


async def test_all_who_wait_are_waited_for_at_the_end(company: GroupCommit, writer: Writer):
    joining = joins(company, draft(1), draft(1), draft(2))
    await turns()
    finishing = asyncio.create_task(company.finish())
    await turns()
    assert not finishing.done()
    writer.opens.set()
    await finishing
    assert all(one.done() for one in joining)
    await GroupCommit(writer, PATIENCE).finish()


async def test_nobody_is_written_after_their_patience(company: GroupCommit, writer: Writer):
    assert company.begin_alone(1)
    [waiting] = joins(company, draft(1))
    await asyncio.sleep(PATIENCE * 1.2)
    [came_later] = joins(company, draft(1))
    await turns()
    company.end(1)
    writer.opens.set()
    with pytest.raises(Unavailable) as error:
        await waiting
    assert error.value.reason == "database_busy"
    assert len(await came_later) == 2
    assert writer.sizes() == [1]


async def test_a_statement_that_is_cut_off_at_the_end_cancels_who_waited_for_it(company: GroupCommit, writer: Writer):
    before = asyncio.all_tasks()
    [joining] = joins(company, draft(1))
    await turns()
    assert writer.sizes() == [1]
    [statement] = asyncio.all_tasks() - before - {joining}
    statement.cancel()
    with pytest.raises(asyncio.CancelledError):
        await joining
    assert await is_free(company, 1)
