"""Tokens that nobody was given are not taken, and each kind only for what it was made for."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest

from convene import clock
from convene.domain.errors import BadToken
from convene.operations import sessions
from convene.storage.unit_of_work import Units
from tests.api.signing_in import is_signed_in, refresh, sign_in
from tests.people import Json, Person, settings_for

KEY = settings_for("sqlite:///nowhere.db").signing_key()
HS256 = {"alg": "HS256", "typ": "JWT"}


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def claims_of(token: str) -> Json:
    """What a token says."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def forged(header: Json, claims: Json, key: str = KEY, digest: str = "sha256") -> str:
    """A token as somebody makes it who knows how, and the key too if they are given it."""
    signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
    return f"{signed}.{_encoded(hmac.digest(key.encode(), signed.encode(), digest))}"


Forgery = Callable[[Json], str]

FORGERIES: dict[str, Forgery] = {
    "no algorithm": lambda claims: forged({"alg": "none"}, claims).rsplit(".", 1)[0] + ".",
    "no algorithm, in capitals": lambda claims: forged({"alg": "NONE"}, claims).rsplit(".", 1)[0] + ".",
    "no algorithm, signed": lambda claims: forged({"alg": "none"}, claims),
    "no header": lambda claims: forged({}, claims),
    "another algorithm of the same key": lambda claims: forged({"alg": "HS512"}, claims, digest="sha512"),
    "a list of algorithms": lambda claims: forged({"alg": ["HS256"]}, claims),
    "a critical extension": lambda claims: forged({**HS256, "crit": ["exp"]}, claims),
    "a header that is a list": lambda claims: forged(["HS256"], claims),
    "another key": lambda claims: forged(HS256, claims, key=KEY[::-1]),
    "an empty key": lambda claims: forged(HS256, claims, key=""),
    "no signature": lambda claims: forged(HS256, claims).rsplit(".", 1)[0] + ".",
    "another issuer": lambda claims: forged(HS256, {**claims, "iss": "elsewhere"}),
    "an issuer that is a list": lambda claims: forged(HS256, {**claims, "iss": ["convene"]}),
    "no issuer": lambda claims: forged(HS256, _without(claims, "iss")),
    "expired": lambda claims: forged(HS256, {**claims, "exp": int(time.time()) - 1}),
    "without an end": lambda claims: forged(HS256, _without(claims, "exp")),
    "an end that is no time": lambda claims: forged(HS256, {**claims, "exp": "never"}),
    "an end beyond all time": lambda claims: forged(HS256, {**claims, "exp": 10**400}),
    "of no kind": lambda claims: forged(HS256, _without(claims, "typ")),
    "of an unknown kind": lambda claims: forged(HS256, {**claims, "typ": "admin"}),
    "of no session": lambda claims: forged(HS256, _without(claims, "sid")),
    "of a session that never was": lambda claims: forged(HS256, {**claims, "sid": "0" * 32}),
    "of a session with NUL": lambda claims: forged(HS256, {**claims, "sid": "\x00"}),
    "of a session that is a list": lambda claims: forged(HS256, {**claims, "sid": [claims["sid"]]}),
    "of nobody": lambda claims: forged(HS256, _without(claims, "sub")),
    "of somebody without a number": lambda claims: forged(HS256, {**claims, "sub": "alice"}),
    "of somebody with a huge number": lambda claims: forged(HS256, {**claims, "sub": "9" * 400}),
    "of somebody else": lambda claims: forged(HS256, {**claims, "sub": str(int(claims["sub"]) + 1)}),
    "claims that are a list": lambda claims: forged(HS256, [claims]),
    "claims that are no JSON": lambda claims: forged(HS256, claims).replace(".", ".e30", 1),
    "a header nested without end": lambda _: f"{_encoded(b'[' * 3000)}.{_encoded(b'{}')}.eA",
    "claims nested without end": lambda _: f"{_encoded(json.dumps(HS256).encode())}.{_encoded(b'[' * 3000)}.eA",
    "nothing": lambda _: "",
    "dots": lambda _: "..",
    "five parts": lambda _: "a.b.c.d.e",
    "letters": lambda _: "é.ü.ß",
    "a password": lambda _: "correct horse battery staple",
}


def _without(claims: Json, name: str) -> Json:
    return {key: value for key, value in claims.items() if key != name}


async def ask_with(person: Person, token: str) -> httpx2.Response:
    """Ask who one is with a token."""
    header = {"Authorization": b"Bearer " + token.encode()}
    return await person.api.nobody().request("GET", "/api/v1/auth/me", headers=header)


