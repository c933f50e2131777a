"""Opening a database from its URL. What differs between the two is in `sqlite`, `postgresql` and `types`."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from convene.storage.postgresql import PostgresDatabase
from convene.storage.postgresql_connection import PostgresConnection
from convene.storage.sqlite import SqliteDatabase
from convene.storage.sqlite_connection import SqliteConnection

Database = SqliteDatabase | PostgresDatabase
Connection = SqliteConnection | PostgresConnection

# What libpq reads of a URL and asyncpg would take for settings of the server.
_LIBPQ_ONLY = (
    "channel_binding", "connect_timeout", "gssencmode",
    "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval",
)  # fmt: skip

POOL_SIZE = 16
TIMEOUT = 30.0


def parse_url(database_url: str) -> URL:
    """Read a DATABASE_URL; any driver that it names is dropped (`postgresql+psycopg2` is PostgreSQL).

    Raises:
        ValueError: it is no URL, or of another database.
    """
    try:
        url = make_url(database_url)
    except ArgumentError as error:
        raise ValueError("DATABASE_URL is not a URL such as sqlite:///./convene.db") from error
    name = url.drivername.split("+")[0]
    if name == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ValueError("DATABASE_URL must name a file: an SQLite database in memory would lose every change")
        return url.set(drivername="sqlite")
    if name in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql").difference_update_query(_LIBPQ_ONLY)
    raise ValueError(f"DATABASE_URL names {name}; Convene runs on sqlite and postgresql")


def make_database(database_url: str, *, pool_size: int = POOL_SIZE, timeout: float = TIMEOUT) -> Database:
    """Make the database object for a URL; it is not opened yet. `timeout` bounds each wait, in seconds."""
    url = parse_url(database_url)
    if url.drivername == "sqlite":
        return SqliteDatabase(Path(str(url.database)), timeout)
    return PostgresDatabase(url.render_as_string(hide_password=False), pool_size, timeout)
