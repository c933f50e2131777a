"""Tasks that go on for ever end when they are told to, whatever the libraries that they wait for make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping

import pytest

from convene import ending
from convene.api import quotas
from convene.api.quotas import Counts, Quota
from convene.ending import end


async def for_ever() -> None:
    await asyncio.Event().wait()


async def deaf_once() -> None:
    """Lose a cancellation, as `asyncio.wait_for` of Python 3.11 may."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await for_ever()


async def begun(*coroutines: Coroutine[None, None, None]) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(one) for one in coroutines]
    await asyncio.sleep(0.01)
    return tasks


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 0.05)


async def test_all_end_also_those_that_lost_a_cancellation():
    tasks = await begun(for_ever(), deaf_once(), asyncio.sleep(0))
    async with asyncio.timeout(5):
        await end(tasks)
    assert [task.cancelled() for task in tasks] == [True, True, False]


async def test_what_a_task_failed_with_is_told_when_all_have_ended():
    async def fails() -> None:
        raise OSError("lost")

    tasks = await begun(fails(), deaf_once())
    with pytest.raises(OSError, match="lost"):
        await end(tasks)
    assert all(task.done() for task in tasks)


async def test_nothing_ends_at_once():
    await end([])


class DeafSums:
    """Loses each cancellation that comes while it adds."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.is_closed = False

    async def add(self, deltas: Mapping[str, int], seconds: int) -> list[int]:  # noqa: ARG002 - a protocol
        self.asked.set()
        waiting = asyncio.ensure_future(asyncio.sleep(0.01))
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            await waiting
        return list(deltas.values())

    async def close(self) -> None:
        self.is_closed = True


async def test_counts_that_were_exchanged_as_the_server_stopped_do_not_keep_it_from_ending(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(quotas, "EXCHANGE_SECONDS", 0.2)
    sums = DeafSums()
    counts = Counts(sums)
    async with asyncio.timeout(5):
        async with counts.running("epoch"):
            counts.count(Quota("test", 10, 60), "somebody")
            await sums.asked.wait()
    assert sums.is_closed
