"""The composition root: what exists while the application runs, and how the rooms of the house are joined."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from convene import __version__
from convene.api import (
    accounts,
    agenda,
    calendars,
    digests,
    events,
    history,
    idempotency,
    insights,
    lines,
    live,
    notifications,
    operations,
    problems,
    reminders,
    sharing,
    unsubscribing,
    webhooks,
)
from convene.api.aliases import Aliases
from convene.api.dependencies import Application, Services
from convene.api.direct import Direct
from convene.api.heads import Heads
from convene.api.idempotency import Attempts
from convene.api.limits import BodyLimits
from convene.api.logs import RequestLog
from convene.api.metrics import Metrics
from convene.api.negotiation import PackedAnswers, PackedBodies
from convene.api.openapi import describe
from convene.api.planned import install
from convene.api.quotas import PATIENCE_SECONDS, Counts
from convene.api.rates import OutsideRates, Rates
from convene.api.web import install_page
from convene.delivery import housekeeping
from convene.delivery.bus import Bus, Wire
from convene.delivery.channels import Channel, Mails, Webhooks
from convene.delivery.dispatcher import Dispatcher
from convene.delivery.hub import Hub
from convene.delivery.outbound import sending
from convene.delivery.presence import Watch
from convene.delivery.smtp import Smtp
from convene.delivery.stopping import before_stopping
from convene.operations.identity import Identities
from convene.operations.links import Links
from convene.operations.passwords import Passwords
from convene.operations.sync import clock_of
from convene.operations.tokens import Tokens
from convene.settings import Settings, mail_address
from convene.storage.engine import Database, make_database
from convene.storage.sqlite import SqliteDatabase
from convene.storage.unit_of_work import Units
from convene.storage.wires import PostgresWire, SqliteWire

if TYPE_CHECKING:
    from convene.tracing import Tracing

_log = structlog.get_logger("convene.app")

#: What pages of other origins may read of an answer, besides its content.
_EXPOSED = (
    "Allow", "Content-Location", "ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy",
    "Idempotent-Replayed", "WWW-Authenticate", "X-Conflicts-Checked-Until", "X-Cursor", "X-Request-ID",
    "X-Unread-Count",
)  # fmt: skip
#: What is asked most comes first, but the lists before single events: /events/trash is no event.
_FEATURES = (
    agenda, events, sharing, history, calendars, insights, notifications, accounts, live, webhooks, reminders,
    digests, unsubscribing,
    operations,
)  # fmt: skip


def create_app(settings: Settings, workers_folder: Path | None = None, page: Path | None = None) -> Application:
    """Make the application. Its database must have been migrated; it is opened when the application starts.

    Args:
        workers_folder: one that all worker processes behind the same port share.
        page: where the page has been built, if it has; None serves the API alone.
    """
    if settings.secret_key.get_secret_value() and settings.has_weak_secret:
        _log.warning("SECRET_KEY could be guessed: whoever does can sign in as anybody; production refuses it")
    metrics = Metrics(workers_folder)
    tracing = tracing_module().Tracing() if settings.otel_exporter_otlp_endpoint else None
    redis_url = _said(settings.redis_url)
    sums = _valkey_module().RedisSums(redis_url, patience=PATIENCE_SECONDS) if redis_url else None
    rates = Rates(settings.rate_limit_per_minute, Counts(sums))

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        try:
            async with _services(settings, metrics, rates) as services, tracing.running() if tracing else nullcontext():
                app.services = services
                yield
        finally:
            lines.write_out()

    app = Application(
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
    idempotency.install(app)
    describe(app)
    _wrap(app, settings, metrics, rates, tracing)
    return app


def tracing_module() -> Any:  # noqa: ANN401 - a module that is not always there
    """A part that is imported only when it is wanted: it weighs as much as a third of the rest."""
    return import_module("convene.tracing")


def _valkey_module() -> Any:  # noqa: ANN401 - as above
    """Another one: its client weighs 12 MiB and takes 0.2 s."""
    return import_module("convene.delivery.valkey")


def _wrap(app: FastAPI, settings: Settings, metrics: Metrics, rates: Rates, tracing: Tracing | None) -> None:
    """Put the middleware around an application; what is made last is the outermost.

    Inside of what answers faults of ours is what may refuse a request; outside is what every answer passes through.
    """
    for inside in (PackedBodies, BodyLimits):
        app.add_middleware(inside)
    app.add_middleware(OutsideRates, rates=rates)
    app.add_middleware(Aliases)
    stack: ASGIApp = Direct(app, Heads(PackedAnswers(app.build_middleware_stack())))
    if settings.backend_cors_origins:
        stack = CORSMiddleware(
            stack,
            allow_origins=list(settings.backend_cors_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        )
    if tracing is not None:
        stack = tracing_module().TracedRequests(stack, tracing=tracing)
    stack = RequestLog(stack, metrics=metrics)  # sends by the server's own `send`, which it needs to hang up
    if settings.trusted_proxies:
        stack = ProxyHeadersMiddleware(stack, trusted_hosts=list(settings.trusted_proxies))  # type: ignore[arg-type,assignment] # typed for uvicorn
    app.middleware_stack = stack


@asynccontextmanager
async def _services(settings: Settings, metrics: Metrics, rates: Rates) -> AsyncIterator[Services]:
    database = make_database(
        settings.database_url, pool_size=settings.database_pool_size, timeout=settings.database_timeout_seconds
    )
    bus = Bus()
    units = Units(database, on_write=bus.ring)
    passwords = Passwords(time_cost=settings.password_time_cost, memory_kib=settings.password_memory_kib)
    tokens = _tokens(settings)
    hub, watch = Hub(units, bus), Watch(bus)
    services = Services(
        units=units,
        tokens=tokens,
        passwords=passwords,
        identities=Identities(units, tokens),
        hub=hub,
        watch=watch,
        bus=bus,
        metrics=metrics,
        metrics_token=_said(settings.metrics_token),
        attempts=Attempts(settings.signing_key()),
        links=Links(settings.public_url or "", settings.signing_key()),
        rates=rates,
        allow_private_targets=settings.webhook_allow_private_targets,
        sends_mail=settings.mail_server is not None,
        registration=settings.registration,
    )
    _watch(services)
    await database.open()
    try:
        async with _running(services, _said(settings.redis_url)), _dispatching(services, settings):
            yield services
    finally:
        passwords.close()
        await database.close()


@asynccontextmanager
async def _running(held: Services, redis_url: str | None) -> AsyncIterator[None]:
    """Let run what goes on beside the requests."""
    units = held.units
    async with units.reading() as work:
        epoch = (await clock_of(work)).epoch
    wire: Wire = _valkey_module().RedisWire(redis_url, epoch) if redis_url else _own_wire(units.database)
    async with (
        held.bus.running(wire),
        held.hub.running(epoch),
        held.watch.running(),
        held.rates.counts.running(epoch),
        held.metrics.running(),
        housekeeping.running(units),
    ):
        with before_stopping(held.hub.stop):
            yield


@asynccontextmanager
async def _dispatching(held: Services, settings: Settings) -> AsyncIterator[None]:
    """Let go out what is due."""
    allow_private, timeout = settings.webhook_allow_private_targets, settings.webhook_timeout_seconds
    async with sending(allow_private=allow_private, timeout=timeout) as outbound:
        channels: list[Channel[Any]] = [Webhooks(held.units, outbound), *_mails(held, settings)]
        dispatcher = Dispatcher(held.units, held.bus, channels)
        _watch_deliveries(held.metrics, dispatcher)
        # The server drains its requests first, for as long as it likes: what began then would hold up the end of all.
        async with dispatcher.running():
            with before_stopping(dispatcher.stop):
                yield


def _mails(held: Services, settings: Settings) -> list[Mails]:
    """Mail, if there is a server for it."""
    server, sender, place = settings.mail_server, settings.mail_from, settings.public_url
    if server is None or sender is None or place is None:
        return []
    smtp = Smtp(server, mail_address(sender), place, timeout=settings.smtp_timeout_seconds)
    return [Mails(held.units, smtp, held.links)]


def _watch_deliveries(metrics: Metrics, dispatcher: Dispatcher) -> None:
    waiting = dispatcher.waiting
    about = "Attempts to deliver, by channel and by what they meant."
    metrics.watch_counter("convene_deliveries", about, ("channel", "result"), dispatcher.results)
    about = "Deliveries of all processes that are still to arrive."
    metrics.watch_family("convene_deliveries_waiting", about, "channel", lambda: waiting.numbers)
    about = "For how many seconds the oldest of them has been waiting."
    metrics.watch_family("convene_deliveries_oldest_seconds", about, "channel", lambda: waiting.ages)


def _tokens(settings: Settings) -> Tokens:
    return Tokens(
        key=settings.signing_key(),
        algorithm=settings.algorithm,
        access_life=timedelta(minutes=settings.access_token_expire_minutes),
        refresh_life=timedelta(days=settings.refresh_token_expire_days),
    )


def _said(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _own_wire(database: Database) -> Wire:
    """What carries the bus where there is no Redis: the database itself."""
    return SqliteWire(database.path) if isinstance(database, SqliteDatabase) else PostgresWire(database.dsn)


def _watch(services: Services) -> None:
    """Name what is read when somebody asks for metrics. Whatever has a queue or an age adds its own here."""
    watch, database = services.metrics.watch, services.units.database
    counts = services.rates.counts
    about = "Connections to the database: open, idle among them, and at most."
    watch("convene_database_connections", about, lambda: database.use().open, label="open")
    watch("convene_database_connections", about, lambda: database.use().idle, label="idle")
    watch("convene_database_connections", about, lambda: database.use().most, label="most")
    watch("convene_listeners", "Sockets and streams that listen.", lambda: services.hub.listeners)
    watch("convene_bus_connected", "1 while other processes are heard of at once.", lambda: services.bus.connected)
    watch("convene_quotas_shared", "1 while requests are counted with other processes.", lambda: counts.shared)
    watch("convene_quota_outages", "How often Redis went away from the quotas.", lambda: counts.outages, counts=True)
    services.metrics.watch_counter("convene_quota_refused", "Requests too many.", ("quota",), counts.refused)
