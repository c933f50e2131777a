"""Bodies about people, for accounts and for sharing, that make no sense."""

from __future__ import annotations

import pytest

from tests.api.bad_input.refusals import UNSTORABLE, places, send
from tests.people import PASSWORD, Json, Person

ACCOUNT = {"username": "adalovelace", "email": "ada@example.com", "password": "long enough"}
PASSWORDS = {"current_password": PASSWORD, "new_password": "another horse"}
AUTH = "/api/v1/auth"

NO_ADDRESSES: list[Json] = [
    "", " ", "ada", "@", "ada@", "@example.com", "ada@@example.com", "ada@example", "ada@example..com",
    "ada@-example.com", "a b@example.com", "ada@exa mple.com", "<ada@example.com>", "Ada <ada@example.com>",
    "ada@example.com\n", "ada@example.com\r\nBcc: all@example.com", "ada@[127.0.0.1]", "ada@127.0.0.1",
    "x" * 250 + "@example.com", "ada@" + "x" * 64 + ".com", "ﷺ" * 50 + "@example.com", "ada\u202e@example.com",
    "ada@example.com,ben@example.com", "ada@xn--a.com", None, 1, [], ["ada@example.com"], {},
]  # fmt: skip
NO_PASSWORDS: list[Json] = ["", "seven77", "x" * 129, None, 12345678, True, [], ["long enough"], {}]
NO_IDS: list[Json] = [0, -1, 1.0, 1e308, 2**63, 2**70, -(2**70), True, False, "1", " 1", "", [], [1], {}]
NO_ROLES: list[Json] = ["", "owner", "OWNER", "admin", " viewer", 1, True, None, [], ["viewer"], {"role": "viewer"}]


async def test_what_is_no_address_is_refused(alice: Person):
    for email in NO_ADDRESSES:
        registered = await send(alice, "POST", f"{AUTH}/register", {**ACCOUNT, "email": email})
        assert places(registered) == ["/email"], email
        assert places(await send(alice, "PATCH", f"{AUTH}/me", {"email": email})) == ["/email"], email


async def test_what_is_no_password_is_refused(alice: Person):
    for password in NO_PASSWORDS:
        registered = await send(alice, "POST", f"{AUTH}/register", {**ACCOUNT, "password": password})
        assert places(registered) == ["/password"], password
        changed = await send(alice, "POST", f"{AUTH}/password", {**PASSWORDS, "new_password": password})
        assert places(changed) == ["/new_password"], password


@pytest.mark.parametrize("value", UNSTORABLE, ids=ascii)
async def test_text_that_cannot_be_kept_is_refused_in_accounts(alice: Person, value: str):
    long = f"{value}{'x' * 10}"
    for field in ("username", "email", "password", "display_name", "full_name", "time_zone"):
        assert places(await send(alice, "POST", f"{AUTH}/register", {**ACCOUNT, field: long})) == [f"/{field}"]
    for field in ("username", "email", "password"):
        login = {"username": alice.username, "password": PASSWORD, field: value}
        assert places(await send(alice, "POST", f"{AUTH}/login", login)) == [f"/{field}"]
    for field in ("email", "display_name", "time_zone"):
        assert places(await send(alice, "PATCH", f"{AUTH}/me", {field: value})) == [f"/{field}"]
    for field in ("current_password", "new_password"):
        assert places(await send(alice, "POST", f"{AUTH}/password", {**PASSWORDS, field: long})) == [f"/{field}"]
    assert places(await send(alice, "POST", f"{AUTH}/refresh", {"refresh_token": value})) == ["/refresh_token"]


