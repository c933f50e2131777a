"""A client that follows its events by sync alone."""

from __future__ import annotations

import asyncio
from typing import Any

from convene.storage import sync
from convene.storage.unit_of_work import Units
from tests.people import Person


class Copy:
    """A client's copy of its events, kept by sync alone; `heard` has each (event, version) as it came."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.events: dict[int, Any] = {}
        self.cursor: str | None = None
        self.heard: list[tuple[int, int]] = []

    async def catch_up(self) -> None:
        """Ask for what changed, page by page, until there is no more.

        Of an application in this process first wait until what was written before can be read: on PostgreSQL, any
        transaction that runs beside, of another worker's database too, may hold it back for a moment.
        """
        if (services := getattr(self.person.api.app.state, "services", None)) is not None:
            await until_settled(services.units)
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


async def until_settled(units: Units) -> None:
    """Wait until what has been written can be read by those who follow the order of changes."""
    written: int | None = None
    for _ in range(500):
        async with units.reading() as work:
            clock = await sync.read_clock(work)
        written = clock.newest if written is None else written
        if clock.settled >= written:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("something runs, and holds up what was written")
