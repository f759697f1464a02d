"""Django's cache on Redis, for counters that every request of a machine adds to."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from django.core.cache.backends import redis
from redis import Redis
from redis.typing import KeyT
from typing_extensions import override

_COUNT: Final = (
    "if redis.call('EXISTS', KEYS[1]) == 1"
    " then return redis.call('INCRBY', KEYS[1], ARGV[1]) end"
)


class RedisCacheClient(redis.RedisCacheClient):
    """Django's, which asks Redis twice to count and makes a client for each question."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **options)
        self._client = cache(Redis)  # one for each pool of connections

    @override
    def incr(self, key: KeyT, delta: int) -> int:
        """Add to what is there, in one trip.

        Raises:
            ValueError: nothing is there.
        """
        count = self.get_client(key, write=True).eval(_COUNT, 1, key, delta)
        if count is None:
            raise ValueError(f"Key {key!r} not found.")
        return int(count)


class RedisCache(redis.RedisCache):
    """The backend that settings name."""

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = RedisCacheClient
