"""One answer for ever: replays, races, refusals that leave an alert."""

import threading
from unittest import mock

import pytest
from django.db import IntegrityError, OperationalError, connections
from django.utils import timezone

from apps.alerts.models import Alert
from apps.catalog.models import Product
from apps.core.errors import ForbiddenTransfer, LedgerConflict, Unavailable
from apps.exchange import operations
from apps.ledger import operations as ledger
from apps.ledger.models import Statement
from tests.cast import AMOXIL, NOVAMED
from tests.exchange.wishes import product_wish


def _at_once(client, envelopes):
    """Submit all at the same moment; the answers in any order."""
    answers, barrier = [], threading.Barrier(len(envelopes))

    def submit(envelope):
        try:
            barrier.wait(20)
            answers.append(client.submit(envelope))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=submit, args=(each,)) for each in envelopes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_the_same_statement_eight_times_at_once_is_written_once(novamed):
    envelope = novamed.sign(novamed.draft(product_wish()).json)

    answers = _at_once(novamed, [envelope] * 8)

    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert len({answer.body for answer in answers}) == 1
    assert Product.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_statements_for_one_thing_one_wins(novamed):
    envelopes = [novamed.sign(novamed.draft(product_wish()).json) for _ in range(8)]

    answers = _at_once(novamed, envelopes)

    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert Product.objects.count() == 1


def _submission(live, novamed):
    envelope = novamed.sign(novamed.draft(product_wish()).json)
    return operations.read_submission(
        envelope=envelope,
        lines=None,
        at=timezone.now(),
        origin="localhost:8000/pharmatrace",
    )


def _failing(kind, *errors):
    """The handlers, with `kind` failing as often as there are errors."""
    left = list(errors)
    real = operations.HANDLERS[kind]

    def handler(submission):
        if left:
            raise left.pop(0)
        return real(submission)

    return mock.patch.object(
        operations, "HANDLERS", {**operations.HANDLERS, kind: handler}
    )


def _deadlock():
    error = OperationalError("deadlock detected")
    error.__cause__ = type("Cause", (Exception,), {"sqlstate": "40P01"})()
    return error


@pytest.mark.parametrize(
    "error",
    [
        _deadlock(),
        OperationalError("database is locked"),
        IntegrityError("UNIQUE constraint failed"),
    ],
)
def test_a_lost_race_is_run_again(live, novamed, error):
    with _failing("product.register", error, error):
        (accepted,) = operations.submit_all(
            submissions=[_submission(live, novamed)], at=timezone.now()
        )

    assert accepted.is_new
    assert Product.objects.get().gtin == AMOXIL.gtin


def test_races_that_are_lost_for_ever_are_a_conflict(live, novamed):
    errors = [_deadlock() for _ in range(9)]
    with (
        _failing("product.register", *errors),
        pytest.raises(LedgerConflict) as caught,
    ):
        operations.submit_all(
            submissions=[_submission(live, novamed)], at=timezone.now()
        )

    assert caught.value.code == "lost_race"
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    "error",
    [LedgerConflict("gtin_known"), OperationalError("server closed the connection")],
)
def test_what_is_no_race_is_not_run_again(live, novamed, error):
    with _failing("product.register", error), pytest.raises(type(error)):
        operations.submit_all(
            submissions=[_submission(live, novamed)], at=timezone.now()
        )


def test_what_the_law_forbids_leaves_an_alert_and_nothing_else(live, novamed):
    before = Statement.objects.count()
    submission = _submission(live, novamed)
    for _ in range(2):
        refusal = ForbiddenTransfer("not_held", rule="shipping", got="1", wanted="2")
        with _failing("product.register", refusal), pytest.raises(ForbiddenTransfer):
            operations.submit_all(submissions=[submission], at=timezone.now())

    alert = Alert.objects.get()
    assert (alert.kind, alert.rule, alert.times) == ("not_held", "shipping", 2)
    assert alert.partner == live.actor(NOVAMED).partner
    assert Statement.objects.count() == before


def test_a_forbidden_line_of_a_batch_names_itself_in_the_alert(live, novamed):
    first = novamed.sign(novamed.draft(product_wish(1)).json)
    second = novamed.sign(novamed.draft(product_wish(2)).json)
    submissions = [
        operations.read_submission(
            envelope=envelope,
            lines=None,
            at=timezone.now(),
            origin="localhost:8000/pharmatrace",
        )
        for envelope in (first, second)
    ]
    real = operations.HANDLERS["product.register"]

    def handler(submission):
        if submission is submissions[1]:
            raise ForbiddenTransfer("not_held", rule="shipping")
        return real(submission)

    handlers = {**operations.HANDLERS, "product.register": handler}
    with (
        mock.patch.object(operations, "HANDLERS", handlers),
        pytest.raises(ForbiddenTransfer) as caught,
    ):
        operations.submit_all(submissions=submissions, at=timezone.now())

    assert caught.value.field == "1"
    assert Alert.objects.get().subject == operations.statement_id(
        submissions[1].envelope
    )
    assert not Product.objects.exists()


def test_in_quarantine_nothing_is_accepted_and_replays_are_answered(live, novamed):
    envelope = novamed.sign(novamed.draft(product_wish(1)).json)
    novamed.submit(envelope)
    ledger.quarantine(reason="test", at=timezone.now())

    replay = novamed.submit(envelope)
    fresh = novamed.submit(novamed.sign(novamed.draft(product_wish(2)).json))

    assert replay.status == 200
    assert fresh.status == 503
    assert int(fresh.headers["Retry-After"]) > 0
    assert Product.objects.count() == 1


def test_quarantine_is_an_error_of_its_own(live, novamed):
    ledger.quarantine(reason="test", at=timezone.now())

    with pytest.raises(Unavailable):
        operations.submit_all(
            submissions=[_submission(live, novamed)], at=timezone.now()
        )
