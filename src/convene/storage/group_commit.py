"""Group commit: what several write at one moment, each by one statement, is written by one for all of them.

A create over 32 connections takes 0.6 of the CPU: fewer messages, fewer processes of the database that are woken.

Of one owner only one statement is under way in a process, or they would overtake each other. Whoever comes meanwhile
waits in the owner's line, and then goes together with others: those whose statement is the same, and of one owner those
who do not meet in time. Nobody who waits holds a connection.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import asyncpg

from convene.domain.errors import Unavailable
from convene.storage.errors import Duplicate
from convene.storage.statements import Row, Statement, Values

#: How many are written by one statement at most: 32 with long descriptions are 2 MB.
MOST = 32
#: How many statements of groups are under way at most. While they are, the next groups grow: 0.88 of the CPU of a
#: create over 32 connections. One that takes long does not keep all others waiting.
AT_ONCE = 2


class Draft(NamedTuple):
    """What somebody wants to write by one statement, which others may write theirs by too.

    Attributes:
        statement: takes what is to be written as `drafts`, a list in JSON; each row that it gives begins with a name.
        owner_id: whose it is.
        name: is in the JSON, too.
        json: one element of the list.
        begins, ends: the time that it takes up.
    """

    statement: Statement
    owner_id: int
    name: str
    json: bytes
    begins: datetime
    ends: datetime

    def goes_with(self, other: Draft) -> bool:
        """Whether one statement can write both."""
        if self.statement is not other.statement:
            return False
        return self.owner_id != other.owner_id or self.ends <= other.begins or self.begins >= other.ends


#: Writes it by a transaction of its own, or of others too, and gives the rows that tell of it. Raises Unavailable.
Alone = Callable[[Draft], Awaitable[list[Row]]]
Write = Callable[[Statement, Sequence[Draft]], Coroutine[Any, Any, list[Row]]]

#: What a database says of a statement that has written nothing, and may write something of others.
REFUSALS = (Duplicate, asyncpg.PostgresError)


def listed(drafts: Sequence[Draft]) -> Values:
    """The values of a statement that writes several."""
    return {"drafts": f"[{b','.join([draft.json for draft in drafts]).decode()}]"}


class _Member(NamedTuple):
    draft: Draft
    outcome: asyncio.Future[list[Row]]


class _Waiting(NamedTuple):
    """Somebody in a line; without a draft, they want to write by themselves."""

    draft: Draft | None
    outcome: asyncio.Future[list[Row]]
    until: float


class GroupCommit:
    """Those of a process who write by one statement each.

    Nobody is written whose group would begin after their patience (in seconds) has ended.
    """

    def __init__(self, write: Write, patience: float) -> None:
        self._write = write
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        #: Whose something is under way.
        self._under_way: set[int] = set()
        self._lines: dict[int, deque[_Waiting]] = {}
        self._is_called = False
        self._running = 0

    def begin_alone(self, owner_id: int) -> bool:
        """Begin to write something oneself, if nobody is before one; `end` says when that is done."""
        if owner_id in self._under_way or owner_id in self._lines:
            return False
        self._under_way.add(owner_id)
        return True

    def end(self, owner_ids: Iterable[int]) -> None:
        """Let those go on who wait for something of the same owners."""
        self._under_way.difference_update(owner_ids)
        if self._lines:
            self._call()

    async def begin(self, owner_id: int) -> None:
        """Begin to write something oneself when all who are before one are done; `end` says when that is done.

        Raises:
            Unavailable: nobody came to it in time.
        """
        if not self.begin_alone(owner_id):
            begun = self._wait(owner_id, None)
            try:
                await begun
            except asyncio.CancelledError:
                if begun.done() and not begun.cancelled() and begun.exception() is None:
                    self.end((owner_id,))  # it came in the moment of giving up
                raise

    async def join(self, draft: Draft) -> list[Row]:
        """Write together with all who want to at this moment; gives the rows that tell of one's own.

        Raises:
            Unavailable: as the statement alone, or nobody came to it in time.
        """
        return await self._wait(draft.owner_id, draft)

    def _wait(self, owner_id: int, draft: Draft | None) -> asyncio.Future[list[Row]]:
        outcome: asyncio.Future[list[Row]] = self._loop.create_future()
        until = self._loop.time() + self._patience
        self._lines.setdefault(owner_id, deque()).append(_Waiting(draft, outcome, until))
        self._call()
        return outcome

    def _call(self) -> None:
        if not self._is_called:
            self._is_called = True
            self._loop.call_soon(self._set_out)  # after all who want to in this turn of the loop

    def _set_out(self) -> None:
        self._is_called = False
        while self._running < AT_ONCE and (group := self._next_group()):
            self._begin(group)

    def _next_group(self) -> list[_Member]:
        """Take those who come next: the first in the lines of all owners of whom nothing is under way."""
        group: list[_Member] = []
        for owner_id in [one for one in self._lines if one not in self._under_way]:
            line = self._lines.pop(owner_id)
            self._leave_out(line)
            if line and line[0].draft is None:
                self._under_way.add(owner_id)
                line.popleft().outcome.set_result([])
            elif taken := _taken(line, group):
                self._under_way.add(owner_id)
                group += taken
            if line:
                self._lines[owner_id] = line
            if len(group) == MOST:
                break
        return group

    def _leave_out(self, line: deque[_Waiting]) -> None:
        """Leave out those at the beginning of a line who have given up, or waited for too long."""
        now = self._loop.time()
        while line and (line[0].outcome.done() or line[0].until < now):
            outcome = line.popleft().outcome
            if not outcome.done():
                outcome.set_exception(Unavailable("database_busy"))

    def _begin(self, group: Sequence[_Member]) -> None:
        self._running += 1
        task = self._loop.create_task(self._write(group[0].draft.statement, [one.draft for one in group]))
        task.add_done_callback(partial(self._tell, group))

    def _tell(self, group: Sequence[_Member], task: asyncio.Task[list[Row]]) -> None:
        self._running -= 1
        error = None if task.cancelled() else task.exception()
        if isinstance(error, REFUSALS) and len(group) > 1:
            for one in group:  # nothing was written, because of one of them
                self._begin([one])
            return
        self.end(one.draft.owner_id for one in group)
        told: dict[str, list[Row]] = {one.draft.name: [] for one in group}
        for row in () if error or task.cancelled() else task.result():
            told[row[0]].append(row)
        for one in group:
            if one.outcome.done():
                continue
            if task.cancelled():
                one.outcome.cancel()
            elif error is not None:
                one.outcome.set_exception(error)
            else:
                one.outcome.set_result(told[one.draft.name])


def _taken(line: deque[_Waiting], group: Sequence[_Member]) -> list[_Member]:
    """Take from a line who can go with a group: of the first ones, as long as they want to write together."""
    taken: list[_Member] = []
    stay: list[_Waiting] = []
    while line and (draft := line[0].draft) and len(group) + len(taken) < MOST and len(stay) < MOST:
        one = line.popleft()
        if one.outcome.done():
            continue
        if all(draft.goes_with(other.draft) for other in (*group[:1], *taken)):
            taken.append(_Member(draft, one.outcome))
        else:
            stay.append(one)
    line.extendleft(reversed(stay))
    return taken
