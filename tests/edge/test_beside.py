"""The database's work and our own at once, in one transaction."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection, connections, transaction

from apps.edge.beside import MANY, beside
from apps.jobs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def write() -> None:
    Job.objects.create(kind=threading.current_thread().name, created_at=AT)


def fail() -> None:
    write()
    raise OperationalError("server closed the connection")


@pytest.fixture(params=[MANY - 1, MANY])
def rows(request) -> int:
    return request.param


def test_both_are_done_in_the_callers_transaction(rows):
    derived = []

    with transaction.atomic(durable=True):
        beside(
            write=write,
            derive=lambda: derived.append(threading.current_thread().name),
            rows=rows,
        )
        mine = Job.objects.get()
        transaction.set_rollback(True)

    is_beside = rows == MANY and connection.vendor == "postgresql"
    assert derived == ["MainThread"]
    assert (mine.kind != "MainThread") == is_beside
    assert Job.objects.count() == 0


def test_a_write_that_fails_undoes_the_transaction(rows):
    with (
        pytest.raises(OperationalError, match="closed"),
        transaction.atomic(durable=True),
    ):
        beside(write=fail, derive=list, rows=rows)

    assert Job.objects.count() == 0


def test_what_cannot_be_derived_undoes_what_was_written(rows):
    def derive() -> None:
        raise RuntimeError("our bug")

    with pytest.raises(RuntimeError, match="our bug"), transaction.atomic():
        beside(write=write, derive=derive, rows=rows)

    assert Job.objects.count() == 0
    assert not connections["default"].allow_thread_sharing
