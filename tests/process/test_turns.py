"""Turns go to one after the other, and none is lost, whoever gives up meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from convene.domain.errors import Unavailable
from convene.storage.turns import Turns

PATIENCE = 0.2
KEY = 1


@pytest.fixture
def turns() -> Turns:
    return Turns(PATIENCE)


async def test_turns_go_in_the_order_of_asking(turns: Turns):
    told: list[int] = []

    async def tell(number: int) -> None:
        async with turns.of(KEY):
            told.append(number)
            await asyncio.sleep(0)
            told.append(number)

    await asyncio.gather(*(tell(number) for number in range(4)))
    assert told == [0, 0, 1, 1, 2, 2, 3, 3]


async def test_nobody_waits_for_the_turns_of_another_key(turns: Turns):
    async with turns.of(KEY), turns.of(KEY + 1):
        pass


async def test_who_waits_for_too_long_is_told_and_the_next_one_comes_nevertheless(turns: Turns):
    async with turns.of(KEY):
        with pytest.raises(Unavailable):
            await turns.take(KEY)
        waiting = asyncio.create_task(turns.take(KEY))
        await asyncio.sleep(0)
    await waiting
    turns.pass_on(KEY)


async def test_a_turn_that_comes_in_the_moment_of_giving_up_goes_to_the_next(turns: Turns):
    await turns.take(KEY)
    giving_up, next_one = (asyncio.create_task(turns.take(KEY)) for _ in range(2))
    await asyncio.sleep(0)
    turns.pass_on(KEY)
    giving_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await giving_up
    await next_one
    turns.pass_on(KEY)


async def test_an_error_in_a_turn_ends_it(turns: Turns):
    with pytest.raises(ZeroDivisionError):
        async with turns.of(KEY):
            raise ZeroDivisionError
    async with turns.of(KEY):
        pass


class _Meanwhile:
    """What somebody does while they wait, which may fail when it has to end."""

    def __init__(self, *, fails: bool = False) -> None:
        self.told: list[str] = []
        self._fails = fails

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        self.told.append("begun")
        yield
        self.told.append("ended")
        if self._fails:
            raise ConnectionRefusedError


async def test_something_can_be_done_meanwhile_by_who_has_to_wait(turns: Turns):
    meanwhile = _Meanwhile()
    async with turns.of(KEY, meanwhile):
        assert meanwhile.told == []
        waiting = asyncio.create_task(turns.take(KEY, meanwhile))
        await asyncio.sleep(0)
        assert meanwhile.told == ["begun"]
    await waiting
    assert meanwhile.told == ["begun", "ended"]
    turns.pass_on(KEY)


async def test_a_turn_goes_to_the_next_if_what_was_done_meanwhile_cannot_end(turns: Turns):
    await turns.take(KEY)
    failing = asyncio.create_task(turns.take(KEY, _Meanwhile(fails=True)))
    next_one = asyncio.create_task(turns.take(KEY))
    await asyncio.sleep(0)
    turns.pass_on(KEY)
    with pytest.raises(ConnectionRefusedError):
        await failing
    await next_one
    turns.pass_on(KEY)


async def gives_up_as_the_turn_ends(turns: Turns) -> asyncio.Task[None]:
    """Somebody who waits, and has been cancelled in the moment in which the turn before theirs ended."""
    await turns.take(KEY)
    giving_up = asyncio.create_task(turns.take(KEY))
    await asyncio.sleep(0)
    giving_up.cancel()
    turns.pass_on(KEY)
    return giving_up


async def test_who_gives_up_in_the_moment_of_an_end_takes_nothing_from_who_begins_then(turns: Turns):
    giving_up = await gives_up_as_the_turn_ends(turns)
    await turns.take(KEY)
    with pytest.raises(asyncio.CancelledError):
        await giving_up
    following = asyncio.create_task(turns.take(KEY))
    await asyncio.sleep(0)
    assert not following.done()
    turns.pass_on(KEY)
    await following
    turns.pass_on(KEY)


async def test_who_gives_up_in_the_moment_of_an_end_after_which_nobody_begins_is_only_cancelled(turns: Turns):
    giving_up = await gives_up_as_the_turn_ends(turns)
    with pytest.raises(asyncio.CancelledError):
        await giving_up
