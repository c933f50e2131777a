"""The page, as people use it: a real server, a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any, Protocol

import pytest
from playwright.async_api import Browser
from web.build import CannotBuild, build

from tests.databases import fresh_database
from tests.people import Person
from tests.process.callers import ServedApi, calling
from tests.process.servers import Server, serving
from tests.web.browsers import NoChromium, browsing
from tests.web.visitors import ZONE, Visitor, visiting


class Visit(Protocol):
    """Open a browser: signed in as somebody, or as nobody."""

    async def __call__(self, person: Person | None = None, path: str = "/", **context: Any) -> Visitor: ...


@pytest.fixture(scope="session")
def site() -> Iterator[Server]:
    try:
        build()
    except CannotBuild as error:
        pytest.fail(f"the page cannot be built: {error}", pytrace=False)
    with (
        fresh_database("sqlite") as url,
        serving(url, RATE_LIMIT_PER_MINUTE=0, WEBHOOK_ALLOW_PRIVATE_TARGETS=1) as server,
    ):
        yield server


@pytest.fixture(scope="session")
async def api(site: Server) -> AsyncIterator[ServedApi]:
    async with calling(site.url) as api:
        yield api


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with AsyncExitStack() as stack:
        try:
            opened = await stack.enter_async_context(browsing())
        except NoChromium as error:
            pytest.fail(str(error), pytrace=False)
        yield opened


@pytest.fixture
async def visit(browser: Browser, site: Server) -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def come(person: Person | None = None, path: str = "/", **context: Any) -> Visitor:
            visitor = await stack.enter_async_context(visiting(browser, site.url, **context))
            await (visitor.comes_as(person, path) if person else visitor.opens(path))
            return visitor

        yield come


async def _person(api: ServedApi, name: str) -> Person:
    person = await api.person(name)
    changed = await person.patch("/api/v1/auth/me", {"time_zone": ZONE})
    assert changed.status_code == 200
    return person


@pytest.fixture
async def alice(api: ServedApi) -> Person:
    return await _person(api, "alice")


@pytest.fixture
async def ben(api: ServedApi) -> Person:
    return await _person(api, "ben")
