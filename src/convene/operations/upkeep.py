"""What an operator does to all events: repairing what is derived from the truth."""

from __future__ import annotations

from convene.storage import upkeep
from convene.storage.events import content_columns
from convene.storage.unit_of_work import Units

_PAGE = 500


async def reindex(units: Units) -> int:
    """Derive every event's instants anew from its wall time and zone; gives how many were different.

    Zone rules change: an event at nine in a zone that drops daylight saving happens an hour later than was worked
    out when it was written. Nothing that people wrote changes, so no version is made.
    """
    changed, last = 0, 0
    while True:
        async with units.writing() as work:
            heads = await upkeep.page_of_events(work, last, _PAGE)
            if not heads:
                return changed
            last = heads[-1].id
            for head in heads:
                columns = content_columns(head.content())
                if any(columns[name] != getattr(head, name) for name in upkeep.DERIVED):
                    await upkeep.save_derived(work, head.id, columns)
                    changed += 1
