"""Outbox, relay, Redis and a real worker: one message runs the task once."""

import os
import time

import pytest
from celery import shared_task
from celery.contrib.testing.worker import start_worker
from django.db import connections, transaction
from django.utils import timezone

from apps.jobs import operations, tasks
from apps.jobs.models import Outbox
from pharmatrace.celery import app

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
RUNS: list[str] = []


@shared_task(name="tests.note")
@tasks.run_once
def note(*, word: str) -> dict[str, int]:
    """Remember that it ran."""
    RUNS.append(word)
    connections.close_all()
    return {"noted": 1}


@pytest.fixture
def worker():
    if "TEST_BROKER_URL" not in os.environ:
        pytest.skip("NO REDIS: the worker was not run (install redis-server)")
    RUNS.clear()
    app.control.purge()
    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="ERROR"):
        yield
    connections.close_all()


def enqueue(word: str) -> int:
    with transaction.atomic():
        at = timezone.now()
        return operations.enqueue(task="tests.note", kwargs={"word": word}, at=at)


def wait_until_done(row: int) -> Outbox:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = Outbox.objects.get(pk=row)
        if found.done_at:
            return found
        time.sleep(0.05)
    raise AssertionError("the task was not done in two minutes")


def test_what_was_enqueued_runs_once_even_if_the_message_comes_twice(worker):
    row = enqueue("once")
    published = tasks.publish_now()
    Outbox.objects.filter(pk=row).update(published_at=None)
    tasks.publish_now()
    done = wait_until_done(row)
    last = enqueue("last")
    tasks.publish_now()
    wait_until_done(last)

    assert published == 1
    assert done.attempts == 1
    assert RUNS == ["once", "last"]
