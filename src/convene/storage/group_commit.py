"""Group commit: what several write at one moment, each by one statement, is written by one for all of them.

A create over 32 connections takes 0.6 of the CPU: fewer messages, fewer processes of the database that are woken.

Of one owner only one statement is under way in a process, or they would overtake each other. Whoever comes meanwhile
waits in the owner's line, and then goes together with others: those whose statement is the same, and of one owner those
who do not meet in time. Nobody who waits holds a connection.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import asyncpg

from convene.domain.errors import Unavailable
from convene.storage.drafts import BYTES_MAX, MOST, Draft
from convene.storage.errors import Duplicate
from convene.storage.statements import Row, Statement

#: How many statements of groups are under way at most, of those that do not take long. While they are, the next groups
#: grow: 0.88 of the CPU of a create over 32 connections.
AT_ONCE = 2
#: What takes longer keeps nobody else waiting, until there are so many of them.
SLOW_SECONDS = 0.05
RUNNING_MAX = 8


#: Writes it by a transaction of its own, or of others too, and gives the rows that tell of it. Raises Unavailable.
Alone = Callable[[Draft], Awaitable[list[Row]]]
#: Writes several; on a connection that is waited for since when the first of them began to wait.
Write = Callable[[Statement, Sequence[Draft], float], Awaitable[list[Row]]]
Outcome = list[Row] | BaseException


class _Member(NamedTuple):
    draft: Draft
    outcome: asyncio.Future[list[Row]]
    since: float


class _Waiting(NamedTuple):
    """Somebody in a line; without a draft, they want to write by themselves."""

    draft: Draft | None
    outcome: asyncio.Future[list[Row]]
    since: float
    until: float


class GroupCommit:
    """Those of a process who write by one statement each.

    Nobody is written whose group would begin after their patience (in seconds) has ended.
    """

    def __init__(self, write: Write, patience: float) -> None:
        self._write = write
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time
        #: Whose something is under way.
        self._under_way: set[int] = set()
        #: By owner, in the order of who was served last.
        self._lines: dict[int, deque[_Waiting]] = {}
        #: The statements of groups, and when they began.
        self._running: dict[asyncio.Task[dict[str, Outcome]], float] = {}
        self._is_called = False
        self._ticks: asyncio.TimerHandle | None = None
        self._is_idle = asyncio.Event()

    def begin_alone(self, owner_id: int) -> bool:
        """Begin to write something oneself, if nobody is before one; `end` says when that is done."""
        if owner_id in self._under_way or owner_id in self._lines:
            return False
        self._under_way.add(owner_id)
        return True

    def begin_in_quiet(self, owner_id: int) -> bool:
        """Begin to write something oneself, if nothing of anybody is under way: nobody could go together with one."""
        return not self._under_way and self.begin_alone(owner_id)

    def end(self, owner_id: int) -> None:
        """Let those go on who wait for something of the same owner."""
        self._under_way.discard(owner_id)
        if owner_id in self._lines:
            self._serve_alone(owner_id)
            self._call()

    async def begin(self, owner_id: int, since: float) -> None:
        """Begin to write something oneself when all who are before one are done; `end` says when that is done.

        Args:
            owner_id: whose.
            since: when whoever asks began to wait for something, by the clock of the loop.

        Raises:
            Unavailable: nobody came to it in time.
        """
        if self.begin_alone(owner_id):
            return
        begun = self._wait(owner_id, None, since)
        if owner_id not in self._under_way:
            self._serve_alone(owner_id)
        try:
            await begun
        except asyncio.CancelledError:
            if begun.done() and not begun.cancelled() and begun.exception() is None:
                self.end(owner_id)  # it came in the moment of giving up
            raise

    async def join(self, draft: Draft, since: float) -> list[Row]:
        """Write together with all who want to at this moment; gives the rows that tell of one's own.

        Raises:
            Unavailable: as the statement alone, or nobody came to it in time.
        """
        outcome = self._wait(draft.owner_id, draft, since)
        self._call()
        return await outcome

    async def finish(self) -> None:
        """Wait until nobody waits, and nothing runs."""
        while self._lines or self._running:
            self._is_idle.clear()
            await self._is_idle.wait()

    def _wait(self, owner_id: int, draft: Draft | None, since: float) -> asyncio.Future[list[Row]]:
        outcome: asyncio.Future[list[Row]] = self._loop.create_future()
        # Who has waited for something else before has less patience left, but a third in any case.
        until = max(since + self._patience, self._clock() + self._patience / 3)
        line = self._lines.setdefault(owner_id, deque())
        # Who looked at an agenda writes before others look at it, or those would have looked in vain.
        line.insert(bisect_right(line, since, key=attrgetter("since")), _Waiting(draft, outcome, since, until))
        self._look_again()
        return outcome

    def _call(self) -> None:
        if not self._is_called:
            self._is_called = True
            self._loop.call_soon(self._set_out)  # after all who want to in this turn of the loop

    def _look_again(self) -> None:
        if self._ticks is None:
            self._ticks = self._loop.call_later(SLOW_SECONDS, self._tick)

    def _tick(self) -> None:
        """Look after those who wait: their patience may have ended, or what is under way turned out to take long."""
        self._ticks = None
        for owner_id in [*self._lines]:
            (self._leave_out if owner_id in self._under_way else self._serve_alone)(owner_id)
        self._set_out()
        if self._lines:
            self._look_again()
        self._may_be_idle()

    def _set_out(self) -> None:
        self._is_called = False
        while self._may_begin() and (group := self._next_group()):
            task = self._loop.create_task(self._outcomes(group))
            self._running[task] = self._clock()
            task.add_done_callback(partial(self._tell, group))

    def _may_begin(self) -> bool:
        if not AT_ONCE <= len(self._running) < RUNNING_MAX:
            return len(self._running) < AT_ONCE
        long_ago = self._clock() - SLOW_SECONDS
        return sum(began > long_ago for began in self._running.values()) < AT_ONCE

    def _next_group(self) -> list[_Member]:
        """Take those who come next: the first in the lines of all owners of whom nothing is under way."""
        group: list[_Member] = []
        for owner_id in [one for one in self._lines if one not in self._under_way]:
            line = self._leave_out(owner_id)
            if line is None or not (taken := _taken(line, group)):
                continue  # and keeps its place
            group += taken
            self._under_way.add(owner_id)
            del self._lines[owner_id]
            if line:
                self._lines[owner_id] = line
            if len(group) == MOST:
                break
        return group

    def _leave_out(self, owner_id: int) -> deque[_Waiting] | None:
        """Leave out those at the beginning of a line who have given up, or waited for too long; gives who is left."""
        line, now = self._lines[owner_id], self._clock()
        while line and (line[0].outcome.done() or line[0].until < now):
            outcome = line.popleft().outcome
            if not outcome.done():
                outcome.set_exception(Unavailable("database_busy"))
        if not line:
            del self._lines[owner_id]
        return line or None

    def _serve_alone(self, owner_id: int) -> None:
        """Let the first in a line begin, if they want to write by themselves."""
        line = self._leave_out(owner_id)
        if line is not None and line[0].draft is None:
            self._under_way.add(owner_id)
            line.popleft().outcome.set_result([])
            if not line:
                del self._lines[owner_id]

    async def _outcomes(self, group: Sequence[_Member]) -> dict[str, Outcome]:
        """Write a group; if that is refused because of one of them, nothing was written, and each is by itself."""
        until = self._clock() + self._patience
        try:
            return await self._together(group)
        except (Duplicate, Unavailable, asyncpg.PostgresError) as error:
            if len(group) == 1 or (isinstance(error, Unavailable) and error.reason != "database_locked"):
                raise
        outcomes: dict[str, Outcome] = {}
        for one in group:
            try:
                if self._clock() > until:
                    raise Unavailable("database_locked")  # noqa: TRY301 - as if it had waited as well
                outcomes |= await self._together((one,))
            except (Duplicate, Unavailable, asyncpg.PostgresError) as error:
                outcomes[one.draft.name] = error
        return outcomes

    async def _together(self, group: Sequence[_Member]) -> dict[str, Outcome]:
        drafts = [one.draft for one in group]
        told: dict[str, list[Row]] = {draft.name: [] for draft in drafts}
        for row in await self._write(drafts[0].statement, drafts, min(one.since for one in group)):
            told[row[0]].append(row)
        return {**told}

    def _tell(self, group: Sequence[_Member], task: asyncio.Task[dict[str, Outcome]]) -> None:
        del self._running[task]
        error = None if task.cancelled() else task.exception()
        for one in group:
            if one.outcome.done():  # they have given up
                continue
            if task.cancelled():
                one.outcome.cancel()
            elif isinstance(outcome := error or task.result()[one.draft.name], BaseException):
                one.outcome.set_exception(outcome)
            else:
                one.outcome.set_result(outcome)
        for owner_id in {one.draft.owner_id for one in group}:
            self.end(owner_id)
        if self._lines:
            self._call()
        self._may_be_idle()

    def _may_be_idle(self) -> None:
        if not self._lines and not self._running:
            self._is_idle.set()


def _taken(line: deque[_Waiting], group: Sequence[_Member]) -> list[_Member]:
    """Take from a line who can go with a group: of the first ones, as long as they want to write together."""
    taken: list[_Member] = []
    stay: list[_Waiting] = []
    size = sum(one.draft.size for one in group)
    while line and (draft := line[0].draft) and len(group) + len(taken) < MOST and len(stay) < MOST:
        one = line.popleft()
        if one.outcome.done():
            continue
        before = (*group[:1], *taken)
        has_room = not before or size + draft.size <= BYTES_MAX
        if has_room and all(draft.goes_with(other.draft) for other in before):
            taken.append(_Member(draft, one.outcome, one.since))
            size += draft.size
        else:
            stay.append(one)
    line.extendleft(reversed(stay))
    return taken
