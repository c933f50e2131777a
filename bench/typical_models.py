"""The tables of the typical way, and how to fill them with the calendars of `filling`."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, Text, func, insert, make_url
from sqlalchemy import event as sa_event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from bench.filling import SHARED_EVERY, ZONE, Filling, contents

_AWARE = DateTime(timezone=True)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(50), unique=True, index=True)
    email: Mapped[str] = mapped_column(String(255), unique=True, index=True)
    hashed_password: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(_AWARE, server_default=func.now())
    events: Mapped[list[Event]] = relationship(back_populates="owner")


class Event(Base):
    __tablename__ = "events"
    __table_args__ = (Index("ix_events_owner_start", "owner_id", "start_time"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    location: Mapped[str | None] = mapped_column(String(500))
    start_time: Mapped[datetime] = mapped_column(_AWARE, index=True)
    end_time: Mapped[datetime] = mapped_column(_AWARE)
    time_zone: Mapped[str] = mapped_column(String(64))
    all_day: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(20), default="confirmed")
    tags: Mapped[list[str]] = mapped_column(JSON)
    is_recurring: Mapped[bool] = mapped_column(default=False)
    recurrence_pattern: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)
    is_deleted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(_AWARE, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(_AWARE, server_default=func.now(), onupdate=func.now())
    owner: Mapped[User] = relationship(back_populates="events")
    permissions: Mapped[list[EventPermission]] = relationship(back_populates="event")
    versions: Mapped[list[EventVersion]] = relationship(back_populates="event")
    __allow_unmapped__ = True
    role: str  # of the caller; no column, the routes set it


class EventPermission(Base):
    __tablename__ = "event_permissions"

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(_AWARE, server_default=func.now())
    event: Mapped[Event] = relationship(back_populates="permissions")


class EventVersion(Base):
    __tablename__ = "event_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), index=True)
    version_number: Mapped[int] = mapped_column()
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(_AWARE, server_default=func.now())
    event: Mapped[Event] = relationship(back_populates="versions")


def make_engine(database_url: str) -> AsyncEngine:
    """An engine with a pool as large as Convene's; on SQLite with the same durability."""
    url = make_url(database_url)
    if url.get_backend_name() == "postgresql":
        return create_async_engine(url.set(drivername="postgresql+asyncpg"), pool_size=16, max_overflow=0)
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"), pool_size=16, max_overflow=0, connect_args={"timeout": 30}
    )
    sa_event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def _prepare(raw: DBAPIConnection, _: object) -> None:
    cursor = raw.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def fill_typical(database_url: str, filling: Filling) -> None:
    """Make the tables, and put the same calendars into them."""
    asyncio.run(_fill(database_url, filling))


async def _fill(database_url: str, filling: Filling) -> None:
    engine = make_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        for table, rows in _rows(filling).items():
            await connection.execute(insert(table), rows)
        if engine.dialect.name == "postgresql":
            await connection.exec_driver_sql("SELECT setval('events_id_seq', (SELECT max(id) FROM events))")
    if engine.dialect.name == "postgresql":
        async with engine.connect() as connection:
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).exec_driver_sql("VACUUM ANALYZE")
    await engine.dispose()


def _rows(filling: Filling) -> dict[type[Base], list[dict[str, Any]]]:
    people = range(1, filling.people + 1)
    users = [{"username": f"user-{u}", "email": f"user-{u}@example.com", "hashed_password": "none"} for u in people]
    rows: dict[type[Base], list[dict[str, Any]]] = {User: users, Event: [], EventPermission: [], EventVersion: []}
    for number, content in enumerate(contents(filling)):
        same = {
            "title": content.title,
            "description": content.description,
            "location": content.location,
            "tags": list(content.tags),
            "start_time": content.schedule.starts_at,
            "end_time": content.schedule.ends_at,
            "time_zone": ZONE,
        }
        data = {**same, "start_time": str(same["start_time"]), "end_time": str(same["end_time"])}
        for user in people:
            event_id = filling.event_id(number, user)
            rows[Event].append({**same, "id": event_id, "owner_id": user})
            rows[EventPermission].append({"event_id": event_id, "user_id": user, "role": "owner"})
            if number % SHARED_EVERY == 0:
                other = user % filling.people + 1
                rows[EventPermission].append({"event_id": event_id, "user_id": other, "role": "viewer"})
            version = {"event_id": event_id, "version_number": 1, "data": data, "created_by": user}
            rows[EventVersion].append(version)
    return rows
