"""Several clients at once, each in a process of its own with a connection of its own."""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import connection

from tests.bench.counters import Said
from tests.bench.fresh import set_up

# The hash-linked append that a database does by itself: one call, one commit.
FLOOR = """
CREATE TABLE bench_chain (batch int PRIMARY KEY, head bytea NOT NULL, size bigint);
CREATE TABLE bench_link (
  id bigserial PRIMARY KEY, batch int, seq bigint, said bytea, hash bytea,
  UNIQUE (batch, seq));
INSERT INTO bench_chain SELECT n, '\\x00', 0 FROM generate_series(0, 63) n;
CREATE FUNCTION bench_append(which int, what bytea) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  last bench_chain%ROWTYPE;
  link bytea;
BEGIN
  SELECT * INTO last FROM bench_chain WHERE batch = which FOR UPDATE;
  link := sha256(last.head || what);
  INSERT INTO bench_link (batch, seq, said, hash)
    VALUES (which, last.size, what, link);
  UPDATE bench_chain SET head = link, size = size + 1 WHERE batch = which;
  RETURN last.size;
END $$;
"""
UNDO = """
DROP FUNCTION bench_append(int, bytea);
DROP TABLE bench_link;
DROP TABLE bench_chain;
"""
_LEAD_SECONDS = 0.3  # all begin at the same moment
_PAYLOAD = hashlib.sha256(b"bench").digest() * 28  # as many bytes as an envelope has


class Crowd:
    """So many clients; each does its own list of things, all from the same moment."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool = ProcessPoolExecutor(
            size,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=set_up,
        )

    def __enter__(self) -> Self:
        for each in [self._pool.submit(_ready) for _ in range(self.size)]:
            each.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()

    def send(self, parts: Sequence[Sequence[Said]]) -> float:
        """Statements a second that the door took; one list of them a client."""
        return self._run(_send, list(parts), sum(map(len, parts)))

    def bulk(self, envelopes: Sequence[bytes]) -> float:
        """Statements a second of one file of them, in one request of one client."""
        return self._run(_bulk, [list(envelopes)], len(envelopes))

    def append(self, batches: Sequence[int], count: int) -> float:
        """Calls a second of the floor; a batch a client, so many calls each."""
        tasks = [(batch, count) for batch in batches]
        return self._run(_append, tasks, count * len(tasks))

    def _run(self, body, tasks: list, count: int) -> float:
        at = time.monotonic() + _LEAD_SECONDS
        spans = [self._pool.submit(_span, at, body, task) for task in tasks]
        ends = [each.result() for each in spans]
        return count / (max(end for _, end in ends) - min(begin for begin, _ in ends))


def _ready() -> None:
    """Keep one process until every other has begun as well."""
    connection.ensure_connection()
    time.sleep(1)


def _span(at: float, body, task) -> tuple[float, float]:
    time.sleep(max(0.0, at - time.monotonic()))
    begin = time.monotonic()
    body(task)
    return begin, time.monotonic()


def _send(said: Sequence[Said]) -> None:
    from apps.exchange import operations as exchange

    for envelope, lines in said:
        exchange.submit(
            envelope=envelope,
            lines=lines,
            at=datetime.now(UTC),
            origin=settings.LEDGER_ORIGIN,
        )


def _bulk(envelopes: Sequence[bytes]) -> None:
    from apps.exchange import operations as exchange
    from apps.exchange.formats import read_submission

    at = datetime.now(UTC)
    submissions = [
        read_submission(envelope=each, lines=None, at=at, origin=settings.LEDGER_ORIGIN)
        for each in envelopes
    ]
    exchange.submit_all(submissions=submissions, at=at)


def _append(task: tuple[int, int]) -> None:
    batch, count = task
    connection.ensure_connection()
    raw = connection.connection
    for _ in range(count):
        raw.execute("SELECT bench_append(%s, %s)", [batch, _PAYLOAD], prepare=True)
