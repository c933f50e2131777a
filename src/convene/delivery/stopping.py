"""Hearing that the process is asked to stop, before the server acts on it.

A server drains its requests first and tells the application last; a stream that goes on for as long as somebody
listens would keep it waiting until its patience ends.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def before_stopping(act: Callable[[], None]) -> Iterator[None]:
    """Act when a signal comes that the server handles, and let the server have it; while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are for the main thread
        return
    loop = asyncio.get_running_loop()
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        handler = handlers[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    handled = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in handled:
        signal.signal(number, heard)
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
