"""One command runs Convene, one tests it; README.md tells the rest.

    python3 run.py [serve]    install what is missing, bring the database up to date, serve on HOST:PORT
    python3 run.py test ...   the tests on all cores; the rest goes to pytest (a path, -k name, -n0 --pdb)
    python3 run.py check      requirements, formatting, lint, types, imports: all of them, then a summary
    python3 run.py bench ...  the benchmarks; the rest goes to them
    python3 run.py proof ...  attacks on what Convene promises; the rest goes to them
    python3 run.py lock ...   compile requirements/*.txt from pyproject.toml; --upgrade takes the newest

Every command works from any folder, and runs in the checkout. This file knows the standard library only. Any
python3 may start it: neither its syntax nor what stands above the version check may be newer than Python 3.7.
"""

import os
import shutil
import subprocess
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an old Python is exactly who must get past this line
    for _name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        _path = shutil.which(_name)
        # A name on PATH may be a shim (pyenv's) with no Python behind it, so it has to prove itself.
        if _path and subprocess.call([_path, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(_path, [_path, *sys.argv])  # noqa: S606
    sys.exit(f"run.py: needs Python 3.11 or newer, this is {sys.version.split()[0]}: install a newer one")
if sys.platform == "win32":
    sys.exit("run.py: needs Linux or macOS: on Windows, run it inside WSL")

import contextlib
import fcntl
import functools
import hashlib
import importlib
import importlib.util
import re
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
STATE = ROOT / ".convene"
LOG = STATE / "install.log"
UV = STATE / "uv" / "bin" / "uv"
STAMP = "convene-stamp"

# Two environments, though one with everything would do: what serves is then exactly what users get, so a
# requirement that only `dev` brings in shows at once; and a test run never touches a server that is running.
ENVIRONMENTS = {"run": ROOT / ".venv", "dev": STATE / "dev"}

INSTALLER_SETTINGS = {
    "UV_SYSTEM_CERTS": "1",  # trust what the machine trusts, as pip does
    "UV_PYTHON_DOWNLOADS": "never",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",  # these two are people's own defaults, and would stop our private installs
    "PIP_USER": "0",
    "NO_COLOR": "1",
}


def say(text: str) -> None:
    """Tell the person; standard output belongs to what is run."""
    print(f"run.py: {text}", file=sys.stderr, flush=True)


def fail(text: str) -> NoReturn:
    """End with one line: what failed, and what to do."""
    say(text)
    sys.exit(1)


def become(python: Path, *arguments: str) -> NoReturn:
    """Turn this process into another, so that signals and the exit code pass through untouched."""
    os.chdir(ROOT)
    os.execv(python, [str(python), *arguments])  # noqa: S606


# --- environments -----------------------------------------------------------------------------------------


def environment(name: str) -> Path:
    """Return the Python of an environment that holds exactly requirements/NAME.txt, made anew if need be.

    The stamp is written last, so an environment without it was interrupted and is made again. The checkout's
    path is part of it because scripts in an environment do not survive a move.
    """
    folder = ENVIRONMENTS[name]
    requirements = ROOT / "requirements" / f"{name}.txt"
    wanted = (requirements.read_text("utf-8"), sys.version, str(ROOT))
    key = hashlib.sha256(repr(wanted).encode()).hexdigest()
    if not holds(folder, key):
        with only_one_run():
            if not holds(folder, key):  # another run may have made it while this one waited
                make(folder, requirements)
                (folder / STAMP).write_text(key, "utf-8")
    return folder / "bin" / "python"


def holds(folder: Path, key: str) -> bool:
    """Tell whether an environment is whole and up to date."""
    try:
        return (folder / STAMP).read_text("utf-8") == key and (folder / "bin" / "python").exists()
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def only_one_run() -> Iterator[None]:
    """Hold the lock on everything that run.py writes, and start a new log."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        # Installers inherit the lock: should only run.py be killed, the next run waits until they are done.
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 - it takes no keyword
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run.py that is installing")
            fcntl.flock(lock, fcntl.LOCK_EX)
        LOG.write_text("", "utf-8")
        yield


def make(folder: Path, requirements: Path) -> None:
    """Make an environment with the requirements and the project in it, in place of whatever is there."""
    target, source = folder.relative_to(ROOT), requirements.relative_to(ROOT)
    say(f"installing {source} into {target}")
    begun = time.monotonic()
    discard(folder)
    uv = find_uv()
    # pip has its turn after a failure of uv too: a mirror that is set up in pip.conf is known to pip only.
    if not (uv and install_with_uv(uv, folder, requirements)) and not install_with_pip(folder, requirements):
        show_log()
        fail(f"cannot install {source}: see above and {LOG}; check the network and the disk, then run again")
    add_project(folder)
    say(f"installed in {time.monotonic() - begun:.1f} s")


def discard(folder: Path) -> None:
    """Remove an environment, its stamp first: half of it must not pass for whole."""
    (folder / STAMP).unlink(missing_ok=True)
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def add_project(folder: Path) -> None:
    """Make `import convene` and the command `convene` work in an environment.

    A .pth file and a script of two lines, not an editable install: that would need the build backend and a
    build, which can fail, and gives nothing more.
    """
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "convene.pth").write_text(os.path.relpath(ROOT / "src", packages) + "\n", "utf-8")
    script = folder / "bin" / "convene"
    python = shlex.quote(str(folder / "bin" / "python"))
    script.write_text(f'#!/bin/sh\nexec {python} -m convene "$@"\n', "utf-8")
    script.chmod(0o755)


# --- installers -------------------------------------------------------------------------------------------


def find_uv() -> str | None:
    """Return uv (20 times as fast as pip) from PATH, or from a folder of ours, fetched by pip if need be."""
    for found in (shutil.which("uv"), str(UV)):
        if found and logged(found, "--version"):
            return found
    discard(STATE / "uv")
    pip = (sys.executable, "-m", "pip", "install", "--retries", "1", "--require-hashes")
    fetched = logged(*pip, "--target", str(STATE / "uv"), "-r", str(ROOT / "requirements" / "uv.txt"))
    return str(UV) if fetched and logged(str(UV), "--version") else None


def install_with_uv(uv: str, folder: Path, requirements: Path) -> bool:
    """Make an environment, or tell that it did not work."""
    if not logged(uv, "venv", "--python", sys.executable, str(folder)):
        return False
    install = (uv, "pip", "install", "--python", str(folder / "bin" / "python"), "--require-hashes")
    return logged(*install, "-r", str(requirements))


def install_with_pip(folder: Path, requirements: Path) -> bool:
    """Do the same with what Python brings along."""
    provide_ensurepip()
    discard(folder)
    if not logged(sys.executable, "-m", "venv", str(folder)):
        return False
    install = (str(folder / "bin" / "python"), "-m", "pip", "install", "--retries", "2", "--require-hashes")
    return logged(*install, "-r", str(requirements))


def provide_ensurepip() -> None:
    """Get what Debian leaves out of its python3, and without which no environment has a pip."""
    if importlib.util.find_spec("ensurepip"):
        return
    package = f"python3.{sys.version_info.minor}-venv"
    if sys.base_prefix == "/usr" and shutil.which("apt-get"):
        say(f"this Python has no ensurepip: installing the Debian package {package}")
        apt = (*(() if os.geteuid() == 0 else ("sudo", "-n")), "apt-get")
        install = (*apt, "install", "--yes", "--no-install-recommends", package)
        if not logged(*install) and logged(*apt, "update"):
            logged(*install)
        importlib.invalidate_caches()
    if not importlib.util.find_spec("ensurepip"):
        fail(f"this Python has no ensurepip: install uv or {package} (Debian, Ubuntu), run again; see {LOG}")


def logged(*command: str) -> bool:
    """Run an installer, its output into the log; tell whether it succeeded."""
    with LOG.open("a", encoding="utf-8") as log:
        print("$", shlex.join(command), file=log, flush=True)
        settings = {**os.environ, **INSTALLER_SETTINGS}
        try:
            code = subprocess.call(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=settings, close_fds=False
            )
        except OSError as error:  # it is not there, or not a program of this machine
            print(error, file=log)
            return False
        return code == 0


def show_log() -> None:
    """Show how the last installation ended."""
    lines = LOG.read_text("utf-8", errors="replace").splitlines()
    print(*(f"  {line[:200]}" for line in lines[-12:]), sep="\n", file=sys.stderr)


# --- commands ---------------------------------------------------------------------------------------------


def build_page() -> None:
    """Build the web page if its sources have changed; without Node it says so, and the API alone is served."""
    builder = ROOT / "web" / "build.py"
    if builder.exists():
        subprocess.call([sys.executable, str(builder)])


def serve(arguments: list[str]) -> NoReturn:
    """Serve Convene with what users get."""
    main_module = ROOT / "src" / "convene" / "__main__.py"
    if not main_module.exists():
        fail(f"there is no {main_module}, so nothing to serve: get a whole checkout")
    python = environment("run")
    build_page()
    become(python, "-m", "convene", "serve", *arguments)


def test(arguments: list[str]) -> NoReturn:
    """Run the suite with a worker for each core, and one more, because tests wait a lot.

    loadgroup keeps tests that share something on one worker.
    """
    # uv compiles nothing: told to keep nothing either, each process of the suite would spend 15 s on compiling it all.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    python = environment("dev")
    build_page()
    become(python, "-m", "pytest", f"-n{cores + 1}", "--dist=loadgroup", *arguments)


def bench(arguments: list[str]) -> NoReturn:
    """Run the benchmarks."""
    become(environment("dev"), "-m", "bench", *arguments)


def proof(arguments: list[str]) -> NoReturn:
    """Attack what Convene promises."""
    become(environment("dev"), "-m", "proof", *arguments)


def check(arguments: list[str]) -> int:
    """Run every check even when one fails: a person wants to see all that is wrong."""
    if arguments:
        fail(f"check takes no arguments, got {shlex.join(arguments)}")
    python = environment("dev")
    tools = {
        "ruff format": (python, "-m", "ruff", "format", "--check", "."),
        "ruff check": (python, "-m", "ruff", "check", "."),
        "mypy": (python, "-m", "mypy"),
        "lint-imports": (python.with_name("lint-imports"),),
    }
    checks: dict[str, Callable[[], int]] = {"requirements": check_requirements}
    checks |= {name: functools.partial(subprocess.call, command, cwd=ROOT) for name, command in tools.items()}
    summary = {}
    for name, run in checks.items():
        print(f"== {name}", flush=True)
        begun = time.monotonic()
        summary[name] = (run() == 0, time.monotonic() - begun)
    print("==")
    for name, (passed, seconds) in summary.items():
        print(f"{name:<14}{'ok' if passed else 'FAILED':<8}{seconds:.1f} s")
    return 0 if all(passed for passed, _ in summary.values()) else 1


def check_requirements() -> int:
    """Require that requirements leave it to the machine where packages come from."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: names an address or an option: {line}"
        for path in sorted((ROOT / "requirements").glob("*.txt"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"://|^\s*-(?!-hash=)", line)
    ]
    print(*(found or ["no addresses"]), sep="\n", flush=True)
    return 1 if found else 0


def lock(arguments: list[str]) -> int:
    """Compile the requirements; dev is held to the versions of run, so that tests run what is served."""
    with only_one_run():
        uv = find_uv() or fail(f"lock needs uv, which cannot be fetched: install it, or see {LOG}")
    sources = {
        "uv": ("--group", "uv"),
        "node": ("--group", "node"),
        "run": ("pyproject.toml",),
        "otel": ("pyproject.toml", "--extra", "otel", "--constraint", "requirements/run.txt"),
        "dev": ("pyproject.toml", "--group", "dev", "--group", "bench", "--constraint", "requirements/run.txt"),
    }
    options = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet")
    for name, source in sources.items():
        target = f"requirements/{name}.txt"
        command = (uv, "pip", "compile", *options, *source, "--output-file", target, *arguments)
        if subprocess.call(command, cwd=ROOT, env={**os.environ, **INSTALLER_SETTINGS}) != 0:
            fail(f"uv could not compile {target}: its reason is above")
    return 0


def main(arguments: list[str]) -> int:
    """Find the command, run it, and explain in one line what stops it."""
    commands: dict[str, Callable[[list[str]], int]] = {
        command.__name__: command for command in (serve, test, check, bench, proof, lock)
    }
    name, *rest = arguments or ["serve"]
    if name in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    if name not in commands:
        fail(f"no command {name!r}: python3 run.py --help lists them")
    try:
        return commands[name](rest)
    except OSError as error:
        fail(f"{error}: is the checkout whole, can it be written to, and has the disk room?")
    except KeyboardInterrupt:
        say("interrupted; the next run makes good what is half done")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
