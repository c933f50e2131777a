"""ETag, If-None-Match and If-Match: nobody is told "unchanged" of something else, and a stale change is refused.

RFC 9110, sections 8.8.3 and 13.
"""

from __future__ import annotations

import pytest

from tests.people import Json, Person


def path_of(event: Json) -> str:
    return f"/api/v1/events/{event['id']}"


@pytest.fixture
async def event(alice: Person) -> Json:
    """An event in its second version."""
    return await alice.changes(await alice.creates(), location="Hall")


async def tag_of(person: Person, event: Json, **asked: Json) -> str:
    """The tag of what somebody reads."""
    return str((await person.get(path_of(event), **asked)).headers["etag"])


async def is_unchanged(person: Person, event: Json, tag: str, **asked: Json) -> bool:
    """Whether somebody who has what the tag names is told to keep it."""
    answer = await person.request("GET", path_of(event), params=asked, headers={"If-None-Match": tag})
    assert answer.status_code in {200, 304}
    return answer.status_code == 304


# -- If-None-Match -------------------------------------------------------------------------------------------


async def test_the_tag_of_an_event_of_ones_own_is_its_version(alice: Person, event: Json):
    assert await tag_of(alice, event) == '"2"'


async def test_who_has_another_role_now_reads_the_event_again(alice: Person, ben: Person, event: Json):
    await alice.shares(event, ben, "editor")
    as_editor = await tag_of(ben, event)
    assert await is_unchanged(ben, event, as_editor)
    await alice.shares(event, ben, "viewer")
    assert not await is_unchanged(ben, event, as_editor)
    assert await is_unchanged(ben, event, await tag_of(ben, event))


async def test_two_roles_never_have_one_tag(alice: Person, ben: Person, carla: Person, event: Json):
    await alice.shares(event, ben, "editor")
    await alice.shares(event, carla, "viewer")
    assert len({await tag_of(person, event) for person in (alice, ben, carla)}) == 3


async def test_an_old_version_is_read_again_when_the_event_has_another_owner(
    alice: Person, ben: Person, carla: Person, event: Json
):
    await alice.shares(event, ben)
    await alice.shares(event, carla)
    tags = {who.id: await tag_of(who, event, version=1) for who in (alice, ben, carla)}
    assert (await alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id})).status_code == 200
    for who in (alice, ben, carla):
        assert not await is_unchanged(who, event, tags[who.id], version=1)


async def test_a_later_version_is_not_taken_for_an_older_one(alice: Person, event: Json):
    newest = await tag_of(alice, event)
    assert not await is_unchanged(alice, event, newest, version=1)
    assert not await is_unchanged(alice, event, newest, as_of=event["created_at"])
    assert await is_unchanged(alice, event, newest, version=2)


async def test_the_half_of_a_split_series_is_read_again_when_what_follows_it_is_split(alice: Person):
    series = await alice.creates(recurrence_pattern={"frequency": "daily", "count": 9})
    middle = {"scope": "following", "occurrence": "2027-03-04T09:00:00"}
    later = (await alice.put(path_of(series), {"title": "Later"}, params=middle)).json()
    tag = await tag_of(alice, later)
    earlier = {"scope": "following", "occurrence": "2027-03-02T09:00:00"}
    between = (await alice.put(path_of(series), {"title": "Between"}, params=earlier)).json()
    assert not await is_unchanged(alice, later, tag)
    assert (await alice.get(path_of(later))).json()["split_from"] == between["id"]


async def test_json_and_messagepack_have_tags_of_their_own(alice: Person, event: Json):
    packed = {"Accept": "application/msgpack"}
    answer = await alice.client.get(path_of(event), headers=packed)
    assert answer.headers["vary"] == "Accept"
    tag = answer.headers["etag"]
    assert tag != await tag_of(alice, event)
    assert not await is_unchanged(alice, event, tag)
    for sent, status in ((tag, 304), (f'"7", {tag}', 304), ('"2"', 200), ("*", 304)):
        again = await alice.client.get(path_of(event), headers={**packed, "If-None-Match": sent})
        assert (again.status_code, again.headers["etag"]) == (status, tag), sent
    changed = await alice.put(path_of(event), {"title": "Mine"}, headers={"If-Match": tag})
    assert changed.status_code == 200


# -- If-Match ------------------------------------------------------------------------------------------------


async def test_a_tag_as_it_was_read_lets_a_change_through(alice: Person, ben: Person, event: Json):
    await alice.shares(event, ben, "editor")
    tag = await tag_of(ben, event)
    assert (await ben.put(path_of(event), {"title": "Ben's"}, headers={"If-Match": tag})).status_code == 200
    assert (await ben.put(path_of(event), {"title": "Late"}, headers={"If-Match": tag})).status_code == 412


async def test_the_version_in_quotes_is_enough_for_everybody(alice: Person, ben: Person, event: Json):
    await alice.shares(event, ben, "editor")
    assert (await ben.put(path_of(event), {"title": "Ben's"}, headers={"If-Match": '"2"'})).status_code == 200


@pytest.mark.parametrize(
    ("request_line", "body"),
    [
        ("PUT ", {"title": "Late"}),
        ("PATCH ", {"title": "Late"}),
        ("DELETE ", None),
        ("POST /rollback/1", {"fields": ["location"]}),
        ("POST /share", {"username": "{ben}", "role": "viewer"}),
        ("POST /transfer", {"user_id": "{ben}"}),
        ("PUT /permissions/{ben}", {"role": "viewer"}),
        ("DELETE /permissions/{ben}", None),
    ],
)
async def test_whatever_changes_an_event_is_refused_when_it_is_not_as_it_was_read(
    alice: Person, ben: Person, event: Json, request_line: str, body: Json
):
    await alice.shares(event, ben, "editor")
    names = {"user_id": ben.id, "username": ben.username}
    sent = {key: names.get(key, value) for key, value in (body or {}).items()}
    method, _, below = request_line.partition(" ")
    path = path_of(event) + below.replace("{ben}", str(ben.id))
    arguments = {"json": sent} if body else {}
    refused = await alice.request(method, path, headers={"If-Match": '"1"'}, **arguments)
    assert (refused.status_code, refused.json()["current_version"]) == (412, 2)
    assert (await alice.get(path_of(event))).json() == event
    assert (await ben.get(path_of(event))).json()["role"] == "editor"
    accepted = await alice.request(method, path, headers={"If-Match": '"2"'}, **arguments)
    assert accepted.is_success, accepted.text


async def test_restoring_is_refused_when_the_event_is_not_as_it_was_thrown_away(alice: Person, event: Json):
    await alice.delete(path_of(event))
    stale, fresh = ({"If-Match": tag} for tag in ('"2"', '"3"'))
    assert (await alice.post(f"{path_of(event)}/restore", headers=stale)).status_code == 412
    assert (await alice.post(f"{path_of(event)}/restore", headers=fresh)).json()["version"] == 4


async def test_who_may_not_change_an_event_learns_nothing_of_its_version(alice: Person, stranger: Person, event: Json):
    stale = {"If-Match": '"1"'}
    assert (await stranger.put(path_of(event), {"title": "x"}, headers=stale)).status_code == 404
    await alice.shares(event, stranger, "viewer")
    assert (await stranger.put(path_of(event), {"title": "x"}, headers=stale)).status_code == 403
