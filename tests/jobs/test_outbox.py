"""The outbox: nothing is refused while the broker is down, nothing is lost after it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from apps.jobs import operations, queries, tasks
from apps.jobs.models import Outbox

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=120)


class Broker:
    """What the relay sees: it takes messages, or is down from the n-th on."""

    def __init__(self, *, down_from: int = 1_000) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.down_from = down_from

    def publish(self, task: str, kwargs: dict[str, Any]) -> None:
        if len(self.sent) >= self.down_from:
            raise BrokerError("no route to the broker")
        self.sent.append((task, kwargs))


def enqueue(n: int = 1, *, at: datetime = AT) -> int:
    with transaction.atomic():
        return operations.enqueue(task="tests.count", kwargs={"n": n}, at=at)


def relay(broker: Broker, *, at: datetime = AT) -> int:
    return operations.publish_waiting(publish=broker.publish, at=at)


def test_a_task_cannot_be_enqueued_outside_a_transaction():
    with pytest.raises(RuntimeError, match="transaction"):
        operations.enqueue(task="tests.count", kwargs={}, at=AT)

    assert Outbox.objects.count() == 0


def test_a_rolled_back_transaction_leaves_no_task():
    with transaction.atomic():
        operations.enqueue(task="tests.count", kwargs={}, at=AT)
        transaction.set_rollback(True)

    assert relay(Broker()) == 0


def test_rows_go_out_once_oldest_first_and_carry_their_id():
    first, second = enqueue(1), enqueue(2)
    broker = Broker()

    assert relay(broker) == 2
    assert relay(broker) == 0

    assert broker.sent == [
        ("tests.count", {"n": 1, "outbox_id": first}),
        ("tests.count", {"n": 2, "outbox_id": second}),
    ]


def test_a_row_for_later_waits_until_then():
    enqueue(at=AT + timedelta(hours=1))

    assert relay(Broker(), at=AT) == 0
    assert relay(Broker(), at=AT + timedelta(hours=1)) == 1


def test_with_the_broker_down_halfway_the_rest_stays():
    enqueue(1), enqueue(2), enqueue(3)
    broker = Broker(down_from=1)

    with pytest.raises(BrokerError):
        relay(broker)
    broker.down_from = 1_000

    assert relay(broker) == 2
    assert [kwargs["n"] for _, kwargs in broker.sent] == [1, 2, 3]


def test_a_dead_broker_address_raises_nothing_in_the_relay(monkeypatch):
    enqueue()
    dead = {"broker_url": "redis://127.0.0.1:1/0"}
    with monkeypatch.context() as patch:
        patch.setattr(tasks, "current_app", _app(**dead))
        assert tasks.publish_now() == 0

    assert queries.backlog(at=AT).waiting == 1
    assert Outbox.objects.get().published_at is None


def _app(**conf: Any) -> Any:
    app = type(current_app._get_current_object())("dead", set_as_current=False)
    app.conf.update(**conf, broker_connection_timeout=1)
    return app


def test_a_lost_message_is_sent_again_after_a_minute():
    enqueue()
    broker = Broker()
    relay(broker)

    early = operations.redrive_lost(at=AT + timedelta(seconds=59))
    late = operations.redrive_lost(at=AT + timedelta(seconds=60))
    relay(broker, at=AT + timedelta(seconds=60))

    assert early == {"redriven": 0, "parked": 0}
    assert late == {"redriven": 1, "parked": 0}
    assert len(broker.sent) == 2


def test_a_running_task_is_not_redriven_until_its_lease_ends():
    row = enqueue()
    relay(Broker())
    operations.start(outbox_id=row, lease=LEASE, at=AT + timedelta(seconds=1))

    during = operations.redrive_lost(at=AT + timedelta(seconds=100))
    after = operations.redrive_lost(at=AT + timedelta(seconds=121))

    assert (during["redriven"], after["redriven"]) == (0, 1)


def test_a_message_delivered_twice_runs_once_at_a_time_and_never_after_success():
    row = enqueue()

    fence = operations.start(outbox_id=row, lease=LEASE, at=AT)
    again = operations.start(outbox_id=row, lease=LEASE, at=AT)
    done = operations.complete(outbox_id=row, fence=1, at=AT)
    later = operations.start(outbox_id=row, lease=LEASE, at=AT + timedelta(days=1))

    assert (fence, again, done, later) == (1, None, True, None)


def test_a_worker_that_lost_its_lease_cannot_complete_the_task():
    row = enqueue()
    operations.start(outbox_id=row, lease=LEASE, at=AT)
    second = operations.start(outbox_id=row, lease=LEASE, at=AT + LEASE)

    assert second == 2
    assert not operations.complete(outbox_id=row, fence=1, at=AT + LEASE)
    assert Outbox.objects.get().done_at is None
    assert operations.complete(outbox_id=row, fence=2, at=AT + LEASE)


def test_a_task_that_fails_five_times_is_parked_and_shown_as_unwell():
    row, at = enqueue(), AT
    for start in range(1, 6):
        relay(Broker(), at=at)
        fence = operations.start(outbox_id=row, lease=LEASE, at=at)
        is_parked = operations.put_back(
            outbox_id=row, fence=start, message="it rains", at=at
        )
        assert (fence, is_parked) == (start, start == 5)
        at += timedelta(hours=1)

    assert relay(Broker(), at=at) == 0
    line = queries.outbox_line(at)
    assert (line.is_well, line.detail) == (False, "0 waiting, oldest 0 s, 1 parked")


def test_a_failed_task_waits_longer_each_time():
    row = enqueue()
    operations.start(outbox_id=row, lease=LEASE, at=AT)
    operations.put_back(outbox_id=row, fence=1, message="", at=AT)

    assert relay(Broker(), at=AT + timedelta(seconds=9)) == 0
    assert relay(Broker(), at=AT + timedelta(seconds=10)) == 1


def test_a_task_that_kills_its_worker_five_times_is_parked_by_the_sweep():
    row, at = enqueue(), AT
    for _ in range(5):
        relay(Broker(), at=at)
        operations.start(outbox_id=row, lease=LEASE, at=at)
        at += timedelta(hours=1)
        swept = operations.redrive_lost(at=at)

    assert swept == {"redriven": 0, "parked": 1}
    assert operations.start(outbox_id=row, lease=LEASE, at=at) is None


def test_an_operator_lets_a_parked_task_run_again():
    row = enqueue()
    operations.start(outbox_id=row, lease=LEASE, at=AT)
    Outbox.objects.update(parked_at=AT, lease_until=None)

    assert operations.unpark(outbox_id=row, at=AT)
    assert not operations.unpark(outbox_id=row, at=AT)
    assert relay(Broker(), at=AT) == 1


def test_old_done_rows_are_cleared_away_and_young_ones_stay():
    old, young = enqueue(), enqueue()
    for row, at in ((old, AT - timedelta(days=8)), (young, AT)):
        operations.start(outbox_id=row, lease=LEASE, at=at)
        operations.complete(outbox_id=row, fence=1, at=at)

    operations.redrive_lost(at=AT)

    assert list(Outbox.objects.values_list("pk", flat=True)) == [young]


CALLS: list[int] = []


@shared_task(name="tests.count")
@tasks.run_once
def count(*, n: int) -> dict[str, int]:
    """Count, and fail for negative numbers."""
    CALLS.append(n)
    if n < 0:
        raise ValueError("below nothing")
    return {"counted": n}


@pytest.fixture
def calls() -> list[int]:
    CALLS.clear()
    return CALLS


def test_a_task_runs_its_body_once_for_two_messages(calls):
    row = enqueue(7)

    answers = [count(outbox_id=row, n=7), count(outbox_id=row, n=7)]

    assert answers == [{"counted": 7}, {"skipped": 1}]
    assert calls == [7]


def test_a_failing_body_is_put_back_and_raises_nothing(calls):
    row = enqueue(-1)

    assert count(outbox_id=row, n=-1) == {"put_back": 1}
    assert Outbox.objects.get().message == "ValueError: below nothing"


def test_a_beat_tick_runs_the_body_without_a_row(calls):
    assert count(n=3) == {"counted": 3}
    assert calls == [3]


def test_every_tick_of_beat_names_a_task_that_exists():
    current_app.loader.import_default_modules()
    names = {entry["task"] for entry in current_app.conf.beat_schedule.values()}

    assert {
        "anchoring.anchor",
        "anchoring.sequence",
        "jobs.relay",
        "jobs.sweep",
        "recalls.sweep",
    } <= names
    assert names - set(current_app.tasks) == set()