async def test_what_is_forged_here_is_taken_when_nothing_is_wrong_with_it(alice: Person):
    assert (await ask_with(alice, forged(HS256, claims_of(alice.tokens["access_token"])))).status_code == 200
    assert (await refresh(alice, forged(HS256, claims_of(alice.tokens["refresh_token"])))).status_code == 200


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_access_token_is_refused(alice: Person, forgery: Forgery):
    assert await is_signed_in(alice)  # so that her session is known and believed
    refused = await ask_with(alice, forgery(claims_of(alice.tokens["access_token"])))
    assert refused.status_code == 401, refused.text
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert await is_signed_in(alice)


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_refresh_token_is_refused_and_ends_nothing(alice: Person, forgery: Forgery):
    sent = {"refresh_token": forgery(claims_of(alice.tokens["refresh_token"]))}
    refused = await alice.api.nobody().post("/api/v1/auth/refresh", sent)
    assert refused.status_code == 401, refused.text
    assert await is_signed_in(alice)
    assert (await refresh(alice)).status_code == 200


async def test_each_letter_of_a_token_counts(alice: Person):
    token = alice.tokens["access_token"]
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        tampered = token[:place] + other + token[place + 1 :]
        assert (await ask_with(alice, tampered)).status_code == 401, place


async def test_an_access_token_does_not_refresh(alice: Person):
    refused = await refresh(alice, alice.tokens["access_token"])
    assert (refused.status_code, refused.json()["reason"]) == (401, "wrong_type")
    assert await is_signed_in(alice)


async def test_a_refresh_token_does_not_open_anything(alice: Person):
    refused = await ask_with(alice, alice.tokens["refresh_token"])
    assert (refused.status_code, refused.json()["reason"]) == (401, "wrong_type")


async def test_a_token_for_the_session_of_somebody_else_is_refused(alice: Person, ben: Person):
    assert await is_signed_in(ben)
    mixed = {**claims_of(alice.tokens["access_token"]), "sid": claims_of(ben.tokens["access_token"])["sid"]}
    assert (await ask_with(alice, forged(HS256, mixed))).status_code == 401
    mixed = {**claims_of(alice.tokens["refresh_token"]), "sid": claims_of(ben.tokens["refresh_token"])["sid"]}
    assert (await refresh(alice, forged(HS256, mixed))).status_code == 401
    assert await is_signed_in(ben)


async def test_a_token_ends_at_its_end_also_when_it_is_known(alice: Person):
    ends = int(time.time()) + 2
    token = forged(HS256, {**claims_of(alice.tokens["access_token"]), "exp": ends})
    assert (await ask_with(alice, token)).status_code == 200
    await asyncio.sleep(ends - time.time() + 0.05)
    refused = await ask_with(alice, token)
    assert (refused.status_code, refused.json()["reason"]) == (401, "expired")


async def test_a_refresh_token_ends_at_its_end(alice: Person):
    token = forged(HS256, {**claims_of(alice.tokens["refresh_token"]), "exp": int(time.time()) - 1})
    refused = await refresh(alice, token)
    assert (refused.status_code, refused.json()["reason"]) == (401, "expired")
    assert (await refresh(alice, alice.tokens["refresh_token"])).status_code == 200


async def test_a_session_ends_at_its_end_whatever_its_token_says(alice: Person):
    held = alice.api.app.services
    in_eight_days = Units(held.units.database, lambda: clock.now() + timedelta(days=8))
    token = forged(HS256, {**claims_of(alice.tokens["refresh_token"]), "exp": int(time.time()) + 30 * 24 * 3600})
    with pytest.raises(BadToken) as refused:
        await sessions.refresh(in_eight_days, held.tokens, held.identities, token)
    assert refused.value.reason == "expired"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "bearertoken", "Bearer a b"])
async def test_without_a_token_one_is_asked_to_sign_in(nobody: Person, header: str):
    refused = await nobody.request("GET", "/api/v1/auth/me", headers={"Authorization": header})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_the_word_bearer_may_be_written_in_any_case(alice: Person):
    header = {"Authorization": f"bEARER {alice.tokens['access_token']}"}
    assert (await alice.api.nobody().request("GET", "/api/v1/auth/me", headers=header)).status_code == 200


async def test_a_token_in_the_address_is_not_taken(alice: Person):
    visitor = alice.api.nobody()
    for name in ("token", "access_token"):
        assert (await visitor.get("/api/v1/auth/me", **{name: alice.tokens["access_token"]})).status_code == 401


async def test_every_session_has_tokens_of_its_own(alice: Person):
    phone = await sign_in(alice)
    assert {phone.tokens[kind] != alice.tokens[kind] for kind in ("access_token", "refresh_token")} == {True}
