"""What carries the bus between processes, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from convene.delivery.bus import MESSAGE_MAX, Bus
from convene.storage.wires import RING, PostgresWire
from tests.databases import fresh_database


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database("postgresql", migrated=False) as url:
        yield url


async def test_the_longest_message_and_the_bell_behind_it_reach_the_other_process(url: str):
    here, there = Bus(), Bus()
    ready, heard = asyncio.Queue[bytes](), asyncio.Queue[bytes]()
    here.hear(ready.put_nowait)
    there.hear(heard.put_nowait)
    async with here.running(PostgresWire(url)), there.running(PostgresWire(url)), asyncio.timeout(20):
        assert [await ready.get(), await heard.get()] == [RING, RING]  # each when it is connected
        here.send(b"x" * MESSAGE_MAX)
        here.ring()
        assert [await heard.get(), await heard.get()] == [b"x" * MESSAGE_MAX, RING]
