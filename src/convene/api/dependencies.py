"""What routes ask for: who is calling, a unit of work, an event with a proven right.

Whoever gets a unit of work has been authenticated before it was opened: no request waits for a connection while it
holds another. Units are of scope "function": they commit before the answer is sent, so that a commit that fails can
still be told (with FastAPI's default it would come after).

FastAPI walks the whole tree of what a route depends on, again wherever a part of it comes again, at 10 us for each
dependency and 15 for each parameter: what needs no declaration in the OpenAPI document is no dependency.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.security import OAuth2PasswordBearer
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from convene.api import idempotency
from convene.api.fields import DIGITS
from convene.api.idempotency import Attempts
from convene.api.metrics import Metrics
from convene.api.planning import opening
from convene.api.plans import ANSWER
from convene.api.preconditions import IfMatch
from convene.api.rates import Rates
from convene.api.schemas import Transfer
from convene.delivery.bus import Bus
from convene.delivery.hub import Hub
from convene.delivery.presence import Watch
from convene.domain.errors import BadToken
from convene.operations import access
from convene.operations.access import EditableEvent, OwnedEvent, TrashedEvent, ViewableEvent
from convene.operations.identity import Identities, SignedIn
from convene.operations.links import Links
from convene.operations.passwords import Passwords
from convene.operations.tokens import Tokens
from convene.storage.unit_of_work import UnitOfWork, Units


@dataclass(frozen=True, slots=True)
class Services:
    """What the application holds while it runs; made in its lifespan."""

    units: Units
    tokens: Tokens
    passwords: Passwords
    identities: Identities
    hub: Hub
    watch: Watch
    allow_private_targets: bool
    sends_mail: bool
    registration: Literal["open", "closed"]
    rates: Rates
    attempts: Attempts
    links: Links
    bus: Bus
    metrics: Metrics
    metrics_token: str | None


class Application(FastAPI):
    """Asks for no telemetry of FastAPI's own with each request, which costs 10 us: `tracing` tells what we tell."""

    #: Looked up with each request: Starlette's `state` takes ten times as long.
    services: Services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on to the middleware that `app` has put around the application."""
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)  # type: ignore[misc] # made by `app`


def services(request: HTTPConnection) -> Services:
    """What the application holds."""
    held: Services = request.scope["app"].services
    return held


async def _services(request: Request) -> Services:
    return services(request)


Held = Annotated[Services, Depends(_services)]


async def recognised(held: Services, scope: Scope, token: str) -> tuple[SignedIn, float]:
    """Find who holds a token and when it expires (seconds since the epoch), and count the request.

    Raises:
        BadToken: there is none, or it is not good.
        TooOften: they, or the address that strangers come from, have used their quota up.
    """
    try:
        me, expires_at = await held.identities.until(token)
    except BadToken:
        held.rates.of_address(scope)
        raise
    held.rates.of_user(scope, me.user_id)
    return me, expires_at


class _Bearer(OAuth2PasswordBearer):
    """The scheme that the OpenAPI document declares, and what it finds out."""

    async def __call__(self, request: Request) -> SignedIn:  # type: ignore[override] # more than the token
        """Find out who is calling.

        Raises:
            BadToken: no token, or one that is not good.
            TooOften: they, or the address that strangers come from, have used their quota up.
        """
        scope = request.scope
        token = ""
        for name, value in scope["headers"]:
            if name == b"authorization":
                scheme, _, said = value.decode("latin-1").partition(" ")
                token = said if scheme.lower() == "bearer" else ""
                break
        return (await recognised(services(request), scope, token))[0]


signed_in = _Bearer(tokenUrl="/api/v1/auth/login", scheme_name="OAuth2PasswordBearer", description="An access token.")

Me = Annotated[SignedIn, Depends(signed_in)]


@opening
def reading(request: Request, me: Me) -> AbstractAsyncContextManager[UnitOfWork]:  # noqa: ARG001 - authenticated first
    """A unit of work that writes nothing."""
    return services(request).units.reading()


@opening
def writing(request: Request, me: Me) -> AbstractAsyncContextManager[UnitOfWork]:
    """A unit of work that commits when the route returns, and whose answer is kept when it has an Idempotency-Key."""
    held = services(request)
    return _kept(held, request, me) if idempotency.is_asked_for(request) else held.units.writing()


@asynccontextmanager
async def _kept(held: Services, request: Request, me: SignedIn) -> AsyncIterator[UnitOfWork]:
    async with held.attempts.of(request, me.user_id) as attempt, held.units.writing() as work:
        if attempt is not None:
            await idempotency.replay(work, attempt)
        yield work
        await idempotency.keep(work, attempt, request.scope["state"][ANSWER])


ReadWork = Annotated[UnitOfWork, Depends(reading, scope="function")]
WriteWork = Annotated[UnitOfWork, Depends(writing, scope="function")]

ID_MAX = 2**63 - 1
EventId = Annotated[int, Path(ge=1, le=ID_MAX, description="The event's id."), DIGITS]
UserIdInPath = Annotated[
    int, Path(ge=1, le=ID_MAX, description="The user's id (a permission's `id` is the same)."), DIGITS
]
VersionNumber = Annotated[
    int, Path(ge=1, le=2**31 - 1, description="A version number; a version's `id` is the same."), DIGITS
]


async def viewable(event_id: EventId, me: Me, work: ReadWork) -> ViewableEvent:
    """An event that the caller may see."""
    return await access.open_to_view(work, me, event_id)


async def editable(event_id: EventId, me: Me, work: WriteWork, if_match: IfMatch) -> EditableEvent:
    """An event that the caller may change, locked."""
    return access.unchanged(await access.open_to_edit(work, me, event_id), if_match)


async def owned(event_id: EventId, me: Me, work: WriteWork, if_match: IfMatch) -> OwnedEvent:
    """An event that belongs to the caller, locked."""
    return access.unchanged(await access.open_to_own(work, me, event_id), if_match)


async def transferable(event_id: EventId, me: Me, work: WriteWork, if_match: IfMatch, body: Transfer) -> OwnedEvent:
    """An event that belongs to the caller and goes to somebody else, locked with both agendas."""
    return access.unchanged(await access.open_to_hand_over(work, me, event_id, body.user_id), if_match)


async def leavable(event_id: EventId, me: Me, work: WriteWork, if_match: IfMatch) -> ViewableEvent:
    """An event in which the caller may change their own place, locked."""
    return access.unchanged(await access.open_to_leave(work, me, event_id), if_match)


async def trashed(event_id: EventId, me: Me, work: WriteWork, if_match: IfMatch) -> TrashedEvent:
    """An event in the caller's trash, locked."""
    return access.unchanged(await access.open_trashed(work, me, event_id), if_match)


Viewable = Annotated[ViewableEvent, Depends(viewable, scope="function")]
Editable = Annotated[EditableEvent, Depends(editable, scope="function")]
Owned = Annotated[OwnedEvent, Depends(owned, scope="function")]
Transferable = Annotated[OwnedEvent, Depends(transferable, scope="function")]
Leavable = Annotated[ViewableEvent, Depends(leavable, scope="function")]
Trashed = Annotated[TrashedEvent, Depends(trashed, scope="function")]


# -- queries that several routes read ------------------------------------------------------------------------


async def _allow_overlap(
    on_conflict: Annotated[
        Literal["reject", "allow"],
        Query(description="`allow` books the time although it is taken; for the owner of the event alone."),
    ] = "reject",
) -> bool:
    return on_conflict == "allow"


AllowOverlap = Annotated[bool, Depends(_allow_overlap)]
