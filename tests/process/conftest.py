"""Servers in processes of their own, on both databases. People are new in each test, so one pair serves many tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from convene.storage.unit_of_work import Units
from tests.databases import KINDS, SHARED_KINDS, fresh_database
from tests.people import Person
from tests.process.callers import ServedApi, calling
from tests.process.servers import Server, both_serving, serving
from tests.process.units import units_on


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on a new database of the default kind."""
    with fresh_database("sqlite", migrated=False) as url, serving(url) as server:
        yield server


@pytest.fixture(params=KINDS)
def new_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database that no other test uses."""
    with fresh_database(request.param) as url:
        yield url


@pytest.fixture(scope="module", params=SHARED_KINDS)
def own_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database of one module's own."""
    with fresh_database(request.param) as url:
        yield url


@pytest.fixture(scope="session", params=SHARED_KINDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database for many tests."""
    with fresh_database(request.param) as url:
        yield url


@pytest.fixture(scope="session")
def two_servers(database_url: str) -> Iterator[tuple[Server, Server]]:
    """Two servers on one database."""
    with both_serving(database_url) as servers:
        yield servers


@pytest.fixture(scope="session")
async def here(two_servers: tuple[Server, Server]) -> AsyncIterator[ServedApi]:
    """One of the two servers."""
    async with calling(two_servers[0].url) as api:
        yield api


@pytest.fixture(scope="session")
async def there(two_servers: tuple[Server, Server]) -> AsyncIterator[ServedApi]:
    """The other of the two servers."""
    async with calling(two_servers[1].url) as api:
        yield api


@pytest.fixture
async def units(database_url: str) -> AsyncIterator[Units]:
    """Units of work on the database of many tests."""
    async with units_on(database_url) as units:
        yield units


@pytest.fixture
def new_sqlite() -> Iterator[str]:
    with fresh_database("sqlite") as url:
        yield url


@pytest.fixture
def new_postgres() -> Iterator[str]:
    with fresh_database("postgresql") as url:
        yield url


@pytest.fixture
async def sqlite_units(new_sqlite: str) -> AsyncIterator[Units]:
    async with units_on(new_sqlite) as units:
        yield units


@pytest.fixture
async def postgres_units(new_postgres: str) -> AsyncIterator[Units]:
    async with units_on(new_postgres) as units:
        yield units


@pytest.fixture
async def alice(here: ServedApi) -> Person:
    return await here.person("alice")


@pytest.fixture
async def ben(here: ServedApi) -> Person:
    return await here.person("ben")


@pytest.fixture
async def carla(here: ServedApi) -> Person:
    return await here.person("carla")
