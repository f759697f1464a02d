"""Counting in a real Redis: as Django's own backend counts, in one trip."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from uuid import uuid4

import pytest
from django.core.cache.backends.redis import RedisCache as Plain

from apps.edge.redis_cache import RedisCache


@pytest.fixture
def cache() -> Iterator[RedisCache]:
    if "REDIS_URL" not in os.environ:
        pytest.skip("no Redis on this machine and no wheel")
    cache = RedisCache(os.environ["REDIS_URL"], {"KEY_PREFIX": uuid4().hex})
    yield cache
    cache.delete("calls")
    cache._cache.get_client().connection_pool.disconnect()


def test_nothing_is_counted_where_nothing_is(cache):
    with pytest.raises(ValueError, match="calls"):
        cache.incr("calls")

    assert not cache.has_key("calls")


def test_what_is_counted_still_ends_when_it_should(cache):
    cache.add("calls", 1, 120)

    assert [cache.incr("calls"), cache.incr("calls", 5)] == [2, 7]
    assert cache.get("calls") == 7
    assert 0 < cache._cache.get_client().ttl(cache.make_key("calls")) <= 120


def test_djangos_own_backend_reads_the_same_count(cache):
    plain = Plain(os.environ["REDIS_URL"], {"KEY_PREFIX": cache.key_prefix})
    plain.add("calls", 1, 120)
    cache.incr("calls")

    assert plain.incr("calls") == 3
    assert cache.incr("calls") == 4


def test_no_call_is_lost_among_many_at_once(cache):
    cache.add("calls", 0, 120)
    with ThreadPoolExecutor(8) as many:
        counts = list(many.map(lambda _: cache.incr("calls"), range(400)))

    assert sorted(counts) == list(range(1, 401))


def test_a_count_is_one_question_by_one_client(cache):
    cache.add("calls", 1, 120)
    client, over = cache._cache.get_client(), uuid4().hex
    with client.monitor() as seen:
        cache.incr("calls")
        client.echo(over)
        heard = list(takewhile(lambda each: over not in each["command"], seen.listen()))

    ours = [each for each in heard if cache.key_prefix in each["command"]]
    assert len([each for each in ours if each["client_type"] != "lua"]) == 1
    assert cache._cache.get_client("calls", write=True) is client
