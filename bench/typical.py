"""The typical way: the same API as FastAPI's and SQLAlchemy's tutorials teach it, done well.

An async ORM session for each request, a user loaded for each token, a query for the event, one for the right to it,
ORM objects flushed and refreshed, Pydantic models read from attributes. Its tables have the indexes they need, its
pool is as large as Convene's, and no access log is written. It merges nothing and expands no series: it does what a
client of get, list and create can see, and no more.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException, Query, Response, status
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench.typical_models import Event, EventPermission, EventVersion, User, make_engine

SECRET_KEY = os.environ["SECRET_KEY"]
ALGORITHM = "HS256"

engine = make_engine(os.environ["DATABASE_URL"])
SessionLocal = async_sessionmaker(engine, expire_on_commit=False)
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


class EventCreate(BaseModel):
    title: Annotated[str, Field(min_length=1, max_length=255)]
    description: Annotated[str, Field(max_length=20_000)] | None = None
    location: Annotated[str, Field(max_length=500)] | None = None
    start_time: datetime
    end_time: datetime
    time_zone: str = "UTC"
    tags: list[str] = []
    recurrence_pattern: dict[str, Any] | None = None

    @model_validator(mode="after")
    def ends_after_start(self) -> EventCreate:
        if self.end_time <= self.start_time:
            raise ValueError("end_time must be after start_time")
        return self


class EventRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    description: str | None
    location: str | None
    start_time: datetime
    end_time: datetime
    time_zone: str
    all_day: bool
    status: str
    tags: list[str]
    is_recurring: bool
    recurrence_pattern: dict[str, Any] | None
    owner_id: int
    version: int
    role: str
    created_at: datetime
    updated_at: datetime


async def get_db() -> AsyncIterator[AsyncSession]:
    async with SessionLocal() as session:
        yield session


Db = Annotated[AsyncSession, Depends(get_db)]


async def get_current_user(token: Annotated[str, Depends(oauth2_scheme)], db: Db) -> User:
    wrong = HTTPException(status.HTTP_401_UNAUTHORIZED, "Could not validate credentials")
    try:
        payload = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])
    except jwt.InvalidTokenError as error:
        raise wrong from error
    user = (await db.execute(select(User).where(User.id == int(payload["sub"])))).scalar_one_or_none()
    if user is None:
        raise wrong
    return user


async def get_current_active_user(user: Annotated[User, Depends(get_current_user)]) -> User:
    if not user.is_active:
        raise HTTPException(status.HTTP_400_BAD_REQUEST, "Inactive user")
    return user


CurrentUser = Annotated[User, Depends(get_current_active_user)]


async def get_permission(db: AsyncSession, event: Event, user: User) -> EventPermission:
    statement = select(EventPermission).where(EventPermission.event_id == event.id, EventPermission.user_id == user.id)
    permission = (await db.execute(statement)).scalar_one_or_none()
    if permission is None:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Not enough permissions")
    return permission


@app.get("/api/v1/events/{event_id}", response_model=EventRead)
async def get_event(event_id: int, db: Db, user: CurrentUser, response: Response) -> Event:
    event = (await db.execute(select(Event).where(Event.id == event_id))).scalar_one_or_none()
    if event is None or event.is_deleted:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Event not found")
    event.role = (await get_permission(db, event, user)).role
    response.headers["ETag"] = f'"{event.version}"'
    return event


@app.get("/api/v1/events", response_model=list[EventRead])
async def list_events(  # noqa: PLR0917 - what a request has
    db: Db,
    user: CurrentUser,
    from_: Annotated[datetime | None, Query(alias="from")] = None,
    to: datetime | None = None,
    skip: int = 0,
    limit: Annotated[int, Query(le=200)] = 50,
) -> list[Event]:
    statement = (
        select(Event, EventPermission.role)
        .join(EventPermission, EventPermission.event_id == Event.id)
        .where(EventPermission.user_id == user.id, Event.is_deleted.is_(False))
    )
    if from_ is not None:
        statement = statement.where(Event.end_time > from_)
    if to is not None:
        statement = statement.where(Event.start_time < to)
    found: list[Event] = []
    for event, role in await db.execute(statement.order_by(Event.start_time).offset(skip).limit(limit)):
        event.role = role
        found.append(event)
    return found


@app.post("/api/v1/events", response_model=EventRead, status_code=status.HTTP_201_CREATED)
async def create_event(body: EventCreate, db: Db, user: CurrentUser, response: Response) -> Event:
    conflicts = await db.execute(
        select(Event).where(
            Event.owner_id == user.id,
            Event.is_deleted.is_(False),
            Event.start_time < body.end_time,
            Event.end_time > body.start_time,
        )
    )
    if conflicts.scalars().first() is not None:
        raise HTTPException(status.HTTP_409_CONFLICT, "Event conflicts with existing events")
    event = Event(**body.model_dump(), owner_id=user.id, is_recurring=body.recurrence_pattern is not None)
    db.add(event)
    await db.flush()
    db.add(EventPermission(event_id=event.id, user_id=user.id, role="owner"))
    data = body.model_dump(mode="json")
    db.add(EventVersion(event_id=event.id, version_number=1, data=data, created_by=user.id))
    await db.commit()
    await db.refresh(event)
    event.role = "owner"
    response.headers["ETag"] = f'"{event.version}"'
    return event
