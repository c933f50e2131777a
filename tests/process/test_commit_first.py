"""The commit comes before the answer: a commit that fails can still be told, and what was told is there for others.

FastAPI's default is the other way round: with it, every test in here fails.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from starlette.types import Message

from tests.people import Api, Person, running_api
from tests.process.outside import outside

EVENTS = "/api/v1/events"
DOOMED = "Doomed"

# A foreign key that is checked at COMMIT only, and that rows of doomed events break: each statement of the request
# succeeds, and then the commit fails, on a real database, for a reason of its own.
_DEFERRED = "CREATE TABLE doomed (user_id BIGINT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)"
_TRAPS = {
    "sqlite": [
        _DEFERRED,
        """
        CREATE TRIGGER doom_new AFTER INSERT ON events WHEN NEW.title = 'Doomed'
        BEGIN INSERT INTO doomed VALUES (-1); END
        """,
        """
        CREATE TRIGGER doom_changed AFTER UPDATE ON events WHEN NEW.title = 'Doomed'
        BEGIN INSERT INTO doomed VALUES (-1); END
        """,
    ],
    "postgresql": [
        _DEFERRED,
        """
        CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO doomed VALUES (-1); RETURN NEW; END $$
        """,
        """
        CREATE TRIGGER doom AFTER INSERT OR UPDATE ON events FOR EACH ROW WHEN (NEW.title = 'Doomed')
        EXECUTE FUNCTION doom()
        """,
    ],
}


@pytest.fixture(scope="module")
async def api(own_database: str) -> AsyncIterator[Api]:
    """The application on a database in which every commit of an event with a certain title fails."""
    async with outside(own_database) as connection:
        for statement in _TRAPS[own_database.partition(":")[0]]:
            await connection.rows(statement)
    async with running_api(own_database) as api:
        yield api


@pytest.fixture
async def alice(api: Api) -> Person:
    return await api.person("alice")


def _hour(title: str) -> dict[str, str]:
    return {"title": title, "start_time": "2027-03-01T09:00:00Z", "end_time": "2027-03-01T10:00:00Z"}


async def test_an_event_whose_commit_fails_is_not_acknowledged(alice: Person):
    answer = await alice.post(EVENTS, _hour(DOOMED))
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert (await alice.get(EVENTS)).json() == []


async def test_a_change_whose_commit_fails_is_not_acknowledged(alice: Person):
    event = await alice.creates("Sound")
    answer = await alice.put(f"{EVENTS}/{event['id']}", {"title": DOOMED})
    assert answer.status_code == 500
    after = (await alice.get(f"{EVENTS}/{event['id']}")).json()
    assert (after["title"], after["version"]) == ("Sound", 1)
    assert len((await alice.get(f"{EVENTS}/{event['id']}/history")).json()) == 1


async def test_after_a_commit_that_failed_the_next_one_succeeds(alice: Person):
    assert (await alice.post(EVENTS, _hour(DOOMED))).status_code == 500
    assert (await alice.post(EVENTS, _hour("Sound"))).status_code == 201


class Witness:
    """Speaks ASGI with the application, and looks into the database when the first byte of an answer would leave."""

    def __init__(self, api: Api, database_url: str, question: str) -> None:
        self._api = api
        self._database_url = database_url
        self._question = question
        self.seen: list[Any] = []
        self.status = 0

    async def request(self, method: str, path: str, person: Person, body: Any = None) -> None:
        content = b"" if body is None else orjson.dumps(body)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "server": ("convene.test", 80),
            "client": ("127.0.0.1", 1),
            "headers": [
                (b"authorization", f"Bearer {person.tokens['access_token']}".encode()),
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
            ],
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": content, "more_body": False}

        await self._api.app(scope, receive, self._send)

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            async with outside(self._database_url) as connection:
                self.seen = await connection.rows(self._question)


async def test_a_new_event_is_there_for_others_before_the_answer_begins(api: Api, alice: Person, own_database: str):
    witness = Witness(api, own_database, f"SELECT title FROM events WHERE owner_id = {alice.id}")
    await witness.request("POST", EVENTS, alice, _hour("Visible"))
    assert (witness.status, witness.seen) == (201, [("Visible",)])


async def test_a_change_is_there_for_others_before_the_answer_begins(api: Api, alice: Person, own_database: str):
    event = await alice.creates("Before")
    witness = Witness(api, own_database, f"SELECT title, version FROM events WHERE id = {event['id']}")
    await witness.request("PUT", f"{EVENTS}/{event['id']}", alice, {"title": "After"})
    assert (witness.status, witness.seen) == (200, [("After", 2)])


async def test_a_shelved_edit_is_there_before_its_author_hears_of_the_conflict(
    api: Api, alice: Person, own_database: str
):
    """The one refusal that keeps what it wrote."""
    event = await alice.creates("Before")
    await alice.changes(event, title="After")
    witness = Witness(api, own_database, f"SELECT base_version FROM shelved_edits WHERE event_id = {event['id']}")
    await witness.request("PUT", f"{EVENTS}/{event['id']}", alice, {"title": "Other", "base_version": 1})
    assert (witness.status, witness.seen) == (409, [(1,)])


async def test_a_session_has_ended_before_logging_out_is_acknowledged(api: Api, alice: Person, own_database: str):
    witness = Witness(
        api, own_database, f"SELECT count(*) FROM sessions WHERE user_id = {alice.id} AND revoked_at IS NULL"
    )
    await witness.request("POST", "/api/v1/auth/logout", alice)
    assert (witness.status, witness.seen) == (204, [(0,)])
