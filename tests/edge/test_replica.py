"""When a read may go to a replica: age, own writes, a breaker, and which doors."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, OperationalError, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from redis.exceptions import ConnectionError as RedisGone

from apps.custody.models import Holding
from apps.edge import health, positions, replica
from apps.edge.health import Line
from apps.edge.replica import PRIMARY, ReplicaRouter, Source, _Breaker, _Lag
from apps.partners.models import ApiToken

# Every door that may show what is some seconds old. None of them judges: verdicts,
# drafts, receipts of goods and everything that is signed ask the primary.
LAGGING = {
    "api_products", "api_shipments", "api_stock", "api_recall",
    "api_recall_affected", "api_recall_query", "api_recalls", "api_trace", "batch",
    "ledger", "ledger_entry", "ledger_entry_proof", "product", "products", "recall",
    "recalls", "shipments", "statement", "statement_events", "ledger_statement",
    "statement_proof", "stock", "unit_query",
}  # fmt: skip


def lag_of(*samples: tuple[float, int]) -> _Lag:
    lag = _Lag()
    for now, position in samples:
        lag.note(position=position, now=now)
    return lag


@pytest.mark.parametrize(
    ("replayed", "want"),
    [
        (9, None),  # older than all we know
        (10, 10.0),
        (19, 10.0),
        (20, 9.0),
        (30, 4.0),
        (99, 4.0),  # we have not heard of that yet
    ],
)
def test_a_replica_is_as_old_as_the_newest_position_that_it_has(replayed, want):
    lag = lag_of((0.0, 10), (1.0, 20), (6.0, 30))

    assert lag.age(replayed=replayed, now=10.0) == want


def test_on_an_idle_primary_a_replica_does_not_grow_old():
    lag = lag_of((0.0, 10), (60.0, 10), (120.0, 10))

    assert lag.age(replayed=10, now=120.5) == 0.5


def test_a_replica_that_is_cut_off_grows_old():
    lag = lag_of(*((float(second), 10 + second) for second in range(60)))

    assert [lag.age(replayed=20, now=float(now)) for now in (11, 30, 59)] == [1, 20, 49]


def test_of_an_unknown_past_nothing_is_claimed():
    assert _Lag().age(replayed=10, now=1.0) is None
    assert _Lag().is_due(0.0)


def test_a_breaker_waits_longer_each_time_and_forgets_when_it_is_well():
    breaker, pauses = _Breaker(), []

    for _ in range(6):
        breaker.trip("gone", now=100.0)
        pauses.append(breaker.until - 100.0)
        assert breaker.is_open(100.5)
    breaker.close()

    assert pauses == [2, 5, 15, 30, 30, 30]
    assert not breaker.is_open(100.5)


def test_reads_of_a_lagging_door_go_to_the_replica_and_writes_never(db):
    router, lagging = ReplicaRouter(), Source(replica.REPLICA, 0.5)

    assert router.db_for_read(Holding) == DEFAULT_DB_ALIAS
    with replica.reading_from(lagging), transaction.atomic():
        assert router.db_for_read(Holding) == DEFAULT_DB_ALIAS
        assert replica.read_alias() == DEFAULT_DB_ALIAS
    assert not router.allow_migrate(replica.REPLICA, "custody")


def test_who_may_speak_is_never_asked_of_a_copy(monkeypatch):
    monkeypatch.setattr(replica, "read_alias", lambda: replica.REPLICA)
    router = ReplicaRouter()

    assert router.db_for_read(Holding) == replica.REPLICA
    assert router.db_for_read(ApiToken) == DEFAULT_DB_ALIAS
    assert router.db_for_write(Holding) == DEFAULT_DB_ALIAS


@pytest.fixture
def written(monkeypatch, settings) -> Iterator[list[int]]:
    """The primary's position, as the test says."""
    settings.REPLICA_MAX_LAG_SECONDS = 5
    at = [100]
    monkeypatch.setattr(positions, "written", lambda: at[0])
    yield at
    cache.clear()


def test_an_own_write_is_waited_for_and_that_of_others_is_not(written):
    positions.has_own_writes(who="", replayed=100)
    written[0] = 120

    positions.remember(who="stella")

    assert not positions.has_own_writes(who="stella", replayed=119)
    assert positions.has_own_writes(who="stella", replayed=120)
    assert positions.has_own_writes(who="linde", replayed=100)


def test_a_cache_that_was_emptied_makes_nobody_miss_a_write(written):
    positions.has_own_writes(who="", replayed=100)
    written[0] = 120
    positions.remember(who="stella")
    cache.clear()
    written[0] = 130

    assert not positions.has_own_writes(who="stella", replayed=500)
    assert not positions.has_own_writes(who="stella", replayed=129)
    assert positions.has_own_writes(who="stella", replayed=130)


def test_without_the_cache_the_primary_is_asked(written, monkeypatch):
    def gone(*_: Any) -> None:
        raise RedisGone("no route")

    def lost() -> int:
        raise OperationalError("no primary")

    monkeypatch.setattr(positions.cache, "get_many", gone, raising=False)
    monkeypatch.setattr(positions.cache, "set", gone, raising=False)

    assert not positions.has_own_writes(who="stella", replayed=500)
    positions.remember(who="stella")  # an answer that was given is not taken back
    monkeypatch.setattr(positions, "written", lost)
    positions.remember(who="stella")


def test_only_these_doors_may_lag():
    assert set(_lagging(get_resolver())) == LAGGING


def _lagging(resolver: URLResolver) -> Iterator[str]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from _lagging(each)
        elif _may_lag(each):
            yield str(each.name)


def _may_lag(pattern: URLPattern) -> bool:
    view: Any = pattern.callback
    method = getattr(getattr(view, "cls", None), "get", None)
    while view is not None:
        if getattr(view, "may_lag", False) or getattr(method, "may_lag", False):
            return True
        view = getattr(view, "__wrapped__", None)
    return False


@pytest.mark.parametrize(
    ("state", "status", "detail"),
    [
        (replica.State(age_seconds=0.31), "pass", "0.3 s old, 0 bytes behind"),
        (
            replica.State(age_seconds=7.0, behind_bytes=64),
            "warn",
            "lags, the primary is read: more than 7 s old, 64 bytes behind",
        ),
        (
            replica.State(behind_bytes=64),
            "warn",
            "lags, the primary is read: 64 bytes behind",
        ),
        (
            replica.State(fault="no answer"),
            "warn",
            "gone, the primary is read: no answer",
        ),
    ],
)
def test_health_tells_of_the_replica_and_stays_well(
    db, monkeypatch, state, status, detail
):
    monkeypatch.setattr(replica, "look", lambda: state)
    monkeypatch.setattr(health, "_CHECKS", {"replica": health._replica})

    response = Client().get("/health")

    assert response.status_code == 200
    assert response.json()["status"] == status
    assert response.json()["checks"]["replica"] == {"status": status, "detail": detail}


def test_a_concern_beside_a_failure_is_a_failure(db, monkeypatch):
    lines = {"a": Line(is_well=True, detail="", is_concern=True)}
    lines["b"] = Line(is_well=False, detail="")
    checks = {name: lambda _at, line=line: line for name, line in lines.items()}
    monkeypatch.setattr(health, "_CHECKS", checks)

    assert Client().get("/health").status_code == 503


def test_without_a_replica_a_door_reads_the_primary_and_says_nothing(db):
    assert not replica.is_configured()
    assert replica.current() is PRIMARY
    assert "X-Read-Source" not in Client().get("/ledger").headers
