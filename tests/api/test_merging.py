"""Two people edit one event at once: what merges, what is refused, and where the losing side is kept."""

from __future__ import annotations

from tests.people import Person


async def test_edits_of_different_fields_merge(alice: Person, ben: Person):
    event = await alice.creates("Planning", description="one")
    await alice.shares(event, ben)
    await ben.changes(event, title="Planning, moved", base_version=1)
    merged = await alice.changes(event, location="Room 4", base_version=1)
    assert (merged["title"], merged["location"], merged["version"]) == ("Planning, moved", "Room 4", 3)


async def test_a_merged_version_says_so(alice: Person, ben: Person):
    event = await alice.creates()
    await alice.shares(event, ben)
    await ben.changes(event, title="Other", base_version=1)
    await alice.changes(event, location="Room 4", base_version=1)
    history = (await alice.get(f"/api/v1/events/{event['id']}/history")).json()
    assert [(one["version_number"], one["kind"], one["base_version"]) for one in history] == [
        (3, "merged", 1),
        (2, "updated", 1),
        (1, "created", None),
    ]


async def test_lines_of_a_description_merge(alice: Person, ben: Person):
    event = await alice.creates(description="agenda\n\nfirst\n\nsecond\n\nthird")
    await alice.shares(event, ben)
    await ben.changes(event, description="agenda\n\nFIRST\n\nsecond\n\nthird", base_version=1)
    merged = await alice.changes(event, description="agenda\n\nfirst\n\nsecond\n\nTHIRD", base_version=1)
    assert merged["description"] == "agenda\n\nFIRST\n\nsecond\n\nTHIRD"


async def test_edits_of_one_field_are_refused_with_both_sides(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await ben.changes(event, title="Ben's", location="Room 1", base_version=1)
    refused = await alice.put(f"/api/v1/events/{event['id']}", {"title": "Alice's", "base_version": 1})
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["type"].endswith("/edit-conflict")
    assert problem["conflicts"] == [{"field": "title", "base": "Planning", "ours": "Alice's", "theirs": "Ben's"}]
    assert (problem["base_version"], problem["current_version"]) == (1, 2)
    assert problem["merged"]["location"] == "Room 1"


async def test_the_losing_side_is_kept_for_its_author_alone(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await ben.changes(event, title="Ben's", base_version=1)
    refused = await alice.put(f"/api/v1/events/{event['id']}", {"title": "Alice's", "base_version": 1})
    path = f"/api/v1/events/{event['id']}/shelved"
    [shelved] = (await alice.get(path)).json()
    assert shelved["id"] == refused.json()["shelf_id"]
    assert shelved["data"]["title"] == "Alice's"
    assert (await ben.get(path)).json() == []
    assert (await ben.delete(f"{path}/{shelved['id']}")).status_code == 404
    assert (await alice.delete(f"{path}/{shelved['id']}")).status_code == 204
    assert (await alice.get(path)).json() == []


async def test_sending_back_what_was_read_merges_by_itself(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await ben.changes(event, location="Room 1")
    merged = await alice.put(f"/api/v1/events/{event['id']}", {**event, "title": "Renamed"})
    assert merged.status_code == 200
    assert (merged.json()["title"], merged.json()["location"]) == ("Renamed", "Room 1")


async def test_if_match_refuses_instead_of_merging(alice: Person):
    event = await alice.creates()
    await alice.changes(event, location="Room 1")
    path = f"/api/v1/events/{event['id']}"
    refused = await alice.put(path, {"title": "Late"}, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["current_version"]) == (412, 2)
    accepted = await alice.put(path, {"title": "Fresh"}, headers={"If-Match": '"1", "2"'})
    assert accepted.json()["version"] == 3
    anything = await alice.put(path, {"title": "Any"}, headers={"If-Match": "*"})
    assert anything.json()["version"] == 4


async def test_without_a_base_only_the_fields_sent_are_put_on_the_newest(alice: Person, ben: Person):
    event = await alice.creates("Planning")
    await alice.shares(event, ben)
    await ben.changes(event, title="Ben's", location="Room 1")
    after = await alice.changes(event, title="Alice's")
    assert (after["title"], after["location"]) == ("Alice's", "Room 1")
    log = (await alice.get(f"/api/v1/events/{event['id']}/changelog", field="title")).json()
    assert [(one["old_value"], one["new_value"]) for one in log] == [("Ben's", "Alice's"), ("Planning", "Ben's")]


async def test_a_change_that_changes_nothing_makes_no_version(alice: Person):
    event = await alice.creates("Planning")
    assert (await alice.changes(event, title="Planning"))["version"] == 1


async def test_a_base_that_does_not_exist_yet_is_refused(alice: Person):
    event = await alice.creates()
    refused = await alice.put(f"/api/v1/events/{event['id']}", {"title": "x", "base_version": 7})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/base_version"
