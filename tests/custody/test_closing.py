"""The books are closed: old statements go for ever, what they led to stays."""

import zlib
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from apps.anchoring import operations as anchoring
from apps.core.errors import (
    ForbiddenTransfer,
    IntegrityBreach,
    LedgerConflict,
    MalformedInput,
    TraceError,
    UntrustedSignature,
)
from apps.core.statement import parse_statement
from apps.core.subjects import Subject
from apps.custody import operations
from apps.custody.formats import to_set
from apps.custody.models import (
    Closing,
    ClosingDraft,
    ClosingPart,
    Commissioning,
    Container,
    Event,
    EventLine,
    Holding,
    Shipment,
)
from apps.exchange import queries as drafts
from apps.ledger.models import Erasure, Leaf, Statement, Vault
from pharmatrace.demo.cast import Player
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, TRANSPHARM, Stage
from tests.custody.closing import AFTER, BASIS, WISH, close, old_goods, young
from tests.custody.goods import Goods, box, pack, packs, serials
from tests.fsck.forging import rewrite
from tests.recalls.calls import forge, open_recall, resigned

INSIDE = datetime(2033, 2, 28, 23, 59, tzinfo=UTC)


def everything() -> dict[str, list[tuple[object, ...]]]:
    """What the projections say, without numbers of rows."""
    return {
        "events": sorted(Event.objects.values_list("ref", "rule", "is_corrected")),
        "lines": sorted(
            (ref, bytes(tag).hex(), target, status, list(to_set(units)))
            for ref, tag, target, status, units in EventLine.objects.values_list(
                *("event__ref", "batch__tag", "target_holder", "target_status"),
                "units",
            )
        ),
        "holdings": sorted(
            (bytes(tag).hex(), holder, site, status, list(to_set(units)))
            for tag, holder, site, status, units in Holding.objects.filter(
                count__gt=0
            ).values_list("batch__tag", "holder", "site", "status", "units")
        ),
        "containers": sorted(
            Container.objects.values_list(
                *("epc", "holder", "site", "status"), "parent__epc", "lines__count"
            ),
            key=str,
        ),
        "shipments": sorted(
            Shipment.objects.values_list(
                "event__ref", "addressee", "is_open", "lines__open_count"
            )
        ),
    }


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
    assert not Event.objects.filter(statement_id__in=erased).exists()
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


def refuse(told: Goods, family: type[Exception], **changes: object) -> TraceError:
    """What an erasure with another body or other subjects is refused with."""
    operations.prepare_closing(legal_basis=BASIS, at=told.stage.tick())
    body = parse_statement(
        drafts.draft(
            wish=WISH, actor=told.stage.actor(OPERATOR), at=told.stage.tick()
        ).payload
    ).body
    parts = {key: changes.pop(key) for key in ("subjects",) if key in changes}
    before = Statement.objects.count(), Vault.objects.count(), everything()
    with pytest.raises(family) as refused:
        resigned(told.stage, OPERATOR, WISH, body={**body, **changes}, **parts)
    after = Statement.objects.count(), Vault.objects.count(), everything()
    assert after == before
    assert not Erasure.objects.exists()
    assert not Closing.objects.exists()
    assert isinstance(refused.value, TraceError)
    return refused.value


@pytest.fixture
def old(goods: Goods) -> Goods:
    goods.stage.at = AFTER
    return goods


def indices_of(kind: str) -> list[int]:
    rows = Leaf.objects.filter(statement__kind=kind).order_by("index")
    return list(rows.values_list("index", flat=True))


def test_only_the_closing_that_was_prepared_is_accepted(old: Goods) -> None:
    for changes in (
        {"snapshot_digest": "ab" * 32},
        {"legal_basis": "because"},
        {"indices": indices_of("event")[:1]},
    ):
        assert refuse(old, LedgerConflict, **changes).code == "closing_not_prepared"


