"""A calendar kept twice, by the API and by the model: every answer of the one is compared with the other."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any, TypeVar

import httpx2
from hypothesis.stateful import RuleBasedStateMachine

from tests.api.calendar_model import Calendar
from tests.api.content_model import Content, Refused, Unsure, body, content_of, view, wall
from tests.api.event_model import Cut, Edit, Event, Version, Written
from tests.people import Api, Json, Person

_T = TypeVar("_T")
Run = Callable[[Coroutine[Any, Any, Any]], Any]

EVENTS = "/api/v1/events"
NAMES = ("alice", "ben", "carla")


class ComparedCalendar(RuleBasedStateMachine):
    """Alice, Ben and Carla, new in each run, and the calendar that they should have."""

    def __init__(self, api: Api, run: Run) -> None:
        super().__init__()
        self.run = run
        self.calendar = Calendar()
        self.people: dict[str, Person] = {name: run(api.person(name)) for name in NAMES}
        self.wanted_overlaps: set[frozenset[int]] = set()

    def ask(self, who: str, method: str, path: str, json: Json = None, **more: Any) -> httpx2.Response:
        """Ask for somebody; `allow` and `match` become what the API knows for them, the others are parameters."""
        params = {name: value for name, value in more.items() if name not in ("allow", "match")}
        if more.get("allow"):
            params["on_conflict"] = "allow"
        headers = {"If-Match": f'"{more["match"]}"'} if more.get("match") else None
        request = self.people[who].request(method, EVENTS + path, json=json, params=params, headers=headers)
        answer: httpx2.Response = self.run(request)
        return answer

    def expect(self, answer: httpx2.Response, status: int, predict: Callable[[], _T]) -> _T | None:
        """Compare an answer with what the model says; gives what it says, or None when both refuse."""
        try:
            expected = predict()
        except Refused as refusal:
            problem = answer.json() if answer.status_code >= 400 else {}
            given = (answer.status_code, problem.get("type"))
            reason = f"/problems/{refusal.reason}" if refusal.reason else problem.get("type")
            if given != (refusal.status, reason):
                raise AssertionError(f"{answer.text} instead of {refusal.status} {refusal.reason}") from refusal
            return None
        assert answer.status_code == status, (answer.text, expected)
        return expected

    def agree(self, who: str, shown: Json, event_id: int) -> None:
        """Make sure that an event is shown to somebody as the model has it."""
        event = self.calendar.events[event_id]
        expected = {
            **view(event.head),
            "id": event_id,
            "version": event.newest,
            "owner_id": self.people[event.owner].id,
            "role": event.role_of(who),
            "updated_by": self.people[event.versions[-1].by].id,
            "split_from": self.if_seen(who, event.split_from),
            "continued_by": self.if_seen(who, event.continued_by),
        }
        assert {name: shown[name] for name in expected} == expected

    def if_seen(self, who: str, half: int | None) -> int | None:
        """The other half of a series, for those who see it."""
        return half if half is not None and self.calendar.events[half].role_of(who) else None

    def check_bookings(self, *, allow: bool) -> None:
        """Make sure that nobody is booked twice unless somebody wanted it."""
        overlaps = self.calendar.double_bookings()
        assert allow or overlaps <= self.wanted_overlaps
        self.wanted_overlaps = overlaps

    # -- putting into the model what was accepted ----------------------------------------------------------------

    def born(self, who: str, content: Content, made: Json) -> int:
        """Put a new event into the model."""
        event_id = int(made["id"])
        assert event_id not in self.calendar.events
        self.calendar.events[event_id] = Event(who, [Version(content, "created", who)])
        self.agree(who, made, event_id)
        return event_id

    def write(self, event_id: int, written: Written, answer: httpx2.Response, *, allow: bool) -> None:
        """Put into the model what a change has written; the answer shows the event, or the half that has it."""
        shown = answer.json()
        if written.version and written.later:
            self._split(event_id, int(shown["id"]), written)
        of_event = ((event_id, written.version),) if written.version else ()
        for one, version in (*of_event, *written.halves):
            self.calendar.events[one].versions.append(version)
        assert written.later is not None or shown["id"] == (written.shows or event_id)
        if of_event or written.halves:
            self.agree((written.version or written.halves[0][1]).by, shown, shown["id"])
        assert shown["version"] == self.calendar.events[shown["id"]].newest
        self.check_bookings(allow=allow)

    def _split(self, event_id: int, later_id: int, written: Written) -> None:
        event, later = self.calendar.events[event_id], written.later
        assert later is not None
        assert later_id not in self.calendar.events
        event.cuts.append(Cut(event.newest + 1, written.name, later_id))
        self.calendar.events[later_id] = Event(
            event.owner, [later], dict(event.roles), split_from=event_id, continued_by=event.continued_by
        )
        if event.continued_by is not None:
            self.calendar.events[event.continued_by].split_from = later_id
        event.continued_by = later_id
        # What overlapped the whole series, or itself, may go on doing so.
        self.wanted_overlaps |= {pair - {event_id} | {later_id} for pair in self.wanted_overlaps if event_id in pair}
        if any(one[1] > other[0] for one, other in pairwise(sorted(event.head.busy()))):
            self.wanted_overlaps.add(frozenset((event_id, later_id)))

    def change(self, who: str, event_id: int, edit: Edit) -> None:
        """Ask for an edit, and compare what comes of it."""
        sent = body(edit.fields)
        if edit.base is not None:
            sent["version" if edit.seen_as is not None else "base_version"] = edit.base
        if edit.seen_as is not None:
            sent["occurrence"] = wall(edit.seen_as)
        part = {} if edit.scope == "all" else {"scope": edit.scope, "occurrence": wall(edit.name)}
        answer = self.ask(who, "PUT", f"/{event_id}", sent, **part, allow=edit.allow, match=edit.match)
        try:
            written = self.expect(answer, 200, lambda: self.calendar.change(who, event_id, edit))
        except Unsure:
            written = self._adopt(who, event_id, edit, answer)
        if written is not None:
            self.write(event_id, written, answer, allow=edit.allow)

    def _adopt(self, who: str, event_id: int, edit: Edit, answer: httpx2.Response) -> Written | None:
        """Take over what was made of an edit where more than one outcome is right."""
        if answer.status_code != 200:
            assert answer.status_code in {409, 422}, answer.text
            return None
        event, shown = self.calendar.events[event_id], answer.json()
        if shown["id"] not in self.calendar.events:
            earlier = self.ask(event.owner, "GET", f"/{event_id}").json()
            version = Version(content_of(earlier), "updated", who, edit.base)
            return Written(version, Version(content_of(shown), "created", who), edit.name)
        written = [(one, self._new_version(who, one)) for one in self.calendar.events]
        found = {one: version for one, version in written if version}
        of_event = found.pop(event_id, None)
        of_event = of_event and of_event._replace(base=edit.base)
        return Written(of_event, halves=tuple(found.items()), shows=shown["id"])

    def _new_version(self, who: str, event_id: int) -> Version | None:
        """The version that an event has and the model does not know of, if there is one."""
        event = self.calendar.events[event_id]
        if event.trashed:
            return None
        shown = self.ask(event.owner, "GET", f"/{event_id}").json()
        return None if shown["version"] == event.newest else Version(content_of(shown), None, who)
