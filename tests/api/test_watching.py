"""What an operator sees: health, one by one, and metrics, which are nobody else's business."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from convene.storage.schema import newest_revision
from tests.people import Api, Person, running_api
from tests.process.outside import outside

TOKEN = "a-token-for-whoever-scrapes"
Samples = dict[str, float]


@pytest.fixture
async def watched(database_url: str) -> AsyncIterator[Api]:
    """An application that nobody else asks."""
    async with running_api(database_url) as api:
        yield api


async def samples(api: Api) -> Samples:
    """All samples, by their names and labels as they are written."""
    answer = await api.nobody().client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    lines = (line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: float(number) for name, _, number in lines}


# -- health --------------------------------------------------------------------------------------------------


async def test_the_process_is_alive_without_asking_anybody(nobody: Person):
    assert (await nobody.get("/health/live")).json()["status"] == "ok"


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_health_names_what_it_looked_at(nobody: Person, path: str):
    answer = await nobody.get(path)
    assert answer.status_code == 200
    checks = answer.json()["checks"]
    assert [checks[name]["status"] for name in ("database", "migrations")] == ["ok", "ok"]
    assert checks["database"]["ms"] < 1000
    assert checks["migrations"]["detail"] == f"at {newest_revision()}, needs {newest_revision()}"


async def test_health_names_the_bus_as_well(nobody: Person):
    assert set((await nobody.get("/health")).json()["checks"]) == {"database", "migrations", "bus"}


async def test_a_database_at_another_revision_is_not_ready(watched: Api, database_url: str):
    async with outside(database_url) as connection:
        await connection.rows("UPDATE alembic_version SET version_num = '0001'")
        try:
            answer = await watched.nobody().get("/health/ready")
        finally:
            await connection.rows(f"UPDATE alembic_version SET version_num = '{newest_revision()}'")
    assert (answer.status_code, answer.json()["checks"]["migrations"]["status"]) == (503, "unavailable")
    assert answer.json()["database"] == "ok"


async def test_a_bus_that_cannot_be_reached_does_not_make_the_server_unready(database_url: str):
    async with running_api(database_url, redis_url="redis://127.0.0.1:1/0") as api:
        answer = await api.nobody().get("/health")
    assert (answer.status_code, answer.json()["checks"]["bus"]["status"]) == (200, "interrupted")


# -- metrics -------------------------------------------------------------------------------------------------


async def test_requests_are_counted_by_route_and_status(watched: Api):
    alice = await watched.person("alice")
    event = await alice.creates("Planning")
    await alice.get(f"/api/v1/events/{event['id']}")
    await alice.get(f"/events/{event['id']}/")
    await alice.get("/api/v1/events/999999")
    await alice.client.get("/nowhere")
    found = await samples(watched)
    path = 'method="GET",route="/api/v1/events/{event_id}"'
    assert found[f'convene_requests_total{{{path},status="200"}}'] == 2
    assert found[f'convene_requests_total{{{path},status="404"}}'] == 1
    assert found['convene_requests_total{method="GET",route="other",status="404"}'] == 1
    assert found[f"convene_request_seconds_count{{{path}}}"] == 3
    assert found[f'convene_request_seconds_bucket{{le="+Inf",{path}}}'] == 3
    assert 0 < found[f"convene_request_seconds_sum{{{path}}}"] < 10


async def test_conflicts_and_merges_are_counted(watched: Api):
    alice = await watched.person("alice")
    event = await alice.creates("Planning")
    await alice.changes(event, title="Planning again", base_version=1)
    await alice.changes(event, location="Room 4", base_version=1)
    await alice.changes(event, location="Room 4", base_version=1)  # nothing to merge: it is so already
    await alice.put(f"/api/v1/events/{event['id']}", {"title": "Other", "base_version": 1})
    taken = {"title": "x", "start_time": "2044-03-01T09:00:00Z", "end_time": "2044-03-01T10:00:00Z"}
    for _ in range(2):
        await alice.post("/api/v1/events", taken)
    found = await samples(watched)
    assert found["convene_merges_total"] == 1
    assert found['convene_problems_total{type="edit-conflict"}'] == 1
    assert found['convene_problems_total{type="schedule-conflict"}'] == 1


async def test_what_the_process_holds_is_shown(watched: Api):
    found = await samples(watched)
    assert found['convene_database_connections{state="open"}'] >= 1
    assert found["convene_listeners"] == 0
    assert found["convene_quotas_shared"] == 1
    assert found["process_resident_memory_bytes"] > 1_000_000


async def test_who_listens_is_counted(watched: Api):
    alice = await watched.person("alice")
    hub = watched.app.services.hub
    async with hub.listening(await watched.app.services.identities.of(alice.tokens["access_token"]), 2**40):
        assert (await samples(watched))["convene_listeners"] == 1


async def test_requests_too_many_are_counted(database_url: str):
    async with running_api(database_url, rate_limit_per_minute=1) as api:
        for _ in range(3):
            await api.nobody().client.get("/docs")
        assert (await samples(api))['convene_quota_refused_total{quota="address"}'] == 2


async def test_made_up_paths_and_methods_make_no_new_series(watched: Api):
    nobody = watched.nobody()
    for number in range(20):
        await nobody.client.request(f"BREW{number}", f"/made/up/{number}")
        await nobody.client.get(f"/api/v1/events/{number}")
    routes = {match[0] for match in re.findall(r'route="([^"]*)",status="(\d+)"', str(await samples(watched)))}
    assert routes <= {"other", "/api/v1/events/{event_id}", "/metrics"}


async def test_metrics_are_for_this_machine_alone_and_not_through_a_proxy_on_it(watched: Api):
    assert (await watched.client(address="192.0.2.1").get("/metrics")).status_code == 404
    for header in ("X-Forwarded-For", "Forwarded"):
        assert (await watched.client().get("/metrics", headers={header: "127.0.0.1"})).status_code == 404


async def test_with_a_token_metrics_are_for_whoever_has_it(database_url: str):
    async with running_api(database_url, metrics_token=TOKEN) as api:
        assert (await api.client(TOKEN, address="192.0.2.1").get("/metrics")).status_code == 200
        assert (await api.client().get("/metrics")).status_code == 404
        assert (await api.client("another").get("/metrics")).status_code == 404


async def test_whoever_comes_when_the_server_is_stopping_is_told_so_at_once(watched: Api):
    alice = await watched.person("alice")
    watched.app.services.hub.stop()
    async with asyncio.timeout(5), alice.client.stream("GET", "/api/v1/stream") as stream:
        lines = [line async for line in stream.aiter_lines() if line]
    assert lines[-1] == 'data: {"type":"ended","reason":"the server is stopping"}'
