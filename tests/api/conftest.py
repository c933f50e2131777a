"""The API on both databases, and the people who use it.

One database a worker serves all tests: people are new in each test, and nobody sees what others own, so nothing has
to be cleaned up between them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.databases import KINDS, fresh_database
from tests.findings import findings
from tests.people import Api, Person, running_api


@pytest.fixture(scope="session", params=KINDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    with fresh_database(request.param) as url:
        yield url
        assert asyncio.run(findings(url)) == []


@pytest.fixture(scope="session")
async def api(database_url: str) -> AsyncIterator[Api]:
    async with running_api(database_url) as api:
        yield api


@pytest.fixture(params=KINDS)
def own_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the test's own, for what is done to all that a database holds."""
    with fresh_database(request.param) as url:
        yield url


@pytest.fixture
async def own_api(own_database: str) -> AsyncIterator[Api]:
    async with running_api(own_database) as api:
        yield api


@pytest.fixture
async def alice(api: Api) -> Person:
    return await api.person("alice")


@pytest.fixture
async def ben(api: Api) -> Person:
    return await api.person("ben")


@pytest.fixture
async def carla(api: Api) -> Person:
    return await api.person("carla")


@pytest.fixture
async def stranger(api: Api) -> Person:
    return await api.person("stranger")


@pytest.fixture
def nobody(api: Api) -> Person:
    return api.nobody()
