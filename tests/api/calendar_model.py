"""A calendar of several people, in plain Python: who may do what, what clashes, and which versions there come to be.

Each function says what the API has to answer: it gives what will be written, or raises `Refused`. Nothing changes
before `Calendar.write` and its like are told to.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.api.content_model import (
    Content,
    Refused,
    changed,
    changed_occurrence,
    halves,
    meant,
    merged,
    need_occurrence,
    overlap,
    rescheduled,
    under,
    without_occurrence,
)
from tests.api.event_model import Cut, Edit, Event, Version, Written

_RANKS = ("viewer", "editor", "owner")


class Calendar:
    """All events of all people, by id."""

    def __init__(self) -> None:
        self.events: dict[int, Event] = {}

    def open(self, who: str, event_id: int, needed: str = "viewer") -> Event:
        """Open an event for somebody, in a role."""
        event = self.events[event_id]
        role = event.role_of(who)
        if role is None or event.trashed:
            raise Refused(404, "not-found")
        if _RANKS.index(role) < _RANKS.index(needed):
            raise Refused(403, "role-too-low")
        return event

    def seen_by(self, who: str) -> Iterable[tuple[int, Event]]:
        """The events that somebody sees."""
        return ((one, event) for one, event in self.events.items() if event.role_of(who) and not event.trashed)

    # -- time ----------------------------------------------------------------------------------------------------

    def taken(self, owner: str, but: int | None = None) -> list[tuple[int, int]]:
        """The time that all of somebody's events take up, but for one."""
        mine = (event for one, event in self.seen_by(owner) if event.owner == owner and one != but)
        return [stretch for event in mine for stretch in event.head.busy()]

    def double_bookings(self) -> set[frozenset[int]]:
        """The pairs of events of one owner that overlap."""
        live = [(one, event.owner, event.head.busy()) for one, event in self.events.items() if not event.trashed]
        return {
            frozenset((one, other))
            for one, owner, busy in live
            for other, other_owner, other_busy in live
            if one < other and owner == other_owner and any(overlap(a, b) for a in busy for b in other_busy)
        }

    def need_room(
        self, owner: str, content: Content, *, but: int | None = None, had: Content | None = None, allow: bool = False
    ) -> None:
        """Refuse a content that takes up time which it did not have and which is not free."""
        before = had.busy() if had else []
        new = [one for one in content.busy() if not any(a <= one[0] and one[1] <= b for a, b in before)]
        if not allow and any(overlap(one, other) for one in new for other in self.taken(owner, but)):
            raise Refused(409, "schedule-conflict")

    def create(self, who: str, contents: list[Content], *, allow: bool) -> bool:
        """Create events, all or none."""
        for place, content in enumerate(contents):
            self.need_room(who, content, allow=allow)
            others = [stretch for other in contents[:place] for stretch in other.busy()]
            if not allow and any(overlap(one, other) for one in content.busy() for other in others):
                raise Refused(409, "schedule-conflict")
        return True

    # -- changing ------------------------------------------------------------------------------------------------

    def change(self, who: str, event_id: int, edit: Edit) -> Written:
        """Change an event, or a part of it."""
        event = self.open(who, event_id, "editor")
        edit = edit._replace(allow=edit.allow and who == event.owner)
        base = self._base(event, edit)
        if edit.scope == "this":
            return self._put(who, event_id, edit, base, changed_occurrence(base, edit.name, edit.fields))
        if edit.scope == "following":
            need_occurrence(base, edit.name)
        if edit.scope == "following" and edit.name != base.schedule.start:
            return self._split(who, event_id, edit, base)
        asked = edit.fields if edit.seen_as is None else meant(base, edit.seen_as, edit.fields, base)
        return self._put(who, event_id, edit, base, changed(base, asked))

    def _base(self, event: Event, edit: Edit) -> Content:
        if edit.match not in (None, event.newest):
            raise Refused(412, "precondition-failed")
        number = event.newest if edit.base is None else edit.base
        if number > event.newest:
            raise Refused(422, "invalid")
        return event.versions[number - 1].content

    def _put(self, who: str, event_id: int, edit: Edit, base: Content, ours: Content) -> Written:
        event = self.events[event_id]
        if edit.base in (None, event.newest):
            return self._settle(event_id, Version(ours, "updated", who, edit.base), event.head, allow=edit.allow)
        parts = [(event_id, base, ours)]
        if event.cuts_since(edit.base):
            if ours.schedule != base.schedule:
                merged(base, ours, event.head)
                raise Refused(409, "not-possible")
            parts = self._shared_out(event_id, edit.base or 0, base, ours)
        contents = []
        for one, part_base, part in parts:
            half = self.events[one]
            if one != event_id and (half.trashed or half.owner != event.owner or half.role_of(who) in (None, "viewer")):
                raise Refused(409, "not-possible")
            content = merged(part_base, part, half.head)
            kind = "merged" if content != ours else "updated"
            contents.append((one, Version(content, kind, who, edit.base if one == event_id else None)))
        return self._settle_halves(event_id, contents, allow=edit.allow)

    def _shared_out(
        self, event_id: int, since: int, base: Content, ours: Content
    ) -> list[tuple[int, Content, Content]]:
        """Cut an edit as its event was cut; parts without changes go."""
        event, later = self.events[event_id], []
        for cut in event.cuts_since(since):
            schedule = event.versions[cut.version - 2].content.schedule
            base, ours = under(base, schedule), under(ours, schedule)
            (base, base_later), (ours, ours_later) = halves(base, cut.name), halves(ours, cut.name)
            if base_later != ours_later:
                later += self._shared_out(cut.later_id, 0, base_later, ours_later)
        return later if base == ours else [(event_id, base, ours), *later]

    def _settle_halves(self, event_id: int, contents: list[tuple[int, Version]], *, allow: bool) -> Written:
        """What is written to one half takes its time before the next one asks whether its own is free."""
        written: list[tuple[int, Version]] = []
        try:
            for one, version in contents:
                if self._settle(one, version, self.events[one].head, allow=allow).version:
                    self.events[one].versions.append(version)
                    written.append((one, version))
        finally:
            for one, _ in written:
                self.events[one].versions.pop()
        of_event = dict(written).get(event_id)
        others = tuple(pair for pair in written if pair[0] != event_id)
        return Written(of_event, halves=others, shows=contents[0][0] if contents else None)

    def _settle(self, event_id: int, version: Version, had: Content, *, allow: bool) -> Written:
        event = self.events[event_id]
        if version.content == event.head:
            return Written(None)
        if not version.content.occurrences():
            raise Refused(422, "invalid")
        self.need_room(event.owner, version.content, but=event_id, had=had, allow=allow)
        return Written(version)

    def _split(self, who: str, event_id: int, edit: Edit, base: Content) -> Written:
        event = self.events[event_id]
        base_later = halves(base, edit.name)[1]
        asked = dict(edit.fields)
        if edit.seen_as is not None:
            asked = dict(meant(base, edit.seen_as, edit.fields, base_later))
        if asked.get("times") == base.schedule.times:
            asked.pop("times", None)
        ours = changed(base_later, asked)
        if ours == base_later:
            return Written(None)
        if base.schedule != event.head.schedule or event.cuts_since(edit.base):
            return self._put(who, event_id, edit, base, ours)
        earlier, newest_later = halves(event.head, edit.name)
        later = merged(base_later, ours, newest_later)
        if later == newest_later:
            return Written(None)
        if not later.occurrences():
            raise Refused(422, "invalid")
        version = Version(earlier, "updated", who, edit.base)
        if not earlier.occurrences():
            whole = version._replace(content=later)
            return self._settle(event_id, whole, newest_later, allow=edit.allow)
        self._need_room_beside(event_id, version, later, newest_later, allow=edit.allow)
        return Written(version, Version(later, "created", who), edit.name)

    def _need_room_beside(self, event_id: int, earlier: Version, later: Content, had: Content, *, allow: bool) -> None:
        """The later half has to find its time free beside the earlier one, too."""
        event = self.events[event_id]
        event.versions.append(earlier)
        try:
            self.need_room(event.owner, later, had=had, allow=allow)
        finally:
            event.versions.pop()

    def roll_back(self, who: str, event_id: int, number: int, fields: list[str] | None, *, allow: bool) -> Written:
        """Go back to a version, or to some fields of it."""
        event = self.open(who, event_id, "editor")
        allow = allow and who == event.owner
        if number > event.newest:
            raise Refused(404, "not-found")
        content = old = event.versions[number - 1].content
        if fields is not None:
            content = event.head
            if "start_time" in fields:
                content = rescheduled(content, old.schedule)
            content = changed(content, {name: getattr(old, name) for name in fields if name != "start_time"})
        if content.schedule != event.head.schedule:
            for cut in event.cuts:
                if number < cut.version or content.schedule.reaches(cut.name):
                    self._need_gone(cut.later_id)
        version = Version(content, "rolled back", who, number)
        return self._settle(event_id, version, event.head, allow=allow)

    def _need_gone(self, event_id: int) -> None:
        """Refuse what would make a series whole again beside a half of it."""
        event = self.events[event_id]
        if not event.trashed:
            raise Refused(409, "not-possible")
        for cut in event.cuts:
            self._need_gone(cut.later_id)

    # -- deleting ------------------------------------------------------------------------------------------------

    def delete(self, who: str, event_id: int, scope: str, name: int, match: int | None) -> Version:
        """Delete an event or a part of it."""
        event = self.open(who, event_id, "owner")
        if match not in (None, event.newest):
            raise Refused(412, "precondition-failed")
        left = self._left(event.head, scope, name)
        return Version(left, "updated", who) if left else Version(event.head, "deleted", who)

    def _left(self, content: Content, scope: str, name: int) -> Content | None:
        """What deleting a part leaves."""
        if scope == "all":
            return None
        if scope == "this":
            left = without_occurrence(content, name)
        else:
            need_occurrence(content, name)
            if name == content.schedule.start:
                return None
            left = halves(content, name)[0]
        return left if left.occurrences() else None

    def restore(self, who: str, event_id: int, *, allow: bool) -> Version:
        """Take an event out of the trash."""
        event = self.events[event_id]
        if event.owner != who or not event.trashed:
            raise Refused(404, "not-found")
        if not allow:
            self._need_no_other_half(event_id)
        self.need_room(who, event.head, but=event_id, allow=allow)
        return Version(event.head, "restored", who)

    def _need_no_other_half(self, event_id: int) -> None:
        """Refuse an event that would come back beside a half that took its time over, or that it took over."""
        for cut in self.events[event_id].cuts:
            if self.events[event_id].head.schedule.reaches(cut.name):
                self._need_gone(cut.later_id)
        for earlier, cut in self._earlier(event_id):
            if not earlier.trashed and earlier.head.schedule.reaches(cut.name):
                raise Refused(409, "not-possible")

    def _earlier(self, event_id: int) -> list[tuple[Event, Cut]]:
        """What an event was split from, and that in its turn."""
        found = [(one, event, cut) for one, event in self.events.items() for cut in event.cuts]
        for one, event, cut in found:
            if cut.later_id == event_id:
                return [(event, cut), *self._earlier(one)]
        return []

    # -- people --------------------------------------------------------------------------------------------------

    def share(self, who: str, event_id: int, whom: str) -> bool:
        """Give somebody a role."""
        self.open(who, event_id, "owner")
        if whom == who:
            raise Refused(422, "invalid")
        return True

    def change_role(self, who: str, event_id: int, whom: str) -> bool:
        """Give somebody who has a role another one."""
        role = self.open(who, event_id, "owner").role_of(whom)
        if role in (None, "owner"):
            raise Refused(404, "not-found") if role is None else Refused(409, "not-possible")
        return True

    def revoke(self, who: str, event_id: int, whom: str) -> bool:
        """Take somebody's role away, or leave."""
        event = self.open(who, event_id)
        if who not in (whom, event.owner):
            raise Refused(403, "role-too-low")
        role = event.role_of(whom)
        if role in (None, "owner"):
            raise Refused(404, "not-found") if role is None else Refused(409, "not-possible")
        return True

    def transfer(self, who: str, event_id: int, whom: str) -> Version:
        """Hand an event over to somebody who sees it, into free time only."""
        event = self.open(who, event_id, "owner")
        role = event.role_of(whom)
        if role in (None, "owner"):
            raise Refused(404, "not-found") if role is None else Refused(409, "not-possible")
        self.need_room(whom, event.head, allow=False)
        return Version(event.head, "transferred", who)
