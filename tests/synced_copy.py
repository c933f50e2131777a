"""A client that follows its events by sync alone."""

from __future__ import annotations

from typing import Any

from tests.people import Person


class Copy:
    """A client's copy of its events, kept by sync alone; `heard` has each (event, version) as it came."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.events: dict[int, Any] = {}
        self.cursor: str | None = None
        self.heard: list[tuple[int, int]] = []

    async def catch_up(self) -> None:
        """Ask for what changed, page by page, until there is no more."""
        more = True
        while more:
            response = await self.person.get("/api/v1/changes", **({"since": self.cursor} if self.cursor else {}))
            assert response.status_code == 200, response.text
            page = response.json()
            self.events |= {event["id"]: event for event in page["changed"]}
            self.heard += [(event["id"], event["version"]) for event in page["changed"]]
            for event_id in page["removed"]:
                self.events.pop(event_id, None)
            self.cursor, more = page["cursor"], page["more"]
