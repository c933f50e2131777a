"""`convene` on the command line: what it does, in processes of its own, and that it complains in one line."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from convene import __version__
from convene.storage import schema
from tests.databases import fresh_database
from tests.people import PASSWORD, running_api
from tests.process.commands import run_here
from tests.process.servers import convene

Complaint = Callable[..., str]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with fresh_database("sqlite") as url:
        yield url


@pytest.fixture
def run(database_url: str) -> Run:
    """Run a command on a migrated database."""

    def command(*arguments: str, password: str = PASSWORD, **settings: str) -> subprocess.CompletedProcess[str]:
        settings = {"database_url": database_url, "CONVENE_PASSWORD": password, **settings}
        return convene(*arguments, **settings)

    return command


def said(end: subprocess.CompletedProcess[str]) -> str:
    """What a command that went well had to say."""
    assert (end.returncode, end.stderr) == (0, "")
    return end.stdout


def ask(database_url: str, path: str, **sent: str) -> int:
    """Ask the API, on the database that a command works with."""

    async def answer() -> int:
        async with running_api(database_url) as api:
            return int((await api.nobody().post(f"/api/v1/auth/{path}", sent)).status_code)

    return asyncio.run(answer())


def signs_in(database_url: str, name: str, password: str = PASSWORD) -> bool:
    """Whether somebody can sign in to what a command has left behind."""
    return ask(database_url, "login", username=name, password=password) == 200


@pytest.fixture
def complaint(database_url: str, tmp_path: Path) -> Complaint:
    """The one line of a command that cannot do what it is asked for, run in this process."""

    def line(*arguments: str, **settings: str) -> str:
        return run_here(tmp_path, database_url, *arguments, **settings).line.removeprefix("convene: ")

    return line


@pytest.fixture
def ben(database_url: str) -> str:
    """The name of somebody with an account."""
    name = f"ben{token_hex(4)}"
    assert ask(database_url, "register", username=name, email=f"{name}@example.com", password=PASSWORD) == 201
    return name


def test_the_version_is_said(run: Run):
    assert said(run("version")) == f"{__version__}\n"


def test_migrating_says_that_it_is_done():
    with fresh_database("sqlite", migrated=False) as url:
        assert said(convene("migrate", database_url=url)) == "the database is up to date\n"


def test_an_account_can_be_made_and_signed_in_to(run: Run, database_url: str):
    made = run("user", "create", "Ada", "ada@example.com", "--time-zone", "Europe/Berlin")
    assert said(made).startswith("Ada is user ")
    assert signs_in(database_url, "ada")
    assert signs_in(database_url, "ADA@example.com")


def test_an_account_whose_name_is_taken_is_not_made(complaint: Complaint, ben: str):
    assert complaint("user", "create", ben.upper(), "else@example.com") == "the username is taken"


def test_an_account_is_held_to_the_same_rules_as_everywhere(complaint: Complaint, database_url: str):
    line = complaint("user", "create", "eve", "nowhere", CONVENE_PASSWORD="2short")
    assert line.startswith("/email must be an e-mail address; /password ")
    assert "2short" not in line
    assert not signs_in(database_url, "eve", "2short")


def test_an_account_can_be_switched_off_by_its_address(run: Run, database_url: str, ben: str):
    assert said(run("user", "deactivate", f"{ben.upper()}@example.com")) == f"{ben} is switched off\n"
    assert not signs_in(database_url, ben)


def test_an_account_can_be_switched_on_again(run: Run, database_url: str, ben: str):
    said(run("user", "deactivate", ben))
    assert said(run("user", "activate", f"{ben}@example.com".upper())) == f"{ben} is switched on\n"
    assert signs_in(database_url, ben)


def test_all_accounts_are_listed_in_order_switched_off_ones_too(tmp_path: Path):
    with fresh_database("sqlite") as url:
        for name in ("eve", "Ada", "carl"):
            assert run_here(tmp_path, url, "user", "create", name, f"{name}@example.com").code == 0
        run_here(tmp_path, url, "user", "deactivate", "carl")
        lines = [line.split("\t") for line in run_here(tmp_path, url, "user", "list").out.splitlines()]
    assert [line[:4] for line in lines] == [
        ["2", "Ada", "Ada@example.com", "active"],
        ["3", "carl", "carl@example.com", "switched off"],
        ["1", "eve", "eve@example.com", "active"],
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line[4]) for line in lines)


def plan(database_url: str, *titles: str) -> None:
    """Let Ada, and then Eve, have meetings at the same time, which is taken by the first of each."""

    async def ask_for_all() -> None:
        async with running_api(database_url) as api:
            for name in ("ada", "eve"):
                sent = {"username": name, "password": PASSWORD}
                token = (await api.nobody().post("/api/v1/auth/login", sent)).json()["access_token"]
                for number, title in enumerate(titles if name == "ada" else titles[:1]):
                    times = {
                        "start_time": f"2027-05-0{number + 1}T09:00:00Z",
                        "end_time": f"2027-05-0{number + 1}T10:00:00Z",
                    }
                    made = await api.client(token).post("/api/v1/events", json={"title": title, **times})
                    assert made.status_code == 201, made.text

    asyncio.run(ask_for_all())


def test_the_events_of_one_account_are_handed_over_to_another(tmp_path: Path):
    with fresh_database("sqlite") as url:
        for name in ("ada", "eve"):
            assert (
                run_here(tmp_path, url, "user", "create", name, f"{name}@example.com", CONVENE_PASSWORD=PASSWORD).code
                == 0
            )
        plan(url, "Standup", "Retreat")
        first = run_here(tmp_path, url, "user", "hand-over", "ada", "eve@example.com")
        second = run_here(tmp_path, url, "user", "hand-over", "ada", "eve", "--into-taken-time")
        assert run_here(tmp_path, url, "check").code == 0
    stays = "event 1 (Standup) stays: the time is taken\n"
    assert first.out == f"{stays}1 events are handed over to eve@example.com, 0 of them into taken time\n"
    assert (first.code, first.error) == (1, "convene: 1 events stay with ada\n")
    assert second.out == "1 events are handed over to eve, 1 of them into taken time\n"
    assert (second.code, second.error) == (0, "")


@pytest.mark.parametrize(
    ("taker", "why"), [("ada", "ada and ada are the same person"), ("eve", "there is no user eve")]
)
def test_nothing_is_handed_over_to_nobody(tmp_path: Path, taker: str, why: str):
    with fresh_database("sqlite") as url:
        run_here(tmp_path, url, "user", "create", "ada", "ada@example.com")
        assert run_here(tmp_path, url, "user", "hand-over", "ada", taker).line == f"convene: {why}"


def test_a_password_can_be_set(run: Run, database_url: str, ben: str):
    assert said(run("user", "password", ben, password="another horse")) == f"{ben} has a new password\n"
    assert signs_in(database_url, ben, "another horse")
    assert not signs_in(database_url, ben)


def test_a_password_is_held_to_the_same_rules_as_everywhere(complaint: Complaint, database_url: str, ben: str):
    assert complaint("user", "password", ben, CONVENE_PASSWORD="x" * 129).startswith("/new_password ")
    assert signs_in(database_url, ben)


def test_who_is_nobody_is_said(complaint: Complaint):
    assert complaint("user", "deactivate", "nobody-here") == "there is no user nobody-here"


@pytest.mark.parametrize("command", ["deactivate", "activate", "password"])
def test_a_name_that_is_no_text_is_complained_about_in_one_line(complaint: Complaint, command: str):
    assert complaint("user", command, "b\udcffn", CONVENE_PASSWORD=PASSWORD).startswith("/username ")


def test_reindexing_counts_what_it_moved(run: Run):
    assert said(run("reindex")) == "0 events happen at other times than before\n"


def test_production_does_not_start_without_a_secret(run: Run):
    end = run("serve", ENVIRONMENT="production", SECRET_KEY="")
    assert (end.returncode, end.stdout) == (1, "")
    [line] = end.stderr.splitlines()
    assert line.startswith(
        "convene: SECRET_KEY is missing or weak: in production it must be at least 32 random bytes; "
    )


def test_a_port_that_cannot_be_is_refused_in_one_line(complaint: Complaint):
    assert complaint("serve", "--port", "99999") == "--port must be 0 to 65535, not 99999"
    assert complaint("migrate", PORT="99999") == "PORT must be at most 65535"


def test_a_folder_that_is_not_there_is_named_and_not_made(complaint: Complaint, tmp_path: Path):
    nowhere = tmp_path / "calender"
    for command in ("migrate", "reindex", "serve"):
        line = complaint(command, DATABASE_URL=f"sqlite:///{nowhere}/convene.db")
        assert line == f"there is no folder {nowhere} for the database; make it, or mend DATABASE_URL"
    assert not nowhere.exists()


def test_looking_at_a_database_waits_for_nobody_who_writes(database_url: str):
    writer = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    schema.verify(database_url)
    assert time.monotonic() - began < 5
    writer.close()


def test_every_setting_that_is_wrong_is_named(complaint: Complaint):
    line = complaint("migrate", PORT="eighty", ALGORITHM="none", SECRET_KEY="hunter2-hunter2-hunter2")
    assert "PORT" in line
    assert "ALGORITHM" in line
    assert "hunter2" not in line
