"""Who hears of what: the bell."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.people import Person


async def heard(person: Person, **params: Any) -> list[tuple[str, str]]:
    """What somebody was told, the last first: kind and message."""
    response = await person.get("/api/v1/notifications", **params)
    assert response.status_code == 200, response.text
    return [(one["kind"], one["message"]) for one in response.json()]


async def test_whoever_is_given_a_role_hears_of_it(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben, "viewer")
    await alice.shares(event, ben, "editor")
    await alice.delete(f"/api/v1/events/{event['id']}/permissions/{ben.id}")
    assert await heard(ben) == [
        ("access_removed", f"{alice.username} took “Planning” away from you"),
        ("role_changed", f"{alice.username} made you editor of “Planning”"),
        ("shared", f"{alice.username} shared “Planning” with you as viewer"),
    ]
    assert await heard(alice) == []


async def test_everybody_but_the_actor_hears_of_a_change_in_words(alice: Person, ben: Person, carla: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await alice.shares(event, carla, "viewer")
    await ben.changes(event, title="Party", location="Garden")
    said = f"{ben.username} changed “Party”: title from “Planning” to “Party”; location set to “Garden”"
    assert await heard(alice) == [("changed", said)]
    assert (await heard(carla))[0] == ("changed", said)
    assert [kind for kind, _ in await heard(ben)] == ["shared"]


async def test_notifications_call_people_as_they_call_themselves(alice: Person, ben: Person):
    await alice.patch("/api/v1/auth/me", {"display_name": "Alice Munro"})
    event = await alice.creates("Planning")
    await alice.shares(event, ben, "editor")
    [told] = (await ben.get("/api/v1/notifications")).json()
    assert told["message"].startswith("Alice Munro ")
    assert (told["actor"], told["actor_display_name"]) == (alice.username, "Alice Munro")


async def test_a_burst_of_edits_folds_into_one_unread_notification(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    for title in ("one", "two", "three"):
        await alice.changes(event, title=title)
    [folded, _] = (await ben.get("/api/v1/notifications")).json()
    assert folded["edits"] == 3
    assert folded["changes"] == [{"field": "title", "old_value": "Planning", "new_value": "three"}]
    await ben.post("/api/v1/notifications/read")
    await alice.changes(event, title="four")
    assert [one["edits"] for one in (await ben.get("/api/v1/notifications")).json()] == [1, 3, 1]


async def test_whoever_lost_access_hears_nothing_of_later_edits(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await alice.changes(event, location="Hall")
    await alice.delete(f"/api/v1/events/{event['id']}/permissions/{ben.id}")
    await alice.changes(event, location="Secret place")
    assert "Secret" not in (await ben.get("/api/v1/notifications")).text


async def test_those_whose_edits_were_merged_hear_so(alice: Person, ben: Person, carla: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await alice.shares(event, carla)
    await ben.changes(event, title="Ben's", base_version=1)
    await ben.post("/api/v1/notifications/read")
    await carla.post("/api/v1/notifications/read")
    await alice.changes(event, location="Hall", base_version=1)
    assert (await heard(ben))[0][0] == "merged"
    assert (await heard(carla))[0][0] == "changed"


async def test_deleting_restoring_rolling_back_and_handing_over_are_told(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    path = f"/api/v1/events/{event['id']}"
    await alice.shares(event, ben)
    await alice.changes(event, title="Other")
    await alice.post(f"{path}/rollback/1")
    await alice.delete(path)
    await alice.post(f"{path}/restore")
    await alice.post(f"{path}/transfer", {"user_id": ben.id})
    kinds = [kind for kind, _ in await heard(ben)]
    assert kinds == ["handed_over", "restored", "deleted", "rolled_back", "changed", "shared"]


async def test_the_author_of_a_shelved_edit_is_told_where_it_is(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await ben.changes(event, title="Ben's", base_version=1)
    await alice.put(f"/api/v1/events/{event['id']}", {"title": "Alice's", "base_version": 1})
    assert (await heard(alice))[0][0] == "shelved"


async def test_the_bell_counts_and_forgets_what_was_read(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await alice.delete(f"/api/v1/events/{event['id']}")
    listed = await ben.get("/api/v1/notifications")
    assert listed.headers["X-Unread-Count"] == "2"
    newest = listed.json()[0]["id"]
    assert (await ben.post(f"/api/v1/notifications/{newest}/read")).status_code == 204
    assert [kind for kind, _ in await heard(ben, unread=True)] == ["shared"]
    assert (await alice.post(f"/api/v1/notifications/{newest}/read")).status_code == 404
    assert (await ben.post("/api/v1/notifications/read", {"up_to": newest})).status_code == 204
    assert await heard(ben, unread=True) == []


async def test_what_happens_after_muting_is_not_folded_into_what_was_told_before(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await alice.changes(event, title="one")
    await ben.put(f"/api/v1/events/{event['id']}/mute", {})
    await alice.changes(event, title="two")
    [before, _] = (await ben.get("/api/v1/notifications")).json()
    assert (before["title"], before["edits"]) == ("one", 1)
    assert before["changes"] == [{"field": "title", "old_value": "Planning", "new_value": "one"}]


async def test_a_muted_event_is_quiet(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    path = f"/api/v1/events/{event['id']}/mute"
    assert (await ben.request("PUT", path)).status_code == 204
    await alice.changes(event, title="quiet")
    assert (await ben.delete(path)).status_code == 204
    await alice.changes(event, title="loud")
    said = [message for _, message in await heard(ben)]
    assert len(said) == 2
    assert "loud" in said[0]


async def test_what_happened_while_an_event_was_muted_is_not_told_along_with_what_comes_after(
    alice: Person, ben: Person
):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    path = f"/api/v1/events/{event['id']}/mute"
    await alice.changes(event, title="before")
    await ben.request("PUT", path)
    await alice.changes(event, title="quiet", location="Nowhere")
    await ben.delete(path)
    await alice.changes(event, title="loud")
    await alice.changes(event, title="louder")
    after, before, _ = (await ben.get("/api/v1/notifications")).json()
    assert (before["title"], before["edits"]) == ("before", 1)
    assert (after["title"], after["edits"]) == ("louder", 2)
    assert after["changes"] == [{"field": "title", "old_value": "quiet", "new_value": "louder"}]


async def test_edits_fold_also_when_the_one_who_hears_of_them_has_edited_in_between(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await alice.changes(event, title="one")
    await ben.changes(event, location="Room 2")
    await alice.changes(event, title="two")
    told, _ = (await ben.get("/api/v1/notifications")).json()
    assert (told["title"], told["edits"]) == ("two", 2)


async def test_a_kind_that_nobody_wants_is_not_told(alice: Person, ben: Person):
    quiet = {"kinds": {"changed": {"live": False, "email": False}}}
    assert (await ben.patch("/api/v1/notifications/preferences", quiet)).status_code == 200
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await alice.changes(event, title="unheard")
    assert [kind for kind, _ in await heard(ben)] == ["shared"]
    preferences = (await ben.get("/api/v1/notifications/preferences")).json()
    assert not preferences["sends_mail"]
    kinds = preferences["kinds"]
    assert kinds["changed"] == {"live": False, "email": False}
    assert kinds["shared"] == {"live": True, "email": True}


async def test_notifications_come_in_pages_without_gap_or_duplicate(alice: Person, ben: Person):
    for number in range(5):
        await alice.shares(await alice.creates(f"Event {number}"), ben)
    seen: list[str] = []
    path: str | None = "/api/v1/notifications?limit=2"
    while path:
        response = await ben.get(path)
        seen += [one["title"] for one in response.json()]
        path = response.links.get("next", {}).get("url")
    assert seen == [f"Event {number}" for number in (4, 3, 2, 1, 0)]


async def test_polling_with_a_cursor_gives_what_came_since(alice: Person, ben: Person):
    cursor = (await ben.get("/api/v1/notifications")).headers["X-Cursor"]
    await alice.shares(await alice.creates("First"), ben)
    await alice.shares(await alice.creates("Second"), ben)
    response = await ben.get("/api/v1/notifications", after=cursor, limit=1)
    assert [one["title"] for one in response.json()] == ["First"]
    response = await ben.get("/api/v1/notifications", after=response.headers["X-Cursor"])
    assert [one["title"] for one in response.json()] == ["Second"]
    response = await ben.get("/api/v1/notifications", after=response.headers["X-Cursor"])
    assert response.json() == []


async def test_a_cursor_that_was_made_up_is_refused(alice: Person):
    for cursor in ("x", "W10", "WyJ4IiwxLDJd", "é"):
        response = await alice.get("/api/v1/notifications", after=cursor)
        assert response.status_code in {410, 422}, response.text


async def test_preferences_that_are_said_at_once_are_all_remembered(alice: Person):
    kinds = ("shared", "changed", "deleted", "restored", "merged", "shelved", "reminder", "rolled_back")
    quiet = {"live": False, "email": False}
    said = [alice.patch("/api/v1/notifications/preferences", {"kinds": {kind: quiet}}) for kind in kinds]
    assert {answer.status_code for answer in await asyncio.gather(*said)} == {200}
    read = (await alice.get("/api/v1/notifications/preferences")).json()["kinds"]
    assert [kind for kind in kinds if read[kind] != quiet] == []
