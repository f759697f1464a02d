"""Where in the primary's WAL each asker's own writes end.

The position is kept in the shared cache for as long as a replica may lag. A cache that
was emptied must not make anybody miss his own writes: `_BORN` holds where the primary was
when the cache was first asked, and every reader waits for that too.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connections
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# What was flushed, not what was inserted: the end of a record, never of a page's head,
# so that a replica can come up to it on an idle primary too. A commit is flushed before
# it is confirmed (edge.E001 refuses a database where it is not).
_WRITTEN: Final = "SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn"
_BORN: Final = "position:born"
_SPARE_SECONDS: Final = 60


def written() -> int:
    """Up to where the primary's WAL is on its disk."""
    with connections["default"].cursor() as cursor:
        cursor.execute(_WRITTEN)
        row = cursor.fetchone()
    return int(row[0])


def who_of(request: Any) -> str:
    """Who asks, without a secret: a token's or a session's digest; "" for neither."""
    key: str = request.headers.get("Authorization", "")
    session = getattr(request, "session", None)
    if not key and session is not None:
        key = session.session_key or ""
    return hashlib.sha256(key.encode()).hexdigest()[:32] if key else ""


def remember(*, who: str) -> None:
    """Note that `who` has written up to here; call it after the commit."""
    if not who:
        return
    seconds = settings.REPLICA_MAX_LAG_SECONDS + _SPARE_SECONDS
    try:
        cache.set(_key(who), written(), seconds)
    except (RedisError, OSError, DatabaseError) as error:
        # The answer stands: what it says is committed.
        logger.warning("An own write is not remembered: %s", error)


def has_own_writes(*, who: str, replayed: int) -> bool:
    """Whether a replica that is at `replayed` shows what `who` has written."""
    try:
        found = cache.get_many([_BORN, _key(who)])
        if _BORN not in found:
            cache.add(_BORN, written(), None)
            return False
    except (RedisError, OSError):
        return False
    return bool(replayed >= max(found.values()))


def _key(who: str) -> str:
    return f"position:{who}"
