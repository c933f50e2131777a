"""Unsubscribing by the link in a mail, without signing in, and those who try it with links of their own."""

from __future__ import annotations

import base64
import hashlib
import hmac

import httpx2
import pytest

from convene.operations import accounts
from convene.operations.links import Links, Subscription
from tests.people import Api, Person

PAGE = "/unsubscribe"


def link_of(person: Person, topic: str = "shared") -> str:
    """The token of a link as it stands in a mail."""
    return str(person.api.app.services.links.token(Subscription(person.id, topic)))


async def ask(nobody: Person, token: str) -> httpx2.Response:
    """Follow the link, as programs do that look at mail."""
    return await nobody.client.get(PAGE, params={"token": token})


async def press(nobody: Person, token: str) -> httpx2.Response:
    """Press the button, of the page or of a mail program (RFC 8058, 3.2)."""
    return await nobody.client.post(PAGE, params={"token": token}, data={"List-Unsubscribe": "One-Click"})


async def channels(person: Person, kind: str = "shared") -> dict[str, bool]:
    """On which channels somebody hears of a kind."""
    kinds = (await person.get("/api/v1/notifications/preferences")).json()["kinds"]
    return dict(kinds[kind])


BOTH, LIVE_ONLY = {"live": True, "email": True}, {"live": True, "email": False}


async def test_following_the_link_changes_nothing_and_pressing_the_button_does(alice: Person, nobody: Person):
    page = await ask(nobody, link_of(alice))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "events that are shared with you" in page.text
    assert '<form method="post">' in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert (await nobody.client.head(PAGE, params={"token": link_of(alice)})).status_code == 200
    assert await channels(alice) == BOTH
    done = await press(nobody, link_of(alice))
    assert (done.status_code, "no more mail" in done.text) == (200, True)
    assert await channels(alice) == LIVE_ONLY
    assert await channels(alice, "reminder") == BOTH
    assert (await press(nobody, link_of(alice))).status_code == 200  # again is nothing new


async def test_what_somebody_has_said_of_other_kinds_stays(alice: Person, nobody: Person):
    said = {"changed": {"live": False, "email": True}, "shared": {"live": False, "email": True}}
    await alice.patch("/api/v1/notifications/preferences", {"kinds": said})
    await press(nobody, link_of(alice, "shared"))
    assert await channels(alice, "changed") == said["changed"]
    assert await channels(alice, "shared") == {"live": False, "email": False}


async def test_digests_end_by_their_link(alice: Person, nobody: Person):
    await alice.put("/api/v1/notifications/digest", {"hour": 7})
    assert "the day&#x27;s events" in (await ask(nobody, link_of(alice, "digest"))).text
    assert (await press(nobody, link_of(alice, "digest"))).status_code == 200
    assert (await alice.get("/api/v1/notifications/digest")).json()["enabled"] is False
    assert await channels(alice) == BOTH


def _forged(said: str) -> str:
    made = hmac.digest(b"another key", said.encode(), hashlib.sha256)[:16]
    return f"{said}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


async def test_links_that_were_not_signed_here_do_nothing(alice: Person, ben: Person, nobody: Person):
    mine, signature = link_of(alice), link_of(alice).rpartition(".")[2]
    attempts = [
        *("", ".", "..", "x", signature, mine[:-1], mine + "A", mine + "=", mine.upper(), f" {mine}", f"{mine}\0"),
        f"{ben.id}.shared.{signature}",
        f"{alice.id}.reminder.{signature}",
        f"{alice.id}.digest.{signature}",
        f"0{mine}",
        _forged(f"{alice.id}.shared"),
        *(f"{alice.id}.shared.{wrong}" for wrong in ("", "A" * 22, "é" * 22, "\ud7ff")),
        f"{alice.id}.shared.digest.{signature}",
    ]
    for token in attempts:
        for answer in (await ask(nobody, token), await press(nobody, token)):
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), token
    assert (await press(nobody, "A" * 1000)).status_code == 422
    for person in (alice, ben):
        assert await channels(person) == BOTH
        assert await channels(person, "reminder") == BOTH


async def test_a_link_of_another_server_does_nothing(alice: Person, nobody: Person):
    elsewhere = Links("https://elsewhere.example.com", "another key").token(Subscription(alice.id, "shared"))
    assert (await press(nobody, elsewhere)).status_code == 404
    assert await channels(alice) == BOTH


async def test_a_link_of_somebody_who_is_not_there_leads_nowhere(api: Api, nobody: Person):
    token = api.app.services.links.token(Subscription(2**53, "shared"))
    assert (await press(nobody, token)).status_code == 404


async def test_a_link_of_somebody_who_was_switched_off_harms_nobody(api: Api, alice: Person, nobody: Person):
    token = link_of(alice)
    await accounts.deactivate(api.app.services.units, alice.username)
    assert (await press(nobody, token)).status_code == 200
    assert (await alice.get("/api/v1/auth/me")).status_code == 401  # it does not sign anybody in


async def test_a_link_is_no_token_and_a_token_no_link(alice: Person, api: Api):
    assert (await api.client(link_of(alice)).get("/api/v1/auth/me")).status_code == 401
    assert (await ask(api.nobody(), alice.tokens["access_token"][:200])).status_code == 404


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
async def test_mail_programs_may_send_either_form(alice: Person, nobody: Person, kind: str):
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    token = link_of(alice)
    done = await nobody.client.post(PAGE, params={"token": token}, content=body, headers={"Content-Type": kind})
    assert done.status_code == 200
    assert await channels(alice) == LIVE_ONLY
