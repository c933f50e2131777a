"""`convene` on the command line."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypeVar

import typer
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from convene import __version__, clock
from convene import demo as demo_team
from convene.api.lines import configure
from convene.api.schemas import Body, Login, PasswordChange, Register
from convene.api.sockets import FRAME_MAX
from convene.api.web import BUILT
from convene.api.wordings import all_wordings
from convene.app import create_app, tracing_module
from convene.domain.errors import ConveneError
from convene.domain.words import refused
from convene.operations import accounts, audit, upkeep
from convene.operations.passwords import Passwords
from convene.parent import end_with
from convene.settings import PORT_MAX, Settings
from convene.storage import backup, schema
from convene.storage.engine import make_database, parse_url
from convene.storage.errors import BackupRefused, SchemaMismatch
from convene.storage.unit_of_work import Units

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # passwords are among them
    help="A collaborative calendar that never loses a change.",
)
user_app = typer.Typer(no_args_is_help=True, help="Accounts.")
app.add_typer(user_app, name="user")

#: Tells worker processes where they find what the others count.
_WORKERS_FOLDER = "CONVENE_WORKERS_FOLDER"
#: And who began them.
_PARENT = "CONVENE_PARENT"

_T = TypeVar("_T")
_Body = TypeVar("_Body", bound=Body)
Password = Annotated[
    str, typer.Option(envvar="CONVENE_PASSWORD", prompt=True, confirmation_prompt=True, hide_input=True)
]


class Refusal(Exception):
    """Something to be told in one line."""


def main() -> None:
    """Run a command; what goes wrong is told in one line."""
    try:
        app()
    except (Refusal, SchemaMismatch, BackupRefused) as error:
        print(f"convene: {error}", file=sys.stderr)
        sys.exit(1)


def _settings() -> Settings:
    try:
        settings = Settings()
    except ValidationError as error:
        raise Refusal(all_wordings(error, lambda name: name.upper())) from error
    try:
        parse_url(settings.database_url)
    except ValueError as error:
        raise Refusal(str(error)) from error
    configure(as_json=settings.environment == "production", debug=settings.debug)
    return settings


def _checked(kind: type[_Body], sent: dict[str, str]) -> _Body:
    """Hold what is said to a command to the rules of the API."""
    try:
        return kind.model_validate(sent)
    except ValidationError as error:
        raise Refusal(all_wordings(error, lambda name: f"/{name}")) from error


def _check_name(name: str) -> None:
    """A terminal may send what is no text, which no database takes."""
    _checked(Login, {"username": name, "password": ""})


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Overrides HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Overrides PORT.")] = None,
    workers: Annotated[int | None, typer.Option(help="Overrides WORKERS: processes that share the port.")] = None,
) -> None:
    """Bring the database up to date and serve the API, and the page if it has been built."""
    if port is not None and not 0 <= port <= PORT_MAX:
        raise Refusal(f"--port must be 0 to {PORT_MAX}, not {port}")
    settings = _settings()
    _check_tracing(settings)
    schema.migrate(settings.database_url)
    many = settings.workers if workers is None else workers
    place = (host or settings.host, settings.port if port is None else port)
    if many == 1:
        _serve(application, place)
        return
    settings.signing_key()  # made once, before many processes would each make one
    with TemporaryDirectory(prefix="convene-workers-") as folder:
        os.environ |= {_WORKERS_FOLDER: folder, _PARENT: str(os.getpid())}
        # Each of several processes makes the application for itself, from the same environment.
        _serve("convene.cli:application", place, workers=many)


def _check_tracing(settings: Settings) -> None:
    """Spans are told by packages that are not always installed."""
    if not settings.otel_exporter_otlp_endpoint:
        return
    try:
        tracing_module()
    except ModuleNotFoundError as error:
        raise Refusal(
            "OTEL_EXPORTER_OTLP_ENDPOINT needs the packages of the extra `otel`, which are not installed"
        ) from error


def _serve(factory: Callable[[], FastAPI] | str, place: tuple[str, int], *, workers: int = 1) -> None:
    uvicorn.run(
        factory,
        factory=True,
        workers=workers,
        host=place[0],
        port=place[1],
        ws="websockets-sansio",
        ws_max_size=FRAME_MAX,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # the application does it, and trusts nobody who was not named
        timeout_graceful_shutdown=20,
    )


def application() -> FastAPI:
    """Make the application as the environment says, for any ASGI server."""
    folder = os.environ.get(_WORKERS_FOLDER)
    if folder and (parent := os.environ.get(_PARENT)):
        end_with(int(parent))
    return create_app(_settings(), Path(folder) if folder else None, BUILT)


@app.command()
def migrate() -> None:
    """Create the database's tables, or bring them up to date."""
    schema.migrate(_settings().database_url)
    print("the database is up to date")


