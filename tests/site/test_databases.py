"""Primary, replica and pool as Django's settings."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from pharmatrace.databases import configure

POSTGRESQL = {"ENGINE": "django.db.backends.postgresql", "NAME": "trace"}
SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3"}


def test_a_pool_by_transactions_prepares_nothing_and_keeps_no_cursor():
    plain = configure(primary=dict(POSTGRESQL), replica=None, pool_mode="")["default"]
    pooled = configure(
        primary=dict(POSTGRESQL), replica=dict(POSTGRESQL), pool_mode="transaction"
    )

    assert plain["OPTIONS"]["prepare_threshold"] == 3
    assert not plain["DISABLE_SERVER_SIDE_CURSORS"]
    for one in pooled.values():
        assert one["OPTIONS"]["prepare_threshold"] is None
        assert one["OPTIONS"]["server_side_binding"]
        assert one["DISABLE_SERVER_SIDE_CURSORS"]
    assert "options" not in pooled["replica"]["OPTIONS"]


def test_a_replica_refuses_writes_whatever_becomes_of_it():
    found = configure(
        primary=dict(POSTGRESQL), replica=dict(POSTGRESQL), pool_mode="session"
    )["replica"]

    assert found["OPTIONS"]["options"] == "-c default_transaction_read_only=on"
    assert found["TEST"] == {"MIRROR": "default"}


@pytest.mark.parametrize(
    ("primary", "other", "mode", "want"),
    [
        (POSTGRESQL, None, "statement", "DATABASE_POOL_MODE: got 'statement', wanted"),
        (SQLITE, POSTGRESQL, "", "DATABASE_REPLICA_URL: wanted two PostgreSQL, got"),
        (POSTGRESQL, SQLITE, "", "DATABASE_REPLICA_URL: wanted two PostgreSQL, got"),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(primary, other, mode, want):
    with pytest.raises(ImproperlyConfigured, match=want):
        configure(primary=dict(primary), replica=other and dict(other), pool_mode=mode)
