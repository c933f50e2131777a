"""Processes of Convene that need not import it first: each is a fork of one that has, when the first is asked for.

Importing takes two seconds, many times as long as all else that a process needs to begin, and tests begin hundreds.
A fork is a process like others: its own environment, folder, output, memory and end. `convene` is run in it at the
bottom of the stack, as `python -m convene` runs it, so that the interpreter ends as always.

A client connects and sends a line of JSON (`Told`); it gets a line with the id of its process, and another one with the
exit code when that has ended. Standard input is held by whoever began all this; when it ends, so does whatever runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from importlib import import_module
from typing import TypedDict


class Told(TypedDict):
    """What a process is told by whoever begins it; what it says goes to the ends of two files."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    output: str
    errors: str


def forks(listener: socket.socket) -> Told | None:
    """Fork whenever somebody asks for it; returns in each fork with what it is told, and in the end with nothing."""
    running: dict[int, socket.socket] = {}
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(wakes)
    while 0 not in (ready := select.select([listener.fileno(), woken, 0], [], [])[0]):
        if woken in ready:
            os.read(woken, 4096)
            tell_ends(running)
        if listener.fileno() in ready:
            connection, _ = listener.accept()
            with connection.makefile() as sent:
                told: Told = json.loads(sent.readline())
            import_module("convene.cli")  # not before somebody asks: most runs begin no process
            if (pid := os.fork()) == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for mine in (listener, connection, *running.values()):
                    mine.close()
                os.close(woken)
                os.close(wakes)
                return told
            running[pid] = connection
            tell(connection, pid)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    tell_ends(running, options=0)
    return None


def tell_ends(running: dict[int, socket.socket], options: int = os.WNOHANG) -> None:
    """Tell whoever asked for a process how it has ended."""
    for pid in list(running):
        ended, status = os.waitpid(pid, options)
        if ended:
            with running.pop(pid) as connection:
                tell(connection, os.waitstatus_to_exitcode(status))


def tell(connection: socket.socket, number: int) -> None:
    """Send a number to somebody who may not want to hear it any more."""
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(b"%d\n" % number)


def become(told: Told) -> None:
    """Take over what a new process is given by the system."""
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    add = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, opened in enumerate(
        (os.open(os.devnull, os.O_RDONLY), os.open(told["output"], add), os.open(told["errors"], add))
    ):
        os.dup2(opened, number)
        os.close(opened)
    sys.argv[:] = ["convene", *told["arguments"]]


def main() -> None:
    """Listen at the address that comes as the argument; in forks, run Convene."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    os.write(1, b"listening\n")
    told = forks(listener)
    listener.close()
    if told is not None:
        become(told)
        runpy.run_module("convene", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
