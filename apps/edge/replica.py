"""Which database a read may ask: the primary, or a replica that may be a little old.

Nothing asks the replica by itself. A door that may show what is some seconds old says so
(`apps.edge.lagging.may_lag`), and then one place is chosen for the whole request:

1. the replica answers, and was not found broken a moment ago (`_Breaker`);
2. it still follows a primary: one that was promoted is none of ours;
3. it holds everything that the primary held `REPLICA_MAX_LAG_SECONDS` ago (`_Lag`);
4. it holds everything that the asker has written (`apps.edge.positions`).

If one of these does not hold, the primary is asked. Inside a transaction, for locks, for
writes, and for who may speak it is the primary always (`ReplicaRouter`). Decision 37.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, cast

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.edge import positions

logger = logging.getLogger(__name__)

REPLICA: Final = "replica"
# Who may speak, and what is to be done, is never asked of a copy.
_PRIMARY_APPS: Final = frozenset(
    {"partners", "jobs", "sessions", "auth", "contenttypes", "account", "mfa"}
)
_REPLAYED: Final = (
    "SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn WHERE pg_is_in_recovery()"
)
_SAMPLE_SECONDS: Final = 0.25
_PAUSES: Final = (2.0, 5.0, 15.0, 30.0)  # seconds until a broken replica is tried again


@dataclass(frozen=True, slots=True)
class Source:
    """Where a request reads.

    Attributes:
        alias: of the database.
        age_seconds: how old what it reads may be; 0 on the primary.
    """

    alias: str = DEFAULT_DB_ALIAS
    age_seconds: float = 0.0


PRIMARY: Final = Source()
_SOURCE: ContextVar[Source] = ContextVar("read_source", default=PRIMARY)


class ReplicaRouter:
    """Django's questions where to read and write."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """The source of the request; the primary for people, keys and jobs."""
        if model._meta.app_label in _PRIMARY_APPS:
            return DEFAULT_DB_ALIAS
        return read_alias()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """The primary."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        """Rows of both are rows of one ledger."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """A replica gets its tables with everything else."""
        return db == DEFAULT_DB_ALIAS


def is_configured() -> bool:
    """Whether the site has a replica."""
    return REPLICA in settings.DATABASES


def read_alias() -> str:
    """Where a read of the present request goes; the primary inside a transaction."""
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return DEFAULT_DB_ALIAS
    return _SOURCE.get().alias


class _Reading:
    """`django.db.connection` for reads that may be a little old, where a door says so."""

    def __getattr__(self, name: str) -> Any:
        return getattr(connections[read_alias()], name)


read_connection = cast("BaseDatabaseWrapper", _Reading())


def current() -> Source:
    """The source of the present request."""
    return _SOURCE.get()


@contextmanager
def reading_from(source: Source) -> Iterator[None]:
    """Let reads inside go to `source`."""
    token = _SOURCE.set(source)
    try:
        yield
    finally:
        _SOURCE.reset(token)


@dataclass(slots=True)
class _Lag:
    """How old a replica is, by the positions that the primary had.

    No clock but our own monotonic one is asked: a replica that is cut off, or whose
    clock is wrong, grows old here as it should.
    """

    _samples: deque[tuple[float, int]] = field(
        default_factory=lambda: deque(maxlen=2_000)
    )

    def note(self, *, position: int, now: float) -> None:
        """The primary was at `position` not before `now`."""
        self._samples.append((now, position))

    def is_due(self, now: float) -> bool:
        """Whether the primary should be asked again."""
        return not self._samples or now - self._samples[-1][0] >= _SAMPLE_SECONDS

    def age(self, *, replayed: int, now: float) -> float | None:
        """Seconds since the primary had no more than this; None: not known yet."""
        while len(self._samples) > 1 and self._samples[1][1] <= replayed:
            self._samples.popleft()
        if not self._samples or self._samples[0][1] > replayed:
            return None
        return max(0.0, now - self._samples[0][0])

    @property
    def newest(self) -> int:
        """The primary's newest position that we know."""
        return self._samples[-1][1] if self._samples else 0


@dataclass(slots=True)
class _Breaker:
    """Leaves a broken replica alone for a while, longer with each failure."""

    failures: int = 0
    until: float = 0.0
    reason: str = ""

    def is_open(self, now: float) -> bool:
        """Whether the replica is left alone now."""
        return now < self.until

    def trip(self, reason: str, now: float) -> None:
        """It failed."""
        pause = _PAUSES[min(self.failures, len(_PAUSES) - 1)]
        self.failures += 1
        self.until, self.reason = now + pause, reason
        logger.error("The replica is left alone for %s s: %s", pause, reason)

    def close(self) -> None:
        """It answered."""
        if self.failures:
            logger.warning("The replica answers again")
        self.failures, self.until, self.reason = 0, 0.0, ""


_lag = _Lag()
_breaker = _Breaker()


@dataclass(frozen=True, slots=True)
class State:
    """How the replica does, for who looks after it.

    Attributes:
        fault: why it is not asked at all; "" if it answers.
        age_seconds: how old it is; None: not known yet.
        behind_bytes: of WAL that it has not replayed.
    """

    fault: str = ""
    age_seconds: float | None = None
    behind_bytes: int = 0

    @property
    def is_used(self) -> bool:
        """Whether lagging doors read from it."""
        if self.fault or self.age_seconds is None:
            return False
        return self.age_seconds <= settings.REPLICA_MAX_LAG_SECONDS


def look() -> State:
    """Ask primary and replica where they are.

    Raises:
        DatabaseError: the primary does not answer.
    """
    return _look()[0]


def _look() -> tuple[State, int]:
    now = time.monotonic()
    if _breaker.is_open(now):
        return State(fault=_breaker.reason), 0
    # The primary first: a replica that has it all is then not older than this moment.
    if _lag.is_due(now):
        _lag.note(position=positions.written(), now=now)
    replayed = _ask_replica()
    if replayed is None:
        return State(fault=_breaker.reason), 0
    age = _lag.age(replayed=replayed, now=time.monotonic())
    return State(age_seconds=age, behind_bytes=max(0, _lag.newest - replayed)), replayed


def _ask_replica() -> int | None:
    """Up to where it has replayed; None, and left alone, if it is no replica now."""
    connection = connections[REPLICA]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_REPLAYED)
            row = cursor.fetchone()
    except DatabaseError as error:
        leave_alone(f"no answer ({type(error).__name__})")
        return None
    if row is None:
        leave_alone("it was promoted, or is a primary")
        return None
    _breaker.close()
    connection.errors_occurred = False
    return int(row[0])


def choose(*, who: str) -> Source:
    """Where a request of `who` (see `positions.who_of`) may read; "" has written nothing."""
    state, replayed = _look()
    if not state.is_used or state.age_seconds is None:
        return PRIMARY
    if not positions.has_own_writes(who=who, replayed=replayed):
        return PRIMARY
    return Source(REPLICA, state.age_seconds)


def has_failed() -> bool:
    """Whether the replica refused or lost a question since it was chosen."""
    return bool(connections[REPLICA].errors_occurred)


def leave_alone(reason: str) -> None:
    """Ask the primary for a while; the connection is closed."""
    _breaker.trip(reason, time.monotonic())
    try:
        connections[REPLICA].close()
    except DatabaseError:
        connections[REPLICA].connection = None
