"""The README's tour and what it says of production, typed in word by word, on new databases."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.databases import fresh_database
from tests.postgres_guard import find_programs, free_port
from tests.process.servers import ROOT

README = ROOT / "README.md"
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


def test_what_the_readme_says_of_production_can_be_typed_in(tmp_path):
    """But for what run.py makes, which other tests see to, the port, and the database."""
    [said] = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    port = str(free_port())
    with fresh_database("postgresql") as url:
        for written, typed in (
            ("postgresql://convene@127.0.0.1/convene", url),
            ("python3 run.py serve", f"{sys.executable} -m convene serve"),
            (".venv/bin/convene", f"{sys.executable} -m convene"),
            ("127.0.0.1:8000", f"127.0.0.1:{port}"),
        ):
            assert written in said
            said = said.replace(written, typed)
        told = {
            "PATH": f"{find_programs()[1]}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "PORT": port,
        }
        run = subprocess.run(
            ["bash"],
            input=f"set -eu\n{said}",
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=told,
            timeout=120,
            check=False,
        )
    log = (tmp_path / "convene.log").read_text(encoding="utf-8")
    assert run.returncode == 0, run.stderr + log
    assert "ana is user 1" in run.stdout
    assert re.search(r"^convene_listeners{", run.stdout, re.MULTILINE)
    assert (tmp_path / "convene-today").stat().st_size > 1000
    assert '"level":"error"' not in log
