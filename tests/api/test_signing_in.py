"""Signing in: what is taken for a name, in which forms, and that refusals tell nothing."""

from __future__ import annotations

from statistics import median

import httpx2
import pytest

from convene.operations import accounts
from tests.api.signing_in import address, is_signed_in, register, sign_in, try_to_sign_in, unique
from tests.effort import effort
from tests.people import PASSWORD, Api, Json, Person, running_api

LOGIN = "/api/v1/auth/login"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def signs_in(person: Person, answer: httpx2.Response) -> bool:
    """Whether an answer has tokens with which the person is known."""
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 1800)
    me = await person.api.client(tokens["access_token"]).get("/api/v1/auth/me")
    return bool(me.json()["id"] == person.id)


@pytest.mark.parametrize("field", ["username", "email"])
@pytest.mark.parametrize("known", ["username", "email"])
async def test_a_username_or_an_address_may_stand_in_either_field(
    alice: Person, nobody: Person, field: str, known: str
):
    answer = await nobody.post(LOGIN, {field: alice.account[known], "password": PASSWORD})
    assert await signs_in(alice, answer)


@pytest.mark.parametrize("known", ["username", "email"])
async def test_the_form_of_the_password_flow_signs_in(alice: Person, nobody: Person, known: str):
    form = {"grant_type": "password", "username": alice.account[known], "password": PASSWORD, "scope": ""}
    assert await signs_in(alice, await nobody.post(LOGIN, data=form))


async def test_a_form_in_parts_signs_in(alice: Person, nobody: Person):
    parts = {"username": (None, alice.username), "password": (None, PASSWORD)}
    assert await signs_in(alice, await nobody.post(LOGIN, files=parts))


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/merge-patch+json"]
)
async def test_json_is_json_however_it_is_called(alice: Person, nobody: Person, kind: str):
    body = f'{{"username": "{alice.username}", "password": "{PASSWORD}"}}'.encode()
    assert await signs_in(alice, await nobody.post(LOGIN, content=body, headers={"Content-Type": kind}))


async def test_case_does_not_matter_in_names_and_does_in_passwords(alice: Person, nobody: Person):
    assert await signs_in(alice, await try_to_sign_in(nobody, alice.username.upper()))
    assert (await try_to_sign_in(nobody, alice.username, PASSWORD.upper())).status_code == 401


async def test_tokens_are_not_kept_by_caches(alice: Person, nobody: Person):
    assert (await try_to_sign_in(nobody, alice.username)).headers["cache-control"] == "no-store"


# -- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/password"),
        ({"password": PASSWORD}, ""),
        ({"username": "ada"}, "/password"),
        ({"username": None, "email": None, "password": PASSWORD}, ""),
        ({"username": "ada", "password": None}, "/password"),
        ({"username": 1, "password": PASSWORD}, "/username"),
        ({"username": ["ada"], "password": PASSWORD}, "/username"),
        ({"username": "ada", "password": "x" * 129}, "/password"),
        ({"username": "a" * 255, "password": PASSWORD}, "/username"),
        ({"username": "ada", "password": PASSWORD, "remember": True}, "/remember"),
    ],
)
async def test_what_is_no_login_is_told_so_with_its_place(nobody: Person, body: Json, pointer: str):
    refused = await nobody.post(LOGIN, body)
    assert refused.status_code == 422
    assert pointer in [fault["pointer"] for fault in refused.json()["errors"]]


@pytest.mark.parametrize(
    ("form", "pointer"),
    [
        (b"", "/password"),
        (b"username=ada", "/password"),
        (b"password=secret", ""),
        (b"username=a&username=b&password=c", "/username"),
        (b"username=ada&password=%00%00%00", "/password"),
        (b"username=%00&password=c", "/username"),
    ],
)
async def test_a_form_that_is_no_login_is_told_so_with_its_place(nobody: Person, form: bytes, pointer: str):
    refused = await nobody.post(LOGIN, content=form, headers=FORM)
    assert refused.status_code == 422, refused.text
    assert pointer in [fault["pointer"] for fault in refused.json()["errors"]]


@pytest.fixture
async def refused_people(api: Api, alice: Person, ben: Person) -> dict[str, tuple[str, str]]:
    """Who may not sign in, and why not."""
    await accounts.deactivate(api.app.services.units, ben.username)
    return {
        "unknown": (unique(), PASSWORD),
        "unknown address": (address(unique()), PASSWORD),
        "wrong password": (alice.username, "not the password"),
        "wrong password by address": (alice.account["email"], "not the password"),
        "empty password": (alice.username, ""),
        "switched off": (ben.username, PASSWORD),
        "switched off, wrong password": (ben.username, "not the password"),
    }


async def test_a_refusal_does_not_tell_why(nobody: Person, refused_people: dict[str, tuple[str, str]]):
    answers = [await try_to_sign_in(nobody, *credentials) for credentials in refused_people.values()]
    bodies = [{**answer.json(), "request_id": ""} for answer in answers]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {'Bearer realm="convene"'}
    assert all(body == bodies[0] for body in bodies)


async def test_a_refusal_takes_as_long_whatever_the_reason(database_url: str):
    real_cost = {"password_time_cost": 2, "password_memory_kib": 19_456}
    async with running_api(database_url, **real_cost) as api:
        alice, ben = await api.person("alice"), await api.person("ben")
        await accounts.deactivate(api.app.services.units, ben.username)
        reasons = {"unknown": unique(), "wrong": alice.username, "off": ben.username}
        took: dict[str, list[float]] = {reason: [] for reason in reasons}
        for _ in range(5):
            for reason, name in reasons.items():
                password = PASSWORD if reason == "off" else "not the password"
                with effort() as measured:
                    assert (await try_to_sign_in(api.nobody(), name, password)).status_code == 401
                took[reason].append(measured.cpu_seconds)
    quickest = {reason: min(times) for reason, times in took.items()}
    assert max(quickest.values()) < 1.5 * min(quickest.values()), quickest
    assert median(took["unknown"]) > 0.01, "Argon2id at OWASP's figures takes longer than that"


async def test_a_switched_off_account_is_out(api: Api, alice: Person, nobody: Person):
    await accounts.deactivate(api.app.services.units, alice.username)
    assert (await try_to_sign_in(nobody, alice.username)).status_code == 401
    refused = await nobody.post("/api/v1/auth/refresh", {"refresh_token": alice.tokens["refresh_token"]})
    assert (refused.status_code, refused.json()["reason"]) == (401, "revoked")
    assert (await register(nobody, alice.username)).status_code == 409


async def test_a_switched_off_account_cannot_be_shared_with(api: Api, alice: Person, ben: Person):
    event = await alice.creates()
    await accounts.deactivate(api.app.services.units, ben.username)
    for person in ({"user_id": ben.id}, {"username": ben.username}, {"email": ben.account["email"]}):
        refused = await alice.post(f"/api/v1/events/{event['id']}/share", {**person, "role": "viewer"})
        assert refused.status_code == 422
    assert await is_signed_in(await sign_in(alice))


async def test_two_names_that_are_not_one_are_refused(alice: Person, ben: Person):
    mine, theirs = alice.account["email"], ben.account["email"]
    both = {"username": alice.username, "email": theirs, "password": PASSWORD}
    assert (await alice.api.nobody().post("/api/v1/auth/login", both)).status_code == 422
    same = {"username": mine.upper(), "email": mine, "password": PASSWORD}
    assert (await alice.api.nobody().post("/api/v1/auth/login", same)).status_code == 200
