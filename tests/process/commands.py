"""Commands of Convene in this process, which spares the second that a new one takes to start."""

from __future__ import annotations

import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from convene import cli
from convene.api.lines import configure
from tests.process.servers import environment


class Said(NamedTuple):
    """What a command said to the one who ran it."""

    code: int
    out: str
    error: str

    @property
    def line(self) -> str:
        """The one line that tells why it refuses."""
        assert (self.code, self.out) == (1, "")
        [line] = self.error.splitlines()
        assert line.startswith("convene: ")
        return line


def run_here(folder: Path, database_url: str, *arguments: str, **settings: str) -> Said:
    """Run a command in a folder, told nothing but these settings."""
    out, error = StringIO(), StringIO()
    told = {"CONVENE_PASSWORD": "correct horse", **settings}
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(error):
        patch.chdir(folder)
        for name, value in environment(database_url, **told).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["convene", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
    configure(as_json=True, debug=False)  # logs go to where they went before
    return Said(int(end.value.code or 0), out.getvalue(), error.getvalue())
