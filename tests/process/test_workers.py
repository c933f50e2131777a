"""Several worker processes behind one port."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.request import urlopen

from convene.api.colleagues import WRITE_SECONDS
from tests.databases import fresh_database
from tests.postgres_guard import free_port
from tests.process.callers import calling
from tests.process.ears import listening
from tests.process.servers import ROOT, START_SECONDS, STOP_SECONDS, Server, environment, serving

SOCKETS = 12


def workers_of(server: Server) -> list[int]:
    """The processes that answer, of which Python keeps one more to watch over shared resources."""
    children = map(int, Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())
    return [pid for pid in children if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()]


def wait_for_another(server: Server, killed: int) -> None:
    """Wait until the place of a killed worker is taken."""
    deadline = time.monotonic() + START_SECONDS
    while killed in workers_of(server) or len(workers_of(server)) < 2:
        assert time.monotonic() < deadline, server.log
        time.sleep(0.05)
    server.wait_until_ready()


async def test_workers_are_one_server_to_those_outside(new_database: str):
    with serving(new_database, WORKERS=2) as server:
        assert len(workers_of(server)) == 2
        async with calling(server.url) as api, AsyncExitStack() as stack:
            alice, ben = await api.person("alice"), await api.person("ben")
            event = await alice.creates("Planning")
            ears = [await stack.enter_async_context(listening(server, ben)) for _ in range(SOCKETS)]
            await alice.shares(event, ben)
            for ear in ears:
                assert (await ear.next("notification"))["notification"]["title"] == "Planning"
            server.ask_to_stop()
            assert {await ear.closed() for ear in ears} == {1012}
        assert await asyncio.to_thread(server.wait_for_end) == 0


async def test_a_worker_that_is_killed_is_replaced():
    with fresh_database("sqlite") as url, serving(url, WORKERS=2) as server:
        killed = workers_of(server)[0]
        os.kill(killed, signal.SIGKILL)
        await asyncio.to_thread(wait_for_another, server, killed)
        async with calling(server.url) as api:
            for _ in range(10):
                assert (await (await api.person("alice")).get("/api/v1/events")).status_code == 200


def test_workers_end_with_the_process_that_began_them(tmp_path: Path):
    with fresh_database("sqlite") as url, serving(url, WORKERS=2, TMPDIR=tmp_path) as server:
        workers = workers_of(server)
        assert len(workers) == 2
        assert list(tmp_path.glob("convene-workers-*"))
        server.kill()
        deadline = time.monotonic() + STOP_SECONDS
        while any(Path(f"/proc/{pid}/cmdline").exists() for pid in workers) or list(tmp_path.iterdir()):
            assert time.monotonic() < deadline, server.log
            time.sleep(0.05)
        assert not answers(f"{server.url}/health/ready")


async def test_whichever_worker_is_asked_the_metrics_are_those_of_all():
    with fresh_database("sqlite") as url, serving(url, WORKERS=2) as server:
        expected = {str(pid) for pid in workers_of(server)}
        async with calling(server.url) as api:
            clients = [api.client() for _ in range(24)]
            for client in clients:
                await client.get("/nowhere")
            await asyncio.sleep(WRITE_SECONDS + 1)
            for client in clients[:6]:
                text = (await client.get("/metrics")).text
                found = re.findall(r'requests_total{[^}]*status="404",worker="(\d+)"} (\d+)', text)
                assert {worker for worker, _ in found} <= expected
                assert sum(int(number) for _, number in found) == len(clients)
                assert set(re.findall(r'convene_listeners{worker="(\d+)"}', text)) == expected


def test_gunicorn_serves_as_the_documents_say(new_postgres: str, tmp_path: Path):
    said = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    [line] = re.findall(r"^ +FORWARDED_ALLOW_IPS= gunicorn (.*)$", said, re.MULTILINE)
    address = f"127.0.0.1:{free_port()}"
    arguments = [*shlex.split(line), "--bind", address]
    told = environment(new_postgres, FORWARDED_ALLOW_IPS="", HOME=tmp_path)
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([sys.executable, "-m", "gunicorn", *arguments], cwd=tmp_path, env=told, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(f"http://{address}/health/ready"):
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.05)
    finally:
        server.terminate()
        assert server.wait(STOP_SECONDS) == 0


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - always http
            return bool(answer.status == 200)
    except OSError:  # nobody listens yet, or nobody answers yet
        return False


FORKED = """
import os
from convene.api.logs import _request_id
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, _request_id({"headers": []}).encode())
    os._exit(0)
print(_request_id({"headers": []}), os.read(read, 100).decode())
"""


def test_workers_that_were_forked_from_one_that_had_imported_all_give_ids_of_their_own():
    told = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=True)
    here, there = told.stdout.split()
    assert here[:8] != there[:8]
