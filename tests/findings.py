"""What `convene check` finds in a database, without a process of its own."""

from __future__ import annotations

from convene.operations.audit import audit_all
from convene.storage.engine import make_database
from convene.storage.unit_of_work import Units


async def findings(url: str) -> list[str]:
    """What does not agree in a database."""
    database = make_database(url)
    await database.open()
    try:
        return [str(finding) async for finding in audit_all(Units(database))]
    finally:
        await database.close()
