"""`convene` on the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from convene import __version__, clock
from convene import demo as demo_team
from convene.api.sockets import FRAME_MAX
from convene.api.web import BUILT
from convene.app import create_app, tracing_module
from convene.collecting import settled
from convene.joining import JoiningProtocol
from convene.operations import audit, upkeep
from convene.parent import end_with
from convene.settings import PORT_MAX, Settings
from convene.storage import backup, schema
from convene.storage.errors import BackupRefused, SchemaMismatch
from convene.storage.unit_of_work import Units
from convene.terminal import Refusal, open_closed_streams, read_settings, run, run_with_passwords
from convene.user_commands import user_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # passwords are among them
    help="A collaborative calendar that never loses a change.",
)
app.add_typer(user_app, name="user")

#: Tells worker processes where they find what the others count.
_WORKERS_FOLDER = "CONVENE_WORKERS_FOLDER"
#: And who began them.
_PARENT = "CONVENE_PARENT"


def main() -> None:
    """Run a command; what goes wrong is told in one line."""
    open_closed_streams()
    try:
        app()
    except (Refusal, SchemaMismatch, BackupRefused) as error:
        print(f"convene: {error}", file=sys.stderr)
        sys.exit(1)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Overrides HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Overrides PORT.")] = None,
    workers: Annotated[int | None, typer.Option(help="Overrides WORKERS: processes that share the port.")] = None,
) -> None:
    """Bring the database up to date and serve the API, and the page if it has been built."""
    if port is not None and not 0 <= port <= PORT_MAX:
        raise Refusal(f"--port must be 0 to {PORT_MAX}, not {port}")
    settings = read_settings()
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
        http=JoiningProtocol,
        lifespan="on",  # a start that fails ends the server
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
    return settled(create_app(read_settings(), Path(folder) if folder else None, BUILT))


@app.command()
def migrate() -> None:
    """Create the database's tables, or bring them up to date."""
    schema.migrate(read_settings().database_url)
    print("the database is up to date")


@app.command()
def version() -> None:
    """Say which version this is."""
    print(__version__)


@app.command()
def reindex() -> None:
    """Work out anew, from wall time and zone, when every event happens: after the rules of zones have changed."""
    changed = run(upkeep.reindex)
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

    if found := run(tell, timeout=3600.0):  # some statements look through a whole table
        raise Refusal(f"{found} things do not agree")
    print("everything agrees with everything else")


@app.command("backup")
def back_up(file: Path) -> None:
    """Copy the whole database to a new file, while the server goes on; on PostgreSQL with pg_dump. `-`: to stdout."""
    if file == Path("-"):
        if sys.stdout.isatty():
            raise Refusal("a copy is not written to a terminal; lead it into a file")
        backup.pour(read_settings().database_url, sys.stdout.buffer)
        return
    backup.back_up(read_settings().database_url, file)
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
    settings = read_settings()
    backup.restore(settings.database_url, file, keep_deliveries=keep_deliveries, now=clock.now())
    print(f"the database is made of {file}; clients that follow changes will copy everything once more")


@app.command()
def prune() -> None:
    """Throw away old trash, traces of lost access, old notifications and ended sessions; a server does so every day."""
    pruned = run(upkeep.prune)
    print(
        f"thrown away: {pruned.events} events, {pruned.permissions} lost permissions, "
        f"{pruned.notifications} notifications, {pruned.sessions} sessions, {pruned.answers} kept answers, "
        f"{pruned.deliveries} deliveries"
    )


@app.command()
def demo() -> None:
    """Fill the database with a team, its calendars, and some months of shared and edited events to look at."""
    settings = read_settings()
    schema.migrate(settings.database_url)
    print(run_with_passwords(demo_team.play))
