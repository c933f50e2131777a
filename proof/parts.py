"""What every part of the proof is given, and what it gives back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from tests.databases import fresh_database


@dataclass(frozen=True, slots=True)
class Options:
    """How hard to attack, and where to leave what was recorded.

    Attributes:
        quick: a small attack, for the suite and for CI.
        kinds: on which databases: `sqlite`, `postgresql`; `new_database` makes them.
        seed: of every random choice.
        artifacts: a folder for recordings and for JSON, which is there.
        seconds: for how long, where an attack goes on for a time; None for the part's own choice.
        rounds: how often, where an attack is repeated; None for the part's own choice.
    """

    quick: bool
    kinds: tuple[str, ...]
    seed: int
    artifacts: Path
    seconds: float | None = None
    rounds: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What an attack came to: one table of figures, and each promise that was found broken, in one line.

    `not_run` tells why there was no attack at all, which is neither a success nor a failure. `told` are lines of
    Markdown that belong to the figures.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    failures: tuple[str, ...] = ()
    not_run: str = ""
    told: tuple[str, ...] = ()


Part = Callable[[Options], Coroutine[Any, Any, Result]]
#: Alembic keeps the migration that it runs in a global.
_MIGRATING = Lock()


@asynccontextmanager
async def new_database(kind: str) -> AsyncIterator[str]:
    """The URL of a new migrated database; made in a thread, since making it runs a loop of its own."""
    made = fresh_database(kind)

    def make() -> str:
        with _MIGRATING:
            return made.__enter__()

    url = await asyncio.to_thread(make)
    try:
        yield url
    finally:
        await asyncio.to_thread(made.__exit__, None, None, None)


def say(text: str) -> None:
    """Tell whoever waits how far it is."""
    print(f"proof: {text}", flush=True)
