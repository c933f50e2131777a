"""run.py, in little checkouts of its own: what it installs, when, and what it says when it cannot."""

import ast
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

MAIN = """
import os, sys, convene
print(sys.argv[1:], os.getcwd(), os.environ.get("PORT"), convene.__file__)
sys.exit(7)
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Lay out a checkout that needs nothing from outside; its path has what paths should not have."""
    root = tmp_path / "a path's oddities, é"
    (root / "requirements").mkdir(parents=True)
    for name in ("run", "dev", "uv"):
        (root / "requirements" / f"{name}.txt").touch()
    (root / "src" / "convene").mkdir(parents=True)
    (root / "src" / "convene" / "__init__.py").touch()
    (root / "src" / "convene" / "__main__.py").write_text(MAIN)
    shutil.copy(ROOT / "run.py", root)
    monkeypatch.setenv("PATH", str(ROOT / ".convene" / "uv" / "bin"), prepend=os.pathsep)
    return root


@pytest.fixture
def script():
    """Load run.py as a module."""
    spec = importlib.util.spec_from_file_location("run_script", ROOT / "run.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def command(checkout, *arguments):
    return [sys.executable, str(checkout / "run.py"), *arguments]


def run(checkout, *arguments, **environment):
    return subprocess.run(
        command(checkout, *arguments),
        cwd="/",
        env={**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def put_on_path(monkeypatch, folder, name, body):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def failed_in_one_line(outcome):
    assert outcome.returncode not in (0, 7)
    *_, line = outcome.stderr.splitlines()
    assert line.startswith("run.py: ")
    assert "Traceback" not in outcome.stderr
    return line


# --- serving ----------------------------------------------------------------------------------------------


def test_a_first_start_installs_and_a_second_only_starts(checkout):
    first = run(checkout, PORT="8123")
    assert "installing requirements/run.txt into .venv" in first.stderr
    assert first.stdout.split("] ")[0] == "['serve'"
    assert f"{checkout} 8123 {checkout}/src/convene/__init__.py" in first.stdout
    assert first.returncode == 7
    second = run(checkout, "serve", "--reload")
    assert second.stderr == ""
    assert second.stdout.startswith("['serve', '--reload']")
    again = subprocess.run([checkout / ".venv/bin/convene", "x y"], capture_output=True, text=True, check=False)
    assert again.stdout.startswith("['x y']")


@pytest.mark.parametrize("damage", ["stamp", "python", "moved", "changed"])
def test_an_environment_that_is_not_whole_or_not_up_to_date_is_made_again(checkout, damage):
    run(checkout)
    match damage:
        case "stamp":
            (checkout / ".venv" / "convene-stamp").unlink()
        case "python":
            (checkout / ".venv" / "bin" / "python").unlink()
        case "moved":
            checkout = checkout.rename(checkout.with_name("elsewhere"))
        case "changed":
            (checkout / "requirements" / "run.txt").write_text("# nothing more\n")
    repaired = run(checkout)
    assert "installing" in repaired.stderr
    assert f"{checkout}/src/convene/__init__.py" in repaired.stdout
    assert run(checkout).stderr == ""


def test_two_at_once_install_once(checkout):
    runs = [
        subprocess.Popen(command(checkout), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [7, 7]
    assert sum("installing requirements" in text for text in said) == 1


def test_a_failed_install_is_explained_and_made_good_by_the_next_run(checkout):
    requirements = checkout / "requirements" / "run.txt"
    requirements.write_text("somebody==1.0\n")  # without a hash: nothing is even asked for it
    outcome = run(checkout)
    assert "cannot install requirements/run.txt" in failed_in_one_line(outcome)
    assert "hash" in outcome.stderr
    assert "somebody==1.0" in (checkout / ".convene" / "install.log").read_text()
    requirements.write_text("")
    assert run(checkout).returncode == 7


SLOW_UV = 'case "$1" in --version) ;; *) sleep 1.5;; esac'


def start_slowly(checkout):
    process = subprocess.Popen(
        command(checkout),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr
    assert "installing" in process.stderr.readline()
    while "venv" not in (checkout / ".convene" / "install.log").read_text():
        time.sleep(0.01)
    return process


def test_ctrl_c_while_installing_is_one_line(checkout, monkeypatch, tmp_path):
    put_on_path(monkeypatch, tmp_path / "bin", "uv", SLOW_UV)
    with start_slowly(checkout) as process:
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 130
    assert said == "run.py: interrupted; the next run makes good what is half done\n"


def test_a_run_waits_for_installers_that_a_killed_run_left_behind(checkout, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        put_on_path(patch, tmp_path / "bin", "uv", SLOW_UV)
        with start_slowly(checkout) as process:
            process.kill()
            assert process.stderr
            process.stderr.close()
    outcome = run(checkout)
    assert "waiting for another run.py" in outcome.stderr
    assert outcome.returncode == 7


# --- one line for whatever goes wrong ---------------------------------------------------------------------


def test_an_unknown_command_is_one_line(checkout):
    assert "no command 'sevre'" in failed_in_one_line(run(checkout, "sevre"))


def test_a_checkout_that_cannot_be_written_to_is_one_line(checkout):
    (checkout / ".convene").touch()  # permissions would not stop root
    assert "can it be written to" in failed_in_one_line(run(checkout))


def test_a_checkout_without_the_program_is_one_line(checkout):
    (checkout / "src" / "convene" / "__main__.py").unlink()
    assert "__main__.py" in failed_in_one_line(run(checkout))


def test_help_names_every_command():
    said = run(ROOT, "--help")
    assert said.returncode == 0
    assert all(f"run.py {name}" in said.stdout for name in ("[serve]", "test", "check", "bench", "proof", "lock"))


OLD = """
import runpy, sys
sys.version_info, sys.version = (3, 10, 4, "final", 0), "3.10.4 (of old)"
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_with_an_old_python(*arguments):
    line = [sys.executable, "-c", OLD, str(ROOT / "run.py"), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_an_old_python_alone_is_one_line(monkeypatch, tmp_path):
    put_on_path(monkeypatch, tmp_path, "python3.14", "exit 127")  # a shim with nothing behind it
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = run_with_an_old_python("--help")
    assert outcome.stderr.splitlines() == [failed_in_one_line(outcome)]
    assert "needs Python 3.11 or newer, this is 3.10.4" in outcome.stderr


def test_an_old_python_hands_over_to_a_newer_one(monkeypatch, tmp_path):
    put_on_path(monkeypatch, tmp_path, "python3.12", f'exec "{sys.executable}" "$@"')
    assert run_with_an_old_python("--help").stdout == run(ROOT, "--help").stdout


def test_an_old_python_can_read_the_file_at_all():
    ast.parse((ROOT / "run.py").read_text("utf-8"), feature_version=(3, 7))


# --- checking ---------------------------------------------------------------------------------------------


def test_every_check_runs_even_when_one_fails(script, monkeypatch, tmp_path, capsys):
    put_on_path(monkeypatch, tmp_path, "python", '[ "$2" != mypy ]')
    put_on_path(monkeypatch, tmp_path, "lint-imports", "exit 0")
    monkeypatch.setattr(script, "environment", lambda _: tmp_path / "python")
    assert script.check([]) == 1
    summary = capsys.readouterr().out.splitlines()[-5:]
    assert [line.split()[-3] for line in summary] == ["ok", "ok", "ok", "FAILED", "ok"]


@pytest.mark.parametrize("line", ["--index-url https://x/simple", "a @ file:///a", "    -f /wheels", "-e ."])
def test_an_address_in_the_requirements_is_found(script, monkeypatch, tmp_path, line):
    (tmp_path / "requirements").mkdir()
    requirements = tmp_path / "requirements" / "run.txt"
    requirements.write_text("a==1 \\\n    --hash=sha256:00\n    # via b\n")
    monkeypatch.setattr(script, "ROOT", tmp_path)
    assert script.check_requirements() == 0
    requirements.write_text(f"a==1\n{line}\n")
    assert script.check_requirements() == 1


# --- the requirements themselves --------------------------------------------------------------------------


def pins(name):
    """Read what a file pins: name -> (version, whether there are hashes)."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = [re.match(r"([\w.-]+)==([^\s;]+)", line) for line in lines]
    assert all(found), lines
    return {match[1]: (match[2], "--hash=" in match.string) for match in found if match}


def test_everything_is_pinned_with_hashes_and_dev_agrees_with_run():
    served, tested = pins("run"), pins("dev")
    assert all(hashed for name in ("run", "dev", "uv", "node") for _, hashed in pins(name).values())
    assert served.items() <= tested.items()


def test_the_pins_are_those_that_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = {"run": project["project"]["dependencies"], **project["dependency-groups"]}
    for name, wishes in asked.items():
        pinned = pins("dev" if name == "bench" else name)  # the benchmarks run in the environment of the tests
        for wish in map(Requirement, wishes):
            version, _ = pinned[canonicalize_name(wish.name)]
            assert wish.specifier.contains(version), f"{wish}: run `python3 run.py lock`"
