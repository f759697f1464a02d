"""The books are closed: old statements go for ever, what they led to stays."""

from datetime import UTC, datetime

import pytest

from apps.anchoring import operations as anchoring
from apps.core.errors import (
    ForbiddenTransfer,
    MalformedInput,
)
from apps.custody import operations
from apps.custody.models import (
    Closing,
    ClosingDraft,
    ClosingPart,
    Commissioning,
    Event,
)
from apps.ledger.models import Erasure, Leaf, Statement, Vault
from tests.cast import NOVAMED, STELLA, TRANSPHARM, Stage
from tests.custody.closing import AFTER, BASIS, close, everything, old_goods, young
from tests.custody.goods import Goods, box, pack, packs, serials

INSIDE = datetime(2033, 2, 28, 23, 59, tzinfo=UTC)


@pytest.fixture
def goods(settings, tmp_path, stage: Stage) -> Goods:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    return old_goods(stage)


def test_nothing_is_erased_inside_the_periods(goods: Goods) -> None:
    goods.stage.at = INSIDE

    with pytest.raises(ForbiddenTransfer) as refused:
        operations.prepare_closing(legal_basis=BASIS, at=goods.stage.tick())

    assert refused.value.code == "retention_period"
    assert not ClosingDraft.objects.exists()


def test_old_statements_go_and_what_they_led_to_stays(goods: Goods) -> None:
    young(goods, AFTER)
    where, size = goods.where("OLD"), Statement.objects.count()
    leaves = list(Leaf.objects.order_by("index").values_list("leaf_hash", flat=True))

    closing = close(goods)

    erased = set(Erasure.objects.values_list("statement_id", flat=True))
    assert Statement.objects.count() == size + 1
    assert len(erased) == 12
    assert not Vault.objects.filter(statement_id__in=erased).exists()
    assert erased.isdisjoint(event.statement_id for event in Event.objects.all())
    assert not Commissioning.objects.filter(statement_id__in=erased).exists()
    assert Erasure.objects.filter(erased_by=closing).count() == len(erased)
    assert goods.where("OLD") == where
    assert leaves == list(
        Leaf.objects.order_by("index").values_list("leaf_hash", flat=True)
    )
    assert list(operations.replay_check()) == []


def test_what_shares_a_statement_with_a_young_lot_is_kept(goods: Goods) -> None:
    shared = young(goods, AFTER)

    close(goods)

    kept = Statement.objects.filter(
        leaves__tag=bytes(goods.batch("OLD").tag), vault__isnull=False, kind="event"
    )
    assert list(kept.values_list("pk", flat=True)) == [shared]
    assert Event.objects.get(ref=shared).rule == "packing"


def test_a_rebuild_begins_with_the_closing_and_gives_the_same_rows(
    goods: Goods,
) -> None:
    young(goods, AFTER)
    close(goods)
    goods.do(NOVAMED, "unpack", container=box(9))
    goods.ship(packs(serials(3, start=500)))
    before = everything()

    operations.rebuild()

    assert everything() == before
    assert list(operations.replay_check()) == []


def test_what_was_kept_can_still_be_taken_back(goods: Goods) -> None:
    young(goods, AFTER)
    wrong = goods.do(NOVAMED, "destroy", items=[pack("S000510")]).statement_id
    anchoring.sequence(at=goods.stage.tick())
    close(goods)

    goods.do(NOVAMED, "correct", parents=[wrong])

    assert Event.objects.get(ref=wrong).is_corrected
    assert list(operations.replay_check()) == []
    operations.rebuild()
    assert Event.objects.get(ref=wrong).is_corrected


def test_who_names_an_erased_event_is_refused(goods: Goods) -> None:
    young(goods, AFTER)
    sold = Event.objects.get(rule="shipping", by=TRANSPHARM.gln).ref
    close(goods)

    with pytest.raises(MalformedInput) as refused:
        goods.do(STELLA, "receive", shipment=sold)

    assert refused.value.code == "unknown_shipment"


def test_books_are_closed_again_and_the_older_snapshot_goes(goods: Goods) -> None:
    young(goods, AFTER)
    close(goods)
    goods.do(NOVAMED, "unpack", container=box(9))
    anchoring.sequence(at=goods.stage.tick())
    goods.stage.at = datetime(2041, 1, 1, tzinfo=UTC)

    close(goods)

    assert list(
        Closing.objects.order_by("number").values_list("number", flat=True)
    ) == [
        1,
        2,
    ]
    assert set(ClosingPart.objects.values_list("closing_id", flat=True)) == {2}
    assert not Event.objects.exclude(rule="opening a container").exists()
    assert list(operations.replay_check()) == []
    before = everything()
    operations.rebuild()
    assert everything() == before
