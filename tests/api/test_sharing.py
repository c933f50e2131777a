"""Sharing an event: with whom and how, all or nothing, changing and taking roles, leaving, handing over."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from convene.operations import accounts
from tests.people import PASSWORD, Api, Json, Person

NINE_TO_TEN = {"start_time": "2027-05-03T09:00:00Z", "end_time": "2027-05-03T10:00:00Z"}


def path_of(event: Json, rest: str = "") -> str:
    return f"/api/v1/events/{event['id']}{rest}"


async def share(owner: Person, event: Json, body: Json) -> Any:
    return await owner.post(path_of(event, "/share"), body)


async def roles_on(person: Person, event: Json) -> list[tuple[str, str]]:
    rows = (await person.get(path_of(event, "/permissions"))).json()
    return [(row["username"], row["role"]) for row in rows]


async def switch_off(api: Api, person: Person) -> None:
    """What `convene user deactivate` does; there is no route for it."""
    await accounts.deactivate(api.app.services.units, person.username)


# -- with whom -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["user_id", "username", "email"])
async def test_a_person_is_named_by_id_username_or_address(alice: Person, ben: Person, field: str):
    event = await alice.creates()
    answer = await share(alice, event, {field: ben.account["id" if field == "user_id" else field], "role": "viewer"})
    assert answer.status_code == 201
    assert answer.json() == {
        "event_id": event["id"],
        "shared_with": [
            {
                "user_id": ben.id,
                "username": ben.username,
                "role": "viewer",
                "permission_level": "viewer",
                "status": "granted",
            }
        ],
        "message": f"shared with {ben.username}",
    }
    assert (await ben.get(path_of(event))).json()["role"] == "viewer"


@pytest.mark.parametrize("field", ["username", "email"])
async def test_names_and_addresses_are_compared_without_regard_to_case(alice: Person, ben: Person, field: str):
    event = await alice.creates()
    await share(alice, event, {field: ben.account[field].upper(), "role": "editor"})
    assert (ben.username, "editor") in await roles_on(alice, event)


async def test_many_people_are_named_in_one_request_each_in_their_own_way(alice: Person, ben: Person, carla: Person):
    event = await alice.creates()
    users = [{"user_id": ben.id, "role": "editor"}, {"email": carla.account["email"], "role": "viewer"}]
    answer = (await share(alice, event, {"users": users})).json()
    assert [(one["username"], one["role"]) for one in answer["shared_with"]] == [
        (ben.username, "editor"),
        (carla.username, "viewer"),
    ]


async def test_a_bare_array_of_people_is_read(alice: Person, ben: Person, carla: Person):
    event = await alice.creates()
    answer = await share(alice, event, [{"user_id": one.id, "role": "viewer"} for one in (ben, carla)])
    assert answer.status_code == 201
    assert len(await roles_on(carla, event)) == 3


async def test_permission_level_is_read_as_role(alice: Person, ben: Person, carla: Person):
    event = await alice.creates()
    await share(alice, event, {"user_id": ben.id, "permission_level": "editor"})
    await share(alice, event, {"users": [{"user_id": carla.id, "permission_level": "editor"}]})
    assert (await roles_on(alice, event))[1:] == [(ben.username, "editor"), (carla.username, "editor")]


@pytest.mark.parametrize("role", ["EDITOR", "Editor"])
async def test_roles_may_be_written_in_capitals(alice: Person, ben: Person, role: str):
    event = await alice.creates()
    await share(alice, event, {"user_id": ben.id, "permission_level": role})
    assert (ben.username, "editor") in await roles_on(alice, event)


async def test_sharing_again_changes_the_role(alice: Person, ben: Person):
    event = await alice.creates()
    for role, status in (("viewer", "granted"), ("editor", "updated"), ("editor", "unchanged"), ("viewer", "updated")):
        [shared] = (await share(alice, event, {"user_id": ben.id, "role": role})).json()["shared_with"]
        assert (shared["role"], shared["status"]) == (role, status)
        assert (await ben.get(path_of(event))).json()["role"] == role


async def test_sharing_makes_no_version(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    assert (await alice.get(path_of(event))).json() == event


async def test_a_hundred_people_are_taken_at_once_and_one_more_is_too_much(api: Api, alice: Person):
    async def joins() -> int:
        name = f"guest-{uuid4().hex[:10]}"
        account = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        return int((await api.nobody().post("/api/v1/auth/register", account)).json()["id"])

    guests = [{"user_id": await joins(), "role": "viewer"} for _ in range(101)]
    event = await alice.creates()
    refused = await share(alice, event, guests)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/users")
    assert len((await share(alice, event, guests[:100])).json()["shared_with"]) == 100


# -- all or nothing ------------------------------------------------------------------------------------------


async def test_one_unknown_person_and_nobody_gets_a_role(alice: Person, ben: Person, carla: Person):
    event = await alice.creates()
    refused = await share(
        alice,
        event,
        {
            "users": [
                {"user_id": ben.id, "role": "editor"},
                {"username": "no-such-person", "role": "viewer"},
                {"user_id": carla.id, "role": "viewer"},
                {"email": "nobody@example.com", "role": "viewer"},
                {"user_id": 2**62, "role": "viewer"},
            ]
        },
    )
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [
        "/users/1/username",
        "/users/3/email",
        "/users/4/user_id",
    ]
    assert await roles_on(alice, event) == [(alice.username, "owner")]
    assert (await ben.get(path_of(event))).status_code == 404


async def test_nobody_is_named_twice_in_one_request(alice: Person, ben: Person):
    event = await alice.creates()
    twice = [{"user_id": ben.id, "role": "editor"}, {"username": ben.username, "role": "viewer"}]
    refused = await share(alice, event, twice)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/users/1/username")
    assert await roles_on(alice, event) == [(alice.username, "owner")]


async def test_the_owner_needs_no_role(alice: Person, ben: Person):
    event = await alice.creates()
    refused = await share(
        alice, event, [{"user_id": ben.id, "role": "viewer"}, {"email": alice.account["email"], "role": "viewer"}]
    )
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/users/1/email")
    assert await roles_on(alice, event) == [(alice.username, "owner")]


async def test_a_person_who_is_switched_off_is_nobody(api: Api, alice: Person, ben: Person):
    event = await alice.creates()
    await switch_off(api, ben)
    for name in ({"user_id": ben.id}, {"username": ben.username}, {"email": ben.account["email"]}):
        refused = await share(alice, event, {**name, "role": "viewer"})
        assert (refused.status_code, refused.json()["errors"][0]["detail"]) == (422, "is nobody's")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"user_id": 1, "role": "owner"}, "/users/0"),
        ({"user_id": 1, "role": "admin"}, "/users/0/role"),
        ({"user_id": 1}, "/users/0/role"),
        ({"user_id": 1, "role": None}, "/users/0/role"),
        ({"role": "viewer"}, "/users/0"),
        ({"user_id": 1, "username": "ben", "role": "viewer"}, "/users/0"),
        ({"user_id": "1", "role": "viewer"}, "/users/0/user_id"),
        ({"user_id": 2**70, "role": "viewer"}, "/users/0/user_id"),
        ({"user_id": 1, "role": "viewer", "rôle": "editor"}, "/users/0/rôle"),
        ({"users": []}, "/users"),
        ([], "/users"),
        ([[]], "/users/0"),
        ("ben", ""),
        (None, ""),
    ],
)
async def test_a_share_that_makes_no_sense_is_refused_with_the_place(alice: Person, body: Json, pointer: str):
    event = await alice.creates()
    refused = await share(alice, event, body)
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]


# -- changing, taking, leaving -------------------------------------------------------------------------------


async def test_the_owner_changes_a_role(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben, "viewer")
    changed = await alice.put(path_of(event, f"/permissions/{ben.id}"), {"permission_level": "EDITOR"})
    row = changed.json()
    assert (row["id"], row["user_id"], row["role"], row["permission_level"]) == (ben.id, ben.id, "editor", "editor")
    assert (await ben.put(path_of(event), {"title": "By Ben"})).status_code == 200


async def test_a_role_that_stays_the_same_is_not_touched(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben, "viewer")
    before = (await alice.get(path_of(event, "/permissions"))).json()
    await alice.put(path_of(event, f"/permissions/{ben.id}"), {"role": "viewer"})
    assert (await alice.get(path_of(event, "/permissions"))).json() == before


async def test_only_who_has_a_role_gets_another(alice: Person, stranger: Person):
    event = await alice.creates()
    for user_id in (stranger.id, 2**62):
        refused = await alice.put(path_of(event, f"/permissions/{user_id}"), {"role": "viewer"})
        assert (refused.status_code, refused.json()["kind"]) == (404, "permission")


async def test_the_owners_row_is_fixed(alice: Person):
    event = await alice.creates()
    own_row = path_of(event, f"/permissions/{alice.id}")
    changed = await alice.put(own_row, {"role": "viewer"})
    removed = await alice.delete(own_row)
    assert [(one.status_code, one.json()["reason"]) for one in (changed, removed)] == [(409, "owner_is_fixed")] * 2
    assert await roles_on(alice, event) == [(alice.username, "owner")]


async def test_nobody_is_made_owner_by_changing_a_role(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    assert (await alice.put(path_of(event, f"/permissions/{ben.id}"), {"role": "owner"})).status_code == 422
    assert (await ben.get(path_of(event))).json()["role"] == "editor"


async def test_an_editor_can_neither_share_nor_remove_others(alice: Person, ben: Person, carla: Person):
    event = await alice.creates()
    await alice.shares(event, ben, "editor")
    await alice.shares(event, carla, "viewer")
    refusals = [
        await share(ben, event, {"user_id": carla.id, "role": "editor"}),
        await ben.put(path_of(event, f"/permissions/{carla.id}"), {"role": "editor"}),
        await ben.delete(path_of(event, f"/permissions/{carla.id}")),
        await ben.delete(path_of(event, f"/permissions/{alice.id}")),
    ]
    assert [(one.status_code, one.json()["needed"], one.json()["actual"]) for one in refusals] == [
        (403, "owner", "editor")
    ] * 4


@pytest.mark.parametrize("role", ["editor", "viewer"])
async def test_everybody_but_the_owner_may_leave(alice: Person, ben: Person, role: str):
    event = await alice.creates()
    await alice.shares(event, ben, role)
    assert (await ben.delete(path_of(event, f"/permissions/{ben.id}"))).status_code == 204
    assert (await ben.get(path_of(event))).status_code == 404
    assert await roles_on(alice, event) == [(alice.username, "owner")]


async def test_who_has_left_cannot_leave_again(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    own_row = path_of(event, f"/permissions/{ben.id}")
    await ben.delete(own_row)
    assert (await ben.delete(own_row)).json()["kind"] == "event"
    assert (await alice.delete(own_row)).json()["kind"] == "permission"


async def test_who_loses_a_role_loses_everything_at_once(alice: Person, ben: Person):
    event = await alice.creates("Board meeting")
    await alice.shares(event, ben)
    window = {"from": "2027-03-01", "to": "2027-03-02"}
    assert [one["id"] for one in (await ben.get("/api/v1/events", **window)).json()] == [event["id"]]
    await alice.delete(path_of(event, f"/permissions/{ben.id}"))
    for rest in ("", "/history", "/history/1", "/changelog", "/diff", "/blame", "/permissions", "/shelved"):
        assert (await ben.get(path_of(event, rest))).status_code == 404, rest
    assert (await ben.get("/api/v1/events")).json() == []
    assert (await ben.get("/api/v1/events", **window)).json() == []
    assert (await ben.put(path_of(event), {"title": "Mine"})).status_code == 404


async def test_who_was_removed_can_be_invited_again_and_sees_all_that_happened(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben, "editor")
    await alice.delete(path_of(event, f"/permissions/{ben.id}"))
    await alice.changes(event, title="Planned without Ben")
    [shared] = (await share(alice, event, {"user_id": ben.id, "role": "viewer"})).json()["shared_with"]
    assert (shared["role"], shared["status"]) == ("viewer", "granted")
    assert [one["title"] for one in (await ben.get("/api/v1/events")).json()] == ["Planned without Ben"]
    assert len((await ben.get(path_of(event, "/history"))).json()) == 2


async def test_a_removal_and_an_edit_at_once_leave_one_of_two_histories(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    removed, edited = await asyncio.gather(
        alice.delete(path_of(event, f"/permissions/{ben.id}")), ben.put(path_of(event), {"title": "Ben's"})
    )
    assert removed.status_code == 204
    title = (await alice.get(path_of(event))).json()["title"]
    assert (edited.status_code, title) in {(200, "Ben's"), (404, "Planning")}


# -- the list of collaborators -------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", ["/permissions", "/collaborators"])
async def test_the_owner_comes_first_then_the_others_by_id(ben: Person, carla: Person, alice: Person, rest: str):
    event = await alice.creates()  # the owner registered last
    await alice.shares(event, carla, "viewer")
    await alice.shares(event, ben, "editor")
    rows = (await carla.get(path_of(event, rest))).json()
    assert [(row["user_id"], row["role"]) for row in rows] == sorted(
        [(alice.id, "owner"), (ben.id, "editor"), (carla.id, "viewer")], key=lambda row: (row[1] != "owner", row[0])
    )


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_pages_of_collaborators_join_to_the_whole_list(
    ben: Person, stranger: Person, alice: Person, carla: Person, limit: int
):
    event = await alice.creates()
    for person in (ben, stranger, carla):
        await alice.shares(event, person, "viewer")
    whole = (await alice.get(path_of(event, "/collaborators"))).json()
    paged: list[Json] = []
    link: str | None = path_of(event, f"/collaborators?limit={limit}")
    while link is not None:
        page = await alice.request("GET", link)
        assert 0 < len(page.json()) <= limit
        paged += page.json()
        link = page.links.get("next", {}).get("url")
    assert paged == whole
    assert len(whole) == 4


# -- handing over --------------------------------------------------------------------------------------------


async def hand_over(owner: Person, event: Json, to: Person, **params: str) -> Any:
    return await owner.post(path_of(event, "/transfer"), {"user_id": to.id}, params=params)


async def test_a_collaborator_becomes_the_owner_and_the_owner_an_editor(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben, "viewer")
    handed = await hand_over(alice, event, ben)
    assert handed.status_code == 200
    assert (handed.json()["owner_id"], handed.json()["role"], handed.json()["version"]) == (ben.id, "editor", 2)
    assert handed.headers["ETag"] == f'"2-editor-{ben.id}"'
    assert await roles_on(alice, event) == [(ben.username, "owner"), (alice.username, "editor")]
    assert (await alice.get(path_of(event))).json() == handed.json()
    assert (await ben.get(path_of(event))).json() == {**handed.json(), "role": "owner"}


async def test_the_history_says_that_an_event_changed_hands(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    await hand_over(alice, event, ben)
    newest = (await ben.get(path_of(event, "/history"))).json()[0]
    assert (newest["kind"], newest["created_by"]) == ("transferred", alice.id)
    assert newest["change_description"] == f"handed over to {ben.username}"


async def test_the_new_owner_has_the_rights_and_the_old_one_has_them_no_more(
    alice: Person, ben: Person, stranger: Person
):
    event = await alice.creates()
    await alice.shares(event, ben)
    await hand_over(alice, event, ben)
    assert (await share(alice, event, {"user_id": stranger.id, "role": "viewer"})).status_code == 403
    assert (await alice.delete(path_of(event))).status_code == 403
    await ben.shares(event, stranger, "viewer")
    assert (await ben.delete(path_of(event))).status_code == 204
    assert [one["id"] for one in (await ben.get("/api/v1/events/trash")).json()] == [event["id"]]
    assert (await alice.get("/api/v1/events/trash")).json() == []


async def test_its_time_moves_from_one_agenda_to_the_other(alice: Person, ben: Person):
    event = await alice.creates("Moved", "2027-05-03T09:00:00Z", "2027-05-03T10:00:00Z")
    await alice.shares(event, ben)
    assert (await ben.post("/api/v1/events/check", {"title": "x", **NINE_TO_TEN})).json()["free"]
    await hand_over(alice, event, ben)
    assert not (await ben.post("/api/v1/events/check", {"title": "x", **NINE_TO_TEN})).json()["free"]
    assert (await alice.post("/api/v1/events", {"title": "New", **NINE_TO_TEN})).status_code == 201


async def test_time_that_the_new_owner_has_taken_refuses_the_hand_over(alice: Person, ben: Person):
    event = await alice.creates("Moved", "2027-05-03T09:00:00Z", "2027-05-03T10:00:00Z")
    await alice.shares(event, ben)
    await ben.creates("Dentist", "2027-05-03T09:30:00Z", "2027-05-03T10:30:00Z")
    refused = await hand_over(alice, event, ben)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/schedule-conflict")
    assert refused.json()["conflicts"] == [], "Alice must not learn when Ben is busy"
    assert (await alice.get(path_of(event))).json() == event
    assert await roles_on(alice, event) == [(alice.username, "owner"), (ben.username, "editor")]


async def test_an_event_can_be_handed_back(alice: Person, ben: Person):
    event = await alice.creates("There and back", "2027-05-03T09:00:00Z", "2027-05-03T10:00:00Z")
    await alice.shares(event, ben)
    await hand_over(alice, event, ben)
    back = (await hand_over(ben, event, alice)).json()
    assert (back["owner_id"], back["calendar_id"], back["version"]) == (alice.id, event["calendar_id"], 3)
    assert await roles_on(alice, event) == [(alice.username, "owner"), (ben.username, "editor")]
    assert (await ben.post("/api/v1/events/check", {"title": "x", **NINE_TO_TEN})).json()["free"]


async def test_nobody_but_a_collaborator_becomes_the_owner(alice: Person, ben: Person, stranger: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    await alice.delete(path_of(event, f"/permissions/{ben.id}"))
    for user_id in (stranger.id, ben.id, 2**62):
        refused = await alice.post(path_of(event, "/transfer"), {"user_id": user_id})
        assert (refused.status_code, refused.json()["kind"]) == (404, "permission")
    assert (await alice.get(path_of(event))).json() == event


async def test_who_may_not_hand_over_is_told_so_whomever_they_name(alice: Person, ben: Person, stranger: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    for to in (alice, ben, stranger):
        refused = await hand_over(ben, event, to)
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "role-too-low")


async def test_the_owner_is_the_owner_already(alice: Person):
    event = await alice.creates()
    refused = await hand_over(alice, event, alice)
    assert (refused.status_code, refused.json()["reason"]) == (409, "owner_already")


async def test_nothing_is_handed_over_to_somebody_who_is_switched_off(api: Api, alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    await switch_off(api, ben)
    refused = await hand_over(alice, event, ben)
    assert (refused.status_code, refused.json()["reason"]) == (409, "user_inactive")


async def test_two_events_handed_over_crosswise_at_once_both_arrive(alice: Person, ben: Person):
    hers, his = await alice.creates("Hers"), await ben.creates("His")
    await alice.shares(hers, ben)
    await ben.shares(his, alice)
    answers = await asyncio.gather(hand_over(alice, hers, ben), hand_over(ben, his, alice))
    assert [one.json()["owner_id"] for one in answers] == [ben.id, alice.id]
