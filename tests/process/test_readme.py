"""The README's tour, typed in word by word against a real server on a new database."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
_END = "---- the end of this command ----"


def _console_lines() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return "".join(blocks).splitlines()


def _steps() -> list[tuple[str, str]]:
    """Each command of the tour with the output that the README shows for it."""
    steps: list[tuple[list[str], list[str]]] = []
    for line in _console_lines():
        if line.startswith("$ "):
            steps.append(([line[2:]], []))
        elif line.startswith("> "):
            steps[-1][0].append(line[2:])
        else:
            steps[-1][1].append(line)
    return [("\n".join(command), "\n".join(shown)) for command, shown in steps]


def test_the_tour_in_the_readme_shows_what_really_happens(server, tmp_path):
    steps = _steps()
    assert len(steps) > 15
    script = "set -eu\n" + "".join(f"{command}\necho '{_END}'\n" for command, _ in steps)
    script = script.replace("http://127.0.0.1:8000", server.url)
    run = subprocess.run(["bash"], input=script, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    printed = [part.strip("\n") for part in run.stdout.split(_END + "\n")]
    for (command, shown), output in zip(steps, printed, strict=False):
        assert output == shown, command