async def test_null_where_a_value_is_needed_is_refused_in_accounts(alice: Person):
    for field in ("username", "email", "password", "time_zone"):
        assert places(await send(alice, "POST", f"{AUTH}/register", {**ACCOUNT, field: None})) == [f"/{field}"]
    for field in ("email", "time_zone"):
        assert places(await send(alice, "PATCH", f"{AUTH}/me", {field: None})) == [f"/{field}"]
    for field in PASSWORDS:
        assert places(await send(alice, "POST", f"{AUTH}/password", {**PASSWORDS, field: None})) == [f"/{field}"]
    assert places(await send(alice, "POST", f"{AUTH}/refresh", {"refresh_token": None})) == ["/refresh_token"]


async def test_what_nobody_can_set_is_not_taken_for_a_part_of_an_account(alice: Person):
    for field in ("id", "is_active", "is_admin", "role", "hashed_password", "created_at", "username"):
        assert places(await send(alice, "PATCH", f"{AUTH}/me", {field: 1})) == [f"/{field}"]
    for field in ("id", "is_active", "is_admin", "hashed_password"):
        assert places(await send(alice, "POST", f"{AUTH}/register", {**ACCOUNT, field: True})) == [f"/{field}"]


# -- sharing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", UNSTORABLE, ids=ascii)
async def test_text_that_cannot_be_kept_is_refused_in_sharing(alice: Person, event: Json, value: str):
    path = f"/api/v1/events/{event['id']}"
    for field in ("username", "email"):
        shared = await send(alice, "POST", f"{path}/share", {field: value, "role": "viewer"})
        assert places(shared) == [f"/users/0/{field}"]
    assert places(await send(alice, "POST", f"{path}/share", {"username": "ben", "role": value})) == ["/users/0/role"]
    assert places(await send(alice, "PUT", f"{path}/permissions/1", {"role": value})) == ["/role"]


async def test_what_is_no_id_is_refused(alice: Person, event: Json):
    path = f"/api/v1/events/{event['id']}"
    for number in NO_IDS:
        assert places(await send(alice, "POST", f"{path}/transfer", {"user_id": number})) == ["/user_id"], number
        shared = await send(alice, "POST", f"{path}/share", {"user_id": number, "role": "viewer"})
        assert places(shared) == ["/users/0/user_id"], number
    assert places(await send(alice, "POST", f"{path}/transfer", {"user_id": None})) == ["/user_id"]


async def test_one_person_is_named_in_one_way(alice: Person, event: Json, ben: Person):
    names: list[Json] = [{}, {"user_id": None}, {"user_id": ben.id, "username": ben.username}, ben.account]
    for name in names:
        for body in ({**name, "role": "viewer"}, [{**name, "role": "viewer"}]):
            named = places(await send(alice, "POST", f"/api/v1/events/{event['id']}/share", body))
            assert all(place.startswith("/users/0") for place in named), name


@pytest.mark.parametrize("field", ["role", "permission_level"])
async def test_what_is_no_role_to_give_is_refused(alice: Person, event: Json, ben: Person, field: str):
    path = f"/api/v1/events/{event['id']}"
    for role in NO_ROLES:
        shared = await send(alice, "POST", f"{path}/share", {"user_id": ben.id, field: role})
        assert places(shared) in (["/users/0/role"], ["/users/0"]), role
        changed = await send(alice, "PUT", f"{path}/permissions/{ben.id}", {field: role})
        assert places(changed) in (["/role"], [""]), role


async def test_nobody_is_shared_with_when_one_of_many_is_unknown(alice: Person, event: Json, ben: Person):
    path = f"/api/v1/events/{event['id']}/share"
    names: list[Json] = [{"user_id": ben.id}, {"user_id": 2**62}, {"username": "nobody-there"}, {"email": "x@y.zz"}]
    people = [{**name, "role": "viewer"} for name in names]
    assert places(await send(alice, "POST", path, people)) == [
        "/users/1/user_id",
        "/users/2/username",
        "/users/3/email",
    ]
    assert places(await send(alice, "POST", path, people[:1] * 2)) == ["/users/1/user_id"]
    assert places(await send(alice, "POST", path, people[:1] * 101)) == ["/users"]
    assert places(await send(alice, "POST", path, [])) == ["/users"]
