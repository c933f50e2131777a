"""The load: a process of its own that sends prepared requests over connections that stay open.

It reads plans from standard input, one JSON object a line, and writes what came of each. Bounded twice: by the
requests in the plan, and by its seconds. An answer that was not expected ends the plan, and is told.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import NamedTuple, Self

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; whose token it carries and the status that is expected, where they are not those of the plan."""

    method: str
    path: str
    body: str = ""
    token: str = ""
    expected: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send, and when to stop."""

    port: int
    token: str
    connections: int
    seconds: float
    expected: int
    asks: list[Ask]


@dataclass(slots=True)
class Outcome:
    """What came of a plan; `failure` is the first answer that was not expected.

    Attributes:
        median_ms: from sending a request to the end of its answer, for half of them; `late_ms` for 99 of 100.
    """

    answered: int = 0
    seconds: float = 0.0
    median_ms: float = 0.0
    late_ms: float = 0.0
    failure: str = ""


class LoadFailed(Exception):
    """An answer was not the expected one, or none came."""


class Load:
    """The load process, seen from the harness."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bench.load"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._process:
            self._process.kill()

    def run(self, plan: Plan) -> Outcome:
        """Send what a plan holds.

        Raises:
            LoadFailed: an answer was not the expected one.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(asdict(plan)), file=self._process.stdin, flush=True)
        outcome = Outcome(**json.loads(self._process.stdout.readline()))
        if outcome.failure:
            raise LoadFailed(outcome.failure)
        return outcome


# --- in the process -----------------------------------------------------------------------------------------


class _Prepared(NamedTuple):
    """A request as it is sent, and the status of the answer."""

    sent: bytes
    expected: bytes


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last has come."""

    def __init__(
        self, requests: Iterator[_Prepared], outcome: Outcome, waits: list[float], done: asyncio.Event
    ) -> None:
        self._requests = requests
        self._outcome = outcome
        self._waits = waits
        self._done = done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self._buffer = b""
        self._outcome.answered += 1
        self._waits.append(time.monotonic() - self._began)
        if head[9:12] != self._expected:
            self._outcome.failure = f"{head.decode()[:500]} {body.decode()[:2000]}"
            self._finish()
        else:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.is_set():
            self._outcome.failure = self._outcome.failure or f"the connection was closed: {exc}"
            self._done.set()

    def _next(self) -> None:
        request = None if self._outcome.failure else next(self._requests, None)
        if request is None:
            self._finish()
        else:
            self._began = time.monotonic()
            self._expected = request.expected
            self._transport.write(request.sent)

    def _finish(self) -> None:
        self._done.set()
        self._transport.close()


async def _send(plan: Plan) -> Outcome:
    outcome = Outcome()
    requests = _until(time.monotonic() + plan.seconds, [_prepared(ask, plan) for ask in plan.asks])
    waits: list[float] = []
    began = time.monotonic()
    all_done = [asyncio.Event() for _ in range(plan.connections)]
    loop = asyncio.get_running_loop()
    for done in all_done:
        connection = _Connection(requests, outcome, waits, done)
        await loop.create_connection(lambda made=connection: made, "127.0.0.1", plan.port)  # type: ignore[misc]
    for done in all_done:
        await asyncio.wait_for(done.wait(), plan.seconds + 60)
    outcome.seconds = time.monotonic() - began
    if len(waits) > 1:
        hundredths = statistics.quantiles(waits, n=100)
        outcome.median_ms, outcome.late_ms = hundredths[49] * 1e3, hundredths[98] * 1e3
    return outcome


def _until(deadline: float, requests: list[_Prepared]) -> Iterator[_Prepared]:
    for request in requests:
        if time.monotonic() > deadline:
            return
        yield request


def _prepared(ask: Ask, plan: Plan) -> _Prepared:
    token = ask.token or plan.token
    lines = [f"{ask.method} {ask.path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    body = ask.body.encode()
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return _Prepared("\r\n".join([*lines, "", ""]).encode() + body, b"%d" % (ask.expected or plan.expected))


def main() -> None:
    for line in sys.stdin:
        raw = json.loads(line)
        plan = Plan(**{**raw, "asks": [Ask(**ask) for ask in raw["asks"]]})
        try:
            outcome = asyncio.run(_send(plan))
        except (OSError, TimeoutError) as error:
            outcome = Outcome(failure=repr(error))
        print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    main()
