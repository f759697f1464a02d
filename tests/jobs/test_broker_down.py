"""The broker is gone, or forgets: nothing is refused, and nothing is left undone."""

from datetime import timedelta

import pytest
from celery import Celery
from django.db.models import F
from django.urls import reverse
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError

from apps.anchoring.tasks import sequence
from apps.intake.models import Upload
from apps.jobs import tasks
from apps.jobs.models import Outbox
from apps.ledger.models import Leaf, Statement
from apps.recalls.models import Notice
from pharmatrace.celery import app
from tests.cast import keyring, stage_of_today
from tests.jobs import wakeups
from tests.jobs.doors import NEW_CONTAINER, RECALL, Doors

__all__ = ["keyring"]

pytestmark = pytest.mark.django_db(transaction=True)

WANTED = ["intake.check_upload", "intake.check_upload", "recalls.flag_affected"]


@pytest.fixture
def doors(transactional_db, keyring, settings, tmp_path):
    settings.LOG_DIR, settings.LOCK_STORE = tmp_path / "log", tmp_path / "lock"
    settings.UPLOAD_DIR = tmp_path / "uploads"
    app.control.purge()
    return Doors.of(stage_of_today(keyring))


@pytest.fixture
def calls_to_broker(monkeypatch):
    """The broker is down, and whoever turns to it is written down."""
    calls = []

    def refuse(name):
        def refused(*_args, **_kwargs):
            calls.append(name)
            raise BrokerError("[Errno 111] Connection refused")

        return refused

    for owner, name in (
        (Celery, "send_task"),
        (Connection, "connect"),
        (Connection, "ensure_connection"),
        (Connection, "default_channel"),
    ):
        monkeypatch.setattr(owner, name, refuse(f"{owner.__name__}.{name}"))
    return calls


def knock(doors):
    """Every door once; none of them refuses."""
    assert doors.upload().status == 202
    page = doors.upload_by_page()
    upload = Upload.objects.get(lot="U2")
    assert (page.status_code, page["Location"]) == (
        302,
        reverse("upload", kwargs={"upload_id": upload.pk}),
    )
    assert doors.dispense().status == 201
    recall = doors.recall()
    assert recall.status == 201
    # The recall blocks at once: it needs no job.
    verdict = doors.verify()
    assert (verdict.status, verdict.json["verdict"]) == (200, "hold")
    return recall.json["statement_id"]


def waiting():
    rows = Outbox.objects.filter(done_at=None, parked_at=None, published_at=None)
    return sorted(rows.values_list("task", flat=True))


def assert_all_is_done(recall):
    """Both files are staged, and every holder has been told, once."""
    states = Upload.objects.order_by("lot").values_list("lot", "state", "rows_done")
    assert list(states) == [("U1", "staged", 2), ("U2", "staged", 3)]
    told = Notice.objects.filter(recall=recall).order_by("partner__name")
    assert list(told.values_list("partner__name", "held_count", "supplied_count")) == [
        ("Novamed", 90, 10),
        ("Stella Pharmacy", 9, 1),
        ("Transpharm", 0, 10),
    ]
    assert not Outbox.objects.filter(done_at=None).exists()
    assert set(Outbox.objects.values_list("attempts", flat=True)) == {1}


def test_with_the_broker_down_nothing_is_refused_and_no_door_asks_it(
    doors, calls_to_broker, monkeypatch
):
    recall = knock(doors)

    assert calls_to_broker == []
    assert waiting() == WANTED
    # The relay is the one who asks: it meets the broker's silence and raises nothing.
    assert tasks.relay() == {"published": 0}
    assert calls_to_broker == ["Celery.send_task"]
    assert waiting() == WANTED

    monkeypatch.undo()  # the broker is back
    assert tasks.relay() == {"published": 3}
    wakeups.run(wakeups.take_all())
    assert_all_is_done(recall)


def test_an_address_with_nobody_behind_it_refuses_nothing_either(doors, monkeypatch):
    dead = Celery("dead", set_as_current=False)
    dead.conf.update(broker_url="redis://127.0.0.1:1/0", broker_connection_timeout=1)
    with monkeypatch.context() as patch:
        patch.setattr(tasks, "current_app", dead)
        recall = knock(doors)
        assert tasks.relay() == {"published": 0}

    assert waiting() == WANTED
    assert tasks.relay() == {"published": 3}
    wakeups.run(wakeups.take_all())
    assert_all_is_done(recall)


def test_when_every_message_is_lost_the_sweep_alone_gets_all_done(doors):
    recall = knock(doors)
    tasks.relay()
    lost = wakeups.take_all()
    assert sorted(name for name, _ in lost) == WANTED
    assert tasks.sweep() == {"redriven": 0, "parked": 0, "released": 0}

    _let_pass(timedelta(minutes=2))
    assert tasks.sweep() == {"redriven": 3, "parked": 0, "released": 0}
    tasks.relay()
    wakeups.run(wakeups.take_all())

    assert_all_is_done(recall)
    # What was only late comes after all, and finds its work done.
    assert wakeups.run(lost) == [{"skipped": 1}] * 3
    assert_all_is_done(recall)


def test_a_statement_needs_no_message_and_is_placed_once_however_often_it_is_sent(
    doors,
):
    draft = doors.maker.draft(NEW_CONTAINER).json
    envelope = doors.maker.sign(draft)
    answers = [doors.maker.submit(envelope) for _ in range(3)]

    assert [answer.status for answer in answers] == [201, 200, 200]
    assert answers[0].json == answers[1].json == answers[2].json
    assert not Outbox.objects.exists()
    assert Statement.objects.filter(id=draft["statement_id"]).count() == 1

    path = f"/api/v1/statements/{draft['statement_id']}/proof"
    assert doors.maker.get(path).status == 404
    added = sequence()["added"]
    assert (added, sequence()["added"]) == (Leaf.objects.count(), 0)
    assert doors.maker.get(path).status == 200


def test_a_recall_sent_again_orders_its_notices_once(doors):
    envelope = doors.maker.sign(doors.maker.draft(RECALL).json)

    answers = [doors.maker.submit(envelope) for _ in range(3)]

    assert [answer.status for answer in answers] == [201, 200, 200]
    assert waiting() == ["recalls.flag_affected"]
    tasks.relay()
    messages = wakeups.take_all()
    assert wakeups.run([*messages, *messages]) == [{"notices": 3}, {"skipped": 1}]
    assert Notice.objects.count() == 3


def _let_pass(pause):
    """The clock of every row goes on."""
    Outbox.objects.update(
        published_at=F("published_at") - pause, next_at=F("next_at") - pause
    )
