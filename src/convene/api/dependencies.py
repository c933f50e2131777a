"""What routes ask for: who is calling, a unit of work, an event with a proven right.

Whoever gets a unit of work has been authenticated before it was opened: no request waits for a connection while it
holds another. Units are of scope "function": they commit before the answer is sent, so that a commit that fails can
still be told (with FastAPI's default it would come after).

FastAPI walks the whole tree of what a route depends on, again wherever a part of it comes again, at 10 us for each
dependency and 15 for each parameter: what needs no declaration in the OpenAPI document is no dependency.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Header, Path, Query, Request
from fastapi.security import OAuth2PasswordBearer
from starlette.requests import HTTPConnection

from convene.api.fields import Number
from convene.api.schemas import Transfer
from convene.delivery.hub import Hub
from convene.delivery.presence import Watch
from convene.domain.errors import BadToken
from convene.operations import access
from convene.operations.access import EditableEvent, OwnedEvent, TrashedEvent, ViewableEvent
from convene.operations.identity import Identities, SignedIn
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


def services(request: HTTPConnection) -> Services:
    """What the application holds."""
    held: Services = request.app.state.services
    return held


async def _services(request: Request) -> Services:
    return services(request)


Held = Annotated[Services, Depends(_services)]


class _Bearer(OAuth2PasswordBearer):
    """The scheme that the OpenAPI document declares, and what it finds out."""

    async def __call__(self, request: Request) -> SignedIn:  # type: ignore[override] # more than the token
        """Find out who is calling.

        Raises:
            BadToken: no token, or one that is not good.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not token or scheme.lower() != "bearer":
            raise BadToken("missing")
        return await services(request).identities.of(token)


signed_in = _Bearer(tokenUrl="/api/v1/auth/login", scheme_name="OAuth2PasswordBearer", description="An access token.")

Me = Annotated[SignedIn, Depends(signed_in)]


async def reading(request: Request, me: Me) -> AsyncIterator[UnitOfWork]:  # noqa: ARG001 - authenticated first
    """A unit of work that writes nothing."""
    async with services(request).units.reading() as work:
        yield work


async def writing(request: Request, me: Me) -> AsyncIterator[UnitOfWork]:  # noqa: ARG001 - authenticated first
    """A unit of work that commits when the route returns."""
    async with services(request).units.writing() as work:
        yield work


ReadWork = Annotated[UnitOfWork, Depends(reading, scope="function")]
WriteWork = Annotated[UnitOfWork, Depends(writing, scope="function")]

ID_MAX = 2**63 - 1
EventId = Annotated[Number, Path(ge=1, le=ID_MAX, description="The event's id.")]
UserIdInPath = Annotated[Number, Path(ge=1, le=ID_MAX, description="The user's id (a permission's `id` is the same).")]
VersionNumber = Annotated[
    Number, Path(ge=1, le=2**31 - 1, description="A version number; a version's `id` is the same.")
]


async def viewable(event_id: EventId, me: Me, work: ReadWork) -> ViewableEvent:
    """An event that the caller may see."""
    return await access.open_to_view(work, me, event_id)


async def editable(event_id: EventId, me: Me, work: WriteWork) -> EditableEvent:
    """An event that the caller may change, locked."""
    return await access.open_to_edit(work, me, event_id)


async def owned(event_id: EventId, me: Me, work: WriteWork) -> OwnedEvent:
    """An event that belongs to the caller, locked."""
    return await access.open_to_own(work, me, event_id)


async def transferable(event_id: EventId, me: Me, work: WriteWork, body: Transfer) -> OwnedEvent:
    """An event that belongs to the caller and goes to somebody else, locked with both agendas."""
    return await access.open_to_hand_over(work, me, event_id, body.user_id)


async def leavable(event_id: EventId, me: Me, work: WriteWork) -> ViewableEvent:
    """An event in which the caller may change their own place, locked."""
    return await access.open_to_leave(work, me, event_id)


async def trashed(event_id: EventId, me: Me, work: WriteWork) -> TrashedEvent:
    """An event in the caller's trash, locked."""
    return await access.open_trashed(work, me, event_id)


Viewable = Annotated[ViewableEvent, Depends(viewable, scope="function")]
Editable = Annotated[EditableEvent, Depends(editable, scope="function")]
Owned = Annotated[OwnedEvent, Depends(owned, scope="function")]
Transferable = Annotated[OwnedEvent, Depends(transferable, scope="function")]
Leavable = Annotated[ViewableEvent, Depends(leavable, scope="function")]
Trashed = Annotated[TrashedEvent, Depends(trashed, scope="function")]


# -- headers and queries that several routes read ------------------------------------------------------------


def _tags(header: str) -> frozenset[int]:
    """The versions that a list of entity tags names; weak ones and strange ones match nothing (RFC 9110, 8.8.3)."""
    tags = (tag.strip() for tag in header.split(","))
    return frozenset(
        int(tag[1:-1]) for tag in tags if len(tag) <= 12 and tag[:1] == tag[-1:] == '"' and tag[1:-1].isdecimal()
    )


async def _if_match(
    if_match: Annotated[
        str | None,
        Header(max_length=1000, description="Entity tags; refuse the change (412) if another is newest."),
    ] = None,
) -> frozenset[int] | None:
    return None if if_match is None or if_match.strip() == "*" else _tags(if_match)


async def _if_none_match(
    if_none_match: Annotated[
        str | None, Header(max_length=1000, description="Entity tags; 304 if one of them is the newest, or for `*`.")
    ] = None,
) -> frozenset[int] | None:
    if if_none_match is None:
        return frozenset()
    # A weak tag is good enough here (RFC 9110, 13.1.2).
    return None if if_none_match.strip() == "*" else _tags(if_none_match.replace("W/", ""))


async def _allow_overlap(
    on_conflict: Annotated[
        Literal["reject", "allow"],
        Query(description="`allow` books the time although it is taken; for the owner of the event alone."),
    ] = "reject",
) -> bool:
    return on_conflict == "allow"


IfMatch = Annotated[frozenset[int] | None, Depends(_if_match)]
IfNoneMatch = Annotated[frozenset[int] | None, Depends(_if_none_match)]
AllowOverlap = Annotated[bool, Depends(_allow_overlap)]
