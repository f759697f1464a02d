"""Promises of stamps when two workers look at once, or one stops halfway."""

import pytest

from apps.anchoring import operations, queries
from apps.anchoring.clients.anchors import Withdrawn
from apps.anchoring.models import (
    AnchorPending,
    AnchorPromise,
    AnchorState,
    AnchorToken,
)
from apps.anchoring.operations import anchor as anchor_module
from apps.anchoring.operations import anchor_rows
from apps.core.errors import ProofError
from tests.anchoring.notary import HOUR, MINUTE, notary
from tests.anchoring.tsa import grow

__all__ = ["notary"]

pytestmark = pytest.mark.django_db(transaction=True)


def _answers(stand, head, now, count=2):
    return [anchor_module._ask(stand, head, now) for _ in range(count)]


def test_of_two_workers_one_keeps_its_promise(notary, now):
    grow("lot A", now)
    notary.says = [HOUR, HOUR]
    stand, head = queries.list_anchor_stands()[0], anchor_module._newest_head()

    for answer in _answers(stand, head, now):
        anchor_rows.record(answer, at=now)

    assert bytes(AnchorPromise.objects.get().state) == b"state 1"


@pytest.mark.parametrize("said", [HOUR, "stamp", Withdrawn(ProofError("gone"))])
def test_a_worker_that_was_overtaken_changes_nothing(notary, now, said):
    grow("lot A", now)
    notary.says = [HOUR, HOUR, said]
    operations.anchor_due(at=now)
    stand, head = queries.list_anchor_stands()[0], anchor_module._newest_head()
    first, second = _answers(stand, head, now)
    anchor_rows.record(first, at=now)

    anchor_rows.record(second, at=now)

    assert bytes(AnchorPromise.objects.get().state) == first.said.state
    assert not AnchorToken.objects.exists()
    assert AnchorState.objects.get().failures == 0


def test_a_promise_made_anew_is_not_the_old_one(notary, now):
    grow("lot A", now)
    notary.says = [HOUR, HOUR, HOUR]
    operations.anchor_due(at=now)
    stand, head = queries.list_anchor_stands()[0], anchor_module._newest_head()
    (slow,) = _answers(stand, head, now, count=1)
    AnchorPromise.objects.all().delete()
    operations.anchor_now(at=now + MINUTE)
    assert AnchorPromise.objects.get().version == 0

    anchor_rows.record(slow, at=now)

    assert bytes(AnchorPromise.objects.get().state) != slow.said.state


def test_token_queue_and_promise_change_together(notary, now, monkeypatch):
    grow("lot A", now)
    notary.says = [HOUR, "stamp", "stamp"]
    operations.anchor_now(at=now)

    def refuse(**values: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(AnchorPending.objects, "create", refuse)
        with pytest.raises(RuntimeError, match="power"):
            operations.anchor_now(at=now)
    assert not AnchorToken.objects.exists()
    assert AnchorPromise.objects.count() == 1

    assert operations.anchor_now(at=now).stamped == ("old",)
    assert (AnchorToken.objects.count(), AnchorPromise.objects.count()) == (1, 0)
