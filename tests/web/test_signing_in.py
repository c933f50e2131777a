"""Coming and going."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Route, expect

from tests.api.test_tokens import HS256, claims_of, forged
from tests.databases import fresh_database
from tests.people import PASSWORD, Person
from tests.process.servers import convene, environment, serving
from tests.web.conftest import Visit
from tests.web.visitors import visiting

pytestmark = pytest.mark.xdist_group("page signing_in")


async def test_somebody_new_signs_up_and_is_shown_the_first_steps(visit: Visit):
    visitor = await visit()
    name = f"dora-{uuid4().hex[:8]}"
    await visitor.button("Create an account").click()
    await visitor.page.get_by_label("Username").fill(name)
    await visitor.page.get_by_label("E-mail").fill(f"{name}@example.com")
    await visitor.page.get_by_label("Password").fill(PASSWORD)
    await visitor.button("Create account").click()
    await visitor.sees("Your calendar is empty")
    await visitor.button("Try it with examples").click()
    await visitor.button("Week").click()
    await expect(visitor.event("Workshop")).to_be_visible()


@pytest.mark.usefixtures("site")  # which builds the page
async def test_where_registration_is_closed_nobody_is_asked_to_sign_up(browser: Browser):
    with fresh_database("sqlite") as url, serving(url, REGISTRATION="closed") as server:
        assert (
            convene(
                "user", "create", "erin", "erin@example.com", database_url=url, CONVENE_PASSWORD=PASSWORD
            ).returncode
            == 0
        )
        async with visiting(browser, server.url) as visitor:
            await visitor.opens()
            await visitor.sees("Whoever runs this server makes the accounts.")
            await expect(visitor.page.get_by_text("Create an account")).to_be_hidden()
            await visitor.page.get_by_label("Username or e-mail").fill("erin")
            await visitor.page.get_by_label("Password").fill(PASSWORD)
            await visitor.button("Sign in").click()
            await expect(visitor.page.locator(".shell")).to_be_visible()


async def test_what_is_wrong_with_a_new_password_is_said_in_a_sentence(visit: Visit):
    visitor = await visit()
    await visitor.button("Create an account").click()
    await visitor.page.get_by_label("Username").fill("dora")
    await visitor.page.get_by_label("E-mail").fill("dora@example.com")
    await visitor.page.get_by_label("Password").fill("short")
    await visitor.button("Create account").click()
    await expect(visitor.page.get_by_role("alert")).to_have_text("Password must have at least 8 characters.")


async def test_a_wrong_password_is_said(visit: Visit, alice: Person):
    visitor = await visit()
    await visitor.page.get_by_label("Username or e-mail").fill(alice.username)
    await visitor.page.get_by_label("Password").fill("something else")
    await visitor.button("Sign in").click()
    await visitor.sees("do not go together")


async def test_who_reloads_stays_signed_in_and_no_script_can_read_why(visit: Visit, alice: Person):
    visitor = await visit()
    await visitor.signs_in(alice)
    await visitor.page.reload()
    await expect(visitor.page.locator(".shell")).to_be_visible()
    kept = await visitor.page.evaluate("document.cookie + JSON.stringify({...localStorage, ...sessionStorage})")
    assert "eyJ" not in kept
    assert "convene_refresh" not in kept


async def test_who_signs_out_is_out(visit: Visit, alice: Person):
    visitor = await visit(alice)
    await visitor.button("Account").click()
    await visitor.button("Sign out").click()
    await expect(visitor.button("Sign in")).to_be_visible()
    await visitor.page.reload()
    await expect(visitor.button("Sign in")).to_be_visible()


async def test_who_signs_out_long_after_the_last_request_is_out(visit: Visit, alice: Person):
    """Their access token has expired meanwhile: the cookie alone says which session ends."""
    visitor = await visit(alice)

    async def with_its_time_over(route: Route) -> None:
        token = route.request.headers["authorization"].removeprefix("Bearer ")
        over = forged(HS256, {**claims_of(token), "exp": int(time.time()) - 1}, environment("")["SECRET_KEY"])
        await route.continue_(headers={**route.request.headers, "authorization": f"Bearer {over}"})

    await visitor.page.route("**/api/v1/auth/logout", with_its_time_over)
    await visitor.button("Account").click()
    await visitor.button("Sign out").click()
    await expect(visitor.button("Sign in")).to_be_visible()
    await visitor.page.reload()
    await expect(visitor.button("Sign in")).to_be_visible()
    assert [one["current"] for one in (await alice.get("/api/v1/auth/sessions")).json()] == [True]


async def test_a_session_that_ends_while_somebody_types_loses_nothing(visit: Visit, alice: Person):
    visitor = await visit(alice)
    await visitor.page.keyboard.press("c")
    await visitor.field("Title").fill("Half typed")
    for session in (await alice.get("/api/v1/auth/sessions")).json():
        if not session["current"]:
            await alice.delete(f"/api/v1/auth/sessions/{session['id']}")
    await visitor.sees("Your session has ended")
    await visitor.page.get_by_label("Username or e-mail").fill(alice.username)
    await visitor.page.get_by_label("Password").fill(PASSWORD)
    await visitor.button("Sign in").click()
    await expect(visitor.page.get_by_text("Your session has ended")).to_be_hidden()
    await expect(visitor.field("Title")).to_have_value("Half typed")
    await visitor.button("Create").click()
    await visitor.sees("was created")
