"""Several people act at random over the API, and a calendar in plain Python says what has to come of it.

CONVENE_HYPOTHESIS=thorough looks for longer.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from tests import hypothesis_profiles  # noqa: F401 - registers the profiles
from tests.api.calendar_checks import check_history, check_lists, check_past, check_people, check_window
from tests.api.calendar_wishes import (
    EVENTS_MAX,
    Attempt,
    Wish,
    attempts,
    contents,
    people,
    places,
    roles,
    schedules,
    scopes,
    series_fields,
    wishes,
)
from tests.api.compared_calendar import NAMES, ComparedCalendar
from tests.api.content_model import DAY, Content, Fields, Schedule, body_of, wall
from tests.api.event_model import Edit, Version
from tests.people import Api


class Calendars(ComparedCalendar):
    """What people do."""

    @initialize(schedule=schedules, times=st.sampled_from([None, 4, 4, 4]), more=st.lists(contents, max_size=2))
    def begin_with_something_shared(self, schedule: Schedule, times: int | None, more: list[Content]) -> None:
        content = Content("Planning", schedule._replace(times=times))
        made = self.ask("alice", "POST", "", body_of(content))
        event_id = self.born("alice", content, made.json())
        for whom in ("ben", "carla"):
            self.give_role("alice", event_id, whom, "editor")
        for other in more:
            self.create_all("alice", [other], allow=False)

    def chosen(self, attempt: Attempt, *, trashed: bool = False, series: bool = False) -> tuple[int, str]:
        """Choose an event, rather a series if one is wanted, and somebody with the role, or else its owner."""
        events = [one for one in self.calendar.events.items() if one[1].trashed == trashed]
        if series:
            events = [one for one in events if one[1].head.schedule.times] or events
        event_id, event = events[attempt.pick % len(events)] if events else next(iter(self.calendar.events.items()))
        fitting = [name for name in NAMES if event.role_of(name) == attempt.role]
        return event_id, (fitting or [event.owner])[0]

    # -- creating ------------------------------------------------------------------------------------------------

    @precondition(lambda self: sum(not event.trashed for event in self.calendar.events.values()) < EVENTS_MAX)
    @rule(who=people, batch=st.lists(contents, min_size=1, max_size=3), allow=st.booleans())
    def create(self, who: str, batch: list[Content], allow: bool) -> None:
        self.create_all(who, batch, allow=allow)

    def create_all(self, who: str, batch: list[Content], *, allow: bool) -> None:
        sent = [body_of(content) for content in batch]
        one_alone = len(batch) == 1
        path, data = ("", sent[0]) if one_alone else ("/batch", sent)
        answer = self.ask(who, "POST", path, data, allow=allow)
        if self.expect(answer, 201, lambda: self.calendar.create(who, batch, allow=allow)):
            made = [answer.json()] if one_alone else answer.json()
            for content, event in zip(batch, made, strict=True):
                self.born(who, content, event)
            self.check_bookings(allow=allow)

    # -- changing ------------------------------------------------------------------------------------------------

    @rule(attempt=attempts, wish=wishes())
    def change_the_whole(self, attempt: Attempt, wish: Wish) -> None:
        self.change_fields(attempt, wish, "all")

    @rule(attempt=attempts, wish=wishes())
    def change_one_occurrence(self, attempt: Attempt, wish: Wish) -> None:
        self.change_fields(attempt, wish, "this")

    @rule(attempt=attempts, wish=wishes())
    def change_what_follows(self, attempt: Attempt, wish: Wish) -> None:
        self.change_fields(attempt, wish, "following")

    def change_fields(self, attempt: Attempt, wish: Wish, scope: str) -> None:
        event_id, who = self.chosen(attempt, series=scope != "all")
        content = self.base_content(event_id, wish.base)
        name = content.schedule.start + wish.place * DAY
        fields = dict(wish.fields)
        if "shift" in fields:
            start = content.schedule.start if scope == "all" else name
            own = content.own.get(name, {}) if scope == "this" else {}
            fields["start"] = own.get("start", start) + fields.pop("shift")
        if scope == "this":
            fields = {key: value for key, value in fields.items() if key not in (*series_fields, "times")}
        self.change(who, event_id, self.edit(event_id, fields, wish.base, (scope, name), attempt))

    @rule(attempt=attempts, wish=wishes(), scope=scopes)
    def send_back_an_occurrence(self, attempt: Attempt, wish: Wish, scope: str) -> None:
        """Read an occurrence as a list shows it, change something, and send back all of it."""
        event_id, who = self.chosen(attempt, series=True)
        content = self.base_content(event_id, wish.base)
        shown = content.occurrences()[wish.place % len(content.occurrences())]
        if content.schedule.times is None:
            return
        whole = {**vars(content), "times": content.schedule.times, **shown.shown}
        whole |= {"start": shown.start, "hours": shown.end - shown.start}
        fields = {name: value for name, value in (whole | wish.fields).items() if name not in ("schedule", "own")}
        fields["start"] += fields.pop("shift", 0)
        if scope == "this":
            fields |= {name: whole[name] for name in (*series_fields, "times")}
        edit = self.edit(event_id, fields, wish.base, (scope, shown.name), attempt)
        self.change(who, event_id, edit._replace(seen_as=shown.name))

    def base_content(self, event_id: int, base: str) -> Content:
        event = self.calendar.events[event_id]
        return event.versions[event.number(base) - 1].content

    def edit(self, event_id: int, fields: Fields, base: str, part: tuple[str, int], attempt: Attempt) -> Edit:
        number = self.calendar.events[event_id].number(base)
        edit = Edit(fields, *part, allow=attempt.allow)
        if "match" in base:
            return edit._replace(match=number)
        return edit._replace(base={"none": None, "future": number + 1}.get(base, number))

    @rule(
        attempt=attempts,
        back=st.integers(-1, 4),
        fields=st.none() | st.sets(st.sampled_from(["title", "location", "tags", "start_time"]), min_size=1),
    )
    def roll_back(self, attempt: Attempt, back: int, fields: set[str] | None) -> None:
        event_id, who = self.chosen(attempt)
        number = max(self.calendar.events[event_id].newest - back, 1)
        named = None if fields is None else sorted(fields)
        sent = {} if named is None else {"fields": named}
        answer = self.ask(who, "POST", f"/{event_id}/rollback/{number}", sent, allow=attempt.allow)
        predict = lambda: self.calendar.roll_back(who, event_id, number, named, allow=attempt.allow)  # noqa: E731
        written = self.expect(answer, 200, predict)
        if written is not None:
            self.write(event_id, written, answer, allow=attempt.allow)

    # -- deleting ------------------------------------------------------------------------------------------------

    @rule(attempt=attempts, scope=scopes, place=places, match=st.sampled_from([None, None, 0, 1]))
    def delete(self, attempt: Attempt, scope: str, place: int, match: int | None) -> None:
        event_id, who = self.chosen(attempt, series=scope != "all")
        event = self.calendar.events[event_id]
        name = event.head.schedule.start + place * DAY
        number = None if match is None else max(event.newest - match, 1)
        part = {} if scope == "all" else {"scope": scope, "occurrence": wall(name)}
        answer = self.ask(who, "DELETE", f"/{event_id}", **part, match=number)
        version = self.expect(answer, 204, lambda: self.calendar.delete(who, event_id, scope, name, number))
        if version is not None:
            event.versions.append(version)
            event.trashed = version.kind == "deleted"
            self.check_bookings(allow=False)

    @precondition(lambda self: any(event.trashed for event in self.calendar.events.values()))
    @rule(attempt=attempts)
    def restore(self, attempt: Attempt) -> None:
        event_id, who = self.chosen(attempt, trashed=True)
        answer = self.ask(who, "POST", f"/{event_id}/restore", allow=attempt.allow)
        version = self.expect(answer, 200, lambda: self.calendar.restore(who, event_id, allow=attempt.allow))
        if version is not None:
            self.take_over(event_id, version, who)
            self.calendar.events[event_id].trashed = False
            self.agree(who, answer.json(), event_id)
            self.check_bookings(allow=attempt.allow)

    def take_over(self, event_id: int, version: Version, owner: str) -> None:
        """Write a version, after which somebody owns the event."""
        event = self.calendar.events[event_id]
        event.versions.append(version)
        if event.owner != owner:
            event.roles = {**event.roles, event.owner: "editor"}
            del event.roles[owner]
            event.owner = owner

    # -- people --------------------------------------------------------------------------------------------------

    @rule(attempt=attempts, whom=people, role=roles, again=st.booleans())
    def share(self, attempt: Attempt, whom: str, role: str, again: bool) -> None:
        event_id, who = self.chosen(attempt)
        (self.change_role if again else self.give_role)(who, event_id, whom, role)

    def give_role(self, who: str, event_id: int, whom: str, role: str) -> None:
        answer = self.ask(who, "POST", f"/{event_id}/share", {"user_id": self.people[whom].id, "role": role})
        if self.expect(answer, 201, lambda: self.calendar.share(who, event_id, whom)):
            before = self.calendar.events[event_id].roles.get(whom)
            [shared] = answer.json()["shared_with"]
            assert shared["status"] == {None: "granted", role: "unchanged"}.get(before, "updated")
            self.calendar.events[event_id].roles[whom] = role

    def change_role(self, who: str, event_id: int, whom: str, role: str) -> None:
        answer = self.ask(who, "PUT", f"/{event_id}/permissions/{self.people[whom].id}", {"role": role})
        if self.expect(answer, 200, lambda: self.calendar.change_role(who, event_id, whom)):
            self.calendar.events[event_id].roles[whom] = role

    @rule(attempt=attempts, whom=people)
    def revoke_or_leave(self, attempt: Attempt, whom: str) -> None:
        event_id, who = self.chosen(attempt)
        answer = self.ask(who, "DELETE", f"/{event_id}/permissions/{self.people[whom].id}")
        if self.expect(answer, 204, lambda: self.calendar.revoke(who, event_id, whom)):
            del self.calendar.events[event_id].roles[whom]

    @rule(attempt=attempts, whom=people)
    def transfer(self, attempt: Attempt, whom: str) -> None:
        event_id, who = self.chosen(attempt)
        sent = {"user_id": self.people[whom].id}
        answer = self.ask(who, "POST", f"/{event_id}/transfer", sent, allow=attempt.allow)
        version = self.expect(answer, 200, lambda: self.calendar.transfer(who, event_id, whom))
        if version is not None:
            self.take_over(event_id, version, whom)
            self.agree(who, answer.json(), event_id)
            self.check_bookings(allow=attempt.allow)

    # -- looking -------------------------------------------------------------------------------------------------

    @rule(who=people, attempt=attempts, trashed=st.booleans())
    def read(self, who: str, attempt: Attempt, trashed: bool) -> None:
        event_id, _ = self.chosen(attempt, trashed=trashed)
        answer = self.ask(who, "GET", f"/{event_id}")
        if self.expect(answer, 200, lambda: self.calendar.open(who, event_id)):
            self.agree(who, answer.json(), event_id)

    @rule(who=people, start=st.integers(-4, 3 * DAY), hours=st.sampled_from([1, 2, 5, DAY]))
    def look_at_the_calendar(self, who: str, start: int, hours: int) -> None:
        self.run(check_window(self.calendar, self.people[who], who, start, start + hours))

    def teardown(self) -> None:
        """Compare all that anybody can read with the model."""
        for who in self.people:
            self.run(check_lists(self.calendar, self.people, who))
        for event_id in self.calendar.events:
            self.run(check_people(self.calendar, self.people, event_id))
            self.run(check_history(self.calendar, self.people, event_id))
            self.run(check_past(self.calendar, self.people, event_id))


@pytest.fixture(scope="session")
async def loop(api: Api) -> asyncio.AbstractEventLoop:  # noqa: ARG001 - the loop in which the API runs
    return asyncio.get_running_loop()


def test_whatever_people_do_the_calendar_is_right(api: Api, loop: asyncio.AbstractEventLoop):
    class Here(Calendars):
        def __init__(self) -> None:
            super().__init__(api, loop.run_until_complete)

    examples = min(2 * settings().max_examples, 2_000)  # each is thirty actions, and all that can be read afterwards
    slow = [HealthCheck.too_slow]  # the machine may be busy with other tests
    once = settings(max_examples=examples, stateful_step_count=30, suppress_health_check=slow)
    run_state_machine_as_test(Here, settings=once)
