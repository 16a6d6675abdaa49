"""The doorbell: tells sockets of any process that something is new. It never fails, never waits, may lose everything.

Measured (shared notes of the project, 2026): after a restart of Redis the core layer delivered nothing more, the
pubsub layer went on; so this builds on pubsub, and takes away its two ways to hurt a caller: raising when Redis is
gone, and waiting when it hangs.
"""

import asyncio
import logging
from collections.abc import Iterable
from functools import cache
from typing import Any

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, _wrap_close
from django.conf import settings

from exchange.lib.breaker import Breaker

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.5
TRY_AGAIN_SECONDS = 1.0
_breaker = Breaker(failures=1, rest_seconds=3.0, name="doorbell")


class DoorbellLoopLayer(RedisPubSubLoopLayer):
    """One event loop's bells. Channels are queues of this process; only groups are subscribed in Redis."""

    async def _subscribe_to_channel(self, channel: str) -> None:
        self.channels[channel] = asyncio.Queue()

    async def group_add(self, group: str, channel: str) -> None:
        """Hear a group from now on, or from when Redis is back."""
        name = self._get_group_channel_name(group)
        self.groups.setdefault(name, set()).add(channel)
        if not await self._is_subscribed(name):
            asyncio.get_running_loop().create_task(self._subscribe_later(name))

    async def group_discard(self, group: str, channel: str) -> None:
        """Hear a group no more."""
        try:
            await asyncio.wait_for(super().group_discard(group, channel), WAIT_SECONDS)
        except (redis.RedisError, OSError, TimeoutError):
            log.info("Redis could not be told that a socket is gone")

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Ring a group, or let it be."""
        try:
            await asyncio.wait_for(super().group_send(group, message), WAIT_SECONDS)
        except (redis.RedisError, OSError, TimeoutError):
            log.warning("The doorbell could not be rung; sockets read the rows by themselves")

    async def _is_subscribed(self, name: str) -> bool:
        try:
            await asyncio.wait_for(self._get_shard(name).subscribe(name), WAIT_SECONDS)
        except (redis.RedisError, OSError, TimeoutError):
            return False
        return True

    async def _subscribe_later(self, name: str) -> None:
        while name in self.groups:
            await asyncio.sleep(TRY_AGAIN_SECONDS)
            if await self._is_subscribed(name):
                return


class DoorbellLayer(RedisPubSubChannelLayer):
    """The pubsub layer with loops of our own kind."""

    def _get_layer(self) -> DoorbellLoopLayer:
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = DoorbellLoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        layer: DoorbellLoopLayer = self._layers[loop]
        return layer


def ring(groups: Iterable[str], event: dict[str, Any]) -> None:
    """Ring from plain (not async) code: one round trip to Redis, none for three seconds after it failed."""
    layer = get_channel_layer()
    names = list(groups)
    if not isinstance(layer, DoorbellLayer):
        for name in names:
            async_to_sync(layer.group_send)(name, event)
        return
    if not _breaker.may_try():
        return
    try:
        pipe = _client().pipeline(transaction=False)
        for name in names:
            pipe.publish(f"{layer._kwargs.get('prefix', 'asgi')}__group__{name}", layer.serialize(event))
        pipe.execute()
    except (redis.RedisError, OSError):
        _breaker.failed()
        log.warning("The doorbell could not be rung; sockets read the rows by themselves")
    else:
        _breaker.worked()


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS)