def test_the_leaves_of_keys_and_the_unknown_are_not_erased(old: Goods) -> None:
    last = Leaf.objects.latest("index").index
    goods_leaves = indices_of("event")

    for indices, code in (
        (indices_of("party.admit")[:2], "not_erasable"),
        ([last], "not_erasable"),  # a map root
        ([*goods_leaves, last + 1], "unknown_leaf"),
    ):
        assert refuse(old, MalformedInput, indices=indices).code == code


def test_a_statement_is_erased_whole(goods: Goods) -> None:
    shared = young(goods, AFTER)
    leaves = Leaf.objects.filter(statement_id=shared).order_by("index")
    mixed = list(leaves.values_list("index", flat=True))

    assert len(mixed) == 2
    assert refuse(goods, MalformedInput, indices=mixed[:1]).code == "statement_in_part"
    refused = refuse(goods, ForbiddenTransfer, indices=mixed)
    assert refused.code == "retention_period"


def test_the_subjects_are_the_tags_of_what_goes(old: Goods) -> None:
    subjects = (Subject(bytes(32)),)

    assert refuse(old, LedgerConflict, subjects=subjects).code == "subjects_differ"


@pytest.mark.parametrize("player", [NOVAMED, REGULATOR])
def test_nobody_but_the_operator_erases(old: Goods, player: Player) -> None:
    operations.prepare_closing(legal_basis=BASIS, at=old.stage.tick())
    draft = drafts.draft(
        wish=WISH, actor=old.stage.actor(OPERATOR), at=old.stage.tick()
    )

    with pytest.raises(LedgerConflict):
        old.stage.act(player, WISH)
    with pytest.raises(UntrustedSignature) as refused:
        forge(old.stage, player, draft.payload)

    assert refused.value.code == "not_the_operator"
    assert not Erasure.objects.exists()


def test_goods_under_way_hold_it_up(old: Goods) -> None:
    old.stage.at = datetime(2028, 1, 1, tzinfo=UTC)
    old.ship([pack("S000034")])
    anchoring.sequence(at=old.stage.tick())
    old.stage.at = AFTER

    with pytest.raises(ForbiddenTransfer):
        operations.prepare_closing(legal_basis=BASIS, at=old.stage.tick())


def test_an_open_recall_holds_it_up(old: Goods) -> None:
    open_recall(old.stage, "OLD")

    with pytest.raises(ForbiddenTransfer):
        operations.prepare_closing(legal_basis=BASIS, at=old.stage.tick())


def test_what_was_recorded_since_must_not_rest_on_what_goes(old: Goods) -> None:
    operations.prepare_closing(legal_basis=BASIS, at=old.stage.tick())
    ended = Event.objects.get(
        biz_step="destroying", parent_ref="", is_corrected=False
    ).ref
    old.do(NOVAMED, "correct", parents=[ended])

    with pytest.raises(LedgerConflict) as refused:
        old.stage.act(OPERATOR, WISH)

    assert refused.value.code == "closing_outdated"
    assert not Erasure.objects.exists()


def test_a_closing_is_kept_for_ever_and_only_an_older_snapshot_goes(
    old: Goods,
) -> None:
    close(old)

    for change in (
        lambda: Closing.objects.update(statements=1),
        lambda: Closing.objects.all().delete(),
        lambda: ClosingPart.objects.all().delete(),
        lambda: ClosingPart.objects.update(data=b""),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_another_snapshot_is_not_believed(old: Goods) -> None:
    close(old)
    part = ClosingPart.objects.get()
    text = zlib.decompress(bytes(part.data)).replace(STELLA.gln.encode(), b"9" * 13, 1)
    rewrite(part, data=zlib.compress(text))

    (found,) = list(operations.replay_check())
    assert found.startswith("replay stopped: ")
    with pytest.raises(IntegrityBreach) as refused:
        operations.rebuild()
    assert refused.value.code == "snapshot_differs"
