"""What several create at one moment: each as if alone, and found no slower by the database."""

from __future__ import annotations

import asyncio
import re

import pytest
from bench.filling import Filling, fill

from convene.operations.tokens import new_id
from convene.storage.alone import _INSERT_IF_FREE, _INSERT_IF_UNCHANGED
from convene.storage.postgresql_connection import DIALECT
from convene.storage.statements import Statement
from tests.people import Api, Json, Person, running_api
from tests.process.outside import Outside, outside
from tests.process.test_booking_alone import DAYS, EVENTS, HOUR, here

__all__ = ["here"]


async def test_who_is_being_renamed_keeps_nobody_else_waiting(new_postgres: str):
    """What refers to a user waits for whoever changes what the user is found by."""
    async with running_api(new_postgres, database_timeout_seconds=1.5) as api, outside(new_postgres) as renaming:
        alice, *others = [await api.person(f"person{number}") for number in range(6)]
        await renaming.rows("BEGIN")
        await renaming.rows(f"UPDATE users SET email_folded = 'another' WHERE id = {alice.id}")
        hers = asyncio.create_task(alice.post(EVENTS, HOUR))
        async with asyncio.timeout(0.5):
            created = await asyncio.gather(*(person.post(EVENTS, day) for person in others for day in DAYS))
        assert {one.status_code for one in created} == {201}
        assert (await hers).status_code == 503


ODD: list[Json] = [
    {"title": "quotes \" ' and \\ backslashes \\u0041 \\", "description": "a\r\nb\tc\u2028d\u0001e"},
    {"title": "\U0001f9d1\u200d\U0001f4bb \ufeff \ufdfa", "location": "\U0010ffff", "tags": ["null", '"', "[]", "{}"]},
    {"title": "null", "description": "", "tags": []},
    {"title": "1e400", "free_busy_status": "busy", "status": "tentative", "tags": ["b", "a"]},
    {"title": "all day", "all_day": True, "start_time": "2027-05-01", "end_time": "2027-05-03"},
    {"title": "local mean time", "start_time": "1850-01-01T00:00:00", "time_zone": "Africa/Monrovia"},
    {"title": "twice", "start_time": "2027-10-31T02:30:00+01:00", "time_zone": "Europe/Berlin"},
    {"title": "skipped", "start_time": "2027-03-28T02:30:00", "time_zone": "Europe/Berlin"},
    {"title": "fractions", "start_time": "2027-06-01T09:00:00.123456Z"},
    {"title": "long", "description": "\u00e4\n" * 5_000, "start_time": "2027-06-02T09:00:00+05:45"},
]
_WRITTEN = """
    SELECT to_jsonb(e) - '{{id,uid,owner_id,calendar_id,created_at,updated_at,updated_by}}'::text[], v.data::text,
        v.kind, v.version_number, v.base_version, v.created_at = e.created_at, v.created_by = e.owner_id,
        to_jsonb(p) - '{{event_id,user_id,position,created_at,updated_at,granted_by}}'::text[], p.position = v.position
    FROM events e JOIN event_versions v ON v.event_id = e.id JOIN permissions p ON p.event_id = e.id
    WHERE e.owner_id = {owner} ORDER BY e.title
"""


def _whole(number: int, body: Json) -> Json:
    start = body.get("start_time", f"2027-07-{number + 1:02}T09:00:00")
    later = {"T09:": "T10:", "T02:": "T04:", "T00:": "T01:"}[start[10:14]] if "end_time" not in body else ""
    return {"start_time": start, "end_time": start[:10] + later + start[14:], "time_zone": "UTC"} | body


async def test_what_is_written_together_is_what_is_written_alone(
    here: Api, new_postgres: str, alice: Person, ben: Person
):
    carol = await here.person("carol")
    bodies = [_whole(number, body) for number, body in enumerate(ODD)]
    alone_ones = [await alice.post(EVENTS, body) for body in bodies]
    together = await asyncio.gather(*(ben.post(EVENTS, body) for body in bodies))
    in_a_batch = await carol.post(f"{EVENTS}/batch", bodies)
    assert {one.status_code for one in (*alone_ones, *together, in_a_batch)} == {201}, alone_ones[0].text
    async with outside(new_postgres) as connection:
        rows = [await connection.rows(_WRITTEN.format(owner=person.id)) for person in (alice, ben, carol)]
    assert len(rows[0]) == len(ODD)
    assert rows[0] == rows[1] == rows[2]
    assert [one.json()["description"] for one in together] == [one.json()["description"] for one in alone_ones]


DISTINCT = (10, 30, 100, 300, 1_000, 3_000, 10_000)
SCANS = re.compile(r"Scan (?:on|using) ((?:ix|pk)_\w+|agendas|users)\b")


async def plan_of(connection: Outside, statement: Statement) -> list[str]:
    """By which indexes what it looks for is found, or of which tables everything is read."""
    sql, name = statement.compiled(DIALECT).sql, f"creating_{new_id()}"
    kinds, asked = ("text, integer", "'[]', 16") if "$2::" in sql else ("text", "'[]'")
    await connection.rows(f"PREPARE {name} ({kinds}) AS {sql}")
    plan = "\n".join(line for (line,) in await connection.rows(f"EXPLAIN EXECUTE {name} ({asked})"))
    return SCANS.findall(plan)


async def test_what_is_in_the_way_is_found_by_its_end_whatever_the_statistics_say(new_postgres: str):
    """Found by its beginning, all that has been would be looked through: what is created is mostly the newest."""
    await asyncio.to_thread(fill, new_postgres, Filling(people=8, events_each=1_500))
    async with outside(new_postgres) as connection:
        await connection.rows("SET plan_cache_mode = force_generic_plan")
        for number in DISTINCT:
            await connection.rows(f"ALTER TABLE permissions ALTER COLUMN ends_at SET (n_distinct = {number})")
            await connection.rows("ANALYZE permissions")
            found = [name for name in await plan_of(connection, _INSERT_IF_FREE) if "permissions" in name]
            assert found == ["ix_permissions_user_id_ends_at_starts_at"], f"{number} different ends"


@pytest.mark.parametrize("statement", [_INSERT_IF_FREE, _INSERT_IF_UNCHANGED], ids=["if free", "if unchanged"])
async def test_nobody_else_is_looked_at(new_postgres: str, statement: Statement):
    """Of a few thousand, PostgreSQL would rather read all than look for each of as many as may be written at once."""
    await asyncio.to_thread(fill, new_postgres, Filling(people=3_000, events_each=2))
    async with outside(new_postgres) as connection:
        await connection.rows("ANALYZE")
        for mode in ("force_generic_plan", "force_custom_plan"):
            await connection.rows(f"SET plan_cache_mode = {mode}")
            found = await plan_of(connection, statement)
            assert set(found) >= {"pk_agendas", "pk_users"}
            assert not {"agendas", "users"} & set(found)