@app.command()
def version() -> None:
    """Say which version this is."""
    print(__version__)


@app.command()
def reindex() -> None:
    """Work out anew, from wall time and zone, when every event happens: after the rules of zones have changed."""
    changed = _run(upkeep.reindex)
    print(f"{changed} events happen at other times than before")


@app.command()
def check() -> None:
    """Compare everything that is stored about events with everything else, and tell what does not agree."""

    async def tell(units: Units) -> int:
        found = 0
        async for finding in audit.audit_all(units):
            print(finding)
            found += 1
        return found

    if found := _run(tell, timeout=3600.0):  # some statements look through a whole table
        raise Refusal(f"{found} things do not agree")
    print("everything agrees with everything else")


@app.command("backup")
def back_up(file: Path) -> None:
    """Copy the whole database to a new file, while the server goes on; on PostgreSQL with pg_dump."""
    backup.back_up(_settings().database_url, file)
    print(f"the database is copied to {file}")


@app.command()
def restore(
    file: Path,
    *,
    keep_deliveries: Annotated[
        bool, typer.Option("--keep-deliveries", help="Send what was still to be sent when the copy was made.")
    ] = False,
) -> None:
    """Make the database of such a copy; there must be none yet, or an empty one. What was due before is not sent."""
    settings = _settings()
    backup.restore(settings.database_url, file, keep_deliveries=keep_deliveries, now=clock.now())
    print(f"the database is made of {file}; clients that follow changes will copy everything once more")


@app.command()
def prune() -> None:
    """Throw away old trash, traces of lost access, old notifications and ended sessions; a server does so every day."""
    pruned = _run(upkeep.prune)
    print(
        f"thrown away: {pruned.events} events, {pruned.permissions} lost permissions, "
        f"{pruned.notifications} notifications, {pruned.sessions} sessions, {pruned.answers} kept answers, "
        f"{pruned.deliveries} deliveries"
    )


@app.command()
def demo() -> None:
    """Fill the database with a team, its calendars, and some months of shared and edited events to look at."""
    settings = _settings()
    schema.migrate(settings.database_url)
    print(_run_with_passwords(demo_team.play))


@user_app.command("create")
def create_user(
    username: str,
    email: str,
    password: Password,
    time_zone: Annotated[str, typer.Option(help="An IANA name.")] = "UTC",
) -> None:
    """Make an account."""
    sent = {"username": username, "email": email, "password": password, "time_zone": time_zone}
    new = _checked(Register, sent).registration()

    async def create(units: Units, passwords: Passwords) -> int:
        return (await accounts.register(units, passwords, new)).id

    print(f"{username} is user {_run_with_passwords(create)}")


@user_app.command("deactivate")
def deactivate_user(name: str) -> None:
    """Switch an account off, by username or e-mail address: it is signed out everywhere."""
    _check_name(name)
    user = _run(lambda units: accounts.deactivate(units, name))
    print(f"{user.username} is switched off")


@user_app.command("password")
def set_user_password(name: str, password: Password) -> None:
    """Set somebody's password; all their sessions end."""
    _check_name(name)
    _checked(PasswordChange, {"current_password": "", "new_password": password})

    async def change(units: Units, passwords: Passwords) -> str:
        async with units.reading() as work:
            user = await accounts.named_user(work, name)
        await accounts.set_password(units, user, await passwords.hash(password))
        return user.username

    print(f"{_run_with_passwords(change)} has a new password")


def _run_with_passwords(work: Callable[[Units, Passwords], Awaitable[_T]]) -> _T:
    settings = _settings()
    passwords = Passwords(time_cost=settings.password_time_cost, memory_kib=settings.password_memory_kib)
    return _run(lambda units: work(units, passwords))


def _run(work: Callable[[Units], Awaitable[_T]], *, timeout: float | None = None) -> _T:
    """Run an operation on the database that the settings name, which must be up to date."""
    settings = _settings()
    schema.verify(settings.database_url)

    async def run() -> _T:
        database = make_database(settings.database_url, timeout=timeout or settings.database_timeout_seconds)
        await database.open()
        try:
            return await work(Units(database))
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except ConveneError as error:
        raise Refusal(refused(error)) from error
