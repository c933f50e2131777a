"""The page is served where it has been built: at `/`, at the addresses that it makes up, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from convene.app import create_app
from tests.people import Api, settings_for
from tests.routes import PUBLIC, routes_of

INDEX = '<!doctype html><script type="module" src="/assets/main-1a2b.js"></script>'
SCRIPT = "console.log('convene');" * 200
ADDRESSES = (
    "/",
    "/month/2026-11-01",
    "/week/2026-11-16",
    "/day/2026-11-16",
    "/agenda/2026-11-16",
    "/event/12",
    "/week",
)


def page_in(folder: Path) -> Path:
    """A folder in which a page has been built."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX, "utf-8")
    (folder / "assets" / "main-1a2b.js").write_text(SCRIPT, "utf-8")
    (folder / ".built-from").write_text("a secret of the build", "utf-8")
    return folder


def api_with(page: Path, beside: Path) -> Api:
    """Pages need no database, and none is opened."""
    return Api(create_app(settings_for(f"sqlite:///{beside / 'none.db'}"), page=page))


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return api_with(page_in(tmp_path / "web"), tmp_path)


@pytest.fixture
def built(tmp_path: Path, api: Api) -> Path:  # noqa: ARG001 - made by it
    return tmp_path / "web"


@pytest.mark.parametrize("address", ADDRESSES)
async def test_every_address_of_the_page_gives_the_page(api: Api, address: str):
    page = await api.client().get(address, headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.text == INDEX


async def test_the_page_is_asked_for_anew_each_time_and_its_files_never_again(api: Api):
    page = await api.client().get("/")
    assert page.headers["cache-control"] == "no-cache"
    again = await api.client().get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    script = await api.client().get("/assets/main-1a2b.js")
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")


async def test_a_page_that_is_built_anew_is_served_without_a_restart(api: Api, built: Path):
    (built / "index.html").write_text("<!doctype html><title>Newer</title>", "utf-8")
    assert "Newer" in (await api.client().get("/")).text


async def test_files_come_compressed_to_who_can_read_that(api: Api):
    script = await api.client().get("/assets/main-1a2b.js", headers={"Accept-Encoding": "gzip"})
    assert (script.headers["content-encoding"], script.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert script.text == SCRIPT
    plain = await api.client().get("/assets/main-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == SCRIPT


async def test_the_page_may_ask_nobody_but_its_own_server(api: Api):
    headers = (await api.client().get("/week/2026-11-16")).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["connect-src"] == "'self' ws://convene.test wss://convene.test"
    assert {source for sources in policy.values() for source in sources.split()} == {
        *("'self'", "'none'", "data:", "ws://convene.test", "wss://convene.test")
    }
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["convene.test; script-src *", "a b", "", "x" * 300])
async def test_no_host_can_be_named_that_adds_to_the_policy(api: Api, host: str):
    policy = (await api.client().get("/", headers={"Host": host})).headers["content-security-policy"]
    assert "connect-src 'self';" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize(
    "path",
    ["/.built-from", "/assets/../.built-from", "/assets/%2e%2e/.built-from", "/assets/none.js", "/assets", "/nowhere"],
)
async def test_nothing_else_is_served(api: Api, path: str):
    answer = await api.client().get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_the_page_takes_no_path_from_the_api(database_url: str, tmp_path: Path):
    app = create_app(settings_for(database_url), page=page_in(tmp_path / "web"))
    async with app.router.lifespan_context(app):
        client = Api(app).client()
        assert (await client.get("/events", headers={"Accept": "text/html"})).status_code == 401
        assert (await client.get("/docs")).status_code == 200
        refused = await client.post("/", json={})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_the_page_shows_nobody_anything_of_the_api(api: Api, tmp_path: Path):
    alone = {str(route) for route in routes_of(create_app(settings_for(f"sqlite:///{tmp_path / 'none.db'}")))}
    with_page = {str(route) for route in routes_of(api.app)} - alone
    assert not with_page & PUBLIC
    assert {route for route in with_page if "/assets" not in route} == {
        *("GET /", "GET /month", "GET /month/{place}", "GET /week", "GET /week/{place}", "GET /day"),
        *("GET /day/{place}", "GET /agenda", "GET /agenda/{place}", "GET /event", "GET /event/{place}"),
    }


async def test_where_no_page_has_been_built_there_is_the_api_alone(tmp_path: Path):
    api = api_with(tmp_path / "nothing", tmp_path)
    for address in ADDRESSES:
        answer = await api.client().get(address)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert (await api.client().get("/docs")).status_code == 200
