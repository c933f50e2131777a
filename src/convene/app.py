"""The composition root: what exists while the application runs, and how the rooms of the house are joined."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from convene import __version__
from convene.api import (
    accounts,
    agenda,
    calendars,
    events,
    history,
    insights,
    live,
    notifications,
    operations,
    problems,
    sharing,
)
from convene.api.aliases import Aliases
from convene.api.dependencies import Services
from convene.api.limits import BodyLimits
from convene.api.logs import RequestLog
from convene.api.negotiation import PackedAnswers, PackedBodies
from convene.api.openapi import describe
from convene.api.planned import install
from convene.api.web import install_page
from convene.delivery import housekeeping
from convene.delivery.bus import Bus, Wire
from convene.delivery.hub import Hub
from convene.delivery.presence import Watch
from convene.delivery.wires import PostgresWire, RedisWire, SqliteWire
from convene.operations.identity import Identities
from convene.operations.passwords import Passwords
from convene.operations.sync import clock_of
from convene.operations.tokens import Tokens
from convene.settings import Settings
from convene.storage.engine import Database, make_database
from convene.storage.sqlite import SqliteDatabase
from convene.storage.unit_of_work import Units

# The lists come before single events: /events/trash is no event.
_FEATURES = (accounts, agenda, events, sharing, history, calendars, insights, notifications, live, operations)


def create_app(settings: Settings, page: Path | None = None) -> FastAPI:
    """Make the application. Its database must have been migrated; it is opened when the application starts.

    Args:
        page: the folder where the page has been built, if it has; None serves the API alone.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _services(settings) as services:
            app.state.services = services
            yield

    app = FastAPI(
        title=settings.project_name,
        version=__version__,
        debug=False,  # a stack trace in an answer helps attackers; the log has it
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    install(app, [feature.router for feature in _FEATURES])
    operations.install_docs(app)
    if page is not None:
        install_page(app, page)
    problems.install(app)
    describe(app)
    # The last added is the outermost.
    if settings.backend_cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.backend_cors_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["ETag", "Link", "Location", "X-Request-ID"],
        )
    app.add_middleware(PackedBodies)
    app.add_middleware(BodyLimits)
    app.add_middleware(Aliases)
    app.add_middleware(PackedAnswers)
    app.add_middleware(RequestLog)
    return app


@asynccontextmanager
async def _services(settings: Settings) -> AsyncIterator[Services]:
    database = make_database(
        settings.database_url, pool_size=settings.database_pool_size, timeout=settings.database_timeout_seconds
    )
    bus = Bus()
    units = Units(database, on_write=bus.ring)
    passwords = Passwords(time_cost=settings.password_time_cost, memory_kib=settings.password_memory_kib)
    tokens = Tokens(
        key=settings.signing_key(),
        algorithm=settings.algorithm,
        access_life=timedelta(minutes=settings.access_token_expire_minutes),
        refresh_life=timedelta(days=settings.refresh_token_expire_days),
    )
    hub, watch = Hub(units, bus), Watch(bus)
    services = Services(
        units=units,
        tokens=tokens,
        passwords=passwords,
        identities=Identities(units, tokens),
        hub=hub,
        watch=watch,
    )
    await database.open()
    try:
        async with units.reading() as work:
            epoch = (await clock_of(work)).epoch
        wire = _wire(settings, database, epoch)
        async with bus.running(wire), hub.running(epoch), watch.running(), housekeeping.running(units):
            yield services
    finally:
        passwords.close()
        await database.close()


def _wire(settings: Settings, database: Database, epoch: str) -> Wire:
    """Choose what carries the bus: Redis if there is one, else the database itself."""
    if settings.redis_url:
        return RedisWire(settings.redis_url.get_secret_value(), epoch)
    return SqliteWire(database.path) if isinstance(database, SqliteDatabase) else PostgresWire(database.dsn)
