"""Redis or Valkey: what carries the bus between processes, and where they add up what each has counted.

Imported only where REDIS_URL is set (`app`): the client weighs 12 MiB and takes a fifth of a second to import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from redis.asyncio import Redis
from redis.exceptions import RedisError

from convene.storage.wires import CHANNEL, Hear

_ALIVE_EVERY = 5.0


class RedisWire:
    """Publish/subscribe of Redis or Valkey, on a channel of each database: several may share one server."""

    def __init__(self, url: str, epoch: str) -> None:
        self._channel = f"{CHANNEL}:{epoch}"
        self._client = Redis.from_url(url, socket_connect_timeout=2, health_check_interval=5)

    async def listen(self, hear: Hear, connected: Callable[[], None]) -> None:
        """Hear what is published until the connection is lost."""
        try:
            async with self._client.pubsub(ignore_subscribe_messages=True) as subscription:
                await subscription.subscribe(self._channel)
                connected()
                while True:
                    message = await subscription.get_message(timeout=_ALIVE_EVERY)
                    if message is not None:
                        hear(message["data"])
        finally:
            await self._client.aclose()  # sending opens connections anew

    async def send(self, messages: list[bytes]) -> None:
        """Publish to all subscribers."""
        async with self._client.pipeline(transaction=False) as pipeline:
            for message in messages:
                pipeline.publish(self._channel, message)
            await pipeline.execute()


class RedisSums:
    """Numbers that several processes add to, each for some seconds."""

    def __init__(self, url: str, *, patience: float) -> None:
        self._client = Redis.from_url(url, socket_connect_timeout=patience, socket_timeout=patience)

    async def add(self, deltas: Mapping[str, int], seconds: int) -> list[int]:
        """Add to some numbers; gives the sums, in the same order.

        Raises:
            OSError: nobody answers, or not as Redis does.
        """
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for name, delta in deltas.items():
                    pipeline.incrby(name, delta)
                    pipeline.expire(name, seconds)
                return list((await pipeline.execute())[::2])
        except RedisError as error:
            raise OSError(repr(error)) from error

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()
