"""What the live channels say, in JSON and in MessagePack; what all hear alike is put together once for all."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson
import ormsgpack

from convene.api.cursors import write_place
from convene.delivery.hub import Ended, EventMoved, News, Presence
from convene.operations.notifications import Told, Words, told_json

#: For so many changes at once: what one of them is written as has been said to all within milliseconds.
_REMEMBERED = 64


def news_json(news: News, epoch: str) -> dict[str, Any]:
    """One message, the same on every live channel."""
    match news:
        case EventMoved():
            return {"type": "changed", "event_id": news.event_id}
        case Presence():
            people = [{"user_id": one[0], "username": one[1], "editing": one[2]} for one in news.people]
            return {"type": "presence", "event_id": news.event_id, "people": people}
        case Ended():
            return {"type": "ended", "reason": news.value}
        case _:
            return {"type": "notification", "notification": told_json(news), "cursor": _cursor(news, epoch)}


def written_news(news: News, epoch: str, *, packed: bool) -> bytes:
    """The same, written in JSON or in MessagePack."""
    if isinstance(news, Told) and not packed:
        return _told(news, epoch)
    if isinstance(news, EventMoved):
        return _moved(news.event_id, packed)
    if isinstance(news, Presence):
        return _present(news, packed)
    return written(news_json(news, epoch), packed=packed)


def written(message: dict[str, Any], *, packed: bool) -> bytes:
    """Any message, written in JSON or in MessagePack."""
    return ormsgpack.packb(message) if packed else orjson.dumps(message)


def _cursor(told: Told, epoch: str) -> str:
    return write_place(epoch, (told.row.position, told.row.id))


@lru_cache(_REMEMBERED)
def _moved(event_id: int, packed: bool) -> bytes:
    return written(news_json(EventMoved(event_id), ""), packed=packed)


@lru_cache(_REMEMBERED)
def _present(presence: Presence, packed: bool) -> bytes:
    return written(news_json(presence, ""), packed=packed)


def _told(told: Told, epoch: str) -> bytes:
    return b'{"type":"notification","notification":{"id":%d,%b,"cursor":"%b"}' % (
        told.row.id,
        _rest(told.words),
        _cursor(told, epoch).encode(),
    )


@lru_cache(_REMEMBERED)
def _rest(words: Words) -> bytes:
    """What all hear alike: the end of an object, behind the id, which is each one's own."""
    return orjson.dumps(words.fields)[1:]
