"""How log lines are written, those of libraries too: for a person at a terminal, or as JSON for a machine.

It knows nothing of requests, and imports little: whoever only wants to write lines need not load the application.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from select import PIPE_BUF
from typing import Any

import orjson
import structlog

from convene import clock

#: For so long a line of a request waits for others, with which it is written: short for whoever looks on.
TOGETHER_SECONDS = 0.01

_log = structlog.get_logger("convene.requests")


def configure(*, as_json: bool, debug: bool) -> None:
    """Write all logs, those of libraries too, for a person at a terminal or as JSON lines for a machine."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(_json)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)
    )
    level = logging.DEBUG if debug else logging.INFO
    global _tell  # noqa: PLW0603 - as structlog keeps what it is told here
    _tell = _as_json if as_json else _through_structlog
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Printer,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # At INFO, Alembic tells at every start which database it has met.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # At DEBUG, whatever goes over a WebSocket is told, with the token of its first message.
    server = logging.getLogger("uvicorn.error")
    server.setLevel(logging.INFO)
    server.addFilter(_without_queries)


def _without_queries(record: logging.LogRecord) -> bool:
    """Leave out the query of a WebSocket's address, which may hold a token."""
    if isinstance(record.args, tuple):
        record.args = tuple(part.partition("?")[0] if isinstance(part, str) else part for part in record.args)
    return True


class _Printer:
    """Writes lines to what stderr is at that moment: loggers outlive the streams that a test puts in its place."""

    def __init__(self, *_names: object) -> None: ...

    def msg(self, line: str) -> None:
        """Write one line, if it can be written.

        A disk that is full for the log is full for the database too: a line that is lost must not take along the
        answer that tells of it. The handlers of `logging` do the same.
        """
        write_out()
        _write(f"{line}\n")

    debug = info = warning = error = critical = msg


def _through_structlog(said: dict[str, object]) -> None:
    _log.info("request", **said)


def _as_json(said: dict[str, object]) -> None:
    """Write the line of a request as structlog would: its seven calls for each line are a twentieth of a get.

    Those of the next moment are written together: a system call for each is another twentieth. Whoever kills the
    process takes them along.
    """
    said |= {"event": "request", "level": "info", "timestamp": clock.now()}
    if not _waiting.lines or _waiting.loop is None or _waiting.loop.is_closed():
        _waiting.loop = asyncio.get_running_loop()  # a system call: not for each line
        _waiting.loop.call_later(TOGETHER_SECONDS, write_out)
    _waiting.lines.append(said)


class _Waiting:
    """Lines that are to be written in a moment, and the loop that will do it."""

    __slots__ = ("lines", "loop")

    def __init__(self) -> None:
        self.lines: list[dict[str, object]] = []
        self.loop: asyncio.AbstractEventLoop | None = None


_waiting = _Waiting()
_AS_LINE = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


def write_out() -> None:
    """Write the lines that wait for others, in pieces that no other process's line can come in the middle of."""
    if _waiting.lines:
        lines, _waiting.lines = _waiting.lines, []
        piece = b""
        for line in lines:
            text = orjson.dumps(line, option=_AS_LINE)
            if len(piece) + len(text) > PIPE_BUF:
                _write_bytes(piece)
                piece = b""
            piece += text
        _write_bytes(piece)


def _write(text: str) -> None:
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _write_bytes(text: bytes) -> None:
    """Write JSON past stderr's text, which would only make bytes of it again: 0.98 of a get, one at a time."""
    below = getattr(sys.stderr, "buffer", None)
    if below is None:  # somebody has put a stream of text in its place
        _write(text.decode())
        return
    with suppress(OSError):
        below.write(text)
        below.flush()


atexit.register(write_out)
_tell = _through_structlog


def tell_request(said: dict[str, object]) -> None:
    """Write the line of a request."""
    _tell(said)


def _json(entry: Any, default: Callable[[Any], Any]) -> str:  # noqa: ANN401 - whatever is logged
    return orjson.dumps(entry, default).decode()
