"""One event edited, shared and handed over by many at once: nothing is lost, and every version has its own number."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Any

from tests.people import Person
from tests.process.callers import ServedApi, all_at_once, statuses
from tests.process.servers import rounds

EVENTS = "/api/v1/events"
MANY = 50
TAGS = 26  # an event has at most 30
PARAGRAPHS = tuple(f"paragraph {number}" for number in range(MANY))


def path_of(event: Any) -> str:
    return f"{EVENTS}/{event['id']}"


async def history(person: Person, event: Any) -> list[Any]:
    """All versions, oldest first."""
    versions = (await person.get(f"{path_of(event)}/history", limit=200)).json()
    return list(reversed(versions))


async def numbers(person: Person, event: Any) -> list[int]:
    return [version["version_number"] for version in await history(person, event)]


async def editors_of(alice: Person, ben: Person, there: ServedApi, event: Any) -> Sequence[Person]:
    """Both people at both servers."""
    await alice.shares(event, ben)
    return alice, there.known(ben), there.known(alice), ben


async def test_50_edits_of_different_lines_are_all_in_the_text(alice: Person, ben: Person, there: ServedApi):
    event = await alice.creates(description="\n\n".join(PARAGRAPHS))
    doors = cycle(await editors_of(alice, ben, there, event))
    texts = ["\n\n".join(one.upper() if one == changed else one for one in PARAGRAPHS) for changed in PARAGRAPHS]
    answers = await all_at_once(
        next(doors).put(path_of(event), {"description": text, "base_version": 1}) for text in texts
    )
    assert statuses(answers) == {200: MANY}
    newest = (await alice.get(path_of(event))).json()
    assert newest["description"] == "\n\n".join(PARAGRAPHS).upper()
    assert await numbers(alice, event) == list(range(1, MANY + 2))


async def test_50_edits_of_different_parts_in_one_process_are_all_there(alice: Person, ben: Person):
    lines = PARAGRAPHS[:20]
    event = await alice.creates(tags=["first"], description="\n\n".join(lines))
    await alice.shares(event, ben)
    edits: list[dict[str, Any]] = [
        *({"description": "\n\n".join(one.upper() if one == changed else one for one in lines)} for changed in lines),
        *({"tags": ["first", f"tag-{number}"]} for number in range(TAGS)),
        *({"title": "Renamed"}, {"location": "Room 4"}, {"status": "tentative"}, {"end_time": "2027-03-01T11:00:00Z"}),
    ]
    answers = await all_at_once(
        (alice, ben)[number % 2].put(path_of(event), {**edit, "base_version": 1}) for number, edit in enumerate(edits)
    )
    assert statuses(answers) == {200: MANY}, [answer.text for answer in answers if answer.is_error]
    newest = (await alice.get(path_of(event))).json()
    assert newest["description"] == "\n\n".join(lines).upper()
    assert set(newest["tags"]) == {"first", *(f"tag-{number}" for number in range(TAGS))}
    assert (newest["title"], newest["location"], newest["status"]) == ("Renamed", "Room 4", "tentative")
    assert newest["end_time"] == "2027-03-01T11:00:00Z"
    assert await numbers(alice, event) == list(range(1, MANY + 2))


async def test_50_plain_edits_of_one_field_each_make_a_version(alice: Person, ben: Person, there: ServedApi):
    event = await alice.creates()
    doors = cycle(await editors_of(alice, ben, there, event))
    answers = await all_at_once(next(doors).put(path_of(event), {"title": f"Title {n}"}) for n in range(MANY))
    assert statuses(answers) == {200: MANY}
    versions = await history(alice, event)
    assert [version["version_number"] for version in versions] == list(range(1, MANY + 2))
    assert {version["data"]["title"] for version in versions[1:]} == {f"Title {n}" for n in range(MANY)}
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, MANY + 2))


async def test_each_of_50_versions_begins_where_the_one_before_ended(alice: Person, ben: Person, there: ServedApi):
    """The change log of each version continues the values of the version before, and times never run backwards."""
    event = await alice.creates("Title")
    doors = cycle(await editors_of(alice, ben, there, event))
    await all_at_once(next(doors).put(path_of(event), {"title": f"Title {n}"}) for n in range(MANY))
    changes = (await alice.get(f"{path_of(event)}/changelog", field="title", limit=200)).json()[::-1]
    assert [change["old_value"] for change in changes] == ["Title", *(one["new_value"] for one in changes[:-1])]
    times = [version["created_at"] for version in await history(alice, event)]
    assert times == sorted(times)


async def test_edits_that_cannot_be_merged_are_all_kept_on_the_shelf(alice: Person, ben: Person, there: ServedApi):
    event = await alice.creates("Planning")
    doors = cycle(await editors_of(alice, ben, there, event))
    titles = [f"Title {number}" for number in range(20)]
    answers = await all_at_once(
        next(doors).put(path_of(event), {"title": title, "base_version": 1}) for title in titles
    )
    assert statuses(answers) == {200: 1, 409: 19}
    newest = (await alice.get(path_of(event))).json()
    shelved = [
        one["data"]["title"]
        for person in (alice, ben)
        for one in (await person.get(f"{path_of(event)}/shelved")).json()
    ]
    assert sorted([newest["title"], *shelved]) == sorted(titles)


async def test_if_match_lets_one_of_many_through(alice: Person, there: ServedApi):
    event = await alice.creates()
    doors = cycle((alice, there.known(alice)))
    answers = await all_at_once(
        next(doors).put(path_of(event), {"title": f"Title {n}"}, headers={"If-Match": '"1"'}) for n in range(20)
    )
    assert statuses(answers) == {200: 1, 412: 19}


async def test_sharing_revoking_and_editing_at_once_leave_one_consistent_state(
    alice: Person, ben: Person, carla: Person, there: ServedApi
):
    event = await alice.creates()
    elsewhere, ben_elsewhere = there.known(alice), there.known(ben)
    for turn in range(rounds(3, 20)):
        await alice.shares(event, ben)
        before = (await alice.get(path_of(event))).json()["version"]
        answers = await all_at_once(
            [
                *(ben.put(path_of(event), {"title": f"Here {turn}.{number}"}) for number in range(5)),
                elsewhere.delete(f"{path_of(event)}/permissions/{ben.id}"),
                elsewhere.post(f"{path_of(event)}/share", {"user_id": carla.id, "role": "editor"}),
                alice.post(f"{path_of(event)}/share", {"user_id": carla.id, "role": "viewer"}),
                *(ben_elsewhere.put(path_of(event), {"title": f"There {turn}.{number}"}) for number in range(5)),
            ]
        )
        edits = [*answers[:5], *answers[8:]]
        assert set(statuses(edits)) <= {200, 404}
        assert [answer.status_code for answer in answers[5:8]] == [204, 201, 201]
        assert (await alice.get(path_of(event))).json()["version"] == before + statuses(edits)[200]
        assert (await ben.get(path_of(event))).status_code == 404
        people = (await alice.get(f"{path_of(event)}/permissions")).json()
        assert [(one["user_id"], one["role"] == "owner") for one in people] == [(alice.id, True), (carla.id, False)]
    count = len(await numbers(alice, event))
    assert await numbers(alice, event) == list(range(1, count + 1))


async def test_an_event_handed_over_while_it_is_edited_has_one_owner_and_every_edit(
    alice: Person, ben: Person, there: ServedApi
):
    event = await alice.creates()
    await alice.shares(event, ben)
    owner, other, elsewhere = alice, ben, {person.id: there.known(person) for person in (alice, ben)}
    for turn in range(rounds(4, 30)):
        before = (await alice.get(path_of(event))).json()["version"]
        answers = await all_at_once(
            [
                *(other.put(path_of(event), {"title": f"Title {turn}.{number}"}) for number in range(6)),
                elsewhere[owner.id].post(f"{path_of(event)}/transfer", {"user_id": other.id}),
                *(
                    elsewhere[owner.id].put(path_of(event), {"location": f"Room {turn}.{number}"})
                    for number in range(6)
                ),
            ]
        )
        assert statuses(answers) == {200: 13}, [answer.text for answer in answers if answer.is_error]
        newest = (await alice.get(path_of(event))).json()
        assert (newest["owner_id"], newest["version"]) == (other.id, before + 13)
        owner, other = other, owner
    people = (await alice.get(f"{path_of(event)}/permissions")).json()
    assert sorted(one["role"] for one in people) == ["editor", "owner"]


async def test_of_two_hand_overs_at_once_one_succeeds_and_the_owner_is_an_editor_then(
    alice: Person, ben: Person, there: ServedApi
):
    carla = await there.person("carla")
    for _ in range(rounds(6, 40)):
        event = await alice.creates()
        for person in (ben, carla):
            await alice.shares(event, person)
        answers = await all_at_once(
            [
                alice.post(f"{path_of(event)}/transfer", {"user_id": ben.id}),
                there.known(alice).post(f"{path_of(event)}/transfer", {"user_id": carla.id}),
            ]
        )
        assert statuses(answers) == {200: 1, 403: 1}
        people = (await alice.get(f"{path_of(event)}/permissions")).json()
        assert sorted(one["role"] for one in people) == ["editor", "editor", "owner"]


async def test_hand_overs_that_cross_each_other_do_not_wait_for_each_other(
    alice: Person, ben: Person, there: ServedApi
):
    """Alice's event goes to Ben and Ben's to Alice, again and again, while both events are edited."""
    one, other = await alice.creates("Alice's"), await ben.creates("Ben's")
    await alice.shares(one, ben)
    await ben.shares(other, alice)
    owners, elsewhere = [alice, ben], [there.known(alice), there.known(ben)]
    for turn in range(rounds(5, 40)):
        first, second = owners[turn % 2], owners[1 - turn % 2]
        answers = await all_at_once(
            [
                first.post(f"{path_of(one)}/transfer", {"user_id": second.id}),
                elsewhere[1 - turn % 2].post(f"{path_of(other)}/transfer", {"user_id": first.id}),
                *(
                    person.put(path_of(event), {"title": f"Turn {turn}"})
                    for person in elsewhere
                    for event in (one, other)
                ),
                *(
                    person.put(path_of(event), {"location": f"Room {turn}"})
                    for person in owners
                    for event in (other, one)
                ),
            ]
        )
        assert statuses(answers) == {200: 10}, [answer.text for answer in answers if answer.is_error]
