"""The benchmarks measure what they say: candidates work, and the floor answers what Convene answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest
from bench import capacity, work
from bench.filling import KEY, Filling, fill, token
from bench.floor import Floor
from bench.load import Load, Plan
from bench.servers import CONVENE, FLOOR, TYPICAL, Candidate, running
from bench.speed import FILLING, SCENARIOS
from bench.stands import Stand
from bench.typical_models import fill_typical

from tests.databases import KINDS, fresh_database
from tests.people import running_api

SIGNED_IN = {"Authorization": f"Bearer {token()}"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("candidate", [FLOOR, TYPICAL], ids=lambda candidate: candidate.name)
def test_what_convene_is_compared_with_answers_every_scenario(candidate: Candidate, kind: str, tmp_path: Path):
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(kind, migrated=False))
        (fill_typical if candidate is TYPICAL else fill)(url, FILLING)
        server = stack.enter_context(running(candidate, url, tmp_path))
        stand = Stand(candidate.name, server, stack.enter_context(Load()), SCENARIOS, connections=())
        assert {name: stand.send(name, 2, 10.0, 8) for name in SCENARIOS} == dict.fromkeys(SCENARIOS, 8)


def test_whoever_asks_for_the_mixed_load_is_answered(tmp_path: Path):
    some = list(islice(capacity.asks(), 400))
    assert {(ask.method, ask.expected) for ask in some} == {("GET", 0), ("PUT", 0), ("POST", 201)}
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database("sqlite", migrated=False))
        fill(url, capacity.FILLING)
        server = stack.enter_context(running(CONVENE, url, tmp_path))
        load = stack.enter_context(Load())
        assert load.run(Plan(server.port, server.token, 8, 30.0, 200, some)).answered == 400


@pytest.fixture(params=KINDS)
def filled(request: pytest.FixtureRequest) -> Iterator[str]:
    with fresh_database(request.param) as url:
        fill(url, Filling(people=3, events_each=20))
        yield url


async def test_the_floor_answers_what_convene_answers(filled: str):
    window = {"from": "2027-01-01T00:00:00Z", "to": "2027-01-05T00:00:00Z", "limit": 200}
    floor = Floor(filled, KEY)
    await floor.open()
    async with running_api(filled, secret_key=KEY) as api:
        for path in ("/api/v1/events/4", f"/api/v1/events?{urlencode(window)}"):
            asked = [await _get(app, path) for app in (floor, api.app)]
            assert asked[0] == asked[1]
    await floor.close()


async def _get(app: object, path: str) -> tuple[int, object]:
    transport = httpx2.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench.test", headers=SIGNED_IN) as client:
        answer = await client.get(path)
        return answer.status_code, answer.json()


@pytest.mark.parametrize("kind", KINDS)
def test_requests_make_no_more_work_than_is_recorded(kind: str):
    """Nor less: `python3 run.py bench work --write` records it anew."""
    with fresh_database(kind) as url:
        found = work.count(kind, url)
    recorded = work.recorded_work()
    for one in found:
        expected = recorded[one.database, one.scenario]
        assert one.statements == expected.statements
        assert one.calls == pytest.approx(expected.calls, rel=0.05), one.scenario
