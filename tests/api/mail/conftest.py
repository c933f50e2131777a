"""An API that sends mail, to a server that keeps what comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.api.mail.mailing import Office, mailing
from tests.databases import KINDS, fresh_database
from tests.people import Api


@pytest.fixture(scope="module", params=KINDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database where nobody else sends mail."""
    with fresh_database(request.param) as url:
        yield url


@pytest.fixture(scope="module")
async def office(database_url: str) -> AsyncIterator[Office]:
    async with mailing(database_url) as office:
        yield office


@pytest.fixture
def api(office: Office) -> Api:
    return office.api
