"""Registering, the profile, finding people."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from convene.operations import accounts
from tests.api.signing_in import address, register, sign_in, try_to_sign_in, unique
from tests.databases import fresh_database
from tests.people import PASSWORD, Api, Person

PROFILE = "/api/v1/auth/me"


# -- registering ---------------------------------------------------------------------------------------------


async def test_a_new_account_is_shown_without_its_secrets(nobody: Person):
    name = unique()
    response = await register(nobody, name, email=address(name), display_name="Ada", time_zone="Europe/Berlin")
    assert response.status_code == 201
    account = response.json()
    shown = {key: account[key] for key in ("username", "email", "display_name", "time_zone", "is_active")}
    assert shown == {
        "username": name,
        "email": address(name),
        "display_name": "Ada",
        "time_zone": "Europe/Berlin",
        "is_active": True,
    }
    assert "password" not in response.text


async def test_an_account_lives_in_utc_until_it_says_otherwise(nobody: Person):
    assert (await register(nobody, unique())).json()["time_zone"] == "UTC"


async def test_a_full_name_is_read_as_the_display_name(nobody: Person):
    assert (await register(nobody, unique(), full_name="Ada L.")).json()["display_name"] == "Ada L."


async def test_twenty_who_want_one_name_at_once_are_told_apart(nobody: Person):
    name = unique()
    answers = await asyncio.gather(*(register(nobody, name) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    refusals = [answer.json() for answer in answers if answer.status_code == 409]
    assert {(refusal["type"], refusal["field"]) for refusal in refusals} == {("/problems/name-taken", "username")}
    [winner] = [answer.json() for answer in answers if answer.status_code == 201]
    signed_in = await try_to_sign_in(nobody, winner["email"])
    assert signed_in.status_code == 200


async def test_twenty_who_want_one_address_at_once_are_told_apart(nobody: Person):
    email = address(unique())
    answers = await asyncio.gather(*(register(nobody, unique(), email=email) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert {answer.json()["field"] for answer in answers if answer.status_code == 409} == {"email"}


# -- the profile ---------------------------------------------------------------------------------------------


async def test_the_profile_changes_in_what_is_sent(alice: Person):
    before = (await alice.get(PROFILE)).json()
    moved = await alice.patch(PROFILE, {"time_zone": "Asia/Kolkata"})
    assert moved.json() == {**before, "time_zone": "Asia/Kolkata", "updated_at": moved.json()["updated_at"]}
    named = await alice.patch(PROFILE, {"display_name": "Alice A."})
    assert (named.json()["display_name"], named.json()["time_zone"]) == ("Alice A.", "Asia/Kolkata")
    assert (await alice.get(PROFILE)).json() == named.json()


async def test_a_display_name_can_be_taken_back(alice: Person):
    await alice.patch(PROFILE, {"display_name": "Alice A."})
    assert (await alice.patch(PROFILE, {"display_name": None})).json()["display_name"] is None


async def test_wall_times_follow_the_zone_of_the_profile_at_once(alice: Person):
    await alice.patch(PROFILE, {"time_zone": "Asia/Kolkata"})
    event = await alice.creates(start="2027-03-01T09:00:00", end="2027-03-01T10:00:00")
    assert (event["time_zone"], event["start_time"]) == ("Asia/Kolkata", "2027-03-01T09:00:00+05:30")


async def test_a_new_address_signs_in_and_the_old_one_does_not(alice: Person, nobody: Person):
    new = address(unique())
    assert (await alice.patch(PROFILE, {"email": new})).json()["email"] == new
    assert (await try_to_sign_in(nobody, new)).status_code == 200
    assert (await try_to_sign_in(nobody, alice.account["email"])).status_code == 401


async def test_an_address_of_somebody_else_is_taken_in_any_case(alice: Person, ben: Person):
    refused = await alice.patch(PROFILE, {"email": ben.account["email"].upper()})
    assert (refused.status_code, refused.json()["field"]) == (409, "email")
    assert (await alice.get(PROFILE)).json()["email"] == alice.account["email"]


async def test_one_may_write_ones_own_address_in_another_case(alice: Person):
    louder = alice.account["email"].replace("alice", "ALICE")
    assert (await alice.patch(PROFILE, {"email": louder})).json()["email"] == louder


async def test_two_changes_of_a_profile_at_once_both_stay(alice: Person):
    for number, zone in enumerate(("Europe/Berlin", "Asia/Tokyo", "America/Lima", "Africa/Cairo", "UTC")):
        name, email = f"Alice {number}", address(unique())
        changes = [{"display_name": name}, {"time_zone": zone}, {"email": email}]
        await asyncio.gather(*(alice.patch(PROFILE, change) for change in changes))
        profile = (await alice.get(PROFILE)).json()
        assert (profile["display_name"], profile["time_zone"], profile["email"]) == (name, zone, email)


async def test_a_change_of_a_profile_does_not_bring_a_switched_off_account_back(api: Api):
    for _ in range(5):
        person = await api.person("alice")
        units = api.app.services.units
        changes = [person.patch(PROFILE, {"display_name": f"Alice {number}"}) for number in range(5)]
        await asyncio.gather(*changes, accounts.deactivate(units, person.username))
        assert (await try_to_sign_in(api.nobody(), person.username)).status_code == 401


# -- finding people ------------------------------------------------------------------------------------------


async def found(asker: Person, q: str) -> list[str]:
    """The usernames that a search gives."""
    response = await asker.get("/api/v1/users", q=q)
    assert response.status_code == 200, response.text
    return [person["username"] for person in response.json()]


async def test_people_are_found_by_the_beginning_of_their_name_in_any_case(alice: Person, nobody: Person):
    team = unique()
    for name in ("Zoë", "adam", "Eve"):
        await register(nobody, f"{team}.{name}")
    assert await found(alice, team.upper()) == [f"{team}.adam", f"{team}.Eve", f"{team}.Zoë"]
    assert await found(alice, f"{team}.zo") == [f"{team}.Zoë"]
    assert await found(alice, team[1:]) == []


async def _order_of(column: str, database_url: str) -> object:
    database = await asyncpg.connect(database_url)
    try:
        asked = "SELECT collation_name FROM information_schema.columns WHERE column_name = $1"
        return await database.fetchval(asked, column)
    finally:
        await database.close()


def test_names_begin_with_the_same_letters_whatever_the_language_of_the_database():
    with fresh_database("postgresql") as url:
        assert asyncio.run(_order_of("username_folded", url)) == "C"


async def test_people_are_found_by_their_whole_address_and_not_by_a_part_of_it(alice: Person, ben: Person):
    email = ben.account["email"]
    assert await found(alice, email.upper()) == [ben.username]
    assert await found(alice, email[:-1]) == []
    assert await found(alice, email[1:]) == []


async def test_what_is_told_of_others_is_no_address(alice: Person, ben: Person):
    [person] = (await alice.get("/api/v1/users", q=ben.account["email"])).json()
    assert person == {"id": ben.id, "username": ben.username, "display_name": None}


@pytest.mark.parametrize("q", ["", "a", "al", "  a  ", " al ", "@", "%%", "__", "\u2122\u00bd", "e\u0301\u0302"])
async def test_fewer_than_three_characters_find_nobody_and_say_so(alice: Person, q: str):
    refused = await alice.get("/api/v1/users", q=q)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "?q")


async def test_a_search_needs_something_to_look_for(alice: Person):
    refused = await alice.get("/api/v1/users")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "?q")


async def test_a_search_gives_twenty_people_at_most(alice: Person, nobody: Person):
    team = unique()
    await asyncio.gather(*(register(nobody, f"{team}-{number:02}") for number in range(21)))
    assert await found(alice, team) == [f"{team}-{number:02}" for number in range(20)]


@pytest.mark.parametrize("pattern", ["%", "_", "\\", "*", "?", "[a-z]"])
async def test_characters_that_mean_something_in_sql_are_letters_like_any_other(alice: Person, pattern: str):
    beginning = alice.username[:5]
    assert await found(alice, beginning + pattern) == []
    assert await found(alice, pattern * 3) == []


async def test_an_underscore_finds_underscores_alone(alice: Person, nobody: Person):
    team = unique()
    for name in ("a_b", "axb", "a.b", "a-b"):
        await register(nobody, f"{team}{name}")
    assert await found(alice, f"{team}a_") == [f"{team}a_b"]


async def test_a_switched_off_account_is_not_found(api: Api, alice: Person, ben: Person):
    await accounts.deactivate(api.app.services.units, ben.username)
    assert await found(alice, ben.username) == []
    assert await found(alice, ben.account["email"]) == []


# -- passwords -----------------------------------------------------------------------------------------------


async def test_a_password_may_have_any_letters(nobody: Person):
    name, password = unique(), "пароль 🗝 ключ"
    await register(nobody, name, password=password)
    assert (await try_to_sign_in(nobody, name, password)).status_code == 200


async def test_a_new_password_replaces_the_old_one(alice: Person, nobody: Person):
    change = {"current_password": PASSWORD, "new_password": "another horse"}
    assert (await alice.post("/api/v1/auth/password", change)).status_code == 204
    assert (await try_to_sign_in(nobody, alice.username)).status_code == 401
    await sign_in(alice, "another horse")


async def test_a_new_password_needs_the_current_one(alice: Person):
    change = {"current_password": "a guess", "new_password": "another horse"}
    refused = await alice.post("/api/v1/auth/password", change)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/current_password")
    await sign_in(alice)


async def test_of_two_new_passwords_at_once_one_counts(alice: Person):
    changes = [{"current_password": PASSWORD, "new_password": f"another horse {number}"} for number in range(5)]
    answers = await asyncio.gather(*(alice.post("/api/v1/auth/password", change) for change in changes))
    assert sorted(answer.status_code for answer in answers) == [204, 422, 422, 422, 422]
