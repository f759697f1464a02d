"""The databases of the site as Django's settings: primary, replica, pools before them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

_POOL_MODES = ("", "session", "transaction")
_SQLITE = {  # NORMAL would lose acknowledged rows at power loss
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,  # seconds
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    " PRAGMA cache_size=-65536;",
}


def configure(
    *, primary: dict[str, Any], replica: dict[str, Any] | None, pool_mode: str
) -> dict[str, dict[str, Any]]:
    """Django's DATABASES with our options beside those of the addresses.

    Args:
        replica: a streaming replica of `primary`; None: there is none.
        pool_mode: of a PgBouncer in front; "" for none.

    Raises:
        ImproperlyConfigured: an unknown mode, or a replica that is not PostgreSQL's.
    """
    if pool_mode not in _POOL_MODES:
        raise ImproperlyConfigured(
            f"DATABASE_POOL_MODE: got {pool_mode!r}, wanted session or transaction"
        )
    if replica is None:
        return {"default": _primary(primary, pool_mode)}
    if not all(_is_postgresql(one) for one in (primary, replica)):
        raise ImproperlyConfigured(
            "DATABASE_REPLICA_URL: wanted two PostgreSQL, got"
            f" {primary['ENGINE']} and {replica['ENGINE']}"
        )
    return {
        "default": _primary(primary, pool_mode),
        "replica": _replica(replica, pool_mode),
    }


def _is_postgresql(database: dict[str, Any]) -> bool:
    return str(database["ENGINE"]).endswith(".postgresql")


def _primary(database: dict[str, Any], pool_mode: str) -> dict[str, Any]:
    given = database.get("OPTIONS", {})
    if not _is_postgresql(database):
        return {**database, "OPTIONS": given | _SQLITE}
    options = {"connect_timeout": 5, **given, **_binding(pool_mode)}  # seconds
    return {
        **database,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # A cursor that outlives its transaction would stay on another's connection.
        "DISABLE_SERVER_SIDE_CURSORS": pool_mode == "transaction",
        "OPTIONS": options,
    }


def _binding(pool_mode: str) -> dict[str, Any]:
    # A pool by transactions gives the next one to another server process, which does
    # not know what was prepared (PgBouncer learned it in 1.21).
    threshold = None if pool_mode == "transaction" else 3
    return {"server_side_binding": True, "prepare_threshold": threshold}


def _replica(database: dict[str, Any], pool_mode: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "connect_timeout": 2,  # seconds; a lost replica is to cost little
        "tcp_user_timeout": 3_000,  # milliseconds
        **database.get("OPTIONS", {}),
        **_binding(pool_mode),
    }
    if pool_mode != "transaction":  # PgBouncer refuses this at the start
        # Refuses writes after a promotion too, when the server itself takes them.
        options.setdefault("options", "-c default_transaction_read_only=on")
    return {
        **database,
        "CONN_MAX_AGE": None,  # each request asks where it is: that is the health check
        "DISABLE_SERVER_SIDE_CURSORS": pool_mode == "transaction",
        "OPTIONS": options,
        "TEST": {"MIRROR": "default"},
    }
