"""What was asked and answered, when: a file with one JSON object a line, and what it holds as values.

Times are those of one monotonic clock. A call that was begun but never answered has no end: what it wanted may have
happened, or not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from tests.people import Person

#: What a call can be; each has its rules in `checker`.
WRITES = frozenset({"create", "edit", "roll back", "restore"})
READS = frozenset({"get", "list", "history", "changes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call and its answer.

    Attributes:
        op: create, edit, roll back, restore, delete, share, revoke; get, list, history, changes.
        user: who asked.
        event: which event it is about; of a `create` the one that was made, None if none was.
        whom: of share and revoke: with whom, from whom.
        token: a text that occurs in this call alone: the description of an edit's version, a new event's title.
        sent: the fields of the event that were sent.
        base: of an edit the version that it began with, of a rollback the one that it goes back to.
        version: of a write that succeeded the version that it was told.
        seen: what a read showed, as (event, version).
        removed: of `changes`, what is not there any more.
    """

    op: str
    user: int
    begin: float
    end: float | None = None
    status: int | None = None
    event: int | None = None
    whom: int | None = None
    token: str = ""
    sent: Mapping[str, str] = field(default_factory=dict)
    base: int | None = None
    version: int | None = None
    seen: tuple[tuple[int, int], ...] = ()
    removed: tuple[int, ...] = ()

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def named(call: Call) -> str:
    """A call as people find it again in a recording."""
    about = f" of event {call.event}" if call.event is not None else ""
    return f"{call.op}{about} by user {call.user} at {call.begin:.6f}"


@dataclass(frozen=True, slots=True)
class Version:
    """One version as the API shows it in the end; the number is its place in the chain, from 1."""

    kind: str
    by: int
    at: str
    token: str | None
    base: int | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Final:
    """What is there when all have stopped, as the API tells it.

    Attributes:
        owners: who owns each event.
        chains: all versions of each event, as (number, version) in the order in which they were told, oldest first.
        settled: the last version of each event that was made under the rules; later ones cleared up.
        visible: what each user sees, as the version of each event.
    """

    owners: Mapping[int, int]
    chains: Mapping[int, tuple[tuple[int, Version], ...]]
    settled: Mapping[int, int]
    visible: Mapping[int, Mapping[int, int]]


class Recorder:
    """Asks, and writes down what was asked and answered; each call when its answer has come.

    Where databases crash, a 503 says that nobody knows: the transaction may have been committed just before.
    """

    def __init__(self, path: Path, *, crashing: bool = False) -> None:
        self.calls: list[Call] = []
        self._crashing = crashing
        self._file = path.open("w", encoding="utf-8")

    def close(self) -> None:
        self._file.close()

    async def ask(self, person: Person, method: str, path: str, call: Mapping[str, Any], **sent: Any) -> Any:
        """Ask, and give the answer's JSON; None where it is refused, or never comes."""
        begin = time.monotonic()
        known: dict[str, Any] = {**call, "user": person.id, "begin": begin}
        try:
            answer = await person.client.request(method, path, **sent)
        except httpx2.TransportError:
            answer = None
        if answer is None or (self._crashing and answer.status_code == 503):
            self._write(Call(**known))
            return None
        known |= {"end": time.monotonic(), "status": answer.status_code}
        body = answer.json() if answer.content and answer.is_success else None
        self._write(Call(**known | _told(known["op"], body)))
        return body

    def _write(self, call: Call) -> None:
        self.calls.append(call)
        print(json.dumps(asdict(call)), file=self._file)


def _told(op: str, body: Any) -> dict[str, Any]:
    """What of an answer counts."""
    if body is None:
        return {}
    if op in WRITES:
        return {"event": body["id"], "version": body["version"]}
    if op == "history":
        return {"seen": tuple((one["event_id"], one["version_number"]) for one in body[:1])}
    if op in READS:
        shown = [body] if op == "get" else body["changed"] if op == "changes" else body
        return {"seen": _seen(shown), "removed": tuple(body["removed"]) if op == "changes" else ()}
    return {}


def _seen(events: Iterable[Any]) -> tuple[tuple[int, int], ...]:
    return tuple((event["id"], event["version"]) for event in events)


def write_final(final: Final, recording: Path) -> None:
    """Leave what was there in the end beside a recording."""
    recording.with_suffix(".final.json").write_text(json.dumps(asdict(final)), "utf-8")


def read_calls(path: Path) -> list[Call]:
    """Read a recording."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        values = json.loads(line)
        values["seen"] = tuple((event, version) for event, version in values["seen"])
        found.append(Call(**values | {"removed": tuple(values["removed"])}))
    return found
