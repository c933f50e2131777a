"""The pages of the documentation: they work without the internet, because they refer to nothing outside the server."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from convene.app import create_app
from tests.people import Api, settings_for

PAGES = ("/docs", "/redoc", "/docs/oauth2-redirect")
#: What may stand in a policy besides the server itself: what a page makes up on its own.
WITHIN = {"'self'", "'none'", "'unsafe-inline'", "data:", "blob:"}


class References(HTMLParser):
    """What a page loads or links to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.found += [value or "" for name, value in attrs if name in {"src", "href", "spec-url", "action", "data"}]


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """Pages need no database, and none is opened."""
    return Api(create_app(settings_for(f"sqlite:///{tmp_path_factory.mktemp('none') / 'none.db'}")))


async def page_at(api: Api, path: str) -> str:
    page = await api.client().get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return page.text


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_refers_to_nothing_outside_the_server(api: Api, path: str):
    page = await page_at(api, path)
    assert re.findall(r"https?:|[\"'(]//", page) == []
    assert all(re.match(r"/[^/]", reference) for reference in References(page).found)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_may_not_ask_outside_the_server_either(api: Api, path: str):
    policy = (await api.client().get(path)).headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert {source for sources in directives.values() for source in sources.split()} <= WITHIN


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_what_a_page_refers_to_is_there(api: Api, path: str):
    references = References(await page_at(api, path)).found
    assert any(reference.endswith(".js") for reference in references)
    for reference in references:
        answer = await api.client().get(reference)
        assert answer.status_code == 200, reference
        assert len(answer.content) > 500, reference


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_a_page_shows_the_document(api: Api, path: str):
    assert "/openapi.json" in await page_at(api, path)
    assert (await api.client().get("/openapi.json")).json() == api.document


_ELSEWHERE = ("../operations.py", "..%2f..%2foperations.py", "%2e%2e/%2e%2e/__init__.py", "", "none.js")


@pytest.mark.parametrize("name", _ELSEWHERE)
async def test_nothing_but_the_assets_is_served(api: Api, name: str):
    assert (await api.client().get(f"/docs/assets/{name}")).status_code == 404
