"""A PostgreSQL that survives the loss of a server: two nodes, one of which writes and waits for the other.

Patroni, etcd and HAProxy are Debian's packages, PostgreSQL the machine's own (Patroni needs its `pg_rewind`);
everything listens on loopback, in a folder that is gone afterwards, and runs as `nobody` where we are root.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import yaml
from tests.postgres_guard import Account, free_port, in_system

#: Seconds after which a node that is not heard of has lost its lead: the least that Patroni takes.
LEAD_SECONDS = 20
_SECONDS = 120.0
_HOSTS = ("all", "replication")
_PROGRAMS = ("patroni", "etcd", "haproxy")
_PLACES = os.pathsep.join((os.defpath, "/usr/sbin", "/sbin", "/usr/local/bin"))


def missing() -> tuple[str, ...]:
    """Which programs this machine lacks."""
    lacking = [name for name in _PROGRAMS if shutil.which(name, path=_PLACES) is None]
    return (*lacking, *(["postgresql"] if in_system() is None else []))


class Node:
    """One PostgreSQL and the Patroni that keeps it."""

    def __init__(self, name: str, folder: Path, etcd: str) -> None:
        self.name = name
        self.port, self.rest = free_port(), free_port()
        self._folder = folder
        self._data = folder / name
        self._file = folder / f"{name}.yaml"
        self._file.write_text(yaml.safe_dump(self._settings(etcd)), "utf-8")
        self._patroni: subprocess.Popen[bytes] | None = None

    def _settings(self, etcd: str) -> dict[str, Any]:
        users = {name: {"username": name, "password": name} for name in ("superuser", "replication")}
        dcs = {
            "ttl": LEAD_SECONDS,
            "loop_wait": 1,
            "retry_timeout": 3,
            "synchronous_mode": True,
            "postgresql": {"use_pg_rewind": True},
        }
        return {
            "scope": "convene",
            "name": self.name,
            "etcd3": {"hosts": etcd},
            "restapi": {"listen": f"127.0.0.1:{self.rest}", "connect_address": f"127.0.0.1:{self.rest}"},
            "bootstrap": {
                "dcs": dcs,
                "initdb": [{"encoding": "UTF8"}, {"auth": "trust"}, {"username": "superuser"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.port}",
                "connect_address": f"127.0.0.1:{self.port}",
                "bin_dir": str(in_system()),
                "data_dir": str(self._data),
                "pgpass": str(self._folder / f"{self.name}.pgpass"),
                "authentication": users,
                "parameters": {"unix_socket_directories": str(self._folder), "max_connections": 200},
                "pg_hba": ["local all all trust", *(f"host {one} all 127.0.0.1/32 trust" for one in _HOSTS)],
            },
        }

    def start(self) -> None:
        """Start it, or start it again: what it has missed it takes from the one that writes now."""
        self._patroni = _started("patroni", [str(self._file)], self._folder)

    def kill(self) -> None:
        """End it as a machine ends that loses its power: Patroni, PostgreSQL and all that belongs to them at once."""
        assert self._patroni is not None
        doomed = [psutil.Process(self._patroni.pid), *self._postgres()]
        for process in doomed:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._patroni.wait()
        _, living = psutil.wait_procs(doomed, timeout=_SECONDS)
        assert not living, living

    def _postgres(self) -> list[psutil.Process]:
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            postmaster = psutil.Process(int((self._data / "postmaster.pid").read_text("utf-8").split()[0]))
            return [postmaster, *postmaster.children(recursive=True)]
        return []

    def state(self) -> tuple[str, str]:
        """Its role and what it does, as it says itself; empty where it says nothing."""
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.rest}/patroni", timeout=2) as answer:
            said = json.load(answer)
            synchronous = "sync_standby" if said.get("sync_standby") else said["role"]
            return synchronous, said["state"]
        return "", ""

    def end(self) -> None:
        """End it in peace, if it runs."""
        if self._patroni is not None and self._patroni.poll() is None:
            self._patroni.terminate()
            try:
                self._patroni.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()


class Cluster:
    """Two nodes, and a proxy that leads to the one that writes."""

    def __init__(self, folder: Path, etcd: str) -> None:
        self.nodes = tuple(Node(name, folder, etcd) for name in ("one", "two"))
        self._port = free_port()
        self.proxy = folder / "haproxy.cfg"
        self.proxy.write_text(self._proxy_settings(), "utf-8")

    @property
    def url(self) -> str:
        """Leads to whoever writes."""
        return f"postgresql://superuser@127.0.0.1:{self._port}/postgres"

    def _proxy_settings(self) -> str:
        servers = "".join(f"    server {one.name} 127.0.0.1:{one.port} check port {one.rest}\n" for one in self.nodes)
        return (
            "defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 1h\n    timeout server 1h\n"
            f"listen primary\n    bind 127.0.0.1:{self._port}\n    option httpchk OPTIONS /primary\n"
            "    http-check expect status 200\n"
            f"    default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions\n{servers}"
        )

    def primary(self) -> Node:
        """Whoever writes now."""
        return next(one for one in self.nodes if one.state()[0] in {"master", "primary"})

    def wait_until_whole(self) -> None:
        """Wait until one node writes and the other one is waited for at each commit."""
        _wait(
            "two nodes", lambda: {one.state() for one in self.nodes} >= {("sync_standby", "running")} and _is_led(self)
        )


def _is_led(cluster: Cluster) -> bool:
    return any(one.state()[0] in {"master", "primary"} for one in cluster.nodes)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start all of it; yields when a standby is waited for at each commit."""
    with tempfile.TemporaryDirectory(prefix="convene-cluster-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if (account := Account()).user is not None:
            os.chown(folder, account.user, account.group or -1)
        etcd_port = free_port()
        found = Cluster(folder, f"127.0.0.1:{etcd_port}")
        others = [_started("etcd", _etcd_options(folder, etcd_port), folder)]
        try:
            found.nodes[0].start()
            _wait("a primary", lambda: _is_led(found))
            found.nodes[1].start()
            others.append(_started("haproxy", ["-f", str(found.proxy), "-db"], folder))
            found.wait_until_whole()
            yield found
        finally:
            for one in found.nodes:
                one.end()
            for process in others:
                process.kill()
                process.wait()


def _etcd_options(folder: Path, port: int) -> list[str]:
    mine, peers = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"
    options = {
        "name": "one",
        "data-dir": str(folder / "etcd"),
        "listen-client-urls": mine,
        "advertise-client-urls": mine,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"one={peers}",
        "log-level": "error",
    }
    return [f"--{name}={value}" for name, value in options.items()]


def _started(program: str, options: list[str], folder: Path) -> subprocess.Popen[bytes]:
    path = shutil.which(program, path=_PLACES)
    assert path is not None
    return Account().start([path, *options], folder / f"{program}.log", folder)


def _wait(what: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not ready():
        assert time.monotonic() < deadline, f"the cluster did not come to have {what}"
        time.sleep(0.2)
