"""The page stays signed in by a cookie that no script can read, and that nobody else can let its browser use."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import httpx2
import pytest

from tests.api.signing_in import is_signed_in
from tests.api.steps import invalid, refusal
from tests.api.test_tokens import HS256, claims_of, forged
from tests.api.test_trash import later
from tests.people import PASSWORD, Person

PAGE = {"X-Convene-Page": "1"}
LOGIN, REFRESH, LOGOUT = (f"/api/v1/auth/{what}" for what in ("login", "refresh", "logout"))
NAME = "convene_refresh"


def cookie(answer: httpx2.Response) -> Any:
    """The cookie that an answer sets."""
    return SimpleCookie(answer.headers["set-cookie"])[NAME]


@pytest.fixture
async def browser(alice: Person) -> Person:
    """Alice at a browser that keeps cookies, with the page that has just signed her in."""
    browser = Person(alice.api, alice.api.client(), alice.account)
    answer = await browser.post(LOGIN, {"username": alice.username, "password": PASSWORD}, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return carrying(browser, answer)


def carrying(person: Person, answer: httpx2.Response) -> Person:
    person.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return person


async def renew(browser: Person, **more: Any) -> httpx2.Response:
    return await browser.post(REFRESH, headers=PAGE, **more)


async def test_the_page_gets_its_refresh_token_in_a_cookie_alone(alice: Person):
    page = alice.api.nobody()
    answer = await page.post(LOGIN, {"username": alice.username, "password": PASSWORD}, headers=PAGE)
    assert sorted(answer.json()) == ["access_token", "expires_in", "token_type"]
    kept = cookie(answer)
    assert (kept["path"], kept["samesite"], kept["httponly"], kept["secure"]) == ("/api/v1/auth", "strict", True, "")
    assert int(kept["max-age"]) == 7 * 24 * 3600
    assert not kept["domain"]
    assert kept.value not in answer.text


async def test_over_https_the_cookie_never_goes_another_way(alice: Person):
    sent = {"username": alice.username, "password": PASSWORD}
    answer = await alice.api.nobody().post(f"https://convene.test{LOGIN}", sent, headers=PAGE)
    assert cookie(answer)["secure"] is True


@pytest.mark.parametrize("body", [None, {}])
async def test_the_cookie_gives_new_tokens_and_another_cookie(browser: Person, body: dict[str, str] | None):
    before = browser.client.cookies[NAME]
    answer = await renew(browser, json=body)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert sorted(answer.json()) == ["access_token", "expires_in", "token_type"]
    assert cookie(answer).value == browser.client.cookies[NAME] != before
    assert await is_signed_in(carrying(browser, answer))
    assert (await renew(browser)).status_code == 200


async def test_signing_out_throws_the_cookie_away(browser: Person):
    kept = browser.client.cookies[NAME]
    answer = await browser.post(LOGOUT, headers=PAGE)
    assert answer.status_code == 204
    assert (cookie(answer).value, cookie(answer)["max-age"], cookie(answer)["path"]) == ("", "0", "/api/v1/auth")
    assert NAME not in browser.client.cookies
    refusal(await renew(browser), 401, "bad-token")
    browser.client.cookies.set(NAME, kept)
    assert refusal(await renew(browser), 401, "bad-token")["reason"] == "revoked"


def expired(person: Person) -> str:
    """What the person shows, as it is when its time is over."""
    token = person.client.headers["Authorization"].removeprefix("Bearer ")
    return f"Bearer {forged(HS256, {**claims_of(token), 'exp': int(time.time()) - 1})}"


@pytest.mark.parametrize("access", ["expired", "none", "nonsense"])
async def test_the_page_signs_out_without_a_good_access_token(browser: Person, access: str):
    kept = browser.client.cookies[NAME]
    token = browser.client.headers["Authorization"]
    browser.client.headers["Authorization"] = {"expired": expired(browser), "nonsense": "Bearer x.y.z", "none": ""}[
        access
    ]
    answer = await browser.post(LOGOUT, headers=PAGE)
    assert (answer.status_code, cookie(answer).value, cookie(answer)["max-age"]) == (204, "", "0")
    browser.client.headers["Authorization"] = token
    assert not await is_signed_in(browser)
    browser.client.cookies.set(NAME, kept)
    assert refusal(await renew(browser), 401, "bad-token")["reason"] == "revoked"


async def test_signing_out_ends_the_session_of_a_cookie_that_was_used_up_elsewhere(browser: Person):
    kept = browser.client.cookies[NAME]
    renewed = carrying(browser.api.nobody(), await renew(browser))
    leaving = browser.api.nobody()
    leaving.client.cookies.set(NAME, kept)
    assert (await leaving.post(LOGOUT, headers=PAGE)).status_code == 204
    assert not await is_signed_in(renewed)


@pytest.mark.parametrize("value", ["x", "a.b.c", ""])
async def test_the_page_can_always_sign_out(alice: Person, value: str):
    browser = alice.api.nobody()
    browser.client.cookies.set(NAME, value)
    for _ in range(2):
        answer = await browser.post(LOGOUT, headers=PAGE)
        assert (answer.status_code, cookie(answer)["max-age"]) == (204, "0")
    assert await is_signed_in(alice)


async def test_an_access_token_in_the_cookie_signs_nobody_out(browser: Person, alice: Person):
    page = alice.api.nobody()
    page.client.cookies.set(NAME, browser.client.headers["Authorization"].removeprefix("Bearer "))
    assert (await page.post(LOGOUT, headers=PAGE)).status_code == 204
    assert await is_signed_in(browser)


async def test_no_other_page_can_sign_somebody_out(browser: Person):
    del browser.client.headers["Authorization"]
    answer = await browser.post(LOGOUT)
    assert refusal(answer, 401, "bad-token")["reason"] == "missing"
    assert "set-cookie" not in answer.headers
    assert (await renew(browser)).status_code == 200


async def test_without_the_header_nothing_comes_from_a_cookie_or_goes_into_one(browser: Person):
    sent = {"username": browser.username, "password": PASSWORD}
    signed_in = await browser.post(LOGIN, sent)
    assert "refresh_token" in signed_in.json()
    assert "set-cookie" not in signed_in.headers
    assert invalid(await browser.post(REFRESH, {})) == ["/refresh_token"]
    assert invalid(await browser.post(REFRESH)) == [""]
    renewed = await browser.post(REFRESH, {"refresh_token": signed_in.json()["refresh_token"]})
    assert "refresh_token" in renewed.json()
    assert "set-cookie" not in renewed.headers
    assert "set-cookie" not in (await browser.post(LOGOUT)).headers


async def test_a_page_without_a_cookie_is_not_signed_in(alice: Person):
    assert refusal(await renew(alice.api.nobody()), 401, "bad-token")["reason"] == "missing"


@pytest.mark.parametrize("value", ["x", "a.b.c", "%00"])
async def test_a_cookie_that_is_none_of_ours_signs_nobody_in(alice: Person, value: str):
    browser = alice.api.nobody()
    browser.client.cookies.set(NAME, value)
    assert refusal(await renew(browser), 401, "bad-token")["reason"] == "malformed"


async def test_a_page_that_kept_its_token_elsewhere_can_move_it_into_the_cookie(alice: Person):
    page = alice.api.nobody()
    answer = await renew(page, json={"refresh_token": alice.tokens["refresh_token"]})
    assert "refresh_token" not in answer.json()
    assert (await renew(page)).status_code == 200


# -- two tabs, and pages that are left while they wait -------------------------------------------------------


async def test_tabs_that_ask_at_once_stay_signed_in_all_of_them(browser: Person):
    kept = browser.client.cookies[NAME]
    tabs = [browser.api.nobody() for _ in range(5)]
    for tab in tabs:
        tab.client.cookies.set(NAME, kept)
    answers = await asyncio.gather(*map(renew, tabs))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert all([await is_signed_in(carrying(tab, answer)) for tab, answer in zip(tabs, answers, strict=True)])
    browser.client.cookies.set(NAME, cookie(answers[0]).value, "convene.test", "/api/v1/auth")
    assert (await renew(browser)).status_code == 200


async def test_a_cookie_of_long_ago_is_a_sign_of_theft(browser: Person):
    stolen = browser.client.cookies[NAME]
    await renew(browser)
    await renew(browser)
    thief = browser.api.nobody()
    thief.client.cookies.set(NAME, stolen)
    assert refusal(await renew(thief), 401, "bad-token")["reason"] == "reused"
    assert refusal(await renew(browser), 401, "bad-token")["reason"] == "revoked"


async def test_the_last_cookie_is_taken_again_for_seconds_only(browser: Person):
    stolen = browser.client.cookies[NAME]
    await renew(browser)
    thief = browser.api.nobody()
    thief.client.cookies.set(NAME, stolen)
    with later(browser.api, timedelta(seconds=11)):
        assert refusal(await renew(thief), 401, "bad-token")["reason"] == "reused"
