"""Several writers and several sequencers at once, on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import connection, transaction

from apps.anchoring import operations
from apps.core.errors import LedgerConflict
from apps.ledger import queries as ledger
from apps.ledger.models import Pending, Statement
from tests.anchoring.outsider import verify_public
from tests.ledger.sayings import AT, say, saying
from tests.ledger.sayings import append as append_alone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

WRITERS, SEQUENCERS, EACH = 3, 2, 25


def in_thread(task):
    try:
        return task()
    finally:
        connection.close()


def test_no_statement_is_lost_or_logged_twice(log):
    start, done = Barrier(WRITERS + SEQUENCERS), Event()

    def write() -> list[str]:
        start.wait()
        return [say("lot A", f"lot {n}").statement_id for n in range(EACH)]

    def integrate() -> int:
        start.wait()
        runs = 0
        while not done.is_set():
            try:
                # Without the lock store's guard: the database alone must hold.
                runs += operations.integrate_pending(at=AT, limit_leaves=20) is not None
            except LedgerConflict:
                continue
        return runs

    with ThreadPoolExecutor(WRITERS + SEQUENCERS) as pool:
        writing = [pool.submit(in_thread, write) for _ in range(WRITERS)]
        running = [pool.submit(in_thread, integrate) for _ in range(SEQUENCERS)]
        said = [identity for each in writing for identity in each.result(60)]
        done.set()
        assert sum(each.result(60) for each in running) > 1
    while operations.sequence(at=AT) is not None:
        continue

    rows = list(ledger.list_leaves(start=0, stop=10_000))
    assert [row.index for row in rows] == list(range(len(rows)))
    logged = [(row.statement_id, row.position) for row in rows if row.statement_id]
    assert sorted(logged) == sorted((each, n) for each in said for n in (0, 1))
    assert Pending.objects.count() == 0
    assert verify_public(log) == len(rows)


def test_numbers_of_one_writer_keep_their_order_in_the_log(log):
    ids = [say("lot A").statement_id for _ in range(10)]

    operations.sequence(at=AT)

    rows = ledger.list_leaves(start=0, stop=10)
    assert [row.statement_id for row in rows] == ids


def test_two_who_say_the_same_at_once_are_told_apart():
    submission = saying("lot A")
    start = Barrier(2)

    def append() -> str:
        start.wait()
        try:
            return append_alone(submission).statement_id
        except LedgerConflict as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(in_thread, append) for _ in range(2)]
        said = sorted(answer.result(30) for answer in answers)

    assert said[1] == "statement_known"
    assert Statement.objects.get().id == said[0]


def test_a_sequencer_that_finds_another_one_leaves(log):
    say("lot A")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [0x70747371])
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(
                in_thread,
                lambda: operations.integrate_pending(at=AT, limit_leaves=9),
            )
            assert other.result(30) is None

    assert operations.integrate_pending(at=AT, limit_leaves=9) is not None
