"""What browsers are told of every answer, and whom the application believes about who is asking."""

from __future__ import annotations

import pytest

from tests.people import Api, Person, running_api

FORGED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
PROXY = "10.1.2.3"


@pytest.mark.parametrize("path", ["/api/v1/events", "/health", "/nowhere", "/docs", "/docs/assets/swagger-ui.css"])
async def test_every_answer_says_what_it_is_not_for(alice: Person, path: str):
    answer = await alice.client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    [policy] = answer.headers.get_list("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "strict-transport-security" not in answer.headers


async def behind_a_proxy(api: Api, address: str, path: str = "/docs", **headers: str) -> tuple[int, bool]:
    """Ask from an address with what a proxy adds: the status, and whether it was taken for TLS."""
    answer = await api.client(address=address).get(path, headers=FORGED | headers)
    return answer.status_code, "strict-transport-security" in answer.headers


async def test_nobody_is_believed_who_was_not_named(api: Api):
    for address in ("127.0.0.1", PROXY, "192.0.2.1"):
        assert await behind_a_proxy(api, address) == (200, False)


async def test_a_proxy_that_was_named_says_for_whom_it_asks(database_url: str):
    async with running_api(database_url, trusted_proxies="10.0.0.0/8, ::1") as api:
        assert await behind_a_proxy(api, PROXY) == (200, True)
        assert await behind_a_proxy(api, "::1") == (200, True)
        assert await behind_a_proxy(api, "192.0.2.1") == (200, False)


async def test_an_address_behind_a_proxy_cannot_be_made_up(database_url: str):
    """What a client says itself stands before what the proxy saw."""
    async with running_api(database_url, trusted_proxies="10.0.0.0/8", rate_limit_per_minute=3) as api:
        statuses = []
        for number in range(5):
            said = {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.9"}
            statuses.append((await behind_a_proxy(api, PROXY, **said))[0])
        assert statuses == [200, 200, 200, 429, 429]
        assert (await behind_a_proxy(api, PROXY, **{"X-Forwarded-For": "203.0.113.10"}))[0] == 200


async def test_an_address_cannot_be_made_up_without_a_proxy(database_url: str):
    async with running_api(database_url, rate_limit_per_minute=3) as api:
        headers = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(5)]
        answers = [(await behind_a_proxy(api, "127.0.0.1", **one))[0] for one in headers]
        assert answers == [200, 200, 200, 429, 429]
